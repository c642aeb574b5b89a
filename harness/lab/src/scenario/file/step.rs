//! The steps of a program.

use crate::plan::RecvUntil;
use crate::scenario::diagnostic::Problems;
use crate::scenario::read::{At, Read, wrong_type};
use crate::scenario::table::{read_table, table};
use crate::scenario::values::{
    Address, Backlog, BufferSize, ByOs, Bytes, CauseName, Count, Direction, ErrorName, LocalPort,
    Port, Readable, RecvWord, SocketName, Time, TimeRange, True, inline_schema,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use toml::Spanned;
use toml::de::DeValue;

table! {
    /// A step: one action, and what it must do.
    struct StepTable = "a step" {
        /// A name for the socket that `listen`, `accept`, `connect` or `bind` opens. A later step of the program may
        /// give it to another one.
        Optional "as" => name: SocketName,
        /// The name of the socket that the step works on. Left out: the program's latest connection; `listen`,
        /// `connect` and `bind` then open one, unless there is one that only `set` or `bind` has used.
        Optional "of" => of: SocketName,
        /// What the step must do. Without it the step may do anything, and what it did is in the report.
        Optional "expect" => expect: ExpectTable,
        /// A remark that the report prints.
        Optional "note" => note: String,
    }
    one of Verb = "one action", verb {
        /// Opens a listening socket on a port: `80`, or `{ port = 80, backlog = 1 }`.
        "listen" => Listen(ListenValue),
        /// Waits for a connection on a port that the program listens on, or on a listener by its name.
        "accept" => Accept(AcceptValue),
        /// Opens a connection: `"server:80"`.
        "connect" => Connect(Address),
        /// Sends a text in one call, or `{ bytes = 1000 }`.
        "send" => Send(SendValue),
        /// Receives: `"some"` in one call, a number of bytes, or up to end of file with `"eof"`.
        "recv" => Recv(RecvValue),
        /// Ends one direction or both.
        "shutdown" => Shutdown(Direction),
        /// Closes the socket.
        "close" => Close(True),
        /// Sets socket options, in the order of the file. Without `of`, between `bind` and the next `listen` or
        /// `connect` they are those of its socket; in a program without a connection, those of the socket that its
        /// next `bind`, `listen` or `connect` uses; else those of its latest connection.
        "set" => Set(Box<SetTable>),
        /// Takes the pending error, as `getsockopt` does.
        "get" => Get(Readable),
        /// Binds the socket that the next `connect` or `listen` uses to a port, or to an address and port:
        /// `"10.0.0.1:5000"`, `"client:5000"`. Port 0 stands for any free one.
        "bind" => Bind(BindValue),
        /// Waits.
        "sleep" => Sleep(Time),
    }
}

table! {
    /// What a step must do: at most one of `ok`, `bytes`, `eof`, `waits`, `cause` and `error`, and at most one of
    /// `after` and `at`.
    struct ExpectTable = "`expect`" {
        /// It succeeds.
        Optional "ok" => ok: True,
        /// It sends or receives that many bytes.
        Optional "bytes" => bytes: Bytes,
        /// It comes to end of file.
        Optional "eof" => eof: True,
        /// It never ends.
        Optional "waits" => waits: True,
        /// It fails for this reason, the same on every system.
        Optional "cause" => cause: CauseName,
        /// It fails with the error of this name, or by os: `{ windows = "WSAECONNRESET", linux = "ECONNRESET" }`.
        Optional "error" => error: ByOs<ErrorName>,
        /// How long it takes: `"21s"`, exact to the nanosecond, or `"20s..22s"`, both ends included, or by os:
        /// `{ windows-xp = "21s", linux = "131s" }`. The keys are profiles and families of systems, of which the
        /// profile counts first; for a system without an entry any time will do.
        Optional "after" => after: ByOs<TimeRange>,
        /// When it ends, since the start of the scenario; written as `after`.
        Optional "at" => at: ByOs<TimeRange>,
    }
}

table! {
    /// A listening socket.
    struct ListenTable = "`listen`" {
        /// The port.
        Required "port" => port: Port,
        /// How many connections wait to be accepted, as the program asks for it. Left out: as many as the system
        /// allows.
        Optional "backlog" => backlog: Backlog,
    }
}

table! {
    /// Bytes to send.
    struct SendTable = "`send`" {
        /// How many.
        Required "bytes" => bytes: Bytes,
        /// Whether the step goes on until all are taken; without it, it is one call. Default: false.
        Optional "all" => all: bool,
    }
}

table! {
    /// Socket options.
    struct SetTable = "`set`" {
        /// Whether keepalive probes are sent.
        Optional "SO_KEEPALIVE" => keep_alive: bool,
        /// Silence before the first keepalive probe.
        Optional "TCP_KEEPIDLE" => keep_idle: Time,
        /// Time between keepalive probes.
        Optional "TCP_KEEPINTVL" => keep_interval: Time,
        /// Unanswered keepalive probes that end the connection.
        Optional "TCP_KEEPCNT" => keep_count: Count,
        /// How long data may stay unacknowledged; `"0s"` leaves it to the system.
        Optional "TCP_USER_TIMEOUT" => user_timeout: Time,
        /// How long `close` waits for data to be acknowledged; `"0s"` makes it send a RST, `false` turns it off.
        Optional "SO_LINGER" => linger: Linger,
        /// Whether small segments are sent at once.
        Optional "TCP_NODELAY" => no_delay: bool,
        /// How long a receiving call waits; `"0s"`: for ever.
        Optional "SO_RCVTIMEO" => receive_timeout: Time,
        /// How long a sending call waits; `"0s"`: for ever.
        Optional "SO_SNDTIMEO" => send_timeout: Time,
        /// Bytes that wait to be read at most.
        Optional "SO_RCVBUF" => receive_buffer: BufferSize,
        /// Bytes that wait to be acknowledged at most.
        Optional "SO_SNDBUF" => send_buffer: BufferSize,
        /// Whether an address in TIME-WAIT can be bound to.
        Optional "SO_REUSEADDR" => reuse_address: bool,
    }
}

/// The value of `listen`.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::scenario) enum ListenValue {
    Port(Port),
    Table(ListenTable),
}

impl Read for ListenValue {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        match item.get_ref() {
            DeValue::Table(_) => read_table(item, problems).map(Self::Table),
            DeValue::Integer(_) => Port::read(item, problems).map(Self::Port),
            _ => {
                let expected = "a port or `{ port = 80, backlog = 1 }`";
                wrong_type(item, expected, problems);
                None
            }
        }
    }
}

inline_schema!(ListenValue, generator => any_of(&[
    generator.subschema_for::<Port>(),
    generator.subschema_for::<ListenTable>(),
]));

/// The value of `accept`.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::scenario) enum AcceptValue {
    Port(Port),
    Name(SocketName),
}

impl Read for AcceptValue {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        match item.get_ref() {
            DeValue::String(_) => SocketName::read(item, problems).map(Self::Name),
            DeValue::Integer(_) => Port::read(item, problems).map(Self::Port),
            _ => {
                wrong_type(item, "a port or a listener's name", problems);
                None
            }
        }
    }
}

inline_schema!(AcceptValue, generator => any_of(&[
    generator.subschema_for::<Port>(),
    generator.subschema_for::<SocketName>(),
]));

/// The value of `send`.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::scenario) enum SendValue {
    Text(String),
    Bytes(SendTable),
}

impl Read for SendValue {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        match item.get_ref() {
            DeValue::Table(_) => read_table(item, problems).map(Self::Bytes),
            DeValue::String(text) => Some(Self::Text(text.to_string())),
            DeValue::Integer(number) => {
                wrong_type(item, "a text or `{ bytes = 1000 }`", problems)
                    .help(format!("write `{{ bytes = {number} }}`"));
                None
            }
            _ => {
                wrong_type(item, "a text or `{ bytes = 1000 }`", problems);
                None
            }
        }
    }
}

inline_schema!(SendValue, generator => any_of(&[
    generator.subschema_for::<String>(),
    generator.subschema_for::<SendTable>(),
]));

/// The value of `recv`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::scenario) struct RecvValue(pub(in crate::scenario) RecvUntil);

impl Read for RecvValue {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        match item.get_ref() {
            DeValue::String(_) => RecvWord::read(item, problems).map(|word| Self(word.0)),
            DeValue::Integer(_) => {
                let count = Count::read(item, problems)?;
                Some(Self(RecvUntil::Bytes(count.0.into())))
            }
            _ => {
                let expected = "`\"some\"`, `\"eof\"` or a number of bytes";
                wrong_type(item, expected, problems);
                None
            }
        }
    }
}

inline_schema!(RecvValue, generator => any_of(&[
    generator.subschema_for::<RecvWord>(),
    generator.subschema_for::<Count>(),
]));

/// The value of `bind`.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::scenario) enum BindValue {
    Port(LocalPort),
    Address(Address),
}

impl Read for BindValue {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        if item.get_ref().is_integer() {
            return LocalPort::read(item, problems).map(Self::Port);
        }
        if item.get_ref().as_str().is_none() {
            let expected = "a port or an address such as `\"10.0.0.1:5000\"`";
            wrong_type(item, expected, problems);
        }
        let address = item.get_ref().as_str()?.to_owned();
        Some(Self::Address(Address(address)))
    }
}

inline_schema!(BindValue, generator => any_of(&[
    generator.subschema_for::<LocalPort>(),
    generator.subschema_for::<Address>(),
]));

/// The value of `SO_LINGER`; `None` turns it off.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::scenario) struct Linger(pub(in crate::scenario) Option<Time>);

impl Read for Linger {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        match item.get_ref() {
            DeValue::Boolean(false) => Some(Self(None)),
            DeValue::Boolean(true) => {
                wrong_type(item, "how long `close` lingers, or `false`", problems)
                    .help("write a duration: `\"0s\"` makes `close` send a RST");
                None
            }
            _ => Time::read(item, problems).map(|time| Self(Some(time))),
        }
    }
}

inline_schema!(Linger, generator => any_of(&[
    generator.subschema_for::<Time>(),
    json_schema!({ "const": false }),
]));

impl ListenValue {
    /// The port and the backlog; `None` if the port is wrong.
    pub(in crate::scenario) fn parts(&self) -> Option<(u16, Option<u32>)> {
        match self {
            Self::Port(port) => Some((port.0, None)),
            Self::Table(table) => {
                let backlog = table.backlog.value().map(|backlog| backlog.0);
                table.port.value().map(|port| (port.0, backlog))
            }
        }
    }
}

impl ExpectTable {
    /// The places of the keys that say how the step ends, in the order of the file.
    pub(in crate::scenario) fn results(&self) -> Vec<At<&'static str>> {
        let keys = [
            ("ok", self.ok.span()),
            ("bytes", self.bytes.span()),
            ("eof", self.eof.span()),
            ("waits", self.waits.span()),
            ("cause", self.cause.span()),
            ("error", self.error.span()),
        ];
        given(&keys)
    }

    /// The same for those that say when.
    pub(in crate::scenario) fn times(&self) -> Vec<At<&'static str>> {
        given(&[("after", self.after.span()), ("at", self.at.span())])
    }

    /// Whether it is `{}`.
    pub(in crate::scenario) fn is_empty(&self) -> bool {
        let Self {
            ok,
            bytes,
            eof,
            waits,
            cause,
            error,
            after,
            at,
        } = self;
        ok.is_absent()
            && bytes.is_absent()
            && eof.is_absent()
            && waits.is_absent()
            && cause.is_absent()
            && error.is_absent()
            && after.is_absent()
            && at.is_absent()
    }
}

fn given(
    keys: &[(&'static str, Option<crate::scenario::diagnostic::Span>)],
) -> Vec<At<&'static str>> {
    let mut given: Vec<At<&str>> = keys
        .iter()
        .filter_map(|(value, span)| {
            span.map(|span| At {
                value: *value,
                span,
            })
        })
        .collect();
    given.sort_by_key(|key| key.span);
    given
}

fn any_of(schemas: &[Schema]) -> Schema {
    json_schema!({ "anyOf": schemas })
}
