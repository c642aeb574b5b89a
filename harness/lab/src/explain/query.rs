//! What is meant by a number, a name, or a piece of text.

use super::{OnSystem, Unknown};
use crate::report::steps::kind_name;
use halfopen_tcp::Cause;
use halfopen_tcp::profile::errors::{all, by_name};
use halfopen_tcp::profile::{Os, OsError};

/// Something to explain.
pub(super) enum Found {
    /// One error on the systems that have it under this name or number.
    Error(Vec<OnSystem>),
    Cause(Cause),
}

/// Finds what the query means. The first way of reading it that finds anything counts.
pub(super) fn find(query: &str) -> Result<Vec<Found>, Unknown> {
    let word = bare(query);
    if let Some(code) = code(&word) {
        return found(grouped(|_, error| error.code == code), query);
    }
    if let Some(cause) = Cause::from_name(&word.to_ascii_lowercase()) {
        return Ok(vec![Found::Cause(cause)]);
    }
    let named = if is_windows_name(&word) {
        grouped(|_, error| error.name.eq_ignore_ascii_case(&word))
    } else {
        grouped(|_, error| canonical(error.name) == canonical(&word))
    };
    if !named.is_empty() {
        return Ok(named);
    }
    let kind = word.trim_start_matches("ErrorKind::");
    let of_kind = grouped(|_, error| kind_name(error).eq_ignore_ascii_case(kind));
    if !of_kind.is_empty() && !kind.eq_ignore_ascii_case("Uncategorized") {
        return Ok(of_kind);
    }
    let text = word.to_ascii_lowercase();
    if text.len() < SHORTEST_TEXT {
        return found(Vec::new(), query);
    }
    found(
        grouped(|_, error| error.text.to_ascii_lowercase().contains(&text)),
        query,
    )
}

/// The error of the same name on the systems that were not asked about.
pub(super) fn elsewhere(asked: &[OnSystem]) -> Vec<OnSystem> {
    let Some(name) = asked.first().map(|on| canonical(on.error.name)) else {
        return Vec::new();
    };
    let others = Os::ALL
        .iter()
        .filter(|os| asked.iter().all(|on| on.os != **os));
    others
        .filter_map(|os| {
            let error = all(*os)
                .iter()
                .find(|error| canonical(error.name) == name)?;
            Some(OnSystem { os: *os, error })
        })
        .collect()
}

/// The error that a plain call returns where an overlapped operation or a completion port reports this one, as
/// `WSAGetOverlappedResult` and libuv's `src/win/error.c` translate them.
pub(super) fn plain(os: Os, error: &OsError) -> Option<&'static OsError> {
    if os != Os::Windows {
        return None;
    }
    let plain = match error.name {
        "ERROR_NETNAME_DELETED" => "WSAECONNRESET",
        "ERROR_SEM_TIMEOUT" => "WSAETIMEDOUT",
        "ERROR_CONNECTION_REFUSED" => "WSAECONNREFUSED",
        "ERROR_CONNECTION_ABORTED" => "WSAECONNABORTED",
        "ERROR_NETWORK_UNREACHABLE" => "WSAENETUNREACH",
        "ERROR_HOST_UNREACHABLE" => "WSAEHOSTUNREACH",
        _ => return None,
    };
    by_name(os, plain)
}

/// A text shorter than this would match half of all messages.
const SHORTEST_TEXT: usize = 5;

/// How many names are suggested.
const NEAREST: usize = 3;

/// The query without what people copy along: `(os error 10060)`, `errno = 110`, trailing punctuation.
fn bare(query: &str) -> String {
    let trimmed = query
        .trim()
        .trim_matches(|c: char| matches!(c, '(' | ')' | '"' | '\'' | '`' | '.' | ',' | ':'));
    for before in ["os error", "errno", "error code", "code", "error"] {
        let Some(start) = trimmed.get(..before.len()) else {
            continue;
        };
        let rest = trimmed[before.len()..].trim_start_matches([' ', '=', ':', '#']);
        if start.eq_ignore_ascii_case(before) && code(rest).is_some() {
            return rest.to_owned();
        }
    }
    trimmed.to_owned()
}

/// A decimal number, or an `HRESULT` that wraps a Win32 code (facility 7): `0x8007274C` is 10060.
fn code(word: &str) -> Option<i32> {
    let hex = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"));
    let Some(hex) = hex else {
        return word.parse().ok().filter(|_| !word.starts_with('+'));
    };
    let value = u32::from_str_radix(hex, 16).ok()?;
    let wrapped = value >> 16 == 0x8007;
    i32::try_from(if wrapped { value & 0xffff } else { value }).ok()
}

fn is_windows_name(word: &str) -> bool {
    word.get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("WSA"))
}

/// The name that systems share: Winsock puts `WSA` before it, and `EWOULDBLOCK` is `EAGAIN` on every Unix.
fn canonical(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    let shared = upper.strip_prefix("WSA").unwrap_or(&upper);
    if shared == "EWOULDBLOCK" {
        "EAGAIN".to_owned()
    } else {
        shared.to_owned()
    }
}

/// The errors for which the question holds, those of one shared name together.
fn grouped(holds: impl Fn(Os, &OsError) -> bool) -> Vec<Found> {
    let mut groups: Vec<(String, Vec<OnSystem>)> = Vec::new();
    for &os in Os::ALL {
        for error in all(os).iter().filter(|error| holds(os, error)) {
            let name = canonical(error.name);
            let on = OnSystem { os, error };
            match groups.iter_mut().find(|(known, _)| *known == name) {
                Some((_, group)) => group.push(on),
                None => groups.push((name, vec![on])),
            }
        }
    }
    groups
        .into_iter()
        .map(|(_, group)| Found::Error(group))
        .collect()
}

fn found(found: Vec<Found>, query: &str) -> Result<Vec<Found>, Unknown> {
    if found.is_empty() {
        Err(Unknown {
            query: query.to_owned(),
            nearest: nearest(&bare(query)),
        })
    } else {
        Ok(found)
    }
}

/// The nearest codes, names and causes; none that share next to nothing with the word.
fn nearest(word: &str) -> Vec<String> {
    let number = word.strip_prefix('-').unwrap_or(word);
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    let errors = Os::ALL.iter().flat_map(|os| all(*os));
    let mut names: Vec<String> = if is_number {
        errors.map(|error| error.code.to_string()).collect()
    } else {
        let causes = Cause::ALL.iter().map(|cause| cause.name());
        errors
            .map(|error| error.name)
            .chain(causes)
            .map(str::to_owned)
            .collect()
    };
    names.sort();
    names.dedup();
    let word = number.to_ascii_lowercase();
    let mut scored: Vec<_> = names
        .into_iter()
        .map(|name| {
            (
                strsim::jaro_winkler(&word, &name.to_ascii_lowercase()),
                name,
            )
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .collect();
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.truncate(NEAREST);
    scored.into_iter().map(|(_, name)| name).collect()
}
