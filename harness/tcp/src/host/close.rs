//! The calls that end a connection: shutdown, close, and the death of a program.

use super::calls::{CallResult, refuse};
use super::sockets::{Kind, Owner};
use super::{Failure, Host, Shutdown, SocketId};
use crate::cause::Cause;
use crate::connection::{Connection, State};
use crate::time::Instant;

impl Host {
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
            .map(|linger| self.wait_ends(now, linger));
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
}
