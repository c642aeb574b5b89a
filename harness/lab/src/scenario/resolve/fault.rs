//! The timeline.

use super::hosts::Hosts;
use super::link::{Between, change, ordered};
use crate::link::LinkFigures;
use crate::plan::{Fault, HostIndex, Rejected, TimedFault};
use crate::scenario::diagnostic::Problems;
use crate::scenario::file::fault::{
    DirectionTable, DropTable, EventTable, FaultAction, LinkChangeTable, RejectTable,
};
use crate::scenario::read::{At, List};
use halfopen_tcp::Instant;

/// The faults in order of their time; those of one time in the order of the file.
pub(super) fn timeline(
    events: Option<&List<EventTable>>,
    hosts: &Hosts<'_>,
    link: LinkFigures,
    between: &Between,
    problems: &mut Problems,
) -> Vec<TimedFault> {
    let mut sorted: Vec<(Instant, &At<FaultAction>)> = events
        .into_iter()
        .flat_map(List::given)
        .filter_map(|event| {
            // Without a good time it is still looked at, for more mistakes.
            let at = event
                .value
                .at
                .value()
                .map_or(Instant::ZERO, |at| Instant::ZERO + at.0);
            Some((at, event.value.action.given()?))
        })
        .collect();
    sorted.sort_by_key(|(at, _)| *at);
    let mut resolver = Resolver {
        hosts,
        link,
        between: between.clone(),
        problems,
    };
    sorted
        .into_iter()
        .filter_map(|(at, action)| {
            let fault = resolver.fault(action)?;
            Some(TimedFault { at, fault })
        })
        .collect()
}

struct Resolver<'a, 'f> {
    hosts: &'a Hosts<'f>,
    link: LinkFigures,
    /// The figures that the links have at this point of the timeline.
    between: Between,
    problems: &'a mut Problems,
}

impl Resolver<'_, '_> {
    fn fault(&mut self, action: &At<FaultAction>) -> Option<Fault> {
        let span = action.span;
        Some(match &action.value {
            FaultAction::Partition(pair) => {
                let (a, b) = self.hosts.pair(pair, self.problems)?;
                Fault::Partition(a, b)
            }
            FaultAction::Heal(pair) => {
                let (a, b) = self.hosts.pair(pair, self.problems)?;
                Fault::Heal(a, b)
            }
            FaultAction::Hold(pair) => {
                let (a, b) = self.hosts.pair(pair, self.problems)?;
                Fault::Hold(a, b)
            }
            FaultAction::Release(pair) => {
                let (a, b) = self.hosts.pair(pair, self.problems)?;
                Fault::Release(a, b)
            }
            FaultAction::Block(direction) => {
                let (from, to) = self.direction(direction)?;
                Fault::Block { from, to }
            }
            FaultAction::Reset(direction) => {
                let (from, to) = self.direction(direction)?;
                Fault::Reset { from, to }
            }
            FaultAction::Unroute(direction) => {
                let (from, to) = self.direction(direction)?;
                Fault::Unroute { from, to }
            }
            FaultAction::Route(direction) => {
                let (from, to) = self.direction(direction)?;
                Fault::Route { from, to }
            }
            FaultAction::Link(table) => self.link(table)?,
            FaultAction::Drop(table) => self.drop(table)?,
            FaultAction::Reject(table) => self.reject(table)?,
            FaultAction::Kill(host) => {
                Fault::Kill(self.hosts.index(&host.0, span, self.problems)?)
            }
            FaultAction::PowerOff(host) => {
                Fault::PowerOff(self.hosts.index(&host.0, span, self.problems)?)
            }
            FaultAction::Boot(host) => {
                Fault::Boot(self.hosts.index(&host.0, span, self.problems)?)
            }
            FaultAction::Pause(host) => {
                Fault::Pause(self.hosts.index(&host.0, span, self.problems)?)
            }
            FaultAction::Resume(host) => {
                Fault::Resume(self.hosts.index(&host.0, span, self.problems)?)
            }
        })
    }

    fn direction(&mut self, table: &DirectionTable) -> Option<(HostIndex, HostIndex)> {
        match (table.from.given(), table.to.given()) {
            (Some(from), Some(to)) => self.hosts.two(from, to, self.problems),
            (one, other) => {
                let host = one.or(other)?;
                self.hosts.at(host, self.problems);
                None
            }
        }
    }

    fn link(&mut self, table: &LinkChangeTable) -> Option<Fault> {
        let pair = table.hosts.value();
        let hosts = pair.and_then(|pair| self.hosts.pair(pair, self.problems));
        let key = hosts.map(|(a, b)| ordered(a, b));
        let before = key.and_then(|key| self.between.get(&key).copied());
        let figures = change(before.unwrap_or(self.link), &table.figures, self.problems);
        self.between.insert(key?, figures);
        Some(Fault::Link {
            hosts: hosts?,
            figures,
        })
    }

    fn drop(&mut self, table: &DropTable) -> Option<Fault> {
        let (from, to) = self.direction(&table.direction)?;
        Some(Fault::Drop {
            from,
            to,
            flags: table.flags.value().map(|letters| letters.0),
            count: table.count.value().map_or(1, |count| count.0),
            skip: table.skip.value().map_or(0, |skip| skip.0),
        })
    }

    fn reject(&mut self, table: &RejectTable) -> Option<Fault> {
        let host = table.host.given()?;
        Some(Fault::Reject {
            host: self.hosts.at(host, self.problems)?,
            port: table.port.value().map(|port| port.0),
            segments: table
                .segments
                .value()
                .map_or(Rejected::Syns, |which| which.0),
            with: table.answer.value()?.0,
        })
    }
}
