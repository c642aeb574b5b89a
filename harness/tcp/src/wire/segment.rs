//! A TCP segment: header fields and options that matter to behaviour, and the payload.

use super::{Flags, Seq};
use bytes::Bytes;

/// One TCP segment. The checksum is not modelled: a corrupted segment is dropped by the receiving host, as a real one
/// drops it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// The sender's port.
    pub src_port: u16,
    /// The receiver's port.
    pub dst_port: u16,
    /// The sequence number of the first byte, or of the SYN.
    pub seq: Seq,
    /// The next sequence number the sender expects; meaningful with [`Flags::ACK`].
    pub ack: Seq,
    /// The control bits.
    pub flags: Flags,
    /// The window field as it is on the wire, not scaled.
    pub window: u16,
    /// The options.
    pub options: Options,
    /// The data.
    pub payload: Bytes,
}

/// The options of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Maximum segment size (RFC 9293 section 3.7.1), on SYN segments.
    pub mss: Option<u16>,
    /// Window scale shift (RFC 7323), on SYN segments.
    pub window_scale: Option<u8>,
    /// SACK permitted (RFC 2018), on SYN segments.
    pub sack_permitted: bool,
    /// Timestamps (RFC 7323).
    pub timestamps: Option<Timestamps>,
    /// SACK blocks (RFC 2018).
    pub sack: SackBlocks,
}

/// The timestamps option, RFC 7323 section 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timestamps {
    /// `TSval`: the sender's clock, in milliseconds.
    pub value: u32,
    /// `TSecr`: the echoed clock of the other side.
    pub echo: u32,
}

/// Up to three SACK blocks, the most recent first. Three is what fits beside timestamps (RFC 2018 section 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SackBlocks([Option<(Seq, Seq)>; 3]);

impl SackBlocks {
    /// The first three of `blocks`, each `[start, end)`.
    pub fn new(blocks: impl IntoIterator<Item = (Seq, Seq)>) -> Self {
        let mut result = Self::default();
        for (slot, block) in result.0.iter_mut().zip(blocks) {
            *slot = Some(block);
        }
        result
    }

    /// The blocks, each `[start, end)`.
    pub fn iter(&self) -> impl Iterator<Item = (Seq, Seq)> + '_ {
        self.0.iter().flatten().copied()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }
}

impl Segment {
    /// The sequence space the segment takes: its payload, and one each for SYN and FIN (RFC 9293 section 3.4).
    pub fn len(&self) -> u32 {
        self.payload.len() as u32
            + u32::from(self.flags.contains(Flags::SYN))
            + u32::from(self.flags.contains(Flags::FIN))
    }

    /// Whether it takes no sequence space.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sequence number after the segment.
    pub fn end(&self) -> Seq {
        self.seq + self.len()
    }

    /// Whether the flag is set.
    pub fn has(&self, flag: Flags) -> bool {
        self.flags.contains(flag)
    }

    /// The RST that answers this segment when there is no connection for it (RFC 9293 section 3.10.7.1). `None` if
    /// the segment is itself a RST.
    pub fn reset_for(&self) -> Option<Self> {
        if self.has(Flags::RST) {
            return None;
        }
        let (seq, ack, flags) = if self.has(Flags::ACK) {
            (self.ack, Seq(0), Flags::RST)
        } else {
            (Seq(0), self.end(), Flags::RST | Flags::ACK)
        };
        Some(Self {
            src_port: self.dst_port,
            dst_port: self.src_port,
            seq,
            ack,
            flags,
            window: 0,
            options: Options::default(),
            payload: Bytes::new(),
        })
    }

    /// Bytes of the segment on the wire with its TCP header: 20 bytes, the options padded to four, and the payload.
    pub fn wire_len(&self) -> usize {
        20 + self.options.wire_len() + self.payload.len()
    }
}

impl Options {
    /// Bytes of the options on the wire, padded to a multiple of four as stacks lay them out: timestamps take 12.
    pub fn wire_len(&self) -> usize {
        let sack = self.sack.iter().count();
        let sack_bytes = if sack == 0 { 0 } else { 4 + 8 * sack };
        // SACK-permitted hides in the two NOPs that pad the timestamps option.
        let timestamps = if self.timestamps.is_some() { 12 } else { 0 };
        let permitted = if self.sack_permitted && self.timestamps.is_none() {
            4
        } else {
            0
        };
        let mss = if self.mss.is_some() { 4 } else { 0 };
        let scale = if self.window_scale.is_some() { 4 } else { 0 };
        sack_bytes + timestamps + permitted + mss + scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(flags: Flags) -> Segment {
        Segment {
            src_port: 1000,
            dst_port: 80,
            seq: Seq(100),
            ack: Seq(500),
            flags,
            window: 1000,
            options: Options::default(),
            payload: Bytes::new(),
        }
    }

    #[test]
    fn syn_and_fin_take_sequence_space() {
        assert_eq!(segment(Flags::SYN | Flags::FIN).len(), 2);
        assert_eq!(segment(Flags::SYN).end(), Seq(101));
        assert!(segment(Flags::ACK).is_empty());
    }

    #[test]
    fn reset_answers_as_the_rfc_says() {
        let reset = segment(Flags::SYN).reset_for().unwrap();
        assert_eq!(
            (reset.seq, reset.ack, reset.flags),
            (Seq(0), Seq(101), Flags::RST | Flags::ACK)
        );
        assert_eq!((reset.src_port, reset.dst_port), (80, 1000));
        let reset = segment(Flags::ACK).reset_for().unwrap();
        assert_eq!((reset.seq, reset.flags), (Seq(500), Flags::RST));
        assert_eq!(segment(Flags::RST).reset_for(), None);
    }

    /// The sizes of Linux's SYN (40 bytes of TCP header) and data segments (32).
    #[test]
    fn header_sizes_are_those_of_real_stacks() {
        let mut syn = segment(Flags::SYN);
        syn.options = Options {
            mss: Some(1460),
            window_scale: Some(7),
            sack_permitted: true,
            timestamps: Some(Timestamps { value: 1, echo: 0 }),
            sack: SackBlocks::default(),
        };
        assert_eq!(syn.wire_len(), 40);
        let mut data = segment(Flags::ACK);
        data.options.timestamps = Some(Timestamps { value: 1, echo: 0 });
        assert_eq!(data.wire_len(), 32);
    }
}
