//! tokio-postgres, and pgwire.

use crate::situation::{Ask, Client, HALVES};
use crate::{Door, Outcome, ServerStream};
use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use halfopen::net::{SockRef, TcpStream};
use pgwire::api::auth::noop::NoopStartupHandler;
use pgwire::api::query::SimpleQueryHandler;
use pgwire::api::results::{DataRowEncoder, FieldFormat, FieldInfo, QueryResponse, Response};
use pgwire::api::store::PortalStore;
use pgwire::api::{
    ClientInfo, ClientPortalStore, DefaultClient, NoopHandler, PgWireConnectionState, Type,
};
use pgwire::error::PgWireResult;
use pgwire::tokio::server::{PgWireMessageServerCodec, process_message};
use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_postgres::{Config, NoTls};
use tokio_util::codec::Framed;

/// A client, which the application makes anew when it says that it is closed, as pools of clients do.
#[derive(Default)]
pub struct Postgres {
    client: Option<tokio_postgres::Client>,
    user_timeout: Option<Duration>,
}

impl Postgres {
    /// With this `TCP_USER_TIMEOUT` on its connections.
    pub fn with_user_timeout(user_timeout: Option<Duration>) -> Self {
        Self {
            client: None,
            user_timeout,
        }
    }

    // ANCHOR: connect
    async fn connect(&self) -> Result<tokio_postgres::Client, Box<dyn Error>> {
        let stream = TcpStream::connect("server:80").await?;
        if self.user_timeout.is_some() {
            SockRef::from(&stream).set_tcp_user_timeout(self.user_timeout)?;
        }
        let mut config = Config::new();
        let (client, connection) = config.user("user").connect_raw(stream, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
    // ANCHOR_END: connect
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl Client for Postgres {
    const NAME: &str = "tokio-postgres, looked at with `is_closed` before each query";
    const SHORT: Option<&str> = Some("postgres");

    async fn serve(mut door: Door) -> Outcome {
        loop {
            let (stream, peer) = door.next().await;
            tokio::spawn(answer(stream, peer));
        }
    }

    fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self::default())
    }

    async fn ask(&mut self, ask: Ask) -> Outcome {
        let client = match self.client.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.connect().await?,
        };
        let query = match ask {
            Ask::Short => "short",
            Ask::Long => "long",
        };
        self.client.insert(client).simple_query(query).await?;
        Ok(())
    }
}

/// Answers one connection's messages.
async fn answer(stream: ServerStream, peer: SocketAddr) -> PgWireResult<()> {
    let client = DefaultClient::<String>::new(peer, false);
    let mut socket = Framed::new(stream, PgWireMessageServerCodec::new(client));
    socket.set_state(PgWireConnectionState::AwaitingStartup);
    let (queries, nothing) = (Arc::new(Queries), Arc::new(NoopHandler));
    while let Some(message) = socket.next().await {
        process_message(
            message?,
            &mut socket,
            Arc::clone(&queries),
            Arc::clone(&queries),
            Arc::clone(&nothing),
            Arc::clone(&nothing),
            Arc::clone(&nothing),
        )
        .await?;
    }
    Ok(())
}

/// Lets everybody in, and answers with two rows.
struct Queries;

impl NoopStartupHandler for Queries {}

#[async_trait]
impl SimpleQueryHandler for Queries {
    async fn do_query<C>(&self, _: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
    {
        let half = FieldInfo::new("half".into(), None, None, Type::VARCHAR, FieldFormat::Text);
        let schema = Arc::new(vec![half]);
        let mut encoder = DataRowEncoder::new(Arc::clone(&schema));
        let long = query == "long";
        let halves = stream::iter(["first", "second"]).then(move |half| async move {
            if long && half == "second" {
                sleep(HALVES).await;
            }
            half
        });
        let rows = halves.map(move |half| {
            encoder.encode_field(&half)?;
            Ok(encoder.take_row())
        });
        Ok(vec![Response::Query(QueryResponse::new(schema, rows))])
    }
}
