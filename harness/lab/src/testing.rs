//! For test suites: scenario files as snapshots.

use crate::engine::{Options, event};
use crate::outcome::Verdict;
use crate::plan::Plan;
use crate::report::Report;
use crate::scenario::{self, Style};
use std::path::Path;

/// One case of a scenario that ran as its file expects, with its report.
///
/// ```
/// # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/refused/closed-port.toml");
/// for report in halfopen::testing::case_reports(file) {
///     assert!(report.text.ends_with("passed\n"), "{}", report.name);
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseReport {
    /// What a snapshot of it is called: `connect-timed-out@client-windows-xp`.
    pub name: String,
    /// The report.
    pub text: String,
}

/// Runs every case of a scenario file on the event engine, with seed 0.
///
/// ```
/// # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/connect/timed-out.toml");
/// let reports = halfopen::testing::case_reports(file);
/// assert_eq!(reports[0].name, "connect-timed-out@client-windows-article");
/// ```
///
/// # Panics
/// If the file has mistakes, or a case does not do what its file expects. The message is what the command would print.
#[track_caller]
pub fn case_reports(path: impl AsRef<Path>) -> Vec<CaseReport> {
    let scenario = match scenario::load(path) {
        Ok(scenario) => scenario,
        Err(problems) => panic!("\n{}", scenario::render(&problems, Style::Plain)),
    };
    scenario.cases().map(|plan| case_report(&plan)).collect()
}

#[track_caller]
fn case_report(plan: &Plan) -> CaseReport {
    let outcome = event::run(plan, 0, &Options { packets: true });
    let text = Report::new(plan, &outcome).to_string();
    assert!(outcome.verdict == Verdict::Passed, "\n{text}");
    let name = snapshot_name(plan);
    CaseReport { name, text }
}

/// Without the characters that snapshot files cannot have in their names, and different for every case.
fn snapshot_name(plan: &Plan) -> String {
    let mut name = plan.scenario.replace('/', "-");
    let case: Vec<String> = plan
        .case
        .iter()
        .map(|(host, os)| format!("{host}-{os}"))
        .collect();
    if !case.is_empty() {
        name += &format!("@{}", case.join("-"));
    }
    name.replace(['.', '/', '\\'], "_")
}

/// Runs a scenario file and compares the report of each of its cases with a snapshot of its own:
/// `connect-timed-out@client-windows-xp`. The path counts from the crate's folder. Your crate needs
/// [`insta`](https://docs.rs/insta) among its dev-dependencies.
///
/// ```no_run
/// #[test]
/// fn timed_out() {
///     halfopen::assert_scenario!("scenarios/connect/timed-out.toml");
/// }
/// ```
#[macro_export]
macro_rules! assert_scenario {
    ($path:expr) => {{
        let path = ::std::path::Path::new(::core::env!("CARGO_MANIFEST_DIR")).join($path);
        for report in $crate::testing::case_reports(path) {
            let mut settings = ::insta::Settings::clone_current();
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| ::insta::assert_snapshot!(report.name, report.text));
        }
    }};
}
