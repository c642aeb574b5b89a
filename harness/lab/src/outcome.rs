//! What came of running one case: the same for every engine.
//!
//! ```
//! use halfopen::Lab;
//! use halfopen::net::TcpStream;
//! use halfopen::outcome::{Fate, LossReason, StepResult};
//! # use std::time::Duration;
//!
//! let mut lab = Lab::new();
//! lab.host("server");
//! lab.host("client").client(async {
//!     TcpStream::connect("server:80").await.unwrap_err();
//!     Ok(())
//! });
//! lab.at(Duration::ZERO).partition("client", "server");
//! let report = lab.run().unwrap();
//! let (_, result) = report.outcome().steps[0].end.expect("it has ended");
//! assert!(matches!(result, StepResult::Failed { .. }));
//! let lost = |fate| matches!(fate, Fate::Lost(_, LossReason::Partition));
//! assert!(report.packets().iter().all(|packet| lost(packet.fate)));
//! ```

use crate::plan::HostIndex;
use halfopen_tcp::profile::OsError;
use halfopen_tcp::wire::{IcmpKind, Options};
use halfopen_tcp::{Cause, Instant};

/// What came of running one case.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// Which engine ran it.
    pub engine: EngineName,
    /// The seed it ran with.
    pub seed: u64,
    /// Whether its expectations held.
    pub verdict: Verdict,
    /// When it ended.
    pub end: Instant,
    /// The steps that began, in the order in which they began.
    pub steps: Vec<StepOutcome>,
    /// Faults, in the order in which they took effect: the time and the index into the plan's timeline.
    pub faults: Vec<(Instant, usize)>,
    /// Every packet, in the order in which they were sent; empty unless asked for.
    pub packets: Vec<PacketRecord>,
}

/// The engines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "they are the engines of those names")]
pub enum EngineName {
    Event,
    Turmoil,
    Kernel,
}

impl EngineName {
    /// As the JSON output has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Turmoil => "turmoil",
            Self::Kernel => "kernel",
        }
    }
}

/// Whether a case's expectations held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// They did.
    Passed,
    /// At least one did not: see [`StepOutcome::mismatch`].
    Failed,
    /// A limit was reached.
    Unfinished(LimitReached),
}

/// Which limit ended a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(
    missing_docs,
    reason = "they are the keys of `[limits]`, and the bound on memory"
)]
pub enum LimitReached {
    Time,
    Events,
    Memory,
}

/// What one step did.
#[derive(Clone, PartialEq, Debug)]
pub struct StepOutcome {
    /// Its host.
    pub host: HostIndex,
    /// Its program, as an index into the host's programs.
    pub program: usize,
    /// How often the program had been started before: 0 unless the machine booted again.
    pub run: u32,
    /// Its number within the program, from 0.
    pub step: usize,
    /// When it began.
    pub start: Instant,
    /// How and when it ended; `None`: it still waits.
    pub end: Option<(Instant, StepResult)>,
    /// Why its expectation does not hold, as a sentence; `None` if it holds, or there is none.
    pub mismatch: Option<String>,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum StepResult {
    /// Without a number to tell.
    Done,
    /// With that many bytes sent or received.
    Bytes(u64),
    /// At end of file, after that many bytes in this step.
    Eof(u64),
    /// With an error.
    Failed {
        /// Why. `None` where the engine cannot tell: the real kernel gives an error and keeps its reason to itself.
        cause: Option<Cause>,
        /// What the program saw. `None` for what no call returned: its program was killed.
        error: Option<&'static OsError>,
        /// Bytes sent or received by this step before the error.
        bytes: u64,
    },
}

/// One packet that was sent.
#[derive(Clone, PartialEq, Debug)]
pub struct PacketRecord {
    /// When it was sent.
    pub at: Instant,
    /// Who sent it. A packet that a middlebox made has the host whose address it carries.
    pub from: HostIndex,
    /// Whom to.
    pub to: HostIndex,
    /// Ports, sender's first.
    pub ports: (u16, u16),
    /// What it is.
    pub kind: PacketKind,
    /// Whether a middlebox or firewall made it.
    pub forged: bool,
    /// What became of it.
    pub fate: Fate,
}

/// What a packet carries.
#[derive(Clone, PartialEq, Debug)]
pub enum PacketKind {
    /// A TCP segment.
    Tcp {
        /// Control bits.
        flags: halfopen_tcp::wire::Flags,
        /// Relative to the sender's initial sequence number.
        seq: u32,
        /// Relative to the receiver's initial sequence number; 0 without ACK.
        ack: u32,
        /// Payload bytes.
        len: u32,
        /// The window in bytes, scaled.
        window: u32,
        /// The options.
        options: Options,
        /// How often a segment that starts at this sequence number was sent before, if it takes sequence space.
        retransmission: u32,
    },
    /// An ICMP error.
    Icmp(IcmpKind),
}

/// What became of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrived then.
    Delivered(Instant),
    /// It arrived then, and a copy later.
    Duplicated(Instant, Instant),
    /// It was dropped then.
    Lost(Instant, LossReason),
    /// It was under way, or held, when the scenario ended.
    InFlight,
    /// It waits on a held link, or did when the scenario ended.
    Held,
}

/// Why a packet was lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LossReason {
    /// `partition`.
    Partition,
    /// `block`.
    Block,
    /// The link's `loss`.
    Loss,
    /// The link's `corrupt`: it arrived with a bad checksum.
    Corrupt,
    /// A `drop` fault.
    Drop,
    /// The link's `queue` was full.
    Queue,
    /// Larger than the link's `mtu`.
    Mtu,
    /// A firewall (`reject`).
    Reject,
    /// The receiving machine is off.
    PowerOff,
    /// The sender has no route.
    NoRoute,
}

impl LossReason {
    /// As reports and the JSON output have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partition => "partition",
            Self::Block => "block",
            Self::Loss => "loss",
            Self::Corrupt => "corrupt",
            Self::Drop => "drop",
            Self::Queue => "queue",
            Self::Mtu => "mtu",
            Self::Reject => "reject",
            Self::PowerOff => "power off",
            Self::NoRoute => "no route",
        }
    }
}
