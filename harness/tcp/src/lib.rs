//! A sans-IO TCP: the protocol of RFC 9293 and the sockets of one host, with the timers, the limits and the errors of
//! several operating systems.
//!
//! There is no clock, no IO, no async and no OS call in this crate. A [`Host`] takes packets, the time and socket
//! calls in, and hands packets, its next deadline and news for programs out; [`Host`] says in which order.

mod cause;
mod clock;
mod connection;
mod host;
mod options;
pub mod profile;
mod rng;
#[cfg(test)]
mod testing;
mod time;
pub mod wire;

pub use cause::{Call, Cause};
pub use clock::{LateTicks, TimerPhase};
pub use connection::{State, Transition};
pub use host::{Failure, Host, ProcessId, Readiness, Shutdown, SocketId};
pub use options::{OptionValues, SocketOption};
pub use profile::Profile;
pub use rng::Rng;
pub use time::Instant;
