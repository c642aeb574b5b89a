//! What the picture shows, in words, for who cannot see it.

use crate::outcome::{Fate, Outcome};
use crate::plan::Plan;
use crate::report::{Detail, LineKind, Report};

/// The picture's title.
pub(super) fn title(plan: &Plan) -> String {
    format!("{}: {}", plan.case_name(), plan.title)
}

/// What happens, event by event, as the report tells it.
pub(super) fn description(plan: &Plan, outcome: &Outcome) -> String {
    let names = plan.hosts.iter();
    let hosts: Vec<_> = names
        .map(|host| format!("{} ({})", host.name, host.profile.name))
        .collect();
    let mut text = format!("Ladder diagram of {}.", hosts.join(" and "));
    let lost = outcome.packets.iter();
    let lost = lost.filter(|packet| matches!(packet.fate, Fate::Lost(..)));
    text += &format!(
        " {} packets, {} of them lost.",
        outcome.packets.len(),
        lost.count()
    );
    let events = Report::new(plan, outcome).lines(Detail::Steps).into_iter();
    let told: Vec<_> = events
        .filter(|line| {
            let kinds = [
                LineKind::Fault,
                LineKind::Ok,
                LineKind::Error,
                LineKind::Waiting,
            ];
            kinds.contains(&line.kind)
        })
        .map(|line| line.text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for line in told.iter().take(LINES_MAX) {
        text += &format!(" {line}.");
    }
    if told.len() > LINES_MAX {
        text += &format!(" And {} more.", told.len() - LINES_MAX);
    }
    text
}

/// The most events that are told.
const LINES_MAX: usize = 24;
