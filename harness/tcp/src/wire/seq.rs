//! Sequence numbers, RFC 9293 section 3.4.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A TCP sequence number. Comparison is modulo 2^32 and means something only within 2^31 of each other, which is why
/// it is not `Ord`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Seq(pub u32);

impl Seq {
    /// `self < other`, modulo 2^32.
    pub const fn before(self, other: Self) -> bool {
        (self.0.wrapping_sub(other.0) as i32) < 0
    }

    /// `self > other`, modulo 2^32.
    pub const fn after(self, other: Self) -> bool {
        other.before(self)
    }

    /// How far `self` is ahead of `earlier`, modulo 2^32.
    pub const fn since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    /// `start <= self < start + len`, modulo 2^32.
    pub const fn within(self, start: Self, len: u32) -> bool {
        self.since(start) < len
    }

    /// The later of the two.
    pub const fn later(self, other: Self) -> Self {
        if self.before(other) { other } else { self }
    }

    /// The earlier of the two.
    pub const fn earlier(self, other: Self) -> Self {
        if self.before(other) { self } else { other }
    }
}

impl Add<u32> for Seq {
    type Output = Self;

    fn add(self, len: u32) -> Self {
        Self(self.0.wrapping_add(len))
    }
}

impl AddAssign<u32> for Seq {
    fn add_assign(&mut self, len: u32) {
        *self = *self + len;
    }
}

impl Sub<u32> for Seq {
    type Output = Self;

    fn sub(self, len: u32) -> Self {
        Self(self.0.wrapping_sub(len))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_wraps() {
        let end = Seq(u32::MAX);
        assert!(end.before(end + 1));
        assert!((end + 1).after(end));
        assert!(!end.before(end));
        assert_eq!((end + 10).since(end), 10);
        assert!((end + 3).within(end, 4));
        assert!(!(end + 4).within(end, 4));
        assert_eq!(end.later(end + 1), Seq(0));
        assert_eq!(end.earlier(end + 1), end);
    }
}
