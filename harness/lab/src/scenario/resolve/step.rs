//! The steps of one program, in their order: which socket each of them means.

use super::detail::detail;
use super::hosts::Hosts;
use crate::plan::{Action, Listener, NameIndex, Payload, Step};
use crate::scenario::diagnostic::{Code, Problems, Span, quoted};
use crate::scenario::file::step::{AcceptValue, BindValue, SendValue, SetTable, StepTable, Verb};
use crate::scenario::read::{At, Field};
use crate::scenario::values::SocketName;
use halfopen_tcp::SocketOption;
use std::collections::{BTreeMap, BTreeSet};

/// What a program has opened by the time of a step.
pub(super) struct Flow<'a, 'f> {
    hosts: &'a Hosts<'f>,
    /// Every name of the program, in order of first use.
    names: Vec<String>,
    /// What they mean now.
    open: BTreeMap<&'a str, (NameIndex, Kind)>,
    /// Where each name is given first.
    given: BTreeMap<&'a str, Span>,
    /// The ports the program listens on.
    ports: BTreeSet<u16>,
    /// Whether there is a connection that steps without `of` work on.
    connection: bool,
    /// Whether there is a socket that the next `connect` or `listen` uses.
    unused_socket: bool,
    /// Whether a step could not be read, so that what it opened is not known.
    lost_socket: bool,
    /// Whether a name could not be read.
    lost_name: bool,
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Listener,
    Connection,
    /// A socket that is bound and no more, or that a step opened that could not be read.
    Either,
}

impl<'a, 'f> Flow<'a, 'f> {
    pub(super) fn new(hosts: &'a Hosts<'f>, steps: &'a [Field<StepTable>]) -> Self {
        let mut given = BTreeMap::new();
        for name in steps
            .iter()
            .filter_map(Field::value)
            .filter_map(|s| s.name.given())
        {
            given.entry(name.value.0.as_str()).or_insert(name.span);
        }
        Self {
            hosts,
            names: Vec::new(),
            open: BTreeMap::new(),
            given,
            ports: BTreeSet::new(),
            connection: false,
            unused_socket: false,
            lost_socket: false,
            lost_name: false,
        }
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }

    /// Resolves the next step; `None` if it is wrong, which has been reported then.
    pub(super) fn step<'s>(
        &mut self,
        step: &'s Field<StepTable>,
        problems: &mut Problems,
    ) -> Option<(Step, &'s StepTable)>
    where
        's: 'a,
    {
        let Some(table) = step.value() else {
            (self.lost_socket, self.lost_name) = (true, true);
            return None;
        };
        self.lost_name |= table.name.is_invalid();
        let Some(verb) = table.verb.given() else {
            self.lost_socket = true;
            self.open(table, Kind::Either);
            return None;
        };
        let on = self.target(table, verb, problems);
        let action = self.action(verb, problems);
        let opens = self.effect(&verb.value, table, problems);
        let action = action?;
        let detail = detail(&action, self.hosts, &self.names);
        let note = table.note.value().cloned();
        let step = Step {
            action,
            opens,
            on,
            expect: None,
            note,
            detail,
        };
        Some((step, table))
    }

    /// The socket that the step works on, if `of` names it.
    fn target(
        &self,
        table: &StepTable,
        verb: &At<Verb>,
        problems: &mut Problems,
    ) -> Option<NameIndex> {
        let uses = match &verb.value {
            Verb::Send(_) | Verb::Recv(_) | Verb::Shutdown(_) | Verb::Close(_) => Use::Connection,
            Verb::Get(_) if !self.unused_socket => Use::Connection,
            Verb::Get(_) | Verb::Set(_) => Use::Any,
            Verb::Listen(_) | Verb::Connect(_) | Verb::Bind(_) => Use::Any,
            Verb::Accept(_) | Verb::Sleep(_) => Use::Nothing,
        };
        match (&table.of, uses) {
            (Field::Given(of), Use::Nothing) => {
                problems
                    .report(Code::ConflictingKeys, of.span, "this action takes no `of`")
                    .help("`accept` has its listener as its value, and `sleep` needs no socket");
                None
            }
            (Field::Given(of), Use::Connection | Use::Any) => self
                .socket(&of.value.0, of.span, problems)
                .map(|(index, _)| index),
            (Field::Absent, Use::Connection) if !self.connection && !self.lost_socket => {
                let report = problems.report(
                    Code::UnknownSocket,
                    verb.span,
                    "the program has no connection here",
                );
                let listeners = self
                    .open
                    .iter()
                    .filter(|(_, (_, kind))| *kind == Kind::Listener);
                match listeners.map(|(name, _)| name).next() {
                    Some(name) => {
                        report.help(format!("write `of = \"{name}\"` to mean the listener"))
                    }
                    None => report.help("open one first, with `connect` or `accept`"),
                };
                None
            }
            _ => None,
        }
    }

    /// The socket of that name, or a report that no earlier step opened it.
    fn socket(&self, name: &str, span: Span, problems: &mut Problems) -> Option<(NameIndex, Kind)> {
        let found = self.open.get(name).copied();
        if found.is_none() && !self.lost_name {
            let known = self.open.keys().copied();
            let report = problems.unknown(Code::UnknownSocket, span, "socket", name, known);
            report.message = format!("no earlier step opened {}", quoted(name));
            if let Some(later) = self.given.get(name) {
                report.also(*later, "it is opened only here").help = None;
            }
        }
        found
    }

    fn action(&self, verb: &At<Verb>, problems: &mut Problems) -> Option<Action> {
        Some(match &verb.value {
            Verb::Listen(value) => {
                let (port, backlog) = value.parts()?;
                Action::Listen { port, backlog }
            }
            Verb::Accept(value) => Action::Accept(self.listener(value, verb.span, problems)?),
            Verb::Connect(to) => {
                let (host, port) = self.hosts.endpoint(&to.0, 1, verb.span, problems)?;
                let Some(host) = host else {
                    let message = "0.0.0.0 is not an address to connect to";
                    problems.report(Code::InvalidAddress, verb.span, message);
                    return None;
                };
                Action::Connect { host, port }
            }
            Verb::Send(SendValue::Text(text)) => Action::Send {
                data: Payload::Text(text.clone()),
                all: false,
            },
            Verb::Send(SendValue::Bytes(table)) => Action::Send {
                data: Payload::Bytes(table.bytes.value()?.0),
                all: table.all.value().copied().unwrap_or(false),
            },
            Verb::Recv(value) => Action::Recv(value.0),
            Verb::Shutdown(direction) => Action::Shutdown(direction.0),
            Verb::Close(_) => Action::Close,
            Verb::Set(table) => Action::Set(options(table, verb.span, problems)),
            Verb::Get(_) => Action::GetError,
            Verb::Bind(BindValue::Port(port)) => Action::Bind {
                host: None,
                port: port.0,
            },
            Verb::Bind(BindValue::Address(text)) => {
                let (host, port) = self.hosts.endpoint(&text.0, 0, verb.span, problems)?;
                Action::Bind { host, port }
            }
            Verb::Sleep(time) => Action::Sleep(time.0),
        })
    }

    fn listener(
        &self,
        value: &AcceptValue,
        span: Span,
        problems: &mut Problems,
    ) -> Option<Listener> {
        match value {
            AcceptValue::Port(port) if self.ports.contains(&port.0) => Some(Listener::Port(port.0)),
            AcceptValue::Port(_) if self.lost_socket => None,
            AcceptValue::Port(port) => {
                let message = format!("the program does not listen on port {} here", port.0);
                let report = problems.report(Code::NoListener, span, message);
                let ports: Vec<String> = self.ports.iter().map(u16::to_string).collect();
                match ports.as_slice() {
                    [] => report.help(format!(
                        "add the step `{{ listen = {} }}` before it",
                        port.0
                    )),
                    ports => report.help(format!("it listens on {}", ports.join(", "))),
                };
                None
            }
            AcceptValue::Name(SocketName(name)) => {
                let (index, kind) = self.socket(name, span, problems)?;
                if kind == Kind::Connection {
                    let message = format!("{} is a connection, not a listener", quoted(name));
                    problems.report(Code::NoListener, span, message);
                    return None;
                }
                Some(Listener::Named(index))
            }
        }
    }

    /// What the step opens; the index of the name it gives.
    fn effect(
        &mut self,
        verb: &'a Verb,
        table: &'a StepTable,
        problems: &mut Problems,
    ) -> Option<NameIndex> {
        match verb {
            Verb::Listen(value) => {
                let port = value.parts().map(|(port, _)| port);
                self.lost_socket |= port.is_none();
                self.ports.extend(port);
                self.unused_socket = false;
                self.open(table, Kind::Listener)
            }
            Verb::Accept(_) | Verb::Connect(_) => {
                self.unused_socket &= matches!(verb, Verb::Accept(_));
                self.connection = true;
                self.open(table, Kind::Connection)
            }
            Verb::Bind(_) => {
                self.unused_socket = true;
                self.open(table, Kind::Either)
            }
            Verb::Set(_) => {
                let opens = !self.connection && !self.unused_socket && table.of.is_absent();
                self.unused_socket |= opens;
                if opens {
                    self.open(table, Kind::Either)
                } else {
                    self.opens_nothing(table, problems)
                }
            }
            Verb::Send(_) | Verb::Recv(_) | Verb::Shutdown(_) | Verb::Close(_) => {
                self.opens_nothing(table, problems)
            }
            Verb::Get(_) | Verb::Sleep(_) => self.opens_nothing(table, problems),
        }
    }

    fn opens_nothing(&self, table: &StepTable, problems: &mut Problems) -> Option<NameIndex> {
        if let Some(name) = table.name.given() {
            problems
                .report(Code::ConflictingKeys, name.span, "this action opens nothing to name")
                .help("`as` goes with what opens a socket: `listen`, `accept`, `connect`, `bind`; `of` names what a step works on");
        }
        None
    }

    /// Gives the socket its name. One that had a name already keeps it, but may be something else now.
    fn open(&mut self, table: &'a StepTable, kind: Kind) -> Option<NameIndex> {
        if let Some(known) = table
            .of
            .value()
            .and_then(|of| self.open.get_mut(of.0.as_str()))
        {
            known.1 = kind;
        }
        let name = table.name.value()?.0.as_str();
        let known = self.open.get(name).map(|(index, _)| *index);
        let index = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        self.open.insert(name, (index, kind));
        Some(index)
    }
}

/// What a step works on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// No socket.
    Nothing,
    /// An open socket.
    Connection,
    /// An open socket, or a new one.
    Any,
}

/// The options in the order of the file.
fn options(table: &SetTable, span: Span, problems: &mut Problems) -> Vec<SocketOption> {
    let SetTable {
        keep_alive,
        keep_idle,
        keep_interval,
        keep_count,
        user_timeout,
        linger,
        no_delay,
        receive_timeout,
        send_timeout,
        receive_buffer,
        send_buffer,
        reuse_address,
    } = table;
    let fields = [
        keep_alive.map(SocketOption::KeepAlive),
        keep_idle.map(|time| SocketOption::KeepIdle(time.0)),
        keep_interval.map(|time| SocketOption::KeepInterval(time.0)),
        keep_count.map(|count| SocketOption::KeepCount(count.0)),
        user_timeout.map(|time| SocketOption::UserTimeout(time.0)),
        linger.map(|linger| SocketOption::Linger(linger.0.map(|time| time.0))),
        no_delay.map(SocketOption::NoDelay),
        receive_timeout.map(|time| SocketOption::ReceiveTimeout(time.0)),
        send_timeout.map(|time| SocketOption::SendTimeout(time.0)),
        receive_buffer.map(|size| SocketOption::ReceiveBuffer(size.0)),
        send_buffer.map(|size| SocketOption::SendBuffer(size.0)),
        reuse_address.map(SocketOption::ReuseAddress),
    ];
    if fields.iter().all(Field::is_absent) && !problems.has_within(span) {
        problems.report(Code::MissingKey, span, "`set` has no option");
    }
    let mut given: Vec<&At<SocketOption>> = fields.iter().filter_map(Field::given).collect();
    given.sort_by_key(|option| option.span);
    given.into_iter().map(|option| option.value).collect()
}
