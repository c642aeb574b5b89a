//! The network as a function: a packet and the time in, what becomes of it out.
//!
//! Every engine asks this one, so a fault means the same thing in all of them. It knows no engine, no clock and no
//! state of TCP; it reads of a segment what a middlebox reads.
//!
//! A packet meets, in this order: the sender's route, a partition or block, `drop` rules, the MTU and the link itself
//! (all in [`Network::carry`], when it is sent), then a cut that came while it was under way, a closed gate (`hold`),
//! its checksum, and the firewall in front of the receiver (all in [`Network::arrive`], when it is due).
//!
//! # Decisions
//! - **Hold** closes a gate at the far end of both directions. Packets travel as always and wait there, what was under
//!   way included; release lets them through at that instant, in the order in which they came to the gate. So a hold
//!   that ends before a packet is due changes nothing, and no packet ever overtakes another.
//! - **Partition and block** are cuts: what is sent, under way, or waits at a gate is lost at the time of the cut.
//! - **Reset** makes RSTs that travel from each end to the other like any packet, behind what is under way, with the
//!   sequence number that the receiver expects once all of that has arrived.
//! - **Reject** is asked when a segment has crossed the link; the answer crosses back.
//! - A host's packets to itself arrive at once and meet none of this.
//!
//! ```
//! use halfopen::network::Network;
//! use halfopen::{plan, scenario};
//!
//! # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/connect/timed-out.toml");
//! let scenario = scenario::load(file).expect("the file has no mistakes");
//! let case = scenario.cases().next().expect("a scenario has at least one case");
//! let network = Network::new(&case, 0);
//! assert_eq!(network.host_at(plan::address(1).into()), Some(1));
//! assert_eq!(network.shortest_delay(), case.link.latency);
//! ```

mod cut;
mod firewall;
mod middlebox;

use crate::link::{Lane, LinkFigures, Passage};
use crate::outcome::LossReason;
use crate::plan::{self, Fault, HostIndex, Plan};
use cut::Cuts;
use firewall::Firewalls;
use halfopen_tcp::wire::Packet;
use halfopen_tcp::{Instant, Rng};
use indexmap::IndexMap;
use middlebox::Middlebox;
use rustc_hash::FxBuildHasher;
use std::net::IpAddr;
use std::time::Duration;

/// All links between the hosts of a plan, with their faults and their random numbers.
///
/// # How to drive it
/// 1. Give every packet that a host sends to [`carry`](Self::carry), and every fault of the timeline to
///    [`apply`](Self::apply), in order of time.
/// 2. Keep each [`Carried::Arriving`] until its time, then give it to [`arrive`](Self::arrive), in order of time;
///    those of one instant in the order in which they came out.
/// 3. Give each [`Carried::Forged`] to [`carry`](Self::carry).
///
/// A pair of hosts costs nothing until a packet crosses between them, and a plain link costs nothing even then.
#[derive(Debug)]
pub struct Network {
    seed: u64,
    /// For the names of the random streams.
    names: Vec<String>,
    /// The figures of the pairs that `figures` does not have.
    default: LinkFigures,
    figures: IndexMap<Pair, LinkFigures, FxBuildHasher>,
    lanes: IndexMap<Direction, Lane, FxBuildHasher>,
    cuts: IndexMap<Direction, Cuts, FxBuildHasher>,
    /// What waits at closed gates, in order of arrival.
    held: Vec<Flight>,
    firewalls: Firewalls,
    /// `None` if no fault asks for it: remembering connections costs.
    middlebox: Option<Middlebox>,
    /// Whether figures may change under way, so that a packet could overtake those before it.
    figures_change: bool,
}

/// A packet under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flight {
    /// Who sent it, or whose address it carries if it is forged.
    pub from: HostIndex,
    /// Whom to.
    pub to: HostIndex,
    /// What.
    pub packet: Packet,
    /// What the engine gave with it.
    pub tag: Tag,
    /// How many cuts its direction had seen when it was sent.
    cuts: u32,
    corrupt: bool,
}

/// What an engine wants back with a packet, to find its record again. The network does not look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tag(pub u32);

/// What comes of a packet or a fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Carried {
    /// Give the flight to [`Network::arrive`] then. Not earlier than now; now only for what a fault released and for
    /// a host's packets to itself.
    Arriving {
        /// When.
        at: Instant,
        /// What.
        flight: Flight,
    },
    /// It is gone.
    Lost {
        /// Of which packet.
        tag: Tag,
        /// When.
        at: Instant,
        /// Why.
        reason: LossReason,
    },
    /// Something on the way sends a packet in a host's name: give it to [`Network::carry`] as from that host.
    Forged {
        /// Whose address it carries.
        from: HostIndex,
        /// What.
        packet: Packet,
    },
}

/// What comes of a flight at its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// The receiving machine gets it, if it is on.
    Delivered(Flight),
    /// It is gone.
    Lost {
        /// Of which packet.
        tag: Tag,
        /// When.
        at: Instant,
        /// Why.
        reason: LossReason,
    },
    /// It waits until its link is released.
    Held(Tag),
}

/// Two hosts, the lower index first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Pair(HostIndex, HostIndex);

impl Pair {
    fn of(a: HostIndex, b: HostIndex) -> Self {
        Self(a.min(b), a.max(b))
    }
}

/// From one host to another. Half the size of a [`Pair`]: a large network has many.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Direction {
    from: u32,
    to: u32,
}

impl Direction {
    fn of(from: HostIndex, to: HostIndex) -> Self {
        // `plan::address` has room for fewer hosts than u32.
        Self {
            from: from as u32,
            to: to as u32,
        }
    }
}

impl Network {
    /// The links of `plan`, with every fault still to come.
    pub fn new(plan: &Plan, seed: u64) -> Self {
        let figures = plan
            .between
            .iter()
            .map(|&((a, b), figures)| (Pair::of(a, b), figures))
            .collect();
        let any = |kind: fn(&Fault) -> bool| plan.timeline.iter().any(|timed| kind(&timed.fault));
        Self {
            seed,
            names: plan.hosts.iter().map(|host| host.name.clone()).collect(),
            default: plan.link,
            figures,
            lanes: IndexMap::default(),
            cuts: IndexMap::default(),
            held: Vec::new(),
            firewalls: Firewalls::default(),
            middlebox: any(|fault| matches!(fault, Fault::Reset { .. })).then(Middlebox::default),
            figures_change: any(|fault| matches!(fault, Fault::Link { .. })),
        }
    }

    /// Prepares for faults that the plan does not have. What some of them need is remembered only if they come.
    pub fn expect_any_fault(&mut self) {
        self.middlebox.get_or_insert_default();
        self.figures_change = true;
    }

    /// The host of that address.
    pub fn host_at(&self, address: IpAddr) -> Option<HostIndex> {
        let IpAddr::V4(address) = address else {
            return None;
        };
        let first = plan::address(0).to_bits();
        let index = address.to_bits().checked_sub(first)? as usize;
        (index < self.names.len()).then_some(index)
    }

    /// The largest packet between the two, IP header included, in bytes.
    pub fn mtu(&self, a: HostIndex, b: HostIndex) -> u16 {
        self.figures_between(a, b).mtu
    }

    /// The shortest time any packet takes between two hosts, with the figures of now.
    pub fn shortest_delay(&self) -> Duration {
        let shortest = self.figures.values().map(LinkFigures::shortest_delay).min();
        let default = self.default.shortest_delay();
        shortest.map_or(default, |delay| delay.min(default))
    }

    /// The hosts to which `from` has no route.
    pub fn unrouted(&self, from: HostIndex) -> impl Iterator<Item = HostIndex> + '_ {
        self.cuts
            .iter()
            .filter(move |(direction, cuts)| direction.from as HostIndex == from && cuts.unrouted)
            .map(|(direction, _)| direction.to as HostIndex)
    }

    /// How many packets wait at closed gates.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn figures_between(&self, a: HostIndex, b: HostIndex) -> &LinkFigures {
        if self.figures.is_empty() {
            return &self.default;
        }
        self.figures.get(&Pair::of(a, b)).unwrap_or(&self.default)
    }

    /// Takes a packet that `from` sends.
    pub fn carry(
        &mut self,
        now: Instant,
        from: HostIndex,
        packet: Packet,
        tag: Tag,
        out: &mut Vec<Carried>,
    ) {
        let lost = |reason| Carried::Lost {
            tag,
            at: now,
            reason,
        };
        let to = if packet.dst.is_loopback() {
            Some(from)
        } else {
            self.host_at(packet.dst)
        };
        let Some(to) = to else {
            return out.push(lost(LossReason::NoRoute));
        };
        let mut flight = Flight {
            from,
            to,
            packet,
            tag,
            cuts: 0,
            corrupt: false,
        };
        if to == from {
            return out.push(Carried::Arriving { at: now, flight });
        }
        match self.enter(now, &mut flight) {
            Err(reason) => out.push(lost(reason)),
            Ok((at, copy_at)) => {
                let copy = copy_at.map(|at| (at, flight.clone()));
                out.push(Carried::Arriving { at, flight });
                out.extend(copy.map(|(at, flight)| Carried::Arriving { at, flight }));
            }
        }
    }

    /// The faults and the link at the sending end: when the flight arrives, and when its copy does.
    fn enter(
        &mut self,
        now: Instant,
        flight: &mut Flight,
    ) -> Result<(Instant, Option<Instant>), LossReason> {
        let direction = Direction::of(flight.from, flight.to);
        if !self.cuts.is_empty()
            && let Some(cuts) = self.cuts.get_mut(&direction)
        {
            cuts.admit(&flight.packet)?;
            flight.cuts = cuts.count();
        }
        let bytes = flight.packet.wire_len();
        let figures = *self.figures_between(flight.from, flight.to);
        if bytes > usize::from(figures.mtu) {
            return Err(LossReason::Mtu);
        }
        if let Some(middlebox) = &mut self.middlebox {
            middlebox.observe(&flight.packet);
        }
        if !self.figures_change && figures.is_plain() {
            return Ok((now + figures.latency, None));
        }
        let (seed, names) = (self.seed, &self.names);
        let stream = || {
            let name = format!("link {} > {}", names[flight.from], names[flight.to]);
            Rng::stream(seed, &name)
        };
        let lane = self.lanes.entry(direction).or_insert_with(Lane::new);
        match lane.send(&figures, now, bytes, stream) {
            Passage::Lost(reason) => Err(reason),
            Passage::Arrives { at, copy, corrupt } => {
                flight.corrupt = corrupt;
                Ok((at, copy))
            }
        }
    }

    /// Takes a flight that is due. Only a firewall adds to `out`.
    pub fn arrive(&mut self, now: Instant, flight: Flight, out: &mut Vec<Carried>) -> Arrival {
        let tag = flight.tag;
        if !self.cuts.is_empty()
            && let Some(cuts) = self.cuts.get(&Direction::of(flight.from, flight.to))
        {
            if let Some((at, reason)) = cuts.since(flight.cuts) {
                return Arrival::Lost { tag, at, reason };
            }
            if cuts.gate_closed {
                self.held.push(flight);
                return Arrival::Held(tag);
            }
        }
        if flight.corrupt {
            return Arrival::Lost {
                tag,
                at: now,
                reason: LossReason::Corrupt,
            };
        }
        if let Some(rejection) = self.firewalls.ask(flight.to, &flight.packet) {
            if let Some(packet) = rejection.answer {
                out.push(Carried::Forged {
                    from: flight.to,
                    packet,
                });
            }
            return Arrival::Lost {
                tag,
                at: now,
                reason: LossReason::Reject,
            };
        }
        Arrival::Delivered(flight)
    }

    /// Whether a flight that is not due yet is lost already: for the records of a run that ends before it is.
    pub fn lost_under_way(&self, flight: &Flight) -> Option<(Instant, LossReason)> {
        self.cuts
            .get(&Direction::of(flight.from, flight.to))?
            .since(flight.cuts)
    }

    /// Makes a fault take effect. Those that concern a machine and not the network do nothing here.
    pub fn apply(&mut self, now: Instant, fault: &Fault, out: &mut Vec<Carried>) {
        match *fault {
            Fault::Partition(a, b) => {
                for (from, to) in [(a, b), (b, a)] {
                    self.cut(now, from, to, LossReason::Partition, out);
                }
            }
            Fault::Block { from, to } => self.cut(now, from, to, LossReason::Block, out),
            Fault::Heal(a, b) => {
                for (from, to) in [(a, b), (b, a)] {
                    self.cuts_of(from, to).heal();
                }
            }
            Fault::Hold(a, b) => self.set_gates(a, b, true),
            Fault::Release(a, b) => {
                self.set_gates(a, b, false);
                self.release(now, Pair::of(a, b), out);
            }
            Fault::Link {
                hosts: (a, b),
                figures,
            } => {
                self.figures.insert(Pair::of(a, b), figures);
            }
            Fault::Drop {
                from,
                to,
                flags,
                count,
                skip,
            } => self.cuts_of(from, to).add_drop(flags, count, skip),
            Fault::Reset { from, to } => self.reset(from, to, out),
            Fault::Reject {
                host,
                port,
                segments,
                with,
            } => self.firewalls.set(host, port, segments, with),
            Fault::Unroute { from, to } => self.cuts_of(from, to).unrouted = true,
            Fault::Route { from, to } => self.cuts_of(from, to).unrouted = false,
            Fault::Kill(_)
            | Fault::PowerOff(_)
            | Fault::Boot(_)
            | Fault::Pause(_)
            | Fault::Resume(_) => {}
        }
    }

    fn cuts_of(&mut self, from: HostIndex, to: HostIndex) -> &mut Cuts {
        self.cuts.entry(Direction::of(from, to)).or_default()
    }

    fn cut(
        &mut self,
        now: Instant,
        from: HostIndex,
        to: HostIndex,
        reason: LossReason,
        out: &mut Vec<Carried>,
    ) {
        self.cuts_of(from, to).cut(now, reason);
        let waited = self
            .held
            .extract_if(.., |flight| (flight.from, flight.to) == (from, to));
        out.extend(waited.map(|flight| Carried::Lost {
            tag: flight.tag,
            at: now,
            reason,
        }));
    }

    fn set_gates(&mut self, a: HostIndex, b: HostIndex, closed: bool) {
        for (from, to) in [(a, b), (b, a)] {
            self.cuts_of(from, to).gate_closed = closed;
        }
    }

    fn release(&mut self, now: Instant, pair: Pair, out: &mut Vec<Carried>) {
        let waited = self
            .held
            .extract_if(.., |flight| Pair::of(flight.from, flight.to) == pair);
        out.extend(waited.map(|flight| Carried::Arriving { at: now, flight }));
    }

    fn reset(&mut self, a: HostIndex, b: HostIndex, out: &mut Vec<Carried>) {
        let Some(middlebox) = &self.middlebox else {
            return;
        };
        let ends = (plan::address(a).into(), plan::address(b).into());
        for packet in middlebox.resets_between(ends) {
            let from = if packet.src == ends.0 { a } else { b };
            out.push(Carried::Forged { from, packet });
        }
    }
}

#[cfg(test)]
mod tests;
