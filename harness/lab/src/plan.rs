//! One case of a scenario, resolved and ready to run: what every engine takes.
//!
//! The file format has its own types in [`crate::scenario`]; here names have become indices, durations nanoseconds
//! and the matrix one choice. Two files that mean the same give the same plan.
//!
//! ```
//! use halfopen::plan::Action;
//! use halfopen::scenario;
//!
//! # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/connect/timed-out.toml");
//! let scenario = scenario::load(file).expect("the file has no mistakes");
//! for plan in scenario.cases() {
//!     let client = plan.hosts.iter().find(|host| host.name == "client").expect("it has one");
//!     assert!(matches!(client.programs[0].steps[0].action, Action::Connect { port: 80, .. }));
//! }
//! ```

use crate::link::LinkFigures;
use halfopen_tcp::profile::settings::SettingValue;
use halfopen_tcp::wire::{Flags, IcmpKind};
use halfopen_tcp::{Call, Cause, Instant, Profile};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// A host, as an index into [`Plan::hosts`].
pub type HostIndex = usize;

/// The address of a host: 10.0.0.1 for the first in order of names, 10.0.0.2 for the second, and so on. Scenario
/// files may write it where a host's name is meant.
pub fn address(host: HostIndex) -> Ipv4Addr {
    let offset = u32::try_from(host)
        .expect("a file of 1 MiB names fewer hosts than 10.0.0.0/8 has addresses");
    Ipv4Addr::from_bits(0x0a00_0001 + offset)
}

/// A name for a socket within one program, as an index into [`ProgramPlan::names`].
pub type NameIndex = usize;

/// One case of a scenario.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file's path below the folder that was named, without `.toml`: `connect/timed-out`.
    pub scenario: String,
    /// The file's title.
    pub title: String,
    /// The file's prose.
    pub why: String,
    /// The matrix's choice: host name and profile name, in the order of the file.
    pub case: Vec<(String, String)>,
    /// The hosts, in order of their names, so that the order in the file does not matter.
    pub hosts: Vec<HostPlan>,
    /// The figures of every link that `between` does not name.
    pub link: LinkFigures,
    /// The figures of the links between two hosts, the same in both directions, the lower index first.
    pub between: Vec<((HostIndex, HostIndex), LinkFigures)>,
    /// The faults in order of their time; those of one time in the order of the file.
    pub timeline: Vec<TimedFault>,
    /// When the scenario ends at the latest, and normally.
    pub until: Option<Instant>,
    /// What must not be exceeded.
    pub limits: Limits,
}

impl Plan {
    /// What the case is called among those of its scenario and of all others: `connect/timed-out client=linux`.
    pub fn case_name(&self) -> String {
        let mut name = self.scenario.clone();
        for (host, os) in &self.case {
            name += &format!(" {host}={os}");
        }
        name
    }
}

/// Bounds on a run. Reaching one ends it as `unfinished`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Virtual time. Default: 3 hours.
    pub time: Duration,
    /// Events of the engine. Default: 1,000,000.
    pub events: u64,
}

impl Limits {
    /// What holds where a file says nothing.
    pub const DEFAULT: Self = Self {
        time: Duration::from_secs(3 * 3600),
        events: 1_000_000,
    };
}

/// One machine.
#[derive(Clone, Debug)]
pub struct HostPlan {
    /// Its name.
    pub name: String,
    /// Its operating system with its settings applied.
    pub profile: Arc<Profile>,
    /// The settings as the file has them for this system, for engines that set them on a real machine.
    pub settings: Vec<(String, SettingValue)>,
    /// Its programs in order of their names, except that `main` comes first.
    pub programs: Vec<ProgramPlan>,
}

/// One program of a host.
#[derive(Clone, Debug)]
pub struct ProgramPlan {
    /// Its name; `main` for the steps directly under the host.
    pub name: String,
    /// When it starts.
    pub start: Instant,
    /// Whether it starts again, from its first step, when the machine boots.
    pub on_boot: bool,
    /// The socket names that its steps use.
    pub names: Vec<String>,
    /// What it does, one after another.
    pub steps: Vec<Step>,
}

/// One step of a program.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// The name it gives to the socket it opens (`as`).
    pub opens: Option<NameIndex>,
    /// The name it works on (`of`); `None`: the program's latest connection.
    pub on: Option<NameIndex>,
    /// What it must do; `None`: anything.
    pub expect: Option<Expect>,
    /// A remark for the reader, printed in the report.
    pub note: Option<String>,
    /// The step's value as reports show it: `server:80`, `1000 bytes`, `"hello"`, `eof`.
    pub detail: String,
}

/// What a step does.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Opens a listening socket.
    Listen {
        /// The local port.
        port: u16,
        /// Its backlog; `None`: the system's largest.
        backlog: Option<u32>,
    },
    /// Waits for a connection.
    Accept(Listener),
    /// Opens a connection.
    Connect {
        /// The peer.
        host: HostIndex,
        /// Its port.
        port: u16,
    },
    /// Sends.
    Send {
        /// What.
        data: Payload,
        /// Whether the step waits until all of it is taken; if not, it is one call.
        all: bool,
    },
    /// Receives.
    Recv(RecvUntil),
    /// Shuts one or both directions down.
    Shutdown(halfopen_tcp::Shutdown),
    /// Closes the socket.
    Close,
    /// Sets socket options, in the order of the file. Before there is a connection it makes the socket that the next
    /// `connect` or `listen` uses, as `bind` does.
    Set(Vec<halfopen_tcp::SocketOption>),
    /// Reads and clears `SO_ERROR`.
    GetError,
    /// Binds the socket that the next `connect` or `listen` uses.
    Bind {
        /// The local host whose address is meant; `None`: any address.
        host: Option<HostIndex>,
        /// The local port; 0: any.
        port: u16,
    },
    /// Waits.
    Sleep(Duration),
}

impl Action {
    /// The name of the step's key in the file, which is also what reports call it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "listen",
            Self::Accept(_) => "accept",
            Self::Connect { .. } => "connect",
            Self::Send { .. } => "send",
            Self::Recv(_) => "recv",
            Self::Shutdown(_) => "shutdown",
            Self::Close => "close",
            Self::Set(_) => "set",
            Self::GetError => "get",
            Self::Bind { .. } => "bind",
            Self::Sleep(_) => "sleep",
        }
    }

    /// The socket calls whose errors the step can end with, the one that it is named after last.
    pub const fn calls(&self) -> &'static [Call] {
        match self {
            Self::Listen { .. } => &[Call::Bind, Call::Listen],
            Self::Accept(_) => &[Call::Accept],
            Self::Connect { .. } => &[Call::Connect],
            Self::Send { .. } => &[Call::Send],
            Self::Recv(_) => &[Call::Recv],
            Self::Shutdown(_) => &[Call::Shutdown],
            Self::Close => &[Call::Close],
            Self::Set(_) => &[Call::SetOption],
            Self::GetError => &[Call::GetOption],
            Self::Bind { .. } => &[Call::Bind],
            Self::Sleep(_) => &[],
        }
    }
}

/// Which listener an `accept` means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listener {
    /// The program's listener on that port.
    Port(u16),
    /// The listener of that name.
    Named(NameIndex),
}

/// What is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Payload {
    /// These bytes.
    Text(String),
    /// That many bytes; the byte at offset `i` is `i % 251`, so that a misplaced one shows.
    Bytes(u64),
}

impl Payload {
    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Bytes(len) => *len,
        }
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How long a `recv` step goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecvUntil {
    /// One call.
    Some,
    /// Until that many bytes have come.
    Bytes(u64),
    /// Until end of file; what comes before it is read and counted.
    Eof,
}

/// What a step must do.
#[derive(Clone, PartialEq, Debug)]
pub struct Expect {
    /// How it must end; `None`: in any way.
    pub result: Option<ExpectResult>,
    /// When it must end; `None`: at any time.
    pub time: Option<ExpectTime>,
}

/// How a step must end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExpectResult {
    /// Without an error.
    Ok,
    /// With that many bytes.
    Bytes(u64),
    /// At end of file.
    Eof,
    /// Never.
    Waits,
    /// With that cause.
    Cause(Cause),
    /// With the error of that name, which the case's system has.
    Error(String),
}

/// When a step must end: within `from..=to`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExpectTime {
    /// What it counts from.
    pub since: Since,
    /// The earliest, inclusive.
    pub from: Duration,
    /// The latest, inclusive; equal to `from` for an exact time.
    pub to: Duration,
}

/// What an expected time counts from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Since {
    /// The step's beginning (`after`).
    Step,
    /// The scenario's beginning (`at`).
    Start,
}

/// A fault and its time.
#[derive(Clone, PartialEq, Debug)]
pub struct TimedFault {
    /// When.
    pub at: Instant,
    /// What.
    pub fault: Fault,
}

/// A change to the network or to a machine.
#[derive(Clone, PartialEq, Debug)]
pub enum Fault {
    /// Both directions drop everything, what is in flight included.
    Partition(HostIndex, HostIndex),
    /// Undoes partition and block.
    Heal(HostIndex, HostIndex),
    /// One direction drops everything, what is in flight included.
    Block {
        /// Sender.
        from: HostIndex,
        /// Receiver.
        to: HostIndex,
    },
    /// Packets of both directions wait.
    Hold(HostIndex, HostIndex),
    /// They are delivered in order.
    Release(HostIndex, HostIndex),
    /// New figures for both directions.
    Link {
        /// Between these two.
        hosts: (HostIndex, HostIndex),
        /// All the link's figures from now on.
        figures: LinkFigures,
    },
    /// The next matching segments are dropped.
    Drop {
        /// Sender.
        from: HostIndex,
        /// Receiver.
        to: HostIndex,
        /// Exactly these flags; `None`: any segment.
        flags: Option<Flags>,
        /// How many.
        count: u32,
        /// How many matching ones pass first.
        skip: u32,
    },
    /// A middlebox sends both ends of every connection between the two a RST.
    Reset {
        /// One side.
        from: HostIndex,
        /// The other.
        to: HostIndex,
    },
    /// A firewall in front of a host answers what goes to a port.
    Reject {
        /// The host behind it.
        host: HostIndex,
        /// The port; `None`: all.
        port: Option<u16>,
        /// Which segments.
        segments: Rejected,
        /// The answer.
        with: RejectWith,
    },
    /// The sender has no route to the receiver.
    Unroute {
        /// Whose route.
        from: HostIndex,
        /// To whom.
        to: HostIndex,
    },
    /// It has one again.
    Route {
        /// Whose route.
        from: HostIndex,
        /// To whom.
        to: HostIndex,
    },
    /// The host's programs die; its kernel lives on.
    Kill(HostIndex),
    /// The machine is gone, silently.
    PowerOff(HostIndex),
    /// It comes up with an empty kernel and the programs that have `on_boot`.
    Boot(HostIndex),
    /// Its programs stop.
    Pause(HostIndex),
    /// They go on.
    Resume(HostIndex),
}

/// Which segments a firewall answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rejected {
    /// The SYNs that open connections.
    Syns,
    /// All, those of established connections too.
    All,
}

/// What a firewall answers a segment with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RejectWith {
    /// Nothing more: the rule is taken away, whatever it answered.
    Accept,
    /// Silence.
    Drop,
    /// A RST that looks as if it came from the host.
    Reset,
    /// An ICMP error.
    Icmp(IcmpKind),
}
