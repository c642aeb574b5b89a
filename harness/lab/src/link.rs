//! One direction of a link as a function: a packet's size and the time in, when it arrives out.
//!
//! Knows neither packets nor hosts nor faults. A packet passes, in this order: the transmitter with its queue
//! (`bandwidth`, `queue`), then the wire (`loss`, `corrupt`, `duplicate`, `reorder`, `latency`, `jitter`).

use crate::outcome::LossReason;
use halfopen_tcp::{Instant, Rng};
use std::collections::VecDeque;
use std::time::Duration;

/// The figures of a link, one direction.
///
/// ```
/// use halfopen::{Lab, LinkFigures};
/// use std::time::Duration;
///
/// let mut lab = Lab::new();
/// lab.link(LinkFigures {
///     latency: Duration::from_millis(80),
///     loss: 0.01,
///     ..LinkFigures::DEFAULT
/// });
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LinkFigures {
    /// One way.
    pub latency: Duration,
    /// Added to the latency, uniform from zero to this. Packets keep their order unless `reorder` says otherwise.
    pub jitter: Duration,
    /// Probability that a packet is lost.
    pub loss: f64,
    /// Probability that a packet arrives twice.
    pub duplicate: f64,
    /// Probability that a packet overtakes those before it: it takes half the latency and no jitter, so it passes
    /// what was sent up to half a latency before it.
    pub reorder: f64,
    /// Probability that a packet arrives with a bad checksum.
    pub corrupt: f64,
    /// Bits a second; `None`: without limit.
    pub bandwidth: Option<u64>,
    /// Bytes that wait for their turn at most; only with `bandwidth`. `None`: without limit.
    pub queue: Option<u64>,
    /// The largest packet, IP header included, in bytes. Both ends know it, and derive their MSS from it.
    pub mtu: u16,
}

impl LinkFigures {
    /// What holds where a file says nothing: 25 ms one way and nothing else.
    pub const DEFAULT: Self = Self {
        latency: Duration::from_millis(25),
        jitter: Duration::ZERO,
        loss: 0.0,
        duplicate: 0.0,
        reorder: 0.0,
        corrupt: 0.0,
        bandwidth: None,
        queue: None,
        mtu: 1500,
    };

    /// The shortest time that any packet takes: what a conservative simulation may look ahead.
    pub fn shortest_delay(&self) -> Duration {
        if self.reorder > 0.0 {
            self.latency / 2
        } else {
            self.latency
        }
    }

    /// Whether every packet takes the latency, whatever came before it.
    pub(crate) fn is_plain(&self) -> bool {
        self.bandwidth.is_none() && !self.is_random()
    }

    fn is_random(&self) -> bool {
        self.loss > 0.0
            || self.duplicate > 0.0
            || self.reorder > 0.0
            || self.corrupt > 0.0
            || !self.jitter.is_zero()
    }
}

/// What one direction of a link remembers between packets. Small, because a large network has many: what most links
/// do not need is behind a pointer.
#[derive(Debug)]
pub(crate) struct Lane {
    /// The latest arrival so far of a packet that keeps its order.
    last_arrival: Instant,
    /// Its own stream, from the first packet on that needs a number.
    rng: Option<Box<Rng>>,
    transmitter: Option<Box<Transmitter>>,
}

/// What becomes of a packet that enters a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Passage {
    /// It gets to the other end.
    Arrives {
        /// When.
        at: Instant,
        /// When a copy of it does.
        copy: Option<Instant>,
        /// Whether its checksum is wrong by then.
        corrupt: bool,
    },
    /// It does not.
    Lost(LossReason),
}

impl Lane {
    pub(crate) const fn new() -> Self {
        Self {
            last_arrival: Instant::ZERO,
            rng: None,
            transmitter: None,
        }
    }

    /// Sends a packet of `bytes`, IP header included, at `now`. `stream` makes the lane's random stream.
    pub(crate) fn send(
        &mut self,
        figures: &LinkFigures,
        now: Instant,
        bytes: usize,
        stream: impl FnOnce() -> Rng,
    ) -> Passage {
        let departure = match figures.bandwidth {
            None => Some(now),
            Some(bandwidth) => self
                .transmitter
                .get_or_insert_with(|| Box::new(Transmitter::new()))
                .admit(now, bytes as u64, bandwidth, figures.queue),
        };
        let Some(departure) = departure else {
            return Passage::Lost(LossReason::Queue);
        };
        if !figures.is_random() {
            return Passage::Arrives {
                at: self.in_order(departure + figures.latency),
                copy: None,
                corrupt: false,
            };
        }
        let mut rng = self.rng.take().unwrap_or_else(|| Box::new(stream()));
        let passage = self.send_at_random(figures, departure, &mut rng);
        self.rng = Some(rng);
        passage
    }

    fn send_at_random(
        &mut self,
        figures: &LinkFigures,
        departure: Instant,
        rng: &mut Rng,
    ) -> Passage {
        // A figure of zero draws nothing, so that setting one does not depend on those that are not set.
        let mut happens = |probability: f64| probability > 0.0 && rng.chance(probability);
        if happens(figures.loss) {
            return Passage::Lost(LossReason::Loss);
        }
        let corrupt = happens(figures.corrupt);
        let overtakes = happens(figures.reorder);
        let twice = happens(figures.duplicate);
        let mut usual = |lane: &mut Self| {
            let jitter = if figures.jitter.is_zero() {
                Duration::ZERO
            } else {
                rng.up_to(figures.jitter)
            };
            lane.in_order(departure + figures.latency + jitter)
        };
        Passage::Arrives {
            at: if overtakes {
                departure + figures.latency / 2
            } else {
                usual(self)
            },
            copy: twice.then(|| usual(self)),
            corrupt,
        }
    }

    /// An arrival no earlier than those before it. What arrives at the same instant arrives in the order of sending.
    fn in_order(&mut self, at: Instant) -> Instant {
        self.last_arrival = self.last_arrival.max(at);
        self.last_arrival
    }
}

/// Puts one packet after another on the wire, at the link's bandwidth.
#[derive(Debug)]
struct Transmitter {
    /// When the last bit of the last packet is out.
    free_at: Instant,
    /// Packets whose turn has not come: when it comes, and their bytes.
    waiting: VecDeque<(Instant, u64)>,
    /// The sum of their bytes.
    waiting_bytes: u64,
}

impl Transmitter {
    const fn new() -> Self {
        Self {
            free_at: Instant::ZERO,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
        }
    }

    /// When the packet's last bit is out; `None` if it does not fit into the queue.
    fn admit(
        &mut self,
        now: Instant,
        bytes: u64,
        bandwidth: u64,
        queue: Option<u64>,
    ) -> Option<Instant> {
        while let Some(&(turn, gone)) = self.waiting.front()
            && turn <= now
        {
            self.waiting.pop_front();
            self.waiting_bytes -= gone;
        }
        let turn = self.free_at.max(now);
        if turn > now {
            if queue.is_some_and(|limit| self.waiting_bytes + bytes > limit) {
                return None;
            }
            self.waiting.push_back((turn, bytes));
            self.waiting_bytes += bytes;
        }
        self.free_at = turn + transmission_time(bytes, bandwidth);
        Some(self.free_at)
    }
}

/// How long `bytes` take at `bandwidth` bits a second, rounded up to a nanosecond.
fn transmission_time(bytes: u64, bandwidth: u64) -> Duration {
    let nanos = (u128::from(bytes) * 8 * 1_000_000_000).div_ceil(u128::from(bandwidth.max(1)));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: LinkFigures = LinkFigures::DEFAULT;

    /// Sends packets of `bytes` at the given milliseconds.
    fn send_all(figures: LinkFigures, bytes: usize, at_ms: &[u64]) -> Vec<Passage> {
        let mut lane = Lane::new();
        let send = |&ms: &u64| {
            lane.send(&figures, Instant::from_nanos(ms * 1_000_000), bytes, || {
                Rng::stream(7, "test")
            })
        };
        at_ms.iter().map(send).collect()
    }

    fn arrives_ms(ms: u64) -> Passage {
        Passage::Arrives {
            at: Instant::from_nanos(ms * 1_000_000),
            copy: None,
            corrupt: false,
        }
    }

    fn arrival(passage: Passage) -> u64 {
        match passage {
            Passage::Arrives { at, .. } => at.as_nanos(),
            Passage::Lost(reason) => panic!("lost: {reason:?}"),
        }
    }

    #[test]
    fn plain_link_only_delays() {
        assert_eq!(
            send_all(PLAIN, 1500, &[0, 1, 1]),
            [arrives_ms(25), arrives_ms(26), arrives_ms(26)]
        );
    }

    /// 1,000 bytes at 1 Mbit/s take 8 ms.
    #[test]
    fn bandwidth_sends_one_packet_after_another() {
        let figures = LinkFigures {
            bandwidth: Some(1_000_000),
            ..PLAIN
        };
        assert_eq!(
            send_all(figures, 1000, &[0, 0, 10, 100]),
            [
                arrives_ms(33),
                arrives_ms(41),
                arrives_ms(49),
                arrives_ms(133)
            ]
        );
    }

    #[test]
    fn transmission_time_rounds_up_and_does_not_overflow() {
        assert_eq!(transmission_time(1, 3), Duration::from_nanos(2_666_666_667));
        assert_eq!(transmission_time(40, u64::MAX), Duration::from_nanos(1));
        assert_eq!(
            transmission_time(u64::MAX, 1),
            Duration::from_nanos(u64::MAX)
        );
    }

    /// The packet on the wire does not count; two more fit; the fourth is dropped; room comes back as they leave.
    #[test]
    fn queue_drops_at_its_tail() {
        let figures = LinkFigures {
            bandwidth: Some(1_000_000),
            queue: Some(2000),
            ..PLAIN
        };
        assert_eq!(
            send_all(figures, 1000, &[0, 0, 0, 0, 8]),
            [
                arrives_ms(33),
                arrives_ms(41),
                arrives_ms(49),
                Passage::Lost(LossReason::Queue),
                arrives_ms(57)
            ]
        );
    }

    #[test]
    fn jitter_stays_in_its_bounds_and_keeps_the_order() {
        let figures = LinkFigures {
            jitter: Duration::from_millis(10),
            ..PLAIN
        };
        let sent: Vec<u64> = (0..1000).collect();
        let arrivals: Vec<u64> = send_all(figures, 40, &sent)
            .into_iter()
            .map(arrival)
            .collect();
        assert!(arrivals.is_sorted());
        let delays: Vec<u64> = sent
            .iter()
            .zip(&arrivals)
            .map(|(ms, at)| at - ms * 1_000_000)
            .collect();
        assert!(delays.iter().all(|d| (25_000_000..=35_000_000).contains(d)));
        assert!(delays.iter().any(|d| *d < 30_000_000) && delays.iter().any(|d| *d > 32_000_000));
    }

    #[test]
    fn reordered_packets_overtake() {
        let figures = LinkFigures {
            reorder: 0.5,
            ..PLAIN
        };
        let arrivals: Vec<u64> = send_all(figures, 40, &(0..100).collect::<Vec<_>>())
            .into_iter()
            .map(arrival)
            .collect();
        let overtakers = arrivals.windows(2).filter(|w| w[1] < w[0]).count();
        assert!((10..50).contains(&overtakers), "{overtakers}");
        assert_eq!(figures.shortest_delay(), Duration::from_micros(12_500));
    }

    #[test]
    fn probabilities_are_honoured() {
        let figures = LinkFigures {
            loss: 0.1,
            duplicate: 0.2,
            corrupt: 0.3,
            ..PLAIN
        };
        let passages = send_all(figures, 40, &[0; 10_000]);
        let count = |f: fn(&Passage) -> bool| passages.iter().filter(|p| f(p)).count();
        let lost = count(|p| matches!(p, Passage::Lost(LossReason::Loss)));
        let copies = count(|p| matches!(p, Passage::Arrives { copy: Some(_), .. }));
        let corrupt = count(|p| matches!(p, Passage::Arrives { corrupt: true, .. }));
        assert!((900..1100).contains(&lost), "{lost}");
        assert!((1700..1900).contains(&copies), "{copies}");
        assert!((2600..2800).contains(&corrupt), "{corrupt}");
    }
}
