//! Segments that were sent and are not acknowledged: the retransmission queue, with its SACK scoreboard.

use super::queue::Queue;
use crate::time::Instant;
use crate::wire::{SackBlocks, Seq};
use std::time::Duration;

/// One segment that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sent {
    pub(crate) seq: Seq,
    /// Sequence space: data bytes, and one for a FIN.
    pub(crate) len: u32,
    /// Whether it ends with our FIN.
    pub(crate) fin: bool,
    /// Whether it ended what the program had written by then, and carries PSH.
    pub(crate) push: bool,
    /// When it was sent last.
    pub(crate) at: Instant,
    /// Whether it was ever sent again: its acknowledgment measures nothing (Karn's rule, RFC 6298 section 3).
    pub(crate) retransmitted: bool,
    pub(crate) place: Place,
    /// Which transmission of the connection that was, for those of one moment. The flight counts them.
    pub(crate) order: u32,
}

/// Where a segment is believed to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// In the network.
    Under,
    /// Lost, and not sent again yet.
    Lost,
    /// At the peer, behind a gap (RFC 2018).
    Sacked,
}

impl Sent {
    pub(crate) fn end(&self) -> Seq {
        self.seq + self.len
    }

    fn delivered(&self) -> Delivered {
        Delivered {
            at: self.at,
            order: self.order,
            retransmitted: self.retransmitted,
        }
    }
}

/// The latest transmission that is known to have arrived, of those that an ACK told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Delivered {
    /// When it was sent.
    pub(crate) at: Instant,
    order: u32,
    /// Whether the segment was ever sent again, so that an earlier copy may be what arrived.
    pub(crate) retransmitted: bool,
}

impl Delivered {
    pub(crate) fn is_later_than(&self, other: &Self) -> bool {
        (self.order.wrapping_sub(other.order) as i32) > 0
    }

    pub(crate) fn or_later(self, other: Option<Self>) -> Self {
        other
            .filter(|other| other.is_later_than(&self))
            .unwrap_or(self)
    }
}

/// What an acknowledgment took off the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Acked {
    /// Segments that are acknowledged whole.
    pub(crate) segments: u32,
    /// When the first of them was sent, if none of them was ever retransmitted.
    pub(crate) sent: Option<Instant>,
    /// The latest of those that no SACK had told of.
    pub(crate) latest: Option<Delivered>,
}

/// What SACK blocks told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sacked {
    /// Segments that it is news of.
    pub(crate) segments: u32,
    /// The latest of them.
    pub(crate) latest: Option<Delivered>,
}

/// The segments between `SND.UNA` and `SND.NXT`, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flight {
    segments: Queue<Sent>,
    /// How many of them are [`Place::Under`], so that the congestion window is checked without counting.
    under: u32,
    /// Transmissions so far.
    transmissions: u32,
}

impl Flight {
    pub(crate) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.segments.len()
    }

    /// Segments that are believed to be in the network.
    pub(crate) fn in_network(&self) -> u32 {
        self.under
    }

    pub(crate) fn head(&self) -> Option<&Sent> {
        self.segments.front()
    }

    pub(crate) fn tail(&self) -> Option<usize> {
        self.segments.len().checked_sub(1)
    }

    pub(crate) fn get(&self, index: usize) -> Option<Sent> {
        self.segments.get(index).copied()
    }

    pub(crate) fn has_sacked(&self) -> bool {
        self.segments.iter().any(|sent| sent.place == Place::Sacked)
    }

    /// Notes a segment that is sent for the first time.
    pub(crate) fn push(&mut self, mut sent: Sent) {
        sent.order = self.next_order();
        self.under += 1;
        self.segments.push_back(sent);
    }

    fn next_order(&mut self) -> u32 {
        self.transmissions = self.transmissions.wrapping_add(1);
        self.transmissions
    }

    /// Takes off what lies before `una`. A segment that is acknowledged in part keeps its rest.
    pub(crate) fn acknowledge(&mut self, una: Seq) -> Acked {
        let mut acked = Acked::default();
        let mut measurable = true;
        while let Some(sent) = self.segments.front_mut() {
            if sent.end().after(una) {
                if una.after(sent.seq) {
                    sent.len -= una.since(sent.seq);
                    sent.seq = una;
                }
                break;
            }
            measurable &= !sent.retransmitted;
            acked.sent = acked.sent.or(Some(sent.at));
            acked.segments += 1;
            if sent.place != Place::Sacked {
                acked.latest = Some(sent.delivered().or_later(acked.latest));
            }
            self.under -= u32::from(sent.place == Place::Under);
            self.segments.pop_front();
        }
        if !measurable {
            acked.sent = None;
        }
        self.segments.shrink_if_empty();
        acked
    }

    /// Notes what the peer has beyond the gap.
    pub(crate) fn on_sack(&mut self, blocks: &SackBlocks) -> Sacked {
        let mut news = Sacked::default();
        for (start, end) in blocks.iter() {
            for sent in self.segments.iter_mut() {
                let inside = !sent.seq.before(start) && !sent.end().after(end);
                if inside && sent.place != Place::Sacked {
                    self.under -= u32::from(sent.place == Place::Under);
                    sent.place = Place::Sacked;
                    news.segments += 1;
                    news.latest = Some(sent.delivered().or_later(news.latest));
                }
            }
        }
        news
    }

    /// Marks as lost every segment with at least `threshold` SACKed ones above it (RFC 6675 section 4, `IsLost`).
    /// Returns whether there is a new one. One that was sent again already is not taken for lost a second time.
    pub(crate) fn mark_lost_below(&mut self, threshold: u32) -> bool {
        let mut above = 0;
        let mut news = false;
        for sent in self.segments.iter_mut().rev() {
            match sent.place {
                Place::Sacked => above += 1,
                Place::Under if above >= threshold && !sent.retransmitted => {
                    sent.place = Place::Lost;
                    self.under -= 1;
                    news = true;
                }
                Place::Under | Place::Lost => {}
            }
        }
        news
    }

    /// Marks as lost what was sent before the transmission that `latest` tells of, `patience` or longer ago, and is not
    /// known to have arrived (RFC 8985 section 6.2, step 5). Returns whether there is a new one, and how long to wait
    /// for those that may still come.
    pub(crate) fn mark_lost_before(
        &mut self,
        latest: Delivered,
        now: Instant,
        patience: Duration,
    ) -> (bool, Option<Duration>) {
        let (mut news, mut wait) = (false, None);
        for sent in self.segments.iter_mut() {
            if sent.place != Place::Under || !latest.is_later_than(&sent.delivered()) {
                continue;
            }
            let left = (sent.at + patience).since(now);
            if left.is_zero() {
                sent.place = Place::Lost;
                self.under -= 1;
                news = true;
            } else {
                wait = wait.max(Some(left));
            }
        }
        (news, wait)
    }

    /// Segments at the peer, behind a gap.
    pub(crate) fn sacked(&self) -> u32 {
        let sacked = self
            .segments
            .iter()
            .filter(|sent| sent.place == Place::Sacked);
        sacked.count() as u32
    }

    /// Marks the first segment as lost, as three duplicate ACKs say (RFC 5681 section 3.2) and as a partial ACK
    /// during recovery says of the next one (RFC 6582).
    pub(crate) fn mark_head_lost(&mut self) {
        if let Some(sent) = self.segments.front_mut()
            && sent.place == Place::Under
        {
            sent.place = Place::Lost;
            self.under -= 1;
        }
    }

    /// Marks everything as lost that the peer has not SACKed: a retransmission timeout (RFC 6298 section 5, RFC 2018
    /// section 5).
    pub(crate) fn mark_all_lost(&mut self) {
        for sent in self.segments.iter_mut() {
            if sent.place == Place::Under {
                sent.place = Place::Lost;
            }
        }
        self.under = 0;
    }

    /// Takes back what [`mark_all_lost`](Self::mark_all_lost) said.
    pub(crate) fn mark_none_lost(&mut self) {
        for sent in self.segments.iter_mut() {
            if sent.place == Place::Lost {
                sent.place = Place::Under;
                self.under += 1;
            }
        }
    }

    /// The first segment that waits to be sent again.
    pub(crate) fn first_lost(&self) -> Option<usize> {
        // All lost segments were under way before; none is lost while all are.
        if self.under as usize == self.segments.len() {
            return None;
        }
        self.segments
            .iter()
            .position(|sent| sent.place == Place::Lost)
    }

    /// Notes that the segment is sent again now.
    pub(crate) fn on_retransmit(&mut self, index: usize, now: Instant) {
        let order = self.next_order();
        let Some(sent) = self.segments.get_mut(index) else {
            return;
        };
        sent.order = order;
        sent.at = now;
        sent.retransmitted = true;
        if sent.place == Place::Lost {
            sent.place = Place::Under;
            self.under += 1;
        }
    }

    /// Takes what follows the segment into it, as far as whole segments fit into `mss` bytes (RFC 9293 section 3.8.1 lets
    /// a retransmission have other boundaries; `tcp_retrans_try_collapse`).
    pub(crate) fn collapse(&mut self, index: usize, mss: u32) {
        while let (Some(first), Some(next)) = (
            self.segments.get(index).copied(),
            self.segments.get(index + 1).copied(),
        ) {
            let data = first.len + next.len - u32::from(next.fin);
            if first.fin || next.place == Place::Sacked || data > mss {
                return;
            }
            self.under -= u32::from(next.place == Place::Under);
            self.segments.remove(index + 1);
            if let Some(first) = self.segments.get_mut(index) {
                first.len += next.len;
                first.fin = next.fin;
                first.push |= next.push;
                first.retransmitted |= next.retransmitted;
            }
        }
    }

    /// Cuts segments to a smaller size, after the path's MTU or the peer's window shrank: the first `len` bytes of the
    /// segment stay, the rest becomes a segment of its own.
    pub(crate) fn split(&mut self, index: usize, len: u32) {
        let Some(sent) = self.segments.get_mut(index) else {
            return;
        };
        if len == 0 || len >= sent.len {
            return;
        }
        let rest = Sent {
            seq: sent.seq + len,
            len: sent.len - len,
            ..*sent
        };
        sent.len = len;
        sent.fin = false;
        sent.push = false;
        self.under += u32::from(rest.place == Place::Under);
        self.segments.insert(index + 1, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(count: u32) -> Flight {
        let mut flight = Flight::default();
        for n in 0..count {
            flight.push(Sent {
                seq: Seq(n * 100),
                len: 100,
                fin: false,
                push: n % 2 == 1,
                at: Instant::from_nanos(u64::from(n)),
                retransmitted: false,
                place: Place::Under,
                order: 0,
            });
        }
        flight
    }

    fn sack(flight: &mut Flight, start: u32, end: u32) -> u32 {
        flight
            .on_sack(&SackBlocks::new([(Seq(start), Seq(end))]))
            .segments
    }

    #[test]
    fn acknowledgment_takes_whole_segments_and_trims_the_next() {
        let mut flight = flight(3);
        let acked = flight.acknowledge(Seq(250));
        assert_eq!((acked.segments, acked.sent), (2, Some(Instant::ZERO)));
        let head = flight.head().copied().unwrap();
        assert_eq!((head.seq, head.len, flight.in_network()), (Seq(250), 50, 1));
    }

    #[test]
    fn a_retransmitted_segment_measures_nothing() {
        let mut flight = flight(2);
        flight.mark_all_lost();
        flight.on_retransmit(0, Instant::from_nanos(9));
        let acked = flight.acknowledge(Seq(200));
        assert_eq!((acked.segments, acked.sent), (2, None));
    }

    #[test]
    fn three_sacked_segments_above_mean_lost() {
        let mut flight = flight(5);
        assert_eq!(sack(&mut flight, 200, 400), 2);
        assert!(!flight.mark_lost_below(3));
        assert_eq!(sack(&mut flight, 200, 500), 1);
        assert!(flight.mark_lost_below(3));
        assert_eq!((flight.first_lost(), flight.in_network()), (Some(0), 0));
        flight.on_retransmit(0, Instant::ZERO);
        flight.on_retransmit(1, Instant::ZERO);
        assert!(!flight.mark_lost_below(3), "sent again: not lost again");
        assert_eq!((flight.first_lost(), flight.in_network()), (None, 2));
    }

    #[test]
    fn what_was_sent_earlier_and_has_not_arrived_in_time_is_lost() {
        // Sent at 0, 1, 2, 3 and 4 ns.
        let mut flight = flight(5);
        let blocks = SackBlocks::new([(Seq(300), Seq(400))]);
        let latest = flight.on_sack(&blocks).latest.unwrap();
        let at = |nanos| Instant::from_nanos(nanos);
        let patience = Duration::from_nanos(10);
        let found = flight.mark_lost_before(latest, at(11), patience);
        assert_eq!(found, (true, Some(Duration::from_nanos(1))));
        assert_eq!(flight.in_network(), 2, "the third, and the one sent later");
        let found = flight.mark_lost_before(latest, at(12), patience);
        assert_eq!(found, (true, None));
        assert_eq!(flight.in_network(), 1);
    }

    #[test]
    fn small_segments_are_sent_again_as_one() {
        let mut flight = flight(4);
        flight.mark_all_lost();
        flight.collapse(0, 350);
        flight.on_retransmit(0, Instant::ZERO);
        let head = flight.head().copied().unwrap();
        assert_eq!(
            (head.seq, head.len, head.push, flight.len()),
            (Seq(0), 300, true, 2)
        );
        assert_eq!((flight.in_network(), flight.first_lost()), (1, Some(1)));
    }

    #[test]
    fn a_timeout_spares_what_the_peer_has() {
        let mut flight = flight(3);
        sack(&mut flight, 100, 200);
        flight.mark_all_lost();
        flight.on_retransmit(0, Instant::ZERO);
        assert_eq!(flight.first_lost(), Some(2));
    }
}
