//! Firewalls in front of hosts, which answer segments.

use crate::plan::{HostIndex, RejectWith, Rejected};
use halfopen_tcp::wire::{Body, Flags, Packet, Segment};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// The rules of every host that has some, the latest last.
#[derive(Debug, Default)]
pub(super) struct Firewalls(IndexMap<HostIndex, Vec<Rule>, FxBuildHasher>);

#[derive(Debug)]
struct Rule {
    /// `None`: every port.
    port: Option<u16>,
    segments: Rejected,
    with: RejectWith,
}

/// A segment that does not get through.
#[derive(Debug)]
pub(super) struct Rejection {
    /// What goes back to its sender.
    pub(super) answer: Option<Packet>,
}

impl Firewalls {
    /// Adds a rule. It replaces those that it covers; so a host has one a port at most, and one for the rest.
    pub(super) fn set(
        &mut self,
        host: HostIndex,
        port: Option<u16>,
        segments: Rejected,
        with: RejectWith,
    ) {
        let rules = self.0.entry(host).or_default();
        rules.retain(|rule| port.is_some() && rule.port != port);
        rules.push(Rule {
            port,
            segments,
            with,
        });
    }

    /// Whether the firewall of `host` keeps the packet from it. The latest rule about such a segment to its port
    /// decides.
    pub(super) fn ask(&self, host: HostIndex, packet: &Packet) -> Option<Rejection> {
        if self.0.is_empty() {
            return None;
        }
        let segment = packet.segment()?;
        let mut rules = self.0.get(&host)?.iter().rev();
        let answer = match rules.find(|rule| rule.covers(segment))?.with {
            RejectWith::Accept => return None,
            RejectWith::Drop => None,
            RejectWith::Reset => segment.reset_for().map(|reset| Packet {
                src: packet.dst,
                dst: packet.src,
                body: Body::Tcp(reset),
            }),
            RejectWith::Icmp(kind) => packet.icmp_reply(kind),
        };
        Some(Rejection { answer })
    }
}

impl Rule {
    fn covers(&self, segment: &Segment) -> bool {
        let opens = segment.has(Flags::SYN) && !segment.has(Flags::ACK);
        // What is accepted is accepted whole.
        let every = self.segments == Rejected::All || self.with == RejectWith::Accept;
        (every || opens) && self.port.is_none_or(|port| port == segment.dst_port)
    }
}
