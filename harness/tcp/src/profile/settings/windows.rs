//! Windows: registry values, the settings of `netsh interface tcp` and `Set-NetTCPSetting`, and a few of our own.
//!
//! Registry values stand under `HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters` unless the source says
//! otherwise; names and bounds are those of Microsoft's registry reference. The others carry the names that
//! `Get-NetTCPSetting` prints; bounds are those of `Set-NetTCPSetting`. Names of our own choose between answers that
//! the sources disagree on: see the error table.

use super::value::{DWORD, Unit};
use super::{Setting, SettingValue, bytes, count, time};
use crate::cause::{Call, Cause};
use crate::profile::errors::{self, Occurrence, OsError};
use crate::profile::{ConnectLimit, Profile, RetransmitLimit};
use std::time::Duration;

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "TcpInitialRTT",
        doc: "The wait after the first SYN, and the timeout of data before there is a measured round trip.",
        unit: "ms",
        source: "KB170359, under Interfaces; TechNet cc938207 has it in seconds for Windows 2000",
        read: read_initial_rto,
        write: |profile, value| {
            let initial = value.duration(300..=65_535, Unit::Milliseconds)?;
            set_initial_rto(profile, initial);
            set_syn_retries(profile, syn_retries(profile), None);
            Ok(())
        },
    },
    Setting {
        name: "TcpMaxConnectRetransmissions",
        doc: "How often an unanswered or refused SYN is sent again.",
        unit: "",
        source: "TechNet cc938209",
        read: |profile| SettingValue::Integer(i64::from(syn_retries(profile))),
        write: |profile, value| {
            set_syn_retries(profile, value.count(0..=255)?, None);
            Ok(())
        },
    },
    count!(
        "TcpMaxConnectResponseRetransmissions",
        "How often an unanswered SYN-ACK is sent again.",
        "Threats and Countermeasures Guide",
        0..=255,
        |profile| profile.accept.synack_retries
    ),
    Setting {
        name: "TcpMaxDataRetransmissions",
        doc: "How often unacknowledged data is sent again. Before Vista it also counts keepalive probes.",
        unit: "",
        source: "KB170359; reference of SO_KEEPALIVE",
        read: |profile| {
            let (RetransmitLimit::Count(count) | RetransmitLimit::ModelTime(count)) =
                profile.retransmit.limit;
            SettingValue::Integer(i64::from(count))
        },
        write: |profile, value| {
            let count = value.count(DWORD)?;
            profile.retransmit.limit = RetransmitLimit::Count(count);
            profile.retransmit.zero_window_probes = count;
            if before_vista(profile) {
                profile.keepalive.count = count;
            }
            Ok(())
        },
    },
    Setting {
        name: "TcpMaxDupAcks",
        doc: "Duplicate ACKs that start a fast retransmit.",
        unit: "",
        source: "Windows 2000 TCP/IP Implementation Details",
        read: |profile| {
            let acks = profile.retransmit.fast_retransmit.unwrap_or(0);
            SettingValue::Integer(i64::from(acks))
        },
        write: |profile, value| {
            profile.retransmit.fast_retransmit = Some(value.count(1..=3)?);
            Ok(())
        },
    },
    Setting {
        name: "TcpDelAckTicks",
        doc: "How long an ACK is delayed, in tenths of a second.",
        unit: "100 ms",
        source: "Windows 2000 TCP/IP Implementation Details, under Interfaces",
        read: |profile| {
            let ticks = profile.delayed_ack.max.as_millis() / 100;
            SettingValue::Integer(i64::try_from(ticks).unwrap_or(i64::MAX))
        },
        write: |profile, value| {
            let ticks = value.count(0..=6)?;
            set_ack_delay(profile, Duration::from_millis(100) * ticks);
            Ok(())
        },
    },
    count!(
        "TcpAckFrequency",
        "Full-sized segments that draw an immediate ACK.",
        "KB328890, under Interfaces",
        1..=255,
        |profile| profile.delayed_ack.every
    ),
    time!(
        "KeepAliveTime",
        "Silence before the first keepalive probe.",
        Milliseconds,
        "Windows 2000 TCP/IP Implementation Details; reference of SO_KEEPALIVE",
        1..=4_294_967_295,
        |profile| profile.keepalive.idle
    ),
    time!(
        "KeepAliveInterval",
        "The time between keepalive probes.",
        Milliseconds,
        "Windows 2000 TCP/IP Implementation Details; reference of SO_KEEPALIVE",
        1..=4_294_967_295,
        |profile| profile.keepalive.interval
    ),
    time!(
        "TcpTimedWaitDelay",
        "How long TIME-WAIT lasts.",
        Seconds,
        "TechNet cc938217",
        30..=300,
        |profile| profile.close.time_wait
    ),
    Setting {
        name: "MaxUserPort",
        doc: "The last ephemeral port.",
        unit: "",
        source: "KB196271",
        read: |profile| SettingValue::Integer(i64::from(profile.ephemeral_ports.1)),
        write: |profile, value| {
            let last = port(value.count(5000..=65_534)?);
            profile.ephemeral_ports = (profile.ephemeral_ports.0.min(last), last);
            Ok(())
        },
    },
    bytes!(
        "TcpWindowSize",
        "The receive buffer, and so the largest window.",
        "Windows 2000 TCP/IP Implementation Details",
        1..=1_073_741_823,
        |profile| profile.buffers.receive
    ),
    bytes!(
        "DefaultSendWindow",
        "The send buffer of a new socket.",
        "KB214397, under Services\\Afd\\Parameters",
        1..=4_294_967_295,
        |profile| profile.buffers.send
    ),
    Setting {
        name: "Tcp1323Opts",
        doc: "Window scaling and timestamps: 0 neither, 1 window scaling only, 2 timestamps only, 3 both.",
        unit: "",
        source: "Windows 2000 TCP/IP Implementation Details",
        read: |profile| {
            let scaling = i64::from(profile.buffers.window_scale.is_some());
            SettingValue::Integer(scaling + 2 * i64::from(profile.buffers.timestamps))
        },
        write: write_1323_options,
    },
    Setting {
        name: "SackOpts",
        doc: "Whether selective acknowledgments are offered.",
        unit: "",
        source: "Windows 2000 TCP/IP Implementation Details",
        read: |profile| SettingValue::Integer(i64::from(profile.buffers.sack)),
        write: |profile, value| {
            profile.buffers.sack = value.switch(1)?;
            Ok(())
        },
    },
    Setting {
        name: "InitialRto",
        doc: "The wait after the first SYN, and the timeout of data before there is a measured round trip.",
        unit: "ms",
        source: "Set-NetTCPSetting; on Windows 7 netsh with KB2786464",
        read: read_initial_rto,
        write: |profile, value| {
            let initial = value.duration(300..=3000, Unit::Milliseconds)?;
            set_initial_rto(profile, initial);
            let retries = syn_retries(profile);
            set_syn_retries(profile, retries, shipped_deadline(initial, retries));
            Ok(())
        },
    },
    Setting {
        name: "MaxSynRetransmissions",
        doc: "How often an unanswered or refused SYN is sent again.",
        unit: "",
        // 10 was refused where it was tried (SciQLop/speasy#344).
        source: "Set-NetTCPSetting",
        read: |profile| SettingValue::Integer(i64::from(syn_retries(profile))),
        write: |profile, value| {
            let retries = value.count(2..=8)?;
            let deadline = shipped_deadline(profile.connect.rto_initial, retries);
            set_syn_retries(profile, retries, deadline);
            Ok(())
        },
    },
    Setting {
        name: "MinRto",
        doc: "The least retransmission timeout, a multiple of 10.",
        unit: "ms",
        source: "Set-NetTCPSetting; on Windows 7 netsh with KB2786464",
        read: |profile| SettingValue::time(profile.rto.min, Unit::Milliseconds),
        write: |profile, value| {
            profile.rto.min = tens(value, 20, 300)?;
            Ok(())
        },
    },
    count!(
        "InitialCongestionWindow",
        "The initial congestion window, in segments.",
        "Set-NetTCPSetting; on Windows 7 netsh with KB2472264",
        2..=64,
        |profile| profile.buffers.initial_cwnd
    ),
    Setting {
        name: "DelayedAckTimeout",
        doc: "How long an ACK is delayed, a multiple of 10.",
        unit: "ms",
        source: "Set-NetTCPSetting",
        read: |profile| SettingValue::time(profile.delayed_ack.max, Unit::Milliseconds),
        write: |profile, value| {
            let delay = tens(value, 10, 600)?;
            set_ack_delay(profile, delay);
            Ok(())
        },
    },
    count!(
        "DelayedAckFrequency",
        "Full-sized segments that draw an immediate ACK.",
        "Set-NetTCPSetting",
        1..=255,
        |profile| profile.delayed_ack.every
    ),
    Setting {
        name: "Timestamps",
        doc: "Whether timestamps are offered.",
        unit: "",
        source: "Set-NetTCPSetting",
        read: |profile| {
            SettingValue::text(if profile.buffers.timestamps {
                "enabled"
            } else {
                "disabled"
            })
        },
        write: |profile, value| {
            profile.buffers.timestamps =
                value.one_of(&[("disabled", false), ("allowed", false), ("enabled", true)])?;
            Ok(())
        },
    },
    Setting {
        name: "dynamicport",
        doc: "The first ephemeral port and their number, as netsh writes them: \"start=49152 num=16384\".",
        unit: "",
        source: "netsh interface ipv4 set dynamicport tcp; KB929851",
        read: |profile| {
            let (first, last) = profile.ephemeral_ports;
            let number = u32::from(last) - u32::from(first) + 1;
            SettingValue::text(format!("start={first} num={number}"))
        },
        write: write_dynamic_ports,
    },
    Setting {
        name: "halfopen.windows.data-timeout-error",
        doc: "What a program sees when unacknowledged data is given up.",
        unit: "",
        source: "contested: see the row of the error table",
        read: |profile| error_name(profile, Cause::RetransmissionsExhausted),
        write: |profile, value| {
            choose(
                profile,
                value,
                errors::DATA_TIMEOUTS,
                errors::DATA_TIMEOUT_CHOICES,
            )
        },
    },
    Setting {
        name: "halfopen.windows.keepalive-error",
        doc: "What a program sees when keepalive probes stay unanswered. After WSAENETRESET later calls see WSAECONNRESET, \
              after another error they see the same again.",
        unit: "",
        source: "contested: see the row of the error table",
        read: |profile| error_name(profile, Cause::KeepAliveUnanswered),
        write: write_keepalive_error,
    },
    Setting {
        name: "halfopen.windows.ports-exhausted-error",
        doc: "What a program sees when no ephemeral port is free.",
        unit: "",
        source: "contested: see the row of the error table",
        read: |profile| error_name(profile, Cause::PortsExhausted),
        write: |profile, value| {
            choose(
                profile,
                value,
                errors::PORTS_EXHAUSTED,
                errors::PORTS_EXHAUSTED_CHOICES,
            )
        },
    },
];

/// `netsh interface tcp` came with Vista; what came before has the registry only.
fn before_vista(profile: &Profile) -> bool {
    profile.lacks.contains(&"InitialRto")
}

fn read_initial_rto(profile: &Profile) -> SettingValue {
    SettingValue::time(profile.connect.rto_initial, Unit::Milliseconds)
}

/// Where the initial timeout is also the least one, as the article has it, it stays so.
fn set_initial_rto(profile: &mut Profile, initial: Duration) {
    if profile.rto.min == profile.rto.fallback {
        profile.rto.min = initial;
    }
    profile.connect.rto_initial = initial;
    profile.accept.rto_initial = initial;
    profile.rto.fallback = initial;
}

fn syn_retries(profile: &Profile) -> u32 {
    match profile.connect.limit {
        ConnectLimit::Retries { retries, .. } | ConnectLimit::RetriesOrModelTime { retries } => {
            retries
        }
        ConnectLimit::Deadline(_) => 0,
    }
}

fn set_syn_retries(profile: &mut Profile, retries: u32, deadline: Option<Duration>) {
    profile.connect.limit = ConnectLimit::Retries { retries, deadline };
}

/// The values that Windows 11 ships with, and only they, come with a limit of 21 s: see its profile.
fn shipped_deadline(initial: Duration, retries: u32) -> Option<Duration> {
    (initial == Duration::from_secs(1) && retries == 4).then_some(Duration::from_secs(21))
}

fn set_ack_delay(profile: &mut Profile, delay: Duration) {
    profile.delayed_ack.min = delay;
    profile.delayed_ack.max = delay;
}

fn tens(value: &SettingValue, min: i64, max: i64) -> Result<Duration, String> {
    let duration = value.duration(min..=max, Unit::Milliseconds)?;
    if duration.as_millis().is_multiple_of(10) {
        Ok(duration)
    } else {
        Err(format!("must be a multiple of 10 from {min} to {max} (ms)"))
    }
}

fn port(number: u32) -> u16 {
    u16::try_from(number).expect("the bounds are those of ports")
}

fn write_1323_options(profile: &mut Profile, value: &SettingValue) -> Result<(), String> {
    let options = value.count(0..=3)?;
    let buffers = &mut profile.buffers;
    // The least shift with which the field of 16 bits can say how much room there is.
    let least = (0..14)
        .find(|shift| u64::from(buffers.receive) <= 65_535 << shift)
        .unwrap_or(14);
    let scaling = options & 1 != 0;
    buffers.window_scale = scaling.then_some(buffers.window_scale.unwrap_or(least));
    buffers.timestamps = options & 2 != 0;
    Ok(())
}

fn write_dynamic_ports(profile: &mut Profile, value: &SettingValue) -> Result<(), String> {
    let parse = |text: &str| {
        let (start, number) = text.strip_prefix("start=")?.split_once(" num=")?;
        let start: u32 = start.parse().ok().filter(|start| *start >= 1025)?;
        let number: u32 = number.parse().ok().filter(|number| *number >= 255)?;
        let last = start.checked_add(number)? - 1;
        (last <= 65_535).then(|| (port(start), port(last)))
    };
    let ports = match value {
        SettingValue::Text(text) => parse(text),
        SettingValue::Integer(_) | SettingValue::Boolean(_) => None,
    };
    profile.ephemeral_ports = ports.ok_or(
        "must be a text such as \"start=49152 num=16384\", with at least 255 ports from 1025 to 65535",
    )?;
    Ok(())
}

fn error_name(profile: &Profile, cause: Cause) -> SettingValue {
    // The calls that the setting's rows cover without exception.
    let call = if cause == Cause::PortsExhausted {
        Call::Connect
    } else {
        Call::Recv
    };
    SettingValue::text(profile.error(cause, call, Occurrence::First).name)
}

/// Puts the chosen error into the rows of these causes.
fn choose(
    profile: &mut Profile,
    value: &SettingValue,
    causes: &[Cause],
    choices: &[(&str, &'static OsError)],
) -> Result<(), String> {
    let error = value.one_of(choices)?;
    let rows = profile.errors.to_mut().iter_mut();
    rows.filter(|rule| rule.causes == causes)
        .for_each(|rule| rule.error = error);
    Ok(())
}

fn write_keepalive_error(profile: &mut Profile, value: &SettingValue) -> Result<(), String> {
    choose(profile, value, errors::KEEPALIVE, errors::KEEPALIVE_CHOICES)?;
    let rows = profile.errors.to_mut().iter_mut();
    for rule in
        rows.filter(|rule| rule.causes == errors::KEEPALIVE && rule.when == Some(Occurrence::Again))
    {
        rule.error = errors::after_keepalive(rule.error);
    }
    Ok(())
}
