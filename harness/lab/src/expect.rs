//! Whether what a step did is what its scenario expects of it. The same for every engine.

use crate::duration::seconds;
use crate::outcome::{LimitReached, StepOutcome, StepResult, Verdict};
use crate::plan::{
    Action, Expect, ExpectResult, ExpectTime, HostIndex, Plan, RecvUntil, Since, Step,
};
use halfopen_tcp::profile::errors::Occurrence;
use halfopen_tcp::{Cause, Instant, Profile};
use std::collections::BTreeSet;
use std::time::Duration;

/// Writes into each step why its expectation does not hold, and sums up.
///
/// An expectation has to hold each time its step begins, and the step has to begin at least once: a program that never
/// gets there has not shown what the file expects.
pub fn judge(plan: &Plan, steps: &mut [StepOutcome], limit: Option<LimitReached>) -> Verdict {
    let expecting = expecting(plan);
    let mut began = vec![false; expecting.len()];
    let mut holds = true;
    if !expecting.is_empty() {
        for outcome in steps {
            if let Ok(index) = expecting.binary_search(&place(outcome)) {
                began[index] = true;
                outcome.mismatch = mismatch(plan, outcome);
                holds &= outcome.mismatch.is_none();
            }
        }
    }
    match limit {
        Some(limit) => Verdict::Unfinished(limit),
        None if holds && !began.contains(&false) => Verdict::Passed,
        None => Verdict::Failed,
    }
}

/// A step of a plan: host, program and number.
pub type Place = (HostIndex, usize, usize);

/// The steps with an expectation that no run of their program got to.
pub fn never_began(plan: &Plan, steps: &[StepOutcome]) -> Vec<Place> {
    let began: BTreeSet<Place> = steps.iter().map(place).collect();
    let mut missing = expecting(plan);
    missing.retain(|place| !began.contains(place));
    missing
}

fn place(outcome: &StepOutcome) -> Place {
    (outcome.host, outcome.program, outcome.step)
}

/// The steps with an expectation, in order.
fn expecting(plan: &Plan) -> Vec<Place> {
    let mut places = Vec::new();
    for (host, host_plan) in plan.hosts.iter().enumerate() {
        for (program, program_plan) in host_plan.programs.iter().enumerate() {
            for (number, step) in program_plan.steps.iter().enumerate() {
                if step.expect.is_some() {
                    places.push((host, program, number));
                }
            }
        }
    }
    places
}

/// Why the step's expectation does not hold, as a sentence. `None` if it holds, or there is none.
pub fn mismatch(plan: &Plan, outcome: &StepOutcome) -> Option<String> {
    let host = plan.hosts.get(outcome.host)?;
    let step = host
        .programs
        .get(outcome.program)?
        .steps
        .get(outcome.step)?;
    let expect = step.expect.as_ref()?;
    wrong_result(&host.profile, step, expect, outcome).or_else(|| wrong_time(expect, outcome))
}

fn wrong_result(
    profile: &Profile,
    step: &Step,
    expect: &Expect,
    outcome: &StepOutcome,
) -> Option<String> {
    let expected = expect.result.as_ref()?;
    let ended = outcome.end.map(|(_, result)| result);
    let holds = match (expected, ended) {
        (ExpectResult::Waits, ended) => ended.is_none(),
        (_, None) => false,
        (ExpectResult::Ok, Some(result)) => !matches!(result, StepResult::Failed { .. }),
        (ExpectResult::Eof, Some(result)) => matches!(result, StepResult::Eof(_)),
        (ExpectResult::Bytes(bytes), Some(StepResult::Bytes(seen))) => *bytes == seen,
        // The bytes before the end are what a step that reads to the end is about.
        (ExpectResult::Bytes(bytes), Some(StepResult::Eof(seen))) => {
            step.action == Action::Recv(RecvUntil::Eof) && *bytes == seen
        }
        (ExpectResult::Bytes(_), Some(_)) => false,
        (ExpectResult::Cause(cause), Some(result)) => {
            has_cause(profile, &step.action, *cause, result)
        }
        (ExpectResult::Error(name), Some(StepResult::Failed { error, .. })) => {
            error.is_some_and(|error| error.name == name)
        }
        (ExpectResult::Error(_), Some(_)) => false,
    };
    (!holds).then(|| format!("expected {}, {}", Expected(expected), seen(ended)))
}

/// Whether a step failed for that cause. Where the engine cannot tell, the error must be one that the system has for
/// it.
fn has_cause(profile: &Profile, action: &Action, cause: Cause, result: StepResult) -> bool {
    match result {
        StepResult::Failed {
            cause: Some(seen), ..
        } => seen == cause,
        StepResult::Failed {
            cause: None,
            error: Some(error),
            ..
        } => action.calls().iter().any(|&call| {
            [Occurrence::First, Occurrence::Again]
                .into_iter()
                .any(|when| profile.error(cause, call, when).code == error.code)
        }),
        _ => false,
    }
}

fn wrong_time(expect: &Expect, outcome: &StepOutcome) -> Option<String> {
    let time = expect.time?;
    let Some((end, _)) = outcome.end else {
        // To wait for ever is right at any time.
        return (expect.result != Some(ExpectResult::Waits))
            .then(|| format!("expected it to end {}, but it still waits", When(time)));
    };
    let (since, name) = match time.since {
        Since::Step => (outcome.start, "after"),
        Since::Start => (Instant::ZERO, "at"),
    };
    let seen = end.since(since);
    (seen < time.from || seen > time.to).then(|| {
        let seen = seconds(seen);
        format!("expected it to end {}, it ended {name} {seen}", When(time))
    })
}

/// What is expected, after "expected".
struct Expected<'a>(&'a ExpectResult);

impl std::fmt::Display for Expected<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            ExpectResult::Ok => f.write_str("no error"),
            ExpectResult::Bytes(count) => f.write_str(&bytes(*count)),
            ExpectResult::Eof => f.write_str("end of file"),
            ExpectResult::Waits => f.write_str("it to wait for ever"),
            ExpectResult::Cause(cause) => write!(f, "cause {cause}"),
            ExpectResult::Error(name) => write!(f, "error {name}"),
        }
    }
}

/// When it is expected: `after 21s`, `at 20s..22s`.
struct When(ExpectTime);

impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ExpectTime { since, from, to } = self.0;
        let name = match since {
            Since::Step => "after",
            Since::Start => "at",
        };
        write!(f, "{name} {}", seconds(from))?;
        if to == from {
            return Ok(());
        }
        if to == Duration::MAX {
            return f.write_str(" or later");
        }
        write!(f, "..{}", seconds(to))
    }
}

fn seen(ended: Option<StepResult>) -> String {
    match ended {
        None => "but it still waits".to_owned(),
        Some(StepResult::Done) => "got success".to_owned(),
        Some(StepResult::Bytes(count)) => format!("got {}", bytes(count)),
        Some(StepResult::Eof(count)) => format!("got end of file after {}", bytes(count)),
        Some(StepResult::Failed { cause, error, .. }) => match (cause, error) {
            (Some(cause), Some(error)) => format!("got cause {cause} ({})", error.name),
            (Some(Cause::Killed), None) => "but the program was killed".to_owned(),
            (Some(cause), None) => format!("got cause {cause}"),
            (None, Some(error)) => format!("got error {}", error.name),
            (None, None) => "got an error".to_owned(),
        },
    }
}

fn bytes(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} byte{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{self, at_ms, ms};
    use halfopen_tcp::profile::OsError;

    static RESET: OsError = OsError {
        name: "ECONNRESET",
        code: 104,
        kind: std::io::ErrorKind::ConnectionReset,
        text: "Connection reset by peer",
    };

    const AFTER: ExpectTime = ExpectTime {
        since: Since::Step,
        from: ms(21_000),
        to: ms(21_000),
    };

    fn failed(cause: Cause) -> StepResult {
        StepResult::Failed {
            cause: Some(cause),
            error: (cause != Cause::Killed).then_some(&RESET),
            bytes: 0,
        }
    }

    /// What comes of a `recv = until` that began at 1 s and ended as said.
    fn check_recv(
        until: RecvUntil,
        expect: Expect,
        end: Option<(Instant, StepResult)>,
    ) -> (Verdict, Option<String>) {
        let mut step = sample::recv(until);
        step.expect = Some(expect);
        let plan = sample::plan(&["host"]).program(0, [step]);
        let mut steps = [StepOutcome {
            host: 0,
            program: 0,
            run: 0,
            step: 0,
            start: at_ms(1000),
            end,
            mismatch: None,
        }];
        let verdict = judge(&plan, &mut steps, None);
        let [step] = steps;
        (verdict, step.mismatch)
    }

    #[track_caller]
    fn check(result: ExpectResult, ended: Option<StepResult>, sentence: Option<&str>) {
        let expect = Expect {
            result: Some(result),
            time: None,
        };
        let end = ended.map(|result| (at_ms(2000), result));
        let (verdict, mismatch) = check_recv(RecvUntil::Some, expect, end);
        assert_eq!(mismatch.as_deref(), sentence);
        let expected = match sentence {
            None => Verdict::Passed,
            Some(_) => Verdict::Failed,
        };
        assert_eq!(verdict, expected);
    }

    #[test]
    fn results_that_hold() {
        check(ExpectResult::Ok, Some(StepResult::Done), None);
        check(ExpectResult::Ok, Some(StepResult::Eof(0)), None);
        check(ExpectResult::Bytes(7), Some(StepResult::Bytes(7)), None);
        check(ExpectResult::Eof, Some(StepResult::Eof(7)), None);
        check(ExpectResult::Waits, None, None);
        let cause = Cause::ResetByPeer;
        check(ExpectResult::Cause(cause), Some(failed(cause)), None);
        let error = ExpectResult::Error("ECONNRESET".to_owned());
        check(error, Some(failed(cause)), None);
        let killed = Cause::Killed;
        check(ExpectResult::Cause(killed), Some(failed(killed)), None);
    }

    #[test]
    fn results_that_do_not() {
        check(
            ExpectResult::Cause(Cause::ResetByPeer),
            Some(StepResult::Eof(0)),
            Some("expected cause reset-by-peer, got end of file after 0 bytes"),
        );
        check(
            ExpectResult::Ok,
            Some(failed(Cause::ResetByPeer)),
            Some("expected no error, got cause reset-by-peer (ECONNRESET)"),
        );
        check(
            ExpectResult::Bytes(2),
            Some(StepResult::Bytes(1)),
            Some("expected 2 bytes, got 1 byte"),
        );
        check(
            ExpectResult::Bytes(1),
            Some(StepResult::Eof(1)),
            Some("expected 1 byte, got end of file after 1 byte"),
        );
        check(
            ExpectResult::Eof,
            None,
            Some("expected end of file, but it still waits"),
        );
        check(
            ExpectResult::Waits,
            Some(failed(Cause::Killed)),
            Some("expected it to wait for ever, but the program was killed"),
        );
        check(
            ExpectResult::Error("EPIPE".to_owned()),
            Some(failed(Cause::ResetByPeer)),
            Some("expected error EPIPE, got cause reset-by-peer (ECONNRESET)"),
        );
        check(
            ExpectResult::Waits,
            Some(StepResult::Done),
            Some("expected it to wait for ever, got success"),
        );
    }

    #[test]
    fn a_step_that_reads_to_the_end_may_expect_its_bytes() {
        let expect = Expect {
            result: Some(ExpectResult::Bytes(5)),
            time: None,
        };
        let end = Some((at_ms(2000), StepResult::Eof(5)));
        let (verdict, _) = check_recv(RecvUntil::Eof, expect, end);
        assert_eq!(verdict, Verdict::Passed);
    }

    #[track_caller]
    fn check_time(time: ExpectTime, end: Option<Instant>, sentence: Option<&str>) {
        let expect = Expect {
            result: None,
            time: Some(time),
        };
        let end = end.map(|at| (at, StepResult::Done));
        let (_, mismatch) = check_recv(RecvUntil::Some, expect, end);
        assert_eq!(mismatch.as_deref(), sentence);
    }

    #[test]
    fn times_are_exact_to_the_nanosecond() {
        check_time(AFTER, Some(at_ms(22_000)), None);
        check_time(
            AFTER,
            Some(at_ms(22_000) + Duration::from_nanos(1)),
            Some("expected it to end after 21s, it ended after 21s 1ns"),
        );
        let range = ExpectTime {
            since: Since::Start,
            from: ms(1000),
            to: ms(61_500),
        };
        check_time(range, Some(at_ms(1000)), None);
        check_time(range, Some(at_ms(61_500)), None);
        check_time(
            range,
            Some(at_ms(62_000)),
            Some("expected it to end at 1s..61s 500ms, it ended at 62s"),
        );
        check_time(
            range,
            None,
            Some("expected it to end at 1s..61s 500ms, but it still waits"),
        );
    }

    #[test]
    fn an_expectation_that_is_never_tried_does_not_hold() {
        let step = sample::sleep(ms(1)).expecting(ExpectResult::Ok);
        let plan = sample::plan(&["host"]).program(0, [sample::sleep(ms(1)), step]);
        assert_eq!(never_began(&plan, &[]), [(0, 0, 1)]);
        assert_eq!(judge(&plan, &mut [], None), Verdict::Failed);
    }

    #[test]
    fn a_limit_leaves_the_case_unfinished() {
        let plan = sample::plan(&["host"]);
        let limit = LimitReached::Events;
        assert_eq!(
            judge(&plan, &mut [], Some(limit)),
            Verdict::Unfinished(limit)
        );
    }
}
