//! What can be read off the packets of one connection: which connection a packet belongs to, which segments are
//! probes, and when a window closes and opens again. It only reads the record; it decides nothing.

use crate::outcome::{Fate, PacketKind, PacketRecord};
use crate::plan::HostIndex;
use halfopen_tcp::Instant;
use halfopen_tcp::wire::{Flags, Seq};
use std::collections::BTreeMap;

/// What a packet means on its connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Reading {
    /// Which of the connections between these two hosts, in the order of their SYNs, from 1.
    pub(super) connection: u32,
    pub(super) probe: Option<Probe>,
    pub(super) window: Option<WindowNews>,
}

/// A segment that carries nothing new and asks for an answer, and the how-manieth since the peer was last heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Probe {
    /// The connection is idle.
    KeepAlive(u32),
    /// The peer's window is closed.
    ZeroWindow(u32),
}

/// A window that a reader should know about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WindowNews {
    Closed,
    Opened(u32),
}

/// The reading of each packet, and how many connections each pair of hosts has at most.
pub(super) fn read(packets: &[PacketRecord]) -> (Vec<Reading>, u32) {
    let mut connections = Connections::default();
    let readings = packets
        .iter()
        .map(|packet| connections.read(packet))
        .collect();
    let most = connections.counts.values().max().copied().unwrap_or(0);
    (readings, most)
}

/// The two ends of a connection, the same whichever of them sends.
type Ends = [(HostIndex, u16); 2];

#[derive(Default)]
struct Connections {
    flows: BTreeMap<Ends, Flow>,
    counts: BTreeMap<(HostIndex, HostIndex), u32>,
}

impl Connections {
    fn read(&mut self, packet: &PacketRecord) -> Reading {
        let from = (packet.from, packet.ports.0);
        let to = (packet.to, packet.ports.1);
        let ends = [from.min(to), from.max(to)];
        let sender = usize::from(from != ends[0]);
        let reuse = self
            .flows
            .get(&ends)
            .is_none_or(|flow| flow.sides[sender].began && is_first_syn(packet));
        if reuse {
            let hosts = (ends[0].0, ends[1].0);
            let count = self.counts.entry(hosts).or_insert(0);
            *count += 1;
            self.flows.insert(ends, Flow::new(*count));
        }
        let flow = self.flows.get_mut(&ends).expect("it was there, or is now");
        flow.read(packet, sender)
    }
}

/// Whether the packet begins a connection, even if its ports had one before.
fn is_first_syn(packet: &PacketRecord) -> bool {
    match packet.kind {
        PacketKind::Tcp {
            flags,
            retransmission,
            ..
        } => flags == Flags::SYN && retransmission == 0,
        PacketKind::Icmp(_) => false,
    }
}

struct Flow {
    number: u32,
    sides: [Side; 2],
}

/// What one end has sent, and what of the other's it has heard.
#[derive(Default)]
struct Side {
    /// Whether it has sent a SYN.
    began: bool,
    /// After the last sequence number it has sent.
    next: Seq,
    /// Whether its last segment said that its window is closed.
    window_closed: bool,
    /// What the other end sent that has not arrived yet.
    arriving: Vec<Arrival>,
    /// The last acknowledgment and window that arrived.
    heard: Option<(Seq, u32)>,
    /// Probes sent since.
    probes: u32,
}

struct Arrival {
    at: Instant,
    ack: Seq,
    window: u32,
}

impl Flow {
    fn new(number: u32) -> Self {
        Self {
            number,
            sides: [Side::default(), Side::default()],
        }
    }

    fn read(&mut self, packet: &PacketRecord, sender: usize) -> Reading {
        let mut reading = Reading {
            connection: self.number,
            probe: None,
            window: None,
        };
        let PacketKind::Tcp {
            flags,
            seq,
            ack,
            len,
            window,
            ..
        } = packet.kind
        else {
            return reading;
        };
        let side = &mut self.sides[sender];
        side.hear(packet.at);
        if !packet.forged {
            reading.probe = side.probe(flags, Seq(seq), len);
            reading.window = side.window_news(flags, window);
            side.sent(flags, Seq(seq), len);
        }
        let answers = !packet.forged && !flags.contains(Flags::RST);
        if let (true, Fate::Delivered(at) | Fate::Duplicated(at, _)) = (answers, packet.fate) {
            let ack = Seq(ack);
            self.sides[1 - sender]
                .arriving
                .push(Arrival { at, ack, window });
        }
        reading
    }
}

impl Side {
    /// Takes what has arrived by now.
    fn hear(&mut self, now: Instant) {
        for arrival in self.arriving.extract_if(.., |arrival| arrival.at <= now) {
            let ack = self
                .heard
                .map_or(arrival.ack, |(ack, _)| ack.later(arrival.ack));
            self.heard = Some((ack, arrival.window));
            self.probes = 0;
        }
    }

    /// A probe repeats the last byte, or carries none and the number of the last; into a closed window the byte may be
    /// a new one.
    fn probe(&mut self, flags: Flags, seq: Seq, len: u32) -> Option<Probe> {
        let (acked, peer_window) = self.heard?;
        let control = Flags::SYN | Flags::FIN | Flags::RST;
        if flags != flags.without(control) || !flags.contains(Flags::ACK) || len > 1 {
            return None;
        }
        let repeats = seq + 1 == self.next && acked == self.next;
        let closed = peer_window == 0 && (len == 1 || repeats);
        if !closed && !repeats {
            return None;
        }
        self.probes += 1;
        Some(if closed {
            Probe::ZeroWindow(self.probes)
        } else {
            Probe::KeepAlive(self.probes)
        })
    }

    fn window_news(&mut self, flags: Flags, window: u32) -> Option<WindowNews> {
        if flags.contains(Flags::RST) || flags.contains(Flags::SYN) {
            return None;
        }
        let was_closed = std::mem::replace(&mut self.window_closed, window == 0);
        match (was_closed, window) {
            (_, 0) => Some(WindowNews::Closed),
            (true, _) => Some(WindowNews::Opened(window)),
            (false, _) => None,
        }
    }

    fn sent(&mut self, flags: Flags, seq: Seq, len: u32) {
        if flags.contains(Flags::RST) {
            return;
        }
        let control = [Flags::SYN, Flags::FIN];
        let space = control.iter().filter(|flag| flags.contains(**flag)).count();
        self.began |= flags.contains(Flags::SYN);
        self.next = self
            .next
            .later(seq + len + u32::try_from(space).expect("at most two"));
    }
}
