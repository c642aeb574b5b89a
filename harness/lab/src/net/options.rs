//! Socket options.

use super::stream::{WOULD_BLOCK, error_of};
use super::{TcpListener, TcpSocket, TcpStream};
use crate::sockets::Socket;
use halfopen_tcp::profile::Os;
use halfopen_tcp::{Call, OptionValues, SocketOption};
use std::fmt;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The options of a socket, with the names of `socket2::SockRef`.
///
/// ```
/// # use halfopen::Lab;
/// use halfopen::net::{SockRef, TcpKeepalive, TcpSocket};
/// use std::time::Duration;
///
/// # let mut lab = Lab::new();
/// # lab.host("client").client(async {
/// let socket = TcpSocket::new_v4()?;
/// let options = SockRef::from(&socket);
/// options.set_tcp_keepalive(
///     &TcpKeepalive::new()
///         .with_time(Duration::from_secs(60))
///         .with_interval(Duration::from_secs(10))
///         .with_retries(3),
/// )?;
/// options.set_tcp_user_timeout(Some(Duration::from_secs(30)))?;
/// assert_eq!(options.tcp_keepalive_time()?, Duration::from_secs(60));
/// # Ok(()) });
/// # lab.run().unwrap();
/// ```
pub struct SockRef<'s>(&'s Socket);

impl<'s> From<&'s TcpStream> for SockRef<'s> {
    fn from(stream: &'s TcpStream) -> Self {
        Self(stream.socket())
    }
}

impl<'s> From<&'s TcpListener> for SockRef<'s> {
    fn from(listener: &'s TcpListener) -> Self {
        Self(listener.socket())
    }
}

impl<'s> From<&'s TcpSocket> for SockRef<'s> {
    fn from(socket: &'s TcpSocket) -> Self {
        Self(socket.socket())
    }
}

/// The three numbers of keepalive, as `socket2::TcpKeepalive`. Those that are not set stay as they are.
///
/// ```
/// # use halfopen::{Lab, net::{SockRef, TcpKeepalive, TcpSocket}};
/// # use std::time::Duration;
/// # let mut lab = Lab::new();
/// # lab.host("client").os("linux").client(async {
/// # let socket = TcpSocket::new_v4()?;
/// let minute = TcpKeepalive::new().with_time(Duration::from_secs(60));
/// SockRef::from(&socket).set_tcp_keepalive(&minute)?;
/// assert!(socket.keepalive()?);
/// # Ok(()) });
/// # lab.run().unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct TcpKeepalive {
    time: Option<Duration>,
    interval: Option<Duration>,
    retries: Option<u32>,
}

impl TcpKeepalive {
    /// None of them.
    pub const fn new() -> Self {
        Self {
            time: None,
            interval: None,
            retries: None,
        }
    }

    /// The silence before the first probe (`TCP_KEEPIDLE`).
    #[must_use]
    pub const fn with_time(self, time: Duration) -> Self {
        Self {
            time: Some(time),
            ..self
        }
    }

    /// The time between probes (`TCP_KEEPINTVL`).
    #[must_use]
    pub const fn with_interval(self, interval: Duration) -> Self {
        Self {
            interval: Some(interval),
            ..self
        }
    }

    /// How many unanswered probes end the connection (`TCP_KEEPCNT`).
    #[must_use]
    pub const fn with_retries(self, retries: u32) -> Self {
        Self {
            retries: Some(retries),
            ..self
        }
    }
}

impl SockRef<'_> {
    /// Turns keepalive on or off (`SO_KEEPALIVE`).
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        set(self.0, SocketOption::KeepAlive(keepalive))
    }

    /// Whether keepalive is on.
    ///
    /// # Errors
    /// If the host is off.
    pub fn keepalive(&self) -> io::Result<bool> {
        get(self.0, |values| values.keep_alive)
    }

    /// Turns keepalive on, with these numbers.
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_tcp_keepalive(&self, params: &TcpKeepalive) -> io::Result<()> {
        self.set_keepalive(true)?;
        let time = params.time.map(SocketOption::KeepIdle);
        let interval = params.interval.map(SocketOption::KeepInterval);
        let retries = params.retries.map(SocketOption::KeepCount);
        for option in [time, interval, retries].into_iter().flatten() {
            set(self.0, option)?;
        }
        Ok(())
    }

    /// The silence before the first probe.
    ///
    /// # Errors
    /// If the host is off.
    pub fn tcp_keepalive_time(&self) -> io::Result<Duration> {
        get(self.0, |values| values.keep_idle)
    }

    /// The time between probes.
    ///
    /// # Errors
    /// If the host is off.
    pub fn tcp_keepalive_interval(&self) -> io::Result<Duration> {
        get(self.0, |values| values.keep_interval)
    }

    /// How many unanswered probes end the connection.
    ///
    /// # Errors
    /// If the host is off.
    pub fn tcp_keepalive_retries(&self) -> io::Result<u32> {
        get(self.0, |values| values.keep_count)
    }

    /// Sets how long data may stay unacknowledged (`TCP_USER_TIMEOUT`); `None` turns it off.
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system; not every system has it.
    pub fn set_tcp_user_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        set(
            self.0,
            SocketOption::UserTimeout(timeout.unwrap_or_default()),
        )
    }

    /// How long data may stay unacknowledged.
    ///
    /// # Errors
    /// If the host is off.
    pub fn tcp_user_timeout(&self) -> io::Result<Option<Duration>> {
        get(self.0, |values| values.user_timeout)
    }

    /// Sets `SO_LINGER`. With zero, a close sends RST.
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        set_linger(self.0, linger)
    }

    /// What `SO_LINGER` is set to.
    ///
    /// # Errors
    /// If the host is off.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        get(self.0, |values| values.linger)
    }

    /// Sets `TCP_NODELAY`.
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_tcp_nodelay(&self, nodelay: bool) -> io::Result<()> {
        set_nodelay(self.0, nodelay)
    }

    /// Whether `TCP_NODELAY` is set.
    ///
    /// # Errors
    /// If the host is off.
    pub fn tcp_nodelay(&self) -> io::Result<bool> {
        get(self.0, |values| values.no_delay)
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`).
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_recv_buffer_size(&self, size: usize) -> io::Result<()> {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        set(self.0, SocketOption::ReceiveBuffer(size))
    }

    /// The size of the receive buffer in bytes.
    ///
    /// # Errors
    /// If the host is off.
    pub fn recv_buffer_size(&self) -> io::Result<usize> {
        get(self.0, |values| values.receive_buffer as usize)
    }

    /// Sets the size of the send buffer in bytes (`SO_SNDBUF`).
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_send_buffer_size(&self, size: usize) -> io::Result<()> {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        set(self.0, SocketOption::SendBuffer(size))
    }

    /// The size of the send buffer in bytes.
    ///
    /// # Errors
    /// If the host is off.
    pub fn send_buffer_size(&self) -> io::Result<usize> {
        get(self.0, |values| values.send_buffer as usize)
    }
}

impl fmt::Debug for SockRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SockRef").field(self.0).finish()
    }
}

pub(super) fn set(socket: &Socket, option: SocketOption) -> io::Result<()> {
    let set = socket.call(|call| call.host.set_option(call.now, call.id, option));
    set.map_err(|failure| error_of(socket.machine(), failure, Call::SetOption))
}

pub(super) fn get<R>(socket: &Socket, get: impl FnOnce(OptionValues) -> R) -> io::Result<R> {
    let values = socket.ask(|host, id| host.option_values(id)).flatten();
    match values {
        Some(values) => Ok(get(values)),
        None => Err(error_of(socket.machine(), WOULD_BLOCK, Call::GetOption)),
    }
}

pub(super) fn set_nodelay(socket: &Socket, nodelay: bool) -> io::Result<()> {
    set(socket, SocketOption::NoDelay(nodelay))
}

pub(super) fn set_linger(socket: &Socket, linger: Option<Duration>) -> io::Result<()> {
    set(socket, SocketOption::Linger(linger))
}

pub(super) fn take_error(socket: &Socket) -> Option<io::Error> {
    let pending = socket.call(|call| Ok(call.host.take_error(call.id)));
    let failure = pending.ok().flatten()?;
    Some(error_of(socket.machine(), failure, Call::GetOption))
}

/// What the system starts with, unless it was set: `IPDEFTTL` of Linux and the BSDs, and Windows' `DefaultTTL`.
pub(super) fn ttl(socket: &Socket) -> u32 {
    match socket.ttl().load(Ordering::Relaxed) {
        0 if socket.ask(|host, _| host.profile().os) == Some(Os::Windows) => 128,
        0 => 64,
        ttl => ttl,
    }
}

pub(super) fn set_ttl(socket: &Socket, ttl: u32) {
    socket.ttl().store(ttl, Ordering::Relaxed);
}
