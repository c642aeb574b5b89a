//! What happened in one run, as far as it is compared.

use halfopen::outcome::{Outcome, PacketKind, PacketRecord, StepOutcome, StepResult};
use halfopen::plan::Plan;
use halfopen::tcp::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happened in one run: for each program and each direction between two hosts, its events in their order.
///
/// The order between a program's events and a packet's is not kept: a program finds out in its own time.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Observation {
    /// By name: `client main`, `client > server`.
    pub lanes: BTreeMap<String, Vec<Event>>,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "(String, Option<u64>)", into = "(String, Option<u64>)")]
pub struct Event {
    /// What, in words that are equal if and only if the events are: `3 recv: ECONNRESET`, `PA 1..6 retry 2`.
    pub what: String,
    /// When. `None` for a step that still waits.
    pub at: Option<Instant>,
}

impl Observation {
    /// What is compared of an outcome of `plan`. The outcome must have its packets.
    pub fn of(plan: &Plan, outcome: &Outcome) -> Self {
        let mut lanes: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        for step in &outcome.steps {
            let lane = lanes.entry(program(plan, step)).or_default();
            lane.push(step_event(plan, step));
        }
        for packet in &outcome.packets {
            let name = |host: usize| &plan.hosts[host].name;
            let lane = format!("{} > {}", name(packet.from), name(packet.to));
            lanes.entry(lane).or_default().push(Event {
                what: packet_text(packet),
                at: Some(packet.at),
            });
        }
        Self { lanes }
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

fn step_event(plan: &Plan, outcome: &StepOutcome) -> Event {
    let program = &plan.hosts[outcome.host].programs[outcome.program];
    let call = program.steps[outcome.step].action.name();
    let result = outcome.end.map_or_else(
        || "still waiting".to_owned(),
        |(_, result)| result_text(result),
    );
    Event {
        what: format!("{} {call}: {result}", outcome.step),
        at: outcome.end.map(|(at, _)| at),
    }
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
        PacketKind::Tcp {
            flags,
            seq,
            len,
            retransmission,
            ..
        } => {
            let end = seq.wrapping_add(len);
            let mut text = format!("{flags} {seq}");
            if len > 0 {
                text += &format!("..{end}");
            }
            if retransmission > 0 {
                text += &format!(" retry {retransmission}");
            }
            text
        }
    }
}

impl From<(String, Option<u64>)> for Event {
    fn from((what, at): (String, Option<u64>)) -> Self {
        Self {
            what,
            at: at.map(Instant::from_nanos),
        }
    }
}

impl From<Event> for (String, Option<u64>) {
    fn from(event: Event) -> Self {
        (event.what, event.at.map(Instant::as_nanos))
    }
}
