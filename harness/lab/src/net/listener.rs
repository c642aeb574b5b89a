//! A listening socket.

use super::addr::{self, ToSocketAddrs};
use super::options;
use super::socket::TcpSocket;
use super::stream::{TcpStream, error_of};
use crate::sockets::{self, Socket};
use halfopen_tcp::profile::Os;
use halfopen_tcp::{Call, Cause, Failure};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

/// A listening socket, as [`tokio::net::TcpListener`]. Dropping it closes it, and what waits in its backlog with it.
///
/// ```
/// # use halfopen::{Lab, net::{TcpListener, TcpStream}};
/// # let mut lab = Lab::new();
/// lab.host("server").program(|| async {
///     let listener = TcpListener::bind("0.0.0.0:80").await?;
///     loop {
///         let (stream, _peer) = listener.accept().await?;
///         tokio::spawn(async move {
///             let (mut read, mut write) = stream.into_split();
///             tokio::io::copy(&mut read, &mut write).await
///         });
///     }
/// });
/// # lab.host("client").client(async {
/// #     TcpStream::connect("server:80").await?;
/// #     Ok(())
/// # });
/// # lab.run().unwrap();
/// ```
pub struct TcpListener {
    socket: Socket,
}

impl TcpListener {
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket }
    }

    /// Listens on the first of these addresses that is free, with a backlog of 1024, as tokio does; on systems other
    /// than Windows with `SO_REUSEADDR`.
    ///
    /// # Errors
    /// What `bind` returns on the host's system, for the last address.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        let machine = sockets::current();
        let mut last = None;
        for address in addr::addresses(&machine, addr)? {
            let socket = TcpSocket::on(&machine)?;
            let windows =
                machine.lock().kernel.as_ref().map(|k| k.host.profile().os) == Some(Os::Windows);
            if !windows {
                socket.set_reuseaddr(true)?;
            }
            match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
                Ok(listener) => return Ok(listener),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(addr::no_address))
    }

    /// Waits for a connection. Dropped while it waits, it has taken none.
    ///
    /// # Errors
    /// What `accept` returns on the host's system.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let call = self.socket.begin_accept();
        let accepted = self
            .socket
            .wait(|call| call.host.accept(call.now, call.id, call.process))
            .await;
        call.end(accepted.map(|_| ()), Call::Accept);
        self.accepted(accepted)
    }

    /// Takes a connection; if none waits, the task is woken later.
    ///
    /// # Errors
    /// What `accept` returns on the host's system.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let polled = self.socket.poll_accept(cx);
        polled.map(|accepted| self.accepted(accepted))
    }

    fn accepted(
        &self,
        accepted: Result<halfopen_tcp::SocketId, Failure>,
    ) -> io::Result<(TcpStream, SocketAddr)> {
        let id = accepted.map_err(|failure| self.error(failure, Call::Accept))?;
        let socket = self.socket.sibling(id);
        let remote = socket.ask(|host, id| host.remote_addr(id)).flatten();
        match remote {
            Some(remote) => Ok((TcpStream::new(socket), remote)),
            None => Err(self.error(NOT_CONNECTED, Call::Accept)),
        }
    }

    /// The address that it listens on.
    ///
    /// # Errors
    /// If the host is off.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let local = self.socket.call(|call| call.host.local_addr(call.id));
        local.map_err(|failure| self.error(failure, Call::GetOption))
    }

    /// The time to live of its packets. No network here is large enough for it to matter.
    ///
    /// # Errors
    /// None.
    pub fn ttl(&self) -> io::Result<u32> {
        Ok(options::ttl(&self.socket))
    }

    /// Sets the time to live of its packets.
    ///
    /// # Errors
    /// None.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        options::set_ttl(&self.socket, ttl);
        Ok(())
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    fn error(&self, failure: Failure, call: Call) -> io::Error {
        error_of(self.socket.machine(), failure, call)
    }
}

const NOT_CONNECTED: Failure = Failure {
    cause: Cause::NotConnected,
    when: halfopen_tcp::profile::errors::Occurrence::First,
};

/// What mio passes to `listen` for tokio's `TcpListener::bind`.
const BACKLOG: u32 = 1024;

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener")
            .field("addr", &self.local_addr().ok())
            .finish_non_exhaustive()
    }
}
