//! An IP packet, as far as TCP errors need it.

use super::{Segment, Seq};
use crate::cause::Cause;
use std::net::{IpAddr, SocketAddr};

/// What crosses a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// The sender.
    pub src: IpAddr,
    /// The receiver.
    pub dst: IpAddr,
    /// What it carries.
    pub body: Body,
}

/// The payload of an IP packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// A TCP segment.
    Tcp(Segment),
    /// An ICMP error about a TCP segment.
    Icmp(Icmp),
}

/// An ICMP error message with what it quotes of the segment that drew it (RFC 792: the IP header and 8 bytes, which
/// hold the ports and the sequence number).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Icmp {
    /// Type and code.
    pub kind: IcmpKind,
    /// Where the quoted segment came from: a socket of the host that this message is sent to.
    pub quoted_src: SocketAddr,
    /// Where the quoted segment went.
    pub quoted_dst: SocketAddr,
    /// The quoted segment's sequence number. Receivers ignore a message that quotes one that is not in flight
    /// (RFC 5927 section 4.1).
    pub quoted_seq: Seq,
}

/// Destination-unreachable codes (RFC 792, RFC 1812).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum IcmpKind {
    /// Code 0.
    NetUnreachable,
    /// Code 1.
    HostUnreachable,
    /// Code 3.
    PortUnreachable,
    /// Code 13, communication administratively prohibited.
    AdminProhibited,
}

impl IcmpKind {
    /// The ICMPv4 code of a type 3 message.
    pub const fn code(self) -> u8 {
        match self {
            Self::NetUnreachable => 0,
            Self::HostUnreachable => 1,
            Self::PortUnreachable => 3,
            Self::AdminProhibited => 13,
        }
    }

    /// The cause that a call gets to see if this message ends it.
    pub const fn cause(self) -> Cause {
        match self {
            Self::NetUnreachable => Cause::NetUnreachable,
            Self::HostUnreachable => Cause::HostUnreachable,
            Self::PortUnreachable => Cause::PortUnreachable,
            Self::AdminProhibited => Cause::AdminProhibited,
        }
    }
}

impl Packet {
    /// Bytes on the wire, IP header included: what bandwidth, queues and the MTU count.
    pub fn wire_len(&self) -> usize {
        let ip = if self.src.is_ipv4() { 20 } else { 40 };
        match &self.body {
            Body::Tcp(segment) => ip + segment.wire_len(),
            // The ICMP header, the quoted IP header and its first 8 bytes.
            Body::Icmp(_) => ip + 8 + ip + 8,
        }
    }

    /// The TCP segment, if it carries one.
    pub fn segment(&self) -> Option<&Segment> {
        match &self.body {
            Body::Tcp(segment) => Some(segment),
            Body::Icmp(_) => None,
        }
    }

    /// The ICMP message that a router or firewall sends back about this packet. `None` for a packet that is itself an
    /// ICMP error (RFC 1122 section 3.2.2: never an error about an error).
    pub fn icmp_reply(&self, kind: IcmpKind) -> Option<Self> {
        let segment = self.segment()?;
        Some(Self {
            src: self.dst,
            dst: self.src,
            body: Body::Icmp(Icmp {
                kind,
                quoted_src: SocketAddr::new(self.src, segment.src_port),
                quoted_dst: SocketAddr::new(self.dst, segment.dst_port),
                quoted_seq: segment.seq,
            }),
        })
    }
}
