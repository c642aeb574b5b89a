//! Leaving no socket behind.
//!
//! A closed connection whose peer does not answer goes on in the kernel for minutes, and keeps its namespace alive, after
//! every process is gone. So at the end every connection gets a RST that its kernel accepts.

use super::Case;
use super::host::Host;
use crate::log::PacketEntry;
use crate::wire;
use halfopen::tcp::wire::{Body, Packet};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::BTreeMap;

impl Case<'_> {
    /// Ends all programs and then all connections. Nothing is recorded any more.
    pub(super) fn tear_down(&mut self) {
        for host in &mut self.hosts {
            host.end_programs();
        }
        for (index, host) in self.hosts.iter().enumerate() {
            for reset in last_resets(&self.log.packets, index) {
                host.deliver_to_all(&reset);
            }
        }
        for _ in 0..ROUNDS {
            for host in &self.hosts {
                answer_with_resets(host);
            }
            let mut sources: Vec<_> = self
                .hosts
                .iter()
                .flat_map(Host::devices)
                .map(|device| PollFd::new(device, PollFlags::POLLIN))
                .collect();
            let _ = poll(&mut sources, PollTimeout::from(ROUND_MS));
        }
    }
}

/// For each connection that a host has had, the RST that its last segment draws.
fn last_resets(packets: &[PacketEntry], host: usize) -> Vec<Vec<u8>> {
    let mut last = BTreeMap::new();
    for entry in packets
        .iter()
        .filter(|entry| entry.from == host && !entry.forged)
    {
        if let Some(packet) = wire::parse(&entry.bytes)
            && let Some(segment) = packet.segment()
        {
            last.insert((segment.src_port, packet.dst, segment.dst_port), packet);
        }
    }
    last.values().filter_map(reset).collect()
}

/// What the last segment says may be out of date; then the kernel answers the RST with a challenge ACK (RFC 5961), which
/// draws the right one. So does the FIN of a program that just ended.
fn answer_with_resets(host: &Host<'_>) {
    host.receive_from_all(|bytes| wire::parse(bytes).as_ref().and_then(reset));
}

fn reset(packet: &Packet) -> Option<Vec<u8>> {
    let reset = packet.segment()?.reset_for()?;
    wire::build(&Packet {
        src: packet.dst,
        dst: packet.src,
        body: Body::Tcp(reset),
    })
}

/// How often the machines get to answer. Challenge ACKs are limited to two a second, so more would not help.
const ROUNDS: usize = 4;
/// The longest wait for an answer. It comes in microseconds.
const ROUND_MS: u8 = 2;
