//! What happened in one run, as far as it is compared.

use halfopen::outcome::{Fate, Outcome, PacketKind, PacketRecord, StepOutcome, StepResult};
use halfopen::plan::Plan;
use halfopen::tcp::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happened in one run, in lanes whose events have an order: one for each program, one for each direction between
/// two hosts, and one for the faults. Between lanes there is no order: a program finds out in its own time.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Observation {
    /// By lane as text.
    pub lanes: BTreeMap<String, Vec<Event>>,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(
    from = "(String, u64, Option<u64>)",
    into = "(String, u64, Option<u64>)"
)]
pub struct Event {
    /// What, in words that are equal if and only if the events are: `3 recv`, `3 recv: ECONNRESET`, `PA 1..6 retry 2`.
    pub what: String,
    /// When; of a packet, when it was sent.
    pub at: Instant,
    /// When a packet arrived, if it did.
    pub arrived: Option<Instant>,
}

/// Whose events they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lane<'a> {
    /// A program's: the beginning and the end of each of its steps, by turns.
    Program { host: &'a str },
    /// The packets from one host to another.
    Packets { from: &'a str, to: &'a str },
    /// The faults.
    Timeline,
}

impl<'a> Lane<'a> {
    /// Reads a name: `client > server`, `client main`, `timeline`. Names of hosts have no spaces.
    pub(super) fn of(name: &'a str) -> Self {
        if let Some((from, to)) = name.split_once(" > ") {
            Self::Packets { from, to }
        } else if let Some((host, _)) = name.split_once(' ') {
            Self::Program { host }
        } else {
            Self::Timeline
        }
    }
}

impl Observation {
    /// What is compared of an outcome of `plan`. The outcome must have its packets.
    pub fn of(plan: &Plan, outcome: &Outcome) -> Self {
        let mut seen = Self::default();
        for (at, index) in &outcome.faults {
            seen.push(TIMELINE.to_owned(), index.to_string(), *at, None);
        }
        for step in &outcome.steps {
            let (lane, call) = (program(plan, step), call(plan, step));
            seen.push(lane.clone(), call.clone(), step.start, None);
            if let Some((at, result)) = step.end {
                seen.push(lane, format!("{call}: {}", result_text(result)), at, None);
            }
        }
        for packet in &outcome.packets {
            let name = |host: usize| &plan.hosts[host].name;
            let lane = format!("{} > {}", name(packet.from), name(packet.to));
            let arrived = match packet.fate {
                Fate::Delivered(at) | Fate::Duplicated(at, _) => Some(at),
                Fate::Lost(..) | Fate::InFlight | Fate::Held => None,
            };
            seen.push(lane, packet_text(packet), packet.at, arrived);
        }
        seen
    }

    fn push(&mut self, lane: String, what: String, at: Instant, arrived: Option<Instant>) {
        self.lanes
            .entry(lane)
            .or_default()
            .push(Event { what, at, arrived });
    }
}

fn program(plan: &Plan, step: &StepOutcome) -> String {
    let host = &plan.hosts[step.host];
    let program = &host.programs[step.program].name;
    match step.run {
        0 => format!("{} {program}", host.name),
        run => format!("{} {program} (run {})", host.name, run + 1),
    }
}

fn call(plan: &Plan, outcome: &StepOutcome) -> String {
    let program = &plan.hosts[outcome.host].programs[outcome.program];
    let call = program.steps[outcome.step].action.name();
    format!("{} {call}", outcome.step)
}

/// The cause is left out: the kernel keeps it to itself.
fn result_text(result: StepResult) -> String {
    match result {
        StepResult::Done => "ok".to_owned(),
        StepResult::Bytes(count) => format!("{count} bytes"),
        StepResult::Eof(0) => "end of file".to_owned(),
        StepResult::Eof(count) => format!("{count} bytes, then end of file"),
        StepResult::Failed { error: None, .. } => "killed".to_owned(),
        StepResult::Failed {
            error: Some(error),
            bytes: 0,
            ..
        } => error.name.to_owned(),
        StepResult::Failed {
            error: Some(error),
            bytes,
            ..
        } => format!("{bytes} bytes, then {}", error.name),
    }
}

fn packet_text(packet: &PacketRecord) -> String {
    match packet.kind {
        PacketKind::Icmp(kind) => format!("ICMP {}", kind.cause().name()),
        // Of a connection that was there before the one that the numbers count from: they are random.
        PacketKind::Tcp { flags, seq, .. } if seq > STREAM_MAX => format!("{flags} old"),
        PacketKind::Tcp {
            flags,
            seq,
            len,
            retransmission,
            ..
        } => {
            let mut text = format!("{flags} {seq}");
            if len > 0 {
                text += &format!("..{}", seq.wrapping_add(len));
            }
            if retransmission > 0 {
                text += &format!(" retry {retransmission}");
            }
            text
        }
    }
}

impl From<(String, u64, Option<u64>)> for Event {
    fn from((what, at, arrived): (String, u64, Option<u64>)) -> Self {
        Self {
            what,
            at: Instant::from_nanos(at),
            arrived: arrived.map(Instant::from_nanos),
        }
    }
}

impl From<Event> for (String, u64, Option<u64>) {
    fn from(event: Event) -> Self {
        let arrived = event.arrived.map(Instant::as_nanos);
        (event.what, event.at.as_nanos(), arrived)
    }
}

const TIMELINE: &str = "timeline";
/// More than any case of the suite sends in one stream.
const STREAM_MAX: u32 = 1 << 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_lanes_say_whose_they_are() {
        let packets = Lane::Packets {
            from: "client",
            to: "server",
        };
        assert_eq!(Lane::of("client > server"), packets);
        let program = Lane::Program { host: "client" };
        assert_eq!(Lane::of("client main"), program);
        assert_eq!(Lane::of("client main (run 2)"), program);
        assert_eq!(Lane::of(TIMELINE), Lane::Timeline);
    }
}
