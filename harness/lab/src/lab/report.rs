//! What came of a lab's run.

use crate::outcome::{Outcome, PacketRecord, StepOutcome};
use crate::plan::Plan;
use crate::report::{Detail, LineKind, Report};
use halfopen_tcp::Instant;
use std::error::Error;
use std::fmt;

/// What came of a lab's run: what its programs called, the faults and the packets, in order of time.
///
/// Its `Display` is the form of a scenario's report, made for `insta::assert_snapshot!(report)`.
///
/// ```
/// use halfopen::Lab;
/// use halfopen::net::TcpStream;
///
/// let mut lab = Lab::new();
/// lab.host("server");
/// lab.host("client").os("linux").client(async {
///     TcpStream::connect("server:80").await.unwrap_err();
///     Ok(())
/// });
/// let report = lab.run().unwrap();
/// assert_eq!(report.end().to_string(), "0.050 000");
/// assert_eq!(report.calls("client").count(), 1);
/// assert_eq!(report.packets().len(), 2);
/// assert!(report.to_string().contains("connect server:80 -> ECONNREFUSED (111)"));
/// ```
#[derive(Clone, Debug)]
pub struct LabReport {
    plan: Plan,
    outcome: Outcome,
}

impl LabReport {
    pub(super) fn new(plan: Plan, outcome: Outcome) -> Self {
        Self { plan, outcome }
    }

    /// The run's plan as it was carried out: calls of code are steps, faults that code made stand in the timeline.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What came of it, as engines give it.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The calls of that host's programs, in the order in which they began.
    pub fn calls(&self, host: &str) -> impl Iterator<Item = &StepOutcome> {
        let host = self.plan.hosts.iter().position(|known| known.name == host);
        let calls = self.outcome.steps.iter();
        calls.filter(move |call| Some(call.host) == host)
    }

    /// The packets, in the order in which they were sent.
    pub fn packets(&self) -> &[PacketRecord] {
        &self.outcome.packets
    }

    /// When it ended.
    pub fn end(&self) -> Instant {
        self.outcome.end
    }

    /// With that much detail.
    pub fn display(&self, detail: Detail) -> impl fmt::Display + use<> {
        Report::new(&self.plan, &self.outcome).display(detail)
    }
}

impl fmt::Display for LabReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Report::new(&self.plan, &self.outcome).fmt(f)
    }
}

/// Why a run failed, and what came of it until then. Its text ends with the tail of the report, which says who waits for
/// what.
///
/// ```
/// # use halfopen::{Lab, net::TcpListener};
/// # use std::time::Duration;
/// let mut lab = Lab::new();
/// lab.host("server").client(async {
///     TcpListener::bind("0.0.0.0:80").await?.accept().await?;
///     Ok(())
/// });
/// lab.until(Duration::from_secs(5));
/// let failure = lab.run().unwrap_err();
/// assert!(failure.to_string().contains("accept 80 -> still waiting"));
/// ```
pub struct LabFailure {
    pub(super) why: Why,
    pub(super) report: Box<LabReport>,
}

/// Why a run failed.
pub(super) enum Why {
    /// A program returned an error.
    Program(String, Box<dyn Error>),
    /// A limit came before the clients were done.
    Limit,
    /// The clients wait for ever.
    Until,
    /// A step of a scenario did not do what its file expects.
    Expectation,
}

impl LabFailure {
    /// What came of the run until it failed.
    pub fn report(&self) -> &LabReport {
        &self.report
    }
}

impl fmt::Display for LabFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Program(host, error) => writeln!(f, "the program of `{host}` failed: {error}")?,
            Why::Limit => writeln!(f, "a limit was reached before every client was done")?,
            Why::Until => writeln!(f, "the time was up before every client was done")?,
            Why::Expectation => writeln!(f, "an expectation of the scenario does not hold")?,
        }
        let report = Report::new(&self.report.plan, &self.report.outcome);
        let mut lines = report.lines(Detail::Packets);
        // The verdict is about a scenario's expectations, which code has not.
        lines.retain(|line| !matches!(line.kind, LineKind::Passed | LineKind::Failed));
        let skipped = lines.len().saturating_sub(TAIL);
        if skipped > 0 {
            writeln!(f, "     ... {skipped} lines before")?;
        }
        let mut tail = lines[skipped..].iter();
        tail.try_for_each(|line| writeln!(f, "{}", line.text))
    }
}

/// As `Display`: this is what a test prints that returns it.
impl fmt::Debug for LabFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for LabFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.why {
            Why::Program(_, error) => Some(error.as_ref()),
            Why::Limit | Why::Until | Why::Expectation => None,
        }
    }
}

/// Lines of the report that a failure shows.
const TAIL: usize = 40;
