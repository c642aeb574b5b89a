//! Windows, from XP to 11, and the Windows of the article that the project started from.
//!
//! Microsoft documents settings and their defaults, not the code; what is only inferred says so.
//!
//! Sources: "KB170359" How to modify the TCP/IP maximum retransmission time-out; "KB175523" Winsock TCP connection
//! performance to unused ports; "W2000" Microsoft Windows 2000 TCP/IP Implementation Details and the registry reference
//! of Windows 2000 Server; "NetTCPIP" the reference of `Set-NetTCPSetting`; "socket options" the reference of
//! `SO_KEEPALIVE`, `SIO_KEEPALIVE_VALS` and of the IPPROTO_TCP options; "connectivity" Microsoft's support article
//! "Troubleshoot TCP/IP connectivity issues"; "exhaustion" its article "Troubleshoot port exhaustion issues".

use super::{
    Accept, AfterError, AfterShutdownRead, BacklogCapacity, Buffers, ChallengeAck, Clock, Close,
    Connect, ConnectLimit, DelayedAck, ErrorOrder, IcmpEffect, IcmpEffects, IcmpRules, KeepAlive,
    LateOverflow, Os, Overflow, Profile, Refused, ResetInQueue, Retransmit, RetransmitLimit, Rto,
    RtoFormula, errors,
};
use std::borrow::Cow;
use std::time::Duration;

/// The Windows of the article "TCP Errors, Explained!" by Lalit Adithya: its figures for connecting are those of XP to
/// 10; its figures for data are no Windows' defaults.
pub(super) const WINDOWS_ARTICLE: Profile = Profile {
    name: Cow::Borrowed("windows-article"),
    // "waits 3 seconds": a timeout that no round trip makes shorter.
    rto: Rto {
        fallback: Duration::from_secs(3),
        min: Duration::from_secs(3),
        ..WINDOWS_10.rto
    },
    // "2 retries": at 3 s and 9 s; it gives up at 21 s.
    retransmit: Retransmit {
        limit: RetransmitLimit::Count(2),
        ..WINDOWS_10.retransmit
    },
    ..WINDOWS_10
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
        max: Duration::from_secs(120),
        ..WINDOWS_10.rto
    },
    retransmit: Retransmit {
        // W2000, TcpMaxDupAcks: 2.
        fast_retransmit: Some(2),
        ..WINDOWS_10.retransmit
    },
    delayed_ack: DelayedAck {
        // W2000, TcpDelAckTicks: 2 ticks of 100 ms.
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
        // W2000, TcpTimedWaitDelay: 0xF0 seconds. TIME-WAIT and the wait in FIN-WAIT-2 after close share it.
        fin_wait_2: Duration::from_secs(240),
        time_wait: Duration::from_secs(240),
        ..WINDOWS_10.close
    },
    buffers: Buffers {
        // W2000, TcpWindowSize on Ethernet: 16 KiB rounded up to full segments of 1460 bytes.
        receive: 17_520,
        // KB214397, DefaultSendWindow: 8192.
        send: 8192,
        // W2000, Tcp1323Opts: 0.
        window_scale: None,
        // RFC 2581: two segments; inferred.
        initial_cwnd: 2,
        ..WINDOWS_10.buffers
    },
    // W2000, MaxUserPort: 5000; the first is 1025.
    ephemeral_ports: (1025, 5000),
    ..WINDOWS_10
};

/// Windows Vista, 7 and Server 2008 and 2008 R2.
pub(super) const WINDOWS_7: Profile = Profile {
    name: Cow::Borrowed("windows-7"),
    delayed_ack: DelayedAck {
        min: Duration::from_millis(200),
        max: Duration::from_millis(200),
        ..WINDOWS_10.delayed_ack
    },
    buffers: Buffers {
        send: 8192,
        initial_cwnd: 2,
        ..WINDOWS_10.buffers
    },
    ..WINDOWS_10
};

/// Windows 10 to version 1909, Server 2016 and 2019.
pub(super) const WINDOWS_10: Profile = Profile {
    name: Cow::Borrowed("windows-10"),
    os: Os::Windows,
    clock: Clock::Exact,
    connect: Connect {
        // NetTCPIP, InitialRto: 3000 ms; before Vista the registry's TcpInitialRTT, 3 s (KB170359).
        rto_initial: Duration::from_secs(3),
        linear_timeouts: 0,
        // Socket options, TCP_MAXRT: waits are bounded by 60 s.
        rto_max: Duration::from_secs(60),
        slop: Duration::ZERO,
        // TcpMaxConnectRetransmissions and MaxSynRetransmissions: 2. Seen at 0, 3 and 9 s, failing at 21 s (Catchpoint,
        // "TCP connection retransmissions").
        limit: ConnectLimit::Retries {
            retries: 2,
            deadline: None,
        },
        // KB175523: the SYN is sent again after a fixed wait; 500 ms and a failure after 1 s were measured
        // (golang/go#23366).
        refused: Refused::Retry {
            interval: Duration::from_millis(500),
        },
    },
    accept: Accept {
        // Inferred: as for a SYN.
        rto_initial: Duration::from_secs(3),
        // W2000, TcpMaxConnectResponseRetransmissions: 2. Later releases: inferred to be the same.
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
    },
    rto: Rto {
        // NetTCPIP, InitialRto.
        fallback: Duration::from_secs(3),
        // NetTCPIP, MinRto of the Internet template.
        min: Duration::from_millis(300),
        // Inferred: the bound for SYNs.
        max: Duration::from_secs(60),
        // KB170359: an estimate after Jacobson, doubled with each retransmission.
        formula: RtoFormula::Standard,
        // Only `max` bounds it.
        doublings_max: UNBOUNDED,
    },
    retransmit: Retransmit {
        // KB170359, TcpMaxDataRetransmissions: 5.
        limit: RetransmitLimit::Count(5),
        // KB170359 knows no other count.
        orphan_limit: None,
        // RFC 5681.
        fast_retransmit: Some(3),
        // Windows 10 1607 and later have one for round trips over 10 ms. How it meets the retransmission timer is
        // not documented, and the documented count does not tell them apart, so it is left out.
        tail_loss_probe: false,
        thin_linear: false,
        // Connectivity: an ACK with RST follows the last retransmission.
        reset_on_give_up: true,
        user_timeout: false,
        // Inferred: TcpMaxDataRetransmissions.
        zero_window_probes: 5,
    },
    delayed_ack: DelayedAck {
        min: Duration::from_millis(50),
        max: Duration::from_millis(50),
        // NetTCPIP, DelayedAckFrequency: 2.
        every: 2,
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
        fin_wait_2: Duration::from_secs(120),
        // Contested: 240 s (exhaustion, also for Windows 10), 120 s (Oracle's tuning guide) or 60 s (Small Business
        // Server 2008). 120 s is chosen; TcpTimedWaitDelay changes it.
        time_wait: Duration::from_secs(120),
        // Winsock reference, shutdown: data that is there or arrives after SD_RECEIVE resets the connection.
        after_shutdown_read: AfterShutdownRead::Reset,
    },
    challenge_ack: ChallengeAck {
        on: false,
        interval: Duration::ZERO,
    },
    icmp: IcmpRules {
        // Socket options, TCP_FAIL_CONNECT_ON_ICMP_ERROR: off unless the program asks.
        connecting: IcmpEffects::all(IcmpEffect::Ignore),
        // Inferred.
        established: IcmpEffects::all(IcmpEffect::Ignore),
        revert_backoff: false,
    },
    buffers: Buffers {
        receive: 65_535,
        send: 65_536,
        window_scale: Some(8),
        sack: true,
        timestamps: false,
        initial_cwnd: 10,
    },
    // Winsock reference, bind; "exhaustion".
    ephemeral_ports: (49_152, 65_535),
    error_order: ErrorOrder {
        // Inferred: a reset empties the socket's receive buffer.
        data_before_error: false,
        eof_before_error: false,
        send_takes_error: true,
        // Winsock reference, recv: the socket is no longer usable.
        after_error: AfterError::SameError,
    },
    errors: Cow::Borrowed(errors::WINDOWS_RULES),
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

/// More doublings than any upper bound leaves room for.
const UNBOUNDED: u32 = 31;
