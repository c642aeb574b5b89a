//! What the programs of every scenario see, and the packets that led there.

use halfopen::engine::{Options, event};
use halfopen::outcome::Verdict;
use halfopen::plan::Plan;
use halfopen::report::Report;
use halfopen::scenario::{Style, discover, load, render};
use rstest::rstest;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One case of one scenario file: its expectations hold, and its report is the reviewed one. `build.rs` writes a mark
/// for each case.
#[rstest]
fn case(
    #[base_dir = "${OUT_DIR}/cases"]
    #[files("**/*")]
    mark: PathBuf,
) {
    let (scenario, case) = split_mark(&mark);
    let plan = plan(&scenario, &case);
    let outcome = event::run(&plan, SEED, &Options { packets: true });
    let report = Report::new(&plan, &outcome).to_string();
    assert_eq!(outcome.verdict, Verdict::Passed, "{report}");

    let snapshot = snapshot_of(&scenario, &case);
    let folder = Path::new(SNAPSHOTS).join(snapshot.parent().unwrap());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let name = snapshot.file_name().unwrap().to_str().unwrap();
    settings.bind(|| insta::assert_snapshot!(name, report));
}

/// `build.rs` reads the matrices by itself, so it could miss what the library finds.
#[test]
fn every_case_has_a_test() {
    let marks = files_below(&fs::canonicalize(MARKS).unwrap());
    let tested: BTreeSet<_> = marks.iter().map(|mark| split_mark(mark)).collect();
    assert_eq!(tested, all_cases());
}

/// A snapshot that no test compares with anything says nothing, and looks as if it did.
#[test]
fn every_snapshot_has_a_case() {
    let file_of = |(scenario, case): &(String, String)| {
        let snapshot = snapshot_of(scenario, case);
        Path::new(SNAPSHOTS).join(format!("{}.snap", snapshot.display()))
    };
    let expected: BTreeSet<_> = all_cases().iter().map(file_of).collect();
    let mut found = files_below(Path::new(SNAPSHOTS));
    // Not those that a failing test has just left for review.
    found.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "snap")
    });
    let stray: Vec<_> = found.difference(&expected).collect();
    assert!(stray.is_empty(), "no case has these snapshots: {stray:?}");
}

/// The case of that label.
fn plan(scenario: &str, case: &str) -> Plan {
    let path = Path::new(SCENARIOS).join(format!("{scenario}.toml"));
    let loaded = load(&path).unwrap_or_else(|wrong| panic!("{}", render(&wrong, Style::Plain)));
    let found = loaded.cases().find(|plan| label(plan) == case);
    found.unwrap_or_else(|| panic!("{scenario} has no case {case}"))
}

/// Every case by its scenario's name and its label.
fn all_cases() -> BTreeSet<(String, String)> {
    let found = discover(&[SCENARIOS]).expect("the folder is in this repository");
    let mut cases = BTreeSet::new();
    for file in found {
        // What is wrong with a file is for the test of its case to say.
        let Ok(scenario) = file.load() else { continue };
        cases.extend(
            scenario
                .cases()
                .map(|plan| (file.name.clone(), label(&plan))),
        );
    }
    cases
}

/// What `build.rs` calls the case.
fn label(plan: &Plan) -> String {
    if plan.case.is_empty() {
        return "only".to_owned();
    }
    let choices = plan.case.iter().map(|(host, os)| format!("{host}-{os}"));
    choices.collect::<Vec<_>>().join("+")
}

/// The scenario's name and the case's label that a mark stands for.
fn split_mark(mark: &Path) -> (String, String) {
    // rstest gives the path without symbolic links.
    let folder = fs::canonicalize(MARKS).expect("build.rs made it");
    let mark = mark.strip_prefix(folder).expect("it is in that folder");
    let text = mark.to_str().expect("names of scenarios are text");
    let (scenario, label) = text.rsplit_once('/').expect("every scenario has a folder");
    (scenario.to_owned(), label.to_owned())
}

/// Below the snapshots' folder, without the ending: `connect/timed-out@client-linux`.
fn snapshot_of(scenario: &str, case: &str) -> PathBuf {
    match case {
        "only" => scenario.into(),
        case => format!("{scenario}@{case}").into(),
    }
}

fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

const MARKS: &str = concat!(env!("OUT_DIR"), "/cases");
const SCENARIOS: &str = "../scenarios";
const SNAPSHOTS: &str = "snapshots/scenarios";
const SEED: u64 = 0;
