//! Every client in every situation.

use crate::seen::{Answer, Seen};
use crate::situation::{Client, Situation, run};
use crate::{Grpc, Http, Https, Postgres, Redis, WebSocket};

/// What the users of all clients see on that system.
pub fn table(os: &str) -> String {
    let mut table = format!(
        "{os}\n\n{:<SITUATION$}{:>AFTER$}  {:<CODE$}  asked again\n",
        "", "after", "system's error"
    );
    add::<Http>(&mut table, os);
    add::<Https>(&mut table, os);
    add::<Grpc>(&mut table, os);
    add::<Postgres>(&mut table, os);
    add::<Redis<true>>(&mut table, os);
    add::<Redis<false>>(&mut table, os);
    add::<WebSocket>(&mut table, os);
    table
}

fn add<C: Client>(table: &mut String, os: &str) {
    *table += &format!("\n{}\n", C::NAME);
    for situation in Situation::ALL {
        let (seen, _) = run::<C>(situation, os);
        *table += &row(situation.name(), &seen);
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
    let line = format!("  {situation:<40}{after:>AFTER$}  {code:<CODE$}  {again}");
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

const SITUATION: usize = 42;
const AFTER: usize = 12;
const CODE: usize = 24;
const WIDTH: usize = 118;
