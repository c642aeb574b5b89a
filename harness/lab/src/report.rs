//! What a run looks like to people and to programs.
//!
//! The human form has one event a line, in the order of time, in columns whose widths depend only on the names of the
//! hosts. It is the text that snapshots keep: a reviewer sees in a diff that an error arrives ten seconds later.
//!
//! - A packet: when it was sent, from whom to whom, what it is, the how-manieth retransmission, and when it arrives or
//!   why it is lost. Sequence numbers count from the sender's SYN; `seq 1..101` are the bytes from 1 up to, not
//!   including, 101.
//! - A call that ended: when, on which host, and how, with the system's own text below; `after` says how long it took,
//!   in the form that a scenario's `after` takes.
//! - A fault: `--` and what the timeline says.
//! - At the end the calls that still wait, and the verdict.

mod collapse;
mod faults;
mod flow;
mod json;
mod packets;
pub(crate) mod steps;
pub(crate) mod text;

use crate::outcome::{LimitReached, Outcome, PacketRecord, Verdict};
use crate::plan::Plan;
use faults::FaultTexts;
use packets::PacketTexts;
use std::fmt;
use text::{INDENT, seconds, stamped, wrapped};

/// One run, ready to be read.
///
/// Its `Display` is the form for snapshots, [`Detail::Packets`].
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    plan: &'a Plan,
    outcome: &'a Outcome,
    path: Option<&'a str>,
}

/// How much of a run the human form shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Detail {
    /// What the programs saw, and the faults.
    Steps,
    /// And the packets; long runs of packets to which nothing happens become a line a direction.
    Packets,
    /// And every packet.
    EveryPacket,
}

/// One line of the human form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What it says, so that a terminal can colour it.
    pub kind: LineKind,
    /// The line, without its end.
    pub text: String,
}

/// What a line of the human form says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineKind {
    /// The scenario and its hosts.
    Header,
    /// Nothing: it parts.
    Blank,
    /// A fault took effect.
    Fault,
    /// A packet that arrives, or several.
    Packet,
    /// A packet that does not.
    LostPacket,
    /// A call that succeeded.
    Ok,
    /// A call that failed.
    Error,
    /// A call that still waits.
    Waiting,
    /// The text of the error above, or the scenario's note.
    Remark,
    /// The call above did not do what the scenario expects.
    Mismatch,
    /// The end of a run that passed.
    Passed,
    /// The end of a run that did not, and how to repeat it.
    Failed,
}

impl<'a> Report<'a> {
    /// The report of what came of running `plan`.
    pub fn new(plan: &'a Plan, outcome: &'a Outcome) -> Self {
        Self {
            plan,
            outcome,
            path: None,
        }
    }

    /// Says which file the scenario is from, so that a failure can say how to repeat the run. Without it the file is
    /// taken to be in the folder `scenarios`.
    pub fn with_path(self, path: &'a str) -> Self {
        Self {
            path: Some(path),
            ..self
        }
    }

    /// The JSON form: one object on one line, without the line's end. The packets are there if `packets` is set and the
    /// run recorded them.
    pub fn to_json(&self, packets: bool) -> String {
        json::to_json(self.plan, self.outcome, packets)
    }

    /// The human form, line by line.
    pub fn lines(&self, detail: Detail) -> Vec<Line> {
        let mut lines = vec![Line::new(LineKind::Header, self.header()), Line::blank()];
        self.event_lines(detail, &mut lines);
        for (index, step) in self.outcome.steps.iter().enumerate() {
            if step.end.is_none() {
                steps::lines(self.plan, self.outcome, index, &mut lines);
            }
        }
        self.end_lines(&mut lines);
        lines
    }

    /// The human form with that much detail.
    pub fn display(&self, detail: Detail) -> impl fmt::Display + use<> {
        Lines(self.lines(detail))
    }

    /// Why the run did not pass: the header, the calls that did not do what the scenario expects, those that still
    /// wait in a run without an end, and how to repeat it.
    pub fn failure_lines(&self) -> Vec<Line> {
        let mut lines = vec![Line::new(LineKind::Header, self.header())];
        let unfinished = matches!(self.outcome.verdict, Verdict::Unfinished(_));
        for (index, step) in self.outcome.steps.iter().enumerate() {
            if step.mismatch.is_some() || (unfinished && step.end.is_none()) {
                steps::lines(self.plan, self.outcome, index, &mut lines);
            }
        }
        self.end_lines(&mut lines);
        lines
    }

    /// The command that repeats this run.
    pub fn replay_command(&self) -> String {
        let path = match self.path {
            Some(path) => quoted(path),
            None => quoted(&format!("scenarios/{}.toml", self.plan.scenario)),
        };
        let mut command = format!("halfopen run {path}");
        for (host, os) in &self.plan.case {
            command += &format!(" --filter {}", quoted(&format!("{host}={os}")));
        }
        command + &format!(" --seed {}", self.outcome.seed)
    }

    fn header(&self) -> String {
        let hosts: Vec<_> = self.plan.hosts.iter().map(os_of_host).collect();
        let (scenario, seed) = (&self.plan.scenario, self.outcome.seed);
        format!("{scenario}  {}  seed {seed}", hosts.join(" "))
    }

    fn event_lines(&self, detail: Detail, lines: &mut Vec<Line>) {
        let records = match detail {
            Detail::Steps => &[],
            Detail::Packets | Detail::EveryPacket => self.outcome.packets.as_slice(),
        };
        let packets = PacketTexts::new(self.plan, records);
        let faults = FaultTexts::new(self.plan);
        let events = self.events(records);
        let mut rest = events.as_slice();
        while let [event, after @ ..] = rest {
            let quiet = if detail == Detail::Packets {
                collapse::quiet_run(rest, &packets)
            } else {
                0
            };
            if quiet > 0 {
                collapse::summary_lines(&rest[..quiet], &packets, lines);
                rest = &rest[quiet..];
                continue;
            }
            match event.what {
                What::Fault(index) => lines.push(Line::new(
                    LineKind::Fault,
                    stamped(event.at, &faults.text(index)),
                )),
                What::Step(index) => steps::lines(self.plan, self.outcome, index, lines),
                What::Packet(index) => lines.push(packets.line(index)),
            }
            rest = after;
        }
    }

    /// Everything with a time, in order. At the same time faults come first and packets last: a fault decides what
    /// calls and packets do, and a call sends the packets.
    fn events(&self, records: &[PacketRecord]) -> Vec<Event> {
        let outcome = self.outcome;
        let faults = outcome
            .faults
            .iter()
            .map(|&(at, index)| Event::new(at, What::Fault(index)));
        let ended = outcome
            .steps
            .iter()
            .enumerate()
            .filter_map(|(index, step)| Some(Event::new(step.end?.0, What::Step(index))));
        let sent = records
            .iter()
            .enumerate()
            .map(|(index, packet)| Event::new(packet.at, What::Packet(index)));
        let mut events: Vec<_> = faults.chain(ended).chain(sent).collect();
        events.sort_by_key(|event| (event.at, event.what.rank()));
        events
    }

    fn end_lines(&self, lines: &mut Vec<Line>) {
        let (outcome, limits) = (self.outcome, &self.plan.limits);
        let (kind, text) = match outcome.verdict {
            Verdict::Passed => (LineKind::Passed, "end: passed".to_owned()),
            Verdict::Failed => (LineKind::Failed, self.failure()),
            Verdict::Unfinished(limit) => {
                let limit = match limit {
                    LimitReached::Time => format!("{} of virtual time", seconds(limits.time)),
                    LimitReached::Events => format!("{} events", limits.events),
                    LimitReached::Memory => "memory".to_owned(),
                };
                let text = format!("end: unfinished, it reached the limit of {limit}");
                (LineKind::Failed, text)
            }
        };
        lines.push(Line::new(kind, stamped(outcome.end, &text)));
        if outcome.verdict != Verdict::Passed {
            let command = format!("{INDENT}again: {}", self.replay_command());
            lines.push(Line::new(LineKind::Failed, command));
        }
    }

    fn failure(&self) -> String {
        let broken = self.outcome.steps.iter().filter(|s| s.mismatch.is_some());
        match broken.count() {
            1 => "end: failed, one expectation does not hold".to_owned(),
            n => format!("end: failed, {n} expectations do not hold"),
        }
    }
}

/// The human form with [`Detail::Packets`].
impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.display(Detail::Packets).fmt(f)
    }
}

impl Line {
    fn new(kind: LineKind, text: String) -> Self {
        Self { kind, text }
    }

    /// An empty line.
    pub fn blank() -> Self {
        Self::new(LineKind::Blank, String::new())
    }

    /// Text of any length below an event, wrapped and indented.
    fn below(kind: LineKind, text: &str) -> impl Iterator<Item = Self> {
        wrapped(text).into_iter().map(move |line| Self {
            kind,
            text: format!("{INDENT}{line}"),
        })
    }
}

struct Lines(Vec<Line>);

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|line| writeln!(f, "{}", line.text))
    }
}

/// Something with a time: a line, or several.
#[derive(Clone, Copy, Debug)]
struct Event {
    at: halfopen_tcp::Instant,
    what: What,
}

/// What happened, as an index into the plan's timeline or the outcome's lists.
#[derive(Clone, Copy, Debug)]
enum What {
    Fault(usize),
    Step(usize),
    Packet(usize),
}

impl Event {
    fn new(at: halfopen_tcp::Instant, what: What) -> Self {
        Self { at, what }
    }
}

impl What {
    fn rank(self) -> u8 {
        match self {
            Self::Fault(_) => 0,
            Self::Step(_) => 1,
            Self::Packet(_) => 2,
        }
    }
}

/// The word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '=');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn os_of_host(host: &crate::plan::HostPlan) -> String {
    format!("{}={}", host.name, host.profile.name)
}
