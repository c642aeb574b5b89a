//! Every client in every situation.

use crate::seen::{Answer, Seen};
use crate::situation::{Client, Situation, run};
use crate::{Grpc, Http, Https, Postgres, Redis, WebSocket};

/// What the users of all clients see on one system.
#[derive(Clone, Debug)]
pub struct Table {
    os: String,
    clients: Vec<Column>,
}

/// What the users of one client see.
#[derive(Clone, Debug)]
struct Column {
    name: &'static str,
    short: Option<&'static str>,
    seen: Vec<(Situation, Seen)>,
}

impl Table {
    /// Lets every client meet every situation on that system.
    pub fn of(os: &str) -> Self {
        Self {
            os: os.to_owned(),
            clients: vec![
                column::<Http>(os),
                column::<Https>(os),
                column::<Grpc>(os),
                column::<Postgres>(os),
                column::<Redis<true>>(os),
                column::<Redis<false>>(os),
                column::<WebSocket>(os),
            ],
        }
    }

    /// The errors' names: a row for each situation, and a column for each client.
    pub fn overview(&self) -> String {
        let shown = || {
            self.clients
                .iter()
                .filter_map(|client| Some((client.short?, client)))
        };
        let mut overview = format!("{:<SITUATION$}", self.os);
        for (short, _) in shown() {
            overview += &format!("{short:<NAME$}");
        }
        for (row, situation) in Situation::ALL.iter().enumerate() {
            overview = overview.trim_end().to_owned();
            overview += &format!("\n{:<SITUATION$}", situation.name());
            for (_, client) in shown() {
                let (_, seen) = &client.seen[row];
                overview += &format!("{:<NAME$}", brief(&seen.answer));
            }
        }
        overview.trim_end().to_owned() + "\n"
    }

    /// Times and texts.
    pub fn details(&self) -> String {
        let (after, error) = ("after", "system's error");
        let mut details = format!(
            "{:<SITUATION$}{after:>AFTER$}  {error:<CODE$}  asked again\n",
            self.os
        );
        for client in &self.clients {
            details += &format!("\n{}\n", client.name);
            for (situation, seen) in &client.seen {
                details += &row(situation.name(), seen);
            }
        }
        details
    }
}

fn column<C: Client>(os: &str) -> Column {
    let see = |situation| (situation, run::<C>(situation, os).0);
    Column {
        name: C::NAME,
        short: C::SHORT,
        seen: Situation::ALL.map(see).to_vec(),
    }
}

fn brief(answer: &Answer) -> &str {
    match answer {
        Answer::Ok => "ok",
        Answer::Error { os: Some(os), .. } => os.name,
        Answer::Error { os: None, .. } => "other error",
        Answer::Waits => "waits",
    }
}

fn row(situation: &str, seen: &Seen) -> String {
    let Seen {
        after,
        answer,
        again,
    } = seen;
    let again = again.as_ref().map_or("", |again| match again {
        Answer::Ok => "ok",
        Answer::Error { .. } => "fails",
        Answer::Waits => "waits",
    });
    let after = format!("{}.{:03} s", after.as_secs(), after.subsec_millis());
    let code = match answer {
        Answer::Ok => "ok".to_owned(),
        Answer::Error { os: None, .. } => "-".to_owned(),
        Answer::Error { os: Some(os), .. } => format!("{} ({})", os.name, os.code),
        Answer::Waits => "still waits".to_owned(),
    };
    let line = format!("  {situation:<INNER$}{after:>AFTER$}  {code:<CODE$}  {again}");
    let mut row = line.trim_end().to_owned() + "\n";
    if let Answer::Error { texts, .. } = answer {
        for text in texts {
            row += &wrapped(text);
        }
    }
    row
}

/// A text in lines that fit, those after the first further in.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut line = "     ".to_owned();
    for word in text.split(' ') {
        if line.len() + 1 + word.len() > WIDTH && !line.trim().is_empty() {
            lines += &line;
            lines.push('\n');
            line = "         ".to_owned();
        }
        line.push(' ');
        line += word;
    }
    lines + &line + "\n"
}

const SITUATION: usize = 33;
const INNER: usize = SITUATION - 2;
const AFTER: usize = 12;
const NAME: usize = 16;
const CODE: usize = 24;
const WIDTH: usize = 118;
