//! From text to tables: TOML, and what of it this format takes.

use super::Source;
use super::diagnostic::{Code, Problems, Span, quoted};
use super::table::{Table, read_table};
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

/// Reads the text as a table of that kind. `None` if it is no TOML, which has been reported then.
pub(super) fn read<T: Table>(source: &Source, problems: &mut Problems) -> Option<T> {
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    // The place of a key that is missing at the top is the beginning of the file.
    let document = Spanned::new(0..0, DeValue::Table(document.into_inner()));
    let mut values = BTreeSet::new();
    value_spans(&document, &mut values);
    let mut readable = true;
    for error in &errors {
        let span = error.span().map_or(Span { start: 0, end: 0 }, Span::from);
        report(error, span, source, problems);
        // The parser goes on after a value that it cannot read. Other mistakes may have moved keys to where they do
        // not belong, and whatever is found after them could be wrong.
        readable &= values.contains(&span);
    }
    if !readable {
        return None;
    }
    check_version(&document, &source.text, problems);
    read_table(&document, problems)
}

/// Whether a text is a profile file rather than a scenario.
pub(super) fn is_profile_file(text: &str) -> bool {
    // Most files are not, and need not be parsed to know it.
    text.contains("base") && {
        let (document, _) = DeTable::parse_recoverable(text);
        let has = |key: &str| document.get_ref().iter().any(|(k, _)| k.get_ref() == key);
        has("base") && !has("host")
    }
}

fn report(error: &Error, span: Span, source: &Source, problems: &mut Problems) {
    let found = source.text.get(span.start..span.end).unwrap_or_default();
    if found.is_empty() && is_missing(&source.text, span) {
        problems.report(Code::Syntax, span, "a value is missing");
    } else if error.message().starts_with("string values must be quoted") {
        let message = format!("{} is not a value; a text is in quotes", quoted(found));
        let report = problems.report(Code::Syntax, span, message);
        report.help = instead_of(found);
    } else {
        problems.report(Code::Syntax, span, error.message());
    }
    problems.mute(span);
}

/// Whether a key stands before this place and no value after it.
fn is_missing(text: &str, span: Span) -> bool {
    let (before, after) = text.split_at_checked(span.start).unwrap_or((text, ""));
    let next = after.trim_start_matches([' ', '\t']).chars().next();
    before.trim_end_matches([' ', '\t']).ends_with('=')
        && next.is_none_or(|next| matches!(next, '\r' | '\n' | '#' | ',' | ']' | '}'))
}

/// What to write instead of a value without quotes.
fn instead_of(found: &str) -> Option<String> {
    match found.to_ascii_lowercase().as_str() {
        "yes" | "on" | "true" => Some("write `true`".into()),
        "no" | "off" | "false" => Some("write `false`".into()),
        percent if percent.ends_with('%') => Some("one in a hundred is `0.01`".into()),
        _ if found.len() > 80 || found.contains(['"', '\\', '\n']) => None,
        _ => Some(format!("write `\"{found}\"`")),
    }
}

/// The places of all values that are not tables.
fn value_spans(item: &Spanned<DeValue<'_>>, found: &mut BTreeSet<Span>) {
    match item.get_ref() {
        DeValue::Table(table) => table.iter().for_each(|(_, item)| value_spans(item, found)),
        DeValue::Array(array) => array.iter().for_each(|item| value_spans(item, found)),
        _ => {
            found.insert(item.span().into());
        }
    }
}

/// Reports inline tables as only TOML 1.1 allows them: editors and other tools may not read them.
fn check_version(item: &Spanned<DeValue<'_>>, text: &str, problems: &mut Problems) {
    match item.get_ref() {
        DeValue::Table(table) => {
            if is_inline(item, text) {
                check_inline(item.span().into(), table, text, problems);
            }
            table
                .iter()
                .for_each(|(_, item)| check_version(item, text, problems));
        }
        DeValue::Array(array) => array
            .iter()
            .for_each(|item| check_version(item, text, problems)),
        _ => {}
    }
}

fn check_inline(span: Span, table: &DeTable<'_>, text: &str, problems: &mut Problems) {
    let mut parts = Vec::new();
    inline_parts(table, text, &mut parts);
    parts.sort_unstable();
    // What stands between keys and values: `{`, `=`, `,`, `}`, spaces and, in TOML 1.1, line ends.
    let starts = parts.iter().map(|part| part.start).chain([span.end]);
    let ends = [span.start]
        .into_iter()
        .chain(parts.iter().map(|part| part.end));
    let gaps: Vec<&str> = ends
        .zip(starts)
        .map(|(end, start)| text.get(end..start).unwrap_or_default())
        .collect();
    let brace = Span {
        start: span.start,
        end: span.start + 1,
    };
    if gaps.iter().any(|gap| gap.contains('\n')) {
        problems
            .report(
                Code::TomlVersion,
                brace,
                "this inline table has a line end in it, which TOML 1.0 does not allow",
            )
            .help("write it on one line, or as a `[table]` of its own");
    } else if !parts.is_empty() && gaps.last().is_some_and(|gap| gap.contains(',')) {
        let comma = Span {
            start: parts.last().map_or(span.start, |part| part.end),
            end: span.end,
        };
        problems
            .report(
                Code::TomlVersion,
                comma,
                "this inline table ends with a comma, which TOML 1.0 does not allow",
            )
            .help("take the comma away");
    }
}

/// The places of the keys and values of an inline table; keys with dots make tables without braces of their own.
fn inline_parts(table: &DeTable<'_>, text: &str, parts: &mut Vec<Span>) {
    for (key, item) in table {
        parts.push(key.span().into());
        match item.get_ref() {
            DeValue::Table(inner) if !is_inline(item, text) => inline_parts(inner, text, parts),
            _ => parts.push(item.span().into()),
        }
    }
}

fn is_inline(item: &Spanned<DeValue<'_>>, text: &str) -> bool {
    text.get(item.span())
        .is_some_and(|written| written.starts_with('{'))
}
