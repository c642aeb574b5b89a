//! The judge of the simulation, judged: runs that agree, and runs with a known fault. No kernel is needed, a simulated run
//! stands for it.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use halfopen::engine::{Options, event};
use halfopen::plan::Plan;
use halfopen::scenario;
use halfopen::tcp::profile::settings::SettingValue;
use halfopen::tcp::profile::{ErrorRule, Profile, errors};
use halfopen::tcp::{Cause, Instant, LateTicks, TimerPhase};
use halfopen_kernel::Facts;
use halfopen_kernel::verify::{
    Difference, Event, Observation, Run, Verdict, Verified, compare, courses, read_records,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const HZ: u32 = 250;

/// A connection that breaks after a second, and what the client's read says then.
const BROKEN: &str = r#"
title = "A connection breaks"
timeline = [ { at = "1s", partition = ["client", "server"] } ]

[link]
latency = "5ms"

[host.server]
os = "linux"
steps = [ { listen = 80 }, { accept = 80 }, { recv = "some" } ]

[host.client]
os = "linux"
settings = { "net.ipv4.tcp_retries2" = 3 }
steps = [
  { connect = "server:80" },
  { sleep = "1500ms" },
  { send = "hello" },
  { recv = "some" },
]
"#;

/// That scenario with another profile for the client.
fn broken(change: impl FnOnce(&mut Profile)) -> Plan {
    let scenario = scenario::parse("broken", BROKEN).unwrap();
    let mut plan = scenario.cases().next().unwrap();
    // Hosts are in order of their names.
    change(Arc::make_mut(&mut plan.hosts[0].profile));
    plan
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn set(profile: &mut Profile, name: &str, value: i64) {
    profile.set(name, &SettingValue::Integer(value)).unwrap();
}

/// What a kernel would show whose wheel stands there, if the simulation is right.
fn observed(plan: &Plan, phase: TimerPhase) -> Observation {
    let mut plan = plan.clone();
    for host in &mut plan.hosts {
        set(Arc::make_mut(&mut host.profile), "CONFIG_HZ", HZ.into());
    }
    let outcome = event::run_at_phase(&plan, 0, phase, &Options { packets: true });
    Observation::of(&plan, &outcome)
}

fn phase(age_ms: u64, late: LateTicks) -> TimerPhase {
    TimerPhase {
        age: ms(age_ms),
        late,
    }
}

/// Watched for long after its end.
fn judge(plan: &Plan, seen: &Observation) -> Vec<Difference> {
    compare(&courses(plan, 0, HZ), seen, Instant::ZERO + ms(60_000))
}

/// Lanes and what the two sides have there.
fn places(differences: &[Difference]) -> Vec<(&str, &str, &str)> {
    differences
        .iter()
        .map(|difference| {
            let simulated = difference.simulated.as_ref();
            let kernel = difference.kernel.as_ref();
            (
                difference.lane.as_str(),
                simulated.map_or("-", |event| event.what.as_str()),
                kernel.map_or("-", |event| event.what.as_str()),
            )
        })
        .collect()
}

#[test]
fn a_kernel_may_have_its_wheel_anywhere() {
    let plan = broken(|_| ());
    for age in [0, 3, 31, 77, 1234] {
        for late in [LateTicks::Never, LateTicks::Always, LateTicks::Some(age)] {
            let seen = observed(&plan, phase(age, late));
            assert_eq!(judge(&plan, &seen), [], "{age} {late:?}");
        }
    }
}

/// Scheduling may cost ten milliseconds an event, and a later event counts from the one before.
#[test]
fn ten_milliseconds_are_allowed_and_do_not_add_up() {
    let plan = broken(|_| ());
    let shifted = |by_ms: u64| {
        let mut seen = observed(&plan, phase(0, LateTicks::Never));
        let shift = |event: &mut Event| event.at += ms(by_ms);
        seen.lanes.get_mut("client main").unwrap()[3..]
            .iter_mut()
            .for_each(shift);
        let packets = seen.lanes.get_mut("client > server").unwrap();
        packets[2..].iter_mut().for_each(shift);
        judge(&plan, &seen)
    };
    assert_eq!(shifted(9), []);
    // Only the end of the sleep is late for what came before it.
    assert_eq!(
        places(&shifted(11)),
        [("client main", "1 sleep: ok", "1 sleep: ok")]
    );
}

#[test]
fn a_retransmission_too_many_is_seen() {
    let wrong = broken(|profile| set(profile, "net.ipv4.tcp_retries2", 4));
    let seen = observed(&broken(|_| ()), phase(0, LateTicks::Never));
    let differences = judge(&wrong, &seen);
    assert_eq!(
        places(&differences),
        [
            ("client > server", "PA 1..6 retry 5", "-"),
            ("client main", "3 recv: ETIMEDOUT", "3 recv: ETIMEDOUT"),
        ]
    );
}

#[test]
fn a_wrong_errno_is_seen() {
    let wrong = broken(|profile| {
        let unreachable = errors::by_name(profile.os, "EHOSTUNREACH").unwrap();
        let rule = ErrorRule {
            causes: &[Cause::RetransmissionsExhausted],
            calls: &[],
            when: None,
            error: unreachable,
        };
        let mut rules = profile.errors.to_vec();
        rules.insert(0, rule);
        profile.errors = Cow::Owned(rules);
    });
    let seen = observed(&broken(|_| ()), phase(0, LateTicks::Never));
    assert_eq!(
        places(&judge(&wrong, &seen)),
        [("client main", "3 recv: EHOSTUNREACH", "3 recv: ETIMEDOUT")]
    );
}

#[test]
fn a_wrong_minimum_timeout_is_seen() {
    let wrong = broken(|profile| profile.rto.min = ms(300));
    let seen = observed(&broken(|_| ()), phase(0, LateTicks::Never));
    let differences = judge(&wrong, &seen);
    let first = &differences[0];
    assert_eq!(
        (
            first.lane.as_str(),
            first.kernel.as_ref().unwrap().what.as_str()
        ),
        ("client > server", "PA 1..6 retry 1")
    );
}

/// A kernel that goes on after the simulation has given up, or does something else, is found out; what happens in the last
/// moment of a run is not held against it.
#[test]
fn more_packets_are_seen_but_not_at_the_very_end() {
    let plan = broken(|_| ());
    let mut seen = observed(&plan, phase(0, LateTicks::Never));
    let at = Instant::ZERO + ms(9_000);
    let packets = seen.lanes.get_mut("client > server").unwrap();
    packets.push(Event {
        what: "PA 1..6 retry 5".into(),
        at,
        arrived: None,
    });
    let courses = courses(&plan, 0, HZ);
    let differences = compare(&courses, &seen, at + ms(1000));
    assert_eq!(
        places(&differences),
        [("client > server", "-", "PA 1..6 retry 5")]
    );
    assert_eq!(compare(&courses, &seen, at + ms(5)), []);
}

fn verified(verdict: Verdict) -> Verified {
    let plan = broken(|_| ());
    Verified {
        scenario: "data/broken".into(),
        case: BTreeMap::from([("client".into(), "linux".into())]),
        seed: 0,
        kernel: Facts {
            release: "6.18.44".into(),
            hz: HZ,
        },
        verdict,
        run: Some(Run {
            end: Instant::ZERO + ms(7_000),
            seen: observed(&plan, phase(0, LateTicks::Never)),
        }),
    }
}

#[test]
fn a_verdict_survives_its_file() {
    let wrong = broken(|profile| set(profile, "net.ipv4.tcp_retries2", 4));
    let seen = observed(&broken(|_| ()), phase(0, LateTicks::Never));
    let skipped = Verified {
        run: None,
        ..verified(Verdict::Skipped("it needs 131 s".into()))
    };
    let all = [
        verified(Verdict::Agrees),
        verified(Verdict::Differs(judge(&wrong, &seen))),
        skipped,
    ];
    let text: String = all
        .iter()
        .map(|verified| verified.to_json() + "\n")
        .collect();
    assert_eq!(read_records(&text).unwrap(), all);

    let broken = text.replace("\"verdict\":\"skipped\"", "\"verdict\":\"perhaps\"");
    let error = read_records(&broken).unwrap_err();
    assert_eq!(error.line, 3);
    assert!(error.to_string().contains("perhaps"), "{error}");
}

#[test]
fn a_difference_is_shown_side_by_side() {
    let wrong = broken(|profile| set(profile, "net.ipv4.tcp_retries2", 4));
    let seen = observed(&broken(|_| ()), phase(0, LateTicks::Never));
    let text = verified(Verdict::Differs(judge(&wrong, &seen))).to_string();
    let expected = "\
DIFFERS  data/broken  client=linux
         where            simulation                                 kernel
         client > server  PA 1..6 retry 5    4.958 999 .. 5.001 999  -
         client main      3 recv: ETIMEDOUT  8.382 999 .. 8.649 999  3 recv: ETIMEDOUT  4.960 000";
    assert_eq!(text, expected);
    assert_eq!(
        verified(Verdict::Agrees).to_string(),
        "agrees   data/broken  client=linux"
    );
    assert_eq!(
        verified(Verdict::Skipped("it needs 131 s".into())).to_string(),
        "skipped  data/broken  client=linux: it needs 131 s"
    );
}
