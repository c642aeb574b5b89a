//! macOS: sysctls of `net.inet.tcp`, `net.inet.ip.portrange` and `kern.ipc`.
//!
//! Names, units and bounds are those of xnu-11417.101.15, `bsd/`. Where the kernel checks nothing, the bounds keep out
//! what makes no sense.

use super::value::Unit;
use super::{Setting, SettingValue, bytes, count, switch, time};
use crate::profile::{ConnectLimit, IcmpEffect, Profile, RtoFormula};
use std::time::Duration;

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "net.inet.tcp.keepinit",
        doc: "How long a connection attempt may last.",
        unit: "ms",
        source: TIMER,
        read: read_keepinit,
        write: write_keepinit,
    },
    time!(
        "net.inet.tcp.keepidle",
        "Silence before the first keepalive probe.",
        Milliseconds,
        TIMER,
        1..=INT_MAX,
        |profile| profile.keepalive.idle
    ),
    time!(
        "net.inet.tcp.keepintvl",
        "The time between keepalive probes.",
        Milliseconds,
        TIMER,
        1..=INT_MAX,
        |profile| profile.keepalive.interval
    ),
    count!(
        "net.inet.tcp.keepcnt",
        "Unanswered keepalive probes that end the connection.",
        "netinet/tcp_timer.c, which checks no bounds",
        0..=INT_MAX,
        |profile| profile.keepalive.count
    ),
    switch!(
        "net.inet.tcp.always_keepalive",
        "Whether sockets have keepalive unless they turn it off.",
        "netinet/tcp_timer.c",
        1,
        |profile| profile.keepalive.on
    ),
    Setting {
        name: "net.inet.tcp.msl",
        doc: "The maximum segment lifetime; TIME-WAIT lasts twice as long.",
        unit: "ms",
        source: TIMER,
        read: read_msl,
        write: write_msl,
    },
    time!(
        "net.inet.tcp.fin_timeout",
        "How long a closed socket waits in FIN-WAIT-2.",
        Milliseconds,
        "netinet/tcp_timer.c, sysctl_tcp_fin_timeout()",
        0..=INT_MAX,
        |profile| profile.close.fin_wait_2
    ),
    time!(
        "net.inet.tcp.rtt_min",
        "The least retransmission timeout, before the slop.",
        Milliseconds,
        "netinet/tcp_subr.c, which checks no bounds",
        1..=64_000,
        |profile| profile.rto.min
    ),
    Setting {
        name: "net.inet.tcp.rexmt_slop",
        doc: "Added to every retransmission timeout of data.",
        unit: "ms",
        source: "netinet/tcp_subr.c, which checks no bounds",
        read: |profile| SettingValue::time(slop(profile), Unit::Milliseconds),
        write: |profile, value| {
            let slop = value.duration(0..=64_000, Unit::Milliseconds)?;
            profile.rto.formula = RtoFormula::Slop(slop);
            Ok(())
        },
    },
    Setting {
        name: "net.inet.tcp.rexmt_thresh",
        doc: "Duplicate ACKs that start a fast retransmit.",
        unit: "",
        source: "netinet/tcp_input.c, sysctl_rexmtthresh()",
        read: |profile| {
            let acks = profile.retransmit.fast_retransmit.unwrap_or(0);
            SettingValue::Integer(i64::from(acks))
        },
        write: |profile, value| {
            profile.retransmit.fast_retransmit = Some(value.count(2..=3)?);
            Ok(())
        },
    },
    switch!(
        "net.inet.tcp.enable_tlp",
        "Whether the last segment is sent again as a tail loss probe before the timeout.",
        "netinet/tcp_output.c",
        1,
        |profile| profile.retransmit.tail_loss_probe
    ),
    Setting {
        name: "net.inet.tcp.delayed_ack",
        doc: "0 acknowledges every segment at once, 1 to 3 every second one. How far 3 stretches that for fast senders \
              is not modelled.",
        unit: "",
        source: "netinet/tcp_cc.c, tcp_cc_delay_ack()",
        read: |profile| SettingValue::Integer(if profile.delayed_ack.every > 1 { 3 } else { 0 }),
        write: |profile, value| {
            profile.delayed_ack.every = match value.integer(0..=3, "")? {
                0 => 1,
                _ => 2,
            };
            Ok(())
        },
    },
    switch!(
        "net.inet.tcp.do_rfc5961",
        "Whether a RST or SYN that is in the window but not exact draws a challenge ACK.",
        "netinet/tcp_input.c",
        1,
        |profile| profile.challenge_ack.on
    ),
    Setting {
        name: "net.inet.tcp.challengeack_limit",
        doc: "Challenge ACKs that one connection sends a second, evenly spread here.",
        unit: "",
        source: "netinet/tcp_input.c, which checks no bounds",
        read: |profile| per_second(profile.challenge_ack.interval),
        write: |profile, value| {
            profile.challenge_ack.interval = interval(value.count(1..=1_000_000)?);
            Ok(())
        },
    },
    Setting {
        name: "net.inet.tcp.icmp_may_rst",
        doc: "Whether ICMP port unreachable and administratively prohibited end a connection attempt at once.",
        unit: "",
        source: "netinet/tcp_subr.c, tcp_ctlinput()",
        read: read_icmp_may_rst,
        write: write_icmp_may_rst,
    },
    bytes!(
        "net.inet.tcp.recvspace",
        "The receive buffer of a new socket.",
        "netinet/tcp_usrreq.c, sysctl_tcp_sospace()",
        1..=SB_MAX,
        |profile| profile.buffers.receive
    ),
    bytes!(
        "net.inet.tcp.sendspace",
        "The send buffer of a new socket.",
        "netinet/tcp_usrreq.c, sysctl_tcp_sospace()",
        1..=SB_MAX,
        |profile| profile.buffers.send
    ),
    Setting {
        name: "net.inet.ip.portrange.first",
        doc: "The first ephemeral port.",
        unit: "",
        source: PORTS,
        read: read_port_first,
        write: write_port_first,
    },
    Setting {
        name: "net.inet.ip.portrange.last",
        doc: "The last ephemeral port.",
        unit: "",
        source: PORTS,
        read: read_port_last,
        write: write_port_last,
    },
    count!(
        "kern.ipc.somaxconn",
        "The largest backlog that listen takes.",
        // The limit is kept in a short.
        "kern/uipc_socket.c, solisten()",
        1..=32_767,
        |profile| profile.accept.backlog_max
    ),
];

const TIMER: &str = "netinet/tcp_timer.c, sysctl_msec_to_ticks()";
const PORTS: &str =
    "netinet/in_pcb.c, sysctl_net_ipport_check(), which moves other values into its bounds";
/// `int` is what these sysctls are.
pub(super) const INT_MAX: i64 = 2_147_483_647;
/// `sys/socketvar.h`.
const SB_MAX: i64 = 8192 * 1024;

pub(super) fn read_keepinit(profile: &Profile) -> SettingValue {
    let limit = match profile.connect.limit {
        ConnectLimit::Deadline(limit) => limit,
        ConnectLimit::Retries { deadline, .. } => deadline.unwrap_or(Duration::ZERO),
        ConnectLimit::RetriesOrModelTime { .. } => Duration::ZERO,
    };
    SettingValue::time(limit, Unit::Milliseconds)
}

pub(super) fn write_keepinit(profile: &mut Profile, value: &SettingValue) -> Result<(), String> {
    let limit = value.duration(1..=INT_MAX, Unit::Milliseconds)?;
    profile.connect.limit = ConnectLimit::Deadline(limit);
    Ok(())
}

pub(super) fn read_msl(profile: &Profile) -> SettingValue {
    SettingValue::time(profile.close.time_wait / 2, Unit::Milliseconds)
}

pub(super) fn write_msl(profile: &mut Profile, value: &SettingValue) -> Result<(), String> {
    profile.close.time_wait = 2 * value.duration(1..=INT_MAX, Unit::Milliseconds)?;
    Ok(())
}

pub(super) fn slop(profile: &Profile) -> Duration {
    match profile.rto.formula {
        RtoFormula::Slop(slop) => slop,
        RtoFormula::Standard | RtoFormula::VarianceFloor => Duration::ZERO,
    }
}

pub(super) fn per_second(interval: Duration) -> SettingValue {
    let count = Duration::from_secs(1).as_nanos() / interval.as_nanos().max(1);
    SettingValue::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

pub(super) fn interval(per_second: u32) -> Duration {
    Duration::from_secs(1) / per_second
}

pub(super) fn read_icmp_may_rst(profile: &Profile) -> SettingValue {
    SettingValue::Integer(i64::from(profile.icmp.connecting.port == IcmpEffect::Fail))
}

/// Without it they are soft errors, as unreachable hosts are.
pub(super) fn write_icmp_may_rst(
    profile: &mut Profile,
    value: &SettingValue,
) -> Result<(), String> {
    let effect = match value.switch(1)? {
        true => IcmpEffect::Fail,
        false => profile.icmp.connecting.host,
    };
    profile.icmp.connecting.port = effect;
    profile.icmp.connecting.admin = effect;
    Ok(())
}

pub(super) fn read_port_first(profile: &Profile) -> SettingValue {
    SettingValue::Integer(i64::from(profile.ephemeral_ports.0))
}

/// The two ends of the range are two settings; one that would turn the range around takes the other end along.
pub(super) fn write_port_first(profile: &mut Profile, value: &SettingValue) -> Result<(), String> {
    let first = port(value)?;
    profile.ephemeral_ports = (first, profile.ephemeral_ports.1.max(first));
    Ok(())
}

pub(super) fn read_port_last(profile: &Profile) -> SettingValue {
    SettingValue::Integer(i64::from(profile.ephemeral_ports.1))
}

pub(super) fn write_port_last(profile: &mut Profile, value: &SettingValue) -> Result<(), String> {
    let last = port(value)?;
    profile.ephemeral_ports = (profile.ephemeral_ports.0.min(last), last);
    Ok(())
}

/// Not under `IPPORT_RESERVED`.
fn port(value: &SettingValue) -> Result<u16, String> {
    let number = value.count(1024..=65_535)?;
    Ok(u16::try_from(number).expect("the bounds are those of ports"))
}
