//! What happened, in the order of time.

use super::collapse;
use super::faults::FaultTexts;
use super::packets::PacketTexts;
use super::steps;
use super::text::stamped;
use super::{Detail, Line, LineKind};
use crate::outcome::{Outcome, PacketRecord};
use crate::plan::Plan;
use halfopen_tcp::Instant;

/// The lines of everything that has a time.
pub(super) fn lines(plan: &Plan, outcome: &Outcome, detail: Detail, lines: &mut Vec<Line>) {
    let records = match detail {
        Detail::Steps => &[],
        Detail::Packets | Detail::EveryPacket => outcome.packets.as_slice(),
    };
    let packets = PacketTexts::new(plan, records);
    let faults = FaultTexts::new(plan);
    let events = events(outcome, records);
    let mut rest = events.as_slice();
    while let [event, after @ ..] = rest {
        let quiet = match detail {
            Detail::Packets => collapse::quiet_run(rest, &packets),
            Detail::Steps | Detail::EveryPacket => 0,
        };
        if quiet > 0 {
            collapse::summary_lines(&rest[..quiet], &packets, lines);
            rest = &rest[quiet..];
            continue;
        }
        match event.what {
            What::Fault(index) => {
                let text = stamped(event.at, &format!("-- {}", faults.text(index)));
                lines.push(Line::new(LineKind::Fault, text));
            }
            What::Step(index) => steps::lines(plan, outcome, index, lines),
            What::Packet(index) => lines.push(packets.line(index)),
        }
        rest = after;
    }
}

/// Something with a time: a line, or several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) at: Instant,
    pub(crate) what: What,
}

/// What happened, as an index into the plan's timeline or the outcome's lists. At the same time faults come first and
/// packets last: a fault decides what calls and packets do, and a call sends the packets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum What {
    Fault(usize),
    Step(usize),
    Packet(usize),
}

/// Everything that has a time, in order.
pub(crate) fn events(outcome: &Outcome, records: &[PacketRecord]) -> Vec<Event> {
    let event = |at, what| Event { at, what };
    let faults = outcome.faults.iter();
    let faults = faults.map(|&(at, index)| event(at, What::Fault(index)));
    let steps = outcome.steps.iter().enumerate();
    let ended = steps.filter_map(|(index, step)| Some(event(step.end?.0, What::Step(index))));
    let packets = records.iter().enumerate();
    let sent = packets.map(|(index, packet)| event(packet.at, What::Packet(index)));
    let mut events: Vec<_> = faults.chain(ended).chain(sent).collect();
    events.sort_by_key(|event| (event.at, event.what));
    events
}
