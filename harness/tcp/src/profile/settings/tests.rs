use super::*;
use std::collections::BTreeSet;
use std::time::Duration;

fn profile(name: &str) -> Profile {
    Profile::named(name).expect("a profile of that name")
}

#[test]
fn names_are_unique_in_a_family() {
    for os in Os::ALL {
        let names: BTreeSet<_> = all(*os).iter().map(|setting| setting.name).collect();
        assert_eq!(names.len(), all(*os).len(), "{os:?}");
    }
}

#[test]
fn writing_back_what_was_read_changes_nothing() {
    for shipped in Profile::ALL {
        for setting in shipped.settings() {
            let mut changed = shipped.clone();
            let value = (setting.read)(shipped);
            let result = changed.set(setting.name, &value);
            assert_eq!(
                result,
                Ok(()),
                "{} {} = {value}",
                shipped.name,
                setting.name
            );
            assert_eq!(
                changed, *shipped,
                "{} {} = {value}",
                shipped.name, setting.name
            );
        }
    }
}

#[test]
fn what_a_release_lacks_is_a_setting_of_its_family() {
    for shipped in Profile::ALL {
        for name in shipped.lacks {
            assert!(
                all(shipped.os).iter().any(|setting| setting.name == *name),
                "{} {name}",
                shipped.name
            );
        }
    }
}

/// Release, setting, value.
const TAKEN: &[(&str, &str, &str)] = &[
    ("linux", "net.ipv4.tcp_syn_retries", "2"),
    ("linux", "net.ipv4.tcp_syn_linear_timeouts", "0"),
    ("linux", "net.ipv4.tcp_synack_retries", "1"),
    ("linux", "net.ipv4.tcp_retries2", "3"),
    ("linux", "net.ipv4.tcp_orphan_retries", "3"),
    ("linux", "net.ipv4.tcp_keepalive_time", "2"),
    ("linux", "net.ipv4.tcp_keepalive_intvl", "1"),
    ("linux", "net.ipv4.tcp_keepalive_probes", "3"),
    ("linux", "net.ipv4.tcp_fin_timeout", "5"),
    ("linux", "net.ipv4.tcp_rto_min_us", "5000"),
    ("linux", "net.ipv4.tcp_rto_max_ms", "1000"),
    ("linux", "net.ipv4.tcp_thin_linear_timeouts", "1"),
    ("linux", "net.ipv4.tcp_early_retrans", "0"),
    ("linux", "net.ipv4.tcp_reordering", "5"),
    ("linux", "net.ipv4.tcp_sack", "0"),
    ("linux", "net.ipv4.tcp_timestamps", "0"),
    ("linux", "net.ipv4.tcp_window_scaling", "0"),
    ("linux", "net.ipv4.tcp_abort_on_overflow", "1"),
    ("linux", "net.ipv4.tcp_rfc1337", "1"),
    ("linux", "net.ipv4.tcp_invalid_ratelimit", "0"),
    ("linux", "net.ipv4.ip_local_port_range", "'2000 2001'"),
    ("linux", "net.ipv4.tcp_rmem", "'4096 8192 65536'"),
    ("linux", "net.ipv4.tcp_wmem", "'4096 4096 4096'"),
    ("linux", "net.ipv4.tcp_wmem", "'4096 131072 4194304'"),
    ("linux", "net.core.somaxconn", "128"),
    ("linux", "CONFIG_HZ", "250"),
    ("windows-xp", "TcpInitialRTT", "500"),
    ("windows-xp", "TcpMaxConnectRetransmissions", "3"),
    ("windows-xp", "TcpMaxConnectResponseRetransmissions", "0"),
    ("windows-xp", "TcpMaxDataRetransmissions", "8"),
    ("windows-xp", "TcpMaxDupAcks", "3"),
    ("windows-xp", "TcpDelAckTicks", "0"),
    ("windows-xp", "TcpAckFrequency", "1"),
    ("windows-xp", "MaxUserPort", "65534"),
    ("windows-xp", "TcpWindowSize", "65535"),
    ("windows-xp", "Tcp1323Opts", "3"),
    ("windows-xp", "SackOpts", "0"),
    ("windows-11", "KeepAliveTime", "60000"),
    ("windows-11", "KeepAliveInterval", "500"),
    ("windows-11", "TcpTimedWaitDelay", "30"),
    ("windows-11", "DefaultSendWindow", "4096"),
    ("windows-11", "InitialRto", "300"),
    ("windows-11", "MaxSynRetransmissions", "2"),
    ("windows-11", "MinRto", "20"),
    ("windows-11", "InitialCongestionWindow", "4"),
    ("windows-11", "DelayedAckTimeout", "10"),
    ("windows-11", "DelayedAckFrequency", "1"),
    ("windows-11", "Timestamps", "'enabled'"),
    ("windows-11", "dynamicport", "'start=10000 num=1000'"),
    (
        "windows-11",
        "halfopen.windows.data-timeout-error",
        "'WSAETIMEDOUT'",
    ),
    (
        "windows-11",
        "halfopen.windows.keepalive-error",
        "'WSAECONNABORTED'",
    ),
    (
        "windows-11",
        "halfopen.windows.ports-exhausted-error",
        "'WSAEADDRINUSE'",
    ),
    ("macos", "net.inet.tcp.keepinit", "10000"),
    ("macos", "net.inet.tcp.keepidle", "2000"),
    ("macos", "net.inet.tcp.keepintvl", "1000"),
    ("macos", "net.inet.tcp.keepcnt", "3"),
    ("macos", "net.inet.tcp.always_keepalive", "1"),
    ("macos", "net.inet.tcp.msl", "1000"),
    ("macos", "net.inet.tcp.fin_timeout", "1000"),
    ("macos", "net.inet.tcp.rtt_min", "30"),
    ("macos", "net.inet.tcp.rexmt_slop", "0"),
    ("macos", "net.inet.tcp.rexmt_thresh", "2"),
    ("macos", "net.inet.tcp.enable_tlp", "0"),
    ("macos", "net.inet.tcp.delayed_ack", "0"),
    ("macos", "net.inet.tcp.do_rfc5961", "0"),
    ("macos", "net.inet.tcp.challengeack_limit", "7"),
    ("macos", "net.inet.tcp.icmp_may_rst", "0"),
    ("macos", "net.inet.tcp.recvspace", "8192"),
    ("macos", "net.inet.tcp.sendspace", "8192"),
    ("macos", "net.inet.ip.portrange.first", "1024"),
    ("macos", "net.inet.ip.portrange.last", "50000"),
    ("macos", "kern.ipc.somaxconn", "10"),
    ("freebsd", "net.inet.tcp.keepinit", "10000"),
    ("freebsd", "net.inet.tcp.keepidle", "2000"),
    ("freebsd", "net.inet.tcp.keepintvl", "1000"),
    ("freebsd", "net.inet.tcp.keepcnt", "3"),
    ("freebsd", "net.inet.tcp.always_keepalive", "0"),
    ("freebsd", "net.inet.tcp.msl", "1000"),
    ("freebsd", "net.inet.tcp.finwait2_timeout", "1000"),
    ("freebsd", "net.inet.tcp.rexmit_initial", "3000"),
    ("freebsd", "net.inet.tcp.rexmit_min", "200"),
    ("freebsd", "net.inet.tcp.rexmit_slop", "1"),
    ("freebsd", "net.inet.tcp.retries", "3"),
    ("freebsd", "net.inet.tcp.persmin", "1000"),
    ("freebsd", "net.inet.tcp.persmax", "1000"),
    ("freebsd", "net.inet.tcp.syncache.rexmtlimit", "0"),
    ("freebsd", "net.inet.tcp.syncache.rst_on_sock_fail", "0"),
    ("freebsd", "net.inet.tcp.delacktime", "100"),
    ("freebsd", "net.inet.tcp.delayed_ack", "0"),
    ("freebsd", "net.inet.tcp.rfc1323", "3"),
    ("freebsd", "net.inet.tcp.sack.enable", "0"),
    ("freebsd", "net.inet.tcp.initcwnd_segments", "4"),
    ("freebsd", "net.inet.tcp.insecure_rst", "1"),
    ("freebsd", "net.inet.tcp.ack_war_cnt", "8"),
    ("freebsd", "net.inet.tcp.icmp_may_rst", "0"),
    ("freebsd", "net.inet.tcp.recvspace", "8192"),
    ("freebsd", "net.inet.tcp.sendspace", "8192"),
    ("freebsd", "net.inet.ip.portrange.first", "50000"),
    ("freebsd", "net.inet.ip.portrange.last", "20000"),
    ("freebsd", "kern.ipc.soacceptqueue", "1024"),
];

/// Release, setting, value, what is said about it.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    (
        "linux",
        "net.ipv4.tcp_syn_retries",
        "0",
        "must be a whole number from 1 to 127",
    ),
    (
        "linux",
        "net.ipv4.tcp_syn_retries",
        "'2'",
        "must be a whole number from 1 to 127",
    ),
    (
        "linux",
        "net.ipv4.tcp_rto_max_ms",
        "999",
        "must be a whole number from 1000 to 120000 (ms)",
    ),
    (
        "linux",
        "net.ipv4.tcp_sack",
        "-1",
        "must be true, false or a whole number from 0 to 255",
    ),
    (
        "linux",
        "net.ipv4.ip_local_port_range",
        "'80 90'",
        "must be a text of two ports, such as \"32768 60999\", each from 1024 to 65535",
    ),
    (
        "linux",
        "net.ipv4.ip_local_port_range",
        "'2000 1999'",
        "must begin with the lower of the two ports",
    ),
    (
        "linux",
        "net.ipv4.tcp_rmem",
        "'4096'",
        "must be a text of three numbers of bytes, such as \"4096 131072 6291456\", each from 1 to 2147483647",
    ),
    (
        "linux",
        "CONFIG_HZ",
        "60",
        "must be 100, 250, 300, 1000 or \"exact\"",
    ),
    (
        "linux-6.4",
        "net.ipv4.tcp_syn_linear_timeouts",
        "4",
        "linux-6.4 does not have this setting",
    ),
    (
        "windows-xp",
        "InitialRto",
        "1000",
        "windows-xp does not have this setting",
    ),
    (
        "windows-11",
        "TcpInitialRTT",
        "1000",
        "windows-11 does not have this setting",
    ),
    (
        "windows-11",
        "MinRto",
        "25",
        "must be a multiple of 10 from 20 to 300 (ms)",
    ),
    (
        "windows-11",
        "dynamicport",
        "'start=65000 num=1000'",
        "must be a text such as \"start=49152 num=16384\", with at least 255 ports from 1025 to 65535",
    ),
    (
        "windows-11",
        "Timestamps",
        "true",
        "must be \"disabled\" or \"allowed\" or \"enabled\"",
    ),
    (
        "macos",
        "net.inet.tcp.rexmt_thresh",
        "4",
        "must be a whole number from 2 to 3",
    ),
];

/// As TOML has it, with single quotes.
fn value(text: &str) -> SettingValue {
    match text
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''))
    {
        Some(text) => SettingValue::text(text),
        None => match text.parse() {
            Ok(on) => SettingValue::Boolean(on),
            Err(_) => SettingValue::Integer(text.parse().expect("a number")),
        },
    }
}

#[test]
fn values_are_read_back() {
    for (name, setting, text) in TAKEN {
        let value = value(text);
        let mut changed = profile(name);
        assert_eq!(
            changed.set(setting, &value),
            Ok(()),
            "{name} {setting} = {value}"
        );
        assert_ne!(
            changed,
            profile(name),
            "{name} {setting} = {value} changes nothing"
        );
        let found = all(changed.os).iter().find(|found| found.name == *setting);
        let read = found.map(|found| (found.read)(&changed));
        assert_eq!(read, Some(value), "{name} {setting}");
    }
}

#[test]
fn what_does_not_fit_is_told() {
    for (name, setting, text, sentence) in REFUSED {
        let mut changed = profile(name);
        assert_eq!(
            changed.set(setting, &value(text)),
            Err(SettingError::Invalid((*sentence).to_owned())),
            "{name} {setting} = {text}"
        );
        assert_eq!(changed, profile(name), "{name} {setting} = {text}");
    }
    assert_eq!(
        profile("macos").set("net.ipv4.tcp_sack", &SettingValue::Integer(0)),
        Err(SettingError::Unknown)
    );
}

#[test]
fn every_setting_is_tried_unless_it_changes_nothing() {
    let ineffective = ["net.ipv4.tcp_retries1", "net.ipv4.tcp_syncookies"];
    for os in Os::ALL {
        for setting in all(*os) {
            let tried = TAKEN
                .iter()
                .any(|(release, name, _)| *name == setting.name && profile(release).os == *os);
            assert_ne!(
                tried,
                ineffective.contains(&setting.name),
                "{os:?} {}",
                setting.name
            );
        }
    }
}

/// A value at either end of every number's range is taken and leads to a profile that can be read again.
#[test]
fn extreme_numbers_do_no_harm() {
    for shipped in Profile::ALL {
        for setting in shipped.settings() {
            for number in [
                i64::MIN,
                -1,
                0,
                1,
                2,
                255,
                1024,
                65_535,
                4_294_967_295,
                i64::MAX,
            ] {
                let mut changed = shipped.clone();
                if changed
                    .set(setting.name, &SettingValue::Integer(number))
                    .is_ok()
                {
                    for other in changed.settings() {
                        let _ = (other.read)(&changed);
                    }
                    assert!(changed.ephemeral_ports.0 <= changed.ephemeral_ports.1);
                }
            }
        }
    }
}

#[test]
fn the_limit_of_21_seconds_holds_for_shipped_values_only() {
    let deadline = |changes: &[(&str, i64)]| {
        let mut changed = profile("windows-11");
        for (name, value) in changes {
            assert_eq!(changed.set(name, &SettingValue::Integer(*value)), Ok(()));
        }
        match changed.connect.limit {
            crate::profile::ConnectLimit::Retries { deadline, .. } => deadline,
            _ => None,
        }
    };
    assert_eq!(deadline(&[]), Some(Duration::from_secs(21)));
    assert_eq!(deadline(&[("MaxSynRetransmissions", 6)]), None);
    assert_eq!(deadline(&[("InitialRto", 3000)]), None);
    assert_eq!(
        deadline(&[("MaxSynRetransmissions", 6), ("MaxSynRetransmissions", 4)]),
        Some(Duration::from_secs(21))
    );
}
