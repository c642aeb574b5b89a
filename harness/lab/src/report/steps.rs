//! What the programs saw.

use super::text::{bytes, stamped};
use super::{Line, LineKind};
use crate::duration::seconds;
use crate::outcome::{Outcome, StepResult};
use crate::plan::{Action, HostIndex, Plan};
use halfopen_tcp::profile::OsError;
use std::io::ErrorKind;
use std::time::Duration;

/// The lines of a step: how it ended, the error's text, the file's remark, and what was expected.
pub(super) fn lines(plan: &Plan, outcome: &Outcome, index: usize, lines: &mut Vec<Line>) {
    let step_outcome = &outcome.steps[index];
    let place = (step_outcome.host, step_outcome.program, step_outcome.step);
    let step = &plan.hosts[place.0].programs[place.1].steps[place.2];
    let call = call(plan, place, step_outcome.run);
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

/// The lines of a step that has an expectation and never began, at the scenario's end.
pub(super) fn never_began_lines(plan: &Plan, outcome: &Outcome, place: Place) -> Vec<Line> {
    let text = format!("{} -> never began", call(plan, place, 0));
    let mut lines = vec![Line::new(LineKind::Waiting, stamped(outcome.end, &text))];
    lines.extend(Line::below(
        LineKind::Mismatch,
        "mismatch: expected it to begin",
    ));
    lines
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

/// A step: its host, program and number.
pub(crate) type Place = (HostIndex, usize, usize);

/// Who called what: `client  connect server:80`. Programs other than `main` are named, and so is a second life.
fn call(plan: &Plan, place: Place, run: u32) -> String {
    let names = plan.hosts.iter().map(|host| host.name.chars().count());
    let width = names.max().unwrap_or(0);
    let who = who(plan, (place.0, place.1), run);
    format!("{who:<width$}  {}", what(plan, place))
}

/// Whose call it is: `client`, `client/second (run 2)`.
pub(crate) fn who(plan: &Plan, (host, program): (HostIndex, usize), run: u32) -> String {
    let host = &plan.hosts[host];
    let program = &host.programs[program];
    let mut who = host.name.clone();
    if program.name != "main" {
        who += &format!("/{}", program.name);
    }
    if run > 0 {
        who += &format!(" (run {})", run + 1);
    }
    who
}

/// What is called: `connect server:80 as first`.
pub(crate) fn what(plan: &Plan, (host, program, step): Place) -> String {
    let program = &plan.hosts[host].programs[program];
    let step = &program.steps[step];
    let mut call = step.action.name().to_owned();
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
pub(crate) fn took(action: &Action, duration: Duration) -> String {
    if duration.is_zero() || matches!(action, Action::Sleep(_)) {
        String::new()
    } else {
        format!(", after {}", seconds(duration))
    }
}

pub(crate) fn result_text(result: StepResult) -> String {
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
