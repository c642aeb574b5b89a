//! One run on the kernel against what the simulation says can happen.

use super::course::{Course, Windowed};
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
        let simulated = course.lanes.get(lane).map_or(&[][..], Vec::as_slice);
        let kernel = seen.lanes.get(lane).map_or(&[][..], Vec::as_slice);
        for index in 0..simulated.len().max(kernel.len()) {
            let (simulated, kernel) = (simulated.get(index), kernel.get(index));
            if !agree(simulated, kernel, end) {
                differences.push(Difference {
                    lane: lane.clone(),
                    simulated: simulated.cloned(),
                    kernel: kernel.cloned(),
                });
            }
        }
    }
    differences
}

fn agree(simulated: Option<&Windowed>, kernel: Option<&Event>, end: Instant) -> bool {
    match (simulated, kernel) {
        (Some(simulated), Some(kernel)) if simulated.what == kernel.what => {
            match (simulated.window, kernel.at) {
                (Some(window), Some(at)) => is_within(at, window),
                (None, None) => true,
                _ => false,
            }
        }
        // What happens at the very end may or may not have happened before it.
        (simulated, kernel) => {
            let simulated = simulated.and_then(|event| event.window);
            let kernel = kernel.and_then(|event| event.at);
            (simulated.is_some() || kernel.is_some())
                && simulated.is_none_or(|(_, latest)| is_at_the_end(latest, end))
                && kernel.is_none_or(|at| is_at_the_end(at, end))
        }
    }
}

fn is_within(at: Instant, (from, to): (Instant, Instant)) -> bool {
    at + ALLOWANCE >= from && at <= to + ALLOWANCE
}

fn is_at_the_end(at: Instant, end: Instant) -> bool {
    at + ALLOWANCE >= end
}
