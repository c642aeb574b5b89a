//! Loss detection by time, RFC 8985 section 6 (`tcp_recovery.c` in Linux): a segment is lost if one that was sent later
//! has arrived, and a quarter of a round trip has passed in which the network could have put them in order.

use super::flight::Delivered;
use super::{Connection, Context, Recovery};
use std::time::Duration;

/// What RACK remembers while something is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rack {
    /// The transmission that was sent last of all that are known to have arrived.
    latest: Delivered,
    /// How long it and its acknowledgment took.
    rtt: Duration,
}

/// Segments beyond a gap that leave no doubt that it is a loss (`tcp_reordering`).
const REORDERING: u32 = 3;

impl Connection {
    /// Whether loss is detected by time on this connection.
    pub(super) fn detects_by_time(&self, cx: &Context<'_>) -> bool {
        cx.profile.retransmit.rack && self.sack
    }

    /// An ACK told that something arrived.
    pub(super) fn on_delivered(&mut self, cx: &mut Context<'_>, latest: Option<Delivered>) {
        if self.send.flight.is_empty() {
            if let Some(trouble) = &mut self.trouble {
                trouble.rack = None;
            }
            return;
        }
        let dubious = self.send.recovery != Recovery::Open || self.send.flight.has_sacked();
        if !self.detects_by_time(cx) || !dubious {
            return;
        }
        let Some(latest) = latest else {
            return;
        };
        let rtt = cx.now.since(latest.at);
        if latest.retransmitted && self.rtt.shortest().is_some_and(|shortest| rtt < shortest) {
            // It was the copy before that arrived.
            return;
        }
        let known = &mut self.trouble.get_or_insert_default().rack;
        let latest = latest.or_later(known.map(|rack| rack.latest));
        *known = Some(Rack { latest, rtt });
        self.detect_loss(cx);
    }

    /// Marks what is lost by now, and comes back for what may still arrive.
    pub(super) fn detect_loss(&mut self, cx: &mut Context<'_>) {
        let Some(rack) = self.trouble.as_ref().and_then(|trouble| trouble.rack) else {
            return;
        };
        let patience = rack.rtt + self.reordering_window();
        let (lost, wait) = self
            .send
            .flight
            .mark_lost_before(rack.latest, cx.now, patience);
        if lost && self.send.recovery == Recovery::Open {
            self.enter_recovery();
        }
        match wait {
            Some(wait) => self.timers.start_reordering(cx, wait),
            None if lost => {
                let rto = self.rto(cx);
                self.timers.start_timeout(cx, rto);
            }
            None => {}
        }
    }

    /// How long segments may arrive out of order (`tcp_rack_reo_wnd`).
    fn reordering_window(&self) -> Duration {
        let recovering = matches!(self.send.recovery, Recovery::Fast(_) | Recovery::Timeout(_));
        if recovering || self.send.flight.sacked() >= REORDERING {
            return Duration::ZERO;
        }
        let shortest = self.rtt.shortest().unwrap_or_default();
        (shortest / 4).min(self.rtt.smoothed().unwrap_or_default())
    }
}
