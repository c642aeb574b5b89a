//! When a timer that was set for a delay fires.
//!
//! Most systems are taken at their word: a timer fires when it was set for. Linux keeps its TCP timers on a wheel of
//! levels, each eight times coarser than the one below, and rounds every one of them up to the next slot. With
//! `CONFIG_HZ` given, this module does the same arithmetic, so that a run has the totals that a real kernel shows.

use crate::profile::Clock;
use crate::rng::Rng;
use crate::time::Instant;
use std::time::Duration;

/// One host's timers: its profile's clock and, for a wheel, where the wheel stood when the scenario began.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimerClock {
    /// Timers fire at their nominal time.
    Exact,
    /// Linux's timer wheel.
    Wheel {
        /// A jiffy, in nanoseconds.
        tick: u64,
        /// The machine's age when the scenario began, in nanoseconds.
        age: u64,
        late: LateTicks,
    },
}

/// Where a machine's timer wheel stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimerPhase {
    /// The age of the machine when the scenario begins; it decides where the slots lie.
    pub age: Duration,
    /// Which ticks are late.
    pub late: LateTicks,
}

/// On which jiffies timers run one jiffy late.
///
/// All processors have their ticks at the same time, and one of them counts the jiffies (`tick_sched_do_timer`). A
/// processor whose tick comes before that does not see the new jiffy yet, and finds its timers due at its next tick
/// (`run_local_timers`). On a busy machine with several processors that happens often.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LateTicks {
    /// On none.
    Never,
    /// On all.
    Always,
    /// On half of them, which this number chooses.
    Some(u64),
}

impl LateTicks {
    fn is_late(self, jiffy: u64) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Some(seed) => Rng::stream(seed ^ jiffy, "late ticks").chance(0.5),
        }
    }
}

/// Slots of one level that a delay may use: `LVL_SIZE - 1` in kernel/time/timer.c.
const LEVEL_SLOTS: u64 = 63;
/// Each level is `2^3` times coarser: `LVL_CLK_SHIFT`.
const LEVEL_SHIFT: u32 = 3;
/// `LVL_DEPTH` for `HZ > 100`; a longer delay than the last level holds is cut off there.
const LEVELS: u32 = 9;

impl TimerClock {
    pub(crate) fn new(clock: Clock, phase: TimerPhase) -> Self {
        match clock {
            Clock::Exact => Self::Exact,
            Clock::Wheel { hz } => Self::Wheel {
                tick: 1_000_000_000 / u64::from(hz.max(1)),
                age: u64::try_from(phase.age.as_nanos()).unwrap_or(0),
                late: phase.late,
            },
        }
    }

    /// When a timer fires that is set at `now` for `delay`. Never early.
    ///
    /// `calc_wheel_index` and `calc_index` in kernel/time/timer.c: the level is the finest that reaches the delay,
    /// and the expiry is rounded up to the slot after it, also on the finest level. The level is chosen by the distance
    /// from the wheel's own clock, which `__run_timers` has moved to the next jiffy before it calls those that are due:
    /// a timer that another one sets, when that was not late, counts as one jiffy shorter.
    pub(crate) fn fires_at(&self, now: Instant, delay: Duration) -> Instant {
        let Self::Wheel { tick, age, late } = *self else {
            return now + delay;
        };
        let (jiffy, within) = ((now.as_nanos() + age) / tick, (now.as_nanos() + age) % tick);
        let was_late = jiffy > 0 && late.is_late(jiffy - 1);
        let by_timer = within == 0 && !was_late;
        let delta = jiffies(delay, tick);
        let shift = LEVEL_SHIFT * level(delta.saturating_sub(u64::from(by_timer)));
        let slot = (((jiffy + delta) >> shift) + 1) << shift;
        let runs = slot + u64::from(late.is_late(slot));
        Instant::from_nanos((runs * tick).saturating_sub(age))
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

    /// A machine of that many jiffies and a microsecond: a timer that is set at the beginning is set by a system call, and
    /// no timer's work.
    fn wheel(hz: u32, jiffies: u64) -> TimerClock {
        late_wheel(hz, jiffies, LateTicks::Never)
    }

    fn late_wheel(hz: u32, jiffies: u64, late: LateTicks) -> TimerClock {
        let tick = 1_000_000_000 / u64::from(hz);
        let age = Duration::from_nanos(jiffies * tick + 1_000);
        TimerClock::new(Clock::Wheel { hz }, TimerPhase { age, late })
    }

    /// In milliseconds, rounded up.
    fn fires_after(clock: &TimerClock, millis: u64) -> u64 {
        let delay = Duration::from_millis(millis);
        let at = clock.fires_at(Instant::ZERO, delay).as_nanos();
        at.div_ceil(1_000_000)
    }

    #[test]
    fn exact_is_exact() {
        let phase = TimerPhase {
            age: Duration::ZERO,
            late: LateTicks::Never,
        };
        let clock = TimerClock::new(Clock::Exact, phase);
        assert_eq!(fires_after(&clock, 1003), 1003);
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

    /// 63 jiffies are too many for the finest level, unless a timer sets them that ran on time. Seen on 6.18 where the
    /// retransmission timeout is 252 ms: 256 ms after a retransmission that was on time, 284 or 288 ms after one that
    /// was a jiffy late.
    #[test]
    fn a_timer_that_sets_a_timer_may_get_a_finer_level() {
        let after_timer = |late, jiffy: u64| {
            let clock = late_wheel(250, 0, late);
            let now = Instant::from_nanos(jiffy * 4_000_000 - 1_000);
            let at = clock.fires_at(now, Duration::from_millis(252));
            at.since(now).as_millis()
        };
        assert_eq!(after_timer(LateTicks::Never, 80), 256);
        assert_eq!(after_timer(LateTicks::Never, 81), 256);
        assert_eq!(after_timer(LateTicks::Always, 81), 288);
    }

    #[test]
    fn late_ticks_cost_a_jiffy() {
        let late = |late| fires_after(&late_wheel(250, 0, late), 212);
        assert_eq!(
            [late(LateTicks::Never), late(LateTicks::Always)],
            [216, 220]
        );
        let some: Vec<u64> = (0..4).map(|seed| late(LateTicks::Some(seed))).collect();
        assert!(some.contains(&216) && some.contains(&220), "{some:?}");
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
