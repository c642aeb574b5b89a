//! The link as a function: a packet and the time in, its fates out.

use std::time::Duration;

/// The figures of a link, one direction.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LinkFigures {
    /// One way.
    pub latency: Duration,
    /// Added to the latency, uniform from zero to this. Packets keep their order unless `reorder` says otherwise.
    pub jitter: Duration,
    /// Probability that a packet is lost.
    pub loss: f64,
    /// Probability that a packet arrives twice.
    pub duplicate: f64,
    /// Probability that a packet overtakes those before it.
    pub reorder: f64,
    /// Probability that a packet arrives with a bad checksum.
    pub corrupt: f64,
    /// Bits a second; `None`: without limit.
    pub bandwidth: Option<u64>,
    /// Bytes that wait for their turn at most; only with `bandwidth`. `None`: without limit.
    pub queue: Option<u64>,
    /// The largest packet, IP header included, in bytes. Both ends know it, and derive their MSS from it.
    pub mtu: u16,
}

impl LinkFigures {
    /// What holds where a file says nothing: 25 ms one way and nothing else.
    pub const DEFAULT: Self = Self {
        latency: Duration::from_millis(25),
        jitter: Duration::ZERO,
        loss: 0.0,
        duplicate: 0.0,
        reorder: 0.0,
        corrupt: 0.0,
        bandwidth: None,
        queue: None,
        mtu: 1500,
    };
}
