//! Which socket a packet is for, and what happens when there is none.

use super::Host;
use super::sockets::{Key, Socket};
use crate::connection::{Opening, State};
use crate::options::Options;
use crate::time::Instant;
use crate::wire::{Body, Flags, Icmp, Packet, Segment};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

impl Host {
    /// A packet arrived. One that is not for this host's address is ignored.
    pub fn handle_packet(&mut self, now: Instant, packet: Packet) {
        if packet.dst != self.kernel.address {
            return;
        }
        match packet.body {
            Body::Tcp(segment) => self.arrive_segment(now, packet.src, &segment),
            Body::Icmp(icmp) => self.arrive_icmp(now, &icmp),
        }
    }

    fn arrive_segment(&mut self, now: Instant, from: IpAddr, segment: &Segment) {
        let remote = SocketAddr::new(from, segment.src_port);
        let key = Key::new(remote, segment.dst_port);
        if let Some(index) = self.sockets.find(&key)
            && !self.gives_way(now, index, segment)
        {
            if !self.is_late(index, from, segment) {
                self.with_connection(now, index, |connection, cx| {
                    connection.on_segment(cx, segment)
                });
            }
            return;
        }
        match self.ports.listener(segment.dst_port) {
            Some(listener) => self.arrive_at_listener(now, listener, from, segment),
            None => self.answer_with_reset(from, segment),
        }
    }

    /// A new SYN may take the place of a connection in TIME-WAIT, if its sequence number is beyond what the old one
    /// used (RFC 9293 section 3.6.1, and RFC 6191 for timestamps).
    fn gives_way(&mut self, now: Instant, index: u32, segment: &Segment) -> bool {
        let opens = segment.has(Flags::SYN) && !segment.has(Flags::ACK) && !segment.has(Flags::RST);
        let waits = self
            .sockets
            .get(index)
            .and_then(Socket::connection)
            .is_some_and(|connection| {
                connection.state() == State::TimeWait && connection.is_beyond(segment)
            });
        let gives_way = opens && waits && self.ports.listener(segment.dst_port).is_some();
        if gives_way {
            self.with_connection(now, index, |connection, cx| connection.expire(cx));
        }
        gives_way
    }

    fn arrive_icmp(&mut self, now: Instant, icmp: &Icmp) {
        let key = Key::new(icmp.quoted_dst, icmp.quoted_src.port());
        if let Some(index) = self.sockets.find(&key) {
            self.with_connection(now, index, |connection, cx| connection.on_icmp(cx, icmp));
        }
    }

    /// The numbers of a new connection.
    pub(super) fn opening(
        &mut self,
        local_port: u16,
        remote: SocketAddr,
        options: Arc<Options>,
    ) -> Opening {
        Opening {
            local_port,
            remote,
            iss: self.random_seq(),
            timestamp_offset: self.rng.bits() as u32,
            mtu: self.mtu(remote.ip()),
            options,
        }
    }
}
