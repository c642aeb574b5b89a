//! What one release of one operating system does: cited data, no code.
//!
//! The rest of the crate asks a profile for a number or a rule and never which system it is. Every number carries its
//! source beside it, where the profile is defined; here is what the numbers mean.

mod bsd;
pub mod errors;
mod linux;
pub mod settings;
mod windows;

pub use errors::{ErrorRule, OsError};

use crate::wire::IcmpKind;
use errors::Occurrence;
use std::borrow::Cow;
use std::time::Duration;

/// One operating system release as seen from its sockets.
///
/// All fields are plain data: change one and the host that uses the profile behaves so. [`settings`] changes them by
/// the names that the operating system itself uses.
#[derive(Clone, PartialEq, Debug)]
pub struct Profile {
    /// The name scenario files use: `windows-10`.
    pub name: Cow<'static, str>,
    /// Whose setting names, error names and error codes these are. Only for people and for file formats: no rule of
    /// the protocol may ask for it.
    pub os: Os,
    /// When timers fire.
    pub clock: Clock,
    /// The active open.
    pub connect: Connect,
    /// The passive open.
    pub accept: Accept,
    /// The retransmission timeout.
    pub rto: Rto,
    /// Retransmission of data and FIN.
    pub retransmit: Retransmit,
    /// Acknowledgments.
    pub delayed_ack: DelayedAck,
    /// Keepalive, RFC 9293 section 3.8.4.
    pub keepalive: KeepAlive,
    /// Closing, and what is left after it.
    pub close: Close,
    /// Blind-attack defences, RFC 5961.
    pub challenge_ack: ChallengeAck,
    /// What ICMP errors do.
    pub icmp: IcmpRules,
    /// Buffers, windows and options.
    pub buffers: Buffers,
    /// Ephemeral ports, first and last.
    pub ephemeral_ports: (u16, u16),
    /// In what order a failed connection's error, its remaining data and end of file reach the program.
    pub error_order: ErrorOrder,
    /// Which error each call returns for each cause; the first row that fits.
    pub errors: Cow<'static, [ErrorRule]>,
    /// The names of the family's settings that this release does not have.
    pub lacks: &'static [&'static str],
}

/// The families of systems, as far as names and numbers of settings and errors go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Os {
    /// Windows: registry and `netsh` names, WSA error codes.
    Windows,
    /// Linux: sysctls, Linux errno.
    Linux,
    /// macOS: sysctls, BSD errno.
    Macos,
    /// FreeBSD: sysctls, BSD errno.
    Freebsd,
}

impl Os {
    /// Every family.
    pub const ALL: &[Self] = &[Self::Windows, Self::Linux, Self::Macos, Self::Freebsd];

    /// The name that scenario files use for `settings.<os>`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Linux => "linux",
            Self::Macos => "macos",
            Self::Freebsd => "freebsd",
        }
    }
}

/// When a timer set for a delay fires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// At its nominal time.
    Exact,
    /// On Linux's timer wheel with that `CONFIG_HZ`: never early, late by up to an eighth.
    Wheel {
        /// Jiffies a second.
        hz: u32,
    },
}

/// The active open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Connect {
    /// The wait after the first SYN.
    pub rto_initial: Duration,
    /// How many further SYNs keep that wait before it starts to double.
    pub linear_timeouts: u32,
    /// The longest wait between two SYNs.
    pub rto_max: Duration,
    /// Added to every wait after the first.
    pub slop: Duration,
    /// When the attempt is given up.
    pub limit: ConnectLimit,
    /// What a valid RST in answer to a SYN does.
    pub refused: Refused,
    /// How soon the first SYN is sent again after an answer that acknowledges something else, as from a peer that
    /// still has an older connection of the same ports. `None`: at its own time. Never less than two ticks of the
    /// host's clock.
    pub resend_after_wrong_ack: Option<Duration>,
}

/// When an active open is given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConnectLimit {
    /// After `retries` retransmissions and the wait that follows the last one, but not later than the deadline.
    Retries {
        /// Retransmissions of the SYN.
        retries: u32,
        /// Time since the first SYN.
        deadline: Option<Duration>,
    },
    /// Linux: at the first timer at which `retries` plus the linear ones are spent, or at which
    /// `(2^(retries+1) - 1)` initial RTOs have passed.
    RetriesOrModelTime {
        /// `net.ipv4.tcp_syn_retries`.
        retries: u32,
    },
    /// BSD: that long after the first SYN, whatever was sent.
    Deadline(Duration),
}

/// What a valid RST in answer to a SYN does to the attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// It fails at once.
    AtOnce,
    /// The SYN is sent again after a fixed wait, until its retransmissions are spent.
    Retry {
        /// From the RST to the next SYN.
        interval: Duration,
    },
}

/// The passive open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Accept {
    /// The wait after the first SYN-ACK; it doubles.
    pub rto_initial: Duration,
    /// Retransmissions of the SYN-ACK before the half-open connection is dropped.
    pub synack_retries: u32,
    /// The largest backlog that `listen` takes.
    pub backlog_max: u32,
    /// How many connections a backlog of `n` holds.
    pub capacity: BacklogCapacity,
    /// What happens to a SYN that finds the queue full.
    pub overflow: Overflow,
    /// What happens to the handshake's last ACK when it finds the queue full.
    pub late_overflow: LateOverflow,
    /// What becomes of a connection that is reset before it was accepted.
    pub reset_in_queue: ResetInQueue,
    /// Whether closing the listener resets half-open connections. If not, the peer is answered with a RST when the
    /// handshake's last ACK finds nothing.
    pub close_resets_half_open: bool,
}

/// How many connections a backlog of `n` holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BacklogCapacity {
    /// `n`.
    Exact,
    /// `n + 1`: the check is "more than".
    PlusOne,
    /// `3n/2 + 1`, the traditional BSD fudge factor.
    ThreeHalves,
}

impl BacklogCapacity {
    /// Connections that wait at most.
    pub const fn of(self, backlog: u32) -> u32 {
        match self {
            Self::Exact => backlog,
            Self::PlusOne => backlog.saturating_add(1),
            Self::ThreeHalves => backlog.saturating_add(backlog / 2).saturating_add(1),
        }
    }
}

/// What happens to a SYN that finds the accept queue full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overflow {
    /// It is dropped, and the client tries again.
    DropSyn,
    /// It is answered all the same; the handshake's last ACK finds the queue full.
    Answer,
    /// It is answered with RST.
    Reset,
}

/// What happens to the handshake's last ACK when the queue filled up behind the SYN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LateOverflow {
    /// It is dropped; the client believes that it is connected, and the SYN-ACK is retransmitted.
    DropAck,
    /// It is answered with RST.
    Reset,
    /// The queue was reserved at the SYN, so this does not happen.
    Admit,
}

/// What becomes of a connection that is reset while it waits to be accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResetInQueue {
    /// `accept` returns it, and its first use returns the error.
    Keep,
    /// It disappears from the queue.
    Remove,
    /// `accept` itself fails, once.
    FailAccept,
}

/// The retransmission timeout, RFC 6298.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rto {
    /// After the handshake, when the SYN was retransmitted and no round trip could be measured (RFC 6298 (5.7)).
    pub fallback: Duration,
    /// The lower bound; what it bounds is the formula's choice.
    pub min: Duration,
    /// The upper bound of a backed-off wait.
    pub max: Duration,
    /// How the measurements become a timeout.
    pub formula: RtoFormula,
    /// After how many doublings the wait stops growing.
    pub doublings_max: u32,
}

/// How smoothed round trip and variance become a timeout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RtoFormula {
    /// `max(min, srtt + 4 * rttvar)`, RFC 6298 (2.3) and (2.4).
    Standard,
    /// `srtt + max(min, 4 * rttvar)`, with Linux's slow-falling variance.
    VarianceFloor,
    /// `max(min, srtt + 4 * rttvar)`, doubled, and then this much more each time.
    Slop(Duration),
}

/// Retransmission of data and FIN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retransmit {
    /// When the connection is given up.
    pub limit: RetransmitLimit,
    /// The same once no program holds the socket any more; `None`: as for others.
    pub orphan_limit: Option<RetransmitLimit>,
    /// Duplicate ACKs that start a fast retransmit (RFC 5681 section 3.2); `None`: never.
    pub fast_retransmit: Option<u32>,
    /// Loss detection by time, RFC 8985 section 6, instead of counting what arrived later; needs SACK.
    pub rack: bool,
    /// Tail loss probe, RFC 8985 section 7; needs SACK.
    pub tail_loss_probe: bool,
    /// Whether the tail of a connection that this side closes is probed too, with its FIN.
    pub loss_probe_after_close: bool,
    /// `net.ipv4.tcp_thin_linear_timeouts`: no doubling for the first six timeouts of a thin stream.
    pub thin_linear: bool,
    /// Whether giving up sends a RST.
    pub reset_on_give_up: bool,
    /// Whether the system has `TCP_USER_TIMEOUT`.
    pub user_timeout: bool,
    /// Zero-window probes that stay unanswered before the connection is given up.
    pub zero_window_probes: u32,
    /// The shortest wait before the next of them. The wait is the retransmission timeout, doubled each time.
    pub zero_window_wait_min: Duration,
    /// The longest.
    pub zero_window_wait_max: Duration,
}

/// When retransmission is given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RetransmitLimit {
    /// After that many retransmissions by timeout and the wait that follows the last one.
    Count(u32),
    /// Linux: at the first timeout at which the time since the first timeout's retransmission reaches what that many
    /// doublings of the minimum RTO would take.
    ModelTime(u32),
}

/// Acknowledgments, RFC 9293 section 3.8.6.3.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DelayedAck {
    /// The delay, or its lower bound where the system adapts it to the sender's rhythm.
    pub min: Duration,
    /// Its upper bound; equal to `min` where the delay is fixed.
    pub max: Duration,
    /// Full-sized segments that draw an immediate ACK.
    pub every: u32,
    /// Segments at the start of a connection that are acknowledged at once.
    pub quick_at_start: u32,
}

/// Keepalive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeepAlive {
    /// Whether sockets have it unless they turn it off.
    pub on: bool,
    /// Silence before the first probe.
    pub idle: Duration,
    /// Between probes.
    pub interval: Duration,
    /// Unanswered probes that end the connection, one interval after the last.
    pub count: u32,
    /// Bytes of old data that a probe carries, 0 or 1.
    pub probe_len: u8,
    /// Whether giving up sends a RST.
    pub reset_on_give_up: bool,
}

/// Closing, and what is left after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Close {
    /// Whether closing with unread data sends RST instead of FIN (RFC 9293 section 3.6.1).
    pub reset_on_unread: bool,
    /// How long a closed socket stays in FIN-WAIT-2.
    pub fin_wait_2: Duration,
    /// How long TIME-WAIT lasts.
    pub time_wait: Duration,
    /// Whether a valid RST ends it early; if not, it is ignored (RFC 1337).
    pub reset_ends_time_wait: bool,
    /// What arriving data does after `shutdown(read)`.
    pub after_shutdown_read: AfterShutdownRead,
    /// Whether a FIN beyond a gap counts as data that nobody can read.
    pub gap_before_fin_is_data: bool,
    /// Whether the death of a program resets its connections, whatever is in their buffers.
    pub reset_on_kill: bool,
    /// Whether the sockets of a program that dies are closed from the last it opened to the first.
    pub kill_closes_last_first: bool,
}

/// What arriving data does after the program shut down reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AfterShutdownRead {
    /// It is acknowledged and can still be read; after both directions were shut down it draws a RST.
    Readable,
    /// It is acknowledged and thrown away.
    Discard,
    /// It draws a RST.
    Reset,
}

/// Defences against blind attacks, RFC 5961.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChallengeAck {
    /// Whether a RST or SYN that is in the window but not exact draws a challenge ACK. If not, any RST in the window
    /// resets the connection, as RFC 793 had it.
    pub on: bool,
    /// Whether a RST is exact, too, that lies at the end of what was received beyond a gap.
    pub reset_at_sack_edge: bool,
    /// The shortest time between two of them on one connection.
    pub interval: Duration,
}

/// What ICMP destination-unreachable messages do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IcmpRules {
    /// On a connection that this host opens, until it is established.
    pub connecting: IcmpEffects,
    /// On one that a peer opens. No program has seen it: it goes silently.
    pub half_open: IcmpEffects,
    /// In ESTABLISHED.
    pub established: IcmpEffects,
    /// Once either side has closed.
    pub closing: IcmpEffects,
    /// Whether net and host unreachable undo one doubling of the RTO (RFC 6069).
    pub revert_backoff: bool,
}

/// One effect for each kind of message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the fields are the kinds")]
pub struct IcmpEffects {
    pub net: IcmpEffect,
    pub host: IcmpEffect,
    pub port: IcmpEffect,
    pub admin: IcmpEffect,
}

impl IcmpEffects {
    /// The same for every kind.
    pub const fn all(effect: IcmpEffect) -> Self {
        Self {
            net: effect,
            host: effect,
            port: effect,
            admin: effect,
        }
    }

    /// The effect of that kind.
    pub const fn of(&self, kind: IcmpKind) -> IcmpEffect {
        match kind {
            IcmpKind::NetUnreachable => self.net,
            IcmpKind::HostUnreachable => self.host,
            IcmpKind::PortUnreachable => self.port,
            IcmpKind::AdminProhibited => self.admin,
        }
    }
}

/// What one ICMP message does to a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IcmpEffect {
    /// Nothing.
    Ignore,
    /// The connection fails at once.
    Fail,
    /// It is remembered, and named instead of a timeout if the connection times out.
    Soft,
    /// Remembered; once the segment was retransmitted that often, the next message fails the connection.
    SoftThenFail {
        /// Retransmissions so far.
        retransmits: u32,
    },
}

/// Buffers, windows and the options that a SYN offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Buffers {
    /// Bytes that wait to be read at most; also the largest window.
    pub receive: u32,
    /// Bytes that wait to be acknowledged at most; `send` waits above it.
    pub send: u32,
    /// Which small segments wait, unless the program turned it off.
    pub nagle: Nagle,
    /// The window scale shift that a SYN offers; `None`: no scaling.
    pub window_scale: Option<u8>,
    /// Whether SACK is offered.
    pub sack: bool,
    /// Whether timestamps are offered.
    pub timestamps: bool,
    /// The initial congestion window, in full-sized segments.
    pub initial_cwnd: u32,
    /// Which segments carry PSH.
    pub push: Push,
}

/// Which segments carry PSH.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Push {
    /// The one that empties the send buffer (RFC 9293 section 3.9.1, SEND).
    Last,
    /// Also the last of every burst that is handed to the network device as one packet, to be cut there.
    LastOfBurst,
}

/// Nagle's algorithm, RFC 9293 section 3.7.4: when a segment that is not full waits for an acknowledgment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nagle {
    /// While anything is unacknowledged.
    Classic,
    /// While another such segment is unacknowledged.
    Minshall,
}

/// In what order a failed connection's error, its remaining data and end of file reach the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ErrorOrder {
    /// Whether data received before a reset can still be read after it.
    pub data_before_error: bool,
    /// Whether a FIN received before the error makes reads return end of file and leave the error to others.
    pub eof_before_error: bool,
    /// Whether `send` takes the pending error. If not, it fails as on a shut-down socket and leaves the error.
    pub send_takes_error: bool,
    /// What reads return after the error has been taken.
    pub after_error: AfterError,
    /// Whether reading after `shutdown(read)` is an error rather than end of file.
    pub shut_read_fails: bool,
}

/// What reads return after the error has been taken by a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AfterError {
    /// End of file.
    EndOfFile,
    /// The error again, as on every later call.
    SameError,
}

impl Profile {
    /// Every profile that comes with the library, in the order of the reference.
    pub const ALL: &[Self] = &[
        windows::WINDOWS_ARTICLE,
        windows::WINDOWS_XP,
        windows::WINDOWS_7,
        windows::WINDOWS_10,
        windows::WINDOWS_11,
        linux::LINUX,
        linux::LINUX_6_4,
        bsd::MACOS,
        bsd::FREEBSD,
    ];

    /// The profile of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|profile| profile.name == name)
            .cloned()
    }

    /// What `call` returns for `cause` on this system, the first time or later on. Every pair has an answer: those
    /// that cannot come up return what the family returns for an invalid argument.
    pub fn error(
        &self,
        cause: crate::Cause,
        call: crate::Call,
        when: Occurrence,
    ) -> &'static OsError {
        errors::lookup(self, cause, call, when)
    }
}

#[cfg(test)]
mod tests;
