//! Windows, from XP to 11, and the Windows of the article that the project started from.
//!
//! Microsoft documents settings and their defaults, not the code; what is only inferred says so.
//!
//! Sources, as the comments name them:
//! - KBnnnnnn: articles of Microsoft's knowledge base. KB170359 is on data retransmissions, KB175523 on refused
//!   connects, KB214397 on send buffers, KB923200 on FIN-WAIT-2;
//! - registry reference: the pages of single values, such as `TcpTimedWaitDelay` (TechNet cc938217 for Windows 2000,
//!   cc757512 for Server 2003), and "Windows 2000 TCP/IP Implementation Details", which lists them all;
//! - `Set-NetTCPSetting`: its reference, and what `Get-NetTCPSetting` prints for the template "Internet", which every
//!   connection of a client release uses: on Server 2012 (a question on ask.wireshark.org of 2015), on Windows 10
//!   (esnet/iperf#1069) and on Windows 11 (the documentation of ETWAnalyzer);
//! - socket options: the references of `SO_KEEPALIVE`, `SIO_KEEPALIVE_VALS` and the IPPROTO_TCP options;
//! - Winsock reference: the page of the call in the API documentation of `winsock2.h`;
//! - p0f: the signatures of SYNs in `p0f.fp` of p0f 3.

use super::{
    Accept, AfterError, AfterShutdownRead, BacklogCapacity, Buffers, ChallengeAck, Clock, Close,
    Connect, ConnectLimit, DelayedAck, ErrorOrder, IcmpEffect, IcmpEffects, IcmpRules, KeepAlive,
    LateOverflow, Nagle, Os, Overflow, Profile, Push, Refused, ResetInQueue, Retransmit,
    RetransmitLimit, Rto, RtoFormula, errors,
};
use std::borrow::Cow;
use std::time::Duration;

/// The Windows of the article "TCP Errors, Explained!" by Lalit Adithya. Its figures for connecting are those of XP to
/// 10; its figures for data are no Windows' defaults. What it says it knows from the registry, so what it does not say is
/// as on XP, which had nothing else.
pub(super) const WINDOWS_ARTICLE: Profile = Profile {
    name: Cow::Borrowed("windows-article"),
    rto: Rto {
        // "3 seconds": a timeout that no round trip makes shorter.
        fallback: Duration::from_secs(3),
        min: Duration::from_secs(3),
        ..WINDOWS_XP.rto
    },
    retransmit: Retransmit {
        // "2 retries": at 3 s and 9 s; it gives up at 21 s.
        limit: RetransmitLimit::Count(2),
        zero_window_probes: 2,
        ..WINDOWS_XP.retransmit
    },
    keepalive: KeepAlive {
        // On XP the same registry value counts both.
        count: 2,
        ..WINDOWS_XP.keepalive
    },
    ..WINDOWS_XP
};

/// Windows XP and Server 2003.
pub(super) const WINDOWS_XP: Profile = Profile {
    name: Cow::Borrowed("windows-xp"),
    connect: Connect {
        // An upper bound of 120 s was named by a Microsoft engineer in a TechNet forum (110271d5).
        rto_max: Duration::from_secs(120),
        ..WINDOWS_10.connect
    },
    rto: Rto {
        // KB170359: 240 s.
        max: Duration::from_secs(240),
        ..WINDOWS_10.rto
    },
    retransmit: Retransmit {
        // Registry reference, TcpMaxDupAcks: 2.
        fast_retransmit: Some(2),
        ..WINDOWS_10.retransmit
    },
    delayed_ack: DelayedAck {
        // Registry reference, TcpDelAckTicks: 2 ticks of 100 ms.
        min: Duration::from_millis(200),
        max: Duration::from_millis(200),
        ..WINDOWS_10.delayed_ack
    },
    keepalive: KeepAlive {
        // Socket options: before Vista the count is TcpMaxDataRetransmissions.
        count: 5,
        ..WINDOWS_10.keepalive
    },
    close: Close {
        // Contested: the registry reference has 240 s for Windows 2000 and 120 s for Server 2003, whose page then calls
        // it twice 120 s. 240 s is chosen, which is twice the maximum segment lifetime of RFC 793; TcpTimedWaitDelay
        // changes it.
        time_wait: Duration::from_secs(240),
        ..WINDOWS_10.close
    },
    buffers: Buffers {
        // Registry reference, TcpWindowSize to 100 Mbit/s: 16 KiB rounded up to full segments of 1460 bytes.
        receive: 17_520,
        // KB214397: 8 KiB.
        send: 8192,
        // Registry reference, Tcp1323Opts: off unless the peer asks.
        window_scale: None,
        // RFC 2581 section 3.1; `Get-NetTCPSetting` has it in the template "Compat".
        initial_cwnd: 2,
        ..WINDOWS_10.buffers
    },
    // Registry reference, MaxUserPort: 5000; KB196271: the first is 1025.
    ephemeral_ports: (1025, 5000),
    lacks: NETSH,
    ..WINDOWS_10
};

/// Windows Vista, 7 and Server 2008 and 2008 R2.
pub(super) const WINDOWS_7: Profile = Profile {
    name: Cow::Borrowed("windows-7"),
    delayed_ack: DelayedAck {
        // `Get-NetTCPSetting` on Server 2012 has it in the template "Compat", which is how releases before 8 behaved.
        min: Duration::from_millis(200),
        max: Duration::from_millis(200),
        ..WINDOWS_10.delayed_ack
    },
    buffers: Buffers {
        // KB214397: 8 KiB.
        send: 8192,
        // The template "Compat" again.
        initial_cwnd: 2,
        ..WINDOWS_10.buffers
    },
    lacks: &[
        // KB170359 has it for XP and Server 2003 only; so have the pages of the other three.
        "TcpInitialRTT",
        "TcpMaxDupAcks",
        "MaxUserPort",
        "TcpWindowSize",
        // They came with Windows 8.
        "MaxSynRetransmissions",
        "DelayedAckTimeout",
        "DelayedAckFrequency",
    ],
    ..WINDOWS_10
};

/// Windows 10 to version 1909, Server 2016 and 2019.
pub(super) const WINDOWS_10: Profile = Profile {
    name: Cow::Borrowed("windows-10"),
    os: Os::Windows,
    clock: Clock::Exact,
    connect: Connect {
        // `Set-NetTCPSetting`, InitialRtoMs: 3000; before Vista the registry's TcpInitialRTT, 3 s (TechNet cc938207).
        rto_initial: Duration::from_secs(3),
        linear_timeouts: 0,
        // Socket options, TCP_MAXRT: waits are bounded by 60 s.
        rto_max: Duration::from_secs(60),
        slop: Duration::ZERO,
        // TcpMaxConnectRetransmissions (TechNet cc938209) and MaxSynRetransmissions: 2. Seen at 0, 3 and 9 s, failing at
        // 21 s (Catchpoint's documentation, "TCP connection retransmissions").
        limit: ConnectLimit::Retries {
            retries: 2,
            deadline: None,
        },
        // KB175523: the SYN is sent again after a fixed wait; 500 ms and a failure after 1 s were measured
        // (golang/go#23366).
        refused: Refused::Retry {
            interval: Duration::from_millis(500),
        },
        resend_after_wrong_ack: None,
    },
    accept: Accept {
        // "Threats and Countermeasures Guide", TcpMaxConnectResponseRetransmissions: 2, the first after 3 s. Releases
        // after 7: inferred.
        rto_initial: Duration::from_secs(3),
        synack_retries: 2,
        // Winsock reference, listen: SOMAXCONN is "a maximum reasonable value"; 200 is the least that SOMAXCONN_HINT
        // takes.
        backlog_max: 200,
        capacity: BacklogCapacity::Exact,
        // KB113576, and the Winsock reference of listen: the client gets WSAECONNREFUSED.
        overflow: Overflow::Reset,
        // Inferred from the rule for SYNs.
        late_overflow: LateOverflow::Reset,
        // Winsock reference, accept: WSAECONNRESET.
        reset_in_queue: ResetInQueue::FailAccept,
        // Inferred from closing with connections in the queue.
        close_resets_half_open: true,
    },
    rto: Rto {
        // RFC 6298 (5.7); `Set-NetTCPSetting`, InitialRtoMs: that it is used here too is inferred.
        fallback: Duration::from_secs(3),
        // `Get-NetTCPSetting`, MinRto: 300 ms on every release that has it. "Datacenter" on servers has 20 ms.
        min: Duration::from_millis(300),
        // Inferred: the bound for SYNs.
        max: Duration::from_secs(60),
        // KB170359: an estimate after Jacobson, doubled with each retransmission.
        formula: RtoFormula::Standard,
        // Only `max` bounds it.
        doublings_max: UNBOUNDED,
    },
    retransmit: Retransmit {
        // KB170359, TcpMaxDataRetransmissions: 5. Contested for new releases: the documentation of ETWAnalyzer tells of
        // some 9; TcpMaxDataRetransmissions changes it.
        limit: RetransmitLimit::Count(5),
        // KB170359 knows no other count.
        orphan_limit: None,
        // RFC 5681.
        fast_retransmit: Some(3),
        // Inferred, as for the tail loss probe.
        rack: false,
        // Windows 10 1607 and later have one for round trips over 10 ms. How it meets the retransmission timer is
        // not documented, and the documented count does not tell them apart, so it is left out.
        tail_loss_probe: false,
        loss_probe_after_close: false,
        thin_linear: false,
        // Support article "Troubleshoot TCP/IP connectivity issues": an ACK with RST follows the last retransmission.
        reset_on_give_up: true,
        user_timeout: false,
        // Inferred: TcpMaxDataRetransmissions, and the timeouts of data.
        zero_window_probes: 5,
        zero_window_wait_min: Duration::ZERO,
        zero_window_wait_max: Duration::from_secs(60),
    },
    delayed_ack: DelayedAck {
        // `Get-NetTCPSetting`, DelayedAckTimeout: 40 ms on Windows 10 and 11 (50 ms on Server 2012).
        min: Duration::from_millis(40),
        max: Duration::from_millis(40),
        // `Get-NetTCPSetting`, DelayedAckFrequency: 2.
        every: 2,
        // Inferred.
        quick_at_start: 0,
    },
    keepalive: KeepAlive {
        on: false,
        // Socket options: KeepAliveTime 7,200,000 ms, KeepAliveInterval 1000 ms, and 10 probes since Vista.
        idle: Duration::from_secs(7200),
        interval: Duration::from_secs(1),
        count: 10,
        // Inferred from captures, which show a byte of old data.
        probe_len: 1,
        // Inferred: as for data.
        reset_on_give_up: true,
    },
    close: Close {
        // Seen with closesocket (symbol/symbol#2060).
        reset_on_unread: true,
        // KB923200: two minutes on Server 2003; later releases: inferred.
        fin_wait_2: Duration::from_secs(120),
        // Contested: 240 s (support article "Troubleshoot port exhaustion issues", also for Windows 10), 120 s (Oracle's tuning guide) or 60 s (Small Business
        // Server 2008). 120 s is chosen; TcpTimedWaitDelay changes it.
        time_wait: Duration::from_secs(120),
        // Inferred: RFC 793, "close the connection".
        reset_ends_time_wait: true,
        // Winsock reference, shutdown: data that is there or arrives after SD_RECEIVE resets the connection.
        after_shutdown_read: AfterShutdownRead::Reset,
        // Inferred.
        gap_before_fin_is_data: false,
        // Inferred: the article names a crashed program as the cause of 10054, and a process that is terminated
        // leaves its connections to an abortive close.
        reset_on_kill: true,
        kill_closes_last_first: false,
    },
    challenge_ack: ChallengeAck {
        // Not said; without RFC 5961 it makes no difference.
        reset_at_sack_edge: false,
        // Inferred: no release documents RFC 5961, and no setting is about it.
        on: false,
        interval: Duration::ZERO,
    },
    icmp: IcmpRules {
        // Socket options, TCP_FAIL_CONNECT_ON_ICMP_ERROR: off unless the program asks.
        connecting: IcmpEffects::all(IcmpEffect::Ignore),
        // Inferred.
        half_open: IcmpEffects::all(IcmpEffect::Ignore),
        established: IcmpEffects::all(IcmpEffect::Ignore),
        closing: IcmpEffects::all(IcmpEffect::Ignore),
        revert_backoff: false,
    },
    buffers: Buffers {
        // Inferred from SO_RCVBUF and SO_SNDBUF, which are 65536 on a new socket. The window of a SYN is smaller, and
        // both adapt to the path later on, which is not modelled.
        receive: 65_536,
        send: 65_536,
        // RFC 9293 section 3.7.4; inferred.
        nagle: Nagle::Classic,
        // p0f, "Windows 7 or 8": scale 8, SACK, no timestamps. `Get-NetTCPSetting`, Timestamps: disabled.
        window_scale: Some(8),
        sack: true,
        timestamps: false,
        // `Get-NetTCPSetting`, InitialCongestionWindow: 10 (4 on Server 2012).
        initial_cwnd: 10,
        // RFC 9293 section 3.9.1.
        push: Push::Last,
    },
    // Winsock reference, bind; `Get-NetTCPSetting`, DynamicPortRange.
    ephemeral_ports: (49_152, 65_535),
    error_order: ErrorOrder {
        // A reset empties the receive buffer (dotnet/runtime#57186).
        data_before_error: false,
        // Inferred from it.
        eof_before_error: false,
        // Winsock reference, send: WSAECONNRESET and WSAECONNABORTED.
        send_takes_error: true,
        // Winsock reference, recv: the socket is no longer usable.
        after_error: AfterError::SameError,
        // learn.microsoft.com, `recv`: WSAESHUTDOWN after shutdown with SD_RECEIVE or SD_BOTH.
        shut_read_fails: true,
    },
    errors: Cow::Borrowed(errors::WINDOWS_RULES),
    lacks: &[
        // `netsh` and `Set-NetTCPSetting` have taken their place.
        "TcpInitialRTT",
        "TcpMaxConnectRetransmissions",
        "TcpMaxConnectResponseRetransmissions",
        "TcpMaxDupAcks",
        "TcpDelAckTicks",
        "MaxUserPort",
        "TcpWindowSize",
        "Tcp1323Opts",
        "SackOpts",
    ],
};

/// Windows 10 from version 2004, Windows 11, Server 2022 and 2025.
pub(super) const WINDOWS_11: Profile = Profile {
    name: Cow::Borrowed("windows-11"),
    connect: Connect {
        // `netsh int tcp show global` on these releases: 1000 and 4. That 2004 is the first is inferred.
        rto_initial: Duration::from_secs(1),
        // Their sum is 31 s, but a connect into a black hole was measured to fail after 21.0 s, and with 6 of them after
        // the full 123 s (SciQLop/speasy#344). So the limit of 21 s (nmap/nmap#2113) is taken to hold only while both
        // have the values that Windows ships with; inferred.
        limit: ConnectLimit::Retries {
            retries: 4,
            deadline: Some(Duration::from_secs(21)),
        },
        ..WINDOWS_10.connect
    },
    accept: Accept {
        // Inferred: as for a SYN.
        rto_initial: Duration::from_secs(1),
        ..WINDOWS_10.accept
    },
    rto: Rto {
        fallback: Duration::from_secs(1),
        ..WINDOWS_10.rto
    },
    ..WINDOWS_10
};

/// The settings that came with Vista and later.
const NETSH: &[&str] = &[
    "InitialRto",
    "MaxSynRetransmissions",
    "MinRto",
    "InitialCongestionWindow",
    "DelayedAckTimeout",
    "DelayedAckFrequency",
    "Timestamps",
    "dynamicport",
];

/// More doublings than any upper bound leaves room for.
const UNBOUNDED: u32 = 31;
