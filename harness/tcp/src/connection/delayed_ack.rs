//! When received data is acknowledged, RFC 9293 section 3.8.6.3.
//!
//! Systems with a fixed delay acknowledge every second full-sized segment at once and the rest after the delay. Linux
//! adapts the delay to the sender's rhythm and begins with a run of immediate ACKs (`tcp_event_data_recv`,
//! `__tcp_ack_snd_check` and `tcp_send_delayed_ack` in net/ipv4). Both are one mechanism here: with equal bounds the
//! adaptive delay is the fixed one.

use crate::profile;
use crate::time::Instant;
use std::time::Duration;

/// What is owed to the sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Owed {
    /// Nothing.
    Nothing,
    /// An ACK, at the latest when the timer fires.
    Later,
    /// An ACK with the next output, because the connection is young; a FIN that follows may yet delay it.
    Quick,
    /// An ACK with the next output.
    Now,
}

/// The state of delayed acknowledgment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DelayedAck {
    pub(crate) owed: Owed,
    /// The delay in use, in microseconds; zero before the first data.
    delay: u32,
    /// Immediate ACKs left.
    quick: u8,
    /// Whether the connection is interactive: an answer usually carries the ACK.
    pub(crate) interactive: bool,
    /// Whether the last segment ended a write, so that a reader that took it all should be answered.
    pushed: Pushed,
    /// The size of a full segment, as seen.
    full_size: u16,
    /// When data was last received.
    last_data: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Pushed {
    No,
    Once,
    Twice,
}

impl DelayedAck {
    /// `mss` bounds the first guess of a full segment (`tcp_initialize_rcv_mss`: 536 at most).
    pub(crate) fn new(mss: u16) -> Self {
        Self {
            owed: Owed::Nothing,
            delay: 0,
            quick: 0,
            interactive: false,
            pushed: Pushed::No,
            full_size: mss.min(536),
            last_data: Instant::ZERO,
        }
    }

    /// Data arrived. `unacked` are the bytes received since the last ACK, `window` the receive window.
    pub(crate) fn on_data(
        &mut self,
        now: Instant,
        len: u32,
        unacked: u32,
        window: u32,
        rto: Duration,
        rules: &profile::DelayedAck,
    ) {
        if len >= u32::from(self.full_size) {
            self.full_size = len.min(u32::from(u16::MAX)) as u16;
        } else {
            self.pushed = if self.pushed == Pushed::No {
                Pushed::Once
            } else {
                Pushed::Twice
            };
        }
        self.adapt(now, window, rto, rules);
        self.last_data = now;
        let full = self.is_full(unacked, rules);
        let quick = self.quick > 0 && !self.interactive;
        if full || self.owed == Owed::Now {
            self.owed = Owed::Now;
        } else if quick {
            self.owed = Owed::Quick;
        } else if self.owed == Owed::Nothing {
            self.owed = Owed::Later;
        }
    }

    /// Whether so much is not acknowledged that it should be at once (`__tcp_ack_snd_check`).
    fn is_full(&self, unacked: u32, rules: &profile::DelayedAck) -> bool {
        unacked > u32::from(self.full_size) * rules.every.saturating_sub(1).max(1)
    }

    /// `tcp_event_data_recv`: the delay follows the time between segments; a long silence brings back quick ACKs.
    fn adapt(&mut self, now: Instant, window: u32, rto: Duration, rules: &profile::DelayedAck) {
        let min = rules.min.as_micros() as u32;
        let gap = now
            .since(self.last_data)
            .as_micros()
            .min(u128::from(u32::MAX)) as u32;
        let rto = rto.as_micros().min(u128::from(u32::MAX)) as u32;
        if self.delay == 0 {
            self.delay = min;
            self.grant_quick(window, rules);
            return;
        }
        if rules.max == rules.min {
            return;
        }
        if gap <= min / 2 {
            self.delay = self.delay / 2 + min / 2;
        } else if gap < self.delay {
            self.delay = (self.delay / 2 + gap).min(rto);
        } else if gap > rto {
            self.grant_quick(window, rules);
        }
    }

    fn grant_quick(&mut self, window: u32, rules: &profile::DelayedAck) {
        let segments = match window / (2 * u32::from(self.full_size).max(1)) {
            0 => 2,
            segments => segments,
        };
        self.quick = self
            .quick
            .max(segments.min(rules.quick_at_start).min(255) as u8);
    }

    /// The peer's FIN arrived. Where the delay is fixed, and once this side has closed too, it is acknowledged at once;
    /// Linux otherwise expects the program to answer (`tcp_fin`), so that one that closes in turn sends one segment
    /// instead of two. `unacked` counts the FIN.
    pub(crate) fn on_fin(
        &mut self,
        this_side_closed: bool,
        unacked: u32,
        rules: &profile::DelayedAck,
    ) {
        if this_side_closed || rules.max == rules.min || self.is_full(unacked, rules) {
            self.owed = Owed::Now;
            return;
        }
        self.interactive = true;
        if self.owed != Owed::Now {
            self.owed = Owed::Later;
        }
    }

    /// How long an ACK that is owed may wait.
    pub(crate) fn wait(&self, srtt: Option<Duration>, rules: &profile::DelayedAck) -> Duration {
        let mut delay = Duration::from_micros(u64::from(self.delay));
        if delay > rules.min {
            // `tcp_send_delayed_ack`: not beyond half a second, nor a round trip.
            let half = Duration::from_millis(500);
            let limit = if self.interactive || self.pushed >= Pushed::Once {
                rules.max
            } else {
                half
            };
            delay = delay.min(srtt.map_or(limit, |srtt| srtt.max(rules.min).min(limit)));
        }
        delay.min(rules.max)
    }

    /// The timer fired: the guess of the rhythm was wrong (`tcp_delack_timer_handler`).
    pub(crate) fn on_timer(&mut self, rto: Duration, rules: &profile::DelayedAck) {
        if self.owed == Owed::Nothing {
            return;
        }
        if self.interactive {
            self.interactive = false;
            self.delay = rules.min.as_micros() as u32;
        } else {
            let rto = rto.as_micros().min(u128::from(u32::MAX)) as u32;
            self.delay = self.delay.saturating_mul(2).min(rto);
        }
        self.owed = Owed::Now;
    }

    /// The program read everything: whether that is reason to acknowledge now (`__tcp_cleanup_rbuf`).
    pub(crate) fn on_read_all(&mut self, unacked: u32, rules: &profile::DelayedAck) {
        let adaptive = rules.max > rules.min;
        let pushed =
            self.pushed == Pushed::Twice || (self.pushed == Pushed::Once && !self.interactive);
        if adaptive && self.owed == Owed::Later && (pushed || unacked > u32::from(self.full_size)) {
            self.owed = Owed::Now;
        }
    }

    /// Data was sent: if it answers what was just received, the connection is interactive (`tcp_event_data_sent`).
    pub(crate) fn on_data_sent(&mut self, now: Instant) {
        if now.since(self.last_data) < Duration::from_micros(u64::from(self.delay)) {
            self.interactive = true;
        }
    }

    /// A segment with an ACK was sent.
    pub(crate) fn on_ack_sent(&mut self, rules: &profile::DelayedAck) {
        if self.owed != Owed::Nothing && self.quick > 0 {
            self.quick -= 1;
            if self.quick == 0 {
                self.delay = rules.min.as_micros() as u32;
            }
        }
        self.owed = Owed::Nothing;
        self.pushed = Pushed::No;
    }

    /// Something is wrong (a gap, an old segment): acknowledge at once, and the next segments too
    /// (`tcp_enter_quickack_mode`).
    pub(crate) fn on_trouble(&mut self, window: u32, rules: &profile::DelayedAck) {
        self.owed = Owed::Now;
        self.interactive = false;
        self.delay = rules.min.as_micros() as u32;
        self.grant_quick(window, rules);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXED: profile::DelayedAck = profile::DelayedAck {
        min: Duration::from_millis(200),
        max: Duration::from_millis(200),
        every: 2,
        quick_at_start: 0,
    };
    const ADAPTIVE: profile::DelayedAck = profile::DelayedAck {
        min: Duration::from_millis(40),
        max: Duration::from_millis(200),
        every: 2,
        quick_at_start: 16,
    };
    const RTO: Duration = Duration::from_millis(210);

    fn at(millis: u64) -> Instant {
        Instant::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn fixed_delay_acknowledges_every_second_full_segment() {
        let mut ack = DelayedAck::new(1460);
        ack.on_data(at(0), 1460, 1460, 65535, RTO, &FIXED);
        assert_eq!(
            (ack.owed, ack.wait(None, &FIXED)),
            (Owed::Later, Duration::from_millis(200))
        );
        ack.on_data(at(1), 1460, 2920, 65535, RTO, &FIXED);
        assert_eq!(ack.owed, Owed::Now);
    }

    #[test]
    fn adaptive_delay_begins_with_quick_acks() {
        let mut ack = DelayedAck::new(1460);
        let mut quick = 0;
        for n in 0..20 {
            ack.on_data(at(1000 * n), 5, 5, 65535, RTO, &ADAPTIVE);
            if ack.owed != Owed::Quick {
                break;
            }
            quick += 1;
            ack.last_data = at(1000 * n + 999);
            ack.on_ack_sent(&ADAPTIVE);
        }
        assert_eq!(quick, 16);
        assert_eq!(ack.wait(None, &ADAPTIVE), Duration::from_millis(40));
    }

    #[test]
    fn an_answer_makes_it_interactive_and_a_missed_timer_ends_that() {
        let mut ack = DelayedAck::new(1460);
        ack.on_data(at(0), 5, 5, 65535, RTO, &ADAPTIVE);
        ack.on_data_sent(at(1));
        assert!(ack.interactive);
        ack.on_timer(RTO, &ADAPTIVE);
        assert_eq!((ack.interactive, ack.owed), (false, Owed::Now));
    }
}
