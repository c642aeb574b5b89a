//! Small pieces of text that all parts of a report share.

use halfopen_tcp::Instant;

/// What stands before a line that belongs to the event above it: the width of the time and the gap after it.
pub(crate) const INDENT: &str = "                ";

/// The last column of wrapped text. Columns are characters.
const COLUMNS: usize = 116;

/// An event's line: its time, right-aligned so that those of three hours fit, and what happened.
pub(super) fn stamped(at: Instant, text: &str) -> String {
    format!("{at:>14}  {text}").trim_end().to_owned()
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
