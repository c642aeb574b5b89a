//! The form for programs. Its keys and their order are a contract; see the book's reference.

use super::steps::kind_name;
use crate::outcome::{Fate, Outcome, PacketKind, PacketRecord, StepOutcome, StepResult, Verdict};
use crate::plan::Plan;
use halfopen_tcp::Cause;
use serde::Serialize;

pub(super) fn to_json(plan: &Plan, outcome: &Outcome, packets: bool) -> String {
    let steps = outcome.steps.iter().map(|step| step_json(plan, step));
    let packets = packets.then(|| {
        let packets = outcome.packets.iter();
        packets.map(|packet| packet_json(plan, packet)).collect()
    });
    let case = CaseJson {
        scenario: &plan.scenario,
        case: plan
            .case
            .iter()
            .map(|(host, os)| (host.clone(), os.as_str().into()))
            .collect(),
        engine: outcome.engine.name(),
        seed: outcome.seed,
        verdict: match outcome.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Unfinished(_) => "unfinished",
        },
        end_ns: outcome.end.as_nanos(),
        steps: steps.collect(),
        packets,
    };
    serde_json::to_string(&case).expect("keys are strings, and nothing here can fail")
}

/// One case.
#[derive(Serialize)]
struct CaseJson<'a> {
    scenario: &'a str,
    case: serde_json::Map<String, serde_json::Value>,
    engine: &'a str,
    seed: u64,
    verdict: &'a str,
    end_ns: u64,
    steps: Vec<StepJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets: Option<Vec<PacketJson<'a>>>,
}

#[derive(Serialize)]
struct StepJson<'a> {
    host: &'a str,
    program: &'a str,
    step: usize,
    call: &'a str,
    detail: &'a str,
    start_ns: u64,
    end_ns: Option<u64>,
    ok: Option<serde_json::Value>,
    error: Option<ErrorJson>,
    /// Whether the expectation holds; null without one.
    expected: Option<bool>,
}

/// An error. All but the cause is null for what no call returned, as when the program was killed; the cause is null
/// where the engine cannot tell.
#[derive(Serialize)]
struct ErrorJson {
    name: Option<&'static str>,
    code: Option<i32>,
    kind: Option<String>,
    cause: Option<&'static str>,
    text: Option<&'static str>,
}

/// A packet; an ICMP message has its kind instead of flags and numbers.
#[derive(Serialize)]
struct PacketJson<'a> {
    at_ns: u64,
    from: &'a str,
    to: &'a str,
    flags: Option<String>,
    seq: Option<u32>,
    ack: Option<u32>,
    len: Option<u32>,
    window: Option<u32>,
    fate: &'a str,
    why: Option<&'a str>,
    arrived_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    again_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icmp: Option<&'a str>,
}

fn step_json<'a>(plan: &'a Plan, outcome: &StepOutcome) -> StepJson<'a> {
    let host = &plan.hosts[outcome.host];
    let program = &host.programs[outcome.program];
    let step = &program.steps[outcome.step];
    let (ok, error) = match outcome.end {
        Some((_, StepResult::Done)) => (Some(true.into()), None),
        Some((_, StepResult::Bytes(bytes))) => (Some(bytes.into()), None),
        Some((_, StepResult::Eof(_))) => (Some("eof".into()), None),
        Some((_, StepResult::Failed { cause, error, .. })) => {
            let error = ErrorJson {
                name: error.map(|error| error.name),
                code: error.map(|error| error.code),
                kind: error.map(kind_name),
                cause: cause.map(Cause::name),
                text: error.map(|error| error.text),
            };
            (None, Some(error))
        }
        None => (None, None),
    };
    StepJson {
        host: &host.name,
        program: &program.name,
        step: outcome.step,
        call: step.action.name(),
        detail: &step.detail,
        start_ns: outcome.start.as_nanos(),
        end_ns: outcome.end.map(|(at, _)| at.as_nanos()),
        ok,
        error,
        expected: step.expect.as_ref().map(|_| outcome.mismatch.is_none()),
    }
}

fn packet_json<'a>(plan: &'a Plan, packet: &PacketRecord) -> PacketJson<'a> {
    let (fate, why, arrived, again) = match packet.fate {
        Fate::Delivered(at) => ("delivered", None, Some(at), None),
        Fate::Duplicated(at, again) => ("duplicated", None, Some(at), Some(again)),
        Fate::Lost(_, reason) => ("lost", Some(reason.name()), None, None),
        Fate::InFlight => ("in-flight", None, None, None),
        Fate::Held => ("held", None, None, None),
    };
    let mut json = PacketJson {
        at_ns: packet.at.as_nanos(),
        from: &plan.hosts[packet.from].name,
        to: &plan.hosts[packet.to].name,
        flags: None,
        seq: None,
        ack: None,
        len: None,
        window: None,
        fate,
        why,
        arrived_ns: arrived.map(halfopen_tcp::Instant::as_nanos),
        again_ns: again.map(halfopen_tcp::Instant::as_nanos),
        icmp: None,
    };
    match packet.kind {
        PacketKind::Tcp {
            flags,
            seq,
            ack,
            len,
            window,
            ..
        } => {
            json.flags = Some(flags.to_string());
            (json.seq, json.ack) = (Some(seq), Some(ack));
            (json.len, json.window) = (Some(len), Some(window));
        }
        PacketKind::Icmp(kind) => json.icmp = Some(kind.cause().name()),
    }
    json
}
