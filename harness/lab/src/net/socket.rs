//! A socket before it connects or listens.

use super::addr::translate;
use super::listener::TcpListener;
use super::options;
use super::stream::{TcpStream, error_of};
use crate::sockets::{self, Machine, Socket, Wait};
use halfopen_tcp::{Call, Failure, SocketOption};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A socket that is neither connected nor listens yet, as [`tokio::net::TcpSocket`].
///
/// ```
/// # use halfopen::Lab;
/// use halfopen::net::TcpSocket;
///
/// # let mut lab = Lab::new();
/// # lab.host("server");
/// # lab.host("client").os("linux").client(async {
/// let socket = TcpSocket::new_v4()?;
/// socket.set_keepalive(true)?;
/// socket.bind("0.0.0.0:5000".parse().unwrap())?;
/// let refused = socket.connect("10.0.0.2:80".parse().unwrap()).await;
/// assert_eq!(refused.unwrap_err().raw_os_error(), Some(111));
/// # Ok(()) });
/// # #[cfg(target_os = "linux")]
/// # lab.run().unwrap();
/// ```
pub struct TcpSocket {
    socket: Socket,
}

impl TcpSocket {
    /// A new socket of the running task's host.
    ///
    /// # Errors
    /// If the host is off.
    pub fn new_v4() -> io::Result<Self> {
        Self::on(&sockets::current())
    }

    /// As [`new_v4`](Self::new_v4): it cannot bind or connect to an IPv6 address.
    ///
    /// # Errors
    /// If the host is off.
    pub fn new_v6() -> io::Result<Self> {
        Self::new_v4()
    }

    pub(super) fn on(machine: &Arc<Machine>) -> io::Result<Self> {
        match Socket::open(machine) {
            Some(socket) => Ok(Self { socket }),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Turns keepalive on or off (`SO_KEEPALIVE`).
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        options::set(&self.socket, SocketOption::KeepAlive(keepalive))
    }

    /// Whether keepalive is on.
    ///
    /// # Errors
    /// If the host is off.
    pub fn keepalive(&self) -> io::Result<bool> {
        options::get(&self.socket, |values| values.keep_alive)
    }

    /// Sets `SO_REUSEADDR`.
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_reuseaddr(&self, reuseaddr: bool) -> io::Result<()> {
        options::set(&self.socket, SocketOption::ReuseAddress(reuseaddr))
    }

    /// Whether `SO_REUSEADDR` is set.
    ///
    /// # Errors
    /// If the host is off.
    pub fn reuseaddr(&self) -> io::Result<bool> {
        options::get(&self.socket, |values| values.reuse_address)
    }

    /// Sets the size of the send buffer in bytes (`SO_SNDBUF`).
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        options::set(&self.socket, SocketOption::SendBuffer(size))
    }

    /// The size of the send buffer in bytes.
    ///
    /// # Errors
    /// If the host is off.
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        options::get(&self.socket, |values| values.send_buffer)
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`).
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        options::set(&self.socket, SocketOption::ReceiveBuffer(size))
    }

    /// The size of the receive buffer in bytes.
    ///
    /// # Errors
    /// If the host is off.
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        options::get(&self.socket, |values| values.receive_buffer)
    }

    /// Sets `SO_LINGER`; see [`TcpStream::set_linger`].
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    #[deprecated = "as in tokio: a close with `SO_LINGER` blocks the thread there; use `set_zero_linger` to send RST"]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        options::set_linger(&self.socket, dur)
    }

    /// Makes a close send RST.
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        options::set_linger(&self.socket, Some(Duration::ZERO))
    }

    /// What `SO_LINGER` is set to.
    ///
    /// # Errors
    /// If the host is off.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        options::get(&self.socket, |values| values.linger)
    }

    /// Sets `TCP_NODELAY`.
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        options::set_nodelay(&self.socket, nodelay)
    }

    /// Whether `TCP_NODELAY` is set.
    ///
    /// # Errors
    /// If the host is off.
    pub fn nodelay(&self) -> io::Result<bool> {
        options::get(&self.socket, |values| values.no_delay)
    }

    /// Its own address; port 0 before it is bound.
    ///
    /// # Errors
    /// If the host is off.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let local = self.socket.call(|call| call.host.local_addr(call.id));
        local.map_err(|failure| self.error(failure, Call::GetOption))
    }

    /// Takes the pending error (`SO_ERROR`).
    ///
    /// # Errors
    /// None.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(options::take_error(&self.socket))
    }

    /// Gives it a local address.
    ///
    /// # Errors
    /// What `bind` returns on the host's system.
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        let local = translate(self.socket.machine(), addr);
        let bound = self
            .socket
            .call(|call| call.host.bind(call.now, call.id, local));
        if bound.is_err() {
            self.socket.begin_bind(local).end(bound, Call::Bind);
        }
        bound.map_err(|failure| self.error(failure, Call::Bind))
    }

    /// Connects.
    ///
    /// # Errors
    /// What `connect` returns on the host's system.
    pub async fn connect(self, addr: SocketAddr) -> io::Result<TcpStream> {
        let Self { socket } = self;
        let machine = Arc::clone(socket.machine());
        let remote = translate(&machine, addr);
        let peer = machine.directory.at(remote.ip());
        let recorded = socket.begin_connect(peer, remote);
        let connected = async {
            socket.call(|call| call.host.connect(call.now, call.id, remote))?;
            poll_fn(|cx| socket.poll(cx, Wait::Write, |call| call.host.connect_result(call.id)))
                .await
        };
        let connected: Result<(), Failure> = connected.await;
        recorded.end(connected, Call::Connect);
        match connected {
            Ok(()) => Ok(TcpStream::new(socket)),
            Err(failure) => Err(error_of(&machine, failure, Call::Connect)),
        }
    }

    /// Listens, with room for `backlog` connections.
    ///
    /// # Errors
    /// What `listen` returns on the host's system.
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        let Self { socket } = self;
        let recorded = socket.begin_listen(backlog);
        let listening = socket.call(|call| call.host.listen(call.now, call.id, Some(backlog)));
        recorded.end(listening, Call::Listen);
        match listening {
            Ok(()) => Ok(TcpListener::new(socket)),
            Err(failure) => Err(error_of(socket.machine(), failure, Call::Listen)),
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    fn error(&self, failure: Failure, call: Call) -> io::Error {
        error_of(self.socket.machine(), failure, call)
    }
}

impl fmt::Debug for TcpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpSocket")
            .field("addr", &self.local_addr().ok())
            .finish_non_exhaustive()
    }
}
