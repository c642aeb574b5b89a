//! Small pieces of text that all parts of a report share.

use halfopen_tcp::Instant;
use std::time::Duration;

/// What stands before a line that belongs to the event above it: the width of the time and the gap after it.
pub(crate) const INDENT: &str = "                ";

/// The last column of wrapped text. Columns are characters.
const COLUMNS: usize = 116;

/// An event's line: its time, right-aligned so that those of three hours fit, and what happened.
pub(super) fn stamped(at: Instant, text: &str) -> String {
    format!("{at:>14}  {text}").trim_end().to_owned()
}

/// A duration to the nanosecond, in the form that scenario files take. It stays in seconds however long it is, as
/// every system's settings do, so that `131s` is found again where `2m 11s` would not be.
pub(crate) fn seconds(duration: Duration) -> String {
    let nanos = duration.subsec_nanos();
    let parts = [
        (duration.as_secs(), "s"),
        (u64::from(nanos / 1_000_000), "ms"),
        (u64::from(nanos / 1_000 % 1_000), "us"),
        (u64::from(nanos % 1_000), "ns"),
    ];
    let shown: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if shown.is_empty() {
        "0s".to_owned()
    } else {
        shown.join(" ")
    }
}

/// The text in lines that fit behind [`INDENT`]. Line ends in the text stay.
pub(crate) fn wrapped(text: &str) -> Vec<String> {
    wrapped_to(text, COLUMNS - INDENT.len())
}

/// The text in lines of at most `columns`, except for longer words. Line ends in the text stay.
pub(crate) fn wrapped_to(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.trim_end().lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let width = line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && width > columns {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        lines.push(line);
    }
    lines
}

/// `1 byte`, `12 bytes`.
pub(super) fn bytes(count: u64) -> String {
    if count == 1 {
        "1 byte".to_owned()
    } else {
        format!("{count} bytes")
    }
}

/// The word as a shell takes it for one.
pub(super) fn word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '=');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact_and_stay_in_seconds() {
        let shown = |nanos| seconds(Duration::from_nanos(nanos));
        assert_eq!(shown(0), "0s");
        assert_eq!(shown(131_000_000_000), "131s");
        assert_eq!(shown(3_464_216_001), "3s 464ms 216us 1ns");
        assert_eq!(shown(7_200_000_000_000), "7200s");
        assert_eq!(shown(50_000_000), "50ms");
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(word("scenarios/a.toml"), "scenarios/a.toml");
        assert_eq!(word("my cases/it's.toml"), r"'my cases/it'\''s.toml'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn wrapping_keeps_line_ends_and_long_words() {
        assert_eq!(wrapped_to("a bc def\n\ng", 4), ["a bc", "def", "", "g"]);
        assert_eq!(wrapped_to("overlong x", 4), ["overlong", "x"]);
        assert_eq!(wrapped_to("", 4), Vec::<String>::new());
    }
}
