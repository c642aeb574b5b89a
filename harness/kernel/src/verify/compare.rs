//! One run on the kernel against what the simulation says can happen.

use super::course::{Course, Expected};
use super::{Event, Observation};
use halfopen::tcp::Instant;
use std::time::Duration;

/// How far an event may lie outside its window: for the scheduling of programs and of the process that carries packets,
/// which the simulation does not have.
pub const ALLOWANCE: Duration = Duration::from_millis(10);

/// A place where the two do not agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The lane of [`Observation::lanes`].
    pub lane: String,
    /// What the simulation has there.
    pub simulated: Option<Windowed>,
    /// What the kernel did.
    pub kernel: Option<Event>,
}

/// What the simulation has in a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Windowed {
    /// As in [`Event::what`].
    pub what: String,
    /// The earliest and the latest time, without the allowance. If the kernel did the same, and at another time only,
    /// the window counts from what came before it on the kernel.
    pub window: (Instant, Instant),
}

/// Compares a run that was observed until `end` with the courses that it may take. The differences from the course that
/// has the fewest; none if it agrees.
pub fn compare(courses: &[Course], seen: &Observation, end: Instant) -> Vec<Difference> {
    courses
        .iter()
        .map(|course| differences(course, seen, end))
        .min_by_key(Vec::len)
        .unwrap_or_default()
}

/// Lane by lane and event by event. After a lane's first difference in kind, what follows is compared as it comes: a reader
/// wants to see where the two part.
fn differences(course: &Course, seen: &Observation, end: Instant) -> Vec<Difference> {
    let mut lanes: Vec<_> = course.lanes.keys().chain(seen.lanes.keys()).collect();
    lanes.sort_unstable();
    lanes.dedup();
    let mut differences = Vec::new();
    for lane in lanes {
        let expected = course.lanes.get(lane).map_or(&[][..], Vec::as_slice);
        let events = seen.lanes.get(lane).map_or(&[][..], Vec::as_slice);
        for index in 0..expected.len().max(events.len()) {
            let (expected, event) = (expected.get(index), events.get(index));
            if let Some((simulated, kernel)) = difference(expected, event, seen, end) {
                differences.push(Difference {
                    lane: lane.clone(),
                    simulated,
                    kernel,
                });
            }
        }
    }
    differences
}

fn difference(
    expected: Option<&Expected>,
    event: Option<&Event>,
    seen: &Observation,
    end: Instant,
) -> Option<(Option<Windowed>, Option<Event>)> {
    let agree = match (expected, event) {
        (Some(expected), Some(event)) if expected.what == event.what => {
            let window = expected.window_in(seen);
            window.is_none_or(|window| is_within(event.at, window))
        }
        // What happens at the very end may or may not have happened before it.
        (expected, event) => {
            expected.is_none_or(|expected| is_at_the_end(expected.window.1, end))
                && event.is_none_or(|event| is_at_the_end(event.at, end))
        }
    };
    if agree {
        return None;
    }
    let simulated = expected.map(|expected| {
        let same = event.is_some_and(|event| event.what == expected.what);
        let own = expected.window;
        Windowed {
            what: expected.what.clone(),
            window: expected.window_in(seen).filter(|_| same).unwrap_or(own),
        }
    });
    Some((simulated, event.cloned()))
}

fn is_within(at: Instant, (from, to): (Instant, Instant)) -> bool {
    at + ALLOWANCE >= from && at <= to + ALLOWANCE
}

fn is_at_the_end(at: Instant, end: Instant) -> bool {
    at + ALLOWANCE >= end
}
