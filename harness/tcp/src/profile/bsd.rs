//! macOS and FreeBSD, which share much of their TCP.
//!
//! macOS is xnu-11417.101.15 (macOS 15), files under `bsd/`; FreeBSD is 14, files under `sys/`. Both keep their TCP in
//! `netinet/` and their sockets in `kern/`, and what FreeBSD takes over from macOS here it has in functions of the same
//! names. Values of FreeBSD's sysctls are as a listing of `sysctl net.inet.tcp` on a machine with the stacks freebsd,
//! rack and bbr shows them.

use super::{
    Accept, AfterError, AfterShutdownRead, BacklogCapacity, Buffers, ChallengeAck, Clock, Close,
    Connect, ConnectLimit, DelayedAck, ErrorOrder, IcmpEffect, IcmpEffects, IcmpRules, KeepAlive,
    LateOverflow, Nagle, Os, Overflow, Profile, Push, Refused, ResetInQueue, Retransmit,
    RetransmitLimit, Rto, RtoFormula, errors,
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
        resend_after_wrong_ack: None,
    },
    accept: Accept {
        // TCPTV_RTOBASE.
        rto_initial: Duration::from_secs(1),
        // The half-open connection is a socket of its own, and retransmits as one until keepinit ends it after 75 s: at
        // 1, 3, 7, 15, 31 and 63 s. Here it is gone when the seventh would be due, at 127 s.
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
        // soclose() aborts what is in so_incomp, and tcp_drop() sends a RST.
        close_resets_half_open: true,
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
        // tcp_input(): counts duplicate ACKs, and SACKed segments.
        rack: false,
        // net.inet.tcp.enable_tlp; tcp_output() sets TCPT_PTO to two round trips and, for a single segment, tcp_delack,
        // which is as long as the least RTO here.
        tail_loss_probe: true,
        // tcp_output(): `len != 0 && t_state == TCPS_ESTABLISHED`.
        loss_probe_after_close: false,
        thin_linear: false,
        // tcp_drop() ends in tcp_output() in state CLOSED, which sends a RST.
        reset_on_give_up: true,
        user_timeout: false,
        // tcp_timers(), TCPT_PERSIST: t_rxtshift reaches TCP_MAXRXTSHIFT.
        zero_window_probes: 12,
        // tcp_setpersist(): TCPTV_PERSMIN and TCPTV_PERSMAX.
        zero_window_wait_min: Duration::from_secs(5),
        zero_window_wait_max: Duration::from_secs(60),
    },
    delayed_ack: DelayedAck {
        // tcp_timer.c: tcp_delack.
        min: Duration::from_millis(100),
        max: Duration::from_millis(100),
        // tcp_cc_delay_ack(): an ACK is delayed for one full segment, not for two.
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
        // tcp_send_keep_alive(): one byte before SND.UNA, no data.
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
        // tcp_input(): nothing happens in TIME-WAIT.
        reset_ends_time_wait: false,
        // tcp_input(): data for a socket with SS_CANTRCVMORE closes the connection and draws a RST.
        after_shutdown_read: AfterShutdownRead::Reset,
        // tcp_input(): looks at tlen, which the FIN is no part of.
        gap_before_fin_is_data: false,
        // A process that dies has its sockets closed as by `close`.
        reset_on_kill: false,
        // fdescfree() counts upwards.
        kill_closes_last_first: false,
    },
    challenge_ack: ChallengeAck {
        // tcp_input(): only last_ack_sent and rcv_nxt.
        reset_at_sack_edge: false,
        // net.inet.tcp.do_rfc5961.
        on: true,
        // net.inet.tcp.challengeack_limit: 10 a second on each connection, which may come at once there.
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
        // The same, in syncache_unreach() on FreeBSD; tcp_drop_syn_sent() leaves every other state alone.
        half_open: IcmpEffects {
            net: IcmpEffect::SoftThenFail { retransmits: 4 },
            host: IcmpEffect::SoftThenFail { retransmits: 4 },
            port: IcmpEffect::Ignore,
            admin: IcmpEffect::Ignore,
        },
        // tcp_notify(): the route is looked up again, and that is all.
        established: IcmpEffects::all(IcmpEffect::Ignore),
        // tcp_notify() makes that exception for ESTABLISHED only.
        closing: IcmpEffects {
            net: IcmpEffect::Soft,
            host: IcmpEffect::Soft,
            port: IcmpEffect::Ignore,
            admin: IcmpEffect::Ignore,
        },
        revert_backoff: false,
    },
    buffers: Buffers {
        // tcp_usrreq.c: tcp_recvspace and tcp_sendspace are 384 and 256 segments of 1448 bytes. They grow with the
        // traffic, which is not modelled.
        receive: 556_032,
        send: 370_688,
        // tcp_output(): a segment that is not full may follow a full one (TF_MAXSEGSNT).
        nagle: Nagle::Minshall,
        // tcp_set_max_rwinscale() with tcp_autorcvbuf_max = 4 MiB, as tcp_init() sets it on machines with 4 GiB.
        window_scale: Some(6),
        // Always offered; tcp_subr.c: tcp_do_timestamps.
        sack: true,
        timestamps: true,
        // tcp_cc.h: TCP_CC_CWND_INIT_PKTS.
        initial_cwnd: 10,
        // RFC 9293 section 3.9.1.
        push: Push::Last,
    },
    // in_pcb.c: ipport_firstauto, ipport_lastauto; in.h: IPPORT_HIFIRSTAUTO, IPPORT_HILASTAUTO.
    ephemeral_ports: (49_152, 65_535),
    error_order: ErrorOrder {
        // uipc_socket.c, soreceive(): what is in the buffer, then so_error, then SS_CANTRCVMORE.
        data_before_error: true,
        eof_before_error: false,
        // sosendcheck(): SS_CANTSENDMORE first, so EPIPE.
        send_takes_error: false,
        after_error: AfterError::EndOfFile,
        shut_read_fails: false,
    },
    errors: Cow::Borrowed(errors::MACOS_RULES),
    lacks: &[],
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
        resend_after_wrong_ack: None,
    },
    accept: Accept {
        // tcp_syncache.c, SYNCACHE_TIMEOUT(): net.inet.tcp.rexmit_initial and tcp_backoff[].
        rto_initial: Duration::from_secs(1),
        // SYNCACHE_MAXREXMTS, net.inet.tcp.syncache.rexmtlimit.
        synack_retries: 3,
        // kern.ipc.soacceptqueue.
        backlog_max: 128,
        // uipc_socket.c, sonewconn(): more than 3/2 of the limit.
        capacity: BacklogCapacity::ThreeHalves,
        // The syncache answers a SYN without a look at the queue.
        overflow: Overflow::Answer,
        // tcp_input() with net.inet.tcp.syncache.rst_on_sock_fail = 1.
        late_overflow: LateOverflow::Reset,
        // tcp_usr_accept(): ECONNABORTED.
        reset_in_queue: ResetInQueue::FailAccept,
        // What the syncache holds is no socket: tcp_close() of the listener does not know of it.
        close_resets_half_open: false,
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
    retransmit: Retransmit {
        // net.inet.tcp.retries.
        limit: RetransmitLimit::Count(12),
        // tcp_do_segment() counts duplicate ACKs, and SACKed segments; the stack rack is another.
        rack: false,
        // Only the stacks rack and bbr have one.
        tail_loss_probe: false,
        // tcp_output(): `len != 0 && t_state == TCPS_ESTABLISHED`.
        loss_probe_after_close: false,
        ..MACOS.retransmit
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
        // tcp_do_segment(): data for a socket with SBS_CANTRCVMORE is freed.
        after_shutdown_read: AfterShutdownRead::Discard,
        // tcp_do_segment(): looks at tlen, which the FIN is no part of.
        gap_before_fin_is_data: false,
        // A process that dies has its sockets closed as by `close`.
        reset_on_kill: false,
        // fdescfree() counts upwards.
        kill_closes_last_first: false,
        ..MACOS.close
    },
    delayed_ack: DelayedAck {
        // net.inet.tcp.delacktime.
        min: Duration::from_millis(40),
        max: Duration::from_millis(40),
        ..MACOS.delayed_ack
    },
    challenge_ack: ChallengeAck {
        // tcp_do_segment(): only last_ack_sent and rcv_nxt.
        reset_at_sack_edge: false,
        // net.inet.tcp.insecure_rst and insecure_syn are 0.
        on: true,
        // net.inet.tcp.ack_war_cnt: 5 in ack_war_timewindow, 1 s, on each connection, which may come at once there.
        interval: Duration::from_millis(200),
    },
    buffers: Buffers {
        // net.inet.tcp.recvspace, net.inet.tcp.sendspace.
        receive: 65_536,
        send: 32_768,
        // tcp_output(): classic.
        nagle: Nagle::Classic,
        // The least shift by which 65535 reaches kern.ipc.maxsockbuf, 2 MiB.
        window_scale: Some(6),
        // net.inet.tcp.sack.enable, net.inet.tcp.rfc1323, net.inet.tcp.initcwnd_segments.
        sack: true,
        timestamps: true,
        initial_cwnd: 10,
        // RFC 9293 section 3.9.1.
        push: Push::Last,
    },
    // in.h: IPPORT_EPHEMERALFIRST, IPPORT_EPHEMERALLAST; net.inet.ip.portrange.first and last.
    ephemeral_ports: (10_000, 65_535),
    errors: Cow::Borrowed(errors::FREEBSD_RULES),
    ..MACOS
};
