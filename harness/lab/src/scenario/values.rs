//! The values of the file that are neither tables nor plain texts.

mod measure;

pub(super) use measure::{Bandwidth, Probability, Size, Time, TimeRange};

use super::diagnostic::{Code, Problems, Span, quoted};
use super::nearest::nearest;
use super::read::{At, Entries, Field, Read, integer, read_field, text, wrong_type};
use crate::plan::{RecvUntil, RejectWith, Rejected};
use halfopen_tcp::profile::{Os, errors};
use halfopen_tcp::wire::{Flags, IcmpKind};
use halfopen_tcp::{Cause, Profile, Shutdown};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::collections::BTreeSet;
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

    /// Which segments a firewall answers.
    struct Answered(Rejected) = "`syn` or `all`" {
        "syn" => Rejected::Syns,
        "all" => Rejected::All,
    }

    /// What a firewall answers a segment with.
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
