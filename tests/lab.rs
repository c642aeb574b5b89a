/// What happens to a host happens at its time.
mod death;
/// The same seed gives the same report.
mod determinism;
/// The four errors that it all began with, through user code.
mod four_errors;
/// Mistakes, and what is said about them.
mod misuse;
/// Our kernels in a simulation of one's own.
mod own_sim;
/// The clients of all scenarios as code.
mod scenarios_as_code;
/// What `turmoil::partition` and its like do, and what is wrong in turmoil's own TCP.
mod turmoil_faults;

use std::fmt::Display;
use std::time::Duration;

/// Compares a report with the reviewed one.
#[track_caller]
fn check(name: &str, report: impl Display) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots/lab");
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, report.to_string()));
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}
