//! Plans made by hand: what the tests of the plumbing run.

use halfopen::LinkFigures;
use halfopen::plan::{
    Action, Fault, HostPlan, Limits, Listener, Payload, Plan, ProgramPlan, RecvUntil, Step,
    TimedFault,
};
use halfopen::tcp::profile::Profile;
use halfopen::tcp::profile::settings::SettingValue;
use halfopen::tcp::{Instant, Shutdown, SocketOption};
use std::sync::Arc;
use std::time::Duration;

/// The index of the host `client`.
pub(crate) const CLIENT: usize = 0;
/// The index of the host `server`.
pub(crate) const SERVER: usize = 1;
/// The port that servers listen on.
pub(crate) const PORT: u16 = 80;

/// A client and a server with these steps, 5 ms apart.
pub(crate) fn plan(client: Vec<Action>, server: Vec<Action>) -> Plan {
    Plan {
        scenario: "by-hand".into(),
        title: String::new(),
        why: String::new(),
        case: Vec::new(),
        hosts: vec![host("client", client), host("server", server)],
        link: LinkFigures {
            latency: ms(5),
            ..LinkFigures::DEFAULT
        },
        between: Vec::new(),
        timeline: Vec::new(),
        until: None,
        limits: Limits::DEFAULT,
    }
}

fn host(name: &str, actions: Vec<Action>) -> HostPlan {
    HostPlan {
        name: name.into(),
        profile: Arc::new(Profile::named("linux").expect("a profile of the library")),
        settings: Vec::new(),
        programs: vec![ProgramPlan {
            name: "main".into(),
            start: Instant::ZERO,
            on_boot: false,
            names: Vec::new(),
            steps: actions.into_iter().map(step).collect(),
        }],
    }
}

fn step(action: Action) -> Step {
    Step {
        detail: format!("{action:?}"),
        action,
        opens: None,
        on: None,
        expect: None,
        note: None,
    }
}

/// Adds a sysctl of the client.
pub(crate) fn set(plan: &mut Plan, name: &str, value: i64) {
    let setting = (name.to_owned(), SettingValue::Integer(value));
    plan.hosts[CLIENT].settings.push(setting);
}

/// Adds a fault at the end of the timeline.
pub(crate) fn at(plan: &mut Plan, at_ms: u64, fault: Fault) {
    plan.timeline.push(TimedFault {
        at: Instant::ZERO + ms(at_ms),
        fault,
    });
}

pub(crate) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub(crate) fn listen() -> Action {
    Action::Listen {
        port: PORT,
        backlog: None,
    }
}

pub(crate) fn accept() -> Action {
    Action::Accept(Listener::Port(PORT))
}

pub(crate) fn connect() -> Action {
    Action::Connect {
        host: SERVER,
        port: PORT,
    }
}

pub(crate) fn sleep(time_ms: u64) -> Action {
    Action::Sleep(ms(time_ms))
}

pub(crate) fn send(text: &str) -> Action {
    Action::Send {
        data: Payload::Text(text.into()),
        all: true,
    }
}

pub(crate) fn recv() -> Action {
    Action::Recv(RecvUntil::Some)
}

pub(crate) fn shutdown() -> Action {
    Action::Shutdown(Shutdown::Write)
}

pub(crate) fn option(option: SocketOption) -> Action {
    Action::Set(vec![option])
}
