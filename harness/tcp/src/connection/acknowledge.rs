//! The ACK field: what it frees, what it measures, what it opens.

use super::arrive::Step;
use super::flight::{Acked, Sacked};
use super::transmit::timestamp_at;
use super::{Connection, Context, Fin, Recovery, State};
use crate::profile::Rto;
use crate::wire::{Flags, Segment};
use std::time::Duration;

impl Connection {
    /// Fifth step of segment arrival for a synchronized connection (RFC 9293 section 3.10.7.4).
    pub(super) fn on_ack(&mut self, cx: &mut Context<'_>, segment: &Segment) -> Step {
        let ack = segment.ack;
        if ack.after(self.send.nxt) {
            // It acknowledges what was never sent.
            self.challenge(cx);
            return Step::Done;
        }
        if ack.before(self.send.una - self.send.window_max) {
            // RFC 5961 section 5.2: too old to be in flight.
            self.challenge(cx);
            return Step::Done;
        }
        if ack.before(self.send.una) {
            return Step::Continue;
        }
        self.soft_error = None;
        self.heard = cx.now;
        self.timers.on_answer();
        let sacked = self.send.flight.on_sack(&segment.options.sack);
        if ack.after(self.send.una) {
            self.on_new_ack(cx, segment, sacked);
        } else {
            self.on_same_ack(cx, segment, sacked);
        }
        self.update_window(cx, segment);
        self.after_ack(cx)
    }

    /// The left edge moves.
    fn on_new_ack(&mut self, cx: &mut Context<'_>, segment: &Segment, sacked: Sacked) {
        let ack = segment.ack;
        let limited = self.send.flight.in_network() >= self.congestion.window();
        let space_before = self.send_space(cx.profile);
        self.send.una = ack;
        self.send.buffer.acknowledge(ack);
        self.send.duplicates = 0;
        let acked = self.send.flight.acknowledge(ack);
        self.timers.on_progress();
        self.undo_if_spurious(segment);
        self.measure(cx, segment, acked);
        self.continue_recovery(cx);
        if limited && self.send.recovery == Recovery::Open || self.in_timeout_recovery() {
            self.congestion.on_ack(acked.segments);
        }
        // A program that waits for room is woken once a third of the buffer is free, so that it does not run for
        // every segment (`sk_stream_is_writeable`).
        let limit = self.options.send_buffer.unwrap_or(cx.profile.buffers.send);
        let space = self.send_space(cx.profile);
        self.news |= space_before < limit && (space >= limit / 3 || self.send.buffer.len() == 0);
        if self.send.flight.is_empty() {
            self.timers.stop_retransmission();
        } else {
            self.set_retransmission_timer(cx, true);
        }
        let latest = acked
            .latest
            .map_or(sacked.latest, |acked| Some(acked.or_later(sacked.latest)));
        self.on_delivered(cx, latest);
    }

    /// The Eifel algorithm (RFC 3522, RFC 4015): an ACK that echoes a timestamp from before the first retransmission was
    /// drawn by an original. It was late, not lost, and so is what followed it (`tcp_try_undo_loss`).
    fn undo_if_spurious(&mut self, segment: &Segment) {
        let (Recovery::Timeout(_), Some(since)) = (self.send.recovery, self.timers.since) else {
            return;
        };
        let (Some(ours), Some(theirs)) = (self.timestamps, segment.options.timestamps) else {
            return;
        };
        let retransmitted = timestamp_at(since, ours);
        if theirs.echo != 0 && (theirs.echo.wrapping_sub(retransmitted) as i32) < 0 {
            self.send.flight.mark_none_lost();
            if let Some(before) = self.trouble.as_mut().and_then(|t| t.before_timeout.take()) {
                self.congestion = before;
            }
            self.send.recovery = Recovery::Open;
        }
    }

    fn in_timeout_recovery(&self) -> bool {
        matches!(self.send.recovery, Recovery::Timeout(_))
    }

    /// The left edge stays: perhaps a sign of loss (RFC 5681 section 2, "duplicate acknowledgment").
    fn on_same_ack(&mut self, cx: &mut Context<'_>, segment: &Segment, sacked: Sacked) {
        if self.detects_by_time(cx) {
            self.on_delivered(cx, sacked.latest);
            return;
        }
        let window = u32::from(segment.window) << self.scaling.map_or(0, |scaling| scaling.send);
        let duplicate = segment.is_empty()
            && !self.send.flight.is_empty()
            && (sacked.segments > 0 || window == self.send.window);
        let Some(threshold) = cx.profile.retransmit.fast_retransmit else {
            return;
        };
        if !duplicate {
            return;
        }
        self.send.duplicates = self.send.duplicates.saturating_add(1);
        let flight = &mut self.send.flight;
        let lost = if self.sack {
            flight.mark_lost_below(threshold)
        } else if u32::from(self.send.duplicates) == threshold {
            flight.mark_head_lost();
            true
        } else {
            false
        };
        if lost && self.send.recovery == Recovery::Open {
            self.enter_recovery();
        }
    }

    /// Fast retransmit (RFC 5681 section 3.2).
    pub(super) fn enter_recovery(&mut self) {
        self.send.recovery = Recovery::Fast(self.send.nxt);
        self.congestion
            .on_fast_retransmit(self.send.flight.len() as u32);
    }

    /// During recovery: a partial ACK means that the next segment is lost too (RFC 6582 section 3.2).
    fn continue_recovery(&mut self, cx: &Context<'_>) {
        let (Recovery::Fast(end) | Recovery::Timeout(end)) = self.send.recovery else {
            return;
        };
        if !self.send.una.before(end) {
            self.send.recovery = Recovery::Open;
            return;
        }
        if let Recovery::Fast(_) = self.send.recovery
            && !self.detects_by_time(cx)
        {
            if self.sack {
                if let Some(threshold) = cx.profile.retransmit.fast_retransmit {
                    self.send.flight.mark_lost_below(threshold);
                }
            } else {
                self.send.flight.mark_head_lost();
            }
        }
    }

    /// The window field, unless the segment is older than the one it was last taken from.
    fn update_window(&mut self, cx: &mut Context<'_>, segment: &Segment) {
        let (seq, ack) = self.send.window_from;
        let newer = seq.before(segment.seq) || (seq == segment.seq && !ack.after(segment.ack));
        if !newer && !segment.ack.after(ack) {
            return;
        }
        let before = self.send.window;
        self.take_window(segment);
        if self.send.window == 0 {
            // Whatever is in flight serves as a probe of the closed window, and the peer answered it.
            self.timers.on_progress();
            self.on_window_probe_answered(cx);
        } else if before == 0 {
            self.timers.stop_window_probe();
        }
    }

    pub(super) fn take_window(&mut self, segment: &Segment) {
        // The window of a SYN is never scaled (RFC 7323 section 2.2).
        let shift = match self.scaling {
            Some(scaling) if !segment.has(Flags::SYN) => scaling.send,
            _ => 0,
        };
        self.send.window = u32::from(segment.window) << shift;
        self.send.window_max = self.send.window_max.max(self.send.window);
        self.send.window_from = (segment.seq, segment.ack);
    }

    /// What an acknowledged FIN does in each state.
    fn after_ack(&mut self, cx: &mut Context<'_>) -> Step {
        let fin_acked = self.send.fin == Fin::Sent && self.send.una == self.send.nxt;
        match self.state {
            State::FinWait1 if fin_acked => {
                self.transition(cx, State::FinWait2);
                if self.orphan {
                    self.timers.start_fin_wait_2(cx);
                }
                Step::Continue
            }
            State::Closing if fin_acked => {
                self.enter_time_wait(cx);
                Step::Done
            }
            State::LastAck if fin_acked => {
                self.end(cx);
                Step::Done
            }
            _ => Step::Continue,
        }
    }

    /// A round trip, if the acknowledged segments were sent once, or if the timestamp tells which copy arrived.
    fn measure(&mut self, cx: &Context<'_>, segment: &Segment, acked: Acked) {
        let Some(rtt) = acked.sent.map(|sent| cx.now.since(sent)).or_else(|| {
            (acked.segments > 0)
                .then(|| self.timestamp_rtt(cx, segment))
                .flatten()
        }) else {
            return;
        };
        self.rtt
            .on_sample(rtt, self.send.una, self.send.nxt, &rto_rules(cx));
        self.timers.on_sample();
    }

    /// The SYN's round trip (RFC 6298 section 3: not if it was sent more than once).
    pub(super) fn measure_handshake(
        &mut self,
        cx: &Context<'_>,
        segment: &Segment,
        retransmitted: bool,
    ) {
        let rtt = if retransmitted {
            self.timestamp_rtt(cx, segment)
        } else {
            self.timers.syn_sent().map(|sent| cx.now.since(sent))
        };
        if let Some(rtt) = rtt {
            let una = self.send.nxt;
            self.rtt.on_sample(rtt, una, una, &rto_rules(cx));
        }
    }

    /// RFC 7323 section 4: the echoed timestamp tells when the segment was sent that is acknowledged, to a
    /// millisecond.
    fn timestamp_rtt(&self, cx: &Context<'_>, segment: &Segment) -> Option<Duration> {
        let ours = self.timestamps?;
        let echo = segment.options.timestamps?.echo;
        let elapsed = self.timestamp_now(cx, ours).wrapping_sub(echo);
        (echo != 0 && elapsed < 1 << 30).then(|| Duration::from_millis(u64::from(elapsed.max(1))))
    }
}

/// The profile's rules, with the minimum as the host keeps it: in whole ticks (`icsk_rto_min`).
fn rto_rules(cx: &Context<'_>) -> Rto {
    let min = cx.clock.round_up(cx.profile.rto.min);
    Rto {
        min,
        ..cx.profile.rto
    }
}
