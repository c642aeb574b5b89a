//! The way from a machine to the network: what was sent in one tick is put on the network in order of time.
//!
//! turmoil runs one host after another, each for a whole tick, so what one sends at 2 ms comes here before what another
//! sends at 1 ms. No packet arrives in the tick in which it is sent, because none takes less time than a tick; so it is
//! early enough to look at all of them when the next tick begins, and to put them, and the faults between them, on the
//! network in the order in which they happened.

use crate::network::{Carried, Flight, Network};
use crate::outcome::{LossReason, PacketRecord};
use crate::plan::{Fault, HostIndex};
use crate::trace::Trace;
use halfopen_tcp::Instant;
use halfopen_tcp::wire::Packet;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::collections::BTreeMap;
use std::time::Duration;

/// The sending side of the network, and the record of what is sent.
#[derive(Debug)]
pub(super) struct Uplink {
    network: Network,
    pub(super) trace: Trace,
    /// What was sent and is not on the network yet.
    outbox: Vec<Sent>,
    sent: u64,
    /// Faults that the network has not met yet, in order of time and of their making.
    faults: BTreeMap<(Instant, u64), Fault>,
    /// What is on the network, by the datagram entry that stands for it; empty for what is lost.
    flights: IndexMap<u64, Vec<Due>, FxBuildHasher>,
    /// Counts arrivals: those of one instant come in the order in which they were sent.
    arrivals: u64,
    carried: Vec<Carried>,
    /// The last time at which something happened that a reader can see.
    last_seen: Instant,
    /// What the machines and the network have done so far.
    pub(super) events: u64,
}

/// A packet that a machine has sent, or that was sent in its name.
#[derive(Debug)]
struct Sent {
    at: Instant,
    from: HostIndex,
    id: u64,
    packet: Packet,
    forged: bool,
}

/// A packet under way.
#[derive(Debug)]
pub(super) struct Due {
    /// When it arrives.
    pub(super) at: Instant,
    /// Its place among those that arrive at the same time.
    pub(super) order: u64,
    pub(super) flight: Flight,
}

impl Uplink {
    pub(super) fn new(network: Network, trace: Trace) -> Self {
        Self {
            network,
            trace,
            outbox: Vec::new(),
            sent: 0,
            faults: BTreeMap::new(),
            flights: IndexMap::default(),
            arrivals: 0,
            carried: Vec::new(),
            last_seen: Instant::ZERO,
            events: 0,
        }
    }

    /// Something happened that a reader can see.
    pub(super) fn seen(&mut self, at: Instant) {
        self.last_seen = self.last_seen.max(at);
    }

    pub(super) fn last_seen(&self) -> Instant {
        self.last_seen
    }

    /// A fault to meet at its time.
    pub(super) fn add_fault(&mut self, at: Instant, order: u64, fault: Fault) {
        self.faults.insert((at, order), fault);
    }

    /// `from` sends a packet. The number stands for it in the datagram that carries it.
    pub(super) fn send(
        &mut self,
        at: Instant,
        from: HostIndex,
        packet: Packet,
        forged: bool,
    ) -> u64 {
        self.seen(at);
        let id = self.sent;
        self.sent += 1;
        self.outbox.push(Sent {
            at,
            from,
            id,
            packet,
            forged,
        });
        id
    }

    /// A packet that never leaves its machine.
    pub(super) fn send_to_itself(
        &mut self,
        at: Instant,
        here: HostIndex,
        packet: Packet,
    ) -> Option<Due> {
        self.seen(at);
        let tag = self.trace.sent(at, (here, here), &packet, false);
        let mut carried = Vec::new();
        self.network.carry(at, here, packet, tag, &mut carried);
        let Some(Carried::Arriving { at, flight }) = carried.pop() else {
            return None;
        };
        self.arrivals += 1;
        let order = self.arrivals;
        Some(Due { at, order, flight })
    }

    /// Puts on the network what was sent before the tick that begins at `tick`, and lets it meet the faults of that
    /// time. What comes back was sent in no machine's name, so that no datagram carries it.
    pub(super) fn settle(&mut self, tick: Instant) -> Vec<Due> {
        let mut strays = Vec::new();
        // A machine deals with what happens between two milliseconds at the second of them.
        let over = |at: Instant| at + MILLISECOND <= tick;
        let mut ready: Vec<Sent> = self.outbox.extract_if(.., |sent| over(sent.at)).collect();
        ready.sort_by_key(|sent| (sent.at, sent.from, sent.id));
        for sent in ready {
            self.meet_faults(|at| at <= sent.at, &mut strays);
            self.put(sent);
        }
        self.meet_faults(over, &mut strays);
        strays
    }

    /// At the end of a run: everything up to `end`.
    pub(super) fn settle_all(&mut self, end: Instant) {
        self.outbox.retain(|sent| sent.at <= end);
        self.faults.retain(|(at, _), _| *at <= end);
        self.settle(end + 2 * MILLISECOND);
    }

    fn meet_faults(&mut self, due: impl Fn(Instant) -> bool, strays: &mut Vec<Due>) {
        while let Some(entry) = self.faults.first_entry()
            && due(entry.key().0)
        {
            let ((at, _), fault) = entry.remove_entry();
            self.seen(at);
            let mut carried = Vec::new();
            self.network.apply(at, &fault, &mut carried);
            for carried in carried {
                // Nothing waits at this side's gates, so that nothing is released or lost here.
                if let Carried::Forged { from, packet } = carried {
                    let id = self.send(at, from, packet, true);
                    let Some(sent) = self.outbox.pop() else {
                        continue;
                    };
                    self.put(sent);
                    strays.extend(self.flights.swap_remove(&id).into_iter().flatten());
                }
            }
        }
    }

    fn put(&mut self, sent: Sent) {
        let Sent {
            at,
            from,
            id,
            packet,
            forged,
        } = sent;
        let somewhere = self.network.host_at(packet.dst);
        let to = somewhere.unwrap_or(from);
        let tag = self.trace.sent(at, (from, to), &packet, forged);
        let mut carried = std::mem::take(&mut self.carried);
        self.network.carry(at, from, packet, tag, &mut carried);
        let mut due = Vec::new();
        for carried in carried.drain(..) {
            match carried {
                Carried::Arriving { at, flight } => {
                    self.arrivals += 1;
                    let order = self.arrivals;
                    due.push(Due { at, order, flight });
                }
                Carried::Lost { tag, at, reason } => self.trace.lost(tag, at, reason),
                Carried::Forged { .. } => {}
            }
        }
        self.carried = carried;
        // No datagram goes to where there is no host.
        if somewhere.is_some() {
            self.flights.insert(id, due);
        }
    }

    /// The datagram has come that carries this packet. `None`: it is not on the network yet.
    pub(super) fn claim(&mut self, id: u64) -> Option<Vec<Due>> {
        self.flights.swap_remove(&id)
    }

    /// Whether nothing is on its way, and no fault is to come after `now`.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let to_come = self
            .faults
            .keys()
            .next_back()
            .is_some_and(|(at, _)| *at > now);
        self.outbox.is_empty() && self.flights.is_empty() && !to_come
    }

    /// How many packets are on their way.
    pub(super) fn under_way(&self) -> usize {
        self.outbox.len() + self.flights.len()
    }

    /// The records of a run that ends at `end` with these flights on their way to machines. What turmoil should have
    /// delivered by then is lost, unless turmoil holds it.
    pub(super) fn finish(
        &mut self,
        end: Instant,
        arriving: &[Flight],
        held: &[u64],
    ) -> Vec<PacketRecord> {
        let mut trace = std::mem::replace(&mut self.trace, Trace::new(false));
        for (id, dues) in &self.flights {
            for due in dues.iter().filter(|due| due.at < end) {
                match held.contains(id) {
                    true => trace.held(due.flight.tag),
                    false => {
                        let reason = LossReason::Partition;
                        trace.lost(due.flight.tag, due.at, reason);
                    }
                }
            }
        }
        let carried = self.flights.values().flatten();
        let late = carried.filter(|due| due.at >= end).map(|due| &due.flight);
        let mut records = trace.finish(&self.network, late.chain(arriving));
        // Packets that a machine sends to itself are recorded at once, the others a tick later.
        records.sort_by_key(|record| record.at);
        records
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);
