//! Causes, and the errors that calls return for them.

use super::{Table, code, family};
use crate::explain::causes::prose;
use crate::explain::{Returned, Returns, returns};
use crate::report::steps::kind_name;
use halfopen_tcp::profile::{Os, errors};
use halfopen_tcp::{Call, Cause};

/// Why calls fail, the same on every system.
pub fn causes() -> String {
    let mut table = Table::new(&["cause", "what happened"]);
    for &cause in Cause::ALL {
        table.row(&[&code(cause.name()), prose(cause).meaning]);
    }
    table.0
}

/// The errors of a family, in order of their codes.
pub fn errors(os: Os) -> String {
    let mut table = Table::new(&["error", "code", "`ErrorKind`", "text"]);
    for error in errors::all(os) {
        let number = error.code.to_string();
        table.row(&[
            &code(error.name),
            number.as_str(),
            &code(&kind_name(error)),
            error.text,
        ]);
    }
    table.0
}

/// Which errors calls return for each cause, system by system: first the call that learns of it, then later ones.
pub fn cause_errors() -> String {
    let mut heads = vec!["cause"];
    heads.extend(Os::ALL.iter().map(|os| family(*os)));
    let mut table = Table::new(&heads);
    for &cause in Cause::ALL.iter().filter(|cause| **cause != Cause::Killed) {
        let mut cells = vec![code(cause.name())];
        cells.extend(Os::ALL.iter().map(|os| cell(&returns(*os, cause))));
        table.row(&cells);
    }
    table.0
}

fn cell(all: &[Returns]) -> String {
    let alone = all
        .iter()
        .filter(|returns| !returns.first.is_empty())
        .count()
        == 1;
    let first = all.iter().filter(|returns| !returns.first.is_empty());
    let first = first.map(|returns| {
        if alone {
            what(&returns.what)
        } else {
            format!("{} from {}", what(&returns.what), calls(&returns.first))
        }
    });
    let later = all.iter().filter(|returns| !returns.later.is_empty());
    let later = later.map(|returns| {
        format!(
            "then {} from {}",
            what(&returns.what),
            calls(&returns.later)
        )
    });
    first.chain(later).collect::<Vec<_>>().join("<br>")
}

fn what(what: &Returned) -> String {
    match what {
        Returned::Error(error) => format!("`{}` ({})", error.name, error.code),
        Returned::EndOfFile => "end of file".to_owned(),
    }
}

fn calls(calls: &[Call]) -> String {
    let names: Vec<_> = calls.iter().map(|call| code(call.name())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_told_as_each_system_tells_it() {
        let table = cause_errors();
        let row = table
            .lines()
            .find(|line| line.starts_with("| `reset-by-peer` "));
        let row = row.expect("it is a cause");
        assert!(row.contains("`WSAECONNRESET` (10054)"), "{row}");
        assert!(row.contains("then end of file from `recv`"), "{row}");
    }
}
