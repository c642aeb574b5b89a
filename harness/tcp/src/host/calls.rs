//! The socket calls.
//!
//! None of them waits: a call that would have to returns [`Cause::WouldBlock`], and [`Host::poll_socket`] says when to
//! try again. What an ended connection returns, and how often, is in [`Host::recv`] and [`Host::send`], by the
//! profile's [`ErrorOrder`](crate::profile::ErrorOrder).

use super::listener::Listener;
use super::sockets::{Key, Kind, Owner, Socket};
use super::{Failure, Host, ProcessId, Shutdown, SocketId};
use crate::cause::Cause;
use crate::connection::{Connection, State};
use crate::options::{Options, SocketOption};
use crate::profile::{AfterError, ResetInQueue};
use crate::time::Instant;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// What a call does that has found nothing to wait for.
type CallResult<T> = Result<T, Failure>;

const fn refuse<T>(cause: Cause) -> CallResult<T> {
    Err(Failure::first(cause))
}

impl Host {
    /// A new TCP socket of that program.
    pub fn socket(&mut self, process: ProcessId) -> SocketId {
        let options = Arc::new(Options::new(&self.kernel.profile));
        self.sockets.insert(
            Owner::Program(process),
            Kind::Idle {
                options,
                port: None,
            },
        )
    }

    /// Gives the socket a local address. Port 0 stands for an ephemeral one, the unspecified address for any.
    ///
    /// # Errors
    /// [`Cause::AddressNotAvailable`], [`Cause::AddressInUse`], [`Cause::PortsExhausted`];
    /// [`Cause::InvalidArgument`] if it has one already.
    pub fn bind(&mut self, _now: Instant, socket: SocketId, local: SocketAddr) -> CallResult<()> {
        let (options, bound) = match self.sockets.at(socket).map(|socket| &socket.kind) {
            Some(Kind::Idle { options, port }) => (Arc::clone(options), *port),
            _ => return refuse(Cause::InvalidArgument),
        };
        if bound.is_some() {
            return refuse(Cause::InvalidArgument);
        }
        if !local.ip().is_unspecified() && local.ip() != self.kernel.address {
            return refuse(Cause::AddressNotAvailable);
        }
        let reuse = options.reuse_address;
        let port = match local.port() {
            0 => self
                .ports
                .ephemeral(|ports, port| ports.is_free(port, false))
                .ok_or(Failure::first(Cause::PortsExhausted))?,
            port if self.ports.is_free(port, reuse) => port,
            _ => return refuse(Cause::AddressInUse),
        };
        self.ports.add_bound(port);
        self.set_kind(
            socket,
            Kind::Idle {
                options,
                port: Some(port),
            },
        );
        Ok(())
    }

    fn set_kind(&mut self, id: SocketId, kind: Kind) {
        if let Some(socket) = self.sockets.at_mut(id) {
            socket.kind = kind;
        }
    }

    /// Makes it a listening socket. `backlog`: how many connections may wait, `None` for the system's largest. On a
    /// socket that listens already it changes the backlog.
    ///
    /// # Errors
    /// [`Cause::PortsExhausted`] for an unbound socket; [`Cause::InvalidArgument`] for a connected one.
    pub fn listen(
        &mut self,
        _now: Instant,
        socket: SocketId,
        backlog: Option<u32>,
    ) -> CallResult<()> {
        let rules = self.kernel.profile.accept;
        let capacity = rules
            .capacity
            .of(backlog.unwrap_or(u32::MAX).min(rules.backlog_max));
        let (options, bound) = match self.sockets.at_mut(socket).map(|socket| &mut socket.kind) {
            Some(Kind::Listener(listener)) => {
                listener.capacity = capacity;
                return Ok(());
            }
            Some(Kind::Idle { options, port }) => (Arc::clone(options), *port),
            _ => return refuse(Cause::InvalidArgument),
        };
        let port = match bound {
            Some(port) => {
                self.ports.release_bound(port);
                port
            }
            None => self
                .ports
                .ephemeral(|ports, port| ports.is_free(port, false))
                .ok_or(Failure::first(Cause::PortsExhausted))?,
        };
        self.ports.add_listener(port, socket.index);
        let listener = Listener::new(port, options, capacity);
        self.set_kind(socket, Kind::Listener(Box::new(listener)));
        Ok(())
    }

    /// Takes the oldest connection that waits; its socket belongs to `process`.
    ///
    /// # Errors
    /// [`Cause::WouldBlock`] if none waits; [`Cause::InvalidArgument`] if the socket does not listen; what ended the
    /// connection, on systems whose `accept` says so.
    pub fn accept(
        &mut self,
        _now: Instant,
        listener: SocketId,
        process: ProcessId,
    ) -> CallResult<SocketId> {
        let queue = match self.sockets.at_mut(listener).map(|socket| &mut socket.kind) {
            Some(Kind::Listener(queue)) => queue,
            _ => return refuse(Cause::InvalidArgument),
        };
        let Some(child) = queue.pop() else {
            return refuse(Cause::WouldBlock);
        };
        let fails = self.kernel.profile.accept.reset_in_queue == ResetInQueue::FailAccept;
        let Some(socket) = self.sockets.get_mut(child) else {
            return refuse(Cause::WouldBlock);
        };
        socket.owner = Owner::Program(process);
        let failure = socket
            .connection()
            .and_then(|connection| connection.failure);
        if let Some(failed) = failure.filter(|_| fails) {
            self.sockets.remove(child);
            return refuse(failed.cause);
        }
        Ok(self.sockets.id(child))
    }

    /// Starts to connect. `Ok` means that a SYN is on its way; [`connect_result`](Self::connect_result) tells how the
    /// attempt ends.
    ///
    /// # Errors
    /// [`Cause::NoRoute`], [`Cause::PortsExhausted`], [`Cause::AddressInUse`], [`Cause::AddressNotAvailable`],
    /// [`Cause::AlreadyConnected`], [`Cause::ConnectInProgress`].
    pub fn connect(&mut self, now: Instant, id: SocketId, remote: SocketAddr) -> CallResult<()> {
        let (options, bound) = match self.sockets.at(id).map(|socket| &socket.kind) {
            Some(Kind::Idle { options, port }) => (Arc::clone(options), *port),
            Some(Kind::Connection(connection)) => {
                let busy = matches!(connection.state(), State::SynSent | State::SynReceived);
                let cause = if busy {
                    Cause::ConnectInProgress
                } else {
                    Cause::AlreadyConnected
                };
                return refuse(cause);
            }
            Some(Kind::Listener(_)) => return refuse(Cause::AlreadyConnected),
            None => return refuse(Cause::InvalidArgument),
        };
        if remote.ip().is_unspecified() || remote.port() == 0 {
            return refuse(Cause::AddressNotAvailable);
        }
        if !self.has_route(remote.ip()) {
            return refuse(Cause::NoRoute);
        }
        let port = self.local_port(bound, remote)?;
        let opening = self.opening(port, remote, options);
        let connection = Connection::connect(&mut self.kernel.context(now, true), opening);
        if let Some(bound) = bound {
            self.ports.release_bound(bound);
        }
        self.ports.add_connection(port);
        self.sockets.register(Key::new(remote, port), id.index);
        self.set_kind(id, Kind::Connection(Box::new(connection)));
        self.with_connection(now, id.index, |_, _| ());
        Ok(())
    }

    fn local_port(&mut self, bound: Option<u16>, remote: SocketAddr) -> CallResult<u16> {
        let sockets = &self.sockets;
        let unused = |port| sockets.find(&Key::new(remote, port)).is_none();
        match bound {
            Some(port) if unused(port) => Ok(port),
            Some(_) => refuse(Cause::AddressInUse),
            None => {
                let usable = |ports: &super::Ports, port| ports.is_free(port, true) && unused(port);
                self.ports
                    .ephemeral(usable)
                    .ok_or(Failure::first(Cause::PortsExhausted))
            }
        }
    }

    /// How the attempt to connect ended. After a failure the socket may be used to connect again.
    ///
    /// # Errors
    /// [`Cause::WouldBlock`] while it is under way; why it failed, once; [`Cause::NotConnected`] if there was none.
    pub fn connect_result(&mut self, id: SocketId) -> CallResult<()> {
        let Some(connection) = self.connection(id) else {
            return refuse(Cause::NotConnected);
        };
        if matches!(connection.state(), State::SynSent | State::SynReceived) {
            return refuse(Cause::WouldBlock);
        }
        let Some(failed) = connection.failure else {
            return Ok(());
        };
        if failed.taken || connection.was_established() {
            return Ok(());
        }
        let options = Arc::clone(&connection.options);
        self.set_kind(
            id,
            Kind::Idle {
                options,
                port: None,
            },
        );
        refuse(failed.cause)
    }

    fn connection(&self, id: SocketId) -> Option<&Connection> {
        self.sockets.at(id).and_then(Socket::connection)
    }

    fn connection_mut(&mut self, id: SocketId) -> Option<&mut Connection> {
        match self.sockets.at_mut(id).map(|socket| &mut socket.kind) {
            Some(Kind::Connection(connection)) => Some(connection),
            _ => None,
        }
    }

    /// Hands data to the kernel. Returns how many bytes it took: at least one, unless `data` is empty.
    ///
    /// # Errors
    /// [`Cause::WouldBlock`] while the buffer is full or the connection is not there yet; [`Cause::ShutDown`];
    /// [`Cause::NotConnected`]; what ended the connection.
    pub fn send(&mut self, now: Instant, id: SocketId, data: &[u8]) -> CallResult<usize> {
        let takes_error = self.kernel.profile.error_order.send_takes_error;
        let Some(connection) = self.connection_mut(id) else {
            return refuse(Cause::NotConnected);
        };
        if let Some(failed) = &mut connection.failure {
            let first = !failed.taken;
            failed.taken |= takes_error;
            let cause = failed.cause;
            return Err(if first {
                Failure::first(cause)
            } else {
                Failure::again(cause)
            });
        }
        match connection.state() {
            State::SynSent | State::SynReceived => return refuse(Cause::WouldBlock),
            state if !state.may_send() || connection.is_write_shut() => {
                return refuse(Cause::ShutDown);
            }
            _ => {}
        }
        if data.is_empty() {
            return Ok(0);
        }
        let sent = self.with_connection(now, id.index, |connection, cx| connection.send(cx, data));
        match sent {
            Some(0) | None => refuse(Cause::WouldBlock),
            Some(sent) => Ok(sent),
        }
    }

    /// Reads data. Returns how many bytes; 0 is end of file, unless `buffer` is empty.
    ///
    /// # Errors
    /// [`Cause::WouldBlock`] if nothing is there; [`Cause::NotConnected`]; what ended the connection, once, and on
    /// Windows every time.
    pub fn recv(&mut self, now: Instant, id: SocketId, buffer: &mut [u8]) -> CallResult<usize> {
        self.check_readable(id)?;
        let read =
            self.with_connection(now, id.index, |connection, cx| connection.read(cx, buffer));
        Ok(read.unwrap_or(0))
    }

    /// Reads data and leaves it there (`MSG_PEEK`); otherwise as [`recv`](Self::recv).
    ///
    /// # Errors
    /// As `recv`.
    pub fn peek(&mut self, id: SocketId, buffer: &mut [u8]) -> CallResult<usize> {
        self.check_readable(id)?;
        Ok(self
            .connection(id)
            .map_or(0, |connection| connection.peek(buffer)))
    }

    /// Whether a read has something to return: `Ok` if data or end of file.
    fn check_readable(&mut self, id: SocketId) -> CallResult<()> {
        let order = self.kernel.profile.error_order;
        let Some(connection) = self.connection_mut(id) else {
            return refuse(Cause::NotConnected);
        };
        if order.shut_read_fails && connection.is_read_shut() && connection.failure.is_none() {
            return refuse(Cause::ShutDown);
        }
        if connection.readable() > 0 || order.eof_before_error && connection.is_finished() {
            return Ok(());
        }
        if let Some(failed) = &mut connection.failure {
            let first = !std::mem::replace(&mut failed.taken, true);
            return match order.after_error {
                _ if first => Err(Failure::first(failed.cause)),
                AfterError::EndOfFile => Ok(()),
                AfterError::SameError => Err(Failure::again(failed.cause)),
            };
        }
        if connection.is_finished() || connection.is_read_shut() {
            return Ok(());
        }
        match connection.state() {
            State::Closed => Ok(()),
            _ => refuse(Cause::WouldBlock),
        }
    }

    /// Shuts one or both directions down.
    ///
    /// # Errors
    /// [`Cause::NotConnected`] if there is no connection, or both directions are closed; what ended it.
    pub fn shutdown(&mut self, now: Instant, id: SocketId, how: Shutdown) -> CallResult<()> {
        let Some(connection) = self.connection(id) else {
            return refuse(Cause::NotConnected);
        };
        if let Some(failed) = connection.failure {
            return Err(Failure::again(failed.cause));
        }
        if matches!(
            connection.state(),
            State::SynSent | State::TimeWait | State::Closed
        ) {
            return refuse(Cause::NotConnected);
        }
        self.with_connection(now, id.index, |connection, cx| {
            if how != Shutdown::Write {
                connection.shut_read();
            }
            if how != Shutdown::Read {
                connection.shut_write(cx);
            }
        });
        Ok(())
    }

    /// Closes the socket. It never fails.
    ///
    /// `Some(until)`: `SO_LINGER` makes the call wait; it returns when [`lingers`](Self::lingers) says no.
    pub fn close(&mut self, now: Instant, id: SocketId) -> Option<Instant> {
        let socket = self.sockets.at_mut(id)?;
        let process = match socket.owner {
            Owner::Program(process) => process,
            Owner::Lingering { .. } | Owner::Listener(_) | Owner::Kernel => return None,
        };
        if !matches!(socket.kind, Kind::Connection(_)) {
            self.close_unconnected(now, id);
            return None;
        }
        socket.owner = Owner::Kernel;
        let linger = self.with_connection(now, id.index, |connection, cx| {
            connection.close(cx);
            connection
                .options
                .linger
                .filter(|_| connection.has_unacknowledged())
        });
        let until = linger
            .flatten()
            .filter(|linger| !linger.is_zero())
            .map(|linger| now + linger);
        match (until, self.sockets.at_mut(id)) {
            (Some(until), Some(socket)) => {
                socket.owner = Owner::Lingering { process, until };
                Some(until)
            }
            (_, closed) => {
                let gone = closed
                    .and_then(|socket| socket.connection())
                    .map(Connection::state);
                if gone == Some(State::Closed) {
                    self.sockets.remove(id.index);
                }
                None
            }
        }
    }

    fn close_unconnected(&mut self, now: Instant, id: SocketId) {
        match self.sockets.remove(id.index).map(|socket| socket.kind) {
            Some(Kind::Listener(listener)) => self.abandon(now, &listener),
            Some(Kind::Idle {
                port: Some(port), ..
            }) => self.ports.release_bound(port),
            Some(Kind::Idle { port: None, .. } | Kind::Connection(_)) | None => {}
        }
    }

    /// Whether the `close` of this socket still waits for its data to be acknowledged.
    pub fn lingers(&mut self, now: Instant, id: SocketId) -> bool {
        let Some(socket) = self.sockets.at_mut(id) else {
            return false;
        };
        let Owner::Lingering { until, .. } = socket.owner else {
            return false;
        };
        let unsent = socket
            .connection()
            .is_some_and(Connection::has_unacknowledged);
        if unsent && now < until {
            return true;
        }
        socket.owner = Owner::Kernel;
        if socket
            .connection()
            .is_none_or(|connection| connection.state() == State::Closed)
        {
            self.sockets.remove(id.index);
        }
        false
    }

    /// Closes a socket of a program that was killed.
    pub(super) fn close_killed(&mut self, now: Instant, id: SocketId) {
        if self.kernel.profile.close.reset_on_kill && self.connection(id).is_some() {
            if let Some(socket) = self.sockets.at_mut(id) {
                socket.owner = Owner::Kernel;
            }
            self.with_connection(now, id.index, |connection, cx| connection.abort(cx));
            self.sockets.remove(id.index);
            return;
        }
        if let Some(socket) = self.sockets.at_mut(id)
            && let Owner::Lingering { .. } = socket.owner
        {
            socket.owner = Owner::Kernel;
            self.lingers(now, id);
            return;
        }
        if self.close(now, id).is_some()
            && let Some(socket) = self.sockets.at_mut(id)
        {
            // Nobody is left to wait.
            socket.owner = Owner::Kernel;
        }
    }

    /// Sets a socket option.
    ///
    /// # Errors
    /// [`Cause::InvalidArgument`] for a value out of bounds, and for an option that the system does not have.
    pub fn set_option(
        &mut self,
        now: Instant,
        id: SocketId,
        option: SocketOption,
    ) -> CallResult<()> {
        let has_user_timeout = self.kernel.profile.retransmit.user_timeout;
        if matches!(option, SocketOption::UserTimeout(_)) && !has_user_timeout {
            return refuse(Cause::InvalidArgument);
        }
        let options = match self.sockets.at_mut(id).map(|socket| &mut socket.kind) {
            Some(Kind::Idle { options, .. }) => options,
            Some(Kind::Listener(listener)) => &mut listener.options,
            Some(Kind::Connection(connection)) => &mut connection.options,
            None => return refuse(Cause::InvalidArgument),
        };
        if !Arc::make_mut(options).set(option) {
            return refuse(Cause::InvalidArgument);
        }
        self.with_connection(now, id.index, |connection, cx| {
            connection.on_options(cx, option)
        });
        Ok(())
    }

    /// `SO_ERROR`: takes the pending error. On a connection that is alive, an ICMP error that a timeout would be
    /// blamed on.
    pub fn take_error(&mut self, id: SocketId) -> Option<Failure> {
        let connection = self.connection_mut(id)?;
        if let Some(failed) = &mut connection.failure
            && !failed.taken
        {
            failed.taken = true;
            return Some(Failure::first(failed.cause));
        }
        connection.soft_error.take().map(Failure::first)
    }

    /// `SO_RCVTIMEO` and `SO_SNDTIMEO`. Whoever makes a call wait keeps the time, and fails it with
    /// [`Cause::TimedOutWaiting`].
    pub fn call_timeouts(&self, id: SocketId) -> (Option<Duration>, Option<Duration>) {
        let options = match self.sockets.at(id).map(|socket| &socket.kind) {
            Some(Kind::Idle { options, .. }) => options,
            Some(Kind::Listener(listener)) => &listener.options,
            Some(Kind::Connection(connection)) => &connection.options,
            None => return (None, None),
        };
        (options.receive_timeout, options.send_timeout)
    }

    /// What a call on the socket would not have to wait for.
    pub fn readiness(&self, id: SocketId) -> Readiness {
        match self.sockets.at(id).map(|socket| &socket.kind) {
            Some(Kind::Listener(listener)) => Readiness {
                readable: !listener.is_empty(),
                ..Readiness::default()
            },
            Some(Kind::Connection(connection)) => {
                let failed = connection.failure.is_some();
                let opening = matches!(connection.state(), State::SynSent | State::SynReceived);
                let ended = failed || connection.state() == State::Closed;
                let read_closed = ended || connection.is_finished() || connection.is_read_shut();
                Readiness {
                    readable: connection.readable() > 0 || read_closed,
                    writable: !opening
                        && (ended
                            || connection.is_write_shut()
                            || connection.send_space(&self.kernel.profile) > 0),
                    read_closed,
                    write_closed: ended || connection.is_write_shut(),
                    error: connection.failure.is_some_and(|failed| !failed.taken),
                }
            }
            Some(Kind::Idle { .. }) | None => Readiness::default(),
        }
    }

    /// The socket's own address; port 0 while it is not bound.
    ///
    /// # Errors
    /// [`Cause::InvalidArgument`] if there is no such socket.
    pub fn local_addr(&self, id: SocketId) -> CallResult<SocketAddr> {
        let unspecified: IpAddr = match self.kernel.address {
            IpAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
        };
        match self.sockets.at(id).map(|socket| &socket.kind) {
            Some(Kind::Idle { port, .. }) => Ok(SocketAddr::new(unspecified, port.unwrap_or(0))),
            Some(Kind::Listener(listener)) => Ok(SocketAddr::new(unspecified, listener.port)),
            Some(Kind::Connection(connection)) => {
                Ok(SocketAddr::new(self.kernel.address, connection.local_port))
            }
            None => refuse(Cause::InvalidArgument),
        }
    }

    /// The peer's address.
    ///
    /// # Errors
    /// [`Cause::NotConnected`].
    pub fn peer_addr(&self, id: SocketId) -> CallResult<SocketAddr> {
        match self.connection(id) {
            Some(connection) if !matches!(connection.state(), State::SynSent | State::Closed) => {
                Ok(connection.remote)
            }
            _ => refuse(Cause::NotConnected),
        }
    }
}

/// What a call on a socket would not have to wait for, as `poll` reports it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Readiness {
    /// Data, end of file, an error, or a connection to accept (`POLLIN`).
    pub readable: bool,
    /// Room for data, or an error (`POLLOUT`).
    pub writable: bool,
    /// Nothing more will arrive (`POLLRDHUP`).
    pub read_closed: bool,
    /// Nothing more can be sent.
    pub write_closed: bool,
    /// A pending error (`POLLERR`).
    pub error: bool,
}
