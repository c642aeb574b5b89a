//! What crosses the network: packets, TCP segments, ICMP errors.

mod flags;
mod packet;
mod segment;
mod seq;

pub use flags::Flags;
pub use packet::{Body, Icmp, IcmpKind, Packet};
pub use segment::{Options, SackBlocks, Segment, Timestamps};
pub use seq::Seq;
