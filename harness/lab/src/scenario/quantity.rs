//! Numbers with a unit: durations, bandwidths, sizes.
//!
//! All of them are exact: `"1.5ms"` is 1,500,000 ns, and what cannot be held exactly is an error. The durations are
//! read here rather than by a crate because `humantime` 2.4 panics on `"18446744073709551615s 1000ms"`, and because a
//! message can name the mistake.

use std::time::Duration;

/// Reads a duration: one or more numbers, each with a unit of `d`, `h`, `m`, `s`, `ms`, `us` and `ns`, the larger
/// units first, with or without spaces between them. The last number may have a decimal fraction, down to a
/// nanosecond. The longest is 584 years, what 64 bits of nanoseconds hold.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    if text.trim().is_empty() {
        return Err("a duration cannot be empty".into());
    }
    if text.trim_start().starts_with(['-', '\u{2212}']) {
        return Err("a duration cannot be negative".into());
    }
    let (mut rest, mut nanos, mut smallest) = (text.trim(), 0_u64, u64::MAX);
    while !rest.is_empty() {
        let (number, tail) = split_number(rest)?;
        let letters = tail.trim_start();
        let end = letters
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(letters.len());
        let (name, tail) = letters.split_at(end);
        let unit = time_unit(number, name)?;
        if unit >= smallest {
            return Err(format!(
                "`{name}` does not come after a smaller or equal unit"
            ));
        }
        let part = scaled(number, unit).map_err(|e| e.of_duration())?;
        nanos = nanos
            .checked_add(part)
            .ok_or_else(|| ScaleError::TooLarge.of_duration())?;
        (rest, smallest) = (tail.trim_start(), unit);
    }
    Ok(Duration::from_nanos(nanos))
}

/// Writes a duration as [`duration`] reads it.
pub(super) fn show_duration(duration: Duration) -> String {
    let mut rest = duration.as_nanos();
    let mut parts = Vec::new();
    for (name, unit) in TIME_UNITS {
        let count = rest / u128::from(*unit);
        rest %= u128::from(*unit);
        if count > 0 {
            parts.push(format!("{count}{name}"));
        }
    }
    if parts.is_empty() {
        return "0s".into();
    }
    parts.join(" ")
}

/// Reads a duration, or a range of them: `"20s..22s"`, both ends included.
pub(super) fn duration_range(text: &str) -> Result<(Duration, Duration), String> {
    let Some((from, to)) = text.split_once("..") else {
        return duration(text).map(|exact| (exact, exact));
    };
    if to.starts_with('=') {
        return Err("both ends of a range are included: write `..` without `=`".into());
    }
    let (from, to) = (duration(from)?, duration(to)?);
    if from > to {
        return Err("the range ends before it begins".into());
    }
    Ok((from, to))
}

/// Reads a bandwidth in bits a second, with a unit of `bit/s`, `kbit/s`, `Mbit/s` and `Gbit/s` (powers of 1000).
/// `"unlimited"` is `None`.
pub(super) fn bandwidth(text: &str) -> Result<Option<u64>, String> {
    with_unit(text, "bandwidth", BIT_RATES)
}

/// Reads a size in bytes, with a unit of `B`, `kB`, `MB`, `GB` (powers of 1000), `KiB`, `MiB` and `GiB` (powers of
/// 1024). `"unlimited"` is `None`.
pub(super) fn size(text: &str) -> Result<Option<u64>, String> {
    with_unit(text, "size", SIZES)
}

fn with_unit(text: &str, what: &str, units: &[(&str, u64)]) -> Result<Option<u64>, String> {
    if text == "unlimited" {
        return Ok(None);
    }
    if text.starts_with(['-', '\u{2212}']) {
        return Err(format!("a {what} cannot be negative"));
    }
    let (number, name) = split_number(text.trim())?;
    let name = name.trim_start();
    let unit = units.iter().find(|(known, _)| *known == name);
    let Some((_, unit)) = unit else {
        let known: Vec<&str> = units.iter().map(|(known, _)| *known).collect();
        let problem = match name {
            "" => format!("a {what} needs a unit"),
            other => format!("no unit `{}`", other.escape_debug()),
        };
        return Err(format!("{problem}; the units are {}", known.join(", ")));
    };
    let value = scaled(number, *unit).map_err(|error| error.of(what))?;
    if value == 0 {
        return Err(format!("a {what} cannot be zero"));
    }
    Ok(Some(value))
}

fn time_unit(number: &str, name: &str) -> Result<u64, String> {
    if let Some((_, unit)) = TIME_UNITS.iter().find(|(known, _)| *known == name) {
        return Ok(*unit);
    }
    let meant = match name {
        // The micro sign and the Greek letter look the same.
        "\u{b5}s" | "\u{3bc}s" | "usec" => "us",
        "nsec" | "nanos" => "ns",
        "msec" | "millis" => "ms",
        "sec" | "secs" | "second" | "seconds" | "S" => "s",
        "min" | "mins" | "minute" | "minutes" | "M" => "m",
        "hr" | "hrs" | "hour" | "hours" | "H" => "h",
        "day" | "days" | "D" => "d",
        "" => {
            return Err(format!(
                "a duration needs a unit: `{number}s` for seconds, `{number}ms` for milliseconds"
            ));
        }
        other => {
            let other = other.escape_debug();
            return Err(format!(
                "no unit of time `{other}`; the units are d, h, m, s, ms, us, ns"
            ));
        }
    };
    Err(format!("no unit of time `{name}`: write `{number}{meant}`"))
}

/// Splits off the leading decimal number.
fn split_number(text: &str) -> Result<(&str, &str), String> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        let found = text.chars().next().map(|c| c.escape_debug().to_string());
        let found = found.unwrap_or_else(|| "the end".into());
        return Err(format!("expected a number, found `{found}`"));
    }
    Ok((number, rest))
}

/// Why a number times a unit is not a whole `u64`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ScaleError {
    Malformed,
    TooLarge,
    TooFine,
}

impl ScaleError {
    fn of(self, what: &str) -> String {
        match self {
            Self::Malformed => "expected digits, at most one `.`, and digits after it".into(),
            Self::TooLarge => format!("this {what} is too large"),
            Self::TooFine => format!("this {what} is not a whole number of its smallest unit"),
        }
    }

    fn of_duration(self) -> String {
        match self {
            Self::Malformed => self.of("duration"),
            Self::TooLarge => "this duration is too long: the longest is 584 years".into(),
            Self::TooFine => "this duration is finer than a nanosecond".into(),
        }
    }
}

/// A decimal number times a unit, exactly.
fn scaled(number: &str, unit: u64) -> Result<u64, ScaleError> {
    let (whole, fraction) = match number.split_once('.') {
        None => (number, ""),
        Some((_, "")) => return Err(ScaleError::Malformed),
        Some(parts) => parts,
    };
    if fraction.contains('.') {
        return Err(ScaleError::Malformed);
    }
    let whole: u64 = whole.parse().map_err(|_| ScaleError::TooLarge)?;
    let fraction = fraction.trim_end_matches('0');
    let digits = u32::try_from(fraction.len()).map_err(|_| ScaleError::TooFine)?;
    // With a unit below 2^47 the product below stays within 128 bits.
    let denominator = match 10_u128.checked_pow(digits) {
        Some(power) if digits <= 20 => power,
        _ => return Err(ScaleError::TooFine),
    };
    let numerator: u128 = match fraction {
        "" => 0,
        digits => digits.parse().map_err(|_| ScaleError::TooFine)?,
    };
    let product = numerator * u128::from(unit);
    if !product.is_multiple_of(denominator) {
        return Err(ScaleError::TooFine);
    }
    let part = u64::try_from(product / denominator).map_err(|_| ScaleError::TooLarge)?;
    whole
        .checked_mul(unit)
        .and_then(|whole| whole.checked_add(part))
        .ok_or(ScaleError::TooLarge)
}

/// Largest first.
const TIME_UNITS: &[(&str, u64)] = &[
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

const BIT_RATES: &[(&str, u64)] = &[
    ("bit/s", 1),
    ("kbit/s", 1_000),
    ("Mbit/s", 1_000_000),
    ("Gbit/s", 1_000_000_000),
];

const SIZES: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn reads(text: &str, nanos: u64) {
        assert_eq!(duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
    }

    #[track_caller]
    fn refuses(text: &str, why: &str) {
        let message = duration(text).expect_err(text);
        assert!(message.contains(why), "{text}: {message}");
    }

    #[test]
    fn durations_of_the_format() {
        reads("21s", 21_000_000_000);
        reads("500ms", 500_000_000);
        reads("20us", 20_000);
        reads("2h", 7_200_000_000_000);
        reads("1m 30s", 90_000_000_000);
        reads("1m30s", 90_000_000_000);
        reads("1 d", 86_400_000_000_000);
        reads("0s", 0);
        reads("1.5ms", 1_500_000);
        reads("0.000000001s", 1);
        reads("1.50000000000000000000000000s", 1_500_000_000);
        reads("18446744073709551615ns", u64::MAX);
    }

    #[test]
    fn durations_that_are_none() {
        refuses("", "empty");
        refuses("21", "needs a unit: `21s`");
        refuses("-1s", "negative");
        refuses("s", "expected a number");
        refuses("1 sec", "write `1s`");
        refuses("20\u{b5}s", "write `20us`");
        refuses("1y", "no unit of time `y`");
        refuses("30s 1m", "after a smaller");
        refuses("1s 1s", "after a smaller");
        refuses("1.s", "digits after it");
        refuses("1.2.3s", "at most one");
        refuses("0.5ns", "finer than a nanosecond");
        refuses("0.0000000001s", "finer than a nanosecond");
        refuses("18446744073709551616ns", "584 years");
        refuses("18446744073709551615s 1000ms", "584 years");
        refuses("99999999999999999999999999999999h", "584 years");
        refuses("1s,", "expected a number, found `,`");
    }

    #[test]
    fn ranges() {
        let seconds = Duration::from_secs;
        assert_eq!(duration_range("21s"), Ok((seconds(21), seconds(21))));
        assert_eq!(duration_range("20s..22s"), Ok((seconds(20), seconds(22))));
        assert_eq!(duration_range("20s .. 22s"), Ok((seconds(20), seconds(22))));
        assert_eq!(
            duration_range("1.5s..2s"),
            Ok((Duration::from_millis(1500), seconds(2)))
        );
        for wrong in [
            "22s..20s",
            "..20s",
            "20s..",
            "20s..=22s",
            "1s..2s..3s",
            "20..22s",
        ] {
            assert!(duration_range(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bandwidths_and_sizes() {
        assert_eq!(bandwidth("10Mbit/s"), Ok(Some(10_000_000)));
        assert_eq!(bandwidth("1.5 kbit/s"), Ok(Some(1500)));
        assert_eq!(bandwidth("unlimited"), Ok(None));
        assert_eq!(size("64KiB"), Ok(Some(65_536)));
        assert_eq!(size("1kB"), Ok(Some(1000)));
        for wrong in [
            "10",
            "10mbps",
            "0bit/s",
            "-1bit/s",
            "1.5bit/s",
            "",
            "20000000000000Gbit/s",
        ] {
            assert!(bandwidth(wrong).is_err(), "{wrong}");
        }
        for wrong in ["64", "64K", "64kib", "0.3B"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(nanos: u64) {
            let shown = show_duration(Duration::from_nanos(nanos));
            prop_assert_eq!(duration(&shown), Ok(Duration::from_nanos(nanos)));
        }

        #[test]
        fn no_text_panics(text in "[-0-9a-z. µ/]{0,40}|.{0,20}") {
            let _ = (duration_range(&text), bandwidth(&text), size(&text));
        }
    }
}
