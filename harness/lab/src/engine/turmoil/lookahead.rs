//! How far a host may run ahead of the others: the shortest time that a packet takes.

use crate::plan::{Fault, HostIndex, Plan};
use std::collections::BTreeMap;
use std::time::Duration;

/// The shortest time that a packet takes at any point of a run, in whole ticks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Lookahead {
    tick: Duration,
    /// Between hosts that `between` does not have.
    usual: Duration,
    /// The lower index first.
    between: BTreeMap<(HostIndex, HostIndex), Duration>,
}

impl Lookahead {
    /// What `plan` has, or less if code may ask for less.
    pub(super) fn new(plan: &Plan, shortest: Option<Duration>) -> Self {
        let usual = plan.link.shortest_delay();
        let mut between = BTreeMap::new();
        for (hosts, figures) in &plan.between {
            between.insert(ordered(*hosts), figures.shortest_delay());
        }
        for timed in &plan.timeline {
            if let Fault::Link { hosts, figures } = &timed.fault {
                let least = between.entry(ordered(*hosts)).or_insert(usual);
                *least = figures.shortest_delay().min(*least);
            }
        }
        let all = between.values().copied().chain([usual]).chain(shortest);
        let tick = whole_milliseconds(all.min().unwrap_or(usual));
        let ticks = |time: Duration| {
            let time = shortest.map_or(time, |shortest| shortest.min(time));
            let ticks = (time.as_nanos() / tick.as_nanos()).max(1);
            tick * u32::try_from(ticks).unwrap_or(u32::MAX)
        };
        Self {
            tick,
            usual: ticks(usual),
            between: between
                .into_iter()
                .map(|(hosts, time)| (hosts, ticks(time)))
                .collect(),
        }
    }

    pub(super) fn tick(&self) -> Duration {
        self.tick
    }

    /// What packets between those two take at least.
    pub(super) fn between(&self, hosts: (HostIndex, HostIndex)) -> Duration {
        self.between
            .get(&ordered(hosts))
            .copied()
            .unwrap_or(self.usual)
    }

    /// Whether it is one tick everywhere.
    pub(super) fn is_uniform(&self) -> bool {
        self.usual == self.tick && self.between.values().all(|time| *time == self.tick)
    }
}

fn ordered((a, b): (HostIndex, HostIndex)) -> (HostIndex, HostIndex) {
    (a.min(b), a.max(b))
}

/// In whole milliseconds, which is what tokio's timers know: at least one, and not so many that the end of a run, which
/// is looked for between ticks, comes late.
fn whole_milliseconds(time: Duration) -> Duration {
    let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(milliseconds.clamp(1, 1000))
}
