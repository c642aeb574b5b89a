//! Send and receive, and the options of a socket.
//!
//! None of them waits: a call that would have to returns [`Cause::WouldBlock`], and [`Host::poll_socket`] says when to
//! try again. What an ended connection returns, and how often, is in [`Host::recv`] and [`Host::send`], by the
//! profile's [`ErrorOrder`](crate::profile::ErrorOrder).

use super::sockets::{Kind, Socket};
use super::{Failure, Host, SocketId};
use crate::cause::Cause;
use crate::connection::{Connection, State};
use crate::options::SocketOption;
use crate::profile::AfterError;
use crate::time::Instant;
use std::sync::Arc;
use std::time::Duration;

/// What a call does that has found nothing to wait for.
pub(super) type CallResult<T> = Result<T, Failure>;

pub(super) const fn refuse<T>(cause: Cause) -> CallResult<T> {
    Err(Failure::first(cause))
}

impl Host {
    pub(super) fn connection(&self, id: SocketId) -> Option<&Connection> {
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

    /// `SO_RCVTIMEO` and `SO_SNDTIMEO`. Whoever makes a call wait keeps the time, and at [`wait_ends`](Self::wait_ends)
    /// fails it with [`Cause::TimedOutWaiting`].
    pub fn call_timeouts(&self, id: SocketId) -> (Option<Duration>, Option<Duration>) {
        let options = match self.sockets.at(id).map(|socket| &socket.kind) {
            Some(Kind::Idle { options, .. }) => options,
            Some(Kind::Listener(listener)) => &listener.options,
            Some(Kind::Connection(connection)) => &connection.options,
            None => return (None, None),
        };
        (options.receive_timeout, options.send_timeout)
    }

    /// When a call that begins to wait now gives up, if it waits for `timeout`. On Linux a waiting process is woken by the
    /// timer wheel (`schedule_timeout`).
    pub fn wait_ends(&self, now: Instant, timeout: Duration) -> Instant {
        self.kernel.clock.fires_at(now, timeout)
    }
}
