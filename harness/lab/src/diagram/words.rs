//! Words and the room that they take. There is no font at hand to measure with, so all text is set in one of fixed
//! width, and the widest of the usual ones counts.

/// What a piece of text is about, which decides its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ink {
    /// What is to be read first.
    Plain,
    /// What can be skipped.
    Dim,
    /// Something is sent again.
    Retry,
    /// A loss, a RST, an error.
    Bad,
    /// An ICMP message.
    Icmp,
    /// A fault of the timeline.
    Fault,
}

/// A line of text in pieces.
pub(crate) type Line = Vec<(Ink, String)>;

/// The characters of the line.
pub(crate) fn length(line: &Line) -> usize {
    let words: usize = line.iter().map(|(_, text)| text.chars().count()).sum();
    words + line.len().saturating_sub(1)
}

/// Sets pieces of text in lines of at most `columns` characters. Words that are longer are cut.
pub(crate) fn wrap(pieces: &[(Ink, &str)], columns: usize) -> Vec<Line> {
    let columns = columns.max(8);
    let mut lines: Vec<Line> = Vec::new();
    let mut room = 0;
    for &(ink, text) in pieces {
        let words = text
            .split([' ', '\n', '\t'])
            .filter(|word| !word.is_empty());
        for word in words.flat_map(|word| cut(word, columns)) {
            let width = word.chars().count();
            match lines.last_mut() {
                Some(line) if width < room => {
                    push(line, ink, &word);
                    room -= width + 1;
                }
                _ => {
                    lines.push(vec![(ink, word)]);
                    room = columns - width;
                }
            }
        }
    }
    lines
}

/// The text with spaces at which no line ends.
pub(crate) fn unbroken(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

/// Keeps the first lines, and says that there were more.
pub(crate) fn clip(lines: &mut Vec<Line>, most: usize) {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(line) = lines.last_mut() {
            line.push((Ink::Dim, "…".to_owned()));
        }
    }
}

fn push(line: &mut Line, ink: Ink, word: &str) {
    match line.last_mut() {
        Some((last, text)) if *last == ink => {
            text.push(' ');
            text.push_str(word);
        }
        _ => line.push((ink, word.to_owned())),
    }
}

/// Cuts a word into pieces that fit, behind a dot or the like where there is one.
fn cut(word: &str, columns: usize) -> Vec<String> {
    let mut rest: Vec<char> = word.chars().collect();
    let mut pieces = Vec::new();
    while rest.len() > columns {
        let joints = rest[..columns]
            .iter()
            .rposition(|letter| "._/-=".contains(*letter));
        let at = joints.map_or(columns, |joint| joint + 1);
        let after = rest.split_off(at);
        pieces.push(rest.into_iter().collect());
        rest = after;
    }
    pieces.push(rest.into_iter().collect());
    pieces
}

/// The width of so many characters in pixels, rounded up. Fonts of fixed width take 0.55 to 0.62 of their size.
pub(crate) fn width(characters: usize, font: i32) -> i32 {
    let characters = i32::try_from(characters).unwrap_or(i32::MAX / 1_000);
    characters.saturating_mul(font * 62).saturating_add(99) / 100
}

/// How many characters fit.
pub(crate) fn columns(pixels: i32, font: i32) -> usize {
    usize::try_from(pixels * 100 / (font * 62)).unwrap_or(0)
}

/// The size of all text but the times', in pixels.
pub(crate) const FONT: i32 = 11;
/// The size of times and remarks.
pub(crate) const SMALL: i32 = 10;
/// From one line of text to the next.
pub(crate) const LINE: i32 = 13;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[Line]) -> Vec<String> {
        let text = |line: &Line| {
            let words: Vec<_> = line.iter().map(|(_, text)| text.as_str()).collect();
            words.join(" ")
        };
        lines.iter().map(text).collect()
    }

    #[test]
    fn lines_keep_their_width_and_inks() {
        let lines = wrap(
            &[(Ink::Plain, "SYN retry 1"), (Ink::Bad, "lost: partition")],
            12,
        );
        assert_eq!(texts(&lines), ["SYN retry 1", "lost:", "partition"]);
        let lines = wrap(&[(Ink::Plain, "SYN"), (Ink::Bad, "lost: x")], 12);
        assert_eq!(
            lines,
            [[
                (Ink::Plain, "SYN".to_owned()),
                (Ink::Bad, "lost: x".to_owned())
            ]]
        );
        assert_eq!(length(&lines[0]), 11);
    }

    #[test]
    fn long_words_are_cut() {
        let lines = wrap(&[(Ink::Plain, "0123456789abc d")], 10);
        assert_eq!(texts(&lines), ["0123456789", "abc d"]);
        let lines = wrap(&[(Ink::Plain, "net.ipv4.tcp_retries2 = 5")], 14);
        assert_eq!(texts(&lines), ["net.ipv4.tcp_", "retries2 = 5"]);
        assert!(lines.iter().all(|line| length(line) <= 14));
    }

    #[test]
    fn clipped_lines_say_so() {
        let mut lines = wrap(&[(Ink::Plain, "aaaaaaaa bbbbbbbb cccccccc")], 8);
        clip(&mut lines, 2);
        assert_eq!(texts(&lines), ["aaaaaaaa", "bbbbbbbb …"]);
    }
}
