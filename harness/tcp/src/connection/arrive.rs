//! Segment arrival, in the order of RFC 9293, section 3.10.7.
//!
//! The host has found the connection already. CLOSED and LISTEN (sections 3.10.7.1 and 3.10.7.2) are the host's.

use super::{Connection, Context, Origin, State};
use crate::cause::Cause;
use crate::profile::{AfterShutdownRead, Refused};
use crate::wire::{Body, Flags, Packet, Segment, Seq};

/// Whether the later steps of segment arrival still apply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// They do.
    Continue,
    /// The segment is dealt with.
    Done,
}

impl Connection {
    /// A segment for this connection arrived.
    pub(crate) fn on_segment(&mut self, cx: &mut Context<'_>, segment: &Segment) {
        match self.state {
            State::Closed => {}
            State::SynSent => self.arrive_in_syn_sent(cx, segment),
            _ => self.arrive_otherwise(cx, segment),
        }
        if self.state != State::Closed {
            self.transmit(cx);
        }
    }

    /// Section 3.10.7.3, SYN-SENT STATE.
    fn arrive_in_syn_sent(&mut self, cx: &mut Context<'_>, segment: &Segment) {
        // First, check the ACK bit.
        if segment.has(Flags::ACK) && segment.ack != self.send.nxt {
            self.answer_with_reset(cx, segment);
            if let Some(wait) = cx.profile.connect.resend_after_wrong_ack {
                self.timers.resend_first_syn(cx, wait);
            }
            return;
        }
        // Second, check the RST bit: without an acceptable ACK it could be anybody's.
        if segment.has(Flags::RST) {
            if segment.has(Flags::ACK) {
                self.refused(cx);
            }
            return;
        }
        // Fourth, check the SYN bit.
        if !segment.has(Flags::SYN) {
            return;
        }
        self.take_syn(cx, segment);
        if segment.has(Flags::ACK) {
            self.finish_handshake(cx, segment);
            self.ack.owed = super::delayed_ack::Owed::Now;
        } else {
            // Simultaneous open: our SYN goes out again, now with an ACK.
            self.transition(cx, State::SynReceived);
            self.send_syn(cx);
            self.timers.start_syn(cx, self.origin);
        }
    }

    /// Section 3.10.7.4, OTHER STATES.
    fn arrive_otherwise(&mut self, cx: &mut Context<'_>, segment: &Segment) {
        let steps = [
            Self::check_sequence,
            Self::check_reset,
            Self::check_syn,
            Self::check_ack,
            Self::check_text,
            Self::check_fin,
        ];
        for step in steps {
            if step(self, cx, segment) == Step::Done {
                return;
            }
        }
    }

    /// First, check the sequence number: whether any of the segment lies in the window. If not, it is answered with
    /// an ACK, unless it is a RST. An old timestamp counts as an old sequence number (PAWS, RFC 7323 section 5).
    fn check_sequence(&mut self, cx: &mut Context<'_>, segment: &Segment) -> Step {
        let reset = segment.has(Flags::RST);
        let stale = !reset && self.has_stale_timestamp(segment);
        if !stale && self.in_window(segment) {
            self.note_timestamp(segment);
            return Step::Continue;
        }
        if self.completes_simultaneous_open(segment) {
            return Step::Continue;
        }
        // RFC 5961 and RFC 9293: the RST that a closed peer answers our FIN or data with may lie one before the
        // window, because it cannot know that its FIN was counted.
        if reset {
            if self.state_after_fin() && segment.seq == self.recv.nxt - 1 {
                return Step::Continue;
            }
            return Step::Done;
        }
        if self.state == State::SynReceived && segment.has(Flags::SYN) && !segment.has(Flags::ACK) {
            // The peer did not get our SYN-ACK and asks again (`tcp_check_req`).
            if self.may_challenge(cx) {
                self.send_syn(cx);
                self.timers.restart_syn(cx, self.origin);
            }
            return Step::Done;
        }
        if self.state == State::TimeWait && segment.has(Flags::FIN) {
            // The peer did not get our last ACK: the wait starts again (RFC 9293 section 3.10.7.4, eighth).
            self.timers.start_time_wait(cx);
        }
        if !stale && self.repeats_the_latest(segment) {
            self.note_timestamp(segment);
            if self.check_ack(cx, segment) == Step::Done || self.state == State::Closed {
                return Step::Done;
            }
        }
        // Data is answered always; what carries none could be one of two confused ends that answer each other.
        let bare = segment.is_empty() || segment.has(Flags::SYN);
        if bare && !self.may_challenge(cx) {
            return Step::Done;
        }
        self.ack
            .on_trouble(self.receive_limit(cx), &cx.profile.delayed_ack);
        Step::Done
    }

    /// Second, check the RST bit.
    fn check_reset(&mut self, cx: &mut Context<'_>, segment: &Segment) -> Step {
        if !segment.has(Flags::RST) {
            return Step::Continue;
        }
        let exact = segment.seq == self.recv.nxt
            || (self.state_after_fin() && segment.seq == self.recv.nxt - 1)
            || (cx.profile.challenge_ack.reset_at_sack_edge
                && self.sack
                && self.recv.buffer.end_ahead() == Some(segment.seq));
        if cx.profile.challenge_ack.on && !exact {
            // RFC 5961 section 3.2: it may be a guess; a peer that means it answers our ACK with an exact one.
            self.challenge(cx);
            return Step::Done;
        }
        match self.state {
            State::SynReceived => self.reset_in_syn_received(cx),
            State::CloseWait => self.fail(cx, Cause::ResetAfterClose),
            // Nobody waits for the answer any more: RFC 9293 has CLOSING, LAST-ACK and TIME-WAIT enter CLOSED.
            State::TimeWait => self.reset_in_time_wait(cx),
            _ => self.fail(cx, Cause::ResetByPeer),
        }
        Step::Done
    }

    /// Fourth, check the SYN bit (the third step, security, does not exist any more).
    fn check_syn(&mut self, cx: &mut Context<'_>, segment: &Segment) -> Step {
        if !segment.has(Flags::SYN) {
            return Step::Continue;
        }
        if self.state == State::SynReceived && segment.seq == self.recv.irs {
            // The answer to a simultaneous open, or the peer's SYN again: its ACK counts, its SYN is old.
            if !segment.has(Flags::ACK) {
                return Step::Done;
            }
            self.ack
                .on_trouble(self.receive_limit(cx), &cx.profile.delayed_ack);
            return Step::Continue;
        }
        if cx.profile.challenge_ack.on {
            // RFC 5961 section 4.2.
            self.challenge(cx);
        } else {
            // RFC 793: a SYN in the window is an error; the connection is reset.
            self.send_reset(cx);
            self.fail(cx, Cause::ResetByPeer);
        }
        Step::Done
    }

    /// Fifth, check the ACK field.
    fn check_ack(&mut self, cx: &mut Context<'_>, segment: &Segment) -> Step {
        if !segment.has(Flags::ACK) {
            return Step::Done;
        }
        if self.state == State::SynReceived {
            if segment.ack != self.send.nxt {
                self.answer_with_reset(cx, segment);
                return Step::Done;
            }
            self.finish_handshake(cx, segment);
        }
        self.on_ack(cx, segment)
    }

    /// Seventh, process the segment text (the sixth step, URG, is not modelled).
    fn check_text(&mut self, cx: &mut Context<'_>, segment: &Segment) -> Step {
        let counts_as_data = cx.profile.close.gap_before_fin_is_data && segment.has(Flags::FIN);
        if segment.payload.is_empty() && !counts_as_data {
            return Step::Continue;
        }
        let new = (segment.seq + segment.payload.len() as u32).after(self.recv.nxt);
        let unwanted = self.recv.shut
            && match cx.profile.close.after_shutdown_read {
                AfterShutdownRead::Reset => true,
                AfterShutdownRead::Readable => self.is_write_shut(),
                AfterShutdownRead::Discard => false,
            };
        if new && (unwanted || self.orphan) && self.state.may_receive() {
            // RFC 9293 section 3.6.1: data that nobody can read must not be acknowledged as if it had been read.
            self.answer_with_reset(cx, segment);
            self.fail(cx, Cause::AbortedLocally);
            return Step::Done;
        }
        if self.state.may_receive() && !segment.payload.is_empty() {
            self.take_text(cx, segment);
        }
        Step::Continue
    }

    /// Eighth, check the FIN bit.
    fn check_fin(&mut self, cx: &mut Context<'_>, segment: &Segment) -> Step {
        let next = segment.has(Flags::FIN) && self.is_fin_next(cx, segment);
        if next || self.recv.buffer.take_fin(self.recv.nxt) {
            self.take_fin(cx);
        }
        Step::Done
    }

    /// The handshake is complete: our SYN is acknowledged, theirs is known.
    fn finish_handshake(&mut self, cx: &mut Context<'_>, segment: &Segment) {
        let retransmitted = self.timers.syn_retransmissions() > 0;
        self.measure_handshake(cx, segment, retransmitted);
        self.send.una = self.send.nxt;
        self.timers.stop();
        self.heard = cx.now;
        self.transition(cx, State::Established);
        self.take_window(segment);
        if self.options.keep_alive {
            self.timers.start_keepalive(cx, &self.options);
        }
    }

    /// A RST answered our SYN.
    fn refused(&mut self, cx: &mut Context<'_>) {
        match cx.profile.connect.refused {
            Refused::Retry { interval } if self.timers.retry_syn_after(cx, interval) => {}
            Refused::AtOnce | Refused::Retry { .. } => self.fail(cx, Cause::RefusedByPeer),
        }
    }

    fn reset_in_syn_received(&mut self, cx: &mut Context<'_>) {
        match self.origin {
            // Back to LISTEN: the listener is still there, and nobody has seen this connection.
            Origin::Passive => self.end(cx),
            Origin::Active => self.fail(cx, Cause::RefusedByPeer),
        }
    }

    /// RFC 1337 warns of a RST that ends TIME-WAIT early; most systems let it.
    fn reset_in_time_wait(&mut self, cx: &mut Context<'_>) {
        if cx.profile.close.reset_ends_time_wait {
            self.end(cx);
        }
    }

    /// States in which the peer's FIN has been counted.
    fn state_after_fin(&self) -> bool {
        matches!(
            self.state,
            State::CloseWait | State::LastAck | State::Closing
        )
    }

    /// RFC 9293 section 3.10.7.4, the table of the four cases; any overlap with the window will do.
    fn in_window(&self, segment: &Segment) -> bool {
        let window = self.recv.edge.since(self.recv.nxt);
        let starts = |seq: Seq| seq.within(self.recv.nxt, window);
        match (segment.len(), window) {
            (0, 0) => segment.seq == self.recv.nxt,
            (0, _) => starts(segment.seq) || segment.seq == self.recv.nxt,
            (_, 0) => false,
            (_, _) => starts(segment.seq) || starts(segment.end() - 1),
        }
    }

    /// The peer did not get our latest ACK and sends again what it was for. Its text is old, but its own ACK may be news,
    /// and shows that the peer is alive: Linux accepts what ends where its last ACK was (`tcp_sequence`), BSD cuts off
    /// what it has and goes on with the ACK.
    fn repeats_the_latest(&self, segment: &Segment) -> bool {
        let end = segment.end();
        let latest = !end.before(self.recv.acked) && !end.after(self.recv.nxt);
        latest
            && !segment.is_empty()
            && !segment.has(Flags::SYN)
            && !matches!(self.state, State::SynReceived | State::TimeWait)
    }

    /// The peer's SYN once more, now with an ACK: its SYN lies before the window, and still it is the answer that
    /// RFC 9293 figure 8 expects.
    fn completes_simultaneous_open(&self, segment: &Segment) -> bool {
        self.state == State::SynReceived
            && self.origin == Origin::Active
            && segment.seq == self.recv.irs
            && segment.has(Flags::SYN)
            && segment.has(Flags::ACK)
            && segment.ack == self.send.nxt
    }

    fn has_stale_timestamp(&self, segment: &Segment) -> bool {
        match (self.timestamps, segment.options.timestamps) {
            (Some(ours), Some(theirs)) => (theirs.value.wrapping_sub(ours.recent) as i32) < 0,
            _ => false,
        }
    }

    /// RFC 7323 section 4.3: the timestamp of the segment that our last ACK asked for is echoed.
    fn note_timestamp(&mut self, segment: &Segment) {
        if let (Some(ours), Some(theirs)) = (&mut self.timestamps, segment.options.timestamps)
            && !segment.seq.after(self.recv.acked)
        {
            ours.recent = theirs.value;
        }
    }

    /// A challenge ACK, if the last one is long enough ago.
    pub(super) fn challenge(&mut self, cx: &mut Context<'_>) {
        if self.may_challenge(cx) {
            self.send_ack(cx);
        }
    }

    /// Whether an answer to a segment that carries nothing may be sent; limited so that two confused ends do not
    /// answer each other for ever.
    fn may_challenge(&mut self, cx: &Context<'_>) -> bool {
        let interval = cx.profile.challenge_ack.interval;
        let last = &mut self.trouble.get_or_insert_default().challenged;
        let allowed = last.is_none_or(|last| cx.now.since(last) >= interval);
        if allowed {
            *last = Some(cx.now);
        }
        allowed
    }

    pub(super) fn answer_with_reset(&self, cx: &mut Context<'_>, segment: &Segment) {
        if let Some(reset) = segment.reset_for() {
            let body = Body::Tcp(reset);
            cx.out.push_back(Packet {
                src: cx.address,
                dst: self.remote_ip,
                body,
            });
        }
    }
}
