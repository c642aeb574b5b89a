//! The engines: what runs a plan, and in which kind of time.

pub mod event;
#[cfg(feature = "sockets")]
pub mod turmoil;

/// What a run should bring besides what the programs saw.
///
/// ```
/// use halfopen::engine::{Options, event};
/// use halfopen::scenario;
///
/// # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/connect/timed-out.toml");
/// let scenario = scenario::load(file).expect("the file has no mistakes");
/// let plan = scenario.cases().next().expect("a scenario has at least one case");
/// let outcome = event::run(&plan, 0, &Options { packets: true });
/// assert_eq!(outcome.packets.len(), 3);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Whether the outcome has every packet. Costs time and memory.
    pub packets: bool,
}
