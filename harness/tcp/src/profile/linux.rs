//! Linux: 6.18 with its default sysctls, and 6.4 as the last release without linear SYN timeouts.
//!
//! Constants are those of `include/net/tcp.h` and functions those of `net/ipv4/` in Linux 6.12; sysctls are described
//! in `Documentation/networking/ip-sysctl.rst`. "Measured" is on 6.18.44.

use super::{
    Accept, AfterError, AfterShutdownRead, BacklogCapacity, Buffers, ChallengeAck, Clock, Close,
    Connect, ConnectLimit, DelayedAck, ErrorOrder, IcmpEffect, IcmpEffects, IcmpRules, KeepAlive,
    LateOverflow, Nagle, Os, Overflow, Profile, Push, Refused, ResetInQueue, Retransmit,
    RetransmitLimit, Rto, RtoFormula, errors,
};
use std::borrow::Cow;
use std::time::Duration;

/// Linux 6.18.
pub(super) const LINUX: Profile = Profile {
    name: Cow::Borrowed("linux"),
    os: Os::Linux,
    // Which HZ a kernel was built with differs between distributions, so it is a setting: CONFIG_HZ.
    clock: Clock::Exact,
    connect: Connect {
        // TCP_TIMEOUT_INIT; RFC 6298 (2.1).
        rto_initial: Duration::from_secs(1),
        // tcp_syn_linear_timeouts, since 6.5.
        linear_timeouts: 4,
        // TCP_RTO_MAX; tcp_rto_max_ms since 6.15.
        rto_max: Duration::from_secs(120),
        slop: Duration::ZERO,
        // tcp_syn_retries; tcp_write_timeout() has the rule.
        limit: ConnectLimit::RetriesOrModelTime { retries: 6 },
        // tcp_rcv_synsent_state_process(), tcp_reset().
        refused: Refused::AtOnce,
        // TCP_TIMEOUT_MIN in tcp_rcv_synsent_state_process(): two jiffies, here of 1000 Hz.
        resend_after_wrong_ack: Some(Duration::from_millis(2)),
    },
    accept: Accept {
        // TCP_TIMEOUT_INIT.
        rto_initial: Duration::from_secs(1),
        // tcp_synack_retries.
        synack_retries: 5,
        // net.core.somaxconn since 5.4.
        backlog_max: 4096,
        // sk_acceptq_is_full(): more than the backlog.
        capacity: BacklogCapacity::PlusOne,
        // tcp_conn_request(): LINUX_MIB_LISTENOVERFLOWS and no answer.
        overflow: Overflow::DropSyn,
        // tcp_check_req() with tcp_abort_on_overflow = 0.
        late_overflow: LateOverflow::DropAck,
        // inet_csk_accept() does not look at the error; measured: the first use returns it.
        reset_in_queue: ResetInQueue::Keep,
        // inet_csk_listen_stop() walks the accept queue; requests that are not in it time out by themselves.
        close_resets_half_open: false,
    },
    rto: Rto {
        // TCP_TIMEOUT_FALLBACK.
        fallback: Duration::from_secs(3),
        // TCP_RTO_MIN; tcp_rto_min_us since 6.11.
        min: Duration::from_millis(200),
        // TCP_RTO_MAX.
        max: Duration::from_secs(120),
        // tcp_rtt_estimator() and __tcp_set_rto().
        formula: RtoFormula::VarianceFloor,
        // Only `max` bounds it.
        doublings_max: UNBOUNDED,
    },
    retransmit: Retransmit {
        // tcp_retries2; retransmits_timed_out() has the rule.
        limit: RetransmitLimit::ModelTime(15),
        // tcp_orphan_retries(): 0 acts as 8.
        orphan_limit: Some(RetransmitLimit::ModelTime(8)),
        // tcp_reordering.
        fast_retransmit: Some(3),
        // tcp_recovery = 1; net/ipv4/tcp_recovery.c.
        rack: true,
        // tcp_early_retrans = 3; tcp_schedule_loss_probe().
        tail_loss_probe: true,
        // tcp_schedule_loss_probe() does not ask for the state.
        loss_probe_after_close: true,
        // tcp_thin_linear_timeouts.
        thin_linear: false,
        // tcp_write_err() sends nothing; measured.
        reset_on_give_up: false,
        user_timeout: true,
        // tcp_probe_timer(): tcp_retries2.
        zero_window_probes: 15,
        // tcp_probe0_base() and tcp_probe0_when(): TCP_RTO_MIN and TCP_RTO_MAX.
        zero_window_wait_min: Duration::from_millis(200),
        zero_window_wait_max: Duration::from_secs(120),
    },
    delayed_ack: DelayedAck {
        // TCP_DELACK_MIN and TCP_DELACK_MAX.
        min: Duration::from_millis(40),
        max: Duration::from_millis(200),
        // __tcp_ack_snd_check(): more than one full segment.
        every: 2,
        // TCP_MAX_QUICKACKS.
        quick_at_start: 16,
    },
    keepalive: KeepAlive {
        on: false,
        // tcp_keepalive_time, tcp_keepalive_intvl, tcp_keepalive_probes.
        idle: Duration::from_secs(7200),
        interval: Duration::from_secs(75),
        count: 9,
        // tcp_xmit_probe_skb(): one byte before SND.UNA, no data.
        probe_len: 0,
        // tcp_keepalive_timer(): tcp_send_active_reset().
        reset_on_give_up: true,
    },
    close: Close {
        // __tcp_close(), after RFC 2525 section 2.17.
        reset_on_unread: true,
        // tcp_fin_timeout.
        fin_wait_2: Duration::from_secs(60),
        // TCP_TIMEWAIT_LEN.
        time_wait: Duration::from_secs(60),
        // tcp_rfc1337 = 0: tcp_timewait_state_process().
        reset_ends_time_wait: true,
        // tcp_rcv_state_process(): only SHUTDOWN_MASK in FIN-WAIT resets; measured.
        after_shutdown_read: AfterShutdownRead::Readable,
        // tcp_rcv_state_process(): end_seq without the FIN lies beyond rcv_nxt.
        gap_before_fin_is_data: true,
        // A process that dies has its sockets closed as by `close`.
        reset_on_kill: false,
        // fput() leaves the closing to task work, whose list is last in, first out; seen on 6.18.
        kill_closes_last_first: true,
    },
    challenge_ack: ChallengeAck {
        // tcp_validate_incoming(): max_sack.
        reset_at_sack_edge: true,
        on: true,
        // tcp_invalid_ratelimit.
        interval: Duration::from_millis(500),
    },
    icmp: IcmpRules {
        // tcp_v4_err(): in SYN-SENT every code of icmp_err_convert[] is final.
        connecting: IcmpEffects::all(IcmpEffect::Fail),
        // tcp_req_err(): codes 0 and 1 remove the request, the others do nothing.
        half_open: IcmpEffects {
            net: IcmpEffect::Fail,
            host: IcmpEffect::Fail,
            port: IcmpEffect::Ignore,
            admin: IcmpEffect::Ignore,
        },
        // Without IP_RECVERR it is sk_err_soft, in every later state.
        established: IcmpEffects::all(IcmpEffect::Soft),
        closing: IcmpEffects::all(IcmpEffect::Soft),
        // tcp_ld_RTO_revert().
        revert_backoff: true,
    },
    buffers: Buffers {
        // Half of tcp_rmem[1] = 131072 (tcp_win_from_space()); the kernel lets it grow as the program reads, which is
        // not modelled.
        receive: 65_536,
        // Measured: what a new connection with an MSS of 1460 takes before EAGAIN when nothing is acknowledged, in
        // writes of any size. SO_SNDBUF is 46080 then (tcp_sndbuf_expand()); on kernels with wireless LAN or tunnels,
        // whose headers are longer, it is 87040, and with that the same connection took 102808. The buffer grows with
        // the congestion window, which is not modelled.
        send: 70_952,
        // tcp_nagle_check(), tcp_minshall_check().
        nagle: Nagle::Minshall,
        // tcp_select_initial_window() from tcp_rmem[2], 32 MiB; measured.
        window_scale: Some(10),
        // tcp_sack, tcp_timestamps.
        sack: true,
        timestamps: true,
        // TCP_INIT_CWND; RFC 6928.
        initial_cwnd: 10,
        // __tcp_transmit_skb(): "Force a PSH flag on all (GSO) packets"; seen on 6.18.
        push: Push::LastOfBurst,
    },
    // ip_local_port_range.
    ephemeral_ports: (32_768, 60_999),
    // Measured: queued data, then the error once, then end of file; after a FIN end of file comes first.
    error_order: ErrorOrder {
        // tcp_recvmsg_locked() looks into the queue before it looks at sk_err.
        data_before_error: true,
        // Likewise SOCK_DONE.
        eof_before_error: true,
        // tcp_sendmsg_locked(): sk_stream_error().
        send_takes_error: true,
        after_error: AfterError::EndOfFile,
        shut_read_fails: false,
    },
    errors: Cow::Borrowed(errors::LINUX_RULES),
    lacks: &[],
};

/// Linux 6.4, the last release before `tcp_syn_linear_timeouts`.
pub(super) const LINUX_6_4: Profile = Profile {
    name: Cow::Borrowed("linux-6.4"),
    connect: Connect {
        linear_timeouts: 0,
        ..LINUX.connect
    },
    buffers: Buffers {
        // tcp_rmem[2] was 6 MiB before 6.16.
        window_scale: Some(7),
        ..LINUX.buffers
    },
    lacks: &[
        // 6.5, 6.11 and 6.15.
        "net.ipv4.tcp_syn_linear_timeouts",
        "net.ipv4.tcp_rto_min_us",
        "net.ipv4.tcp_rto_max_ms",
    ],
    ..LINUX
};

/// More doublings than any upper bound leaves room for.
const UNBOUNDED: u32 = 31;
