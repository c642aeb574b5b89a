//! What the architecture promises about absence, checked against the source.

use std::fs;
use std::path::{Path, PathBuf};

/// The checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below a folder of the checkout: its path from there, with `/`, and its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let name = path
                    .strip_prefix(root())
                    .unwrap()
                    .to_string_lossy()
                    .replace('\\', "/");
                found.push((name, text));
            }
        }
    }
    assert!(!found.is_empty(), "no source below {folder}");
    found.sort();
    found
}

/// The lines of a file that are code, with their numbers, without the tests at its end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text
        .lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]\nmod"));
    let end = text
        .lines()
        .position(|line| line == "mod tests {")
        .unwrap_or(usize::MAX);
    lines
        .enumerate()
        .take_while(move |(n, _)| *n < end)
        .map(|(n, line)| (n + 1, line.trim()))
        .filter(|(_, line)| !line.starts_with("//"))
}

fn assert_none(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

/// The top-level modules of a crate in the order in which they may use each other: each only what stands before it.
fn check_direction(source: &str, order: &[&str], rest: &[&str]) {
    let place = |module: &str| order.iter().position(|name| *name == module);
    let mut found = Vec::new();
    for (file, text) in sources(source) {
        let below = file.strip_prefix(source).unwrap().trim_start_matches('/');
        let module = below.split(['/', '.']).next().unwrap();
        let Some(here) = place(module) else {
            assert!(
                rest.contains(&module),
                "{file}: where does `{module}` stand?"
            );
            continue;
        };
        for (line, text) in code(&text) {
            for used in text.split("crate::").skip(1) {
                let used = used
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap();
                if place(used).is_some_and(|used| used > here) {
                    found.push(format!("{file}:{line}: `{module}` uses `{used}`"));
                }
            }
        }
    }
    assert_none(
        found,
        &format!("modules may only use what stands left of them in {order:?}"),
    );
}

#[test]
fn the_protocol_s_modules_point_one_way() {
    let order = [
        "time",
        "rng",
        "cause",
        "wire",
        "profile",
        "clock",
        "options",
        "connection",
        "host",
    ];
    check_direction("harness/tcp/src", &order, &["lib", "testing"]);
}

/// The protocol knows no clock, no runtime, no network and no scenario, and asks a profile, never which system it is.
#[test]
fn the_protocol_knows_nothing_of_the_world() {
    let foreign = [
        "tokio",
        "turmoil",
        "std::net::Tcp",
        "std::fs",
        "std::env",
        "std::thread",
        "Waker",
    ];
    let mut found = Vec::new();
    for (file, text) in sources("harness/tcp/src") {
        let protocol = file.contains("/connection") || file.contains("/host");
        for (line, text) in code(&text) {
            for word in foreign.iter().filter(|word| text.contains(**word)) {
                found.push(format!("{file}:{line}: {word}"));
            }
            if protocol && (text.contains("Os::") || text.contains("profile.os")) {
                found.push(format!("{file}:{line}: asks which system it is"));
            }
        }
    }
    assert_none(
        found,
        "halfopen-tcp is sans-IO, and its protocol asks only for rules",
    );
}

/// A link sees packets; what state a connection is in is none of its business.
#[test]
fn the_link_knows_no_connection() {
    let mut found = Vec::new();
    for (file, text) in sources("harness/lab/src") {
        let link = file.contains("/src/link") || file.contains("/src/network");
        for (line, text) in code(&text).filter(|_| link) {
            for word in [
                "State::",
                "SocketId",
                "Host::new",
                "halfopen_tcp::connection",
            ] {
                if text.contains(word) {
                    found.push(format!("{file}:{line}: {word}"));
                }
            }
        }
    }
    assert_none(found, "the network is a function of packets and time");
}

/// What users of the library meet has an example each. Types that are parts of something larger have it at the top of
/// their module.
#[test]
fn public_types_have_examples() {
    let own = [
        "lab/",
        "net/",
        "lab.rs",
        "link.rs",
        "engine.rs",
        "testing.rs",
    ];
    let source = "harness/lab/src/";
    let files = sources(source.trim_end_matches('/'));
    let has_example = |lines: &[&str], mark: &str| {
        let mut doc = lines.iter().filter(|line| line.starts_with(mark));
        doc.any(|line| line.contains("```"))
    };
    let module_has = |file: &str| {
        let top = file.strip_prefix(source).unwrap().split(['/', '.']).next();
        let top = format!("{source}{}.rs", top.unwrap());
        let text = files.iter().find(|(name, _)| *name == top);
        text.is_some_and(|(_, text)| has_example(&text.lines().collect::<Vec<_>>(), "//!"))
    };
    let mut found = Vec::new();
    for (file, text) in &files {
        let lines: Vec<&str> = text.lines().collect();
        let needs_own = own
            .iter()
            .any(|path| file[source.len()..].starts_with(path));
        for (number, line) in lines.iter().enumerate() {
            let kinds = ["pub struct ", "pub enum ", "pub trait "];
            if !kinds.iter().any(|kind| line.starts_with(kind)) {
                continue;
            }
            let above = lines[..number].iter().rposition(|line| line.is_empty());
            let doc = &lines[above.unwrap_or(0)..number];
            let elsewhere = doc.iter().any(|line| line.contains("; see [`"));
            if !has_example(doc, "///") && !elsewhere && (needs_own || !module_has(file)) {
                found.push(format!("{file}:{}: {line}", number + 1));
            }
        }
    }
    assert_none(found, "a public type wants an example");
}

/// Files that fit a sitting. Tables of data, and of tests, may be longer.
#[test]
fn files_fit_a_sitting() {
    let tables = ["profile/", "explain/causes.rs", "/tests.rs"];
    let mut found = Vec::new();
    for folder in ["harness", "tests"] {
        for (file, text) in sources(folder) {
            let lines = text.lines().count();
            if lines > 600 && !tables.iter().any(|table| file.contains(table)) {
                found.push(format!("{file}: {lines} lines"));
            }
        }
    }
    assert_none(found, "a file of more than 600 lines wants to be two");
}

#[test]
fn nothing_is_left_undone() {
    let marks = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("FIX", "ME"),
    ];
    let mut found = Vec::new();
    for folder in ["harness", "tests"] {
        for (file, text) in sources(folder) {
            for (line, text) in text.lines().enumerate() {
                if marks.iter().any(|mark| text.contains(mark)) {
                    found.push(format!("{file}:{}: {}", line + 1, text.trim()));
                }
            }
        }
    }
    assert_none(found, "no stub is called done");
}
