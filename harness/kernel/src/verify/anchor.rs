//! What an event's time is counted from.
//!
//! On a real machine every step of a program and every hand-over of a packet takes some tens of microseconds, which the
//! simulation does not have, and which add up. So an event is not compared by the time since the start, but by the time
//! since what came last before it on its host: the packet that arrived, the step that began, or the fault.

use super::observation::{Lane, Observation};
use halfopen::tcp::Instant;
use std::collections::BTreeMap;

/// What an event's time is counted from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Anchor {
    /// The start of the case.
    Start,
    /// Another event, by its lane and its place there.
    Event { lane: String, index: usize },
    /// The arrival of a packet.
    Arrival { lane: String, index: usize },
}

impl Anchor {
    /// Its time in a run. `None` if it did not happen there.
    pub(super) fn time(&self, seen: &Observation) -> Option<Instant> {
        match self {
            Self::Start => Some(Instant::ZERO),
            Self::Event { lane, index } => Some(seen.lanes.get(lane)?.get(*index)?.at),
            Self::Arrival { lane, index } => seen.lanes.get(lane)?.get(*index)?.arrived,
        }
    }
}

/// The anchors of all events of a run.
pub(super) fn anchors(seen: &Observation) -> BTreeMap<String, Vec<Anchor>> {
    let candidates = candidates(seen);
    let lanes = seen.lanes.iter();
    lanes
        .map(|(name, events)| {
            let of = |index| anchor(name, index, seen, &candidates);
            (name.clone(), (0..events.len()).map(of).collect())
        })
        .collect()
}

/// Something that may be an anchor.
struct Candidate {
    at: Instant,
    /// What happens on one host at one instant of the simulation happens in this order: faults, arrivals, programs.
    order: u8,
    anchor: Anchor,
}

/// By host, in order of time. Faults belong to all hosts.
fn candidates(seen: &Observation) -> BTreeMap<&str, Vec<Candidate>> {
    let mut by_host: BTreeMap<&str, Vec<Candidate>> = BTreeMap::new();
    let lanes = || {
        seen.lanes
            .iter()
            .map(|(name, events)| (name, Lane::of(name), events))
    };
    for (_, lane, _) in lanes() {
        match lane {
            Lane::Program { host } => by_host.entry(host).or_default(),
            Lane::Packets { from, .. } => by_host.entry(from).or_default(),
            Lane::Timeline => continue,
        };
    }
    for (name, lane, events) in lanes() {
        for (index, event) in events.iter().enumerate() {
            let place = (name.clone(), index);
            match lane {
                Lane::Timeline => {
                    for candidates in by_host.values_mut() {
                        candidates.push(Candidate::event(event.at, 0, place.clone()));
                    }
                }
                Lane::Packets { to, .. } => {
                    if let (Some(at), Some(candidates)) = (event.arrived, by_host.get_mut(to)) {
                        let (lane, index) = place;
                        candidates.push(Candidate {
                            at,
                            order: 1,
                            anchor: Anchor::Arrival { lane, index },
                        });
                    }
                }
                Lane::Program { host } if is_beginning(index) => {
                    if let Some(candidates) = by_host.get_mut(host) {
                        candidates.push(Candidate::event(event.at, 2, place));
                    }
                }
                Lane::Program { .. } => {}
            }
        }
    }
    for candidates in by_host.values_mut() {
        // Stable: what is equal stays in the order of its lane.
        candidates.sort_by_key(|candidate| (candidate.at, candidate.order));
    }
    by_host
}

impl Candidate {
    fn event(at: Instant, order: u8, (lane, index): (String, usize)) -> Self {
        Self {
            at,
            order,
            anchor: Anchor::Event { lane, index },
        }
    }
}

fn anchor(
    name: &str,
    index: usize,
    seen: &Observation,
    candidates: &BTreeMap<&str, Vec<Candidate>>,
) -> Anchor {
    let at = seen.lanes[name][index].at;
    let latest = |host: &str, fits: &dyn Fn(&Anchor) -> bool| {
        let candidates = candidates.get(host).map_or(&[][..], Vec::as_slice);
        let before = candidates
            .iter()
            .rev()
            .filter(|candidate| candidate.at <= at);
        before
            .map(|candidate| &candidate.anchor)
            .find(|anchor| fits(anchor))
            .map_or(Anchor::Start, Anchor::clone)
    };
    let own = |index| Anchor::Event {
        lane: name.to_owned(),
        index,
    };
    match Lane::of(name) {
        Lane::Timeline => Anchor::Start,
        Lane::Packets { from, .. } => latest(from, &|_| true),
        // The next step begins when the one before has ended.
        Lane::Program { .. } if is_beginning(index) => match index.checked_sub(1) {
            None => Anchor::Start,
            Some(before) => own(before),
        },
        // Whatever arrives, it sleeps on.
        Lane::Program { .. } if seen.lanes[name][index].what.ends_with(" sleep: ok") => {
            own(index - 1)
        }
        // Its own beginning, not that of the next step at the same instant, nor of another program's.
        Lane::Program { host } => latest(host, &|anchor| match anchor {
            Anchor::Event { lane, index: other } if lane == name => *other < index,
            Anchor::Event { lane, .. } => Lane::of(lane) == Lane::Timeline,
            Anchor::Start | Anchor::Arrival { .. } => true,
        }),
    }
}

/// Of a program's events every other one is the beginning of a step.
fn is_beginning(index: usize) -> bool {
    index.is_multiple_of(2)
}
