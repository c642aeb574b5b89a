//! Linux: sysctls, and the kernel's `CONFIG_HZ`.
//!
//! Names, units and defaults are those of `Documentation/networking/ip-sysctl.rst`; the bounds were tried out on
//! 6.18.44, which has them in `net/ipv4/sysctl_net_ipv4.c`.

use super::value::Unit;
use super::{Setting, SettingValue, accepted, count, switch, time};
use crate::profile::{Clock, ConnectLimit, LateOverflow, Profile, RetransmitLimit};

const SOURCE: &str = "ip-sysctl.rst; bounds tried out on Linux 6.18";

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "net.ipv4.tcp_syn_retries",
        doc: "How often an unanswered SYN is sent again before connect fails, not counting the linear timeouts.",
        unit: "",
        source: SOURCE,
        read: |profile| SettingValue::Integer(i64::from(syn_retries(profile))),
        write: |profile, value| {
            let retries = value.count(1..=127)?;
            profile.connect.limit = ConnectLimit::RetriesOrModelTime { retries };
            Ok(())
        },
    },
    count!(
        "net.ipv4.tcp_syn_linear_timeouts",
        "How many SYNs are sent again at the initial interval before the interval starts to double.",
        SOURCE,
        0..=127,
        |profile| profile.connect.linear_timeouts
    ),
    count!(
        "net.ipv4.tcp_synack_retries",
        "How often an unanswered SYN-ACK is sent again before the half-open connection is dropped.",
        SOURCE,
        0..=255,
        |profile| profile.accept.synack_retries
    ),
    accepted!(
        "net.ipv4.tcp_retries1",
        "After how many timeouts the kernel looks for another route. No program sees that, so it changes nothing here.",
        SOURCE,
        0..=255,
        3
    ),
    Setting {
        name: "net.ipv4.tcp_retries2",
        doc: "How long unacknowledged data is sent again: as long as this many doublings of the least timeout take. \
              Also the number of unanswered zero-window probes.",
        unit: "",
        source: SOURCE,
        read: |profile| SettingValue::Integer(i64::from(count_of(profile.retransmit.limit))),
        write: |profile, value| {
            let retries = value.count(0..=255)?;
            profile.retransmit.limit = RetransmitLimit::ModelTime(retries);
            profile.retransmit.zero_window_probes = retries;
            Ok(())
        },
    },
    Setting {
        name: "net.ipv4.tcp_orphan_retries",
        doc: "As tcp_retries2, for connections that no program holds any more; 0 acts as 8.",
        unit: "",
        // The kernel forgets which of the two it was given as soon as it uses it, and so do we.
        source: "ip-sysctl.rst; tcp_orphan_retries() in net/ipv4/tcp_timer.c",
        read: |profile| match profile.retransmit.orphan_limit.map(count_of) {
            None | Some(ORPHAN_RETRIES) => SettingValue::Integer(0),
            Some(retries) => SettingValue::Integer(i64::from(retries)),
        },
        write: |profile, value| {
            let retries = match value.count(0..=255)? {
                0 => ORPHAN_RETRIES,
                retries => retries,
            };
            profile.retransmit.orphan_limit = Some(RetransmitLimit::ModelTime(retries));
            Ok(())
        },
    },
    time!(
        "net.ipv4.tcp_keepalive_time",
        "Silence before the first keepalive probe.",
        Seconds,
        POSITIVE,
        1..=JIFFIES_MAX,
        |profile| profile.keepalive.idle
    ),
    time!(
        "net.ipv4.tcp_keepalive_intvl",
        "The time between keepalive probes.",
        Seconds,
        POSITIVE,
        1..=JIFFIES_MAX,
        |profile| profile.keepalive.interval
    ),
    count!(
        "net.ipv4.tcp_keepalive_probes",
        "Unanswered keepalive probes that end the connection.",
        SOURCE,
        0..=255,
        |profile| profile.keepalive.count
    ),
    time!(
        "net.ipv4.tcp_fin_timeout",
        "How long a closed socket waits in FIN-WAIT-2.",
        Seconds,
        SOURCE,
        0..=JIFFIES_MAX,
        |profile| profile.close.fin_wait_2
    ),
    time!(
        "net.ipv4.tcp_rto_min_us",
        "The least that the retransmission timeout adds to the smoothed round trip; since 6.11.",
        Microseconds,
        SOURCE,
        1..=2_147_483_647,
        |profile| profile.rto.min
    ),
    Setting {
        name: "net.ipv4.tcp_rto_max_ms",
        doc: "The longest retransmission timeout, of SYNs too; since 6.15.",
        unit: "ms",
        source: SOURCE,
        read: |profile| SettingValue::time(profile.rto.max, Unit::Milliseconds),
        write: |profile, value| {
            let max = value.duration(1000..=120_000, Unit::Milliseconds)?;
            profile.rto.max = max;
            profile.connect.rto_max = max;
            profile.retransmit.zero_window_wait_max = max;
            Ok(())
        },
    },
    switch!(
        "net.ipv4.tcp_thin_linear_timeouts",
        "Whether the timeout of a thin stream stays the same for its first six expiries.",
        SOURCE,
        255,
        |profile| profile.retransmit.thin_linear
    ),
    Setting {
        name: "net.ipv4.tcp_early_retrans",
        doc: "Tail loss probes: 3 or 4 turns them on, 0, 1 or 2 turns them off.",
        unit: "",
        source: SOURCE,
        read: |profile| {
            SettingValue::Integer(if profile.retransmit.tail_loss_probe {
                3
            } else {
                0
            })
        },
        write: |profile, value| {
            profile.retransmit.tail_loss_probe = value.integer(0..=4, "")? >= 3;
            Ok(())
        },
    },
    Setting {
        name: "net.ipv4.tcp_reordering",
        doc: "Duplicate ACKs that start a fast retransmit.",
        unit: "",
        source: SOURCE,
        read: |profile| {
            let acks = profile.retransmit.fast_retransmit.unwrap_or(0);
            SettingValue::Integer(i64::from(acks))
        },
        write: |profile, value| {
            profile.retransmit.fast_retransmit = Some(value.count(1..=300)?);
            Ok(())
        },
    },
    switch!(
        "net.ipv4.tcp_sack",
        "Whether selective acknowledgments are offered; without them there are no tail loss probes.",
        SOURCE,
        255,
        |profile| profile.buffers.sack
    ),
    switch!(
        "net.ipv4.tcp_timestamps",
        "Whether timestamps are offered.",
        SOURCE,
        255,
        |profile| profile.buffers.timestamps
    ),
    Setting {
        name: "net.ipv4.tcp_window_scaling",
        doc: "Whether a window scale is offered; tcp_rmem says which.",
        unit: "",
        source: SOURCE,
        read: |profile| SettingValue::Integer(i64::from(profile.buffers.window_scale.is_some())),
        write: |profile, value| {
            let scale = profile.buffers.window_scale;
            // The scale of 6 MiB, the largest buffer for most of the time that Linux has had one.
            profile.buffers.window_scale = value.switch(255)?.then_some(scale.unwrap_or(7));
            Ok(())
        },
    },
    Setting {
        name: "net.ipv4.tcp_abort_on_overflow",
        doc: "Whether a handshake's last ACK that finds the accept queue full draws a RST instead of nothing.",
        unit: "",
        source: SOURCE,
        read: |profile| {
            SettingValue::Integer(i64::from(
                profile.accept.late_overflow == LateOverflow::Reset,
            ))
        },
        write: |profile, value| {
            profile.accept.late_overflow = match value.switch(255)? {
                true => LateOverflow::Reset,
                false => LateOverflow::DropAck,
            };
            Ok(())
        },
    },
    accepted!(
        "net.ipv4.tcp_syncookies",
        "What happens when the queue of half-open connections is full. It has no end here, so this changes nothing.",
        SOURCE,
        0..=255,
        1
    ),
    Setting {
        name: "net.ipv4.tcp_rfc1337",
        doc: "Whether a RST leaves a connection in TIME-WAIT alone.",
        unit: "",
        source: SOURCE,
        read: |profile| SettingValue::Integer(i64::from(!profile.close.reset_ends_time_wait)),
        write: |profile, value| {
            profile.close.reset_ends_time_wait = !value.switch(255)?;
            Ok(())
        },
    },
    time!(
        "net.ipv4.tcp_invalid_ratelimit",
        "The shortest time between two answers of one connection to segments that it does not accept.",
        Milliseconds,
        SOURCE,
        0..=2_147_483_647,
        |profile| profile.challenge_ack.interval
    ),
    Setting {
        name: "net.ipv4.ip_local_port_range",
        doc: "The first and the last ephemeral port.",
        unit: "",
        source: SOURCE,
        read: |profile| {
            let (first, last) = profile.ephemeral_ports;
            SettingValue::text(format!("{first} {last}"))
        },
        write: write_ports,
    },
    Setting {
        name: "net.ipv4.tcp_rmem",
        doc: "The least, the first and the largest receive buffer. Half of the second is the window, the third decides \
              on the window scale; buffers do not grow here.",
        unit: "bytes",
        source: "ip-sysctl.rst; tcp_select_initial_window() in net/ipv4/tcp_output.c",
        read: read_rmem,
        write: write_rmem,
    },
    Setting {
        name: "net.ipv4.tcp_wmem",
        doc: "The least, the first and the largest send buffer. A connection begins with room for its first congestion \
              window, but not less than the second and not more than the third; buffers do not grow here.",
        unit: "bytes",
        source: "ip-sysctl.rst; tcp_sndbuf_expand() in net/ipv4/tcp_input.c",
        read: read_wmem,
        write: write_wmem,
    },
    count!(
        "net.core.somaxconn",
        "The largest backlog that listen takes.",
        "Documentation/admin-guide/sysctl/net.rst; bounds tried out on Linux 6.18",
        0..=2_147_483_647,
        |profile| profile.accept.backlog_max
    ),
    Setting {
        name: "CONFIG_HZ",
        doc: "Makes timers fire on the timer wheel of a kernel built with that many jiffies a second; \"exact\" makes \
              them fire at their nominal time.",
        unit: "",
        source: "kernel/Kconfig.hz; kernel/time/timer.c",
        read: |profile| match profile.clock {
            Clock::Exact => SettingValue::text("exact"),
            Clock::Wheel { hz } => SettingValue::Integer(i64::from(hz)),
        },
        write: |profile, value| {
            profile.clock = match value {
                SettingValue::Text(text) if text == "exact" => Clock::Exact,
                SettingValue::Integer(100) => Clock::Wheel { hz: 100 },
                SettingValue::Integer(250) => Clock::Wheel { hz: 250 },
                SettingValue::Integer(300) => Clock::Wheel { hz: 300 },
                SettingValue::Integer(1000) => Clock::Wheel { hz: 1000 },
                _ => return Err("must be 100, 250, 300, 1000 or \"exact\"".to_owned()),
            };
            Ok(())
        },
    },
];

/// The kernel also takes 0 and less, and then probes without a pause.
const POSITIVE: &str = "ip-sysctl.rst; upper bound tried out on Linux 6.18";
/// The most seconds that fit into an `int` of jiffies at `CONFIG_HZ=250`.
const JIFFIES_MAX: i64 = 8_589_934;
/// What 0 stands for.
const ORPHAN_RETRIES: u32 = 8;
/// `tcp_rmem[0]` and `tcp_wmem[0]`.
const MEM_MIN: u32 = 4096;
/// `tcp_wmem[1]` and `tcp_wmem[2]`.
const WMEM_DEFAULT: u32 = 16_384;
const WMEM_MAX: u32 = 4_194_304;
/// What a new connection's send buffer holds unless `tcp_wmem` says otherwise: see the profile.
const SEND_INITIAL: u32 = crate::profile::linux::LINUX.buffers.send;

fn syn_retries(profile: &Profile) -> u32 {
    match profile.connect.limit {
        ConnectLimit::RetriesOrModelTime { retries } | ConnectLimit::Retries { retries, .. } => {
            retries
        }
        ConnectLimit::Deadline(_) => 0,
    }
}

const fn count_of(limit: RetransmitLimit) -> u32 {
    match limit {
        RetransmitLimit::Count(count) | RetransmitLimit::ModelTime(count) => count,
    }
}

fn write_ports(profile: &mut Profile, value: &SettingValue) -> Result<(), String> {
    // The lower bound is net.ipv4.ip_unprivileged_port_start.
    let [first, last] = value.numbers(&(1024..=65_535), "two ports, such as \"32768 60999\"")?;
    if first > last {
        return Err("must begin with the lower of the two ports".to_owned());
    }
    let port = |number| u16::try_from(number).expect("the bounds are those of ports");
    profile.ephemeral_ports = (port(first), port(last));
    Ok(())
}

fn read_rmem(profile: &Profile) -> SettingValue {
    let max = match profile.buffers.window_scale.unwrap_or(0) {
        // 6 MiB is no power of two.
        7 => 6_291_456,
        scale => 1_u64 << (15 + scale),
    };
    let first = u64::from(profile.buffers.receive) * 2;
    SettingValue::text(format!("{MEM_MIN} {first} {max}"))
}

fn write_rmem(profile: &mut Profile, value: &SettingValue) -> Result<(), String> {
    let what = "three numbers of bytes, such as \"4096 131072 6291456\"";
    let [_, first, max]: [u32; 3] = value.numbers(&(1..=2_147_483_647), what)?;
    profile.buffers.receive = (first / 2).max(1);
    if profile.buffers.window_scale.is_some() {
        let scale = u8::try_from(max.ilog2().saturating_sub(15)).expect("a logarithm of 32 bits");
        profile.buffers.window_scale = Some(scale.min(14));
    }
    Ok(())
}

fn read_wmem(profile: &Profile) -> SettingValue {
    let send = profile.buffers.send;
    let (first, max) = match send {
        SEND_INITIAL => (WMEM_DEFAULT, WMEM_MAX),
        _ if send < SEND_INITIAL => (WMEM_DEFAULT.min(send), send),
        _ => (send, WMEM_MAX.max(send)),
    };
    SettingValue::text(format!("{MEM_MIN} {first} {max}"))
}

fn write_wmem(profile: &mut Profile, value: &SettingValue) -> Result<(), String> {
    let what = "three numbers of bytes, such as \"4096 16384 4194304\"";
    let [_, first, max]: [u32; 3] = value.numbers(&(1..=2_147_483_647), what)?;
    profile.buffers.send = SEND_INITIAL.min(max).max(first);
    Ok(())
}
