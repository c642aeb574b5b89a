//! Figures that were measured on Linux 6.18 with 250 jiffies a second, by hand and before this judge was there, against what
//! the simulation says can happen on such a kernel.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use halfopen::scenario::parse;
use halfopen::tcp::Instant;
use halfopen_kernel::verify::{ALLOWANCE, courses};
use std::time::Duration;

/// A scenario, the client's settings without `net.ipv4.`, options of its socket, and the seconds to the error of its last step
/// from [`begins_ms`].
const FIGURES: &[(&str, &str, &str, &[f64])] = &[
    (CONNECT, "tcp_syn_retries = 1", "", &[3.053, 3.072, 3.072]),
    (
        CONNECT,
        "tcp_syn_retries = 1, tcp_syn_linear_timeouts = 0",
        "",
        &[3.026, 3.040],
    ),
    (CONNECT, "tcp_syn_retries = 2", "", &[7.128, 7.136, 7.136]),
    (
        CONNECT,
        "tcp_syn_retries = 2, tcp_syn_linear_timeouts = 0",
        "",
        &[7.291, 7.168, 7.168],
    ),
    (
        CONNECT,
        "tcp_syn_retries = 3",
        "",
        &[19.586, 19.452, 19.456],
    ),
    (
        CONNECT,
        "tcp_syn_retries = 3, tcp_syn_linear_timeouts = 0",
        "",
        &[15.488, 15.360],
    ),
    (CONNECT, "tcp_syn_retries = 4", "", &[35.716]),
    (
        CONNECT,
        "tcp_syn_retries = 4, tcp_syn_linear_timeouts = 0",
        "",
        &[31.606],
    ),
    (CONNECT, "tcp_syn_retries = 5", "", &[69.756]),
    (
        CONNECT,
        "tcp_syn_retries = 5, tcp_syn_linear_timeouts = 0",
        "",
        &[65.415],
    ),
    (CONNECT, "tcp_syn_retries = 6", "", &[134.790]),
    (
        CONNECT,
        "tcp_syn_retries = 6, tcp_syn_linear_timeouts = 0",
        "",
        &[130.447],
    ),
    (DATA, "tcp_retries2 = 3", "", &[3.464, 3.465]),
    (DATA, "tcp_retries2 = 5", "", &[13.948, 14.025]),
    (DATA, "tcp_retries2 = 8", "", &[110.740]),
    (DATA, "tcp_retries2 = 15", "", &[946.071, 946.534]),
    (DATA, "", "TCP_USER_TIMEOUT = '100ms'", &[0.535]),
    (DATA, "", "TCP_USER_TIMEOUT = '1s'", &[1.453]),
    (DATA, "", "TCP_USER_TIMEOUT = '5s'", &[5.446, 5.452]),
    (
        DATA,
        "tcp_retries2 = 3",
        "TCP_USER_TIMEOUT = '20s'",
        &[20.663],
    ),
    (KEEPALIVE, "", "", &[5.074, 5.098]),
    (ZERO_WINDOW, "tcp_retries2 = 3", "", &[3.260]),
    (ZERO_WINDOW, "tcp_retries2 = 5", "", &[13.67]),
];

#[test]
fn measured_figures_come_out() {
    for (scenario, settings, options, measured) in FIGURES {
        let (shortest, longest) = time_to_the_error(scenario, settings, options);
        for seconds in *measured {
            let time = Duration::from_secs_f64(*seconds);
            assert!(
                time + ALLOWANCE >= shortest && time <= longest + ALLOWANCE,
                "{settings} {options}: {time:?} is not in {shortest:?} .. {longest:?}"
            );
        }
    }
}

const CONNECT: &str = "
title = 'Nobody answers'
timeline = [ { at = '0s', partition = ['client', 'server'] } ]
[host.server]
os = 'linux'
steps = [ { listen = 80 } ]
[host.client]
os = 'linux'
SETTINGS
steps = [ { connect = 'server:80' } ]
";

/// A round trip of 10 ms, known from one exchange: a timeout of 212 ms.
const DATA: &str = "
title = 'Data goes nowhere'
timeline = [ { at = '1s', partition = ['client', 'server'] } ]
[link]
latency = '5ms'
[host.server]
os = 'linux'
steps = [ { listen = 80 }, { accept = 80 } ]
[host.client]
os = 'linux'
SETTINGS
steps = [
  { connect = 'server:80' },
  OPTIONS
  { sleep = '2s' },
  { send = 'x' },
  { recv = 'some' },
]
";

const KEEPALIVE: &str = "
title = 'A silent connection is probed'
timeline = [ { at = '100ms', partition = ['client', 'server'] } ]
[link]
latency = '5ms'
[host.server]
os = 'linux'
steps = [ { listen = 80 }, { accept = 80 } ]
[host.client]
os = 'linux'
SETTINGS
steps = [
  { connect = 'server:80' },
  { set = { SO_KEEPALIVE = true, TCP_KEEPIDLE = '2s', TCP_KEEPINTVL = '1s', TCP_KEEPCNT = 3 } },
  { recv = 'some' },
]
";

/// The peer takes sixteen segments, each acknowledged without delay, closes its window and vanishes; then there is more to send.
const ZERO_WINDOW: &str = "
title = 'The window stays closed'
timeline = [ { at = '500ms', partition = ['client', 'server'] } ]
[link]
latency = '5ms'
[host.server]
os = 'linux'
steps = [ { set = { SO_RCVBUF = 23168 } }, { listen = 80 }, { accept = 80 } ]
[host.client]
os = 'linux'
SETTINGS
steps = [
  { connect = 'server:80' },
  { send = { bytes = 23168, all = true } },
  { sleep = '1s' },
  { send = 'x' },
  { recv = 'some' },
]
";

/// When the time of a scenario's figures begins: with the call, with the send, or with the last segment that arrived.
fn begins_ms(scenario: &str) -> u64 {
    match scenario {
        CONNECT => 0,
        DATA => 2010,
        ZERO_WINDOW => 1010,
        _ => 10,
    }
}

/// The window of the error, over all courses that the case can take.
fn time_to_the_error(scenario: &str, settings: &str, options: &str) -> (Duration, Duration) {
    let settings: String = settings
        .split(", ")
        .filter(|setting| !setting.is_empty())
        .map(|setting| {
            let (name, value) = setting.split_once(" = ").unwrap();
            format!("'net.ipv4.{name}' = {value}, ")
        })
        .collect();
    let options = match options {
        "" => String::new(),
        options => format!("{{ set = {{ {options} }} }},"),
    };
    let text = scenario
        .replace(
            "SETTINGS",
            &format!("settings = {{ {} }}", settings.trim_end_matches(", ")),
        )
        .replace("OPTIONS", &options);
    let scenario_file = parse("figure", &text).unwrap();
    let plan = scenario_file.cases().next().unwrap();
    let begin = Instant::ZERO + Duration::from_millis(begins_ms(scenario));
    let windows = courses(&plan, 0, 250).into_iter().map(|course| {
        let error = course.events("client main").last().unwrap();
        assert!(error.what.ends_with(": ETIMEDOUT"), "{}", error.what);
        error.window
    });
    let (from, to) = windows
        .reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
        .unwrap();
    (from.since(begin), to.since(begin))
}
