//! Error tables: (cause, call) to name, code, text and kind.

use super::{Os, Profile};
use crate::cause::{Call, Cause};
use std::io;

/// An error as a program on one operating system sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OsError {
    /// The symbol: `WSAECONNRESET`, `ECONNRESET`.
    pub name: &'static str,
    /// The number: 10054, 104, 54.
    pub code: i32,
    /// What Rust's standard library maps the code to on that system. `Other` stands for its unstable
    /// `Uncategorized`.
    pub kind: io::ErrorKind,
    /// The system's own message, without the code.
    pub text: &'static str,
}

/// Whether a call is the first to learn of a failure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Occurrence {
    /// It takes the pending error, or finds the condition itself.
    First,
    /// Another call has had the error already.
    Again,
}

/// One row of an error table.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ErrorRule {
    /// The cause.
    pub cause: Cause,
    /// The calls; empty for every call.
    pub calls: &'static [Call],
    /// When; `None` for both.
    pub when: Option<Occurrence>,
    /// What the call returns.
    pub error: &'static OsError,
}

/// The first row that fits.
pub(super) fn lookup(
    profile: &Profile,
    cause: Cause,
    call: Call,
    when: Occurrence,
) -> &'static OsError {
    let fits = |rule: &&ErrorRule| {
        rule.cause == cause
            && (rule.calls.is_empty() || rule.calls.contains(&call))
            && rule.when.is_none_or(|w| w == when)
    };
    profile
        .errors
        .iter()
        .find(fits)
        .map_or(invalid_argument(profile.os), |rule| rule.error)
}

fn invalid_argument(os: Os) -> &'static OsError {
    by_name(os, "EINVAL")
        .or_else(|| by_name(os, "WSAEINVAL"))
        .expect("every family has it")
}

/// Every error of that family, in order of its code.
pub fn all(os: Os) -> &'static [OsError] {
    let _ = os;
    todo!()
}

/// The error of that name in that family.
pub fn by_name(os: Os, name: &str) -> Option<&'static OsError> {
    all(os).iter().find(|error| error.name == name)
}
