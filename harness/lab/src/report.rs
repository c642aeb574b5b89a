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
//! - At the top the settings and links that are not as by default; at the end the calls that still wait, and the
//!   verdict.

pub(crate) mod collapse;
pub(crate) mod faults;
mod flow;
pub(crate) mod frame;
mod json;
pub(crate) mod packets;
pub(crate) mod steps;
pub(crate) mod text;
pub(crate) mod timeline;

use crate::outcome::{Outcome, Verdict};
use crate::plan::Plan;
use std::fmt;
use text::{INDENT, word, wrapped};

/// One run, ready to be read.
///
/// Its `Display` is the form for snapshots, [`Detail::Packets`].
///
/// ```
/// use halfopen::Report;
/// use halfopen::engine::{Options, event};
/// use halfopen::report::Detail;
/// use halfopen::scenario;
///
/// # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/connect/timed-out.toml");
/// let scenario = scenario::load(file).expect("the file has no mistakes");
/// let plan = scenario.cases().next().expect("a scenario has at least one case");
/// let outcome = event::run(&plan, 0, &Options { packets: true });
/// let report = Report::new(&plan, &outcome);
/// assert!(report.to_string().contains("retry 2"));
/// assert!(!report.display(Detail::Steps).to_string().contains("retry 2"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    plan: &'a Plan,
    outcome: &'a Outcome,
    path: Option<&'a str>,
}

/// How much of a run the human form shows.
///
/// ```
/// use halfopen::report::Detail;
///
/// assert!(Detail::Steps < Detail::Packets && Detail::Packets < Detail::EveryPacket);
/// ```
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
///
/// ```
/// use halfopen::Report;
/// use halfopen::engine::{Options, event};
/// use halfopen::report::{Detail, LineKind};
/// use halfopen::scenario;
///
/// # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/refused/closed-port.toml");
/// let scenario = scenario::load(file).expect("the file has no mistakes");
/// let plan = scenario.cases().next().expect("a scenario has at least one case");
/// let outcome = event::run(&plan, 0, &Options { packets: true });
/// let lines = Report::new(&plan, &outcome).lines(Detail::Steps);
/// assert_eq!(lines.last().map(|line| line.kind), Some(LineKind::Passed));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What it says, so that a terminal can colour it.
    pub kind: LineKind,
    /// The line, without its end.
    pub text: String,
}

/// What a line of the human form says; see [`Line`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineKind {
    /// The scenario and its hosts.
    Header,
    /// A setting or a link that is not as by default.
    Setting,
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
        let mut lines = frame::head(self.plan, self.outcome);
        lines.push(Line::blank());
        timeline::lines(self.plan, self.outcome, detail, &mut lines);
        for (index, step) in self.outcome.steps.iter().enumerate() {
            if step.end.is_none() {
                steps::lines(self.plan, self.outcome, index, &mut lines);
            }
        }
        lines.extend(frame::end(self));
        lines
    }

    /// The human form with that much detail.
    pub fn display(&self, detail: Detail) -> impl fmt::Display + use<> {
        Lines(self.lines(detail))
    }

    /// Why the run did not pass: the header, the calls that did not do what the scenario expects, those that still
    /// wait in a run without an end, and how to repeat it.
    pub fn failure_lines(&self) -> Vec<Line> {
        let mut lines = frame::head(self.plan, self.outcome);
        let unfinished = matches!(self.outcome.verdict, Verdict::Unfinished(_));
        for (index, step) in self.outcome.steps.iter().enumerate() {
            if step.mismatch.is_some() || (unfinished && step.end.is_none()) {
                steps::lines(self.plan, self.outcome, index, &mut lines);
            }
        }
        lines.extend(frame::end(self));
        lines
    }

    /// The command that repeats this run.
    pub fn replay_command(&self) -> String {
        let path = match self.path {
            Some(path) => word(path),
            None => word(&format!("scenarios/{}.toml", self.plan.scenario)),
        };
        let mut command = format!("halfopen run {path}");
        for (host, os) in &self.plan.case {
            command += &format!(" --filter {}", word(&format!("{host}={os}")));
        }
        command + &format!(" --seed {}", self.outcome.seed)
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
