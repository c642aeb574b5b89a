//! What the timers do when they fire.

use super::timers::{Resend, Slow, double};
use super::transmit::Reason;
use super::{Connection, Context, Origin, Recovery, State};
use crate::cause::Cause;
use crate::profile::{ConnectLimit, RetransmitLimit, RtoFormula};
use crate::time::Instant;
use std::time::Duration;

/// A timer's delay is given to Linux's tail loss probe when more than one segment is out (`TCP_TIMEOUT_MIN_US`).
const LOSS_PROBE_SLACK: Duration = Duration::from_millis(2);
/// `TCP_THIN_LINEAR_RETRIES` and `tcp_stream_is_thin` in include/net/tcp.h: timeouts without doubling, and segments in
/// flight below which a stream is thin.
const THIN_TIMEOUTS: u32 = 6;
const THIN_SEGMENTS: usize = 4;

impl Connection {
    /// Runs every timer that is due.
    pub(crate) fn on_timeout(&mut self, cx: &mut Context<'_>) {
        let due = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= cx.now);
        let (ack, slow, resend) = (
            due(self.timers.ack_deadline()),
            due(self.timers.slow.deadline()),
            due(self.timers.resend.deadline()),
        );
        if ack {
            self.timers.stop_delayed_ack();
            self.ack.on_timer(self.rto(cx), &cx.profile.delayed_ack);
        }
        if slow {
            self.on_slow_timer(cx);
        }
        if resend && self.state != State::Closed {
            self.on_resend_timer(cx);
        }
        if self.state != State::Closed {
            self.transmit(cx);
        }
    }

    fn on_resend_timer(&mut self, cx: &mut Context<'_>) {
        match std::mem::replace(&mut self.timers.resend, Resend::Off) {
            Resend::Off => {}
            Resend::Syn(_) => self.on_syn_timeout(cx),
            Resend::Timeout(_) => self.on_retransmission_timeout(cx),
            Resend::LossProbe(_) => self.on_loss_probe(cx),
            Resend::Missing(_) => {
                self.detect_loss(cx);
                if self.timers.resend == Resend::Off {
                    let left = self.timeout_left(cx).max(cx.clock.shortest());
                    self.timers.start_timeout(cx, left);
                }
            }
            Resend::WindowProbe(_) => self.on_window_probe(cx),
        }
    }

    fn on_slow_timer(&mut self, cx: &mut Context<'_>) {
        match std::mem::replace(&mut self.timers.slow, Slow::Off) {
            Slow::Off => {}
            Slow::Connect(_) => self.give_up(cx, Cause::SynUnanswered),
            Slow::KeepAlive(_) => self.on_keepalive(cx),
            Slow::FinWait2(_) | Slow::TimeWait(_) => self.end(cx),
        }
    }

    /// The SYN was not answered.
    fn on_syn_timeout(&mut self, cx: &mut Context<'_>) {
        match self.origin {
            Origin::Passive if self.timers.retransmits >= cx.profile.accept.synack_retries => {
                // The peer lost interest, or never was there; no program has seen this connection.
                self.end(cx);
                return;
            }
            Origin::Active => {
                if let Some(cause) = self.connect_exhausted(cx) {
                    self.give_up(cx, cause);
                    return;
                }
            }
            Origin::Passive => {}
        }
        self.timers.retransmits += 1;
        self.send_syn(cx);
        let wait = self.clamp_to_user_timeout(cx, self.timers.syn_wait(cx, self.origin));
        self.timers.resend = Resend::Syn(cx.clock.fires_at(cx.now, wait));
    }

    /// Whether the connection attempt is over, and why.
    fn connect_exhausted(&self, cx: &Context<'_>) -> Option<Cause> {
        let timers = &self.timers;
        let connect = &cx.profile.connect;
        let ConnectLimit::RetriesOrModelTime { retries } = connect.limit else {
            let ConnectLimit::Retries { retries, .. } = connect.limit else {
                return None;
            };
            return (timers.retransmits >= retries).then_some(Cause::SynUnanswered);
        };
        if timers.retransmits >= retries + connect.linear_timeouts {
            return Some(Cause::SynUnanswered);
        }
        // `retransmits_timed_out`: never before the first retransmission.
        if timers.retransmits == 0 {
            return None;
        }
        let elapsed = timers
            .since
            .map_or(Duration::ZERO, |since| cx.now.since(since));
        match self.options.user_timeout {
            Some(limit) => (elapsed >= limit).then_some(Cause::UserTimeout),
            None => {
                let limit = model_time(connect.rto_initial, connect.rto_max, retries);
                (elapsed >= limit).then_some(Cause::SynUnanswered)
            }
        }
    }

    /// RFC 6298 section 5: send the first segment again, double the timeout.
    pub(super) fn on_retransmission_timeout(&mut self, cx: &mut Context<'_>) {
        if self.send.flight.is_empty() {
            return;
        }
        if let Some(cause) = self.retransmission_exhausted(cx) {
            self.give_up(cx, cause);
            return;
        }
        let in_flight = self.send.flight.len() as u32;
        let first = !matches!(self.send.recovery, Recovery::Timeout(_));
        if first {
            self.trouble.get_or_insert_default().before_timeout = Some(self.congestion);
        }
        self.congestion.on_timeout(in_flight, first);
        self.send.recovery = Recovery::Timeout(self.send.nxt);
        self.send.flight.mark_all_lost();
        let head_sent = self.send.flight.head().map_or(cx.now, |head| head.at);
        if let Some(index) = self.send.flight.first_lost() {
            self.retransmit(cx, index);
        }
        // `tcp_retransmit_skb` stamps the time of the segment, which is that of its first transmission if it could not
        // be sent again.
        let stamp = if cx.routed { cx.now } else { head_sent };
        self.timers.since.get_or_insert(stamp);
        self.timers.retransmits += 1;
        let thin = cx.profile.retransmit.thin_linear
            && self.state == State::Established
            && self.send.flight.len() < THIN_SEGMENTS
            && self.timers.retransmits <= THIN_TIMEOUTS;
        self.timers.backoff = if thin { 0 } else { self.timers.backoff + 1 };
        let wait = self.clamp_to_user_timeout(cx, self.rto(cx));
        self.timers.start_timeout(cx, wait);
    }

    /// Whether retransmission is over, and why.
    fn retransmission_exhausted(&self, cx: &Context<'_>) -> Option<Cause> {
        let rules = &cx.profile.retransmit;
        let retransmits = self.timers.retransmits;
        let elapsed = self.timers.since.map(|since| cx.now.since(since));
        if let (Some(limit), Some(elapsed)) = (self.options.user_timeout, elapsed)
            && retransmits > 0
        {
            return (elapsed >= limit).then_some(Cause::UserTimeout);
        }
        if self.options.user_timeout.is_some() {
            return None;
        }
        let mut limit = rules.limit;
        if self.orphan
            && let Some(orphan) = rules.orphan_limit
        {
            // `tcp_orphan_retries`: once the backoff has reached its end, not one more.
            let alive = self.rto(cx) < cx.profile.rto.max;
            limit = if alive {
                orphan
            } else {
                RetransmitLimit::ModelTime(0)
            };
        }
        let exhausted = match limit {
            RetransmitLimit::Count(count) => retransmits >= count,
            RetransmitLimit::ModelTime(count) => {
                let limit = model_time(model_base(cx), cx.profile.rto.max, count);
                retransmits > 0 && elapsed.is_some_and(|elapsed| elapsed >= limit)
            }
        };
        exhausted.then_some(Cause::RetransmissionsExhausted)
    }

    /// RFC 8985 section 7.3: new data if there is some, else the last segment again; then the timeout from now.
    fn on_loss_probe(&mut self, cx: &mut Context<'_>) {
        if self.send.flight.is_empty() {
            return;
        }
        if self.timers.loss_probe_out {
            // One probe is enough: the timeout goes on as if there had been no timer for another.
            let left = self.timeout_left(cx).max(cx.clock.shortest());
            self.timers.start_timeout(cx, left);
        } else {
            if !self.send_next(cx, Reason::LossProbe)
                && let Some(index) = self.send.flight.tail()
            {
                self.retransmit(cx, index);
            }
            self.timers.loss_probe_out = true;
            let rto = self.rto(cx);
            self.timers.start_timeout(cx, rto);
        }
    }

    /// What is left of the timeout since the first segment was sent (`tcp_rearm_rto`).
    fn timeout_left(&self, cx: &Context<'_>) -> Duration {
        let sent = self.send.flight.head().map_or(cx.now, |head| head.at);
        (sent + self.rto(cx)).since(cx.now)
    }

    /// Chooses the timer for what is in flight: a tail loss probe if one may be sent, else the timeout. `fresh`:
    /// nothing was in flight before.
    pub(super) fn set_retransmission_timer(&mut self, cx: &mut Context<'_>, fresh: bool) {
        let probing = matches!(self.timers.resend, Resend::LossProbe(_));
        let rto = self.rto(cx);
        if let Some(wait) = self.loss_probe_wait(cx, rto) {
            // Not beyond the timeout that runs, unless that should have fired by now.
            let left = self.timeout_left(cx);
            let limit = if fresh || left.is_zero() { rto } else { left };
            self.timers.start_loss_probe(cx, wait.min(limit));
        } else if fresh || probing || self.timers.resend == Resend::Off {
            self.timers.start_timeout(cx, rto);
        }
    }

    /// `tcp_schedule_loss_probe`.
    fn loss_probe_wait(&self, cx: &Context<'_>, rto: Duration) -> Option<Duration> {
        let allowed = cx.profile.retransmit.tail_loss_probe
            && self.sack
            && self.send.recovery == Recovery::Open
            && (self.state == State::Established || cx.profile.retransmit.loss_probe_after_close)
            && !self.send.flight.has_sacked();
        if !allowed {
            return None;
        }
        let wait = match self.rtt.smoothed() {
            None => cx.profile.connect.rto_initial,
            Some(srtt) if self.send.flight.len() == 1 => 2 * srtt + cx.profile.rto.min,
            Some(srtt) => 2 * srtt + LOSS_PROBE_SLACK,
        };
        Some(wait.min(rto))
    }

    /// The peer's window is closed and nothing is in flight (`tcp_probe_timer`).
    fn on_window_probe(&mut self, cx: &mut Context<'_>) {
        if !self.send.flight.is_empty() || !self.has_unacknowledged() {
            return;
        }
        if cx.routed && self.window_room() > 0 {
            // The route is back: the data itself goes out.
            return;
        }
        let exhausted = match self.send.window {
            0 => Cause::ZeroWindowExhausted,
            _ => Cause::RetransmissionsExhausted,
        };
        let since = *self.timers.since.get_or_insert(cx.now);
        let mut limit = cx.profile.retransmit.zero_window_probes;
        if let Some(timeout) = self.options.user_timeout
            && cx.now.since(since) >= timeout
        {
            self.give_up(cx, Cause::UserTimeout);
            return;
        }
        if self.orphan
            && let Some(orphan) = cx.profile.retransmit.orphan_limit
        {
            let (RetransmitLimit::Count(count) | RetransmitLimit::ModelTime(count)) = orphan;
            let alive = self.rto(cx) < cx.profile.rto.max;
            limit = if alive { count } else { 0 };
            if !alive {
                self.give_up(cx, exhausted);
                return;
            }
        }
        if self.timers.probes >= limit {
            self.give_up(cx, exhausted);
            return;
        }
        self.send_probe(cx, 0);
        self.timers.probes += 1;
        if self.timers.backoff < cx.profile.retransmit.zero_window_probes {
            self.timers.backoff += 1;
        }
        self.next_window_probe(cx, since);
    }

    /// An ACK came and the window is still closed (`tcp_ack_probe`): the wait starts again.
    pub(super) fn on_window_probe_answered(&mut self, cx: &mut Context<'_>) {
        if let Resend::WindowProbe(_) = self.timers.resend {
            let since = self.timers.since.unwrap_or(cx.now);
            self.next_window_probe(cx, since);
        }
    }

    /// The wait before the next probe of a closed window, the first one too.
    pub(super) fn window_probe_wait(&self, cx: &Context<'_>) -> Duration {
        let rules = &cx.profile.retransmit;
        self.rto(cx)
            .clamp(rules.zero_window_wait_min, rules.zero_window_wait_max)
    }

    fn next_window_probe(&mut self, cx: &mut Context<'_>, since: Instant) {
        let mut wait = self.window_probe_wait(cx);
        if let Some(timeout) = self.options.user_timeout {
            // `tcp_clamp_probe0_to_user_timeout`.
            let left = timeout.saturating_sub(cx.now.since(since));
            wait = wait.min(left.max(LOSS_PROBE_SLACK));
        }
        self.timers.continue_window_probe(cx, wait);
    }

    /// RFC 9293 section 3.8.4: probe a silent peer; give up when it stays silent (`tcp_keepalive_timer`).
    fn on_keepalive(&mut self, cx: &mut Context<'_>) {
        if !self.options.keep_alive {
            return;
        }
        let rules = &cx.profile.keepalive;
        let idle = self.options.keep_idle(rules);
        if self.has_unacknowledged() {
            // The retransmission timeout finds out sooner.
            self.timers.restart_keepalive(cx, idle);
            return;
        }
        let silent = cx.now.since(self.heard);
        if silent < idle {
            self.timers.restart_keepalive(cx, idle - silent);
            return;
        }
        let exhausted = match self.options.user_timeout {
            Some(limit) => self.timers.probes > 0 && silent >= limit,
            None => self.timers.probes >= self.options.keep_count(rules),
        };
        if exhausted {
            let cause = match self.options.user_timeout {
                Some(_) => Cause::UserTimeout,
                None => Cause::KeepAliveUnanswered,
            };
            if rules.reset_on_give_up {
                self.send_reset(cx);
            }
            self.fail(cx, self.blamed(cause));
            return;
        }
        self.send_probe(cx, rules.probe_len);
        self.timers.probes += 1;
        self.timers
            .restart_keepalive(cx, self.options.keep_interval(rules));
    }

    /// The next wait, cut to what is left of `TCP_USER_TIMEOUT` (`tcp_clamp_rto_to_user_timeout`).
    fn clamp_to_user_timeout(&self, cx: &Context<'_>, wait: Duration) -> Duration {
        let (Some(limit), Some(since)) = (self.options.user_timeout, self.timers.since) else {
            return wait;
        };
        wait.min(
            limit
                .saturating_sub(cx.now.since(since))
                .max(cx.clock.shortest()),
        )
    }

    /// Ends the connection because nothing came back.
    fn give_up(&mut self, cx: &mut Context<'_>, cause: Cause) {
        if cx.profile.retransmit.reset_on_give_up && self.state.is_synchronized() {
            self.send_reset(cx);
        }
        self.fail(cx, self.blamed(cause));
    }

    /// What a timeout is blamed on: an ICMP error that came in the meantime says more (`tcp_write_err` on Linux,
    /// `tcp_drop` on BSD).
    fn blamed(&self, cause: Cause) -> Cause {
        self.soft_error.unwrap_or(cause)
    }
}

/// What Linux's limits count in: the minimum RTO, whatever the connection's is (`TCP_RTO_MIN` in
/// `retransmits_timed_out`).
fn model_base(cx: &Context<'_>) -> Duration {
    match cx.profile.rto.formula {
        RtoFormula::VarianceFloor => Duration::from_millis(200),
        RtoFormula::Standard | RtoFormula::Slop(_) => cx.profile.rto.min,
    }
}

/// How long `count` retransmissions take that start at `base`, double, and stop growing at `max`
/// (`tcp_model_timeout`).
fn model_time(base: Duration, max: Duration, count: u32) -> Duration {
    let ratio = (max.as_nanos() / base.as_nanos().max(1)).max(1);
    let doublings = ratio.ilog2();
    if count <= doublings {
        double(base, count + 1).saturating_sub(base)
    } else {
        let grown = double(base, doublings + 1).saturating_sub(base);
        grown.saturating_add(max.saturating_mul(count - doublings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_time_is_linux_s() {
        let (base, max) = (Duration::from_millis(200), Duration::from_secs(120));
        assert_eq!(model_time(base, max, 3), Duration::from_millis(3000));
        assert_eq!(model_time(base, max, 8), Duration::from_millis(102_200));
        // ip-sysctl.rst: "The default value of 15 yields a hypothetical timeout of 924.6 seconds".
        assert_eq!(model_time(base, max, 15), Duration::from_millis(924_600));
        let second = Duration::from_secs(1);
        assert_eq!(model_time(second, max, 6), Duration::from_secs(127));
        assert_eq!(model_time(second, second, 3), Duration::from_secs(4));
    }
}
