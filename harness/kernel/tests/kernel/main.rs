//! The plumbing on the real kernel: cases made by hand, whose results are known from the kernel's documentation and source.
//!
//! Needs the right to make network namespaces. Without it every test is skipped, and the reason is printed with each.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod left_behind;
mod plans;

use halfopen::outcome::{Fate, LossReason, Outcome, PacketKind, StepResult};
use halfopen::plan::{Action, Fault, Plan, RejectWith, Rejected};
use halfopen::tcp::wire::IcmpKind;
use halfopen::tcp::{Instant, SocketOption};
use halfopen_kernel::{KernelError, Options, access, run};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use plans::{
    CLIENT, SERVER, accept, at, connect, listen, ms, option, plan, recv, send, set, shutdown, sleep,
};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    if let Some(code) = left_behind::as_victim() {
        return code;
    }
    let tests: [(&str, fn()); 17] = [
        ("a_closed_port_refuses", a_closed_port_refuses),
        ("a_black_hole_times_out", a_black_hole_times_out),
        (
            "an_echo_takes_two_round_trips",
            an_echo_takes_two_round_trips,
        ),
        ("data_into_a_black_hole", data_into_a_black_hole),
        (
            "a_killed_program_is_closed_by_its_kernel",
            a_killed_program_is_closed_by_its_kernel,
        ),
        (
            "a_booted_machine_knows_nothing",
            a_booted_machine_knows_nothing,
        ),
        (
            "a_paused_program_is_still_acknowledged",
            a_paused_program_is_still_acknowledged,
        ),
        (
            "without_a_route_connect_fails_at_once",
            without_a_route_connect_fails_at_once,
        ),
        ("a_firewall_answers_with_icmp", a_firewall_answers_with_icmp),
        ("a_middlebox_resets_both_ends", a_middlebox_resets_both_ends),
        ("linger_zero_resets", linger_zero_resets),
        (
            "a_send_after_shutdown_is_a_broken_pipe",
            a_send_after_shutdown_is_a_broken_pipe,
        ),
        (
            "settings_that_cannot_be_made_are_said",
            settings_that_cannot_be_made_are_said,
        ),
        (
            "a_killed_caller_leaves_nothing_behind",
            left_behind::a_killed_caller_leaves_nothing_behind,
        ),
        (
            "an_interrupted_caller_leaves_nothing_behind",
            left_behind::an_interrupted_caller_leaves_nothing_behind,
        ),
        (
            "a_panicking_caller_leaves_nothing_behind",
            left_behind::a_panicking_caller_leaves_nothing_behind,
        ),
        (
            "an_ended_case_leaves_nothing_behind",
            left_behind::an_ended_case_leaves_nothing_behind,
        ),
    ];
    let trials = tests
        .into_iter()
        .map(|(name, test)| Trial::ignorable_test(name, move || with_access(test)))
        .collect();
    let mut arguments = Arguments::from_args();
    // They wait most of the time.
    arguments.test_threads.get_or_insert(tests.len());
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn with_access(test: fn()) -> Result<Completion, Failed> {
    match access() {
        Ok(_) => {
            test();
            Ok(Completion::Completed)
        }
        Err(KernelError::NotPermitted(missing)) => Ok(Completion::ignored_with(missing)),
        Err(error) => Err(error.into()),
    }
}

/// Runs until all programs are done and a second of silence has passed, at most 15 seconds.
fn outcome(plan: &Plan) -> Outcome {
    let options = Options {
        until: Duration::from_secs(15),
        quiet: Some(ms(1000)),
    };
    run(plan, 0, options).unwrap()
}

/// How a host's step ended, as the name of its error or as the result's own text, and when.
#[track_caller]
fn ended(outcome: &Outcome, host: usize, step: usize) -> (String, Instant) {
    let step = outcome
        .steps
        .iter()
        .rfind(|s| (s.host, s.step) == (host, step))
        .expect("the step began");
    match step.end {
        None => ("waiting".into(), Instant::FAR_FUTURE),
        Some((at, StepResult::Done)) => ("done".into(), at),
        Some((at, StepResult::Bytes(bytes))) => (bytes.to_string(), at),
        Some((at, StepResult::Eof(bytes))) => (format!("eof {bytes}"), at),
        Some((at, StepResult::Failed { error, .. })) => {
            (error.map_or("killed", |error| error.name).into(), at)
        }
    }
}

/// Checks how steps 0, 1, ... of a host ended.
#[track_caller]
fn check(outcome: &Outcome, host: usize, expected: &[&str]) {
    let steps = 0..expected.len();
    let found: Vec<_> = steps.map(|step| ended(outcome, host, step).0).collect();
    assert_eq!(found, expected);
}

/// Checks that a step ended within a range of milliseconds since the start.
#[track_caller]
fn check_time(outcome: &Outcome, host: usize, step: usize, range_ms: std::ops::Range<u64>) {
    let (_, at) = ended(outcome, host, step);
    let millis = at.as_nanos() / 1_000_000;
    assert!(
        range_ms.contains(&millis),
        "{millis} ms is not in {range_ms:?}"
    );
}

/// Flags and retransmission of every TCP packet of a host that satisfies `fits`.
fn segments(outcome: &Outcome, host: usize) -> Vec<(String, u32)> {
    let packets = outcome.packets.iter().filter(|packet| packet.from == host);
    packets
        .filter_map(|packet| match &packet.kind {
            PacketKind::Tcp {
                flags,
                retransmission,
                ..
            } => Some((flags.to_string(), *retransmission)),
            PacketKind::Icmp(_) => None,
        })
        .collect()
}

fn a_closed_port_refuses() {
    let outcome = outcome(&plan(vec![connect()], vec![]));
    check(&outcome, CLIENT, &["ECONNREFUSED"]);
    check_time(&outcome, CLIENT, 0, 10..40);
    assert_eq!(segments(&outcome, SERVER), [("RA".to_owned(), 0)]);
}

/// Documentation/networking/ip-sysctl.rst with one retry: 3 s after the first SYN, and up to an eighth of each wait later.
fn a_black_hole_times_out() {
    let mut plan = plan(vec![connect()], vec![listen()]);
    set(&mut plan, "net.ipv4.tcp_syn_retries", 1);
    at(&mut plan, 0, Fault::Partition(CLIENT, SERVER));
    let outcome = outcome(&plan);
    check(&outcome, CLIENT, &["ETIMEDOUT"]);
    check_time(&outcome, CLIENT, 0, 3000..3375);
    let syns = [
        ("S".to_owned(), 0),
        ("S".to_owned(), 1),
        ("S".to_owned(), 2),
    ];
    assert_eq!(segments(&outcome, CLIENT), syns);
    let lost = |fate| matches!(fate, Fate::Lost(_, LossReason::Partition));
    assert!(outcome.packets.iter().all(|packet| lost(packet.fate)));
}

fn an_echo_takes_two_round_trips() {
    let client = vec![connect(), send("hello"), recv(), Action::Close];
    let server = vec![
        listen(),
        accept(),
        recv(),
        send("world!"),
        recv(),
        Action::Close,
    ];
    let outcome = outcome(&plan(client, server));
    check(&outcome, CLIENT, &["done", "5", "6", "done"]);
    check(
        &outcome,
        SERVER,
        &["done", "done", "5", "6", "eof 0", "done"],
    );
    check_time(&outcome, CLIENT, 2, 20..60);
    let arrived = |fate| matches!(fate, Fate::Delivered(_));
    assert!(outcome.packets.iter().all(|packet| arrived(packet.fate)));
}

/// After eleven answered sends the timeout is 212 ms; with three retries the connection lives four of them, doubling, and a
/// tail loss probe, at a resolution of a jiffy and up to an eighth of each wait later.
fn data_into_a_black_hole() {
    let mut client = vec![connect()];
    for _ in 0..10 {
        client.extend([send("x"), sleep(30)]);
    }
    client.extend([sleep(300), send("y"), recv()]);
    let server = vec![
        listen(),
        accept(),
        Action::Recv(halfopen::plan::RecvUntil::Eof),
    ];
    let mut plan = plan(client, server);
    set(&mut plan, "net.ipv4.tcp_retries2", 3);
    at(&mut plan, 500, Fault::Partition(CLIENT, SERVER));
    let outcome = outcome(&plan);
    assert_eq!(ended(&outcome, CLIENT, 23).0, "ETIMEDOUT");
    let (sent, died) = (ended(&outcome, CLIENT, 22).1, ended(&outcome, CLIENT, 23).1);
    let millis = died.since(sent).as_millis();
    assert!((3300..3700).contains(&millis), "{millis} ms");
    let last = segments(&outcome, CLIENT).pop();
    assert_eq!(last, Some(("PA".to_owned(), 4)));
}

fn a_killed_program_is_closed_by_its_kernel() {
    let client = vec![connect(), recv(), send("x"), sleep(100), send("y")];
    let mut plan = plan(client, vec![listen(), accept(), recv()]);
    at(&mut plan, 200, Fault::Kill(SERVER));
    let outcome = outcome(&plan);
    check(&outcome, CLIENT, &["done", "eof 0", "1", "done", "EPIPE"]);
    check(&outcome, SERVER, &["done", "done", "killed"]);
    check_time(&outcome, SERVER, 2, 200..230);
    check_time(&outcome, CLIENT, 1, 205..240);
}

fn a_booted_machine_knows_nothing() {
    let client = vec![connect(), sleep(200), send("x"), recv()];
    let mut plan = plan(client, vec![listen(), accept(), recv()]);
    plan.hosts[SERVER].programs[0].on_boot = true;
    at(&mut plan, 100, Fault::PowerOff(SERVER));
    at(&mut plan, 600, Fault::Boot(SERVER));
    plan.until = Some(Instant::ZERO + ms(3000));
    let outcome = outcome(&plan);
    check(&outcome, CLIENT, &["done", "done", "1", "ECONNRESET"]);
    // Of its second run.
    check(&outcome, SERVER, &["done", "waiting"]);
    let silent = |reason| reason == LossReason::PowerOff;
    let lost = |fate: &Fate| matches!(fate, Fate::Lost(_, reason) if silent(*reason));
    assert!(outcome.packets.iter().any(|packet| lost(&packet.fate)));
    assert_eq!(segments(&outcome, SERVER).pop(), Some(("R".to_owned(), 0)));
}

fn a_paused_program_is_still_acknowledged() {
    let client = vec![connect(), sleep(100), send("x"), recv()];
    let mut plan = plan(client, vec![listen(), accept(), recv(), send("y")]);
    at(&mut plan, 50, Fault::Pause(SERVER));
    at(&mut plan, 500, Fault::Resume(SERVER));
    let outcome = outcome(&plan);
    check(&outcome, SERVER, &["done", "done", "1", "1"]);
    check_time(&outcome, SERVER, 2, 500..540);
    // Its kernel acknowledged while it was stopped.
    let acknowledged = outcome.packets.iter().any(|p| {
        p.from == SERVER && (Instant::ZERO + ms(100)..Instant::ZERO + ms(400)).contains(&p.at)
    });
    assert!(acknowledged);
}

fn without_a_route_connect_fails_at_once() {
    let client = vec![sleep(100), connect(), sleep(100), connect()];
    let mut plan = plan(client, vec![listen(), sleep(500)]);
    at(
        &mut plan,
        0,
        Fault::Unroute {
            from: CLIENT,
            to: SERVER,
        },
    );
    at(
        &mut plan,
        150,
        Fault::Route {
            from: CLIENT,
            to: SERVER,
        },
    );
    let outcome = outcome(&plan);
    check(&outcome, CLIENT, &["done", "ENETUNREACH", "done", "done"]);
    check_time(&outcome, CLIENT, 1, 100..130);
}

fn a_firewall_answers_with_icmp() {
    let mut plan = plan(vec![connect()], vec![listen()]);
    let fault = Fault::Reject {
        host: SERVER,
        port: None,
        segments: Rejected::Syns,
        with: RejectWith::Icmp(IcmpKind::HostUnreachable),
    };
    at(&mut plan, 0, fault);
    let outcome = outcome(&plan);
    check(&outcome, CLIENT, &["EHOSTUNREACH"]);
    check_time(&outcome, CLIENT, 0, 10..40);
}

fn a_middlebox_resets_both_ends() {
    let mut plan = plan(vec![connect(), recv()], vec![listen(), accept(), recv()]);
    at(
        &mut plan,
        200,
        Fault::Reset {
            from: CLIENT,
            to: SERVER,
        },
    );
    let outcome = outcome(&plan);
    check(&outcome, CLIENT, &["done", "ECONNRESET"]);
    check(&outcome, SERVER, &["done", "done", "ECONNRESET"]);
}

fn linger_zero_resets() {
    let linger = option(SocketOption::Linger(Some(Duration::ZERO)));
    let client = vec![connect(), sleep(50), linger, Action::Close];
    let outcome = outcome(&plan(client, vec![listen(), accept(), recv()]));
    check(&outcome, SERVER, &["done", "done", "ECONNRESET"]);
}

fn a_send_after_shutdown_is_a_broken_pipe() {
    let client = vec![connect(), shutdown(), send("x")];
    let outcome = outcome(&plan(client, vec![listen(), accept(), recv()]));
    check(&outcome, CLIENT, &["done", "done", "EPIPE"]);
    check(&outcome, SERVER, &["done", "done", "eof 0"]);
}

fn settings_that_cannot_be_made_are_said() {
    let attempt = |name: &str, value| {
        let mut plan = plan(vec![], vec![]);
        set(&mut plan, name, value);
        let options = Options {
            until: ms(100),
            quiet: None,
        };
        run(&plan, 0, options)
    };
    let unknown = attempt("net.ipv4.no_such_setting", 1).unwrap_err();
    assert!(
        matches!(unknown, KernelError::NotExpressible(_)),
        "{unknown}"
    );
    let outside = attempt("kernel.panic", 1).unwrap_err();
    assert!(
        matches!(outside, KernelError::NotExpressible(_)),
        "{outside}"
    );
    let hz = attempt("CONFIG_HZ", 1).unwrap_err();
    assert!(hz.to_string().contains("CONFIG_HZ = "), "{hz}");
}
