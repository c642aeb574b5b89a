//! Durations, probabilities, bandwidths and sizes.

use super::inline_schema;
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::quantity;
use crate::scenario::read::{Read, text, wrong_type};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::time::Duration;
use toml::Spanned;
use toml::de::DeValue;

/// A length of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::scenario) struct Time(pub(in crate::scenario) Duration);

impl Read for Time {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let duration = duration_text(item, problems)?;
        match quantity::duration(duration) {
            Ok(duration) => Some(Self(duration)),
            Err(message) => {
                problems.report(Code::InvalidDuration, item.span().into(), message);
                None
            }
        }
    }
}

inline_schema!(Time, generator => json_schema!({
    "type": "string",
    "pattern": format!("^{DURATION_PATTERN}$"),
    "examples": ["21s", "500ms", "20us", "1m 30s"],
}));

/// A length of time, or a range of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::scenario) struct TimeRange {
    pub(in crate::scenario) from: Duration,
    pub(in crate::scenario) to: Duration,
}

impl Read for TimeRange {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let range = duration_text(item, problems)?;
        match quantity::duration_range(range) {
            Ok((from, to)) => Some(Self { from, to }),
            Err(message) => {
                problems.report(Code::InvalidDuration, item.span().into(), message);
                None
            }
        }
    }
}

inline_schema!(TimeRange, generator => json_schema!({
    "type": "string",
    "pattern": format!("^{DURATION_PATTERN}(\\.\\.{DURATION_PATTERN})?$"),
    "examples": ["21s", "20s..22s"],
}));

/// The text of a duration; a bare number is the commonest mistake and says what to write instead.
fn duration_text<'a>(item: &'a Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<&'a str> {
    let number = match item.get_ref() {
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        _ => return text(item, "a duration such as `\"21s\"`", problems),
    };
    let message = "a duration needs a unit";
    let report = problems.report(Code::InvalidDuration, item.span().into(), message);
    if number.starts_with('-') {
        report.message = "a duration cannot be negative".into();
    } else {
        report.help(format!(
            "write `\"{number}s\"` for seconds or `\"{number}ms\"` for milliseconds"
        ));
    }
    None
}

/// How likely something is, from 0 (never) to 1 (always).
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::scenario) struct Probability(pub(in crate::scenario) f64);

impl Read for Probability {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let shown = match item.get_ref() {
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Integer(number) => number.to_string(),
            _ => {
                wrong_type(item, "a probability from 0 to 1", problems)
                    .help("one in a hundred is `0.01`");
                return None;
            }
        };
        let value = shown.parse().ok().filter(|p| (0.0..=1.0).contains(p));
        if value.is_none() {
            let message = format!("a probability is from 0 to 1, not {shown}");
            problems
                .report(Code::InvalidProbability, item.span().into(), message)
                .help("one in a hundred is `0.01`");
        }
        value.map(Self)
    }
}

inline_schema!(Probability, generator => json_schema!({
    "type": "number",
    "minimum": 0,
    "maximum": 1,
}));

/// Bits a second; `None`: without limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::scenario) struct Bandwidth(pub(in crate::scenario) Option<u64>);

impl Read for Bandwidth {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let expected = "a bandwidth such as `\"10Mbit/s\"`";
        read_quantity(item, expected, quantity::bandwidth, problems).map(Self)
    }
}

inline_schema!(Bandwidth, generator => json_schema!({
    "type": "string",
    "pattern": "^([0-9]+(\\.[0-9]+)? *[kMG]?bit/s|unlimited)$",
    "examples": ["10Mbit/s", "unlimited"],
}));

/// Bytes; `None`: without limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::scenario) struct Size(pub(in crate::scenario) Option<u64>);

impl Read for Size {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let expected = "a size such as `\"64KiB\"`";
        read_quantity(item, expected, quantity::size, problems).map(Self)
    }
}

inline_schema!(Size, generator => json_schema!({
    "type": "string",
    "pattern": "^([0-9]+(\\.[0-9]+)? *(B|kB|KiB|MB|MiB|GB|GiB)|unlimited)$",
    "examples": ["64KiB", "unlimited"],
}));

fn read_quantity<T>(
    item: &Spanned<DeValue<'_>>,
    expected: &str,
    parse: fn(&str) -> Result<T, String>,
    problems: &mut Problems,
) -> Option<T> {
    match parse(text(item, expected, problems)?) {
        Ok(value) => Some(value),
        Err(message) => {
            problems.report(Code::InvalidQuantity, item.span().into(), message);
            None
        }
    }
}

/// Matches durations, and some texts more.
const DURATION_PATTERN: &str = " *([0-9]+(\\.[0-9]+)? *(d|h|m|s|ms|us|ns) *)+";
