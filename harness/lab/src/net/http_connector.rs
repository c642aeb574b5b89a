//! A connector for hyper-util's clients and tonic's channels.

use super::{SockRef, TcpKeepalive, TcpSocket, TcpStream, lookup_host};
use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

/// In place of `hyper_util::client::legacy::connect::HttpConnector`: its settings, its way of doing things and the words
/// of its errors, over our sockets.
///
/// ```
/// # use halfopen::Lab;
/// use halfopen::net::HttpConnector;
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
/// use std::time::Duration;
///
/// # let mut lab = Lab::new();
/// # lab.host("server");
/// # lab.host("client").os("windows-10").client(async {
/// let mut connector = HttpConnector::new();
/// connector.set_keepalive(Some(Duration::from_secs(60)));
/// let client = Client::builder(TokioExecutor::new()).build::<_, String>(connector);
/// let error = client.get("http://server/".parse()?).await.unwrap_err();
/// assert_eq!(halfopen::os_error(&error).unwrap().name, "WSAECONNREFUSED");
/// # Ok(()) });
/// # lab.run().unwrap();
/// ```
///
/// A channel of tonic takes it, too: `Endpoint::connect_with_connector(HttpConnector::new())`.
#[derive(Clone, Debug)]
pub struct HttpConnector {
    enforce_http: bool,
    connect_timeout: Option<Duration>,
    keepalive: Option<TcpKeepalive>,
    user_timeout: Option<Duration>,
    nodelay: bool,
    reuse_address: bool,
    send_buffer_size: Option<usize>,
    recv_buffer_size: Option<usize>,
}

impl Default for HttpConnector {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpConnector {
    /// With the system's own settings, for `http` only.
    pub const fn new() -> Self {
        Self {
            enforce_http: true,
            connect_timeout: None,
            keepalive: None,
            user_timeout: None,
            nodelay: false,
            reuse_address: false,
            send_buffer_size: None,
            recv_buffer_size: None,
        }
    }

    /// Whether it takes `http` addresses only.
    pub fn enforce_http(&mut self, is_enforced: bool) {
        self.enforce_http = is_enforced;
    }

    /// How long connecting may take; without it, as long as the system tries.
    pub fn set_connect_timeout(&mut self, timeout: Option<Duration>) {
        self.connect_timeout = timeout;
    }

    /// Turns keepalive on, with this silence before the first probe.
    pub fn set_keepalive(&mut self, time: Option<Duration>) {
        self.change_keepalive(time, TcpKeepalive::with_time);
    }

    /// Turns keepalive on, with this time between probes.
    pub fn set_keepalive_interval(&mut self, interval: Option<Duration>) {
        self.change_keepalive(interval, TcpKeepalive::with_interval);
    }

    /// Turns keepalive on, with this number of unanswered probes that ends a connection.
    pub fn set_keepalive_retries(&mut self, retries: Option<u32>) {
        self.change_keepalive(retries, TcpKeepalive::with_retries);
    }

    fn change_keepalive<T>(
        &mut self,
        value: Option<T>,
        with: impl FnOnce(TcpKeepalive, T) -> TcpKeepalive,
    ) {
        if let Some(value) = value {
            self.keepalive = Some(with(self.keepalive.take().unwrap_or_default(), value));
        }
    }

    /// How long data may stay unacknowledged (`TCP_USER_TIMEOUT`). A system without it goes on without it.
    pub fn set_tcp_user_timeout(&mut self, timeout: Option<Duration>) {
        self.user_timeout = timeout;
    }

    /// Sets `TCP_NODELAY`.
    pub fn set_nodelay(&mut self, nodelay: bool) {
        self.nodelay = nodelay;
    }

    /// Sets `SO_REUSEADDR`.
    pub fn set_reuse_address(&mut self, reuse_address: bool) -> &mut Self {
        self.reuse_address = reuse_address;
        self
    }

    /// Sets the size of the send buffer in bytes (`SO_SNDBUF`).
    pub fn set_send_buffer_size(&mut self, size: Option<usize>) {
        self.send_buffer_size = size;
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`).
    pub fn set_recv_buffer_size(&mut self, size: Option<usize>) {
        self.recv_buffer_size = size;
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<TcpStream>, ConnectError> {
        let (host, port) = self.host_and_port(&uri)?;
        let found = lookup_host((host, port)).await;
        let mut first = None;
        for address in found.map_err(|error| ConnectError::new("dns error", error))? {
            match self.connect_to(address).await {
                Ok(stream) => {
                    // What does not work is left as it is, here and below.
                    let _ = stream.set_nodelay(self.nodelay);
                    return Ok(TokioIo::new(stream));
                }
                Err(error) => {
                    let address = Some(address);
                    first = first.or(Some(ConnectError { address, ..error }));
                }
            }
        }
        Err(first.unwrap_or_else(|| {
            let nowhere = io::Error::new(io::ErrorKind::NotConnected, "Network unreachable");
            ConnectError::new("tcp connect error", nowhere)
        }))
    }

    fn host_and_port<'u>(&self, uri: &'u Uri) -> Result<(&'u str, u16), ConnectError> {
        let refuse = |what| ConnectError {
            what,
            address: None,
            source: None,
        };
        match uri.scheme() {
            Some(scheme) if self.enforce_http && *scheme != Scheme::HTTP => {
                return Err(refuse("invalid URL, scheme is not http"));
            }
            Some(_) => {}
            None if self.enforce_http => return Err(refuse("invalid URL, scheme is not http")),
            None => return Err(refuse("invalid URL, scheme is missing")),
        }
        let host = uri.host().ok_or(refuse("invalid URL, host is missing"))?;
        let usual = if uri.scheme() == Some(&Scheme::HTTPS) {
            443
        } else {
            80
        };
        Ok((host, uri.port_u16().unwrap_or(usual)))
    }

    async fn connect_to(&self, address: SocketAddr) -> Result<TcpStream, ConnectError> {
        let socket =
            TcpSocket::new_v4().map_err(|error| ConnectError::new("tcp open error", error))?;
        self.set_options(&socket);
        let connecting = socket.connect(address);
        let connected = match self.connect_timeout {
            Some(timeout) => match tokio::time::timeout(timeout, connecting).await {
                Ok(connected) => connected,
                Err(elapsed) => Err(io::Error::new(io::ErrorKind::TimedOut, elapsed)),
            },
            None => connecting.await,
        };
        connected.map_err(|error| ConnectError::new("tcp connect error", error))
    }

    fn set_options(&self, socket: &TcpSocket) {
        let options = SockRef::from(socket);
        if let Some(keepalive) = &self.keepalive {
            let _ = options.set_tcp_keepalive(keepalive);
        }
        if self.user_timeout.is_some() {
            let _ = options.set_tcp_user_timeout(self.user_timeout);
        }
        if self.reuse_address {
            let _ = socket.set_reuseaddr(true);
        }
        if let Some(size) = self.send_buffer_size {
            let _ = options.set_send_buffer_size(size);
        }
        if let Some(size) = self.recv_buffer_size {
            let _ = options.set_recv_buffer_size(size);
        }
    }
}

impl Service<Uri> for HttpConnector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

/// Lets `TokioIo<TcpStream>` be a connection of hyper-util's clients.
impl Connection for TcpStream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Why an [`HttpConnector`] has no connection, in the words of hyper-util's own; its source is the socket's error.
///
/// ```
/// # use halfopen::{Lab, net::HttpConnector};
/// # use tower_service::Service;
/// use std::error::Error;
/// # let mut lab = Lab::new();
/// # lab.host("server");
/// # lab.host("client").client(async {
/// let error = HttpConnector::new().call("http://sevrer/".parse()?).await.unwrap_err();
/// assert_eq!(error.to_string(), "dns error");
/// assert!(error.source().is_some());
/// # Ok(()) });
/// # lab.run().unwrap();
/// ```
pub struct ConnectError {
    what: &'static str,
    address: Option<SocketAddr>,
    source: Option<io::Error>,
}

impl ConnectError {
    fn new(what: &'static str, source: io::Error) -> Self {
        Self {
            what,
            address: None,
            source: Some(source),
        }
    }
}

/// As hyper-util's own: tonic shows it to its users.
impl fmt::Debug for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_tuple("ConnectError");
        shown.field(&self.what);
        if let Some(address) = &self.address {
            shown.field(address);
        }
        if let Some(source) = &self.source {
            shown.field(source);
        }
        shown.finish()
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_ref()?;
        Some(source)
    }
}
