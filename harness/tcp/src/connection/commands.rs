//! Calls of the program: send, receive, shutdown, close (RFC 9293, section 3.10).

use super::{Connection, Context, Fin, State};
use crate::options::SocketOption;

impl Connection {
    /// Takes as much of `data` as there is room for. The caller has checked that the connection may send.
    pub(crate) fn send(&mut self, cx: &mut Context<'_>, data: &[u8]) -> usize {
        let len = data.len().min(self.send_space(cx.profile) as usize);
        if len > 0 {
            self.send.buffer.push(&data[..len]);
            self.transmit(cx);
        }
        len
    }

    /// Moves received data to the program.
    pub(crate) fn read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> usize {
        let len = self.recv.buffer.read(buffer);
        if len > 0 {
            self.on_read(cx);
        }
        len
    }

    /// Copies received data and leaves it there.
    pub(crate) fn peek(&self, buffer: &mut [u8]) -> usize {
        self.recv.buffer.peek(buffer)
    }

    /// The program will not read any more.
    pub(crate) fn shut_read(&mut self) {
        self.recv.shut = true;
        self.news = true;
    }

    /// The program will not write any more: FIN after what is queued.
    pub(crate) fn shut_write(&mut self, cx: &mut Context<'_>) {
        if self.send.fin != Fin::Open {
            return;
        }
        self.send.fin = Fin::Queued;
        match self.state {
            State::SynReceived | State::Established => self.transition(cx, State::FinWait1),
            State::CloseWait => self.transition(cx, State::LastAck),
            _ => {}
        }
        self.transmit(cx);
    }

    /// The program closed its socket, or died: RST if it threw something away that the peer should know of, else FIN.
    pub(crate) fn close(&mut self, cx: &mut Context<'_>) {
        self.orphan = true;
        let unread = self.recv.buffer.len() > 0 && cx.profile.close.reset_on_unread;
        match self.state {
            State::Closed | State::TimeWait => {}
            // Nobody knows of the connection yet (RFC 9293 section 3.10.4).
            State::SynSent => self.end(cx),
            _ if unread || self.options.linger_is_zero() => self.abort(cx),
            _ => {
                self.recv.shut = true;
                self.shut_write(cx);
                self.timers.stop_keepalive();
                if self.state == State::FinWait2 {
                    self.timers.start_fin_wait_2(cx);
                }
            }
        }
    }

    /// `ABORT` of RFC 9293 section 3.10.5: RST, and everything is forgotten.
    pub(crate) fn abort(&mut self, cx: &mut Context<'_>) {
        if self.state.is_synchronized() || self.state == State::SynReceived {
            // In TIME-WAIT, and when both FINs are acknowledged, there is nobody left to tell.
            if self.state != State::TimeWait {
                self.send_reset(cx);
            }
        }
        self.end(cx);
    }

    /// An option changed: Nagle's algorithm may let go of data, keepalive may begin or end.
    pub(crate) fn on_options(&mut self, cx: &mut Context<'_>, option: SocketOption) {
        match option {
            SocketOption::KeepAlive(true) | SocketOption::KeepIdle(_)
                if self.options.keep_alive && self.state.is_synchronized() =>
            {
                // Silence so far counts (`tcp_sock_set_keepidle_locked`).
                let idle = self.options.keep_idle(&cx.profile.keepalive);
                let silent = cx.now.since(self.heard);
                self.timers
                    .restart_keepalive(cx, idle.saturating_sub(silent));
            }
            SocketOption::KeepAlive(false) => self.timers.stop_keepalive(),
            SocketOption::NoDelay(true) => self.transmit(cx),
            _ => {}
        }
    }
}
