//! The engines: what runs a plan, and in which kind of time.

pub mod event;
#[cfg(feature = "sockets")]
pub mod turmoil;

/// What a run should bring besides what the programs saw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Whether the outcome has every packet. Costs time and memory.
    pub packets: bool,
}
