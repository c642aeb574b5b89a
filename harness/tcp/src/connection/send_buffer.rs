//! Data that the program has handed in and the peer has not acknowledged.

use super::queue::Queue;
use crate::wire::Seq;
use bytes::{Bytes, BytesMut};

/// Unacknowledged data, in the chunks in which the program wrote it.
#[derive(Clone, Debug)]
pub(crate) struct SendBuffer {
    chunks: Queue<Bytes>,
    /// The sequence number of the first byte.
    start: Seq,
    len: u32,
}

impl SendBuffer {
    /// An empty buffer whose first byte will have that sequence number.
    pub(crate) fn new(start: Seq) -> Self {
        Self {
            chunks: Queue::EMPTY,
            start,
            len: 0,
        }
    }

    /// Bytes in the buffer, sent or not.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The sequence number after the last byte.
    pub(crate) fn end(&self) -> Seq {
        self.start + self.len
    }

    /// Appends a copy of `data`, whose length the caller has bounded by its limit.
    pub(crate) fn push(&mut self, data: &[u8]) {
        self.len += data.len() as u32;
        self.chunks.push_back(Bytes::copy_from_slice(data));
    }

    /// Forgets what lies before `una`.
    pub(crate) fn acknowledge(&mut self, una: Seq) {
        let mut acked = una.since(self.start).min(self.len);
        self.start += acked;
        self.len -= acked;
        while acked > 0 {
            let Some(chunk) = self.chunks.front_mut() else {
                break;
            };
            if chunk.len() as u32 > acked {
                let _ = chunk.split_to(acked as usize);
                break;
            }
            acked -= chunk.len() as u32;
            self.chunks.pop_front();
        }
        self.chunks.shrink_if_empty();
    }

    /// The `len` bytes from `seq` on, which must be in the buffer. Shares memory with the buffer when they lie in
    /// one chunk.
    pub(crate) fn slice(&self, seq: Seq, len: u32) -> Bytes {
        let mut skip = seq.since(self.start) as usize;
        let mut chunks = self.chunks.iter();
        let mut chunk = loop {
            match chunks.next() {
                Some(chunk) if skip >= chunk.len() => skip -= chunk.len(),
                Some(chunk) => break chunk,
                None => return Bytes::new(),
            }
        };
        let len = len as usize;
        if skip + len <= chunk.len() {
            return chunk.slice(skip..skip + len);
        }
        let mut copy = BytesMut::with_capacity(len);
        loop {
            let take = (chunk.len() - skip).min(len - copy.len());
            copy.extend_from_slice(&chunk[skip..skip + take]);
            skip = 0;
            match chunks.next() {
                Some(next) if copy.len() < len => chunk = next,
                _ => return copy.freeze(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_span_chunks_and_acknowledgment_frees() {
        let mut buffer = SendBuffer::new(Seq(u32::MAX - 1));
        buffer.push(b"abc");
        buffer.push(b"def");
        let start = Seq(u32::MAX - 1);
        assert_eq!(&buffer.slice(start, 3)[..], b"abc");
        assert_eq!(&buffer.slice(start + 2, 3)[..], b"cde");
        assert_eq!(buffer.end(), start + 6);
        buffer.acknowledge(start + 4);
        assert_eq!(buffer.len(), 2);
        assert_eq!(&buffer.slice(start + 4, 2)[..], b"ef");
        buffer.acknowledge(start + 6);
        assert_eq!(buffer.len(), 0);
    }

    /// The FIN's acknowledgment lies one past the data.
    #[test]
    fn acknowledging_beyond_the_end_frees_everything() {
        let mut buffer = SendBuffer::new(Seq(10));
        buffer.push(b"abc");
        buffer.acknowledge(Seq(14));
        assert_eq!((buffer.len(), buffer.end()), (0, Seq(13)));
    }
}
