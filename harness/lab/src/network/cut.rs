//! The faults of one direction of a link.

use crate::outcome::LossReason;
use halfopen_tcp::Instant;
use halfopen_tcp::wire::{Flags, Packet};

/// The faults of one direction of a link.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    /// The sender has no route to the receiver.
    pub(super) unrouted: bool,
    /// Packets wait at the far end.
    pub(super) gate_closed: bool,
    partitioned: bool,
    blocked: bool,
    drops: Vec<DropRule>,
    /// When the direction was cut, each time, and by what. A packet that remembers how many there were when it was
    /// sent learns from this whether it was under way at one of them.
    history: Vec<(Instant, LossReason)>,
}

#[derive(Debug)]
struct DropRule {
    flags: Option<Flags>,
    count: u32,
    skip: u32,
}

impl Cuts {
    /// Whether a packet gets onto the link, and if not why. Counts it for the `drop` rules, but only if it gets to
    /// them.
    pub(super) fn admit(&mut self, packet: &Packet) -> Result<(), LossReason> {
        if self.unrouted {
            return Err(LossReason::NoRoute);
        }
        if self.partitioned {
            return Err(LossReason::Partition);
        }
        if self.blocked {
            return Err(LossReason::Block);
        }
        if self.drops.iter_mut().any(|rule| rule.takes(packet)) {
            self.drops.retain(|rule| rule.count > 0);
            return Err(LossReason::Drop);
        }
        Ok(())
    }

    pub(super) fn cut(&mut self, now: Instant, reason: LossReason) {
        match reason {
            LossReason::Partition => self.partitioned = true,
            _ => self.blocked = true,
        }
        self.history.push((now, reason));
    }

    pub(super) fn heal(&mut self) {
        self.partitioned = false;
        self.blocked = false;
    }

    pub(super) fn add_drop(&mut self, flags: Option<Flags>, count: u32, skip: u32) {
        if count > 0 {
            self.drops.push(DropRule { flags, count, skip });
        }
    }

    /// Cuts so far.
    pub(super) fn count(&self) -> u32 {
        self.history.len() as u32
    }

    /// The first cut after the first `count` ones.
    pub(super) fn since(&self, count: u32) -> Option<(Instant, LossReason)> {
        self.history.get(count as usize).copied()
    }
}

impl DropRule {
    /// Whether the rule drops this packet. A packet that one rule drops is not seen by those after it.
    fn takes(&mut self, packet: &Packet) -> bool {
        let matches = packet
            .segment()
            .is_some_and(|segment| self.flags.is_none_or(|flags| flags == segment.flags));
        if !matches {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.count -= 1;
        true
    }
}
