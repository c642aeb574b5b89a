//! Which scenarios at hand show a cause or an error: found by running them.

use super::OnSystem;
use crate::engine::{Options, event};
use crate::outcome::StepResult;
use crate::plan::Plan;
use halfopen_tcp::Cause;
use halfopen_tcp::profile::{Os, OsError};

/// A scenario that shows something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Example {
    /// The scenario.
    pub scenario: String,
    /// How many of its cases show it.
    pub cases: usize,
}

/// What programs saw in all the scenarios at hand.
pub(super) struct Seen(Vec<Sight>);

/// One case in which a program saw an error.
struct Sight {
    scenario: String,
    case: usize,
    cause: Cause,
    os: Os,
    error: Option<&'static OsError>,
}

impl Seen {
    /// Runs the cases.
    pub(super) fn new(plans: &[Plan]) -> Self {
        let mut seen = Vec::new();
        for (case, plan) in plans.iter().enumerate() {
            for step in event::run(plan, 0, &Options { packets: false }).steps {
                let Some((
                    _,
                    StepResult::Failed {
                        cause: Some(cause),
                        error,
                        ..
                    },
                )) = step.end
                else {
                    continue;
                };
                seen.push(Sight {
                    scenario: plan.scenario.clone(),
                    case,
                    cause,
                    os: plan.hosts[step.host].profile.os,
                    error,
                });
            }
        }
        Self(seen)
    }

    /// The scenarios that show the cause, in the order in which they were given.
    pub(super) fn of_cause(&self, cause: Cause) -> Vec<Example> {
        self.examples(|sight| sight.cause == cause)
    }

    /// Those in which the cause appears as one of these errors.
    pub(super) fn of_error(&self, cause: Cause, asked: &[OnSystem]) -> Vec<Example> {
        self.examples(|sight| {
            let is = |on: &OnSystem| on.os == sight.os && sight.error == Some(on.error);
            sight.cause == cause && asked.iter().any(is)
        })
    }

    fn examples(&self, fits: impl Fn(&Sight) -> bool) -> Vec<Example> {
        let mut examples: Vec<Example> = Vec::new();
        let mut last = None;
        for sight in self.0.iter().filter(|sight| fits(sight)) {
            let case = Some((&sight.scenario, sight.case));
            if last == case {
                continue;
            }
            last = case;
            match examples.iter_mut().find(|e| e.scenario == sight.scenario) {
                Some(example) => example.cases += 1,
                None => examples.push(Example {
                    scenario: sight.scenario.clone(),
                    cases: 1,
                }),
            }
        }
        examples
    }
}
