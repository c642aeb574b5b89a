//! `halfopen verify`.

use crate::args::{self, Format};
use crate::output::Output;
use crate::select::{cases, load};
use crate::{Failure, NOT_PASSED, PASSED};
use halfopen::plan::Plan;
use halfopen::report::{Line, LineKind};
use halfopen_kernel::verify::{Progress, SuiteOptions, Verdict, Verified, read_records, verify};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use std::fs;
use std::path::Path;

/// Runs the cases on this machine's kernel, or shows what came of that the last time.
pub(crate) fn run(args: &args::Verify, output: &mut Output) -> Result<u8, Failure> {
    let results = match &args.last {
        Some(path) => {
            let results = last(path)?;
            for verified in &results {
                print(args.format, verified, output)?;
            }
            results
        }
        None => now(args, output)?,
    };
    if args.format == Format::Human {
        output.lines(&[summary(&results)])?;
    }
    Ok(status(&results))
}

fn last(path: &Path) -> Result<Vec<Verified>, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::Arguments {
        message: format!("{}: {error}", path.display()),
        help: Some("`halfopen verify PATH --format json` prints what such a file holds".to_owned()),
    };
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    read_records(&text).map_err(|error| wrong(&error))
}

fn now(args: &args::Verify, output: &mut Output) -> Result<Vec<Verified>, Failure> {
    let loaded = load(&args.paths.paths)?;
    let cases = cases(&loaded, &args.filter)?;
    let plans: Vec<Plan> = cases.into_iter().map(|(_, plan)| plan).collect();
    let options = SuiteOptions {
        seed: args.seed,
        budget: args.budget,
        ..SuiteOptions::DEFAULT
    };
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} cases, {msg} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut printed = Ok(());
    let results = verify(&plans, options, |progress| match progress {
        Progress::Going { done, cases, left } => {
            bar.set_message(HumanDuration(left).to_string());
            bar.set_length(cases as u64);
            bar.set_position(done as u64);
        }
        // People watch them come; programs get them in the order of the scenarios.
        Progress::Done(verified) if args.format == Format::Human && printed.is_ok() => {
            printed = bar.suspend(|| print(args.format, verified, output));
        }
        Progress::Done(_) => {}
    });
    bar.finish_and_clear();
    printed?;
    let results = results.map_err(|error| Failure::Arguments {
        message: error.to_string(),
        help: None,
    })?;
    if args.format == Format::Json {
        for verified in &results {
            print(args.format, verified, output)?;
        }
    }
    Ok(results)
}

fn print(format: Format, verified: &Verified, output: &mut Output) -> Result<(), Failure> {
    match format {
        Format::Json => output.text(&(verified.to_json() + "\n")),
        Format::Human => {
            let text = verified.to_string();
            let mut lines = text.lines();
            let kind = match verified.verdict {
                Verdict::Agrees => LineKind::Passed,
                Verdict::Differs(_) => LineKind::Failed,
                Verdict::Skipped(_) => LineKind::Waiting,
            };
            let first = lines.next().unwrap_or_default().to_owned();
            let rest = lines.map(|line| Line {
                kind: LineKind::Ok,
                text: line.to_owned(),
            });
            let lines: Vec<_> = std::iter::once(Line { kind, text: first })
                .chain(rest)
                .collect();
            output.lines(&lines)
        }
    }
}

fn summary(results: &[Verified]) -> Line {
    let count = |fits: fn(&Verdict) -> bool| {
        let verdicts = results.iter().map(|verified| &verified.verdict);
        verdicts.filter(|verdict| fits(verdict)).count()
    };
    let mut kernels: Vec<_> = results.iter().map(|verified| &verified.kernel).collect();
    kernels.dedup();
    let kernels: Vec<_> = kernels.iter().map(ToString::to_string).collect();
    let text = format!(
        "{} agree, {} differ, {} skipped, on {}",
        count(|verdict| *verdict == Verdict::Agrees),
        count(|verdict| matches!(verdict, Verdict::Differs(_))),
        count(|verdict| matches!(verdict, Verdict::Skipped(_))),
        kernels.join(" and ")
    );
    let kind = if status(results) == PASSED {
        LineKind::Passed
    } else {
        LineKind::Failed
    };
    Line { kind, text }
}

fn status(results: &[Verified]) -> u8 {
    let differs = |verified: &Verified| matches!(verified.verdict, Verdict::Differs(_));
    if results.iter().any(differs) {
        NOT_PASSED
    } else {
        PASSED
    }
}
