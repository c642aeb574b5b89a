//! Plans made by hand, for unit tests.

use crate::link::LinkFigures;
use crate::plan::{
    Action, Expect, ExpectResult, Fault, HostIndex, HostPlan, Limits, NameIndex, Payload, Plan,
    ProgramPlan, RecvUntil, Step, TimedFault,
};
use halfopen_tcp::{Instant, Profile};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) const fn at_ms(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

/// A plan with these hosts, all Linux, and nothing in it.
pub(crate) fn plan(hosts: &[&str]) -> Plan {
    let host = |name: &&str| HostPlan {
        name: (*name).to_owned(),
        profile: Arc::new(profile("linux")),
        settings: Vec::new(),
        programs: Vec::new(),
    };
    Plan {
        scenario: "test".to_owned(),
        title: "A test".to_owned(),
        why: String::new(),
        case: Vec::new(),
        hosts: hosts.iter().map(host).collect(),
        link: LinkFigures::DEFAULT,
        between: Vec::new(),
        timeline: Vec::new(),
        until: None,
        limits: Limits::DEFAULT,
    }
}

pub(crate) fn profile(name: &str) -> Profile {
    Profile::named(name).expect("tests use profiles that exist")
}

impl Plan {
    /// Adds a program that starts at once; the first of a host is `main`.
    pub(crate) fn program(mut self, host: HostIndex, steps: impl Into<Vec<Step>>) -> Self {
        let programs = &mut self.hosts[host].programs;
        let name = match programs.len() {
            0 => "main".to_owned(),
            n => format!("program-{n}"),
        };
        programs.push(ProgramPlan {
            name,
            start: Instant::ZERO,
            on_boot: false,
            names: vec!["a".to_owned(), "b".to_owned()],
            steps: steps.into(),
        });
        self
    }

    /// Adds a fault.
    pub(crate) fn at(mut self, at: Duration, fault: Fault) -> Self {
        let at = Instant::ZERO + at;
        self.timeline.push(TimedFault { at, fault });
        self
    }

    /// Changes the program added last.
    pub(crate) fn with_last(mut self, host: HostIndex, change: fn(&mut ProgramPlan)) -> Self {
        let last = self.hosts[host].programs.last_mut();
        change(last.expect("a program was added"));
        self
    }
}

impl From<Action> for Step {
    fn from(action: Action) -> Self {
        Self {
            action,
            opens: None,
            on: None,
            expect: None,
            note: None,
            detail: String::new(),
        }
    }
}

impl Step {
    pub(crate) fn opens(mut self, name: NameIndex) -> Self {
        self.opens = Some(name);
        self
    }

    pub(crate) fn on(mut self, name: NameIndex) -> Self {
        self.on = Some(name);
        self
    }

    pub(crate) fn expecting(mut self, result: ExpectResult) -> Self {
        self.expect = Some(Expect {
            result: Some(result),
            time: None,
        });
        self
    }
}

pub(crate) fn listen(port: u16) -> Step {
    let backlog = None;
    Action::Listen { port, backlog }.into()
}

pub(crate) fn accept(port: u16) -> Step {
    Action::Accept(crate::plan::Listener::Port(port)).into()
}

pub(crate) fn connect(host: HostIndex, port: u16) -> Step {
    Action::Connect { host, port }.into()
}

pub(crate) fn send(text: &str) -> Step {
    let data = Payload::Text(text.to_owned());
    Action::Send { data, all: false }.into()
}

pub(crate) fn send_all(bytes: u64) -> Step {
    let data = Payload::Bytes(bytes);
    Action::Send { data, all: true }.into()
}

pub(crate) fn recv(until: RecvUntil) -> Step {
    Action::Recv(until).into()
}

pub(crate) fn sleep(time: Duration) -> Step {
    Action::Sleep(time).into()
}

pub(crate) fn close() -> Step {
    Action::Close.into()
}
