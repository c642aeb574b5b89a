//! hyper 1 with hyper-util's pooling client, and axum.

use crate::situation::{Ask, Client, HALVES};
use crate::{Door, Outcome};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use halfopen::net::HttpConnector;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::Connect;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::convert::Infallible;
use std::error::Error;
use tokio::time::sleep;

/// hyper-util's pooling client, as it comes.
#[derive(Debug)]
pub struct Http(legacy::Client<HttpConnector, Empty<Bytes>>);

impl Client for Http {
    const NAME: &str = "hyper-util's client, axum";
    const SHORT: Option<&str> = Some("hyper");

    async fn serve(door: Door) -> Outcome {
        Ok(axum::serve(door, router()).await?)
    }

    fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self::with(|_| {}))
    }

    async fn ask(&mut self, ask: Ask) -> Outcome {
        request(&self.0, "http://server", ask).await
    }
}

impl Http {
    /// With other settings of the pool.
    pub fn with(change: impl FnOnce(&mut legacy::Builder)) -> Self {
        let mut pool = pool();
        change(&mut pool);
        Self(pool.build(HttpConnector::new()))
    }

    /// With other settings of its connections.
    pub fn over(change: impl FnOnce(&mut HttpConnector)) -> Self {
        let mut tcp = HttpConnector::new();
        change(&mut tcp);
        Self(pool().build(tcp))
    }
}

pub(crate) fn pool() -> legacy::Builder {
    let mut pool = legacy::Client::builder(TokioExecutor::new());
    pool.pool_timer(TokioTimer::new());
    pool
}

/// Asks that server, and reads the answer to its end.
pub(crate) async fn request<C>(
    client: &legacy::Client<C, Empty<Bytes>>,
    server: &str,
    ask: Ask,
) -> Outcome
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let path = match ask {
        Ask::Short => "short",
        Ask::Long => "long",
    };
    let response = client.get(format!("{server}/{path}").parse()?).await?;
    response.into_body().collect().await?;
    Ok(())
}

/// The answers, short and long.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/short", get(|| async { "short" }))
        .route("/long", get(|| async { Body::from_stream(halves()) }))
}

fn halves() -> impl stream::Stream<Item = Result<&'static str, Infallible>> {
    stream::unfold(0, |half| async move {
        match half {
            0 => Some((Ok("first"), 1)),
            1 => {
                sleep(HALVES).await;
                Some((Ok("second"), 2))
            }
            _ => None,
        }
    })
}
