//! From texts to plans.

use super::*;
use crate::link::LinkFigures;
use crate::plan::{
    Action, Expect, ExpectResult, ExpectTime, Fault, Limits, Payload, RejectWith, Rejected, Since,
    Step,
};
use halfopen_tcp::profile::settings::SettingValue;
use halfopen_tcp::wire::{Flags, IcmpKind};
use halfopen_tcp::{Cause, Instant, SocketOption};
use proptest::prelude::*;
use serde_json::Value;
use std::time::Duration;

const EVERYTHING: &str = include_str!("testdata/everything.toml");

#[track_caller]
fn scenario(text: &str) -> Scenario {
    parse("some/name.toml", text).unwrap_or_else(|d| panic!("{}", render(&d, Style::Plain)))
}

fn case(number: usize) -> Plan {
    scenario(EVERYTHING).cases().nth(number).unwrap()
}

fn steps(plan: &Plan, host: usize, program: usize) -> &[Step] {
    &plan.hosts[host].programs[program].steps
}

#[test]
fn the_last_host_of_the_matrix_changes_fastest() {
    let scenario = scenario(EVERYTHING);
    assert_eq!(scenario.name(), "some/name");
    assert_eq!(scenario.title(), "Everything at once");
    assert_eq!(scenario.why(), "Nothing to learn here.");
    let cases: Vec<String> = scenario
        .cases()
        .map(|plan| {
            let parts: Vec<String> = plan
                .case
                .iter()
                .map(|(h, os)| format!("{h}={os}"))
                .collect();
            parts.join(" ")
        })
        .collect();
    let expected = [
        "third=windows-xp client=windows-xp",
        "third=windows-xp client=linux",
        "third=windows-xp client=linux-6.4",
        "third=windows-11 client=windows-xp",
        "third=windows-11 client=linux",
        "third=windows-11 client=linux-6.4",
    ];
    assert_eq!(cases, expected);
    assert_eq!(scenario.case_count(), 6);
    let profiles = |plan: &Plan| {
        plan.hosts
            .iter()
            .map(|h| h.profile.name.to_string())
            .collect()
    };
    let last: Vec<String> = profiles(&scenario.cases().last().unwrap());
    assert_eq!(last, ["linux-6.4", "linux", "windows-11"]);
}

#[test]
fn hosts_and_programs_are_sorted_and_main_is_first() {
    let plan = case(0);
    let hosts: Vec<&str> = plan.hosts.iter().map(|host| host.name.as_str()).collect();
    assert_eq!(hosts, ["client", "server", "third"]);
    let programs = plan.hosts[0].programs.iter();
    let programs: Vec<(&str, Instant)> = programs.map(|p| (p.name.as_str(), p.start)).collect();
    let at = |millis| Instant::ZERO + Duration::from_millis(millis);
    assert_eq!(
        programs,
        [("main", at(0)), ("another", at(0)), ("second", at(100))]
    );
    let main = &plan.hosts[1].programs[0];
    assert_eq!((main.start, main.on_boot), (at(1), true));
    assert_eq!(main.names, ["listener", "connection"]);
    assert!(plan.hosts[2].programs.is_empty());
    assert_eq!(plan.until, Some(at(3_600_000)));
    let limits = Limits {
        time: Duration::from_secs(7200),
        events: 5000,
    };
    assert_eq!(plan.limits, limits);
}

#[test]
fn settings_are_those_of_the_system() {
    let (xp, linux) = (case(0), case(1));
    let named = |name: &str, value| (name.to_owned(), SettingValue::Integer(value));
    assert_eq!(
        xp.hosts[0].settings,
        [named("TcpMaxDataRetransmissions", 3)]
    );
    assert_eq!(linux.hosts[0].settings, [named("CONFIG_HZ", 250)]);
    let of_server = [
        named("net.ipv4.tcp_synack_retries", 2),
        named("net.ipv4.tcp_retries2", 8),
    ];
    assert_eq!(linux.hosts[1].settings, of_server);
    assert_eq!(linux.hosts[1].profile.accept.synack_retries, 2);
}

#[test]
fn links_take_what_they_leave_out_from_the_ones_above() {
    let plan = case(0);
    let link = LinkFigures {
        latency: Duration::from_micros(20),
        mtu: 1400,
        ..LinkFigures::DEFAULT
    };
    assert_eq!(plan.link, link);
    let between = LinkFigures {
        latency: Duration::from_micros(20),
        jitter: Duration::from_millis(2),
        loss: 0.01,
        duplicate: 1.0,
        reorder: 0.5,
        corrupt: 0.0,
        bandwidth: Some(10_000_000),
        queue: Some(65_536),
        mtu: 1500,
    };
    assert_eq!(plan.between, [((0, 1), between)]);
    let faults: Vec<LinkFigures> = plan
        .timeline
        .iter()
        .filter_map(|timed| match timed.fault {
            Fault::Link { figures, .. } => Some(figures),
            _ => None,
        })
        .collect();
    let first = LinkFigures {
        latency: Duration::from_millis(300),
        bandwidth: None,
        queue: None,
        ..between
    };
    let second = LinkFigures {
        jitter: Duration::from_millis(1),
        ..first
    };
    assert_eq!(faults, [first, second]);
}

#[test]
fn the_timeline_is_in_order_of_time_then_of_the_file() {
    let plan = case(0);
    let of_second = |second: u64| {
        let at = Instant::ZERO + Duration::from_secs(second);
        let faults = plan.timeline.iter().filter(move |timed| timed.at == at);
        faults.map(|timed| timed.fault.clone()).collect::<Vec<_>>()
    };
    assert!(plan.timeline.is_sorted_by_key(|timed| timed.at));
    assert_eq!(of_second(1), [Fault::Partition(1, 0), Fault::Heal(0, 1)]);
    assert_eq!(
        of_second(2),
        [Fault::Block { from: 0, to: 1 }, Fault::Hold(0, 1)]
    );
    let drops = [
        Fault::Drop {
            from: 0,
            to: 1,
            flags: None,
            count: 1,
            skip: 0,
        },
        Fault::Drop {
            from: 1,
            to: 0,
            flags: Some(Flags::SYN | Flags::ACK),
            count: 2,
            skip: 1,
        },
    ];
    assert_eq!(of_second(5)[1..], drops);
    let reject = |port, segments, with| Fault::Reject {
        host: 1,
        port,
        segments,
        with,
    };
    let prohibited = RejectWith::Icmp(IcmpKind::AdminProhibited);
    let rules = [
        reject(Some(80), Rejected::Syns, prohibited),
        reject(None, Rejected::Syns, RejectWith::Accept),
        reject(None, Rejected::All, RejectWith::Drop),
    ];
    assert_eq!(of_second(6)[1..], rules);
    let machines = [
        Fault::Kill(1),
        Fault::PowerOff(2),
        Fault::Boot(2),
        Fault::Pause(1),
    ];
    assert_eq!(of_second(8), machines);
    assert_eq!(plan.timeline.len(), 20);
}

#[test]
fn steps_say_what_they_do() {
    let plan = case(0);
    let shown: Vec<(&str, &str)> = [(1, 0), (0, 0), (0, 1)]
        .into_iter()
        .flat_map(|(host, program)| steps(&plan, host, program))
        .map(|step| (step.action.name(), step.detail.as_str()))
        .collect();
    let expected = [
        ("listen", "80 backlog 1"),
        ("accept", "80"),
        ("accept", "listener"),
        ("recv", "some"),
        ("recv", "100 bytes"),
        ("recv", "eof"),
        ("shutdown", "write"),
        ("close", ""),
        (
            "set",
            "SO_LINGER = false, TCP_NODELAY = true, SO_KEEPALIVE = true",
        ),
        ("bind", "client:5000"),
        ("connect", "server:80"),
        ("send", "\"hello \\\"world\\\"\\n\""),
        ("send", "1 byte, all"),
        ("get", "SO_ERROR"),
        ("sleep", "1m 30s"),
        ("connect", "server:81"),
        ("bind", "0"),
    ];
    assert_eq!(shown, expected);

    let client = steps(&plan, 0, 0);
    let options = vec![
        SocketOption::Linger(None),
        SocketOption::NoDelay(true),
        SocketOption::KeepAlive(true),
    ];
    assert_eq!(client[0].action, Action::Set(options));
    let text = Payload::Text("hello \"world\"\n".into());
    let send = Action::Send {
        data: text,
        all: false,
    };
    assert_eq!(client[3].action, send);
    let names = |step: &Step| (step.opens, step.on);
    let server = steps(&plan, 1, 0);
    assert_eq!(names(&server[0]), (Some(0), None));
    assert_eq!(names(&server[2]), (Some(1), None));
    assert_eq!(names(&server[3]), (None, Some(1)));
    assert_eq!(names(&client[1]), (Some(0), None));
    assert_eq!(names(&client[2]), (None, Some(0)));
    assert_eq!(server[3].note.as_deref(), Some("whatever comes"));
}

#[test]
fn expectations_are_those_of_the_system_of_the_steps_host() {
    let expects = |number: usize, step: usize| steps(&case(number), 0, 0)[step].expect.clone();
    let connect = |from, to| {
        let (from, to) = (Duration::from_secs(from), Duration::from_secs(to));
        let since = Since::Step;
        Some(Expect {
            result: Some(ExpectResult::Cause(Cause::SynUnanswered)),
            time: Some(ExpectTime { since, from, to }),
        })
    };
    assert_eq!(expects(0, 2), connect(21, 21));
    assert_eq!(expects(1, 2), connect(131, 132));
    assert_eq!(expects(2, 2), connect(127, 127));
    let error = |name: &str| {
        let result = Some(ExpectResult::Error(name.to_owned()));
        Some(Expect { result, time: None })
    };
    assert_eq!(expects(0, 3), error("WSAECONNRESET"));
    assert_eq!(expects(1, 3), None);
    assert_eq!(expects(2, 3), error("EPIPE"));
}

#[test]
fn a_small_file_has_defaults() {
    let text = "title = \"x\"\nhost.a = { os = \"linux\" }";
    let mut cases = scenario(text).cases().collect::<Vec<_>>();
    let plan = cases.pop().unwrap();
    assert!(cases.is_empty() && plan.case.is_empty() && plan.timeline.is_empty());
    assert_eq!(
        (plan.link, plan.limits),
        (LinkFigures::DEFAULT, Limits::DEFAULT)
    );
    assert_eq!((plan.until, plan.why.as_str()), (None, ""));
}

#[test]
fn the_order_of_hosts_and_programs_in_the_file_does_not_matter() {
    let (head, tail) = EVERYTHING.split_once("[host.server]").unwrap();
    let (server, rest) = tail.split_once("[host.client]\n").unwrap();
    let (client, limits) = rest.split_once("[host.third]").unwrap();
    let moved = format!("{head}[host.third]\n[host.client]\n{client}[host.server]{server}{limits}");
    let plans = |text: &str| format!("{:?}", scenario(text).cases().collect::<Vec<_>>());
    assert_eq!(plans(&moved), plans(EVERYTHING));
}

#[test]
fn ten_thousand_cases_are_not_too_many() {
    let systems = "[\"linux\", \"linux-6.4\", \"macos\", \"freebsd\", \"windows-xp\"]";
    let two = "[\"linux\", \"macos\"]";
    let lists = [systems, systems, systems, systems, two, two, two, two];
    let mut text = "title = \"x\"\n[matrix]\n".to_owned();
    for (number, list) in lists.iter().enumerate() {
        text.push_str(&format!("h{number} = {list}\n"));
    }
    for number in 0..lists.len() {
        text.push_str(&format!("[host.h{number}]\n"));
    }
    let scenario = scenario(&text);
    assert_eq!(scenario.case_count(), 10_000);
    assert_eq!(scenario.cases().nth(9_999).unwrap().case[7].1, "macos");
}

#[test]
fn the_schema_knows_every_key_of_a_complete_file() {
    let schema = schema();
    let document: toml::Table = EVERYTHING.parse().unwrap();
    let document = serde_json::to_value(document).unwrap();
    check_keys(&document, &schema, &schema, "");
    // The check finds what is not there.
    let unknown = serde_json::json!({ "link": { "latncy": "1ms" } });
    let found = std::panic::catch_unwind(|| check_keys(&unknown, &schema, &schema, ""));
    assert!(found.is_err());
}

/// Every key of the value is a property of the schema, or the schema says what other keys hold.
fn check_keys(value: &Value, schema: &Value, root: &Value, place: &str) {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(name.trim_start_matches('#')).expect(name);
        return check_keys(value, target, root, place);
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let tables = choices
            .iter()
            .filter(|s| s.get("$ref").is_some() || s.get("additionalProperties").is_some());
        if value.is_object() {
            tables.for_each(|table| check_keys(value, table, root, place));
        }
        return;
    }
    let open = serde_json::json!({ "type": "object", "additionalProperties": true });
    match value {
        // Parts of names with dots.
        Value::Object(_) if *schema == open => {}
        Value::Object(entries) => {
            for (key, inner) in entries {
                let place = format!("{place}.{key}");
                let known = schema.pointer(&format!("/properties/{}", key.replace('/', "~1")));
                let other = schema.get("additionalProperties").filter(|s| s.is_object());
                let inner_schema = known.or(other).unwrap_or_else(|| panic!("no key {place}"));
                check_keys(inner, inner_schema, root, &place);
            }
        }
        Value::Array(items) => {
            let schema = schema.get("items").expect(place);
            items
                .iter()
                .for_each(|item| check_keys(item, schema, root, place));
        }
        _ => {}
    }
}

/// Reads the text, and shows what is wrong with it.
fn exercise(text: &str) {
    match parse("fuzz", text) {
        Ok(scenario) => assert_eq!(scenario.cases().take(3).len(), scenario.case_count().min(3)),
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            let _ = (
                render(&diagnostics, Style::Plain),
                render(&diagnostics, Style::Coloured),
            );
        }
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        exercise(&text);
    }

    #[test]
    fn no_toml_panics(text in "([a-z.\"\\[\\]{}=,' \n0-9-]|title|host|steps|link|at|expect){0,60}") {
        exercise(&text);
    }

    /// A piece of a good file taken away, doubled, or put elsewhere.
    #[test]
    fn no_broken_scenario_panics(cuts: [prop::sample::Index; 3], doubled: bool) {
        let places: Vec<usize> = EVERYTHING.char_indices().map(|(place, _)| place).collect();
        let mut cuts = cuts.map(|cut| *cut.get(&places));
        cuts.sort_unstable();
        let [a, b, c] = cuts;
        let (head, piece) = (&EVERYTHING[..a], &EVERYTHING[a..b]);
        let (middle, tail) = (&EVERYTHING[b..c], &EVERYTHING[c..]);
        if doubled {
            exercise(&format!("{head}{piece}{middle}{piece}{tail}"));
        } else {
            exercise(&format!("{head}{middle}{piece}{tail}"));
            exercise(&format!("{head}{tail}"));
        }
    }

    /// Words of a good file in each other's places.
    #[test]
    fn no_mixed_up_scenario_panics(swaps in prop::collection::vec(any::<[prop::sample::Index; 2]>(), 1..6)) {
        let mut words: Vec<&str> = EVERYTHING.split_inclusive([' ', '\n']).collect();
        for [a, b] in swaps {
            let (a, b) = (a.index(words.len()), b.index(words.len()));
            words.swap(a, b);
        }
        exercise(&words.concat());
    }

    /// A word of a good file replaced by a value of another kind.
    #[test]
    fn no_wrong_value_panics(place: prop::sample::Index, value in "-?[0-9]{1,25}|\"[^\"\\\\]{0,9}\"|true|\\[\\]|\\{\\}|1e999|nan|1979-05-27") {
        let mut words: Vec<&str> = EVERYTHING.split(' ').collect();
        let place = place.index(words.len());
        words[place] = &value;
        exercise(&words.join(" "));
    }
}
