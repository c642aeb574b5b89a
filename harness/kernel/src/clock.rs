//! The real clock, and virtual instants on it.

use halfopen::tcp::Instant;
use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The monotonic clock, counted from the start of the case. It is the same in all of the case's processes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// The start, in nanoseconds of `CLOCK_MONOTONIC`.
    zero: u64,
}

impl Clock {
    /// A clock whose zero is this far in the future.
    pub(crate) fn starting_in(delay: Duration) -> Self {
        Self {
            zero: monotonic() + delay.as_nanos() as u64,
        }
    }

    /// The clock whose zero is that reading of `CLOCK_MONOTONIC`.
    pub(crate) const fn from_zero(zero: u64) -> Self {
        Self { zero }
    }

    /// Its zero as a reading of `CLOCK_MONOTONIC`, in nanoseconds.
    pub(crate) const fn zero(self) -> u64 {
        self.zero
    }

    /// Now; zero if the case has not begun.
    pub(crate) fn now(self) -> Instant {
        Instant::from_nanos(monotonic().saturating_sub(self.zero))
    }

    /// The wait until then, from now; zero if it has passed.
    pub(crate) fn until(self, then: Instant) -> Duration {
        let then = self.zero.saturating_add(then.as_nanos());
        Duration::from_nanos(then.saturating_sub(monotonic()))
    }

    /// The instant of a reading of the wall clock that is not long ago.
    pub(crate) fn of_wall(self, time: Duration) -> Instant {
        // A step of the wall clock since then, or a preemption between the two readings, must not make a time that has
        // not come; a few microseconds do not matter.
        let age = reading(ClockId::CLOCK_REALTIME).saturating_sub(time.as_nanos() as u64);
        Instant::from_nanos(monotonic().saturating_sub(age).saturating_sub(self.zero))
    }

    /// Sleeps until then.
    pub(crate) fn sleep_until(self, then: Instant) {
        let then = self.zero.saturating_add(then.as_nanos());
        let until = TimeSpec::from_duration(Duration::from_nanos(then));
        let flags = ClockNanosleepFlags::TIMER_ABSTIME;
        while clock_nanosleep(ClockId::CLOCK_MONOTONIC, flags, &until) == Err(Errno::EINTR) {}
    }
}

fn monotonic() -> u64 {
    reading(ClockId::CLOCK_MONOTONIC)
}

fn reading(clock: ClockId) -> u64 {
    let now = clock_gettime(clock).expect("every Linux has these clocks");
    Duration::from(now).as_nanos() as u64
}
