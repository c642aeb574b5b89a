//! How an explanation reads. Headings stand at the left margin and everything else is indented.

use super::{
    Also, ErrorPage, Example, Explanation, OnSystem, Page, Returned, Returns, Time, When, Why,
};
use crate::duration::seconds;
use crate::report::steps::kind_name;
use crate::report::text::wrapped_to;
use halfopen_tcp::profile::Os;
use halfopen_tcp::{Call, Cause};
use std::fmt::{self, Write};

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, page) in self.pages.iter().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            page.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(page) => write_error_page(f, page),
            Self::Cause(why) => write_why(f, why, Listing::EveryError),
        }
    }
}

/// Whether a cause's section names the errors: on an error's page there is only one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listing {
    EveryError,
    OnlyCalls {
        /// Whether the page is about several systems, so that they have to be named.
        systems: bool,
    },
}

fn write_error_page(f: &mut fmt::Formatter<'_>, page: &ErrorPage) -> fmt::Result {
    writeln!(f, "{}", heading(&page.asked))?;
    for (text, systems) in by(&page.asked, |on| on.error.text.to_owned()) {
        let several = systems.len() < page.asked.len();
        let on = if several {
            format!("{}: ", names(&systems))
        } else {
            String::new()
        };
        write_paragraph(f, &format!("{on}{text}"))?;
    }
    for (kind, systems) in by(&page.asked, |on| kind_name(on.error)) {
        let several = systems.len() < page.asked.len();
        let on = if several {
            format!(" on {}", names(&systems))
        } else {
            String::new()
        };
        write_paragraph(f, &format!("In Rust: {}{on}.", rust_kind(&kind)))?;
    }
    if !page.elsewhere.is_empty() {
        write_paragraph(f, &format!("Elsewhere: {}.", heading(&page.elsewhere)))?;
    }
    if let Some(plain) = page.plain {
        let text = format!(
            "A completion port or an overlapped operation reports this where a plain call returns {} ({}); \
             see there.",
            plain.name, plain.code
        );
        write_paragraph(f, &text)?;
    } else if page.why.is_empty() && page.also.is_empty() {
        let text = "None of the causes that halfopen reproduces leads to it. Look at the call that returned it, and \
                    at the limits of its machine.";
        write_paragraph(f, text)?;
    }
    let systems = page.asked.len() > 1;
    for why in &page.why {
        f.write_char('\n')?;
        write_why(f, why, Listing::OnlyCalls { systems })?;
    }
    write_also(f, page)
}

fn write_why(f: &mut fmt::Formatter<'_>, why: &Why, listing: Listing) -> fmt::Result {
    writeln!(f, "{}", why.cause)?;
    write_paragraph(f, why.prose.meaning)?;
    match listing {
        Listing::EveryError => write_returns(f, why)?,
        Listing::OnlyCalls { systems } => write_calls(f, why, systems)?,
    }
    if let Some(when) = &why.when {
        write_when(f, why.cause, when)?;
    }
    write_list(f, "Usual reasons", why.prose.reasons)?;
    write_list(f, "What to do", why.prose.remedies)?;
    write_list(f, "What people get wrong", why.prose.misreadings)?;
    write_examples(f, &why.examples)
}

fn write_when(f: &mut fmt::Formatter<'_>, cause: Cause, when: &When) -> fmt::Result {
    writeln!(
        f,
        "\n    When, with default settings and 25 ms one way ({})",
        when.since
    )?;
    let texts: Vec<_> = when
        .times
        .iter()
        .map(|time| time_text(cause, time))
        .collect();
    let width = texts.iter().map(|text| text.chars().count()).max();
    let width = width.unwrap_or(0);
    for (time, text) in when.times.iter().zip(texts) {
        let mark = format!("  {text:<width$}  ");
        write_item(f, &mark, &time.profiles.join(", "))?;
    }
    Ok(())
}

fn time_text(cause: Cause, time: &Time) -> String {
    match time.learned {
        None => "never".to_owned(),
        Some((after, learned)) if learned == cause => seconds(after),
        Some((after, learned)) => format!("{}, as {learned}", seconds(after)),
    }
}

fn write_examples(f: &mut fmt::Formatter<'_>, examples: &[Example]) -> fmt::Result {
    let text = |example: &Example| match example.cases {
        1 => format!("{} (1 case)", example.scenario),
        cases => format!("{} ({cases} cases)", example.scenario),
    };
    let mut texts: Vec<_> = examples.iter().take(EXAMPLES).map(text).collect();
    if let Some(more @ 1..) = examples.len().checked_sub(EXAMPLES) {
        texts.push(format!("and {more} more"));
    }
    write_list(f, "Scenarios that show it", &texts)
}

/// The kind as a program can match it.
fn rust_kind(kind: &str) -> String {
    match kind {
        "Uncategorized" | "InProgress" => {
            format!("a kind that has no stable name ({kind}); match raw_os_error()")
        }
        _ => format!("ErrorKind::{kind}"),
    }
}

/// `WSAETIMEDOUT (10060) on Windows`, or the names and codes of several systems.
fn heading(asked: &[OnSystem]) -> String {
    let groups = by(asked, |on| format!("{} ({})", on.error.name, on.error.code));
    let one: Vec<_> = groups
        .iter()
        .map(|(error, systems)| format!("{error} on {}", names(systems)))
        .collect();
    one.join(", ")
}

fn write_calls(f: &mut fmt::Formatter<'_>, why: &Why, systems: bool) -> fmt::Result {
    let groups = by(&why.returns, |returns| calls_text(why.cause, returns));
    match groups.as_slice() {
        [(calls, on)] => {
            let on = if systems {
                format!(" on {}", names(on))
            } else {
                String::new()
            };
            write_paragraph(f, &format!("\nReturned{on} by {calls}."))
        }
        groups => {
            let lines: Vec<_> = groups
                .iter()
                .map(|(calls, on)| format!("{}: {calls}", names(on)))
                .collect();
            write_list(f, "Returned by", &lines)
        }
    }
}

fn write_returns(f: &mut fmt::Formatter<'_>, why: &Why) -> fmt::Result {
    if why.returns.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n    What programs see")?;
    let mut blocks: Vec<(String, Vec<Os>)> = Vec::new();
    for &os in Os::ALL {
        let rows: String = why
            .returns
            .iter()
            .filter(|returns| returns.os == os)
            .map(|returns| row(why.cause, returns))
            .collect();
        match blocks.iter_mut().find(|(known, _)| *known == rows) {
            Some((_, systems)) => systems.push(os),
            None => blocks.push((rows, vec![os])),
        }
    }
    for (rows, systems) in blocks.iter().filter(|(rows, _)| !rows.is_empty()) {
        writeln!(f, "      {}", names(systems))?;
        f.write_str(rows)?;
    }
    Ok(())
}

fn row(cause: Cause, returns: &Returns) -> String {
    let what = match returns.what {
        Returned::Error(error) => format!("{} ({})", error.name, error.code),
        Returned::EndOfFile => "end of file".to_owned(),
    };
    let calls = calls_text(cause, returns);
    let lines = wrapped_to(&calls, COLUMNS - ROW_INDENT.len() - WHAT - 2);
    let mut row = String::new();
    for (index, line) in lines.iter().enumerate() {
        let what = if index == 0 { what.as_str() } else { "" };
        row += &format!("{ROW_INDENT}{what:<WHAT$}  {line}\n");
    }
    row
}

/// `connect, recv; send, once another call has had the error`.
fn calls_text(cause: Cause, returns: &Returns) -> String {
    let list = |calls: &[Call]| {
        let names: Vec<_> = calls.iter().map(|call| call_name(cause, *call)).collect();
        names.join(", ")
    };
    let first = list(&returns.first);
    match (returns.first.is_empty(), returns.later.is_empty()) {
        (_, true) => first,
        (true, false) => format!("{}, {LATER}", list(&returns.later)),
        (false, false) => format!("{first}; {}, {LATER}", list(&returns.later)),
    }
}

fn write_also(f: &mut fmt::Formatter<'_>, page: &ErrorPage) -> fmt::Result {
    if page.also.is_empty() {
        return Ok(());
    }
    writeln!(f, "\nSome calls return it for other causes")?;
    let groups = by(&page.also, also_text);
    for (text, systems) in groups {
        let on = if page.asked.len() > 1 {
            format!("{}: ", names(&systems))
        } else {
            String::new()
        };
        write_item(f, "- ", &format!("{on}{text}"))?;
    }
    Ok(())
}

fn also_text(also: &Also) -> String {
    let Also {
        os: _,
        calls,
        later,
        causes,
    } = also;
    let calls: Vec<_> = calls
        .iter()
        .map(|call| call_name(causes[0], *call))
        .collect();
    let causes: Vec<_> = causes.iter().map(|cause| cause.name()).collect();
    let later = if *later {
        format!(", {LATER}")
    } else {
        String::new()
    };
    format!("{}{later}: {}", calls.join(", "), causes.join(", "))
}

/// Calls under the names that people search for.
fn call_name(cause: Cause, call: Call) -> &'static str {
    match (call, cause) {
        (Call::GetOption, Cause::NotConnected) => "getpeername",
        (Call::GetOption, Cause::InvalidArgument) => "getsockopt",
        (Call::GetOption, _) => "getsockopt(SO_ERROR)",
        (Call::SetOption, _) => "setsockopt",
        (Call::Resolve, _) => "getaddrinfo",
        (call, _) => call.name(),
    }
}

/// Something that belongs to a family of systems.
trait HasOs {
    fn os(&self) -> Os;
}

impl HasOs for OnSystem {
    fn os(&self) -> Os {
        self.os
    }
}

impl HasOs for Returns {
    fn os(&self) -> Os {
        self.os
    }
}

impl HasOs for Also {
    fn os(&self) -> Os {
        self.os
    }
}

/// The systems that share a text, in the order in which the texts first come up.
fn by<T: HasOs>(items: &[T], text: impl Fn(&T) -> String) -> Vec<(String, Vec<Os>)> {
    let mut groups: Vec<(String, Vec<Os>)> = Vec::new();
    for item in items {
        let text = text(item);
        match groups.iter_mut().find(|(known, _)| *known == text) {
            Some((_, systems)) => systems.push(item.os()),
            None => groups.push((text, vec![item.os()])),
        }
    }
    groups
}

/// `macOS and FreeBSD`.
fn names(systems: &[Os]) -> String {
    let names: Vec<_> = systems.iter().map(|os| os_name(*os)).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

fn os_name(os: Os) -> &'static str {
    match os {
        Os::Windows => "Windows",
        Os::Linux => "Linux",
        Os::Macos => "macOS",
        Os::Freebsd => "FreeBSD",
    }
}

fn write_paragraph(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for line in wrapped_to(text, COLUMNS - 4) {
        writeln!(f, "{}", format!("    {line}").trim_end())?;
    }
    Ok(())
}

fn write_list<S: AsRef<str>>(f: &mut fmt::Formatter<'_>, title: &str, items: &[S]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n    {title}")?;
    for item in items {
        write_item(f, "  - ", item.as_ref())?;
    }
    Ok(())
}

/// One item, with `mark` before its first line.
fn write_item(f: &mut fmt::Formatter<'_>, mark: &str, text: &str) -> fmt::Result {
    let width = mark.len();
    for (index, line) in wrapped_to(text, COLUMNS - 4 - width).iter().enumerate() {
        let mark = if index == 0 { mark } else { "" };
        writeln!(f, "    {mark:<width$}{line}")?;
    }
    Ok(())
}

const LATER: &str = "once another call has had the error";

/// How many scenarios are named for a cause.
const EXAMPLES: usize = 8;

/// The last column of an explanation.
const COLUMNS: usize = 100;

const ROW_INDENT: &str = "        ";

/// The width of an error's name and code.
const WHAT: usize = 23;
