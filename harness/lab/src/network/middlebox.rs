//! A middlebox that watches connections, so that it can reset them.

use bytes::Bytes;
use halfopen_tcp::wire::{Body, Flags, Options, Packet, Segment, Seq};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::net::{IpAddr, SocketAddr};

/// The connections it has seen and not seen the end of.
#[derive(Debug, Default)]
pub(super) struct Middlebox(IndexMap<Connection, Ends, FxBuildHasher>);

/// The lower address first.
type Connection = (SocketAddr, SocketAddr);

/// What each end has sent, in the order of the addresses.
type Ends = [End; 2];

/// What one end has sent.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    /// The number after the last that it used: what the other end expects next, once all has arrived.
    next: Option<Seq>,
    /// The SYN that opened the connection.
    syn: Option<Seq>,
    /// The number after its FIN.
    fin: Option<Seq>,
    /// Whether the other end has acknowledged the FIN.
    fin_acked: bool,
}

impl Middlebox {
    /// Sees a packet that gets onto a link.
    pub(super) fn observe(&mut self, packet: &Packet) {
        let Some(segment) = packet.segment() else {
            return;
        };
        let (connection, side) = identify(packet, segment);
        if segment.has(Flags::RST) {
            self.0.swap_remove(&connection);
            return;
        }
        let ends = self.0.entry(connection).or_default();
        let opens = segment.has(Flags::SYN) && !segment.has(Flags::ACK);
        if opens && ends[side].syn != Some(segment.seq) && ends[side].syn.is_some() {
            *ends = Ends::default();
        }
        ends[side].sent(segment);
        if segment.has(Flags::ACK) {
            ends[1 - side].acknowledged(segment.ack);
        }
        if ends.iter().all(|end| end.fin_acked) {
            self.0.swap_remove(&connection);
        }
    }

    /// RSTs for both ends of every connection between the two addresses. A host that has sent nothing yet gets none:
    /// there is no connection at its end.
    pub(super) fn resets_between(&self, hosts: (IpAddr, IpAddr)) -> Vec<Packet> {
        let mut resets = Vec::new();
        for (&(low, high), ends) in &self.0 {
            let (a, b) = (low.ip(), high.ip());
            if (a, b) == hosts || (b, a) == hosts {
                resets.extend(reset(high, low, ends[1], ends[0]));
                resets.extend(reset(low, high, ends[0], ends[1]));
            }
        }
        resets
    }
}

impl End {
    fn sent(&mut self, segment: &Segment) {
        let end = segment.end();
        self.next = Some(self.next.map_or(end, |next| next.later(end)));
        if segment.has(Flags::SYN) {
            self.syn = Some(segment.seq);
        }
        if segment.has(Flags::FIN) {
            self.fin = Some(end);
        }
    }

    fn acknowledged(&mut self, ack: Seq) {
        if self.fin.is_some_and(|fin| !ack.before(fin)) {
            self.fin_acked = true;
        }
    }
}

/// The connection of a segment, and which of its ends sent it.
fn identify(packet: &Packet, segment: &Segment) -> (Connection, usize) {
    let src = SocketAddr::new(packet.src, segment.src_port);
    let dst = SocketAddr::new(packet.dst, segment.dst_port);
    if src <= dst {
        ((src, dst), 0)
    } else {
        ((dst, src), 1)
    }
}

/// The RST that `to` takes for one of `from`: in sequence (RFC 5961 section 3.2), and with an acknowledgment of all
/// that `to` has sent, which a host in SYN-SENT asks for (RFC 9293 section 3.10.7.3).
fn reset(from: SocketAddr, to: SocketAddr, sender: End, receiver: End) -> Option<Packet> {
    let ack = receiver.next?;
    Some(Packet {
        src: from.ip(),
        dst: to.ip(),
        body: Body::Tcp(Segment {
            src_port: from.port(),
            dst_port: to.port(),
            seq: sender.next.unwrap_or_default(),
            ack,
            flags: Flags::RST | Flags::ACK,
            window: 0,
            options: Options::default(),
            payload: Bytes::new(),
        }),
    })
}
