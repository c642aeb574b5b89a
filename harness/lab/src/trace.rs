//! The record of every packet: what was sent, in numbers that people can read, and what became of it.
//!
//! Only observes. Sequence numbers become relative to the SYN of their sender, windows become bytes, and
//! retransmissions are counted, all from what can be seen on the wire.
//!
//! ```
//! use halfopen::trace::Trace;
//!
//! let trace = Trace::new(true);
//! assert!(trace.is_empty());
//! ```

use crate::network::{Flight, Network, Tag};
use crate::outcome::{Fate, LossReason, PacketKind, PacketRecord};
use crate::plan::HostIndex;
use halfopen_tcp::Instant;
use halfopen_tcp::wire::{Body, Flags, Packet, Segment, Seq};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The record of every packet, or of none.
#[derive(Debug)]
pub struct Trace {
    recording: Option<Recording>,
}

#[derive(Debug, Default)]
struct Recording {
    records: Vec<PacketRecord>,
    /// By its two ends, the lower first; what each sent in the same order.
    connections: IndexMap<(SocketAddr, SocketAddr), [Side; 2], FxBuildHasher>,
}

/// What is known of one end of a connection from its segments.
#[derive(Debug, Default)]
struct Side {
    /// The sequence number of its SYN.
    syn: Option<Seq>,
    /// That of the connection before, of the same ports.
    older: Option<Seq>,
    /// The window scale shift that its SYN offered.
    offered_scale: Option<u8>,
    /// The number after the last that it used.
    next: Seq,
    /// How often the segments that start there were sent again, by relative sequence number.
    retransmissions: BTreeMap<u32, u32>,
}

impl Trace {
    /// Records packets if `on`; costs nothing if not.
    pub fn new(on: bool) -> Self {
        Self {
            recording: on.then(Recording::default),
        }
    }

    /// A packet is sent. The tag finds its record again.
    pub fn sent(
        &mut self,
        now: Instant,
        (from, to): (HostIndex, HostIndex),
        packet: &Packet,
        forged: bool,
    ) -> Tag {
        let Some(recording) = &mut self.recording else {
            return Tag(0);
        };
        let tag = Tag(recording.records.len() as u32);
        let (ports, kind) = match &packet.body {
            Body::Tcp(segment) => (
                (segment.src_port, segment.dst_port),
                recording.describe(packet, segment, forged),
            ),
            Body::Icmp(icmp) => (
                (icmp.quoted_dst.port(), icmp.quoted_src.port()),
                PacketKind::Icmp(icmp.kind),
            ),
        };
        recording.records.push(PacketRecord {
            at: now,
            from,
            to,
            ports,
            kind,
            forged,
            fate: Fate::InFlight,
        });
        tag
    }

    /// It, or a copy of it, arrives.
    pub fn delivered(&mut self, tag: Tag, at: Instant) {
        self.set_fate(tag, |fate| match fate {
            Fate::Delivered(first) | Fate::Duplicated(first, _) => Fate::Duplicated(first, at),
            Fate::InFlight | Fate::Held | Fate::Lost(..) => Fate::Delivered(at),
        });
    }

    /// It, or a copy of it, is lost. Of two copies, one that arrives decides.
    pub fn lost(&mut self, tag: Tag, at: Instant, reason: LossReason) {
        self.set_fate(tag, |fate| match fate {
            Fate::InFlight | Fate::Held => Fate::Lost(at, reason),
            other => other,
        });
    }

    /// It waits on a held link.
    pub fn held(&mut self, tag: Tag) {
        self.set_fate(tag, |fate| match fate {
            Fate::InFlight => Fate::Held,
            other => other,
        });
    }

    fn set_fate(&mut self, tag: Tag, change: impl FnOnce(Fate) -> Fate) {
        if let Some(recording) = &mut self.recording {
            let record = &mut recording.records[tag.0 as usize];
            record.fate = change(record.fate);
        }
    }

    /// How many packets it has recorded.
    pub fn len(&self) -> usize {
        let recording = self.recording.as_ref();
        recording.map_or(0, |recording| recording.records.len())
    }

    /// Whether it has recorded none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records, at the end of a run in which these flights are still under way.
    pub fn finish<'f>(
        mut self,
        network: &Network,
        under_way: impl IntoIterator<Item = &'f Flight>,
    ) -> Vec<PacketRecord> {
        if self.recording.is_some() {
            for flight in under_way {
                if let Some((at, reason)) = network.lost_under_way(flight) {
                    self.lost(flight.tag, at, reason);
                }
            }
        }
        self.recording.map_or_else(Vec::new, |r| r.records)
    }
}

impl Recording {
    fn describe(&mut self, packet: &Packet, segment: &Segment, forged: bool) -> PacketKind {
        let src = SocketAddr::new(packet.src, segment.src_port);
        let dst = SocketAddr::new(packet.dst, segment.dst_port);
        let (connection, sender) = if src <= dst {
            ((src, dst), 0)
        } else {
            ((dst, src), 1)
        };
        let sides = self.connections.entry(connection).or_default();
        if segment.has(Flags::SYN) && !forged {
            open(sides, sender, segment);
        }
        let [own, peer] = if sender == 0 {
            let [own, peer] = sides;
            [own, peer]
        } else {
            let [peer, own] = sides;
            [own, peer]
        };
        let seq = own.relative(segment.seq);
        // A segment takes sequence space that was used before, or it is new.
        let retransmission = if segment.is_empty() || forged {
            0
        } else if own.syn.is_some() && segment.seq.before(own.next) {
            let count = own.retransmissions.entry(seq).or_default();
            *count += 1;
            *count
        } else {
            0
        };
        if !forged {
            own.next = own.next.later(segment.end());
        }
        let scale = match (own.offered_scale, peer.offered_scale) {
            (Some(scale), Some(_)) if !segment.has(Flags::SYN) => scale.min(MAX_SCALE),
            _ => 0,
        };
        PacketKind::Tcp {
            flags: segment.flags,
            seq,
            ack: if segment.has(Flags::ACK) {
                peer.relative(segment.ack)
            } else {
                0
            },
            len: segment.payload.len() as u32,
            window: u32::from(segment.window) << scale,
            options: segment.options,
            retransmission,
        }
    }
}

/// A SYN: a new connection, unless it repeats the one that opened this one.
fn open(sides: &mut [Side; 2], sender: usize, segment: &Segment) {
    let known = sides[sender].syn;
    if known == Some(segment.seq) {
        return;
    }
    if known.is_some() && !segment.has(Flags::ACK) {
        for side in &mut *sides {
            *side = Side {
                older: side.syn,
                ..Side::default()
            };
        }
    }
    sides[sender] = Side {
        syn: Some(segment.seq),
        older: sides[sender].older,
        offered_scale: segment.options.window_scale,
        next: segment.seq,
        retransmissions: BTreeMap::new(),
    };
}

impl Side {
    /// `number` counted from the SYN, or from that of the connection before if it lies nearer: a host that does not
    /// know of the new one yet answers with the old one's numbers. Zero for who never sent one, such as a host that
    /// refuses, and for what lies shortly before the SYN.
    fn relative(&self, number: Seq) -> u32 {
        let distance = |syn| match number.since(syn) {
            before if before > u32::MAX - u32::from(u16::MAX) => 0,
            distance => distance,
        };
        let syns = [self.syn, self.older];
        syns.into_iter().flatten().map(distance).min().unwrap_or(0)
    }
}

/// RFC 7323 section 2.3.
const MAX_SCALE: u8 = 14;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::address;
    use bytes::Bytes;
    use halfopen_tcp::wire::{IcmpKind, Options};

    const CLIENT: HostIndex = 0;
    const SERVER: HostIndex = 1;

    /// `seq` and `ack` count from 4294967290 for the client and 1000 for the server.
    fn packet(from: HostIndex, flags: &str, seq: i32, ack: i32, len: usize) -> Packet {
        let start = |host| {
            if host == CLIENT {
                Seq(u32::MAX - 5)
            } else {
                Seq(1000)
            }
        };
        let flags = Flags::from_letters(flags).unwrap();
        let mut options = Options::default();
        if flags.contains(Flags::SYN) {
            options.window_scale = Some(if from == CLIENT { 3 } else { 7 });
        }
        Packet {
            src: address(from).into(),
            dst: address(1 - from).into(),
            body: Body::Tcp(Segment {
                src_port: if from == CLIENT { 50_000 } else { 80 },
                dst_port: if from == CLIENT { 80 } else { 50_000 },
                seq: start(from) + seq as u32,
                ack: start(1 - from) + ack as u32,
                flags,
                window: 100,
                options,
                payload: Bytes::from(vec![0; len]),
            }),
        }
    }

    fn record(trace: &mut Trace, packet: &Packet, forged: bool) -> Tag {
        let from = if packet.src == address(CLIENT) {
            CLIENT
        } else {
            SERVER
        };
        trace.sent(Instant::ZERO, (from, 1 - from), packet, forged)
    }

    /// What the trace makes of these packets: `seq ack window retransmission`.
    #[track_caller]
    fn check(packets: &[Packet], expected: &[(u32, u32, u32, u32)]) {
        let mut trace = Trace::new(true);
        for packet in packets {
            record(&mut trace, packet, false);
        }
        let seen: Vec<_> = numbers(trace);
        assert_eq!(seen, expected);
    }

    fn numbers(trace: Trace) -> Vec<(u32, u32, u32, u32)> {
        let network = Network::new(&crate::sample::plan(&["client", "server"]), 0);
        trace
            .finish(&network, [])
            .into_iter()
            .filter_map(|record| match record.kind {
                PacketKind::Tcp {
                    seq,
                    ack,
                    window,
                    retransmission,
                    ..
                } => Some((seq, ack, window, retransmission)),
                PacketKind::Icmp(_) => None,
            })
            .collect()
    }

    fn handshake() -> Vec<Packet> {
        vec![
            packet(CLIENT, "S", 0, 0, 0),
            packet(SERVER, "SA", 0, 1, 0),
            packet(CLIENT, "A", 1, 1, 0),
        ]
    }

    #[test]
    fn numbers_are_relative_and_windows_scaled() {
        let mut packets = handshake();
        packets.push(packet(CLIENT, "PA", 1, 1, 10));
        packets.push(packet(SERVER, "A", 1, 11, 0));
        check(
            &packets,
            &[
                (0, 0, 100, 0),
                (0, 1, 100, 0),
                (1, 1, 800, 0),
                (1, 1, 800, 0),
                (1, 11, 12_800, 0),
            ],
        );
    }

    #[test]
    fn without_the_peers_offer_windows_are_not_scaled() {
        let mut packets = handshake();
        if let Body::Tcp(segment) = &mut packets[1].body {
            segment.options.window_scale = None;
        }
        check(&packets[1..2], &[(0, 0, 100, 0)]);
        check(&packets, &[(0, 0, 100, 0), (0, 1, 100, 0), (1, 1, 100, 0)]);
    }

    #[test]
    fn retransmissions_are_counted_by_what_takes_sequence_space() {
        let mut packets = handshake();
        packets.insert(1, packets[0].clone());
        packets.insert(2, packets[0].clone());
        let data = packet(CLIENT, "PA", 1, 1, 10);
        packets.extend([data.clone(), data.clone(), packet(CLIENT, "A", 11, 1, 0)]);
        packets.extend([
            packet(CLIENT, "FA", 11, 1, 0),
            packet(CLIENT, "FA", 11, 1, 0),
        ]);
        packets.extend([data, packet(CLIENT, "A", 11, 1, 0)]);
        let counts: Vec<u32> = {
            let mut trace = Trace::new(true);
            for packet in &packets {
                record(&mut trace, packet, false);
            }
            numbers(trace).into_iter().map(|n| n.3).collect()
        };
        assert_eq!(counts, [0, 1, 2, 0, 0, 0, 1, 0, 0, 1, 2, 0]);
    }

    /// A keepalive probe repeats the number before the next one; right after the handshake that is the SYN's.
    #[test]
    fn probes_before_the_window_look_ordinary() {
        let mut packets = handshake();
        packets.push(packet(CLIENT, "A", 0, 1, 0));
        packets.push(packet(CLIENT, "A", -1, 1, 0));
        check(&packets[3..], &[(0, 0, 100, 0), (0, 0, 100, 0)]);
        check(
            &packets,
            &[
                (0, 0, 100, 0),
                (0, 1, 100, 0),
                (1, 1, 800, 0),
                (0, 1, 800, 0),
                (0, 1, 800, 0),
            ],
        );
    }

    #[test]
    fn a_refusal_acknowledges_the_syn() {
        check(
            &[
                packet(CLIENT, "S", 0, 0, 0),
                packet(SERVER, "RA", -1000, 1, 0),
            ],
            &[(0, 0, 100, 0), (0, 1, 100, 0)],
        );
    }

    #[test]
    fn a_new_syn_starts_new_numbers() {
        let mut packets = handshake();
        packets.push(packet(CLIENT, "S", 70_000, 0, 0));
        packets.push(packet(SERVER, "SA", 90_000, 70_001, 0));
        packets.push(packet(CLIENT, "A", 70_001, 90_001, 0));
        check(
            &packets,
            &[
                (0, 0, 100, 0),
                (0, 1, 100, 0),
                (1, 1, 800, 0),
                (0, 0, 100, 0),
                (0, 1, 100, 0),
                (1, 1, 800, 0),
            ],
        );
    }

    #[test]
    fn forged_segments_leave_the_numbers_alone() {
        let mut trace = Trace::new(true);
        for packet in handshake() {
            record(&mut trace, &packet, false);
        }
        record(&mut trace, &packet(CLIENT, "RA", 11, 1, 0), true);
        record(&mut trace, &packet(CLIENT, "PA", 1, 1, 10), false);
        assert_eq!(numbers(trace)[3..], [(11, 1, 800, 0), (1, 1, 800, 0)]);
    }

    #[test]
    fn icmp_shows_the_ports_of_what_drew_it() {
        let syn = packet(CLIENT, "S", 0, 0, 0);
        let mut trace = Trace::new(true);
        record(
            &mut trace,
            &syn.icmp_reply(IcmpKind::NetUnreachable).unwrap(),
            true,
        );
        let record = &trace.recording.unwrap().records[0];
        assert_eq!(
            (record.from, record.to, record.ports),
            (SERVER, CLIENT, (80, 50_000))
        );
    }

    #[test]
    fn fates_end_with_what_happened() {
        let at = Instant::from_nanos;
        let fate = |changes: &[fn(&mut Trace, Tag)]| {
            let mut trace = Trace::new(true);
            let tag = record(&mut trace, &packet(CLIENT, "S", 0, 0, 0), false);
            for change in changes {
                change(&mut trace, tag);
            }
            trace.recording.unwrap().records[0].fate
        };
        let delivered: fn(&mut Trace, Tag) = |t, tag| t.delivered(tag, Instant::from_nanos(5));
        let again: fn(&mut Trace, Tag) = |t, tag| t.delivered(tag, Instant::from_nanos(6));
        let lost: fn(&mut Trace, Tag) =
            |t, tag| t.lost(tag, Instant::from_nanos(4), LossReason::Corrupt);
        let held: fn(&mut Trace, Tag) = |t, tag| t.held(tag);
        assert_eq!(fate(&[]), Fate::InFlight);
        assert_eq!(fate(&[held]), Fate::Held);
        assert_eq!(fate(&[held, delivered]), Fate::Delivered(at(5)));
        assert_eq!(fate(&[delivered, again]), Fate::Duplicated(at(5), at(6)));
        assert_eq!(fate(&[lost, delivered]), Fate::Delivered(at(5)));
        assert_eq!(fate(&[delivered, lost]), Fate::Delivered(at(5)));
        assert_eq!(fate(&[lost]), Fate::Lost(at(4), LossReason::Corrupt));
    }
}
