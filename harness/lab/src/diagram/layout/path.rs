//! The ways of packets.

use super::Layout;
use crate::diagram::story::{Arrow, Ending, Origin};
use crate::outcome::LossReason;

/// The way of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::diagram) struct Path {
    pub(in crate::diagram) from: (i32, i32),
    pub(in crate::diagram) to: (i32, i32),
    /// Where it waits on its way: the column, and from which row to which.
    pub(in crate::diagram) waits: Option<(i32, i32, i32)>,
}

impl Path {
    /// The way to an end that has no row of its own, or gets it later.
    pub(super) fn flat(layout: &Layout, row: i32, arrow: &Arrow, end: Ending) -> Self {
        let (from, to) = (layout.column(arrow.from), layout.column(arrow.to));
        let along = |part: i32| from + (to - from) * part / 100;
        let start = match arrow.origin {
            Origin::Host => from,
            Origin::Middlebox => along(50),
            // In front of the host whose address it uses.
            Origin::Firewall => along(100 - FIREWALL),
        };
        let x = match end {
            Ending::Arrives(_) | Ending::Flat => to,
            Ending::UnderWay => along(80),
            Ending::Held => along(50),
            Ending::Lost(_, reason) => along(dies_at(reason)),
        };
        let part = (x - start).abs() * 100 / (to - start).abs().max(1);
        Self {
            from: (start, row),
            to: (x, row + SLANT * part / 100),
            waits: None,
        }
    }

    /// Moves the end to its row. A way across a gap, or too steep to be drawn, waits in the middle.
    pub(super) fn land(&mut self, row: i32, long: bool) {
        self.to.1 = row;
        let wide = (self.to.0 - self.from.0).abs();
        let tall = row - self.from.1;
        if long || tall > (wide * 2 / 3).max(SLANT) {
            let x = self.from.0.midpoint(self.to.0);
            self.waits = Some((x, self.from.1 + SLANT / 2, row - SLANT / 2));
        }
    }

    /// Where its first straight part ends.
    pub(super) fn first_end(&self) -> (i32, i32) {
        match self.waits {
            None => self.to,
            Some((x, from, _)) => (x, from),
        }
    }
}

/// How far a packet gets, in hundredths of its way.
const fn dies_at(reason: LossReason) -> i32 {
    match reason {
        LossReason::NoRoute => 12,
        LossReason::Queue | LossReason::Mtu => 25,
        LossReason::Partition | LossReason::Block | LossReason::Loss | LossReason::Drop => 50,
        LossReason::Reject => FIREWALL,
        LossReason::Corrupt | LossReason::PowerOff => 96,
    }
}

/// Where a host's firewall stands, on the way to it.
const FIREWALL: i32 = 85;

/// How far an arrow falls at least.
pub(super) const SLANT: i32 = 14;
