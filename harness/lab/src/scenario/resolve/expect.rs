//! What a step must do, for each system that its host has in turn.

use super::system::{System, Systems};
use crate::plan::{Action, Expect, ExpectResult, ExpectTime, Since};
use crate::scenario::diagnostic::{Code, Problems, Span, quoted};
use crate::scenario::file::step::ExpectTable;
use crate::scenario::read::{At, Entries};
use crate::scenario::values::{ByOs, TimeRange};
use halfopen_tcp::profile::{Os, errors};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// One expectation for each of these systems; `None` where anything will do.
pub(super) fn resolve(
    expect: &At<ExpectTable>,
    action: &Action,
    chosen: &[Rc<System>],
    systems: &Systems<'_>,
    problems: &mut Problems,
) -> Vec<Option<Expect>> {
    let table = &expect.value;
    check_keys(expect, problems);
    check_possible(table, action, problems);
    check_names(table, chosen, systems, problems);
    let resolve_one = |system: &Rc<System>| {
        let result = result_on(table, system);
        let time = time_on(table, system);
        let says_something = result.is_some() || time.is_some();
        says_something.then_some(Expect { result, time })
    };
    chosen.iter().map(resolve_one).collect()
}

fn check_keys(expect: &At<ExpectTable>, problems: &mut Problems) {
    let table = &expect.value;
    let (results, times) = (table.results(), table.times());
    let groups = [
        (&results, "a step ends in one way"),
        (&times, "it takes one of them"),
    ];
    for (keys, why) in groups {
        if let [first, second, ..] = keys.as_slice() {
            let (a, b) = (quoted(first.value), quoted(second.value));
            let message = format!("`expect` has both {a} and {b}; {why}");
            problems
                .report(Code::ConflictingKeys, second.span, message)
                .also(first.span, "the first");
        }
    }
    if let (Some(waits), Some(time)) = (table.waits.span(), times.first()) {
        problems
            .report(
                Code::ConflictingKeys,
                time.span,
                format!("a step that waits for ever has no `{}`", time.value),
            )
            .also(waits, "it never ends");
    }
    if table.is_empty() && !problems.has_within(expect.span) {
        problems
            .report(Code::MissingKey, expect.span, "`expect` says nothing")
            .help("say what must happen, such as `{ ok = true }`, or leave it out");
    }
}

/// Reports a result that the step cannot have, whatever happens.
fn check_possible(table: &ExpectTable, action: &Action, problems: &mut Problems) {
    let counts = matches!(action, Action::Send { .. } | Action::Recv(_));
    let reads = matches!(action, Action::Recv(_));
    let impossible = [
        (table.bytes.span().filter(|_| !counts), "bytes"),
        (table.eof.span().filter(|_| !reads), "end of file"),
    ];
    for (span, what) in impossible {
        if let Some(span) = span {
            let message = format!("`{}` never gives {what}", action.name());
            problems.report(Code::ImpossibleExpectation, span, message);
        }
    }
}

/// Reports names of systems and errors that do not exist.
fn check_names(
    table: &ExpectTable,
    chosen: &[Rc<System>],
    systems: &Systems<'_>,
    problems: &mut Problems,
) {
    for by_name in [table.after.value(), table.at.value()]
        .into_iter()
        .flatten()
    {
        if let ByOs::ByName(entries) = by_name {
            check_systems(entries, systems, problems);
        }
    }
    match table.error.given() {
        Some(At {
            value: ByOs::Always(name),
            span,
        }) => check_error(&name.0, *span, chosen, problems),
        Some(At {
            value: ByOs::ByName(entries),
            ..
        }) => {
            check_systems(entries, systems, problems);
            for (system, name) in &entries.0 {
                if let (Some(os), Some(name)) = (family_of(&system.value, chosen), name.given())
                    && errors::by_name(os, &name.value.0).is_none()
                {
                    unknown_error(&name.value.0, name.span, os, problems);
                }
            }
        }
        None => {}
    }
}

fn check_systems<T>(entries: &Entries<T>, systems: &Systems<'_>, problems: &mut Problems) {
    let names = systems.names();
    let mut seen = BTreeMap::new();
    for (name, _) in &entries.0 {
        if let Some(first) = seen.insert(name.value.as_str(), name.span) {
            let message = format!("{} is there twice", quoted(&name.value));
            problems
                .report(Code::ConflictingKeys, name.span, message)
                .also(first, "the first");
        }
        if !names.contains(name.value.as_str()) {
            let known = names.iter().copied();
            problems.unknown(Code::UnknownOs, name.span, "os", &name.value, known);
        }
    }
}

/// An error name for whatever system the host has.
fn check_error(name: &str, span: Span, chosen: &[Rc<System>], problems: &mut Problems) {
    let families: BTreeSet<Os> = chosen.iter().map(|system| system.profile.os).collect();
    let Some(without) = families
        .iter()
        .find(|os| errors::by_name(**os, name).is_none())
    else {
        return;
    };
    let known_to_some = families
        .iter()
        .any(|os| errors::by_name(*os, name).is_some());
    unknown_error(name, span, *without, problems);
    if families.len() > 1
        && let Some(report) = problems.last()
    {
        let by_family: Vec<String> = families
            .iter()
            .filter_map(|os| Some(format!("{} = \"{}\"", os.name(), counterpart(name, *os)?)))
            .collect();
        if known_to_some || by_family.len() == families.len() {
            let table = by_family.join(", ");
            report.help(format!(
                "the host has several systems in turn: write `error = {{ {table} }}`, or the `cause`"
            ));
        }
    }
}

fn unknown_error(name: &str, span: Span, os: Os, problems: &mut Problems) {
    let known = errors::all(os).iter().map(|error| error.name);
    let report = problems.unknown(Code::UnknownError, span, "error", name, known);
    report.message = format!("{} has no error {}", os.name(), quoted(name));
    let numbered = |code: i32| errors::all(os).iter().find(|error| error.code == code);
    if let Some(error) = name.parse().ok().and_then(numbered) {
        report.help(format!("{name} is `{}`", error.name));
    } else if let Some(counterpart) = counterpart(name, os) {
        report.help(format!("on {} it is `{counterpart}`", os.name()));
    }
}

/// What another family calls the error of that name, if it has it.
fn counterpart(name: &str, os: Os) -> Option<&'static str> {
    let plain = name.strip_prefix("WSA").unwrap_or(name);
    let found = errors::by_name(os, plain).or_else(|| errors::by_name(os, &format!("WSA{plain}")));
    found.map(|error| error.name)
}

fn family_of(name: &str, chosen: &[Rc<System>]) -> Option<Os> {
    let family = Os::ALL.iter().copied().find(|os| os.name() == name);
    let profile = || halfopen_tcp::Profile::named(name).map(|profile| profile.os);
    let loaded = || chosen.iter().find(|system| system.name == name);
    family
        .or_else(profile)
        .or_else(|| loaded().map(|system| system.profile.os))
}

fn result_on(table: &ExpectTable, system: &System) -> Option<ExpectResult> {
    if table.ok.value().is_some() {
        return Some(ExpectResult::Ok);
    }
    if table.eof.value().is_some() {
        return Some(ExpectResult::Eof);
    }
    if table.waits.value().is_some() {
        return Some(ExpectResult::Waits);
    }
    if let Some(bytes) = table.bytes.value() {
        return Some(ExpectResult::Bytes(bytes.0));
    }
    if let Some(cause) = table.cause.value() {
        return Some(ExpectResult::Cause(cause.0));
    }
    let name = pick(table.error.value()?, system)?;
    let error = errors::by_name(system.profile.os, &name.0)?;
    Some(ExpectResult::Error(error.name.to_owned()))
}

fn time_on(table: &ExpectTable, system: &System) -> Option<ExpectTime> {
    let (since, by_os) = match (table.after.value(), table.at.value()) {
        (Some(after), _) => (Since::Step, after),
        (None, Some(at)) => (Since::Start, at),
        (None, None) => return None,
    };
    let TimeRange { from, to } = *pick(by_os, system)?;
    Some(ExpectTime { since, from, to })
}

/// The value for this system: that of its name, else that of its family.
fn pick<'a, T>(by_os: &'a ByOs<T>, system: &System) -> Option<&'a T> {
    let entries = match by_os {
        ByOs::Always(value) => return Some(value),
        ByOs::ByName(entries) => entries,
    };
    let named = |wanted: &str| {
        let entry = entries.0.iter().find(|(name, _)| name.value == wanted);
        entry.and_then(|(_, value)| value.value())
    };
    named(&system.name).or_else(|| named(system.profile.os.name()))
}
