//! The values of the file that are neither tables nor plain texts.

use super::diagnostic::{Code, Problems, Span, quoted};
use super::nearest::nearest;
use super::quantity;
use super::read::{At, Entries, Field, Read, integer, read_field, text, wrong_type};
use crate::plan::{RecvUntil, RejectWith};
use halfopen_tcp::profile::{Os, errors};
use halfopen_tcp::wire::{Flags, IcmpKind};
use halfopen_tcp::{Cause, Profile, Shutdown};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Implements `JsonSchema` in place of use.
macro_rules! inline_schema {
    ($name:ident, $generator:ident => $schema:expr) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                let _ = &$generator;
                $schema
            }
        }
    };
}
pub(super) use inline_schema;

/// Defines a whole number with bounds, both included.
macro_rules! bounded {
    ($($(#[$doc:meta])* struct $name:ident($ty:ty) in $min:literal..=$max:expr, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) struct $name(pub(super) $ty);

        impl Read for $name {
            fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
                let bounds = ($min, u64::from($max));
                let value = integer(item, $what, bounds, problems)?;
                <$ty>::try_from(value).ok().map(Self)
            }
        }

        inline_schema!($name, generator => json_schema!({
            "type": "integer",
            "minimum": $min,
            "maximum": u64::from($max),
        }));
    )*};
}

bounded! {
    /// A TCP port.
    struct Port(u16) in 1..=u16::MAX, "a port, 1 to 65535";
    /// A TCP port, or 0 for whichever is free.
    struct LocalPort(u16) in 0..=u16::MAX, "a port, 1 to 65535, or 0 for any";
    /// How many connections wait to be accepted.
    struct Backlog(u32) in 0..=i32::MAX.unsigned_abs(), "a whole number from 0";
    /// How many of something there are.
    struct Count(u32) in 1..=u32::MAX, "a whole number from 1";
    /// How many of something are left alone.
    struct Skip(u32) in 0..=u32::MAX, "a whole number from 0";
    /// Bytes, or none.
    struct Bytes(u64) in 0..=i64::MAX.unsigned_abs(), "a number of bytes from 0";
    /// The largest packet; every link carries 68 bytes (RFC 791), and an IP packet has at most 65535.
    struct Mtu(u16) in 68..=u16::MAX, "a number of bytes, 68 to 65535";
    /// A limit on events.
    struct Events(u64) in 1..=i64::MAX.unsigned_abs(), "a whole number from 1";
    /// A socket's buffer, in bytes.
    struct BufferSize(u32) in 0..=i32::MAX.unsigned_abs(), "a number of bytes from 0";
}

/// Defines a closed set of words.
macro_rules! words {
    ($($(#[$doc:meta])* struct $name:ident($ty:ty) = $what:literal { $($word:literal => $value:expr,)+ })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) struct $name(pub(super) $ty);

        impl $name {
            const WORDS: &'static [(&'static str, $ty)] = &[$(($word, $value)),+];
        }

        impl Read for $name {
            fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
                let word = text(item, $what, problems)?;
                let found = Self::WORDS.iter().find(|(known, _)| *known == word);
                if found.is_none() {
                    let known = Self::WORDS.iter().map(|(known, _)| *known);
                    let message = format!("expected {}, found {}", $what, quoted(word));
                    let report = problems.report(Code::InvalidValue, item.span().into(), message);
                    if let Some(near) = nearest(word, known) {
                        report.help(format!("did you mean `{near}`?"));
                    }
                }
                found.map(|(_, value)| Self(*value))
            }
        }

        inline_schema!($name, generator => json_schema!({ "enum": [$($word),+] }));
    )*};
}

words! {
    /// The directions that `shutdown` ends.
    struct Direction(Shutdown) = "`read`, `write` or `both`" {
        "read" => Shutdown::Read,
        "write" => Shutdown::Write,
        "both" => Shutdown::Both,
    }

    /// What a firewall answers a SYN with.
    struct Answer(RejectWith) = "`rst`, `drop`, `net-unreachable`, `host-unreachable`, `port-unreachable`, `admin-prohibited` or `accept`" {
        "rst" => RejectWith::Reset,
        "drop" => RejectWith::Drop,
        "net-unreachable" => RejectWith::Icmp(IcmpKind::NetUnreachable),
        "host-unreachable" => RejectWith::Icmp(IcmpKind::HostUnreachable),
        "port-unreachable" => RejectWith::Icmp(IcmpKind::PortUnreachable),
        "admin-prohibited" => RejectWith::Icmp(IcmpKind::AdminProhibited),
        "accept" => RejectWith::Accept,
    }

    /// The socket options that `get` reads.
    struct Readable(()) = "`SO_ERROR`" {
        "SO_ERROR" => (),
    }

    /// The words that `recv` takes.
    struct RecvWord(RecvUntil) = "`some`, `eof` or a number of bytes" {
        "some" => RecvUntil::Some,
        "eof" => RecvUntil::Eof,
    }
}

/// `true`, where `false` would say nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct True;

impl Read for True {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        if bool::read(item, problems)? {
            return Some(Self);
        }
        problems
            .report(
                Code::InvalidValue,
                item.span().into(),
                "`false` says nothing here",
            )
            .help("write `true`, or leave the key out");
        None
    }
}

inline_schema!(True, generator => json_schema!({ "const": true }));

/// A text of one line that is not empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line(pub(super) String);

impl Read for Line {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let line = text(item, "a text of one line", problems)?.trim();
        if line.is_empty() || line.contains(char::is_control) {
            let message = "expected a text of one line that is not empty";
            problems.report(Code::InvalidValue, item.span().into(), message);
            return None;
        }
        Some(Self(line.to_owned()))
    }
}

inline_schema!(Line, generator => json_schema!({ "type": "string", "minLength": 1 }));

/// A name that the file gives: of a host, a program or a socket. Letters, digits, `-`, `_` and `.`, at most 63 of them.
pub(super) fn check_name(name: &str, span: Span, what: &str, problems: &mut Problems) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let good = (1..=63).contains(&name.len()) && name.chars().all(allowed);
    if !good {
        problems
            .report(
                Code::InvalidName,
                span,
                format!("{} cannot name {what}", quoted(name)),
            )
            .help("a name has 1 to 63 letters, digits, `-`, `_` and `.`");
    }
    good
}

/// A name for a socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SocketName(pub(super) String);

impl Read for SocketName {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let name = text(item, "a name for a socket", problems)?;
        check_name(name, item.span().into(), "a socket", problems).then(|| Self(name.to_owned()))
    }
}

inline_schema!(SocketName, generator => json_schema!({ "type": "string", "pattern": NAME_PATTERN }));

/// A length of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Time(pub(super) Duration);

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
pub(super) struct TimeRange {
    pub(super) from: Duration,
    pub(super) to: Duration,
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
pub(super) struct Probability(pub(super) f64);

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
pub(super) struct Bandwidth(pub(super) Option<u64>);

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
pub(super) struct Size(pub(super) Option<u64>);

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

/// Control bits as the trace writes them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FlagLetters(pub(super) Flags);

impl Read for FlagLetters {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let letters = text(item, "flags such as `\"SA\"`", problems)?;
        let flags = Flags::from_letters(letters).filter(|_| !letters.is_empty());
        if flags.is_none() {
            let message = format!("{} are not the flags of a segment", quoted(letters));
            problems
                .report(Code::InvalidValue, item.span().into(), message)
                .help("`S` SYN, `F` FIN, `R` RST, `P` PSH, `A` ACK: `SA` is a SYN-ACK; without `flags` any segment matches");
        }
        flags.map(Self)
    }
}

inline_schema!(FlagLetters, generator => json_schema!({
    "type": "string",
    "pattern": "^[SFRPA]{1,5}$",
    "examples": ["S", "SA", "A", "PA", "FA", "R"],
}));

/// Why something failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CauseName(pub(super) Cause);

impl Read for CauseName {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let name = text(item, "the name of a cause", problems)?;
        let cause = Cause::from_name(name);
        if cause.is_none() {
            let known = Cause::ALL.iter().map(|cause| cause.name());
            problems.unknown(Code::UnknownCause, item.span().into(), "cause", name, known);
        }
        cause.map(Self)
    }
}

inline_schema!(CauseName, generator => {
    let names: Vec<&str> = Cause::ALL.iter().map(|cause| cause.name()).collect();
    json_schema!({ "enum": names })
});

/// Texts whose meaning depends on the rest of the file; the schema knows the common ones.
macro_rules! names {
    ($($(#[$doc:meta])* struct $name:ident = $what:literal, $schema:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub(super) struct $name(pub(super) String);

        impl Read for $name {
            fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
                text(item, $what, problems).map(|name| Self(name.to_owned()))
            }
        }

        inline_schema!($name, generator => $schema);
    )*};
}

names! {
    /// A host.
    struct HostName = "the name of a host", json_schema!({ "type": "string" });
    /// A host, or its address, and a port.
    struct Address = "an address such as `\"server:80\"`", json_schema!({
        "type": "string",
        "pattern": "^[^:]+:[0-9]+$",
    });
    /// An operating system: a profile's name or a profile file.
    struct OsName = "the name of an os", {
        let names: Vec<&str> = Profile::ALL.iter().map(|profile| profile.name.as_ref()).collect();
        json_schema!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": "\\.toml$" }] })
    };
    /// The name of an error on the system of the step's host.
    struct ErrorName = "the name of an error", {
        let all = Os::ALL.iter().flat_map(|os| errors::all(*os));
        let names: BTreeSet<&str> = all.map(|error| error.name).collect();
        json_schema!({ "enum": names })
    };
}

/// Two hosts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pair(pub(super) At<HostName>, pub(super) At<HostName>);

impl Read for Pair {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let expected = "two hosts, `[\"a\", \"b\"]`";
        let array = item.get_ref().as_array();
        let Some([first, second]) = array.map(|array| array.as_ref()) else {
            match array {
                None => wrong_type(item, expected, problems),
                Some(array) => {
                    let message = format!("expected {expected}, found {}", array.len());
                    problems.report(Code::InvalidValue, item.span().into(), message)
                }
            };
            return None;
        };
        match (read_field(first, problems), read_field(second, problems)) {
            (Field::Given(first), Field::Given(second)) => Some(Self(first, second)),
            _ => None,
        }
    }
}

inline_schema!(Pair, generator => json_schema!({
    "type": "array",
    "items": generator.subschema_for::<HostName>(),
    "minItems": 2,
    "maxItems": 2,
}));

/// One value for every system, or one for each. A name with a dot may be written without quotes: `linux-6.4 = "127s"`
/// means in TOML a table in a table, and is read as the one name that it looks like.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum ByOs<T> {
    /// Whatever the system is.
    Always(T),
    /// By the name of a profile or of a family of systems.
    ByName(Entries<T>),
}

impl<T: Read> Read for ByOs<T> {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let DeValue::Table(table) = item.get_ref() else {
            return T::read(item, problems).map(Self::Always);
        };
        let mut entries = Vec::new();
        dotted_entries("", table, &mut entries, problems);
        Some(Self::ByName(Entries(entries)))
    }
}

fn dotted_entries<T: Read>(
    prefix: &str,
    table: &DeTable<'_>,
    found: &mut Vec<(At<String>, Field<T>)>,
    problems: &mut Problems,
) {
    for (key, item) in table {
        let value = format!("{prefix}{}", key.get_ref());
        if let DeValue::Table(inner) = item.get_ref() {
            dotted_entries(&format!("{value}."), inner, found, problems);
            continue;
        }
        let span = key.span().into();
        found.push((At { value, span }, read_field(item, problems)));
    }
}

impl<T: JsonSchema> JsonSchema for ByOs<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{} by os", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let always = generator.subschema_for::<T>();
        let part = generator.subschema_for::<Entries<T>>();
        let by_name = json_schema!({
            "type": "object",
            "additionalProperties": { "anyOf": [always, part] },
        });
        json_schema!({ "anyOf": [always, by_name] })
    }
}

/// Matches the names that a file may give.
pub(super) const NAME_PATTERN: &str = "^[A-Za-z0-9._-]{1,63}$";

/// Matches durations, and some texts more.
const DURATION_PATTERN: &str = " *([0-9]+(\\.[0-9]+)? *(d|h|m|s|ms|us|ns) *)+";
