//! One TCP connection.
//!
//! A value that is told what happens, with the time: a segment (`arrive`), a timer (`timers`), a call of the program
//! (`commands`). Everything it does in return goes into the [`Context`]: segments to send and changes of state. What
//! the program may now see is in public fields and in [`Connection::take_news`].
//!
//! | file | what it holds |
//! |---|---|
//! | `open` | the first SYN of either side, and the SYN's retransmission |
//! | `arrive` | segment arrival in the order of RFC 9293, section 3.10.7 |
//! | `acknowledge` | the ACK field: what it frees, measures and opens |
//! | `rack` | what is lost, by time |
//! | `deliver` | text and FIN |
//! | `transmit` | what may be sent now, and how it looks |
//! | `timers` | which timers run |
//! | `expiry` | what they do when they fire |
//! | `commands` | send, receive, shutdown, close, abort |
//! | `icmp` | ICMP errors |

mod acknowledge;
mod arrive;
mod commands;
mod congestion;
mod delayed_ack;
mod deliver;
mod expiry;
mod flight;
mod icmp;
mod open;
mod queue;
mod rack;
mod recv_buffer;
mod rtt;
mod send_buffer;
mod state;
mod timers;
mod transmit;

pub(crate) use open::Opening;
pub use state::State;

use crate::cause::Cause;
use crate::clock::TimerClock;
use crate::options::Options;
use crate::profile::Profile;
use crate::time::Instant;
use crate::wire::{Packet, Segment, Seq};
use congestion::Congestion;
use delayed_ack::DelayedAck;
use flight::Flight;
use rack::Rack;
use recv_buffer::RecvBuffer;
use rtt::RttEstimator;
use send_buffer::SendBuffer;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use timers::Timers;

/// What a connection needs to know of its host, and where its output goes.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) address: IpAddr,
    /// Whether there is a route to the peer.
    pub(crate) routed: bool,
    pub(crate) profile: &'a Profile,
    pub(crate) clock: &'a TimerClock,
    pub(crate) out: &'a mut VecDeque<Packet>,
    /// Changes of state, if somebody wants them.
    pub(crate) transitions: &'a mut Option<VecDeque<Transition>>,
}

/// A change of state of one connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// When.
    pub at: Instant,
    /// This host's side.
    pub local: SocketAddr,
    /// The other side.
    pub remote: SocketAddr,
    /// Before.
    pub from: State,
    /// After.
    pub to: State,
}

/// The connection's control block, RFC 9293 section 3.3.1.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) local_port: u16,
    pub(crate) remote_port: u16,
    pub(crate) remote_ip: IpAddr,
    state: State,
    /// Which side opened.
    origin: Origin,
    send: Send,
    recv: Recv,
    /// The largest packet on the way to the peer, IP header included.
    mtu: u16,
    /// The largest segment payload that goes out, options taken off.
    mss: u16,
    /// Window scale shifts, while both sides have offered them.
    scaling: Option<Scaling>,
    /// Whether both sides offered SACK.
    sack: bool,
    /// Timestamps, if both sides offered them.
    timestamps: Option<TimestampState>,
    rtt: RttEstimator,
    congestion: Congestion,
    /// What has not gone smoothly.
    trouble: Option<Box<Trouble>>,
    ack: DelayedAck,
    timers: Timers,
    /// The socket's options.
    pub(crate) options: Arc<Options>,
    /// Whether a program holds the socket, or may still accept it.
    orphan: bool,
    /// Why it ended, if it did not end by an orderly close.
    pub(crate) failure: Option<Failed>,
    /// An ICMP error that a timeout would be blamed on.
    pub(crate) soft_error: Option<Cause>,
    /// When the peer was last heard: keepalive counts from here.
    heard: Instant,
    news: bool,
}

/// What most connections never need.
#[derive(Clone, Debug, Default)]
struct Trouble {
    /// While something is missing.
    rack: Option<Rack>,
    /// Congestion control as it was before a timeout, in case nothing was lost after all.
    before_timeout: Option<Congestion>,
    /// When the last challenge ACK was sent (RFC 5961 section 7).
    challenged: Option<Instant>,
}

/// Which side opened the connection; a reset in SYN-RECEIVED means something else for each (RFC 9293 section 3.10.7.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// By a SYN that this side sent first.
    Active,
    /// By a SYN that a listener received.
    Passive,
}

/// A connection's failure, and whether the program has been told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Failed {
    pub(crate) cause: Cause,
    /// Whether a call has returned it.
    pub(crate) taken: bool,
}

/// The send side.
#[derive(Clone, Debug)]
struct Send {
    /// Our initial sequence number.
    iss: Seq,
    /// The oldest unacknowledged sequence number, `SND.UNA`.
    una: Seq,
    /// The next to send, `SND.NXT`.
    nxt: Seq,
    /// The peer's window in bytes, `SND.WND`.
    window: u32,
    /// The largest window the peer ever offered.
    window_max: u32,
    /// `SND.WL1` and `SND.WL2`: the segment that the window came from.
    window_from: (Seq, Seq),
    buffer: SendBuffer,
    fin: Fin,
    flight: Flight,
    /// The end of the last segment that was not full-sized (Minshall's variant of Nagle's algorithm).
    small_end: Seq,
    recovery: Recovery,
    /// Duplicate ACKs in a row.
    duplicates: u8,
}

/// Our FIN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fin {
    /// The program may still send.
    Open,
    /// It goes out after the data.
    Queued,
    /// It was sent, and takes the sequence number before `SND.NXT`.
    Sent,
}

/// Loss recovery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Recovery {
    /// Nothing is lost as far as is known.
    Open,
    /// After a fast retransmit, until this is acknowledged (RFC 6582's `recover`).
    Fast(Seq),
    /// After a timeout, until this is acknowledged.
    Timeout(Seq),
}

/// The receive side.
#[derive(Clone, Debug)]
struct Recv {
    /// The peer's initial sequence number.
    irs: Seq,
    /// The next expected, `RCV.NXT`.
    nxt: Seq,
    /// `RCV.NXT` as of our last ACK: what came since is not acknowledged.
    acked: Seq,
    /// The right edge of the window we advertised; it never moves left.
    edge: Seq,
    buffer: RecvBuffer,
    /// Whether the peer's FIN was received in order.
    fin: bool,
    /// Whether the program shut reading down.
    shut: bool,
}

/// Window scale shifts, RFC 7323 section 2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Scaling {
    /// What the peer's window fields are shifted by.
    send: u8,
    /// What ours are.
    recv: u8,
}

/// Timestamps, RFC 7323.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct TimestampState {
    /// Added to the clock of this connection.
    offset: u32,
    /// `TS.Recent`: what is echoed.
    recent: u32,
}

impl Connection {
    pub(crate) fn remote(&self) -> SocketAddr {
        SocketAddr::new(self.remote_ip, self.remote_port)
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Whether the handshake was completed.
    pub(crate) fn was_established(&self) -> bool {
        self.send.una != self.send.iss
    }

    /// Whether a SYN lies beyond everything that this connection received.
    pub(crate) fn is_beyond(&self, syn: &Segment) -> bool {
        let newer = match (self.timestamps, syn.options.timestamps) {
            (Some(ours), Some(theirs)) => (theirs.value.wrapping_sub(ours.recent) as i32) > 0,
            _ => false,
        };
        newer || syn.seq.after(self.recv.nxt)
    }

    /// Ends without a word: TIME-WAIT before its time, because a new connection takes its place, or a handshake whose
    /// listener is gone.
    pub(crate) fn expire(&mut self, cx: &mut Context<'_>) {
        self.end(cx);
    }

    /// The next time at which a timer fires.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Whether something changed since the last call that a waiting program should look at.
    pub(crate) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// Bytes that can be read now.
    pub(crate) fn readable(&self) -> u32 {
        self.recv.buffer.len()
    }

    /// Whether the peer's FIN was received, so that nothing comes after what is readable.
    pub(crate) fn is_finished(&self) -> bool {
        self.recv.fin
    }

    /// Whether the program shut reading down.
    pub(crate) fn is_read_shut(&self) -> bool {
        self.recv.shut
    }

    /// Whether the program shut writing down.
    pub(crate) fn is_write_shut(&self) -> bool {
        self.send.fin != Fin::Open
    }

    /// Whether anything we sent, or have to send, is unacknowledged.
    pub(crate) fn has_unacknowledged(&self) -> bool {
        self.send.buffer.len() > 0 || !self.send.flight.is_empty() || self.send.fin == Fin::Queued
    }

    /// Bytes that `send` would take now.
    pub(crate) fn send_space(&self, profile: &Profile) -> u32 {
        let limit = self.options.send_buffer.unwrap_or(profile.buffers.send);
        limit.saturating_sub(self.send.buffer.len())
    }

    /// The one door through which the state changes.
    fn transition(&mut self, cx: &mut Context<'_>, to: State) {
        if self.state == to {
            return;
        }
        debug_assert!(self.state.may_become(to), "{} to {to}", self.state);
        if let Some(transitions) = cx.transitions {
            transitions.push_back(Transition {
                at: cx.now,
                local: SocketAddr::new(cx.address, self.local_port),
                remote: self.remote(),
                from: self.state,
                to,
            });
        }
        self.state = to;
        self.news = true;
    }

    /// Ends the connection with an error that the program will see.
    fn fail(&mut self, cx: &mut Context<'_>, cause: Cause) {
        self.failure = Some(Failed {
            cause,
            taken: false,
        });
        if !cx.profile.error_order.data_before_error {
            self.recv.buffer.clear();
        }
        self.end(cx);
    }

    /// Ends the connection: no timer runs, nothing is kept for sending.
    fn end(&mut self, cx: &mut Context<'_>) {
        self.send.buffer = SendBuffer::new(self.send.nxt);
        self.send.flight = Flight::default();
        self.timers = Timers::NONE;
        self.transition(cx, State::Closed);
        self.news = true;
    }

    /// The retransmission timeout with its backoff.
    fn rto(&self, cx: &Context<'_>) -> Duration {
        self.timers.rto(&self.rtt, cx)
    }
}

#[cfg(test)]
mod tests {
    use super::Connection;

    /// Tens of thousands of idle ones should fit into a test's memory: what is rarely used belongs behind a pointer.
    #[test]
    fn a_connection_is_small() {
        let bytes = size_of::<Connection>();
        assert!(bytes <= 328, "{bytes} bytes");
    }
}
