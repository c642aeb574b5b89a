//! FreeBSD: sysctls of `net.inet.tcp`, `net.inet.ip.portrange` and `kern.ipc`.
//!
//! Names and units are those of tcp(4) and inet(4) of FreeBSD 14, bounds those of `sys/netinet/`. Where the kernel checks
//! nothing, the bounds keep out what makes no sense.

use super::macos::{
    INT_MAX, interval, per_second, read_icmp_may_rst, read_keepinit, read_msl, read_port_first,
    read_port_last, slop, write_icmp_may_rst, write_keepinit, write_msl, write_port_first,
    write_port_last,
};
use super::value::Unit;
use super::{Setting, SettingValue, bytes, count, switch, time};
use crate::profile::{LateOverflow, Profile, RetransmitLimit, RtoFormula};

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
        "tcp(4)",
        0..=INT_MAX,
        |profile| profile.keepalive.count
    ),
    switch!(
        "net.inet.tcp.always_keepalive",
        "Whether sockets have keepalive unless they turn it off.",
        "tcp(4)",
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
        "net.inet.tcp.finwait2_timeout",
        "How long a closed socket waits in FIN-WAIT-2.",
        Milliseconds,
        TIMER,
        1..=INT_MAX,
        |profile| profile.close.fin_wait_2
    ),
    Setting {
        name: "net.inet.tcp.rexmit_initial",
        doc: "The timeout before there is a measured round trip, of SYN and SYN-ACK too.",
        unit: "ms",
        source: TIMER,
        read: |profile| SettingValue::time(profile.connect.rto_initial, Unit::Milliseconds),
        write: |profile, value| {
            let initial = value.duration(1..=INT_MAX, Unit::Milliseconds)?;
            profile.connect.rto_initial = initial;
            profile.accept.rto_initial = initial;
            profile.rto.fallback = initial;
            Ok(())
        },
    },
    time!(
        "net.inet.tcp.rexmit_min",
        "The least retransmission timeout, before the slop.",
        Milliseconds,
        TIMER,
        1..=INT_MAX,
        |profile| profile.rto.min
    ),
    Setting {
        name: "net.inet.tcp.rexmit_slop",
        doc: "Added to every retransmission timeout, of SYNs too but the first.",
        unit: "ms",
        source: TIMER,
        read: |profile| SettingValue::time(slop(profile), Unit::Milliseconds),
        write: |profile, value| {
            let slop = value.duration(1..=INT_MAX, Unit::Milliseconds)?;
            profile.rto.formula = RtoFormula::Slop(slop);
            profile.connect.slop = slop;
            Ok(())
        },
    },
    Setting {
        name: "net.inet.tcp.retries",
        doc: "How often unacknowledged data is sent again before the connection is given up.",
        unit: "",
        source: "netinet/tcp_timer.c, sysctl_net_inet_tcp_retries()",
        read: read_retries,
        write: |profile, value| {
            profile.retransmit.limit = RetransmitLimit::Count(value.count(1..=MAXRXTSHIFT)?);
            Ok(())
        },
    },
    time!(
        "net.inet.tcp.persmin",
        "The shortest wait between two zero-window probes.",
        Milliseconds,
        TIMER,
        1..=INT_MAX,
        |profile| profile.retransmit.zero_window_wait_min
    ),
    time!(
        "net.inet.tcp.persmax",
        "The longest wait between two zero-window probes.",
        Milliseconds,
        TIMER,
        1..=INT_MAX,
        |profile| profile.retransmit.zero_window_wait_max
    ),
    count!(
        "net.inet.tcp.syncache.rexmtlimit",
        "How often an unanswered SYN-ACK is sent again before the half-open connection is dropped.",
        "netinet/tcp_syncache.c, sysctl_net_inet_tcp_syncache_rexmtlimit_check()",
        0..=MAXRXTSHIFT,
        |profile| profile.accept.synack_retries
    ),
    Setting {
        name: "net.inet.tcp.syncache.rst_on_sock_fail",
        doc: "Whether a handshake's last ACK that finds the accept queue full draws a RST instead of nothing.",
        unit: "",
        source: "netinet/tcp_input.c; tcp(4)",
        read: |profile| {
            SettingValue::Integer(i64::from(
                profile.accept.late_overflow == LateOverflow::Reset,
            ))
        },
        write: |profile, value| {
            profile.accept.late_overflow = match value.switch(1)? {
                true => LateOverflow::Reset,
                false => LateOverflow::DropAck,
            };
            Ok(())
        },
    },
    Setting {
        name: "net.inet.tcp.delacktime",
        doc: "How long an ACK is delayed.",
        unit: "ms",
        source: TIMER,
        read: |profile| SettingValue::time(profile.delayed_ack.max, Unit::Milliseconds),
        write: |profile, value| {
            let delay = value.duration(1..=INT_MAX, Unit::Milliseconds)?;
            profile.delayed_ack.min = delay;
            profile.delayed_ack.max = delay;
            Ok(())
        },
    },
    Setting {
        name: "net.inet.tcp.delayed_ack",
        doc: "0 acknowledges every segment at once, 1 every second one.",
        unit: "",
        source: "tcp(4)",
        read: |profile| SettingValue::Integer(i64::from(profile.delayed_ack.every > 1)),
        write: |profile, value| {
            profile.delayed_ack.every = if value.switch(1)? { 2 } else { 1 };
            Ok(())
        },
    },
    Setting {
        name: "net.inet.tcp.rfc1323",
        doc: "Window scaling and timestamps: 0 neither, 1 both, 2 window scaling only, 3 timestamps only.",
        unit: "",
        source: "tcp(4)",
        read: read_rfc1323,
        write: write_rfc1323,
    },
    switch!(
        "net.inet.tcp.sack.enable",
        "Whether selective acknowledgments are offered.",
        "tcp(4)",
        1,
        |profile| profile.buffers.sack
    ),
    count!(
        "net.inet.tcp.initcwnd_segments",
        "The initial congestion window, in segments.",
        "tcp(4)",
        1..=65_535,
        |profile| profile.buffers.initial_cwnd
    ),
    Setting {
        name: "net.inet.tcp.insecure_rst",
        doc: "Whether any RST in the window resets the connection, as RFC 793 had it.",
        unit: "",
        source: "tcp(4)",
        read: |profile| SettingValue::Integer(i64::from(!profile.challenge_ack.on)),
        write: |profile, value| {
            profile.challenge_ack.on = !value.switch(1)?;
            Ok(())
        },
    },
    Setting {
        name: "net.inet.tcp.ack_war_cnt",
        doc: "Challenge ACKs that one connection sends a second, evenly spread here.",
        unit: "",
        source: "tcp(4), with net.inet.tcp.ack_war_timewindow left at 1000 ms",
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
        source: "tcp(4)",
        read: read_icmp_may_rst,
        write: write_icmp_may_rst,
    },
    bytes!(
        "net.inet.tcp.recvspace",
        "The receive buffer of a new socket.",
        SPACE,
        1..=SB_MAX,
        |profile| profile.buffers.receive
    ),
    bytes!(
        "net.inet.tcp.sendspace",
        "The send buffer of a new socket.",
        SPACE,
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
        "kern.ipc.soacceptqueue",
        "The largest backlog that listen takes.",
        "listen(2); kern/uipc_socket.c, sysctl_somaxconn()",
        1..=1_431_655_765,
        |profile| profile.accept.backlog_max
    ),
];

const TIMER: &str = "tcp(4); netinet/tcp_timer.c, sysctl_msec_to_ticks()";
const SPACE: &str = "tcp(4); upper bound: kern.ipc.maxsockbuf";
const PORTS: &str =
    "ip(4); netinet/in_pcb.c, sysctl_net_ipport_check(), which moves other values into its bounds";
/// `TCP_MAXRXTSHIFT`.
const MAXRXTSHIFT: i64 = 12;
/// kern.ipc.maxsockbuf.
const SB_MAX: i64 = 2 * 1024 * 1024;
/// What a SYN offers once scaling is turned on again: see the profile.
const WINDOW_SCALE: u8 = 6;

fn read_retries(profile: &Profile) -> SettingValue {
    let (RetransmitLimit::Count(count) | RetransmitLimit::ModelTime(count)) =
        profile.retransmit.limit;
    SettingValue::Integer(i64::from(count))
}

fn read_rfc1323(profile: &Profile) -> SettingValue {
    let buffers = &profile.buffers;
    SettingValue::Integer(match (buffers.window_scale.is_some(), buffers.timestamps) {
        (false, false) => 0,
        (true, true) => 1,
        (true, false) => 2,
        (false, true) => 3,
    })
}

fn write_rfc1323(profile: &mut Profile, value: &SettingValue) -> Result<(), String> {
    let (scaling, timestamps) = match value.integer(0..=3, "")? {
        0 => (false, false),
        1 => (true, true),
        2 => (true, false),
        _ => (false, true),
    };
    let scale = profile.buffers.window_scale.unwrap_or(WINDOW_SCALE);
    profile.buffers.window_scale = scaling.then_some(scale);
    profile.buffers.timestamps = timestamps;
    Ok(())
}
