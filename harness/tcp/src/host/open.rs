//! The calls that make a socket and open a connection: socket, bind, listen, accept, connect.

use super::calls::{CallResult, refuse};
use super::listener::Listener;
use super::sockets::{Key, Kind, Owner};
use super::{Failure, Host, ProcessId, SocketId};
use crate::cause::Cause;
use crate::connection::{Connection, State};
use crate::profile::ResetInQueue;
use crate::time::Instant;
use std::net::SocketAddr;
use std::sync::Arc;

impl Host {
    /// A new TCP socket of that program.
    pub fn socket(&mut self, process: ProcessId) -> SocketId {
        let options = Arc::clone(&self.kernel.options);
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
        self.set_kind(id, Kind::Connection(connection));
        self.sockets.register(id.index);
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
}
