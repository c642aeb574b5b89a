//! Virtual time: nanoseconds since the start of the scenario.
//!
//! Nothing in this crate asks a clock. Every function that needs the time takes it as an argument, and this type has
//! no way of reading one, so a wall clock cannot leak in.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A point in virtual time, in whole nanoseconds since the scenario began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Instant(
    /// One more than the nanoseconds: an `Option<Instant>`, as most timers are, takes no more room than an instant.
    NonZeroU64,
);

impl Instant {
    /// The start of the scenario.
    pub const ZERO: Self = Self(NonZeroU64::MIN);
    /// Later than anything that happens (584 years).
    pub const FAR_FUTURE: Self = Self(NonZeroU64::MAX);

    /// The instant `nanos` nanoseconds after the start; at most [`Instant::FAR_FUTURE`].
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(nanos))
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0.get() - 1
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates at [`Instant::FAR_FUTURE`], which no run reaches.
    fn add(self, delay: Duration) -> Self {
        let nanos = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, delay: Duration) {
        *self = *self + delay;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// Seconds, with the milliseconds and microseconds in groups of three: `21.000 250`. Finer digits are cut off, not
/// rounded, so that the printed time is never later than the event.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.as_nanos() / 1_000;
        let (seconds, millis) = (micros / 1_000_000, micros / 1_000 % 1_000);
        f.pad(&format!("{seconds}.{millis:03} {:03}", micros % 1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_groups_digits_and_never_rounds_up() {
        assert_eq!(Instant::ZERO.to_string(), "0.000 000");
        assert_eq!(
            Instant::from_nanos(21_000_250_999).to_string(),
            "21.000 250"
        );
        assert_eq!(
            format!("{:>14}", Instant::from_nanos(1_999_999_999)),
            "     1.999 999"
        );
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(
            Instant::FAR_FUTURE + Duration::from_secs(1),
            Instant::FAR_FUTURE
        );
        assert_eq!(Instant::ZERO.since(Instant::from_nanos(5)), Duration::ZERO);
    }
}
