//! When each system gives up, found by running one scenario a question on every profile.

use super::{Table, code};
use crate::engine::{Options, event};
use crate::explain::Demonstration;
use crate::outcome::{Outcome, PacketKind, StepResult};
use crate::plan::{HostIndex, Plan};
use halfopen_tcp::profile::OsError;
use halfopen_tcp::wire::Flags;
use halfopen_tcp::{Cause, Profile};
use std::sync::Arc;
use std::time::Duration;

/// A question to all systems, with their answers.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// What is asked, in a few words: `Connect, and no answer`.
    pub title: &'static str,
    /// What is sent again and again: `SYN`.
    pub sends: &'static str,
    /// What the times count from: `after connect was called`.
    pub since: &'static str,
    /// In the order of the profiles.
    pub answers: Vec<Answer>,
}

/// What one system does.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The profile's name.
    pub profile: &'static str,
    /// When it sends.
    pub sent: Vec<Duration>,
    /// When a call fails, and with what; `None`: never.
    pub fails: Option<(Duration, &'static OsError)>,
}

/// All questions, put to all systems with their shipped settings, 25 ms from their peer.
pub fn give_up() -> Vec<Question> {
    let questions = [
        ("Connect, and no answer", "SYN", Cause::SynUnanswered),
        ("Connect, and a refusal", "SYN", Cause::RefusedByPeer),
        (
            "Data, and no acknowledgment",
            "segment",
            Cause::RetransmissionsExhausted,
        ),
        (
            "An idle connection, with keepalive",
            "probe",
            Cause::KeepAliveUnanswered,
        ),
    ];
    let ask = |(title, sends, cause)| {
        let demonstration = Demonstration::of(cause).expect("the tests ask all of them");
        let mut plan = demonstration.plan(cause);
        let answers = Profile::ALL.iter().map(|profile| {
            let client = demonstration.client(&plan);
            plan.hosts[client].profile = Arc::new(profile.clone());
            answer(&demonstration, &plan, cause)
        });
        Question {
            title,
            sends,
            since: demonstration.since,
            answers: answers.collect(),
        }
    };
    questions.into_iter().map(ask).collect()
}

fn answer(demonstration: &Demonstration, plan: &Plan, cause: Cause) -> Answer {
    let client = demonstration.client(plan);
    let outcome = event::run(plan, 0, &Options { packets: true });
    let sent = outcome.packets.iter().filter(|packet| {
        let counts = match packet.kind {
            PacketKind::Icmp(_) => false,
            PacketKind::Tcp { flags, len, .. } => match cause {
                Cause::RetransmissionsExhausted => len > 0,
                Cause::KeepAliveUnanswered => !flags.contains(Flags::RST),
                _ => flags.contains(Flags::SYN),
            },
        };
        // A probe is only what goes out after the peer's last packet and what that drew.
        let since = match cause {
            Cause::KeepAliveUnanswered => packet.at > demonstration.zero,
            _ => packet.at >= demonstration.zero,
        };
        packet.from == client && counts && since
    });
    let sent = sent.map(|packet| packet.at.since(demonstration.zero));
    let name = Profile::ALL
        .iter()
        .find(|known| known.name == plan.hosts[client].profile.name);
    Answer {
        profile: name.map_or("", |profile| match &profile.name {
            std::borrow::Cow::Borrowed(name) => name,
            std::borrow::Cow::Owned(_) => "",
        }),
        sent: sent.collect(),
        fails: failure(&outcome, client, demonstration),
    }
}

/// The client's first error.
fn failure(
    outcome: &Outcome,
    client: HostIndex,
    demonstration: &Demonstration,
) -> Option<(Duration, &'static OsError)> {
    outcome.steps.iter().find_map(|step| match step.end {
        Some((
            at,
            StepResult::Failed {
                error: Some(error), ..
            },
        )) if step.host == client => Some((at.since(demonstration.zero), error)),
        _ => None,
    })
}

/// The answers as a table: a row for each system, a column for each question.
pub fn give_up_table() -> String {
    let questions = give_up();
    let mut heads = vec!["system"];
    heads.extend(questions.iter().map(|question| question.title));
    let mut table = Table::new(&heads);
    for (index, profile) in Profile::ALL.iter().enumerate() {
        let mut cells = vec![code(&profile.name)];
        let answers = questions
            .iter()
            .map(|question| (question, &question.answers[index]));
        cells.extend(answers.map(|(question, answer)| cell(question, answer)));
        table.row(&cells);
    }
    table.0
}

/// `**21 s**, 3 SYNs, `WSAETIMEDOUT` (10060)`.
fn cell(question: &Question, answer: &Answer) -> String {
    let count = answer.sent.len();
    let sends = match (question.sends, count) {
        ("segment", 1) => "sent once".to_owned(),
        ("segment", count) => format!("sent {count} times"),
        (what, 1) => format!("1 {what}"),
        (what, count) => format!("{count} {what}s"),
    };
    match answer.fails {
        None => format!("never, {sends}"),
        Some((after, error)) => format!(
            "**{}**<br>{sends}<br>`{}` ({})",
            lasted(after),
            error.name,
            error.code
        ),
    }
}

/// `924.6 s (15 min 24.6 s)`, `50 ms`.
pub(super) fn lasted(time: Duration) -> String {
    let millis = time.as_millis();
    if millis < 1_000 {
        return format!("{millis} ms");
    }
    let decimal = |millis: u128| {
        let text = format!("{}.{:03}", millis / 1_000, millis % 1_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let seconds = format!("{} s", decimal(millis));
    if millis < 120_000 {
        return seconds;
    }
    let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
    let mut parts = Vec::new();
    if hours > 0 {
        parts.push(format!("{hours} h"));
    }
    if minutes > 0 {
        parts.push(format!("{minutes} min"));
    }
    if !millis.is_multiple_of(60_000) {
        parts.push(format!("{} s", decimal(millis % 60_000)));
    }
    format!("{seconds} ({})", parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_answers_every_question() {
        for question in give_up() {
            let names: Vec<_> = question.answers.iter().map(|a| a.profile).collect();
            let known: Vec<_> = Profile::ALL.iter().map(|p| p.name.to_string()).collect();
            assert_eq!(names, known);
            for answer in &question.answers {
                assert!(!answer.sent.is_empty(), "{}: {answer:?}", question.title);
                assert!(answer.fails.is_some(), "{}: {answer:?}", question.title);
            }
        }
    }

    /// The figures that the article gives, and that Windows 10 shows for connecting.
    #[test]
    fn silence_ends_a_connect_as_documented() {
        let questions = give_up();
        let of = |profile| {
            let answer = questions[0].answers.iter().find(|a| a.profile == profile);
            answer.expect("the profile is asked")
        };
        let answer = of("windows-10");
        assert_eq!(answer.sent, [0, 3, 9].map(Duration::from_secs));
        let (after, error) = answer.fails.expect("it fails");
        assert_eq!((after, error.code), (Duration::from_secs(21), 10060));
    }

    #[test]
    fn long_times_are_told_twice() {
        assert_eq!(lasted(Duration::from_millis(50)), "50 ms");
        assert_eq!(lasted(Duration::from_millis(18_900)), "18.9 s");
        assert_eq!(
            lasted(Duration::from_millis(924_600)),
            "924.6 s (15 min 24.6 s)"
        );
        assert_eq!(lasted(Duration::from_secs(7_200)), "7200 s (2 h)");
    }
}
