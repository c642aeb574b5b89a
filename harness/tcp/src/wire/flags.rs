//! The control bits of a segment.

use std::fmt;
use std::ops::BitOr;

/// SYN, FIN, RST, PSH and ACK. URG and the ECN bits are not modelled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Flags(u8);

impl Flags {
    /// No control bit.
    pub const NONE: Self = Self(0);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(1);
    /// No more data from the sender.
    pub const FIN: Self = Self(2);
    /// Reset the connection.
    pub const RST: Self = Self(4);
    /// Push function.
    pub const PSH: Self = Self(8);
    /// The acknowledgment field is significant.
    pub const ACK: Self = Self(16);

    const LETTERS: [(Self, char); 5] = [
        (Self::SYN, 'S'),
        (Self::FIN, 'F'),
        (Self::RST, 'R'),
        (Self::PSH, 'P'),
        (Self::ACK, 'A'),
    ];

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These flags without those of `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Reads letters of `SFRPA` in any order (`SA`). `None` if another letter is there or one comes twice.
    pub fn from_letters(letters: &str) -> Option<Self> {
        letters.chars().try_fold(Self::NONE, |flags, letter| {
            let (flag, _) = Self::LETTERS.into_iter().find(|(_, l)| *l == letter)?;
            (!flags.contains(flag)).then_some(flags | flag)
        })
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Letters of `SFRPA` in that order, as in the JSON output and in `drop` faults.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters: String = Self::LETTERS
            .into_iter()
            .filter_map(|(flag, letter)| self.contains(flag).then_some(letter))
            .collect();
        f.pad(&letters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_round_trip() {
        for letters in ["", "S", "SA", "A", "PA", "FA", "FPA", "R", "RA"] {
            assert_eq!(
                Flags::from_letters(letters)
                    .map(|f| f.to_string())
                    .as_deref(),
                Some(letters)
            );
        }
        assert_eq!(Flags::from_letters("AS"), Flags::from_letters("SA"));
        assert_eq!(Flags::from_letters("SS"), None);
        assert_eq!(Flags::from_letters("X"), None);
    }
}
