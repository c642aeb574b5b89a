//! Plans and outcomes made by hand: a report is tested on everything that may stand in it, whether or not an engine
//! comes upon it.

use halfopen::LinkFigures;
use halfopen::outcome::{
    EngineName, Fate, LossReason, Outcome, PacketKind, PacketRecord, StepOutcome, StepResult,
    Verdict,
};
use halfopen::plan::{
    Action, Fault, HostIndex, HostPlan, Limits, Listener, Payload, Plan, ProgramPlan, RecvUntil,
    Step, TimedFault,
};
use halfopen_tcp::profile::errors::Occurrence;
use halfopen_tcp::wire::{Flags, IcmpKind, Options};
use halfopen_tcp::{Call, Cause, Instant, Profile};
use std::sync::Arc;

pub(super) const CLIENT: HostIndex = 0;
pub(super) const SERVER: HostIndex = 1;

pub(super) fn at(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

/// `client` on that system and `server` on Linux, each with a program of these steps.
pub(super) fn plan(client_os: &str, client: Vec<Step>, server: Vec<Step>) -> Plan {
    let host = |name: &str, os: &str, steps| HostPlan {
        name: name.to_owned(),
        profile: Arc::new(Profile::named(os).expect("a profile that comes with the library")),
        settings: Vec::new(),
        programs: vec![program("main", steps)],
    };
    Plan {
        scenario: "sample/hand-made".to_owned(),
        title: "Made by hand".to_owned(),
        why: String::new(),
        case: vec![("client".to_owned(), client_os.to_owned())],
        hosts: vec![
            host("client", client_os, client),
            host("server", "linux", server),
        ],
        link: LinkFigures::DEFAULT,
        between: Vec::new(),
        timeline: Vec::new(),
        until: None,
        limits: Limits::DEFAULT,
    }
}

pub(super) fn program(name: &str, steps: Vec<Step>) -> ProgramPlan {
    ProgramPlan {
        name: name.to_owned(),
        start: Instant::ZERO,
        on_boot: false,
        names: vec!["first".to_owned(), "second".to_owned()],
        steps,
    }
}

pub(super) fn listen() -> Step {
    let action = Action::Listen {
        port: 80,
        backlog: None,
    };
    step(action, "80")
}

pub(super) fn accept() -> Step {
    step(Action::Accept(Listener::Port(80)), "80")
}

pub(super) fn connect() -> Step {
    let action = Action::Connect {
        host: SERVER,
        port: 80,
    };
    step(action, "server:80")
}

pub(super) fn send(bytes: u64) -> Step {
    let data = Payload::Bytes(bytes);
    step(Action::Send { data, all: true }, &format!("{bytes} bytes"))
}

pub(super) fn recv(until: RecvUntil, detail: &str) -> Step {
    step(Action::Recv(until), detail)
}

pub(super) fn step(action: Action, detail: &str) -> Step {
    Step {
        action,
        opens: None,
        on: None,
        expect: None,
        note: None,
        detail: detail.to_owned(),
    }
}

pub(super) fn fault(ms: u64, fault: Fault) -> TimedFault {
    TimedFault { at: at(ms), fault }
}

/// What came of a run in which every fault of the plan took effect at its time.
pub(super) fn outcome(plan: &Plan, end_ms: u64, steps: Vec<StepOutcome>) -> Outcome {
    let faults = plan.timeline.iter().enumerate();
    Outcome {
        engine: EngineName::Event,
        seed: 0,
        verdict: Verdict::Passed,
        end: at(end_ms),
        steps,
        faults: faults.map(|(index, timed)| (timed.at, index)).collect(),
        packets: Vec::new(),
    }
}

/// A step that began and ended then.
pub(super) fn ended(
    host: HostIndex,
    step: usize,
    (start_ms, end_ms): (u64, u64),
    result: StepResult,
) -> StepOutcome {
    StepOutcome {
        end: Some((at(end_ms), result)),
        ..waiting(host, step, start_ms)
    }
}

pub(super) fn waiting(host: HostIndex, step: usize, start_ms: u64) -> StepOutcome {
    StepOutcome {
        host,
        program: 0,
        run: 0,
        step,
        start: at(start_ms),
        end: None,
        mismatch: None,
    }
}

/// The result of a call of the client that failed.
pub(super) fn failed(plan: &Plan, cause: Cause, call: Call) -> StepResult {
    let profile = &plan.hosts[CLIENT].profile;
    StepResult::Failed {
        cause: Some(cause),
        error: Some(profile.error(cause, call, Occurrence::First)),
        bytes: 0,
    }
}

/// A segment that takes 25 ms: `tcp(0, CLIENT, "PA", 1..101, 1)`.
pub(super) fn tcp(
    ms: u64,
    from: HostIndex,
    flags: &str,
    seq: std::ops::Range<u32>,
    ack: u32,
) -> PacketRecord {
    let kind = PacketKind::Tcp {
        flags: Flags::from_letters(flags).expect("flags"),
        seq: seq.start,
        ack,
        len: seq.end - seq.start,
        window: 65_535,
        options: Options::default(),
        retransmission: 0,
    };
    packet(ms, from, kind)
}

pub(super) fn icmp(ms: u64, from: HostIndex, kind: IcmpKind) -> PacketRecord {
    packet(ms, from, PacketKind::Icmp(kind))
}

fn packet(ms: u64, from: HostIndex, kind: PacketKind) -> PacketRecord {
    let to = if from == CLIENT { SERVER } else { CLIENT };
    PacketRecord {
        at: at(ms),
        from,
        to,
        ports: if from == CLIENT {
            (49_152, 80)
        } else {
            (80, 49_152)
        },
        kind,
        forged: false,
        fate: Fate::Delivered(at(ms + 25)),
    }
}

/// What a test changes about a packet.
pub(super) trait Change {
    fn retry(self, count: u32) -> Self;
    fn window(self, bytes: u32) -> Self;
    fn lost(self, after_ms: u64, why: LossReason) -> Self;
    fn fate(self, fate: Fate) -> Self;
    fn client_port(self, port: u16) -> Self;
}

impl Change for PacketRecord {
    fn retry(mut self, count: u32) -> Self {
        if let PacketKind::Tcp { retransmission, .. } = &mut self.kind {
            *retransmission = count;
        }
        self
    }

    fn window(mut self, bytes: u32) -> Self {
        if let PacketKind::Tcp { window, .. } = &mut self.kind {
            *window = bytes;
        }
        self
    }

    fn lost(self, after_ms: u64, why: LossReason) -> Self {
        let at = Instant::from_nanos(self.at.as_nanos() + after_ms * 1_000_000);
        self.fate(Fate::Lost(at, why))
    }

    fn fate(mut self, fate: Fate) -> Self {
        self.fate = fate;
        self
    }

    fn client_port(mut self, port: u16) -> Self {
        if self.from == CLIENT {
            self.ports.0 = port;
        } else {
            self.ports.1 = port;
        }
        self
    }
}
