//! What the process of a case tells its caller: plain data that crosses a pipe and becomes an outcome on the other side.

use halfopen::outcome::LossReason;
use halfopen::plan::HostIndex;
use serde::{Deserialize, Serialize};

/// All that happened. Times are nanoseconds since the start.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Log {
    pub(crate) end: u64,
    /// Whether the limit on packets was reached.
    pub(crate) too_many: bool,
    /// By how much, at most, a packet was handed over later than it was due, or a sleeping program woke up later.
    pub(crate) lateness: u64,
    /// In the order in which they began.
    pub(crate) steps: Vec<StepEntry>,
    /// Time and index into the plan's timeline.
    pub(crate) faults: Vec<(u64, usize)>,
    /// In the order in which they were sent.
    pub(crate) packets: Vec<PacketEntry>,
}

/// A step that began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StepEntry {
    pub(crate) host: HostIndex,
    pub(crate) program: usize,
    pub(crate) run: u32,
    pub(crate) step: usize,
    pub(crate) start: u64,
    pub(crate) end: Option<(u64, StepEnd)>,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum StepEnd {
    Done,
    Bytes(u64),
    Eof(u64),
    Failed {
        errno: i32,
        bytes: u64,
    },
    /// Its program was killed.
    Killed,
}

/// A packet that was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PacketEntry {
    pub(crate) at: u64,
    pub(crate) from: HostIndex,
    pub(crate) to: HostIndex,
    pub(crate) forged: bool,
    /// The packet; its payload need not be there.
    pub(crate) bytes: Vec<u8>,
    pub(crate) fate: PacketFate,
}

/// What became of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum PacketFate {
    Delivered(u64),
    Duplicated(u64, u64),
    Lost(u64, #[serde(with = "LossReasonDef")] LossReason),
    InFlight,
    Held,
}

/// The variants of [`LossReason`], which has no serde traits of its own; the compiler compares the two.
#[derive(Serialize, Deserialize)]
#[serde(remote = "LossReason")]
enum LossReasonDef {
    Partition,
    Block,
    Loss,
    Corrupt,
    Drop,
    Queue,
    Mtu,
    Reject,
    PowerOff,
    NoRoute,
}
