//! Reassembly, and data that waits for the program to read it.

use super::queue::Queue;
use crate::wire::{SackBlocks, Seq};
use bytes::{Buf, Bytes};

/// Data in order that waits to be read, and data that arrived ahead of a gap.
#[derive(Clone, Debug)]
pub(crate) struct RecvBuffer {
    readable: Queue<Bytes>,
    readable_len: u32,
    /// Beyond `RCV.NXT`, ordered by sequence number, not overlapping. The window bounds it: at most one entry a
    /// byte, and in practice one a segment. The FIN is an entry without bytes.
    ahead: Queue<(Seq, Bytes)>,
    /// Where the latest out-of-order segment lay: RFC 2018 section 4 wants its block first.
    latest_ahead: Seq,
}

impl RecvBuffer {
    pub(crate) const fn new() -> Self {
        Self {
            readable: Queue::EMPTY,
            readable_len: 0,
            ahead: Queue::EMPTY,
            latest_ahead: Seq(0),
        }
    }

    /// Bytes that can be read now.
    pub(crate) fn len(&self) -> u32 {
        self.readable_len
    }

    /// Whether data waits behind a gap.
    pub(crate) fn has_gap(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// The sequence number after the last that was received beyond a gap; `None` if there is no gap.
    pub(crate) fn end_ahead(&self) -> Option<Seq> {
        let (seq, held) = self.ahead.back()?;
        Some(*seq + (held.len() as u32).max(1))
    }

    /// Takes data at `seq`; the caller has cut it to the window. Returns by how much `RCV.NXT` advances.
    pub(crate) fn insert(&mut self, nxt: Seq, seq: Seq, data: Bytes) -> u32 {
        let before = self.readable_len;
        if seq.after(nxt) {
            self.insert_ahead(seq, data);
            return 0;
        }
        self.append(nxt, seq, data);
        while let Some((seq, held)) = self.ahead.front() {
            let nxt = nxt + (self.readable_len - before);
            if seq.after(nxt) || held.is_empty() {
                break;
            }
            if let Some((seq, data)) = self.ahead.pop_front() {
                self.append(nxt, seq, data);
            }
        }
        self.ahead.shrink_if_empty();
        self.readable_len - before
    }

    fn append(&mut self, nxt: Seq, seq: Seq, mut data: Bytes) {
        let old = nxt.since(seq) as usize;
        if old >= data.len() {
            return;
        }
        data.advance(old);
        self.readable_len += data.len() as u32;
        self.readable.push_back(data);
    }

    /// Keeps what is there and adds what is new, so that a later copy of a byte never replaces an earlier one.
    fn insert_ahead(&mut self, mut seq: Seq, mut data: Bytes) {
        self.latest_ahead = seq;
        let mut index = 0;
        while !data.is_empty() {
            let Some((start, held)) = self.ahead.get(index) else {
                self.ahead.push_back((seq, data));
                return;
            };
            let (start, end) = (*start, *start + held.len() as u32);
            if !seq.before(end) {
                index += 1;
                continue;
            }
            if seq.before(start) {
                let len = (start.since(seq) as usize).min(data.len());
                self.ahead.insert(index, (seq, data.split_to(len)));
                seq += len as u32;
                index += 1;
                continue;
            }
            let covered = (end.since(seq) as usize).min(data.len());
            data.advance(covered);
            seq += covered as u32;
        }
    }

    /// Keeps the FIN, unless it is there already.
    pub(crate) fn insert_fin(&mut self, fin: Seq) {
        if !self.ahead.iter().any(|(_, held)| held.is_empty()) {
            self.latest_ahead = fin;
            self.ahead.push_back((fin, Bytes::new()));
        }
    }

    /// Takes the FIN, if nothing is missing before it. Whatever lies beyond it is no data of this connection.
    pub(crate) fn take_fin(&mut self, nxt: Seq) -> bool {
        let first = self.ahead.front();
        let here = first.is_some_and(|(seq, held)| held.is_empty() && !seq.after(nxt));
        if here {
            self.ahead = Queue::EMPTY;
        }
        here
    }

    /// The SACK blocks that describe what lies ahead, the most recently changed first (RFC 2018 section 4).
    pub(crate) fn sack_blocks(&self) -> SackBlocks {
        if self.ahead.is_empty() {
            return SackBlocks::default();
        }
        let mut blocks: Vec<(Seq, Seq)> = Vec::new();
        for (seq, data) in self.ahead.iter() {
            let end = *seq + (data.len() as u32).max(1);
            match blocks.last_mut() {
                Some((_, last)) if *last == *seq => *last = end,
                _ => blocks.push((*seq, end)),
            }
        }
        let latest = self.latest_ahead;
        let first = blocks
            .iter()
            .position(|(s, e)| !latest.before(*s) && latest.before(*e));
        if let Some(first) = first {
            blocks[..=first].rotate_right(1);
        }
        SackBlocks::new(blocks)
    }

    /// Moves up to `buffer.len()` bytes out.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> usize {
        let mut done = 0;
        while let Some(chunk) = self.readable.front_mut() {
            let take = chunk.len().min(buffer.len() - done);
            buffer[done..done + take].copy_from_slice(&chunk[..take]);
            done += take;
            if take < chunk.len() {
                chunk.advance(take);
                break;
            }
            self.readable.pop_front();
        }
        self.readable_len -= done as u32;
        self.readable.shrink_if_empty();
        done
    }

    /// Copies up to `buffer.len()` bytes and leaves them there.
    pub(crate) fn peek(&self, buffer: &mut [u8]) -> usize {
        let mut done = 0;
        for chunk in self.readable.iter() {
            let take = chunk.len().min(buffer.len() - done);
            buffer[done..done + take].copy_from_slice(&chunk[..take]);
            done += take;
        }
        done
    }

    /// Throws everything away, as systems do that discard received data at a reset.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(buffer: &mut RecvBuffer) -> String {
        let mut bytes = vec![0; buffer.len() as usize];
        assert_eq!(buffer.read(&mut bytes), bytes.len());
        String::from_utf8(bytes).unwrap()
    }

    fn insert(buffer: &mut RecvBuffer, nxt: &mut Seq, at: u32, data: &'static str) {
        *nxt += buffer.insert(*nxt, Seq(at), Bytes::from_static(data.as_bytes()));
    }

    #[test]
    fn segments_in_any_order_give_the_stream() {
        let mut nxt = Seq(100);
        let mut buffer = RecvBuffer::new();
        insert(&mut buffer, &mut nxt, 106, "ghi");
        insert(&mut buffer, &mut nxt, 102, "cd");
        assert!(buffer.has_gap());
        assert_eq!((nxt, buffer.len()), (Seq(100), 0));
        insert(&mut buffer, &mut nxt, 100, "ab");
        assert_eq!(nxt, Seq(104));
        insert(&mut buffer, &mut nxt, 103, "def");
        assert_eq!(nxt, Seq(109));
        assert_eq!(read_all(&mut buffer), "abcdefghi");
        assert!(!buffer.has_gap());
    }

    /// A byte that waits behind a gap is not replaced by a later copy; one at the edge of the gap may be.
    #[test]
    fn overlaps_keep_what_came_first() {
        let mut nxt = Seq(0);
        let mut buffer = RecvBuffer::new();
        insert(&mut buffer, &mut nxt, 2, "cd");
        insert(&mut buffer, &mut nxt, 6, "gh");
        insert(&mut buffer, &mut nxt, 1, "BCDEFGHI");
        insert(&mut buffer, &mut nxt, 0, "aX");
        assert_eq!(read_all(&mut buffer), "aXcdEFghI");
    }

    #[test]
    fn sack_blocks_name_the_latest_first() {
        let mut nxt = Seq(0);
        let mut buffer = RecvBuffer::new();
        insert(&mut buffer, &mut nxt, 2, "cd");
        insert(&mut buffer, &mut nxt, 10, "kl");
        insert(&mut buffer, &mut nxt, 12, "m");
        insert(&mut buffer, &mut nxt, 4, "e");
        let blocks: Vec<_> = buffer.sack_blocks().iter().collect();
        assert_eq!(blocks, [(Seq(2), Seq(5)), (Seq(10), Seq(13))]);
        insert(&mut buffer, &mut nxt, 13, "n");
        let blocks: Vec<_> = buffer.sack_blocks().iter().collect();
        assert_eq!(blocks, [(Seq(10), Seq(14)), (Seq(2), Seq(5))]);
    }

    #[test]
    fn peek_leaves_the_data() {
        let mut nxt = Seq(0);
        let mut buffer = RecvBuffer::new();
        insert(&mut buffer, &mut nxt, 0, "ab");
        insert(&mut buffer, &mut nxt, 2, "cd");
        let mut bytes = [0; 3];
        assert_eq!(buffer.peek(&mut bytes), 3);
        assert_eq!(&bytes, b"abc");
        assert_eq!(buffer.read(&mut bytes), 3);
        assert_eq!(read_all(&mut buffer), "d");
    }
}
