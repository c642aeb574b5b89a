//! The tests.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

/// The same scenario and seed give the same bytes.
mod determinism;
/// What is said about bad input.
mod diagnostics;
/// Pictures of runs.
mod diagram;
/// What codes, names and causes mean.
mod explain;
/// How scenario files are found, and what else they load.
mod files;
/// Your own tokio code on simulated machines.
mod lab;
/// The README's example of a test.
mod own_code;
/// Our sockets have the names and signatures of tokio's.
mod parity;
/// What holds under any schedule of faults.
mod properties;
/// The README shows real files and real output.
mod readme;
/// The generated parts of the reference.
mod reference;
/// What a run looks like.
mod report;
/// What every scenario file shows.
mod scenarios;
/// What editors know of the format.
mod schema;
/// What each state makes of each segment.
mod states;
/// What the architecture promises about absence.
mod tidy;
/// The turmoil engine: the same results as the event engine.
mod turmoil_engine;
