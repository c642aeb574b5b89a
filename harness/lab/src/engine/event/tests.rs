use super::*;
use crate::link::LinkFigures;
use crate::outcome::{Fate, PacketKind, PacketRecord, StepResult, Verdict};
use crate::plan::{Action, ExpectResult, Payload, RecvUntil, RejectWith, Rejected, Step};
use crate::sample::{accept, at_ms, close, connect, listen, ms, plan, recv, send, send_all, sleep};
use halfopen_tcp::SocketOption;
use halfopen_tcp::wire::IcmpKind;
use std::time::Duration;

const CLIENT: HostIndex = 0;
const SERVER: HostIndex = 1;
const PARTITION: Fault = Fault::Partition(CLIENT, SERVER);

fn run_plan(plan: &Plan) -> Outcome {
    run(plan, 0, &Options { packets: true })
}

/// A client and a server on Linux, 25 ms apart.
fn pair(client: impl Into<Vec<Step>>, server: impl Into<Vec<Step>>) -> Plan {
    plan(&["client", "server"])
        .program(CLIENT, client)
        .program(SERVER, server)
}

/// One line a step: `client connect 0..50 done`, times in milliseconds.
fn lines(plan: &Plan, outcome: &Outcome) -> Vec<String> {
    let line = |step: &StepOutcome| {
        let host = &plan.hosts[step.host];
        let program = match step.program {
            0 => String::new(),
            n => format!(".{n}"),
        };
        let run = match step.run {
            0 => String::new(),
            n => format!(" run {n}"),
        };
        let action = host.programs[step.program].steps[step.step].action.name();
        let head = format!("{}{program}{run} {action}", host.name);
        let start = millis(step.start);
        match step.end {
            None => format!("{head} {start}.. waits"),
            Some((end, result)) => format!("{head} {start}..{} {}", millis(end), word(result)),
        }
    };
    outcome.steps.iter().map(line).collect()
}

fn millis(at: Instant) -> String {
    let nanos = at.as_nanos();
    match nanos % 1_000_000 {
        0 => format!("{}", nanos / 1_000_000),
        rest => format!("{}+{rest}ns", nanos / 1_000_000),
    }
}

fn word(result: StepResult) -> String {
    match result {
        StepResult::Done => "done".to_owned(),
        StepResult::Bytes(bytes) => format!("{bytes} bytes"),
        StepResult::Eof(bytes) => format!("eof after {bytes}"),
        StepResult::Failed {
            cause,
            error,
            bytes,
        } => {
            let cause = cause.expect("this engine knows every cause");
            let error = error.map_or(String::new(), |error| format!(" {}", error.name));
            let bytes = match bytes {
                0 => String::new(),
                n => format!(" after {n}"),
            };
            format!("{cause}{error}{bytes}")
        }
    }
}

/// Runs a plan and compares what its programs saw.
#[track_caller]
fn check(plan: &Plan, expected: &[&str]) -> Outcome {
    let outcome = run_plan(plan);
    assert_eq!(lines(plan, &outcome), expected);
    outcome
}

fn sent_ms(outcome: &Outcome) -> Vec<u64> {
    let sent = outcome.packets.iter();
    sent.map(|packet| packet.at.as_nanos() / 1_000_000)
        .collect()
}

fn flags(packet: &PacketRecord) -> String {
    match packet.kind {
        PacketKind::Tcp { flags, .. } => flags.to_string(),
        PacketKind::Icmp(kind) => format!("{kind:?}"),
    }
}

#[test]
fn a_black_hole_ends_when_the_system_gives_up() {
    let plan = pair([connect(SERVER, 80)], []).at(ms(0), PARTITION);
    let outcome = check(
        &plan,
        &["client connect 0..131000 syn-unanswered ETIMEDOUT"],
    );
    let seconds = [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67];
    assert_eq!(sent_ms(&outcome), seconds.map(|s| s * 1000));
    assert!(
        outcome
            .packets
            .iter()
            .all(|p| p.fate == Fate::Lost(p.at, LossReason::Partition))
    );
    assert_eq!(outcome.end, at_ms(131_000));
    assert_eq!(outcome.faults, [(Instant::ZERO, 0)]);
    assert_eq!(outcome.verdict, Verdict::Passed);
}

#[test]
fn a_closed_port_refuses_after_a_round_trip() {
    let plan = pair([connect(SERVER, 80)], []);
    check(
        &plan,
        &["client connect 0..50 refused-by-peer ECONNREFUSED"],
    );
}

#[test]
fn an_echo_takes_a_round_trip() {
    let plan = pair(
        [
            connect(SERVER, 80),
            send("hello"),
            recv(RecvUntil::Bytes(5)),
            close(),
        ],
        [
            listen(80),
            accept(80),
            recv(RecvUntil::Some),
            send("HELLO"),
            recv(RecvUntil::Eof),
            close(),
        ],
    );
    let outcome = check(
        &plan,
        &[
            "client connect 0..50 done",
            "server listen 0..0 done",
            "server accept 0..75 done",
            "client send 50..50 5 bytes",
            "client recv 50..100 5 bytes",
            "server recv 75..75 5 bytes",
            "server send 75..75 5 bytes",
            "server recv 75..125 eof after 0",
            "client close 100..100 done",
            "server close 125..125 done",
        ],
    );
    assert!(
        outcome.end < at_ms(1000),
        "TIME-WAIT does not make it longer: {:?}",
        outcome.end
    );
}

#[test]
fn every_byte_of_a_large_transfer_arrives() {
    let mut plan = pair(
        [connect(SERVER, 80), send_all(1_000_000), close()],
        [listen(80), accept(80), recv(RecvUntil::Eof), close()],
    );
    plan.link.loss = 0.02;
    plan.link.jitter = ms(3);
    let outcome = run_plan(&plan);
    let received = lines(&plan, &outcome)
        .into_iter()
        .find(|line| line.starts_with("server recv"))
        .unwrap();
    assert!(received.ends_with("eof after 1000000"), "{received}");
}

#[test]
fn a_reader_of_a_silent_connection_waits_for_ever() {
    let plan = pair(
        [
            connect(SERVER, 80),
            recv(RecvUntil::Some).expecting(ExpectResult::Waits),
        ],
        [listen(80), accept(80)],
    )
    .at(ms(1000), Fault::PowerOff(SERVER));
    let outcome = check(
        &plan,
        &[
            "client connect 0..50 done",
            "server listen 0..0 done",
            "server accept 0..75 done",
            "client recv 50.. waits",
        ],
    );
    assert_eq!(outcome.verdict, Verdict::Passed);
    assert_eq!(outcome.end, at_ms(1000));
}

#[test]
fn until_ends_a_run_and_is_inclusive() {
    let mut plan = pair([sleep(ms(10)), sleep(ms(10)), sleep(ms(1))], []);
    plan.until = Some(at_ms(20));
    let outcome = check(
        &plan,
        &[
            "client sleep 0..10 done",
            "client sleep 10..20 done",
            "client sleep 20.. waits",
        ],
    );
    assert_eq!(outcome.end, at_ms(20));
    assert_eq!(outcome.verdict, Verdict::Passed);
}

#[test]
fn limits_leave_a_run_unfinished() {
    let mut plan = pair([sleep(ms(10)), sleep(ms(10))], []);
    plan.limits.time = ms(15);
    let outcome = check(
        &plan,
        &["client sleep 0..10 done", "client sleep 10.. waits"],
    );
    assert_eq!(outcome.verdict, Verdict::Unfinished(LimitReached::Time));
    assert_eq!(outcome.end, at_ms(15));

    plan.limits.time = ms(1000);
    // Two programs start, and one sleep ends.
    plan.limits.events = 3;
    let outcome = check(
        &plan,
        &["client sleep 0..10 done", "client sleep 10.. waits"],
    );
    assert_eq!(outcome.verdict, Verdict::Unfinished(LimitReached::Events));
}

#[test]
fn a_killed_program_ends_and_its_kernel_says_so() {
    let plan = pair(
        [connect(SERVER, 80), recv(RecvUntil::Some)],
        [
            listen(80),
            accept(80),
            recv(RecvUntil::Some),
            send("never sent"),
        ],
    )
    .at(ms(500), Fault::Kill(SERVER));
    check(
        &plan,
        &[
            "client connect 0..50 done",
            "server listen 0..0 done",
            "server accept 0..75 done",
            "client recv 50..525 eof after 0",
            "server recv 75..500 killed",
        ],
    );
}

#[test]
fn a_rebooted_machine_knows_nothing_and_runs_what_starts_on_boot() {
    let plan = pair(
        [
            connect(SERVER, 80),
            sleep(ms(4950)),
            send("hello"),
            recv(RecvUntil::Some),
            connect(SERVER, 80),
        ],
        [],
    )
    .program(SERVER, [listen(80), accept(80), accept(80)])
    .with_last(SERVER, |program| program.on_boot = true)
    .at(ms(1000), Fault::PowerOff(SERVER))
    .at(ms(2000), Fault::Boot(SERVER));
    check(
        &plan,
        &[
            "client connect 0..50 done",
            "server.1 listen 0..0 done",
            "server.1 accept 0..75 done",
            "client sleep 50..5000 done",
            "server.1 accept 75..1000 killed",
            "server.1 run 1 listen 2000..2000 done",
            "server.1 run 1 accept 2000..5125 done",
            "client send 5000..5000 5 bytes",
            "client recv 5000..5050 reset-by-peer ECONNRESET",
            "client connect 5050..5100 done",
            "server.1 run 1 accept 5125.. waits",
        ],
    );
}

#[test]
fn packets_to_a_machine_that_is_off_are_lost_there() {
    let mut plan = pair([connect(SERVER, 80)], [listen(80)])
        .at(ms(0), Fault::PowerOff(SERVER))
        .at(ms(1500), Fault::Boot(SERVER));
    plan.hosts[SERVER].programs[0].on_boot = true;
    let outcome = check(
        &plan,
        &[
            "client connect 0..2050 done",
            "server listen 1500..1500 done",
        ],
    );
    assert_eq!(
        outcome.packets[0].fate,
        Fate::Lost(at_ms(25), LossReason::PowerOff)
    );
}

#[test]
fn a_paused_program_neither_returns_nor_calls() {
    let plan = pair(
        [connect(SERVER, 80), sleep(ms(100)), send("late")],
        [listen(80), accept(80), recv(RecvUntil::Some)],
    )
    .at(ms(10), Fault::Pause(CLIENT))
    .at(ms(1000), Fault::Resume(CLIENT))
    .at(ms(1050), Fault::Pause(CLIENT))
    .at(ms(2000), Fault::Resume(CLIENT));
    check(
        &plan,
        &[
            "client connect 0..1000 done",
            "server listen 0..0 done",
            "server accept 0..75 done",
            "server recv 75..2025 4 bytes",
            "client sleep 1000..2000 done",
            "client send 2000..2000 4 bytes",
        ],
    );
}

#[test]
fn calls_time_out_as_their_sockets_say() {
    let options = vec![SocketOption::ReceiveTimeout(ms(700))];
    let plan = pair(
        [
            connect(SERVER, 80),
            Action::Set(options).into(),
            recv(RecvUntil::Some),
            recv(RecvUntil::Bytes(10)),
        ],
        [listen(80), accept(80), sleep(ms(1000)), send("hello")],
    );
    check(
        &plan,
        &[
            "client connect 0..50 done",
            "server listen 0..0 done",
            "server accept 0..75 done",
            "client set 50..50 done",
            "client recv 50..750 timed-out-waiting EAGAIN",
            "server sleep 75..1075 done",
            "client recv 750..1800 timed-out-waiting EAGAIN after 5",
            "server send 1075..1075 5 bytes",
        ],
    );
}

#[test]
fn steps_work_on_the_socket_they_name_or_the_latest() {
    let plan = pair(
        [
            send("too early"),
            connect(SERVER, 80).opens(0),
            connect(SERVER, 80).opens(1),
            send("a").on(0),
            send("bb"),
            close().on(0),
            send("c").on(0),
        ],
        [
            accept(80),
            listen(80),
            accept(80).opens(0),
            accept(80).opens(1),
            recv(RecvUntil::Eof).on(0),
            recv(RecvUntil::Some).on(1),
        ],
    );
    check(
        &plan,
        &[
            "client send 0..0 not-connected EPIPE",
            "client connect 0..50 done",
            "server accept 0..0 invalid-argument EINVAL",
            "server listen 0..0 done",
            "server accept 0..75 done",
            "client connect 50..100 done",
            "server accept 75..125 done",
            "client send 100..100 1 bytes",
            "client send 100..100 2 bytes",
            "client close 100..100 done",
            "client send 100..100 not-connected EPIPE",
            "server recv 125..125 eof after 1",
            "server recv 125..125 2 bytes",
        ],
    );
}

#[test]
fn two_listeners_on_one_port_are_a_result() {
    let plan = pair([], [listen(80)]).program(SERVER, [sleep(ms(1)), listen(80)]);
    check(
        &plan,
        &[
            "server listen 0..0 done",
            "server.1 sleep 0..1 done",
            "server.1 listen 1..1 address-in-use EADDRINUSE",
        ],
    );
}

#[test]
fn bind_chooses_the_port_of_the_next_connect() {
    let host = Some(CLIENT);
    let bind = Action::Bind { host, port: 5000 };
    let plan = pair([bind.into(), connect(SERVER, 80)], [listen(80)]);
    let outcome = check(
        &plan,
        &[
            "client bind 0..0 done",
            "client connect 0..50 done",
            "server listen 0..0 done",
        ],
    );
    assert_eq!(outcome.packets[0].ports, (5000, 80));
}

#[test]
fn a_linger_makes_close_wait_for_its_data() {
    let options = vec![SocketOption::Linger(Some(ms(2000)))];
    let linger = Action::Set(options);
    let client = [connect(SERVER, 80), linger.into(), send("x"), close()];
    let plan = pair(client, [listen(80), accept(80), recv(RecvUntil::Eof)]);
    let waits = |plan: &Plan| {
        let outcome = run_plan(plan);
        lines(plan, &outcome)
            .into_iter()
            .find(|line| line.starts_with("client close"))
            .unwrap()
    };
    // A FIN's ACK waits for 40 ms on Linux, in case the server closes too.
    assert_eq!(waits(&plan), "client close 50..140 done");
    let plan = plan.at(ms(60), PARTITION);
    assert_eq!(waits(&plan), "client close 50..2050 done");
}

#[test]
fn a_partition_meets_what_happens_at_its_own_instant() {
    let plan = pair([connect(SERVER, 80)], [listen(80)])
        .at(ms(25), PARTITION)
        .at(ms(1000), Fault::Heal(CLIENT, SERVER));
    let outcome = check(
        &plan,
        &["client connect 0..1050 done", "server listen 0..0 done"],
    );
    assert_eq!(
        outcome.packets[0].fate,
        Fate::Lost(at_ms(25), LossReason::Partition)
    );
}

#[test]
fn released_packets_arrive_before_others_of_that_instant() {
    let plan = pair(
        [connect(SERVER, 80), send("1"), sleep(ms(950)), send("2")],
        [listen(80), accept(80), recv(RecvUntil::Bytes(2))],
    )
    .at(ms(60), Fault::Hold(CLIENT, SERVER))
    .at(ms(500), Fault::Release(CLIENT, SERVER));
    let outcome = run_plan(&plan);
    assert_eq!(outcome.packets[2].fate, Fate::Delivered(at_ms(500)));
    assert_eq!(
        lines(&plan, &outcome).last().unwrap(),
        "client send 1000..1000 1 bytes"
    );
    assert_eq!(outcome.verdict, Verdict::Passed);
}

#[test]
fn a_firewall_refuses_in_the_hosts_name() {
    let reject = |with| Fault::Reject {
        host: SERVER,
        port: Some(80),
        segments: Rejected::Syns,
        with,
    };
    let plan = pair([connect(SERVER, 80)], [listen(80)]);
    let refused = plan.clone().at(ms(0), reject(RejectWith::Reset));
    let outcome = check(
        &refused,
        &[
            "client connect 0..50 refused-by-peer ECONNREFUSED",
            "server listen 0..0 done",
        ],
    );
    let [syn, reset] = &outcome.packets[..] else {
        panic!("{:?}", outcome.packets);
    };
    assert_eq!(syn.fate, Fate::Lost(at_ms(25), LossReason::Reject));
    assert_eq!((reset.from, reset.at), (SERVER, at_ms(25)));
    assert!(reset.forged);
    let prohibited = RejectWith::Icmp(IcmpKind::AdminProhibited);
    check(
        &plan.at(ms(0), reject(prohibited)),
        &[
            "client connect 0..50 admin-prohibited EHOSTUNREACH",
            "server listen 0..0 done",
        ],
    );
}

#[test]
fn a_middlebox_resets_both_ends() {
    let plan = pair(
        [connect(SERVER, 80), recv(RecvUntil::Some)],
        [listen(80), accept(80), recv(RecvUntil::Some)],
    )
    .at(
        ms(100),
        Fault::Reset {
            from: CLIENT,
            to: SERVER,
        },
    );
    check(
        &plan,
        &[
            "client connect 0..50 done",
            "server listen 0..0 done",
            "server accept 0..75 done",
            "client recv 50..125 reset-by-peer ECONNRESET",
            "server recv 75..125 reset-by-peer ECONNRESET",
        ],
    );
}

#[test]
fn without_a_route_nothing_is_sent() {
    let unroute = Fault::Unroute {
        from: CLIENT,
        to: SERVER,
    };
    let plan = pair([connect(SERVER, 80)], []).at(ms(0), unroute);
    let outcome = check(&plan, &["client connect 0..0 no-route ENETUNREACH"]);
    assert_eq!(outcome.packets, []);
}

#[test]
fn both_ends_know_the_mtu() {
    let mut plan = pair(
        [connect(SERVER, 80), send_all(3000)],
        [listen(80), accept(80), send_all(3000)],
    );
    let figures = LinkFigures {
        mtu: 600,
        ..LinkFigures::DEFAULT
    };
    plan.between.push(((CLIENT, SERVER), figures));
    let outcome = run_plan(&plan);
    let sizes = |from| {
        let packets = outcome.packets.iter().filter(move |p| p.from == from);
        packets.filter_map(|p| match p.kind {
            PacketKind::Tcp { len, .. } => Some(len),
            PacketKind::Icmp(_) => None,
        })
    };
    // 600 less 20 bytes of IP header, 20 of TCP header and 12 of timestamps.
    assert_eq!(sizes(CLIENT).max(), Some(548));
    assert_eq!(sizes(SERVER).max(), Some(548));
    assert!(
        outcome
            .packets
            .iter()
            .all(|p| !matches!(p.fate, Fate::Lost(..)))
    );
}

#[test]
fn a_program_starts_when_it_is_said_to() {
    let plan = pair([], [listen(80)])
        .program(CLIENT, [connect(SERVER, 80)])
        .with_last(CLIENT, |program| program.start = at_ms(100));
    check(
        &plan,
        &["server listen 0..0 done", "client.1 connect 100..150 done"],
    );
}

/// A transfer over a link on which everything goes wrong.
fn noisy(names: [&str; 2], client: HostIndex) -> Plan {
    let server = 1 - client;
    let mut plan = plan(&names)
        .program(
            client,
            [connect(server, 80), send_all(50_000), recv(RecvUntil::Eof)],
        )
        .program(
            server,
            [
                listen(80),
                accept(80),
                recv(RecvUntil::Bytes(50_000)),
                close(),
            ],
        );
    plan.link = LinkFigures {
        jitter: ms(7),
        loss: 0.05,
        duplicate: 0.05,
        reorder: 0.05,
        corrupt: 0.02,
        ..LinkFigures::DEFAULT
    };
    plan
}

#[test]
fn the_same_seed_gives_the_same_outcome() {
    let plan = noisy(["client", "server"], CLIENT);
    let run_with = |seed| run(&plan, seed, &Options { packets: true });
    assert_eq!(run_with(7), run_with(7));
    assert_ne!(run_with(7).packets, run_with(8).packets);
}

#[test]
fn recording_packets_changes_nothing_else() {
    let plan = noisy(["client", "server"], CLIENT);
    let mut outcome = run(&plan, 7, &Options { packets: true });
    outcome.packets.clear();
    assert_eq!(outcome, run(&plan, 7, &Options { packets: false }));
}

#[test]
fn the_order_of_hosts_does_not_matter() {
    let one = run_plan(&noisy(["client", "server"], 0));
    let other = run_plan(&noisy(["server", "client"], 1));
    let packets = |outcome: &Outcome, client| {
        let packets = outcome.packets.iter();
        packets
            .map(|p| (p.at, p.from == client, flags(p), p.fate))
            .collect::<Vec<_>>()
    };
    assert_eq!(packets(&one, 0), packets(&other, 1));
    assert_eq!(one.end, other.end);
}

#[test]
fn another_host_does_not_shift_the_numbers() {
    let alone = run_plan(&noisy(["client", "server"], 0));
    let mut plan = noisy(["client", "server"], 0);
    let third = crate::sample::plan(&["third"]).hosts.remove(0);
    plan.hosts.push(third);
    let plan = plan.program(2, [connect(SERVER, 81), connect(SERVER, 82)]);
    let mut crowded = run_plan(&plan);
    crowded.packets.retain(|p| p.from != 2 && p.to != 2);
    assert_eq!(alone.packets, crowded.packets);
}

#[test]
fn a_huge_payload_ends_at_a_limit() {
    let data = Payload::Bytes(u64::MAX);
    let mut plan = pair(
        [connect(SERVER, 80), Action::Send { data, all: true }.into()],
        [listen(80), accept(80), recv(RecvUntil::Eof)],
    );
    plan.limits.events = 10_000;
    let outcome = run(&plan, 0, &Options { packets: false });
    assert_eq!(outcome.verdict, Verdict::Unfinished(LimitReached::Events));
    let waiting = outcome.steps.iter().filter(|step| step.end.is_none());
    assert_eq!(waiting.count(), 2, "it shows who waits for what");
}

#[test]
fn idle_hours_cost_no_events() {
    let keep_alive = Action::Set(vec![
        SocketOption::KeepAlive(true),
        SocketOption::KeepIdle(Duration::from_secs(3600)),
    ]);
    let mut plan = pair(
        [
            connect(SERVER, 80),
            keep_alive.into(),
            recv(RecvUntil::Some),
        ],
        [listen(80), accept(80), recv(RecvUntil::Some)],
    );
    plan.until = Some(at_ms(2 * 3600 * 1000 + 1_000_000));
    plan.limits.events = 40;
    let outcome = run_plan(&plan);
    assert_eq!(outcome.verdict, Verdict::Passed);
}
