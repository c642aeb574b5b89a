//! tonic at both ends.

use crate::situation::{Ask, Client, HALVES};
use crate::{Door, Outcome};
use axum::http::header::{DATE, HeaderValue};
use axum::http::{Request, Response, uri::PathAndQuery};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt, stream};
use halfopen::net::HttpConnector;
use std::convert::Infallible;
use std::error::Error;
use std::task::{Context, Poll};
use tokio::time::sleep;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Status, client, server};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

/// A channel, as it comes, which connects when it is first used.
#[derive(Debug)]
pub struct Grpc(Channel);

impl Client for Grpc {
    const NAME: &str = "tonic";
    const SHORT: Option<&str> = Some("tonic");

    async fn serve(door: Door) -> Outcome {
        let incoming = stream::unfold(door, |mut door| async {
            let (stream, _) = door.next().await;
            Some((Ok::<_, Infallible>(stream), door))
        });
        Ok(Server::builder()
            .add_service(Answers)
            .serve_with_incoming(incoming)
            .await?)
    }

    fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self::on(Endpoint::from_static("http://server")))
    }

    async fn ask(&mut self, ask: Ask) -> Outcome {
        let mut grpc = client::Grpc::new(self.0.clone());
        grpc.ready().await?;
        let (request, codec) = (tonic::Request::new(()), ProstCodec::<(), String>::new());
        match ask {
            Ask::Short => {
                let path = PathAndQuery::from_static(SHORT);
                grpc.unary(request, path, codec).await?;
            }
            Ask::Long => {
                let path = PathAndQuery::from_static(LONG);
                let halves = grpc.server_streaming(request, path, codec).await?;
                let mut halves = halves.into_inner();
                while let Some(half) = halves.next().await {
                    half?;
                }
            }
        }
        Ok(())
    }
}

impl Grpc {
    /// On a channel with settings of one's own.
    pub fn on(endpoint: Endpoint) -> Self {
        Self(endpoint.connect_with_connector_lazy(HttpConnector::new()))
    }
}

const SHORT: &str = "/halfopen.Answers/Short";
const LONG: &str = "/halfopen.Answers/Long";

/// The service, as generated code would have it.
#[derive(Clone)]
struct Answers;

const NEVER: HeaderValue = HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT");

impl NamedService for Answers {
    const NAME: &'static str = "halfopen.Answers";
}

impl Service<Request<Body>> for Answers {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = server::Grpc::new(ProstCodec::<String, ()>::new());
            let short = service_fn(|_: tonic::Request<()>| async {
                Ok::<_, Status>(tonic::Response::new("short".to_owned()))
            });
            let long = service_fn(|_: tonic::Request<()>| async {
                Ok::<_, Status>(tonic::Response::new(halves()))
            });
            let mut response = match request.uri().path() {
                LONG => grpc.server_streaming(long, request).await,
                _ => grpc.unary(short, request).await,
            };
            // hyper would write the time of day, whose length in HPACK's code changes with its digits.
            response.headers_mut().insert(DATE, NEVER);
            Ok(response)
        })
    }
}

fn halves() -> impl Stream<Item = Result<String, Status>> {
    stream::iter(["first", "second"]).then(|half| async move {
        if half == "second" {
            sleep(HALVES).await;
        }
        Ok(half.to_owned())
    })
}
