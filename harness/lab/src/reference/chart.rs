//! When each system gives up, as a picture: a row for each system, a mark for each packet, time on a logarithmic scale.

use super::give_up::{Answer, Question, give_up, lasted};
use crate::diagram::Surroundings;
use crate::diagram::canvas::Canvas;
use crate::diagram::layout::{Anchor, Text};
use crate::diagram::words::{Ink, SMALL};
use std::time::Duration;

/// The chart for the middle of a web page that has [`crate::diagram::css`].
pub fn give_up_chart() -> String {
    draw(&give_up(), Surroundings::Page)
}

/// The chart as a document of its own.
pub fn give_up_chart_document() -> String {
    draw(&give_up(), Surroundings::Document)
}

fn draw(questions: &[Question], surroundings: Surroundings) -> String {
    let rows: i32 = questions.iter().map(height).sum();
    let size = (WIDTH, TOP + rows + 8);
    let title = "When does a connection give up?";
    let mut canvas = Canvas::new(
        "ho-give-up",
        size,
        title,
        &description(questions),
        surroundings,
    );
    let mut top = TOP;
    for question in questions {
        panel(&mut canvas, question, top);
        top += height(question);
    }
    canvas.finish()
}

/// The same for who cannot see it.
fn description(questions: &[Question]) -> String {
    let mut text =
        "A chart with a logarithmic time axis from 10 milliseconds to 10 hours.".to_owned();
    for question in questions {
        text += &format!(" {}, {}:", question.title, question.since);
        for answer in &question.answers {
            text += &format!(" {} {};", answer.profile, end(answer));
        }
        text.pop();
        text.push('.');
    }
    text
}

fn end(answer: &Answer) -> String {
    match answer.fails {
        None => "never".to_owned(),
        Some((after, error)) => format!("{} {}", short(after), error.name),
    }
}

/// Seconds, without the hours and minutes that the table adds.
fn short(time: Duration) -> String {
    let text = lasted(time);
    let seconds = text.split(" (").next();
    seconds.unwrap_or_default().to_owned()
}

fn height(question: &Question) -> i32 {
    HEAD + ROW * i32::try_from(question.answers.len()).unwrap_or(0) + FOOT
}

fn panel(canvas: &mut Canvas, question: &Question, top: i32) {
    let bottom = top + height(question) - FOOT;
    let heading = vec![vec![(Ink::Plain, question.title.to_owned())]];
    canvas.text(&Text {
        bold: true,
        ..Text::alone(heading, (8, top + 4), Anchor::Left)
    });
    let since = format!("each mark a {}; time {}", question.sends, question.since);
    let since = vec![vec![(Ink::Dim, since)]];
    canvas.text(&Text::alone(since, (WIDTH - 8, top + 4), Anchor::Right));
    for (label, millis) in SCALE {
        let x = column(Duration::from_millis(*millis));
        canvas.line((x, top + HEAD - 6), (x, bottom), "ho-life ho-dots");
        let line = vec![vec![(Ink::Dim, (*label).to_owned())]];
        canvas.text(&Text {
            font: SMALL,
            ..Text::alone(line, (x, top + HEAD - 10), Anchor::Middle)
        });
    }
    for (answer, row) in question.answers.iter().zip(0..) {
        let y = top + HEAD + ROW * row + ROW / 2;
        let name = vec![vec![(Ink::Plain, answer.profile.to_owned())]];
        canvas.text(&Text::alone(name, (LEFT - 12, y + 4), Anchor::Right));
        strip(canvas, answer, y);
    }
}

/// One system's row: a line as long as the wait, a mark for each packet, and the error at its end.
fn strip(canvas: &mut Canvas, answer: &Answer, y: i32) {
    let (until, time, error) = match answer.fails {
        None => (RIGHT, "never".to_owned(), ""),
        Some((after, error)) => (column(after), short(after), error.name),
    };
    canvas.line((LEFT, y), (until, y), "ho-life");
    for sent in &answer.sent {
        let x = column(*sent);
        canvas.line((x, y - 6), (x, y + 6), "");
    }
    if answer.fails.is_some() {
        canvas.cross((until, y));
    }
    let time = vec![vec![(Ink::Plain, time)]];
    canvas.text(&Text::alone(time, (RIGHT + 76, y + 4), Anchor::Right));
    let error = vec![vec![(Ink::Bad, error.to_owned())]];
    canvas.text(&Text::alone(error, (RIGHT + 86, y + 4), Anchor::Left));
}

/// Where a time stands. What is sent at once stands at the left end, before the scale begins.
fn column(time: Duration) -> i32 {
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    if nanos == 0 {
        return LEFT;
    }
    let place = log2(nanos) - log2(FIRST_NANOS);
    let whole = log2(LAST_NANOS) - log2(FIRST_NANOS);
    let x = SCALE_LEFT + i64::from(RIGHT - SCALE_LEFT as i32) * place / whole;
    i32::try_from(x.clamp(i64::from(LEFT), i64::from(RIGHT))).unwrap_or(RIGHT)
}

/// The logarithm to the base 2, in parts of 65536, from whole numbers only: the same on every machine.
fn log2(number: u64) -> i64 {
    let whole = number.max(1).ilog2();
    // The number as 1.0 to 2.0, in parts of 2^31.
    let mut rest = u128::from(number.max(1)) << 31 >> whole;
    let mut log = i64::from(whole) << 16;
    for bit in (0..16).rev() {
        rest = (rest * rest) >> 31;
        if rest >> 32 > 0 {
            rest >>= 1;
            log |= 1 << bit;
        }
    }
    log
}

/// The times that are written above each panel, in milliseconds.
const SCALE: &[(&str, u64)] = &[
    ("0", 0),
    ("10 ms", 10),
    ("100 ms", 100),
    ("1 s", 1_000),
    ("10 s", 10_000),
    ("1 min", 60_000),
    ("10 min", 600_000),
    ("1 h", 3_600_000),
    ("10 h", 36_000_000),
];
const FIRST_NANOS: u64 = 10_000_000;
const LAST_NANOS: u64 = 36_000_000_000_000;

const WIDTH: i32 = 764;
const TOP: i32 = 18;
/// Where rows begin and end, and where the scale begins.
const LEFT: i32 = 132;
const SCALE_LEFT: i64 = 160;
const RIGHT: i32 = 556;
/// The heights of a panel's head, of a row, and of what is below.
const HEAD: i32 = 34;
const ROW: i32 = 18;
const FOOT: i32 = 22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_right() {
        assert_eq!(log2(1), 0);
        assert_eq!(log2(1 << 40), 40 << 16);
        // log2(10) is 3.321928.
        assert_eq!(log2(10), 217_705);
        assert_eq!(log2(u64::MAX), (64 << 16) - 1);
    }

    #[test]
    fn columns_grow_with_time() {
        assert_eq!(column(Duration::ZERO), LEFT);
        assert_eq!(column(Duration::from_millis(10)), 160);
        assert_eq!(column(Duration::from_secs(36_000)), RIGHT);
        let columns: Vec<_> = SCALE
            .iter()
            .map(|(_, millis)| column(Duration::from_millis(*millis)))
            .collect();
        assert!(columns.is_sorted(), "{columns:?}");
    }
}
