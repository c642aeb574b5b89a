//! The turmoil engine: tokio programs on simulated machines, in virtual time.
//!
//! Each machine is a host of a [`turmoil::Sim`], so it has a tokio runtime of its own with its own paused clock. Its
//! kernel is a [`halfopen_tcp::Host`], which the run owns and one task drives. A packet travels as a UDP datagram of
//! turmoil's, so that `turmoil::partition` and `turmoil::hold` act on it; the datagram carries only the packet's number, and the one
//! [`Network`](crate::network::Network) says when it arrives.
//!
//! | file | what it holds |
//! |---|---|
//! | `host` | a machine as a host of turmoil |
//! | `guest` | a machine in a simulation that somebody else runs |
//! | `driver` | what happens to one machine, in order |
//! | `programs` | what runs on it |
//! | `steps` | a scenario's program as an async program |
//! | `lookahead` | how long a tick may be |
//! | `uplink` | from the machines to the network |
//! | `world` | what the hosts share |
//! | `simulation` | the loop around it all |
//!
//! # Time
//! turmoil runs one host after another, each for a tick. The tick is the shortest time that any packet takes, so nothing
//! that one host does can reach another within it; the receiver waits for the packet's own time. So a long tick costs no
//! accuracy. Where all figures are whole milliseconds, all times are exact to the nanosecond. A packet that takes less
//! than a millisecond may arrive up to a millisecond late.
//!
//! # Differences from the event engine
//! - A task made with `tokio::spawn` is not stopped by a pause until its next call on a socket.
//! - What `turmoil::partition` and its like do takes effect between ticks for packets that are about to arrive; the
//!   faults of this library take effect at their time.
//! - Of the limits, `events` counts what this engine does, which is not the same number.

mod driver;
mod guest;
mod host;
mod lookahead;
mod programs;
mod simulation;
mod steps;
mod uplink;
mod world;

pub(crate) use guest::Guests;
pub(crate) use programs::{Code, CodeOf, CodeResult, Ended};
pub(crate) use simulation::{Simulation, Stop};

use super::Options;
use crate::outcome::Outcome;
use crate::plan::Plan;

/// Runs a plan. The same plan, seed and options give the same outcome.
///
/// ```
/// use halfopen::engine::{Options, event, turmoil};
///
/// let scenario = halfopen::scenario::parse("refused", r#"
///     title = "Nobody listens"
///     [host.server]
///     os = "linux"
///     [host.client]
///     os = "windows-10"
///     steps = [{ connect = "server:80" }]
/// "#).unwrap();
/// for plan in scenario.cases() {
///     let options = Options { packets: true };
///     let expected = event::run(&plan, 0, &options);
///     assert_eq!(turmoil::run(&plan, 0, &options).steps, expected.steps);
/// }
/// ```
pub fn run(plan: &Plan, seed: u64, options: &Options) -> Outcome {
    let mut simulation = Simulation::new(plan.clone(), seed, options.packets, Vec::new(), None);
    simulation.run(|_| false);
    simulation.finish()
}
