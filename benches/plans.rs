//! What is measured, as plans for our engine.

use halfopen::LinkFigures;
use halfopen::plan::{
    Action, Fault, HostPlan, Limits, Listener, Payload, Plan, ProgramPlan, RecvUntil, Step,
    TimedFault,
};
use halfopen::tcp::{Instant, Profile, SocketOption};
use std::sync::Arc;
use std::time::Duration;

const PORT: u16 = 80;

/// A client connects to a server from which nothing comes back.
pub fn black_hole(profile: &str) -> Plan {
    let mut plan = plan(profile, 2);
    let connect = Action::Connect {
        host: 1,
        port: PORT,
    };
    program(&mut plan, 0, [connect]);
    plan.timeline.push(TimedFault {
        at: Instant::ZERO,
        fault: Fault::Partition(0, 1),
    });
    plan
}

/// A client sends five bytes and waits for five, `rounds` times.
pub fn echo(rounds: usize, latency: Duration) -> Plan {
    let mut plan = plan("linux", 2);
    plan.link.latency = latency;
    plan.limits.events = u64::MAX;
    plan.limits.time = Duration::MAX;
    let send = || Action::Send {
        data: Payload::Text("hello".to_owned()),
        all: true,
    };
    let recv = || Action::Recv(RecvUntil::Bytes(5));
    let connect = Action::Connect {
        host: 1,
        port: PORT,
    };
    let asks = (0..rounds).flat_map(|_| [send(), recv()]);
    program(&mut plan, 0, std::iter::once(connect).chain(asks));
    let answers = (0..rounds).flat_map(|_| [recv(), send()]);
    program(&mut plan, 1, serve(1).chain(answers));
    plan
}

/// A connection that nobody uses, kept alive by a probe every `gap` until the end.
pub fn kept_alive(gap: Duration, until: Duration) -> Plan {
    let mut plan = plan("linux", 2);
    plan.until = Some(Instant::ZERO + until);
    let connect = Action::Connect {
        host: 1,
        port: PORT,
    };
    let keep = Action::Set(vec![
        SocketOption::KeepAlive(true),
        SocketOption::KeepIdle(gap),
        SocketOption::KeepInterval(gap),
    ]);
    let wait = Action::Recv(RecvUntil::Some);
    program(&mut plan, 0, [connect, keep, wait]);
    program(&mut plan, 1, serve(1));
    plan
}

/// Every host connects to the `connections` after it, one host `apart` after the other, and then nothing happens.
pub fn crowd(hosts: usize, connections: usize, apart: Duration) -> Plan {
    let mut plan = plan("linux", hosts);
    plan.limits.events = u64::MAX;
    for host in 0..hosts {
        program(&mut plan, host, serve(connections));
        let connect = |n| Action::Connect {
            host: (host + n) % hosts,
            port: PORT,
        };
        program(&mut plan, host, (1..=connections).map(connect));
        plan.hosts[host].programs[1].start = Instant::ZERO + apart * host as u32;
    }
    plan
}

fn serve(connections: usize) -> impl Iterator<Item = Action> {
    let backlog = None;
    let listen = Action::Listen {
        port: PORT,
        backlog,
    };
    let accept = Action::Accept(Listener::Port(PORT));
    std::iter::once(listen).chain(std::iter::repeat_n(accept, connections))
}

fn plan(profile: &str, hosts: usize) -> Plan {
    let profile = Arc::new(Profile::named(profile).expect("the benchmarks know the profiles"));
    let host = |number| HostPlan {
        name: format!("host-{number:05}"),
        profile: Arc::clone(&profile),
        settings: Vec::new(),
        programs: Vec::new(),
    };
    Plan {
        scenario: String::new(),
        title: String::new(),
        why: String::new(),
        case: Vec::new(),
        hosts: (0..hosts).map(host).collect(),
        link: LinkFigures::DEFAULT,
        between: Vec::new(),
        timeline: Vec::new(),
        until: None,
        limits: Limits::DEFAULT,
    }
}

fn program(plan: &mut Plan, host: usize, actions: impl IntoIterator<Item = Action>) {
    let step = |action| Step {
        action,
        opens: None,
        on: None,
        expect: None,
        note: None,
        detail: String::new(),
    };
    let programs = &mut plan.hosts[host].programs;
    programs.push(ProgramPlan {
        name: format!("program-{}", programs.len()),
        start: Instant::ZERO,
        on_boot: false,
        names: Vec::new(),
        steps: actions.into_iter().map(step).collect(),
    });
}
