//! The README shows real files and real output.
//!
//! A comment above a block says what it is: `<!-- file: PATH -->` a file of the tree, `<!-- report: PATH SYSTEM -->` the
//! report with packets of the first case in which the matrix has that system, `<!-- steps: PATH SYSTEM -->` the same
//! without packets, `<!-- snapshot: PATH -->` a reviewed snapshot. A path that begins with `#` is a block of the README itself, named by its own comment.

use halfopen::engine::{Options, event};
use halfopen::report::{Detail, Report};
use halfopen::scenario;
use std::collections::BTreeMap;
use std::path::Path;

/// A commented block: what its comment says, and its text.
struct Block {
    claim: Vec<String>,
    text: String,
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A snapshot without its header.
fn snapshot(path: &str) -> String {
    let text = read(path);
    let body = text.splitn(3, "---\n").nth(2);
    body.expect("a snapshot has a header").to_owned()
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut lines = markdown.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let Some(claim) = line
            .strip_prefix("<!-- ")
            .and_then(|line| line.strip_suffix(" -->"))
        else {
            continue;
        };
        assert!(
            lines.next().is_some_and(|line| line.starts_with("```")),
            "{claim}: no block follows"
        );
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        found.push(Block {
            claim: claim.split_whitespace().map(str::to_owned).collect(),
            text: text.join("\n"),
        });
    }
    found
}

fn report(path: &str, text: &str, system: &str, detail: Detail) -> String {
    let name = path
        .trim_start_matches("scenarios/")
        .trim_start_matches('#')
        .trim_end_matches(".toml");
    let scenario = scenario::parse(name, text).unwrap_or_else(|_| panic!("{path} has mistakes"));
    let plan = scenario
        .cases()
        .find(|plan| {
            plan.hosts.iter().any(|host| host.profile.name == system) && {
                plan.case.is_empty() || plan.case.iter().any(|(_, chosen)| chosen == system)
            }
        })
        .unwrap_or_else(|| panic!("{path} has no case with {system}"));
    let outcome = event::run(&plan, 0, &Options { packets: true });
    Report::new(&plan, &outcome).display(detail).to_string()
}

#[test]
fn the_readme_tells_the_truth() {
    let markdown = read("README.md");
    let blocks = blocks(&markdown);
    let own: BTreeMap<&str, &str> = blocks
        .iter()
        .filter(|block| block.claim[0].starts_with('#'))
        .map(|block| (block.claim[0].as_str(), block.text.as_str()))
        .collect();
    let mut checked = 0;
    for block in &blocks {
        let claim: Vec<&str> = block.claim.iter().map(String::as_str).collect();
        let source = |path: &str| {
            own.get(path)
                .map_or_else(|| read(path), |text| (*text).to_owned())
        };
        let truth = match claim[..] {
            ["file:", path] => read(path),
            ["snapshot:", path] => snapshot(path),
            ["report:", path, system] => report(path, &source(path), system, Detail::Packets),
            ["steps:", path, system] => report(path, &source(path), system, Detail::Steps),
            [name] if name.starts_with('#') => continue,
            _ => panic!("what is `{}`?", block.claim.join(" ")),
        };
        checked += 1;
        assert!(
            block.text.trim_end() == truth.trim_end(),
            "README.md, `{}`, is out of date. It should be:\n{truth}",
            block.claim.join(" ")
        );
    }
    assert!(checked >= 4, "only {checked} blocks are checked");
}
