//! What stands above and below the events: what was run, and what came of it.

use super::faults::changes;
use super::steps;
use super::text::{INDENT, stamped};
use super::{Line, LineKind, Report};
use crate::duration::seconds;
use crate::expect::never_began;
use crate::link::LinkFigures;
use crate::outcome::{LimitReached, Outcome, Verdict};
use crate::plan::Plan;

/// The scenario with its hosts and their systems, and what is not as by default.
pub(super) fn head(plan: &Plan, outcome: &Outcome) -> Vec<Line> {
    let title = title(plan, outcome);
    let settings = plan.hosts.iter().flat_map(|host| {
        let settings = host.settings.iter();
        settings.map(|(name, value)| format!("{}: {name} = {value}", host.name))
    });
    let settings = settings.chain(links(plan));
    let settings = settings.map(|text| Line::new(LineKind::Setting, text));
    std::iter::once(Line::new(LineKind::Header, title))
        .chain(settings)
        .collect()
}

/// What was run: `connect/timed-out  client=linux server=linux  seed 0`.
fn title(plan: &Plan, outcome: &Outcome) -> String {
    let systems = plan
        .hosts
        .iter()
        .map(|host| format!("{}={}", host.name, host.profile.name));
    let systems: Vec<_> = systems.collect();
    let (scenario, seed) = (&plan.scenario, outcome.seed);
    format!("{scenario}  {}  seed {seed}", systems.join(" "))
}

/// What was run, and the links that are not as by default.
pub(crate) fn caption(plan: &Plan, outcome: &Outcome) -> Vec<String> {
    std::iter::once(title(plan, outcome))
        .chain(links(plan))
        .collect()
}

fn links(plan: &Plan) -> impl Iterator<Item = String> {
    let every = (plan.link != LinkFigures::DEFAULT)
        .then(|| format!("link: {}", changes(&LinkFigures::DEFAULT, &plan.link)));
    let between = plan.between.iter().map(|((a, b), figures)| {
        let (a, b) = (&plan.hosts[*a].name, &plan.hosts[*b].name);
        format!("link {a}, {b}: {}", changes(&plan.link, figures))
    });
    every.into_iter().chain(between)
}

/// The verdict, and how to repeat a run that did not pass.
pub(super) fn end(report: &Report<'_>) -> Vec<Line> {
    let Report { plan, outcome, .. } = report;
    let mut lines = Vec::new();
    let (kind, text) = match outcome.verdict {
        Verdict::Passed => (LineKind::Passed, "end: passed".to_owned()),
        Verdict::Failed => {
            let missing = never_began(plan, &outcome.steps);
            let broken = outcome.steps.iter().filter(|step| step.mismatch.is_some());
            let count = broken.count() + missing.len();
            for place in missing {
                lines.extend(steps::never_began_lines(plan, outcome, place));
            }
            (LineKind::Failed, failure(count))
        }
        Verdict::Unfinished(limit) => {
            let limit = match limit {
                LimitReached::Time => format!("{} of virtual time", seconds(plan.limits.time)),
                LimitReached::Events => format!("{} events", plan.limits.events),
                LimitReached::Memory => "memory".to_owned(),
            };
            let text = format!("end: unfinished, it reached the limit of {limit}");
            (LineKind::Failed, text)
        }
    };
    lines.push(Line::new(kind, stamped(outcome.end, &text)));
    if outcome.verdict != Verdict::Passed {
        let text = format!("{INDENT}again: {}", report.replay_command());
        lines.push(Line::new(LineKind::Failed, text));
    }
    lines
}

fn failure(count: usize) -> String {
    if count == 1 {
        "end: failed, one expectation does not hold".to_owned()
    } else {
        format!("end: failed, {count} expectations do not hold")
    }
}
