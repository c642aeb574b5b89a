//! What can be seen of a socket without changing it.

use super::calls::{CallResult, refuse};
use super::sockets::Kind;
use super::{Host, SocketId};
use crate::cause::Cause;
use crate::connection::State;
use crate::options::OptionValues;
use std::net::{IpAddr, SocketAddr};

impl Host {
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

    /// The peer's address as `accept` returns it: also of a connection that has ended since.
    pub fn remote_addr(&self, id: SocketId) -> Option<SocketAddr> {
        self.connection(id).map(|connection| connection.remote())
    }

    /// What the socket's options are set to; `None` if there is no such socket.
    pub fn option_values(&self, id: SocketId) -> Option<OptionValues> {
        let options = match &self.sockets.at(id)?.kind {
            Kind::Idle { options, .. } => options,
            Kind::Listener(listener) => &listener.options,
            Kind::Connection(connection) => &connection.options,
        };
        Some(options.values(&self.kernel.profile))
    }

    /// The peer's address.
    ///
    /// # Errors
    /// [`Cause::NotConnected`].
    pub fn peer_addr(&self, id: SocketId) -> CallResult<SocketAddr> {
        match self.connection(id) {
            Some(connection) if !matches!(connection.state(), State::SynSent | State::Closed) => {
                Ok(connection.remote())
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
