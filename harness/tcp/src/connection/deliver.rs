//! Text and FIN: what arrives for the program.

use super::{Connection, Context, State};
use crate::profile::AfterShutdownRead;
use crate::wire::Segment;

impl Connection {
    /// Takes the part of the text that lies in the window.
    pub(super) fn take_text(&mut self, cx: &mut Context<'_>, segment: &Segment) {
        let mut seq = segment.seq;
        let mut text = segment.payload.clone();
        if seq.before(self.recv.nxt) {
            let old = self.recv.nxt.since(seq) as usize;
            if old >= text.len() {
                self.ack
                    .on_trouble(self.receive_limit(cx), &cx.profile.delayed_ack);
                return;
            }
            text = text.slice(old..);
            seq = self.recv.nxt;
        }
        let room = self.recv.edge.since(seq) as usize;
        if room == 0 || self.recv.edge.before(seq) {
            self.ack
                .on_trouble(self.receive_limit(cx), &cx.profile.delayed_ack);
            return;
        }
        let beyond = text.len().saturating_sub(room);
        text.truncate(room);
        let len = text.len() as u32;
        let discard =
            self.recv.shut && cx.profile.close.after_shutdown_read == AfterShutdownRead::Discard;
        let had_gap = self.recv.buffer.has_gap();
        let advance = if discard && seq == self.recv.nxt {
            len
        } else {
            self.recv.buffer.insert(self.recv.nxt, seq, text)
        };
        self.recv.nxt += advance;
        self.news |= advance > 0;
        self.heard = cx.now;
        let (window, rules) = (self.receive_limit(cx), &cx.profile.delayed_ack);
        let rto = self.rto(cx);
        let unacked = self.recv.nxt.since(self.recv.acked);
        self.ack.on_data(cx.now, len, unacked, window, rto, rules);
        // RFC 5681 section 4.2: a segment beyond a gap, or one that fills it, is acknowledged at once.
        if advance == 0 || had_gap || beyond > 0 {
            self.ack.on_trouble(window, rules);
        }
    }

    /// Whether the segment's FIN is next. One beyond a gap is kept like text, and asks for what is missing.
    pub(super) fn is_fin_next(&mut self, cx: &Context<'_>, segment: &Segment) -> bool {
        let fin = segment.seq + segment.payload.len() as u32;
        let expected = !self.recv.fin && self.state.may_receive();
        if expected && fin.after(self.recv.nxt) && !fin.after(self.recv.edge) {
            self.ack
                .on_trouble(self.receive_limit(cx), &cx.profile.delayed_ack);
            self.recv.buffer.insert_fin(fin);
        }
        expected && fin == self.recv.nxt
    }

    /// Takes the peer's FIN. Everything before it is there.
    pub(super) fn take_fin(&mut self, cx: &mut Context<'_>) {
        self.recv.nxt += 1;
        self.recv.edge = self.recv.edge.later(self.recv.nxt);
        self.recv.fin = true;
        self.news = true;
        let closed = self.state != State::Established;
        let unacked = self.recv.nxt.since(self.recv.acked);
        self.ack.on_fin(closed, unacked, &cx.profile.delayed_ack);
        match self.state {
            State::Established => self.transition(cx, State::CloseWait),
            State::FinWait1 => self.transition(cx, State::Closing),
            State::FinWait2 => self.enter_time_wait(cx),
            _ => {}
        }
    }

    /// Both directions are closed, and we closed first: old segments have to die out (RFC 9293 section 3.6.1).
    pub(super) fn enter_time_wait(&mut self, cx: &mut Context<'_>) {
        self.transition(cx, State::TimeWait);
        self.timers.stop();
        self.timers.start_time_wait(cx);
    }
}
