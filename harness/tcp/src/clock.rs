//! When a timer that was set for a delay fires.
//!
//! Most systems are taken at their word: a timer fires when it was set for. Linux keeps its TCP timers on a wheel of
//! levels, each eight times coarser than the one below, and rounds every one of them up to the next slot. With
//! `CONFIG_HZ` given, this module does the same arithmetic, so that a run has the totals that a real kernel shows.

use crate::profile::Clock;
use crate::time::Instant;
use std::time::Duration;

/// One host's timers: its profile's clock and, for a wheel, where the wheel stood when the scenario began.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimerClock {
    /// Timers fire at their nominal time.
    Exact,
    /// Linux's timer wheel.
    Wheel { tick: u64, phase: u64 },
}

/// Slots of one level that a delay may use: `LVL_SIZE - 1` in kernel/time/timer.c.
const LEVEL_SLOTS: u64 = 63;
/// Each level is `2^3` times coarser: `LVL_CLK_SHIFT`.
const LEVEL_SHIFT: u32 = 3;
/// `LVL_DEPTH` for `HZ > 100`; a longer delay than the last level holds is cut off there.
const LEVELS: u32 = 9;

impl TimerClock {
    /// `phase` is the age of the machine when the scenario begins; it decides where the slots of a wheel lie.
    pub(crate) fn new(clock: Clock, phase: Duration) -> Self {
        match clock {
            Clock::Exact => Self::Exact,
            Clock::Wheel { hz } => Self::Wheel {
                tick: 1_000_000_000 / u64::from(hz.max(1)),
                phase: u64::try_from(phase.as_nanos()).unwrap_or(0),
            },
        }
    }

    /// When a timer fires that is set at `now` for `delay`. Never early.
    ///
    /// `calc_wheel_index` and `calc_index` in kernel/time/timer.c: the level is the finest that reaches the delay,
    /// and the expiry is rounded up to the slot after it, also on the finest level.
    pub(crate) fn fires_at(&self, now: Instant, delay: Duration) -> Instant {
        let Self::Wheel { tick, phase } = *self else {
            return now + delay;
        };
        let jiffy = (now.as_nanos() + phase) / tick;
        let delta = jiffies(delay, tick);
        let shift = LEVEL_SHIFT * level(delta);
        let slot = (((jiffy + delta) >> shift) + 1) << shift;
        Instant::from_nanos((slot * tick).saturating_sub(phase))
    }

    /// A timeout as the host stores it: in whole ticks, rounded up (`usecs_to_jiffies`).
    pub(crate) fn round_up(&self, delay: Duration) -> Duration {
        match *self {
            Self::Exact => delay,
            Self::Wheel { tick, .. } => Duration::from_nanos(jiffies(delay, tick) * tick),
        }
    }

    /// The shortest delay that a timer can be set for.
    pub(crate) fn shortest(&self) -> Duration {
        match *self {
            Self::Exact => Duration::ZERO,
            Self::Wheel { tick, .. } => Duration::from_nanos(tick),
        }
    }
}

impl Clock {
    /// How far apart the instants are at which a timer that is set for `delay` can fire. Zero: at any.
    pub fn slot(self, delay: Duration) -> Duration {
        let Self::Wheel { hz } = self else {
            return Duration::ZERO;
        };
        let tick = 1_000_000_000 / u64::from(hz.max(1));
        Duration::from_nanos(tick << (LEVEL_SHIFT * level(jiffies(delay, tick))))
    }
}

/// The finest level that reaches that many jiffies.
fn level(delta: u64) -> u32 {
    (0..LEVELS - 1)
        .find(|level| delta < LEVEL_SLOTS << (LEVEL_SHIFT * level))
        .unwrap_or(LEVELS - 1)
}

fn jiffies(delay: Duration, tick: u64) -> u64 {
    u64::try_from(delay.as_nanos())
        .unwrap_or(u64::MAX - tick)
        .div_ceil(tick)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wheel(hz: u32, phase_jiffies: u64) -> TimerClock {
        let tick = 1_000_000_000 / u64::from(hz);
        TimerClock::new(
            Clock::Wheel { hz },
            Duration::from_nanos(phase_jiffies * tick),
        )
    }

    fn fires_after(clock: &TimerClock, millis: u64) -> u64 {
        (clock
            .fires_at(Instant::ZERO, Duration::from_millis(millis))
            .as_nanos())
            / 1_000_000
    }

    #[test]
    fn exact_is_exact() {
        assert_eq!(
            fires_after(&TimerClock::new(Clock::Exact, Duration::ZERO), 1003),
            1003
        );
    }

    /// The finest level still adds a tick: a timer must not fire within the tick in which it was set.
    #[test]
    fn finest_level_is_one_tick_late() {
        assert_eq!(fires_after(&wheel(250, 0), 212), 216);
        assert_eq!(fires_after(&wheel(250, 5), 212), 216);
        assert_eq!(fires_after(&wheel(1000, 0), 40), 41);
    }

    /// A second is 250 jiffies, on the level of 8 at 250 Hz: 32 ms slots.
    #[test]
    fn coarser_levels_round_to_their_slots() {
        let late: Vec<u64> = (0..8)
            .map(|phase| fires_after(&wheel(250, phase), 1000))
            .collect();
        assert_eq!(late, [1024, 1020, 1016, 1012, 1008, 1004, 1032, 1028]);
    }

    /// include/linux/timer.h and the table in kernel/time/timer.c for HZ = 250.
    #[test]
    fn slots_grow_with_the_delay() {
        let slot = |millis| {
            let clock = Clock::Wheel { hz: 250 };
            clock.slot(Duration::from_millis(millis)).as_millis()
        };
        assert_eq!([slot(0), slot(248), slot(252)], [4, 4, 32]);
        assert_eq!([slot(2012), slot(2016), slot(16_128)], [32, 256, 2048]);
        assert_eq!(Clock::Exact.slot(Duration::from_secs(1)), Duration::ZERO);
    }

    /// Delays beyond the wheel's reach still fire, and never early.
    #[test]
    fn long_delays_are_never_early() {
        for hz in [100, 250, 1000] {
            for seconds in [1, 60, 120, 7200, 100_000] {
                let late = fires_after(&wheel(hz, 12_345), seconds * 1000);
                assert!(
                    late >= seconds * 1000 && late <= seconds * 1125 + 1000,
                    "{hz} {late}"
                );
            }
        }
    }
}
