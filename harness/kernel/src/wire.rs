//! Packets as bytes, and as the rest of the harness knows them.

use bytes::Bytes;
use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::{
    Icmpv4Type, IpNumber, Ipv4HeaderSlice, Ipv4Slice, PacketBuilder, TcpHeader, TcpOptionElement,
    TcpSlice,
};
use halfopen::tcp::wire::{
    Body, Flags, Icmp, IcmpKind, Options, Packet, SackBlocks, Segment, Seq, Timestamps,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Reads an IPv4 packet with a TCP segment or an ICMP error about one. `None` for anything else: a host of ours sends
/// nothing else that matters.
pub(crate) fn parse(bytes: &[u8]) -> Option<Packet> {
    let ip = Ipv4Slice::from_slice(bytes).ok()?;
    if ip.is_payload_fragmented() {
        return None;
    }
    let payload = ip.payload().payload;
    let body = match ip.payload_ip_number() {
        IpNumber::TCP => Body::Tcp(segment(&TcpSlice::from_slice(payload).ok()?)),
        IpNumber::ICMP => Body::Icmp(icmp(payload)?),
        _ => return None,
    };
    Some(Packet {
        src: IpAddr::V4(ip.header().source_addr()),
        dst: IpAddr::V4(ip.header().destination_addr()),
        body,
    })
}

fn segment(tcp: &TcpSlice<'_>) -> Segment {
    Segment {
        src_port: tcp.source_port(),
        dst_port: tcp.destination_port(),
        seq: Seq(tcp.sequence_number()),
        ack: Seq(tcp.acknowledgment_number()),
        flags: flags(tcp),
        window: tcp.window_size(),
        options: options(tcp),
        payload: Bytes::copy_from_slice(tcp.payload()),
    }
}

/// RFC 792: type, code, checksum, four unused bytes, then the quoted IP header and the first 8 bytes of its payload.
fn icmp(bytes: &[u8]) -> Option<Icmp> {
    let (header, quote) = bytes.split_at_checked(8)?;
    let kind = [
        IcmpKind::NetUnreachable,
        IcmpKind::HostUnreachable,
        IcmpKind::PortUnreachable,
        IcmpKind::AdminProhibited,
    ]
    .into_iter()
    .find(|kind| [3, kind.code()] == header[..2])?;
    let (ip, tcp) = Ipv4HeaderSlice::from_slice(quote)
        .ok()
        .and_then(|ip| Some((ip, quote.get(ip.slice().len()..)?.first_chunk::<8>()?)))?;
    let port = |at: usize| u16::from_be_bytes([tcp[at], tcp[at + 1]]);
    Some(Icmp {
        kind,
        quoted_src: SocketAddr::new(ip.source_addr().into(), port(0)),
        quoted_dst: SocketAddr::new(ip.destination_addr().into(), port(2)),
        quoted_seq: Seq(u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]])),
    })
}

/// A TCP packet without its payload, and any other packet as it is. [`with_payload`] gives it back, as zeros.
pub(crate) fn without_payload(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Ok(ip) = Ipv4Slice::from_slice(&bytes)
        && ip.payload_ip_number() == IpNumber::TCP
        && let Ok(tcp) = TcpSlice::from_slice(ip.payload().payload)
    {
        let len = ip.header().slice().len() + tcp.header_slice().len();
        bytes.truncate(len);
    }
    bytes
}

/// Fills a packet up to the length that its IP header gives.
pub(crate) fn with_payload(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Ok(ip) = Ipv4HeaderSlice::from_slice(&bytes) {
        let len = usize::from(ip.total_len());
        bytes.resize(len.max(bytes.len()), 0);
    }
    bytes
}

fn flags(tcp: &TcpSlice<'_>) -> Flags {
    [
        (tcp.syn(), Flags::SYN),
        (tcp.fin(), Flags::FIN),
        (tcp.rst(), Flags::RST),
        (tcp.psh(), Flags::PSH),
        (tcp.ack(), Flags::ACK),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .fold(Flags::NONE, |flags, (_, flag)| flags | flag)
}

fn options(tcp: &TcpSlice<'_>) -> Options {
    let mut options = Options::default();
    // An option that cannot be read ends the list, as it does in a receiver (RFC 9293 section 3.1).
    for option in tcp.options_iterator().map_while(Result::ok) {
        match option {
            TcpOptionElement::Noop => {}
            TcpOptionElement::MaximumSegmentSize(mss) => options.mss = Some(mss),
            TcpOptionElement::WindowScale(shift) => options.window_scale = Some(shift),
            TcpOptionElement::SelectiveAcknowledgementPermitted => options.sack_permitted = true,
            TcpOptionElement::SelectiveAcknowledgement(first, rest) => {
                let blocks = std::iter::once(first).chain(rest.into_iter().flatten());
                options.sack = SackBlocks::new(blocks.map(|(from, to)| (Seq(from), Seq(to))));
            }
            TcpOptionElement::Timestamp(value, echo) => {
                options.timestamps = Some(Timestamps { value, echo });
            }
        }
    }
    options
}

/// Writes a packet that a middlebox made. `None` if an address is not IPv4.
pub(crate) fn build(packet: &Packet) -> Option<Vec<u8>> {
    let (IpAddr::V4(src), IpAddr::V4(dst)) = (packet.src, packet.dst) else {
        return None;
    };
    match &packet.body {
        Body::Tcp(segment) => Some(tcp_packet(src, dst, segment)),
        Body::Icmp(icmp) => icmp_packet(src, dst, icmp),
    }
}

fn tcp_packet(src: Ipv4Addr, dst: Ipv4Addr, segment: &Segment) -> Vec<u8> {
    let mut header = TcpHeader::new(
        segment.src_port,
        segment.dst_port,
        segment.seq.0,
        segment.window,
    );
    header.acknowledgment_number = segment.ack.0;
    header.syn = segment.has(Flags::SYN);
    header.fin = segment.has(Flags::FIN);
    header.rst = segment.has(Flags::RST);
    header.psh = segment.has(Flags::PSH);
    header.ack = segment.has(Flags::ACK);
    let mut bytes = Vec::new();
    PacketBuilder::ipv4(src.octets(), dst.octets(), TTL)
        .tcp_header(header)
        .write_to_vec(&mut bytes, &segment.payload)
        .expect("a segment that fits into a packet");
    bytes
}

fn icmp_packet(src: Ipv4Addr, dst: Ipv4Addr, icmp: &Icmp) -> Option<Vec<u8>> {
    let (SocketAddr::V4(from), SocketAddr::V4(to)) = (icmp.quoted_src, icmp.quoted_dst) else {
        return None;
    };
    let quoted = Segment {
        src_port: from.port(),
        dst_port: to.port(),
        seq: icmp.quoted_seq,
        ack: Seq(0),
        flags: Flags::NONE,
        window: 0,
        options: Options::default(),
        payload: Bytes::new(),
    };
    // RFC 792: the quoted packet's IP header and the first 8 bytes behind it.
    let mut quote = tcp_packet(*from.ip(), *to.ip(), &quoted);
    quote.truncate(20 + 8);
    let kind = DestUnreachableHeader::from_values(icmp.kind.code(), 0)?;
    let mut bytes = Vec::new();
    PacketBuilder::ipv4(src.octets(), dst.octets(), TTL)
        .icmpv4(Icmpv4Type::DestinationUnreachable(kind))
        .write_to_vec(&mut bytes, &quote)
        .expect("36 bytes fit into a packet");
    Some(bytes)
}

/// Hops that a packet may still take: any number that is not zero, because none of ours is forwarded.
const TTL: u8 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn reset() -> Packet {
        Packet {
            src: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
            dst: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
            body: Body::Tcp(Segment {
                src_port: 80,
                dst_port: 40_000,
                seq: Seq(7),
                ack: Seq(9),
                flags: Flags::RST | Flags::ACK,
                window: 0,
                options: Options::default(),
                payload: Bytes::new(),
            }),
        }
    }

    #[test]
    fn a_built_segment_reads_back() {
        let bytes = build(&reset()).unwrap();
        assert_eq!(bytes.len(), 40);
        assert_eq!(parse(&bytes), Some(reset()));
    }

    #[test]
    fn an_icmp_error_quotes_ports_and_sequence_number() {
        let error = reset().icmp_reply(IcmpKind::AdminProhibited).unwrap();
        let bytes = build(&error).unwrap();
        // IP header, ICMP type 3 code 13, and behind its 8 bytes the quoted header and 8 bytes of TCP.
        assert_eq!(&bytes[20..22], &[3, 13]);
        assert_eq!(
            &bytes[28 + 20..],
            &[0, 80, 0x9c, 0x40, 0, 0, 0, 7],
            "ports and sequence number"
        );
        assert_eq!(parse(&bytes), Some(error));
    }

    #[test]
    fn a_packet_reads_the_same_without_its_payload() {
        let mut packet = reset();
        if let Body::Tcp(segment) = &mut packet.body {
            segment.payload = Bytes::from_static(&[0; 1000]);
        }
        let bytes = build(&packet).unwrap();
        let short = without_payload(bytes.clone());
        assert_eq!((bytes.len(), short.len()), (1040, 40));
        assert_eq!(parse(&with_payload(short)), Some(packet));
    }

    /// The SYN of a Linux 6.18 host: MSS 1460, SACK permitted, timestamps, window scale 7.
    #[test]
    fn the_options_of_a_real_syn_are_read() {
        let mut header = TcpHeader::new(40_000, 80, 1, 64_240);
        header.syn = true;
        header
            .set_options_raw(&[
                2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7,
            ])
            .unwrap();
        let mut bytes = Vec::new();
        PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .tcp_header(header)
            .write_to_vec(&mut bytes, &[])
            .unwrap();
        let packet = parse(&bytes).unwrap();
        let expected = Options {
            mss: Some(1460),
            window_scale: Some(7),
            sack_permitted: true,
            timestamps: Some(Timestamps { value: 1, echo: 0 }),
            sack: SackBlocks::default(),
        };
        assert_eq!(packet.segment().unwrap().options, expected);
        assert_eq!(packet.wire_len(), bytes.len());
    }
}
