//! What a connection costs in memory: both its ends, everything that a run keeps for it, at the peak.

use halfopen::engine::{Options, event};
use halfopen::plan::Plan;
use halfopen_benches::crowd;
use peak_alloc::PeakAlloc;
use std::time::Duration;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const HOSTS: usize = 1000;
const CONNECTIONS: usize = 100;

/// Few connections are being opened at any time, so that the peak is what idle ones take.
const APART: Duration = Duration::from_millis(1);

/// What a connection may cost, both its ends together.
const LIMIT: usize = 1024;

#[expect(
    clippy::print_stdout,
    reason = "the figures are what this program is for"
)]
fn main() {
    let hosts = peak_of(&crowd(HOSTS, 0, APART));
    let all = peak_of(&crowd(HOSTS, CONNECTIONS, APART));
    let connection = (all - hosts) / (HOSTS * CONNECTIONS);
    println!("{} bytes a host", hosts / HOSTS);
    println!("{connection} bytes a connection");
    assert!(connection < LIMIT, "{connection} of {LIMIT} bytes");
}

/// The most that a run has allocated at one time, its plan aside.
fn peak_of(plan: &Plan) -> usize {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let outcome = event::run(plan, 0, &Options { packets: false });
    let peak = HEAP.peak_usage() - before;
    drop(outcome);
    peak
}
