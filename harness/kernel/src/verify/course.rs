//! What the simulation says can happen: the courses of events over all phases of the kernel's timer wheel.

use super::{Event, Observation};
use halfopen::engine::{self, event};
use halfopen::plan::Plan;
use halfopen::tcp::Instant;
use halfopen::tcp::profile::Clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One course of events, and when each of them happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Course {
    /// By the names of [`Observation::lanes`].
    pub lanes: BTreeMap<String, Vec<Windowed>>,
    /// When the run ends at the latest.
    pub end: Instant,
}

/// An event of a course.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Windowed {
    /// As in [`Event::what`].
    pub what: String,
    /// The earliest and the latest time at which it happens. `None` for a step that still waits.
    pub window: Option<(Instant, Instant)>,
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
    let longest = run(Duration::ZERO).end.since(Instant::ZERO);
    let mut courses: Vec<(usize, Course)> = Vec::new();
    for phase in phases(clock, longest) {
        let outcome = run(phase);
        let observation = Observation::of(&plan, &outcome);
        let known = courses
            .iter()
            .position(|(_, course)| course.is_of(&observation));
        let index = known.unwrap_or_else(|| {
            courses.push((0, Course::new(&observation)));
            courses.len() - 1
        });
        let (count, course) = &mut courses[index];
        *count += 1;
        course.widen(&observation, outcome.end);
    }
    courses.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    courses.into_iter().map(|(_, course)| course).collect()
}

/// Where the slots of the wheel can lie: every jiffy until they repeat, for timers as long as the whole run, and
/// some places within a jiffy.
fn phases(clock: Clock, longest: Duration) -> impl Iterator<Item = Duration> {
    let slot = clock.slot(longest).as_nanos() as u64;
    let step = clock.slot(Duration::ZERO).as_nanos() as u64 / PLACES_IN_A_JIFFY;
    (0..slot / step).map(move |place| Duration::from_nanos(place * step))
}

impl Course {
    fn new(observation: &Observation) -> Self {
        let windowed = |event: &Event| Windowed {
            what: event.what.clone(),
            window: event.at.map(|at| (at, at)),
        };
        let lanes = observation.lanes.iter();
        Self {
            lanes: lanes
                .map(|(lane, events)| (lane.clone(), events.iter().map(windowed).collect()))
                .collect(),
            end: Instant::ZERO,
        }
    }

    /// Whether a run took this course.
    fn is_of(&self, observation: &Observation) -> bool {
        let same = |(event, windowed): (&Event, &Windowed)| event.what == windowed.what;
        self.lanes.keys().eq(observation.lanes.keys())
            && self
                .lanes
                .values()
                .zip(observation.lanes.values())
                .all(|(course, run)| course.len() == run.len() && run.iter().zip(course).all(same))
    }

    /// Takes in a run of the same course.
    fn widen(&mut self, observation: &Observation, end: Instant) {
        self.end = self.end.max(end);
        let events = observation.lanes.values().flatten();
        for (windowed, event) in self.lanes.values_mut().flatten().zip(events) {
            if let (Some((from, to)), Some(at)) = (&mut windowed.window, event.at) {
                *from = at.min(*from);
                *to = at.max(*to);
            }
        }
    }
}

/// An event lies anywhere between two jiffies; a quarter of one is well below the allowance.
const PLACES_IN_A_JIFFY: u64 = 4;
