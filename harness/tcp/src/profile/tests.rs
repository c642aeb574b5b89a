//! What the figures of a profile add up to. The rules are written out once more here, as short as they can be, so that a
//! figure that is wrong shows without the protocol.

use super::*;

fn profile(name: &str) -> Profile {
    Profile::named(name).expect("a profile of that name")
}

fn seconds(times: &[f64]) -> Vec<Duration> {
    times
        .iter()
        .map(|s| Duration::from_millis((s * 1000.0).round() as u64))
        .collect()
}

/// When SYNs are sent into a black hole, and when the attempt fails.
fn syn_times(profile: &Profile) -> (Vec<Duration>, Duration) {
    let connect = &profile.connect;
    let mut sent = vec![Duration::ZERO];
    let mut wait = connect.rto_initial;
    loop {
        let retransmissions = sent.len() as u32 - 1;
        let slop = if retransmissions == 0 {
            Duration::ZERO
        } else {
            connect.slop
        };
        let next = sent[sent.len() - 1] + wait + slop;
        let (limit, spent) = match connect.limit {
            ConnectLimit::Retries { retries, deadline } => (
                deadline.unwrap_or(Duration::MAX),
                retransmissions >= retries,
            ),
            ConnectLimit::RetriesOrModelTime { retries } => {
                let model = connect.rto_initial * (2_u32.pow(retries + 1) - 1);
                let reached = next >= model;
                (
                    next,
                    reached || retransmissions >= retries + connect.linear_timeouts,
                )
            }
            ConnectLimit::Deadline(limit) => (limit, next > limit),
        };
        if spent
            || next >= limit && !matches!(connect.limit, ConnectLimit::RetriesOrModelTime { .. })
        {
            return (sent, next.min(limit));
        }
        sent.push(next);
        if retransmissions >= connect.linear_timeouts {
            wait = (wait * 2).min(connect.rto_max);
        }
    }
}

#[test]
fn connecting_into_a_black_hole() {
    let cases: &[(&str, &[f64], u64)] = &[
        ("windows-article", &[0.0, 3.0, 9.0], 21),
        ("windows-xp", &[0.0, 3.0, 9.0], 21),
        ("windows-7", &[0.0, 3.0, 9.0], 21),
        ("windows-10", &[0.0, 3.0, 9.0], 21),
        ("windows-11", &[0.0, 1.0, 3.0, 7.0, 15.0], 21),
        (
            "linux",
            &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 11.0, 19.0, 35.0, 67.0],
            131,
        ),
        ("linux-6.4", &[0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0], 127),
        (
            "macos",
            &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 11.0, 19.0, 35.0, 67.0],
            75,
        ),
        ("freebsd", &[0.0, 1.0, 3.2, 7.4, 15.6, 31.8, 64.0], 75),
    ];
    assert_eq!(cases.len(), Profile::ALL.len());
    for (name, sent, fails) in cases {
        let expected = (seconds(sent), Duration::from_secs(*fails));
        assert_eq!(syn_times(&profile(name)), expected, "{name}");
    }
}

#[test]
fn connecting_into_a_black_hole_with_fewer_syns() {
    let retries = |count| {
        let mut changed = profile("linux");
        let value = settings::SettingValue::Integer(count);
        assert_eq!(changed.set("net.ipv4.tcp_syn_retries", &value), Ok(()));
        syn_times(&changed)
    };
    let expected = (
        seconds(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        Duration::from_secs(7),
    );
    assert_eq!(retries(2), expected);
    assert_eq!(
        retries(1),
        (seconds(&[0.0, 1.0, 2.0]), Duration::from_secs(3))
    );
    assert_eq!(retries(3).1, Duration::from_secs(19));
}

/// How many timeouts go by from the first transmission of data until it is given up, when waits only double.
fn timeouts(profile: &Profile) -> Option<u32> {
    let RetransmitLimit::Count(count) = profile.retransmit.limit else {
        return None;
    };
    Some(
        (0..=count)
            .map(|n| 1 << n.min(profile.rto.doublings_max))
            .sum(),
    )
}

#[test]
fn giving_up_on_data() {
    let cases = [
        // 3 + 6 + 12 s.
        ("windows-article", Some(7)),
        ("windows-xp", Some(63)),
        ("windows-7", Some(63)),
        ("windows-10", Some(63)),
        ("windows-11", Some(63)),
        // Linux counts time.
        ("linux", None),
        ("linux-6.4", None),
        // tcp_totbackoff.
        ("macos", Some(511)),
        ("freebsd", Some(2559)),
    ];
    for (name, expected) in cases {
        assert_eq!(timeouts(&profile(name)), expected, "{name}");
    }
}

#[test]
fn giving_up_on_a_silent_peer() {
    let cases = [
        ("windows-article", 7202),
        ("windows-xp", 7205),
        ("windows-7", 7210),
        ("windows-10", 7210),
        ("windows-11", 7210),
        ("linux", 7875),
        ("linux-6.4", 7875),
        ("macos", 7800),
        ("freebsd", 7800),
    ];
    for (name, expected) in cases {
        let rules = profile(name).keepalive;
        let silence = rules.idle + rules.interval * rules.count;
        assert_eq!(silence, Duration::from_secs(expected), "{name}");
    }
}

#[test]
fn names_are_unique_and_found() {
    for (index, shipped) in Profile::ALL.iter().enumerate() {
        assert_eq!(profile(&shipped.name), *shipped);
        let first = Profile::ALL
            .iter()
            .position(|other| other.name == shipped.name);
        assert_eq!(first, Some(index));
    }
    assert_eq!(Profile::named("windows"), None);
}

/// What the protocol takes for granted of every profile.
#[test]
fn figures_make_sense() {
    for profile in Profile::ALL {
        let name = &profile.name;
        assert!(!profile.connect.rto_initial.is_zero(), "{name}");
        assert!(
            profile.connect.rto_initial <= profile.connect.rto_max,
            "{name}"
        );
        assert!(profile.rto.min <= profile.rto.max, "{name}");
        assert!(profile.rto.fallback <= profile.rto.max, "{name}");
        assert!(profile.delayed_ack.min <= profile.delayed_ack.max, "{name}");
        assert!(profile.delayed_ack.every > 0, "{name}");
        assert!(
            profile.ephemeral_ports.0 <= profile.ephemeral_ports.1,
            "{name}"
        );
        assert!(
            profile.buffers.window_scale.is_none_or(|shift| shift <= 14),
            "{name}"
        );
        assert!(profile.buffers.initial_cwnd > 0, "{name}");
        assert!(profile.keepalive.probe_len <= 1, "{name}");
        assert!(
            profile.retransmit.zero_window_wait_min <= profile.retransmit.zero_window_wait_max,
            "{name}"
        );
    }
}

#[test]
fn backlogs_hold_what_the_system_says() {
    assert_eq!(profile("linux").accept.capacity.of(1), 2);
    assert_eq!(profile("windows-10").accept.capacity.of(5), 5);
    assert_eq!(profile("macos").accept.capacity.of(5), 5);
    assert_eq!(profile("freebsd").accept.capacity.of(5), 8);
    assert_eq!(BacklogCapacity::ThreeHalves.of(u32::MAX), u32::MAX);
}
