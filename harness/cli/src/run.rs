//! `halfopen run`.

use crate::args::{self, Engine, Format, Trace};
use crate::output::Output;
use crate::progress::Progress;
use crate::select::{cases, counts, load};
use crate::{Failure, NOT_PASSED, PASSED};
use halfopen::engine::{Options, event, turmoil};
use halfopen::outcome::{Outcome, Verdict};
use halfopen::plan::Plan;
use halfopen::report::{Detail, Line, LineKind, Report};
use std::path::Path;

/// Runs the cases one after another, in the order in which they are listed.
pub(crate) fn run(args: &args::Run, output: &mut Output) -> Result<u8, Failure> {
    let loaded = load(&args.paths.paths)?;
    let cases = cases(&loaded, &args.filter)?;
    let mut progress = Progress::new(cases.len());
    let mut summary = Summary::new(&cases);
    for (path, plan) in &cases {
        let outcome = run_case(args, plan);
        let path = path.display().to_string();
        let report = Report::new(plan, &outcome).with_path(&path);
        summary.add(&outcome.verdict, &report);
        progress.aside(|| print(args, &report, output))?;
        progress.advance();
    }
    progress.finish();
    if args.format == Format::Human {
        summary.print(output)?;
    }
    Ok(summary.status())
}

fn run_case(args: &args::Run, plan: &Plan) -> Outcome {
    let options = Options {
        packets: args.trace.is_some(),
    };
    match args.engine {
        Engine::Event => event::run(plan, args.seed, &options),
        Engine::Turmoil => turmoil::run(plan, args.seed, &options),
    }
}

fn print(args: &args::Run, report: &Report<'_>, output: &mut Output) -> Result<(), Failure> {
    match args.format {
        Format::Json => output.text(&(report.to_json(args.trace.is_some()) + "\n")),
        Format::Human => {
            let detail = match args.trace {
                None => Detail::Steps,
                Some(Trace::Packets) => Detail::Packets,
                Some(Trace::All) => Detail::EveryPacket,
            };
            let mut lines = report.lines(detail);
            lines.push(Line::blank());
            output.lines(&lines)
        }
    }
}

/// What is said at the end.
struct Summary {
    scenarios: usize,
    cases: usize,
    failed: usize,
    unfinished: usize,
    /// Why, for each case that did not pass.
    failures: Vec<Line>,
}

impl Summary {
    fn new(cases: &[(&Path, Plan)]) -> Self {
        let mut paths: Vec<_> = cases.iter().map(|(path, _)| path).collect();
        paths.dedup();
        Self {
            scenarios: paths.len(),
            cases: cases.len(),
            failed: 0,
            unfinished: 0,
            failures: Vec::new(),
        }
    }

    fn add(&mut self, verdict: &Verdict, report: &Report<'_>) {
        match verdict {
            Verdict::Passed => return,
            Verdict::Failed => self.failed += 1,
            Verdict::Unfinished(_) => self.unfinished += 1,
        }
        self.failures.extend(report.failure_lines());
        self.failures.push(Line::blank());
    }

    /// The failures once more, where they are not just above anyway, and the counts.
    fn print(&self, output: &mut Output) -> Result<(), Failure> {
        if self.cases > 1 {
            output.lines(&self.failures)?;
        }
        let mut text = format!(
            "{}: {} passed",
            counts(self.scenarios, self.cases),
            self.cases - self.failed - self.unfinished
        );
        for (count, name) in [(self.failed, "failed"), (self.unfinished, "unfinished")] {
            if count > 0 {
                text += &format!(", {count} {name}");
            }
        }
        let kind = if self.status() == PASSED {
            LineKind::Passed
        } else {
            LineKind::Failed
        };
        output.lines(&[Line { kind, text }])
    }

    fn status(&self) -> u8 {
        if self.failed + self.unfinished == 0 {
            PASSED
        } else {
            NOT_PASSED
        }
    }
}
