//! Reports, as their readers see them.

mod sample;

use halfopen::LinkFigures;
use halfopen::outcome::{Fate, LimitReached, LossReason, Outcome, StepResult, Verdict};
use halfopen::plan::{Action, Expect, ExpectResult, Fault, Plan, RecvUntil, RejectWith, Rejected};
use halfopen::report::{Detail, Report};
use halfopen_tcp::profile::settings::SettingValue;
use halfopen_tcp::wire::{Flags, IcmpKind};
use halfopen_tcp::{Call, Cause};
use sample::{
    CLIENT, Change, SERVER, accept, at, connect, ended, failed, fault, icmp, listen, outcome, plan,
    program, recv, send, step, tcp, waiting,
};
use std::time::Duration;

fn check(name: &str, text: impl ToString) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots/report");
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text.to_string()));
}

/// The black hole on Windows XP: a fault, losses, an error with its text, and a server that waits.
fn timed_out() -> (Plan, Outcome) {
    let mut plan = plan("windows-xp", vec![connect()], vec![listen(), accept()]);
    plan.timeline = vec![fault(0, Fault::Partition(CLIENT, SERVER))];
    let error = failed(&plan, Cause::SynUnanswered, Call::Connect);
    let steps = vec![
        ended(SERVER, 0, (0, 0), StepResult::Done),
        waiting(SERVER, 1, 0),
        ended(CLIENT, 0, (0, 21_000), error),
    ];
    let mut outcome = outcome(&plan, 21_000, steps);
    outcome.packets = [(0, 0), (3_000, 1), (9_000, 2)]
        .map(|(ms, retry)| {
            tcp(ms, CLIENT, "S", 0..0, 0)
                .retry(retry)
                .lost(0, LossReason::Partition)
        })
        .into();
    (plan, outcome)
}

#[test]
fn timed_out_for_people() {
    let (plan, outcome) = timed_out();
    check("timed-out", Report::new(&plan, &outcome));
}

#[test]
fn timed_out_for_programs() {
    let (plan, outcome) = timed_out();
    let json = Report::new(&plan, &outcome).to_json(true);
    assert!(!json.contains('\n'));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    check(
        "timed-out-json",
        serde_json::to_string_pretty(&value).unwrap(),
    );
}

#[test]
fn json_has_packets_only_on_demand() {
    let (plan, outcome) = timed_out();
    let json = Report::new(&plan, &outcome).to_json(false);
    assert!(!json.contains("packets"), "{json}");
}

/// A transfer of 60 segments of which one is lost, and what follows when the peer is gone.
fn transfer() -> (Plan, Outcome) {
    let mut plan = plan(
        "linux",
        vec![connect(), send(87_600)],
        vec![listen(), accept(), recv(RecvUntil::Eof, "eof")],
    );
    plan.timeline = vec![fault(70_000, Fault::PowerOff(SERVER))];
    let steps = vec![
        ended(SERVER, 0, (0, 0), StepResult::Done),
        ended(CLIENT, 0, (0, 50), StepResult::Done),
        ended(SERVER, 1, (0, 75), StepResult::Done),
        ended(CLIENT, 1, (50, 300), StepResult::Bytes(87_600)),
        waiting(SERVER, 2, 75),
    ];
    let mut outcome = outcome(&plan, 200_000, steps);
    let mut packets = vec![
        tcp(0, CLIENT, "S", 0..0, 0),
        tcp(25, SERVER, "SA", 0..0, 1),
        tcp(50, CLIENT, "A", 1..1, 1),
    ];
    for i in 0..60 {
        let start = 1 + i * 1460;
        let data = tcp(50 + u64::from(i), CLIENT, "A", start..start + 1460, 1);
        packets.push(if i == 40 {
            data.lost(10, LossReason::Queue)
        } else {
            data
        });
        if i % 2 == 1 {
            let ack = if i < 40 { start + 1460 } else { 1 + 40 * 1460 };
            packets.push(tcp(75 + u64::from(i), SERVER, "A", 1..1, ack));
        }
    }
    packets.push(tcp(180, CLIENT, "A", 58_401..59_861, 1).retry(1));
    packets.push(tcp(205, SERVER, "A", 1..1, 87_601));
    for probe in 1..=9 {
        let sent = tcp(probe * 10_000, CLIENT, "A", 87_600..87_600, 1);
        if probe < 7 {
            packets.extend([sent, tcp(probe * 10_000 + 25, SERVER, "A", 1..1, 87_601)]);
        } else {
            packets.push(sent.lost(25, LossReason::PowerOff));
        }
    }
    packets.sort_by_key(|packet| packet.at);
    outcome.packets = packets;
    (plan, outcome)
}

#[test]
fn quiet_packets_are_summarised() {
    let (plan, outcome) = transfer();
    check("transfer", Report::new(&plan, &outcome));
}

#[test]
fn every_packet_is_there_on_demand() {
    let (plan, outcome) = transfer();
    let lines = Report::new(&plan, &outcome).lines(Detail::EveryPacket);
    let packets = lines.iter().filter(|line| line.text.contains(" > "));
    assert_eq!(packets.count(), outcome.packets.len());
}

#[test]
fn without_packets() {
    let (plan, outcome) = transfer();
    check(
        "transfer-steps",
        Report::new(&plan, &outcome).display(Detail::Steps),
    );
}

#[test]
fn fates_probes_and_windows() {
    let plan = plan("freebsd", vec![], vec![]);
    let mut outcome = outcome(&plan, 5_000, vec![]);
    let mut forged = tcp(600, SERVER, "R", 101..101, 0);
    forged.forged = true;
    outcome.packets = vec![
        tcp(0, CLIENT, "S", 0..0, 0),
        tcp(25, SERVER, "SA", 0..0, 1).fate(Fate::Duplicated(at(50), at(55))),
        tcp(50, CLIENT, "A", 1..1, 1),
        tcp(50, CLIENT, "PA", 1..101, 1),
        tcp(75, SERVER, "A", 1..1, 101).window(0),
        tcp(300, CLIENT, "A", 101..102, 1),
        tcp(325, SERVER, "A", 1..1, 101).window(0),
        tcp(700, CLIENT, "A", 101..102, 1)
            .retry(1)
            .lost(0, LossReason::Corrupt),
        tcp(1_500, CLIENT, "A", 101..102, 1).retry(2),
        tcp(1_525, SERVER, "A", 1..1, 102).window(4_096),
        tcp(1_600, SERVER, "FPA", 1..11, 102).lost(5, LossReason::Partition),
        tcp(1_800, SERVER, "FPA", 1..11, 102)
            .retry(1)
            .fate(Fate::Held),
        forged,
        icmp(1_900, SERVER, IcmpKind::HostUnreachable),
        tcp(4_990, CLIENT, "RA", 102..102, 1).fate(Fate::InFlight),
    ];
    outcome.packets.sort_by_key(|packet| packet.at);
    check("fates", Report::new(&plan, &outcome));
}

#[test]
fn connections_programs_and_lives_are_told_apart() {
    let mut plan = plan("macos", vec![connect()], vec![listen(), accept()]);
    let mut second = recv(RecvUntil::Some, "some");
    second.on = Some(1);
    second.note = Some("The second connection, not the first.".to_owned());
    let mut opens = connect();
    opens.opens = Some(1);
    plan.hosts[CLIENT]
        .programs
        .push(program("other", vec![opens, second]));
    let other = |mut outcome: halfopen::outcome::StepOutcome| {
        outcome.program = 1;
        outcome
    };
    let mut rebooted = ended(SERVER, 0, (500, 500), StepResult::Done);
    rebooted.run = 1;
    let steps = vec![
        ended(CLIENT, 0, (0, 50), StepResult::Done),
        other(ended(CLIENT, 0, (0, 50), StepResult::Done)),
        rebooted,
        other(ended(CLIENT, 1, (50, 1_050), StepResult::Eof(12))),
    ];
    let mut outcome = outcome(&plan, 2_000, steps);
    outcome.packets = vec![
        tcp(0, CLIENT, "S", 0..0, 0),
        tcp(0, CLIENT, "S", 0..0, 0).client_port(49_153),
        tcp(25, SERVER, "SA", 0..0, 1),
        tcp(25, SERVER, "SA", 0..0, 1).client_port(49_153),
        // The first connection's ports, used again.
        tcp(1_500, CLIENT, "S", 0..0, 0),
    ];
    check("several", Report::new(&plan, &outcome));
}

fn check_faults(name: &str, faults: impl IntoIterator<Item = Fault>) {
    let mut plan = plan("linux", vec![], vec![]);
    plan.timeline = faults.into_iter().map(|what| fault(1_000, what)).collect();
    let outcome = outcome(&plan, 1_000, vec![]);
    check(name, Report::new(&plan, &outcome));
}

#[test]
fn faults_in_the_words_of_the_file() {
    let (from, to) = (CLIENT, SERVER);
    let drop = |flags, count, skip| Fault::Drop {
        from,
        to,
        flags,
        count,
        skip,
    };
    let reject = |port, segments, with| Fault::Reject {
        host: to,
        port,
        segments,
        with,
    };
    check_faults(
        "faults",
        [
            Fault::Partition(from, to),
            Fault::Heal(from, to),
            Fault::Block { from, to },
            Fault::Hold(from, to),
            Fault::Release(from, to),
            drop(None, 1, 0),
            drop(Some(Flags::SYN | Flags::ACK), 2, 3),
            Fault::Reset { from, to },
            reject(Some(80), Rejected::Syns, RejectWith::Reset),
            reject(
                None,
                Rejected::Syns,
                RejectWith::Icmp(IcmpKind::AdminProhibited),
            ),
            reject(None, Rejected::All, RejectWith::Drop),
            reject(None, Rejected::All, RejectWith::Accept),
            Fault::Unroute { from, to },
            Fault::Route { from, to },
            Fault::Kill(to),
            Fault::PowerOff(to),
            Fault::Boot(to),
            Fault::Pause(to),
            Fault::Resume(to),
        ],
    );
}

#[test]
fn a_change_of_a_link_shows_what_it_changes() {
    let link = |figures| Fault::Link {
        hosts: (CLIENT, SERVER),
        figures,
    };
    let slow = LinkFigures {
        latency: Duration::from_millis(300),
        ..LinkFigures::DEFAULT
    };
    let narrow = LinkFigures {
        loss: 0.01,
        bandwidth: Some(1_000_000),
        ..slow
    };
    check_faults(
        "link-changes",
        [link(slow), link(narrow), link(narrow), link(slow)],
    );
}

#[test]
fn results_that_are_not_plain() {
    let steps = vec![
        step(Action::Sleep(Duration::from_secs(2)), "2s"),
        send(1_000),
        recv(RecvUntil::Bytes(100), "100 bytes"),
        recv(RecvUntil::Eof, "eof"),
        step(Action::Close, ""),
    ];
    let plan = plan("linux", steps, vec![]);
    let failed = |cause, error, bytes| StepResult::Failed {
        cause,
        error,
        bytes,
    };
    let profile = &plan.hosts[CLIENT].profile;
    let reset = profile.error(
        Cause::ResetByPeer,
        Call::Recv,
        halfopen_tcp::profile::errors::Occurrence::First,
    );
    let steps = vec![
        ended(CLIENT, 0, (0, 2_000), StepResult::Done),
        ended(CLIENT, 1, (2_000, 2_000), failed(None, Some(reset), 400)),
        ended(
            CLIENT,
            2,
            (2_000, 2_000),
            failed(Some(Cause::Killed), None, 0),
        ),
        ended(CLIENT, 3, (2_000, 2_001), StepResult::Eof(0)),
        ended(CLIENT, 4, (2_001, 2_001), StepResult::Bytes(1)),
    ];
    let outcome = outcome(&plan, 2_001, steps);
    check("results", Report::new(&plan, &outcome));
}

#[test]
fn a_failure_says_what_and_how_to_repeat_it() {
    let (mut plan, mut outcome) = timed_out();
    plan.hosts[CLIENT].programs[0].steps[0].expect = Some(Expect {
        result: Some(ExpectResult::Cause(Cause::RefusedByPeer)),
        time: None,
    });
    outcome.verdict = Verdict::Failed;
    outcome.seed = 7;
    outcome.steps[2].mismatch =
        Some("expected cause refused-by-peer, got cause syn-unanswered".to_owned());
    outcome.packets.clear();
    check("failed", Report::new(&plan, &outcome));
    let json = Report::new(&plan, &outcome).to_json(false);
    assert!(
        json.contains(r#""verdict":"failed""#) && json.contains(r#""expected":false"#),
        "{json}"
    );
}

#[test]
fn an_expectation_whose_step_never_began_does_not_hold() {
    let (mut plan, mut outcome) = timed_out();
    let mut after = send(5);
    after.expect = Some(Expect {
        result: Some(ExpectResult::Ok),
        time: None,
    });
    plan.hosts[SERVER].programs[0].steps.push(after);
    outcome.verdict = Verdict::Failed;
    outcome.packets.clear();
    check("never-began", Report::new(&plan, &outcome));
}

#[test]
fn what_is_not_as_by_default_stands_at_the_top() {
    let mut plan = plan("windows-11", vec![], vec![]);
    plan.hosts[SERVER].settings = vec![
        (
            "net.ipv4.tcp_synack_retries".to_owned(),
            SettingValue::Integer(2),
        ),
        (
            "net.ipv4.ip_local_port_range".to_owned(),
            SettingValue::Text("50000 50001".to_owned()),
        ),
    ];
    plan.link.latency = Duration::from_millis(10);
    let lossy = LinkFigures {
        loss: 0.01,
        ..plan.link
    };
    plan.between = vec![((CLIENT, SERVER), lossy)];
    let outcome = outcome(&plan, 0, vec![]);
    check("settings", Report::new(&plan, &outcome));
}

#[test]
fn an_unfinished_run_says_who_waits_for_what() {
    let (plan, mut outcome) = timed_out();
    outcome.verdict = Verdict::Unfinished(LimitReached::Time);
    outcome.steps[2].end = None;
    outcome.end = at(10_800_000);
    check("unfinished", Report::new(&plan, &outcome));
}
