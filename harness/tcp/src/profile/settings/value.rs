//! What a setting holds, and how it is checked.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A value as a scenario file writes it.
#[derive(Clone, PartialEq, Debug)]
pub enum SettingValue {
    /// A whole number, in the unit of the setting.
    Integer(i64),
    /// A switch.
    Boolean(bool),
    /// A text, such as the two numbers of `net.ipv4.ip_local_port_range`.
    Text(String),
}

/// As a scenario file writes it.
impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => f.pad(&number.to_string()),
            Self::Boolean(on) => f.pad(&on.to_string()),
            Self::Text(text) => f.pad(&format!("{text:?}")),
        }
    }
}

/// The units in which systems count time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
}

impl Unit {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
        }
    }

    const fn nanos(self) -> u128 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
        }
    }
}

/// Every unsigned number of 32 bits, as a registry value of type DWORD holds it.
pub(super) const DWORD: RangeInclusive<i64> = 0..=u32::MAX as i64;

impl SettingValue {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// That time in whole units.
    pub(super) fn time(duration: Duration, unit: Unit) -> Self {
        let units = duration.as_nanos() / unit.nanos();
        Self::Integer(i64::try_from(units).unwrap_or(i64::MAX))
    }

    /// A whole number within bounds. `unit` is for the sentence only.
    pub(super) fn integer(&self, bounds: RangeInclusive<i64>, unit: &str) -> Result<i64, String> {
        match self {
            Self::Integer(number) if bounds.contains(number) => Ok(*number),
            _ => {
                let (min, max) = bounds.into_inner();
                let unit = if unit.is_empty() {
                    String::new()
                } else {
                    format!(" ({unit})")
                };
                Err(format!("must be a whole number from {min} to {max}{unit}"))
            }
        }
    }

    /// A whole number within bounds, none of which may be negative or over 32 bits.
    pub(super) fn count(&self, bounds: RangeInclusive<i64>) -> Result<u32, String> {
        let number = self.integer(bounds, "")?;
        Ok(u32::try_from(number).expect("bounds of counts fit in 32 bits"))
    }

    /// A time of that many units, within bounds, none of which may be negative.
    pub(super) fn duration(
        &self,
        bounds: RangeInclusive<i64>,
        unit: Unit,
    ) -> Result<Duration, String> {
        let number = self.integer(bounds, unit.name())?.unsigned_abs();
        Ok(match unit {
            Unit::Seconds => Duration::from_secs(number),
            Unit::Milliseconds => Duration::from_millis(number),
            Unit::Microseconds => Duration::from_micros(number),
        })
    }

    /// Off at 0, on at any other number up to `max`; true and false will do too.
    pub(super) fn switch(&self, max: i64) -> Result<bool, String> {
        match self {
            Self::Boolean(on) => Ok(*on),
            Self::Integer(number) if (0..=max).contains(number) => Ok(*number != 0),
            Self::Integer(_) | Self::Text(_) => Err(format!(
                "must be true, false or a whole number from 0 to {max}"
            )),
        }
    }

    /// One of a few names.
    pub(super) fn one_of<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, String> {
        let chosen = choices
            .iter()
            .find(|(name, _)| matches!(self, Self::Text(text) if text == name));
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            let names: Vec<_> = choices
                .iter()
                .map(|(name, _)| format!("{name:?}"))
                .collect();
            format!("must be {}", names.join(" or "))
        })
    }

    /// That many whole numbers in a text, with white space between them, each within bounds.
    pub(super) fn numbers<const N: usize>(
        &self,
        bounds: &RangeInclusive<i64>,
        what: &str,
    ) -> Result<[u32; N], String> {
        let parse = |text: &str| {
            let numbers: Option<Vec<u32>> = text
                .split_whitespace()
                .map(|word| {
                    word.parse()
                        .ok()
                        .filter(|n| bounds.contains(&i64::from(*n)))
                })
                .collect();
            <[u32; N]>::try_from(numbers?).ok()
        };
        match self {
            Self::Text(text) => parse(text),
            Self::Integer(_) | Self::Boolean(_) => None,
        }
        .ok_or_else(|| {
            let (min, max) = (bounds.start(), bounds.end());
            format!("must be a text of {what}, each from {min} to {max}")
        })
    }
}
