//! The same over TLS: hyper-rustls, and axum behind tokio-rustls.

use crate::http::{pool, request, router};
use crate::situation::{Ask, Client};
use crate::{Door, Outcome, ServerStream};
use axum::serve::Listener;
use bytes::Bytes;
use halfopen::net::HttpConnector;
use http_body_util::Empty;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use tokio_rustls::rustls::time_provider::TimeProvider;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

/// hyper-util's pooling client with hyper-rustls, as they come.
#[derive(Debug)]
pub struct Https(legacy::Client<HttpsConnector<HttpConnector>, Empty<Bytes>>);

impl Client for Https {
    const NAME: &str = "hyper-util's client over rustls, axum";
    const SHORT: Option<&str> = Some("hyper, TLS");

    async fn serve(door: Door) -> Outcome {
        let acceptor = TlsAcceptor::from(Arc::new(server_config()?));
        Ok(axum::serve(TlsDoor { door, acceptor }, router()).await?)
    }

    fn new() -> Result<Self, Box<dyn Error>> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(client_config()?)
            .https_only()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self(pool().build(connector)))
    }

    async fn ask(&mut self, ask: Ask) -> Outcome {
        request(&self.0, "https://server:80", ask).await
    }
}

/// Accepts connections and shakes hands with one after the other.
struct TlsDoor {
    door: Door,
    acceptor: TlsAcceptor,
}

impl Listener for TlsDoor {
    type Io = TlsStream<ServerStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, peer) = self.door.next().await;
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.door.local_addr()
    }
}

/// A day on which the certificate is valid: the clock of this machine must not matter.
#[derive(Debug)]
struct Calendar;

impl TimeProvider for Calendar {
    fn current_time(&self) -> Option<UnixTime> {
        let day_2030 = Duration::from_secs(1_893_456_000);
        Some(UnixTime::since_unix_epoch(day_2030))
    }
}

/// Signed with its own Ed25519 key for the name `server`, for a hundred years. Such signatures are all of one length, so
/// that a handshake has the same packets every time.
const CERTIFICATE: &[u8] = include_bytes!("../certificate/server.der");

/// The certificate's key, which protects nothing.
const KEY: &[u8] = include_bytes!("../certificate/server.key.der");

fn server_config() -> Result<ServerConfig, Box<dyn Error>> {
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_details(provider, Arc::new(Calendar));
    let certificates = vec![CertificateDer::from(CERTIFICATE)];
    let config = config
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, PrivatePkcs8KeyDer::from(KEY).into())?;
    Ok(config)
}

fn client_config() -> Result<ClientConfig, Box<dyn Error>> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(CERTIFICATE))?;
    let config = ClientConfig::builder_with_details(provider, Arc::new(Calendar))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
