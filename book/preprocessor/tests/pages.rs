//! The pages as they are written, and what must hold for all of them.

use halfopen::engine::{Options, event};
use halfopen::outcome::Verdict;
use halfopen::report::Report;
use halfopen::scenario::{self, Scenario};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../src");

/// A fenced block of a page.
pub(crate) struct Block {
    /// Where it begins, from 1.
    pub(crate) line: usize,
    /// The language after the fence.
    pub(crate) language: String,
    /// What the comment on the line above it says.
    pub(crate) claim: Option<String>,
    /// The paragraph above it, or above the comment.
    pub(crate) before: String,
    /// What is in it.
    pub(crate) text: String,
}

pub(crate) fn read_page(page: &str) -> String {
    let path = Path::new(PAGES).join(page);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let (mut claim, mut paragraph, mut before) = (None, String::new(), String::new());
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside = lines.by_ref().take_while(|(_, line)| *line != "```");
            let text = inside.map(|(_, line)| format!("{line}\n")).collect();
            if !paragraph.is_empty() {
                before = std::mem::take(&mut paragraph);
            }
            found.push(Block {
                line: number + 1,
                language: language.to_owned(),
                claim: claim.take(),
                before: before.clone(),
                text,
            });
        } else if let Some(comment) = comment(line) {
            claim = Some(comment.to_owned());
        } else if line.is_empty() {
            if !paragraph.is_empty() {
                before = std::mem::take(&mut paragraph);
            }
        } else {
            claim = None;
            paragraph += line;
            paragraph.push('\n');
        }
    }
    found
}

fn comment(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")
}

/// The lines of a page outside its blocks, with their numbers.
fn prose(page: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside && comment(line).is_none() {
            found.push((number + 1, line));
        }
    }
    found
}

/// Every page, as a path below `src`.
fn all_pages() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![PathBuf::from(PAGES)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let page = path.strip_prefix(PAGES).unwrap().to_str().unwrap();
                found.insert(page.replace('\\', "/"));
            }
        }
    }
    found.remove("SUMMARY.md");
    found
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = read_page("SUMMARY.md");
    let listed: BTreeSet<String> = summary
        .split("](")
        .skip(1)
        .map(|link| link.split(')').next().unwrap().to_owned())
        .collect();
    assert_eq!(listed, all_pages());
}

/// A name in code that begins like a scenario's is that of a scenario.
#[test]
fn scenarios_that_are_named_exist() {
    let scenarios = Path::new(ROOT).join("scenarios");
    let mut missing = Vec::new();
    let mut found = 0;
    for page in all_pages() {
        let text = read_page(&page);
        for (line, prose) in prose(&text) {
            for name in prose.split('`').skip(1).step_by(2) {
                let name = name
                    .trim_start_matches("scenarios/")
                    .trim_end_matches(".toml");
                let Some((folder, _)) = name.split_once('/') else {
                    continue;
                };
                if name.contains(' ') || !scenarios.join(folder).is_dir() {
                    continue;
                }
                found += 1;
                if !scenarios.join(format!("{name}.toml")).exists()
                    && !scenarios.join(name).exists()
                {
                    missing.push(format!("{page}:{line}: {name}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(found > 20, "only {found} scenarios are named");
}

/// A block of TOML as the scenario that it stands for; `None` if it stands for something else.
fn as_scenario(block: &Block) -> Option<String> {
    let text = &block.text;
    let hosts = |text: &str| {
        let mut missing = String::new();
        for host in ["client", "server"] {
            if !text.contains(&format!("[host.{host}]")) {
                let matrix = text.contains(&format!("\n{host} = ["));
                let os = if matrix { "" } else { "os = \"linux\"\n" };
                missing += &format!("[host.{host}]\n{os}");
            }
        }
        missing
    };
    let title = |text: &str| {
        if text.contains("title = ") {
            ""
        } else {
            "title = \"x\"\n"
        }
    };
    match block.language.as_str() {
        "toml,scenario" => Some(text.clone()),
        "toml,fragment" => Some(format!("{}{text}{}", title(text), hosts(text))),
        "toml,timeline" => Some(format!(
            "title = \"x\"\ntimeline = [\n{text}]\n{}",
            hosts("")
        )),
        "toml,steps" => Some(format!(
            "title = \"x\"\n[matrix]\nclient = [\"{}\"]\n[host.server]\nos = \"linux\"\n[host.client]\nsteps = [\n{text}]\n",
            if text.contains("WSA") {
                "windows-11"
            } else {
                "linux"
            }
        )),
        "toml"
            if block.claim.as_ref().is_some_and(|claim| {
                claim.starts_with("file: ") && !claim.ends_with("Cargo.toml")
            }) =>
        {
            Some(text.clone())
        }
        _ => None,
    }
}

/// What the reference shows is a scenario, or a part of one.
#[test]
fn every_example_is_without_mistakes() {
    let mut checked = 0;
    for page in all_pages() {
        for block in blocks(&read_page(&page)) {
            let place = format!("{page}:{}", block.line);
            if let Some(text) = as_scenario(&block) {
                let scenario = scenario::parse("example", &text).unwrap_or_else(|problems| {
                    let problems = scenario::render(&problems, scenario::Style::Plain);
                    panic!("{place}:\n{problems}")
                });
                if block.language == "toml,scenario" {
                    runs(&scenario, &place);
                }
                checked += 1;
            } else if block.language == "toml,profile" {
                profile_file(&block.text);
            } else if block.language.starts_with("toml") {
                let other = block.text.starts_with("{{#include") || block.claim.is_some();
                assert!(other, "{place}: what is this an example of?");
            }
        }
    }
    assert!(checked > 20, "only {checked} examples");
}

/// What a whole scenario expects comes true.
fn runs(scenario: &Scenario, place: &str) {
    for plan in scenario.cases() {
        let outcome = event::run(&plan, 0, &Options { packets: false });
        let report = Report::new(&plan, &outcome);
        assert!(outcome.verdict == Verdict::Passed, "{place}:\n{report}");
    }
}

/// Loads a scenario with a host of that profile file.
fn profile_file(text: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("profile-file");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("my-os.toml"), text).unwrap();
    let file = folder.join("scenario.toml");
    fs::write(
        &file,
        "title = \"x\"\n[host.client]\nos = \"./my-os.toml\"\n",
    )
    .unwrap();
    if let Err(problems) = scenario::load(file) {
        panic!("{}", scenario::render(&problems, scenario::Style::Plain));
    }
}

/// Every key of the format, as editors know it, is in its reference, save the systems' settings, which have their own.
#[test]
fn the_reference_of_the_format_is_complete() {
    let schema = fs::read_to_string(Path::new(ROOT).join("scenarios/schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let mut tables = vec![&schema];
    let definitions = schema["$defs"].as_object().unwrap();
    tables.extend(
        definitions
            .iter()
            .filter(|(name, _)| *name != "Settings")
            .map(|(_, table)| table),
    );
    let mut keys = BTreeSet::new();
    while let Some(value) = tables.pop() {
        if let Some(properties) = value["properties"].as_object() {
            keys.extend(properties.keys().cloned());
        }
        match value {
            serde_json::Value::Object(map) => tables.extend(
                map.iter()
                    .filter(|(key, _)| *key != "$defs")
                    .map(|(_, value)| value),
            ),
            serde_json::Value::Array(list) => tables.extend(list),
            _ => {}
        }
    }
    assert!(keys.contains("TCP_KEEPCNT") && keys.contains("on_boot") && keys.contains("skip"));
    let page = read_page("reference/scenario.md");
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words: BTreeSet<&str> = page.split(|c| !is_word(c)).collect();
    let missing: Vec<_> = keys
        .iter()
        .filter(|key| !words.contains(key.as_str()))
        .collect();
    assert!(missing.is_empty(), "the reference lacks {missing:?}");
}

/// Times and counts change when a profile does. So the chapters on errors take theirs from directives; what stands there in
/// figures of its own is history, arithmetic, or what the text sets by itself.
#[test]
fn figures_are_generated() {
    let mut own = BTreeSet::new();
    for page in all_pages()
        .into_iter()
        .filter(|page| page.starts_with("errors") || page == "give-up.md")
    {
        let text = read_page(&page);
        for (_, line) in prose(&text) {
            let outside: String = line
                .split("{{")
                .map(|part| part.rsplit("}}").next().unwrap())
                .collect();
            let words: Vec<&str> = outside.split_whitespace().collect();
            for pair in words.windows(2) {
                let unit = pair[1].trim_end_matches(|c: char| !c.is_alphanumeric());
                let number = pair[0].chars().any(|c| c.is_ascii_digit());
                if number && ["s", "ms", "seconds", "minutes", "hours"].contains(&unit) {
                    own.insert(format!("{page}: {} {unit}", pair[0]));
                }
            }
        }
    }
    let known: BTreeSet<String> = OWN_FIGURES
        .iter()
        .map(|&figure| figure.to_owned())
        .collect();
    assert_eq!(own, known);
}

const OWN_FIGURES: &[&str] = &[
    // The round trip and the latency of the scenarios that the sentences are about.
    "errors.md: 50 ms",
    "errors/aborted.md: 50 ms",
    "give-up.md: 25 ms",
    // Linux: the least timeout, and what the documentation of tcp_retries2 makes of it.
    "errors/aborted.md: 200 ms",
    "errors/aborted.md: 924.6 s",
    // Windows since 2004: the sum that is not what is measured, and the limit that is thought to be behind it.
    "errors/timed-out.md: 21 seconds",
    "errors/timed-out.md: 31 s",
];

#[test]
fn readme_and_ci_build_the_book_with_the_same_version() {
    let read = |file: &str| fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
    let version = |text: &str| {
        let rest = text.split("mdbook --locked --version ").nth(1).unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(version(&read("README.md")), version(&read(".ci/run")));
}
