//! What the simulation says can happen: the courses of events over all phases of the kernel's timer wheel.

use super::anchor::{Anchor, anchors};
use super::{Event, Observation, Windowed};
use halfopen::engine::{self, event};
use halfopen::plan::Plan;
use halfopen::tcp::profile::Clock;
use halfopen::tcp::{Instant, LateTicks, TimerPhase};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One course of events, and when each of them happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Course {
    /// By the names of [`Observation::lanes`].
    pub(super) lanes: BTreeMap<String, Vec<Expected>>,
    /// When the run ends at the latest.
    pub end: Instant,
}

/// An event of a course.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Expected {
    /// As in [`Event::what`].
    pub(super) what: String,
    /// The earliest and the latest time at which it happens in the simulation.
    pub(super) window: (Instant, Instant),
    anchor: Anchor,
    /// The shortest and the longest time since its anchor, in nanoseconds. With another phase the two may change places.
    since_anchor: (i64, i64),
}

/// All courses that `plan` can take on a kernel with that many jiffies a second, the commonest first.
///
/// The clocks of the plan's profiles are replaced by that kernel's. All hosts share its timer wheel, as namespaces do.
pub fn courses(plan: &Plan, seed: u64, hz: u32) -> Vec<Course> {
    let clock = Clock::Wheel { hz };
    let mut plan = plan.clone();
    for host in &mut plan.hosts {
        Arc::make_mut(&mut host.profile).clock = clock;
    }
    let run = |phase| {
        let options = engine::Options { packets: true };
        event::run_at_phase(&plan, seed, phase, &options)
    };
    let first = TimerPhase {
        age: Duration::ZERO,
        late: LateTicks::Never,
    };
    let longest = run(first).end.since(Instant::ZERO);
    let mut courses: Vec<(usize, Course)> = Vec::new();
    for phase in phases(clock, longest) {
        let outcome = run(phase);
        let seen = Observation::of(&plan, &outcome);
        let known = courses.iter().position(|(_, course)| course.is_of(&seen));
        let index = known.unwrap_or_else(|| {
            courses.push((0, Course::new(&seen)));
            courses.len() - 1
        });
        let (count, course) = &mut courses[index];
        *count += 1;
        course.widen(&seen, outcome.end);
    }
    courses.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    courses.into_iter().map(|(_, course)| course).collect()
}

/// How the timer wheel can stand: with its slots at every jiffy until they repeat, for timers as long as the whole run, at
/// some places within a jiffy; and for each of these with all ticks on time, with all of them late, and with some.
fn phases(clock: Clock, longest: Duration) -> impl Iterator<Item = TimerPhase> {
    let slot = clock.slot(longest).as_nanos() as u64;
    let step = clock.slot(Duration::ZERO).as_nanos() as u64 / PLACES_IN_A_JIFFY;
    let places = slot / step;
    // An odd stride, so that finer slots are met in every place even if not every place is taken.
    let stride = (places / PLACES_MAX) | 1;
    (0..places).step_by(stride as usize).flat_map(move |place| {
        let some = (0..LATE_PATTERNS).map(move |n| LateTicks::Some(place * LATE_PATTERNS + n));
        [LateTicks::Never, LateTicks::Always]
            .into_iter()
            .chain(some)
            .map(move |late| TimerPhase {
                age: Duration::from_nanos(place * step + 1),
                late,
            })
    })
}

impl Course {
    /// The events of a lane of [`Observation::lanes`], with their windows since the start.
    pub fn events(&self, lane: &str) -> impl Iterator<Item = Windowed> + '_ {
        let events = self.lanes.get(lane).into_iter().flatten();
        events.map(|expected| Windowed {
            what: expected.what.clone(),
            window: expected.window,
        })
    }

    fn new(seen: &Observation) -> Self {
        let mut anchors = anchors(seen);
        let lanes = seen.lanes.iter().map(|(name, events)| {
            let anchors = anchors.remove(name).unwrap_or_default();
            let events = events.iter().zip(anchors);
            let expected = events.map(|(event, anchor)| Expected::new(event, anchor, seen));
            (name.clone(), expected.collect())
        });
        Self {
            lanes: lanes.collect(),
            end: Instant::ZERO,
        }
    }

    /// Whether a run took this course.
    fn is_of(&self, seen: &Observation) -> bool {
        let same = |(event, expected): (&Event, &Expected)| event.what == expected.what;
        self.lanes.keys().eq(seen.lanes.keys())
            && self
                .lanes
                .values()
                .zip(seen.lanes.values())
                .all(|(course, run)| course.len() == run.len() && run.iter().zip(course).all(same))
    }

    /// Takes in a run of the same course.
    fn widen(&mut self, seen: &Observation, end: Instant) {
        self.end = self.end.max(end);
        let events = seen.lanes.values().flatten();
        for (expected, event) in self.lanes.values_mut().flatten().zip(events) {
            let (from, to) = &mut expected.window;
            (*from, *to) = (event.at.min(*from), event.at.max(*to));
            if let Some(anchor) = expected.anchor.time(seen) {
                let since = distance(event.at, anchor);
                let (shortest, longest) = &mut expected.since_anchor;
                (*shortest, *longest) = (since.min(*shortest), since.max(*longest));
            }
        }
    }
}

impl Expected {
    fn new(event: &Event, anchor: Anchor, seen: &Observation) -> Self {
        let since = anchor
            .time(seen)
            .map_or(0, |anchor| distance(event.at, anchor));
        Self {
            what: event.what.clone(),
            window: (event.at, event.at),
            anchor,
            since_anchor: (since, since),
        }
    }

    /// When it happens in a run whose other events are those of `seen`, without any allowance. `None` if what its time
    /// counts from did not happen there.
    pub(super) fn window_in(&self, seen: &Observation) -> Option<(Instant, Instant)> {
        let anchor = self.anchor.time(seen)?.as_nanos();
        let (shortest, longest) = self.since_anchor;
        let after = |since| Instant::from_nanos(anchor.saturating_add_signed(since));
        Some((after(shortest), after(longest)))
    }
}

fn distance(at: Instant, anchor: Instant) -> i64 {
    at.as_nanos().cast_signed() - anchor.as_nanos().cast_signed()
}

/// An event lies anywhere between two jiffies; a quarter of one is well below the allowance.
const PLACES_IN_A_JIFFY: u64 = 4;
/// Late ticks come in any order; two for each place of the slots make hundreds of them.
const LATE_PATTERNS: u64 = 2;
/// As many as there are for timers of up to two minutes at 250 jiffies a second. The slots for longer ones are wider than
/// anything that could be told apart.
const PLACES_MAX: u64 = 2048;
