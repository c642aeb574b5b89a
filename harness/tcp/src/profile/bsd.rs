//! macOS and FreeBSD, which share much of their TCP.
//!
//! macOS is xnu-11417.101.15 (macOS 15), files under `bsd/`; FreeBSD is 14, files under `sys/`. Both keep their TCP in
//! `netinet/` and their sockets in `kern/`.

use super::{
    Accept, AfterError, AfterShutdownRead, BacklogCapacity, Buffers, ChallengeAck, Clock, Close,
    Connect, ConnectLimit, DelayedAck, ErrorOrder, IcmpEffect, IcmpEffects, IcmpRules, KeepAlive,
    LateOverflow, Os, Overflow, Profile, Refused, ResetInQueue, Retransmit, RetransmitLimit, Rto,
    RtoFormula, errors,
};
use std::borrow::Cow;
use std::time::Duration;

/// macOS 15.
pub(super) const MACOS: Profile = Profile {
    name: Cow::Borrowed("macos"),
    os: Os::Macos,
    clock: Clock::Exact,
    connect: Connect {
        // tcp_timer.h: TCPTV_RTOBASE.
        rto_initial: Duration::from_secs(1),
        // tcp_timer.c: tcp_syn_backoff[] is 1, 1, 1, 1, 1, 2, 4, ...
        linear_timeouts: 4,
        // TCPTV_REXMTMAX.
        rto_max: Duration::from_secs(64),
        // TCP_ADD_REXMTSLOP() adds it in synchronized states only.
        slop: Duration::ZERO,
        // TCPTV_KEEP_INIT, net.inet.tcp.keepinit.
        limit: ConnectLimit::Deadline(Duration::from_secs(75)),
        // tcp_input(): tcp_drop(ECONNREFUSED).
        refused: Refused::AtOnce,
    },
    accept: Accept {
        rto_initial: Duration::from_secs(1),
        // The half-open connection is a socket of its own, and retransmits as one until keepinit ends it after 75 s: at
        // 1, 3, 7, 15, 31 and 63 s.
        synack_retries: 6,
        // sys/socket.h: SOMAXCONN.
        backlog_max: 128,
        // uipc_socket2.c, sonewconn(): soqlimitcompat is 1.
        capacity: BacklogCapacity::Exact,
        // tcp_input(): the SYN is dropped if no older half-open connection can make room.
        overflow: Overflow::DropSyn,
        // The socket exists since the SYN.
        late_overflow: LateOverflow::Admit,
        // tcp_usr_accept(): ECONNABORTED.
        reset_in_queue: ResetInQueue::FailAccept,
    },
    rto: Rto {
        // TCPTV_RTOBASE.
        fallback: Duration::from_secs(1),
        // tcp_subr.c: tcp_TCPTV_MIN, 100 ms.
        min: Duration::from_millis(100),
        // TCPTV_REXMTMAX.
        max: Duration::from_secs(64),
        // TCP_REXMTVAL() and TCPT_RANGESET(), with TCPTV_REXMTSLOP.
        formula: RtoFormula::Slop(Duration::from_millis(200)),
        // tcp_timer.c: tcp_backoff[] ends in 64s.
        doublings_max: 6,
    },
    retransmit: Retransmit {
        // TCP_MAXRXTSHIFT.
        limit: RetransmitLimit::Count(12),
        orphan_limit: None,
        // tcprexmtthresh.
        fast_retransmit: Some(3),
        tail_loss_probe: false,
        thin_linear: false,
        // tcp_drop() ends in tcp_output() in state CLOSED, which sends a RST.
        reset_on_give_up: true,
        user_timeout: false,
        // tcp_timers(), TCPT_PERSIST: t_rxtshift reaches TCP_MAXRXTSHIFT.
        zero_window_probes: 12,
    },
    delayed_ack: DelayedAck {
        min: Duration::from_millis(100),
        max: Duration::from_millis(100),
        every: 2,
        quick_at_start: 0,
    },
    keepalive: KeepAlive {
        // net.inet.tcp.always_keepalive.
        on: false,
        // TCPTV_KEEP_IDLE, TCPTV_KEEPINTVL, TCPTV_KEEPCNT.
        idle: Duration::from_secs(7200),
        interval: Duration::from_secs(75),
        count: 8,
        // tcp_respond() without data.
        probe_len: 0,
        // tcp_drop().
        reset_on_give_up: true,
    },
    close: Close {
        // tcp_disconnect(): data in so_rcv.
        reset_on_unread: true,
        // TCPTV_FINWAIT2, net.inet.tcp.fin_timeout.
        fin_wait_2: Duration::from_secs(60),
        // Twice TCPTV_MSL, net.inet.tcp.msl.
        time_wait: Duration::from_secs(30),
        // socantrcvmore(): sbappendstream() throws it away.
        after_shutdown_read: AfterShutdownRead::Discard,
    },
    challenge_ack: ChallengeAck {
        // net.inet.tcp.do_rfc5961.
        on: true,
        // net.inet.tcp.challengeack_limit: 10 a second.
        interval: Duration::from_millis(100),
    },
    icmp: IcmpRules {
        connecting: IcmpEffects {
            // tcp_notify(): a soft error; with t_rxtshift over 3 the next one ends the attempt.
            net: IcmpEffect::SoftThenFail { retransmits: 4 },
            host: IcmpEffect::SoftThenFail { retransmits: 4 },
            // tcp_ctlinput() with net.inet.tcp.icmp_may_rst: tcp_drop_syn_sent().
            port: IcmpEffect::Fail,
            admin: IcmpEffect::Fail,
        },
        // tcp_notify(): the route is looked up again, and that is all.
        established: IcmpEffects::all(IcmpEffect::Ignore),
        revert_backoff: false,
    },
    buffers: Buffers {
        receive: 131_072,
        send: 131_072,
        window_scale: Some(6),
        sack: true,
        timestamps: true,
        initial_cwnd: 10,
    },
    // in_pcb.c: ipport_firstauto, ipport_lastauto.
    ephemeral_ports: (49_152, 65_535),
    error_order: ErrorOrder {
        // uipc_socket.c, soreceive(): what is in the buffer, then so_error, then SS_CANTRCVMORE.
        data_before_error: true,
        eof_before_error: false,
        // sosendcheck(): SS_CANTSENDMORE first, so EPIPE.
        send_takes_error: false,
        after_error: AfterError::EndOfFile,
    },
    errors: Cow::Borrowed(errors::MACOS_RULES),
};

/// FreeBSD 14.
pub(super) const FREEBSD: Profile = Profile {
    name: Cow::Borrowed("freebsd"),
    os: Os::Freebsd,
    connect: Connect {
        // net.inet.tcp.rexmit_initial, 1 s since 13.
        rto_initial: Duration::from_secs(1),
        // tcp_timer_rexmt(): tcp_backoff[], which doubles from the start.
        linear_timeouts: 0,
        // tcp_timer.h: TCPTV_REXMTMAX.
        rto_max: Duration::from_secs(64),
        // tcp_timer_rexmt(): TCPT_RANGESET() adds tcp_rexmit_slop.
        slop: Duration::from_millis(200),
        // TCPTV_KEEP_INIT, net.inet.tcp.keepinit; seen in golang/go#12052.
        limit: ConnectLimit::Deadline(Duration::from_secs(75)),
        refused: Refused::AtOnce,
    },
    accept: Accept {
        rto_initial: Duration::from_secs(1),
        // tcp_syncache.c: SYNCACHE_MAXREXMTS, net.inet.tcp.syncache.rexmtlimit.
        synack_retries: 3,
        // kern.ipc.soacceptqueue.
        backlog_max: 128,
        // uipc_socket.c, sonewconn(): more than 3/2 of the limit.
        capacity: BacklogCapacity::ThreeHalves,
        overflow: Overflow::DropSyn,
        late_overflow: LateOverflow::Reset,
        // tcp_usr_accept(): ECONNABORTED.
        reset_in_queue: ResetInQueue::FailAccept,
    },
    rto: Rto {
        // net.inet.tcp.rexmit_initial.
        fallback: Duration::from_secs(1),
        // TCPTV_MIN, net.inet.tcp.rexmit_min.
        min: Duration::from_millis(30),
        max: Duration::from_secs(64),
        // net.inet.tcp.rexmit_slop.
        formula: RtoFormula::Slop(Duration::from_millis(200)),
        // tcp_backoff[] ends in 512s.
        doublings_max: 9,
    },
    keepalive: KeepAlive {
        // net.inet.tcp.always_keepalive.
        on: true,
        ..MACOS.keepalive
    },
    close: Close {
        // net.inet.tcp.finwait2_timeout.
        fin_wait_2: Duration::from_secs(60),
        // Twice TCPTV_MSL, net.inet.tcp.msl.
        time_wait: Duration::from_secs(60),
        ..MACOS.close
    },
    delayed_ack: DelayedAck {
        min: Duration::from_millis(40),
        max: Duration::from_millis(40),
        ..MACOS.delayed_ack
    },
    challenge_ack: ChallengeAck {
        // net.inet.tcp.insecure_rst and insecure_syn are 0.
        on: true,
        interval: Duration::from_millis(200),
    },
    buffers: Buffers {
        // net.inet.tcp.recvspace, net.inet.tcp.sendspace.
        receive: 65_536,
        send: 32_768,
        window_scale: Some(6),
        ..MACOS.buffers
    },
    // in.h: IPPORT_EPHEMERALFIRST, IPPORT_EPHEMERALLAST; net.inet.ip.portrange.first and last.
    ephemeral_ports: (10_000, 65_535),
    errors: Cow::Borrowed(errors::FREEBSD_RULES),
    ..MACOS
};
