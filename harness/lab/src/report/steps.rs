//! What the programs saw.

use super::text::{bytes, seconds, stamped};
use super::{Line, LineKind};
use crate::outcome::{Outcome, StepOutcome, StepResult};
use crate::plan::{Action, Plan, ProgramPlan, Step};
use halfopen_tcp::profile::OsError;
use std::io::ErrorKind;
use std::time::Duration;

/// The lines of a step: how it ended, the error's text, the file's remark, and what was expected.
pub(super) fn lines(plan: &Plan, outcome: &Outcome, index: usize, lines: &mut Vec<Line>) {
    let step_outcome = &outcome.steps[index];
    let (_, step) = step_of(plan, step_outcome);
    let call = call(plan, step_outcome);
    match step_outcome.end {
        Some((at, result)) => {
            let took = took(&step.action, at.since(step_outcome.start));
            let text = format!("{call} -> {}{took}", result_text(result));
            lines.push(Line::new(kind(result), stamped(at, &text)));
            if let StepResult::Failed {
                error: Some(error), ..
            } = result
            {
                lines.extend(Line::below(LineKind::Remark, error.text));
            }
        }
        None => {
            let text = format!("{call} -> still waiting, since {}", step_outcome.start);
            lines.push(Line::new(LineKind::Waiting, stamped(outcome.end, &text)));
        }
    }
    if let Some(note) = &step.note {
        lines.extend(Line::below(LineKind::Remark, &format!("note: {note}")));
    }
    if let Some(mismatch) = &step_outcome.mismatch {
        let text = format!("mismatch: {mismatch}");
        lines.extend(Line::below(LineKind::Mismatch, &text));
    }
}

fn kind(result: StepResult) -> LineKind {
    match result {
        StepResult::Failed { .. } => LineKind::Error,
        StepResult::Done | StepResult::Bytes(_) | StepResult::Eof(_) => LineKind::Ok,
    }
}

/// What a program calls its error, with Rust's kind: `ECONNRESET (104) ConnectionReset`.
pub(crate) fn error_name(error: &OsError) -> String {
    format!("{} ({}) {}", error.name, error.code, kind_name(error))
}

/// The kind as the standard library prints it; see [`OsError::kind`] for the two that it does not let us name.
pub(crate) fn kind_name(error: &OsError) -> String {
    match (error.kind, error.name) {
        (ErrorKind::Other, "EINPROGRESS") => "InProgress".to_owned(),
        (ErrorKind::Other, _) => "Uncategorized".to_owned(),
        (kind, _) => format!("{kind:?}"),
    }
}

fn step_of<'a>(plan: &'a Plan, outcome: &StepOutcome) -> (&'a ProgramPlan, &'a Step) {
    let program = &plan.hosts[outcome.host].programs[outcome.program];
    (program, &program.steps[outcome.step])
}

/// Who called what: `client  connect server:80`. Programs other than `main` are named, and so is a second life.
fn call(plan: &Plan, outcome: &StepOutcome) -> String {
    let (program, step) = step_of(plan, outcome);
    let host = &plan.hosts[outcome.host];
    let mut who = host.name.clone();
    if program.name != "main" {
        who += &format!("/{}", program.name);
    }
    if outcome.run > 0 {
        who += &format!(" (run {})", outcome.run + 1);
    }
    let names = plan.hosts.iter().map(|host| host.name.chars().count());
    let width = names.max().unwrap_or(0);
    let mut call = format!("{who:<width$}  {}", step.action.name());
    if !step.detail.is_empty() {
        call += &format!(" {}", step.detail);
    }
    let name = |index: usize| &program.names[index];
    if let Some(on) = step.on {
        call += &format!(" of {}", name(on));
    }
    if let Some(opens) = step.opens {
        call += &format!(" as {}", name(opens));
    }
    call
}

/// How long a call took, unless it took no time, or had to.
fn took(action: &Action, duration: Duration) -> String {
    if duration.is_zero() || matches!(action, Action::Sleep(_)) {
        String::new()
    } else {
        format!(", after {}", seconds(duration))
    }
}

fn result_text(result: StepResult) -> String {
    match result {
        StepResult::Done => "ok".to_owned(),
        StepResult::Bytes(count) => bytes(count),
        StepResult::Eof(0) => "end of file".to_owned(),
        StepResult::Eof(count) => format!("{}, then end of file", bytes(count)),
        StepResult::Failed {
            cause,
            error,
            bytes: before,
        } => {
            let before = match before {
                0 => String::new(),
                count => format!("{}, then ", bytes(count)),
            };
            let why = match (error, cause) {
                (Some(error), Some(cause)) => format!("{}: {cause}", error_name(error)),
                (Some(error), None) => error_name(error),
                (None, Some(cause)) => cause.to_string(),
                (None, None) => "failed".to_owned(),
            };
            format!("{before}{why}")
        }
    }
}
