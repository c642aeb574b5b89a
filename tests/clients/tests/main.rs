//! What the users of real clients see.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

/// The same seed gives the same report, in every process.
mod determinism;
/// Failures that others have reported, and what helps.
mod incidents;
/// Every client in every situation, on every system.
mod table;

use std::time::Duration;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}
