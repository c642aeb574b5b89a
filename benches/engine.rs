//! How fast the event engine is, and beside it, in the same run, turmoil doing the same virtual time with the same
//! number of hosts. The last lines printed are the ratios.

mod theirs;

use criterion::measurement::{Measurement as _, WallTime};
use criterion::{BenchmarkGroup, Criterion, Throughput};
use halfopen::engine::{Options, event};
use halfopen::outcome::Verdict;
use halfopen::plan::Plan;
use halfopen_benches as plans;
use std::cell::Cell;
use std::hint::black_box;
use std::time::Duration;

const LATENCY: Duration = Duration::from_millis(25);

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut ratios = Vec::new();
    black_holes(&mut criterion, &mut ratios);
    echo(&mut criterion, &mut ratios);
    idle_hours(&mut criterion, &mut ratios);
    crowd(&mut criterion, &mut ratios);
    criterion.final_summary();
    report(&ratios);
}

/// What a group has measured.
struct Ratio {
    name: &'static str,
    ours: Mean,
    theirs: Mean,
}

/// The mean of all timed runs.
#[derive(Clone, Copy, Default)]
struct Mean {
    total: Duration,
    runs: u64,
}

impl Mean {
    /// Seconds a run; `None` if a filter left it out.
    fn seconds(self) -> Option<f64> {
        (self.runs > 0).then(|| self.total.as_secs_f64() / self.runs as f64)
    }
}

/// The time from a SYN into a partition to the error, with 11 SYNs and with 3.
fn black_holes(criterion: &mut Criterion, ratios: &mut Vec<Ratio>) {
    for (name, profile, seconds) in [
        ("black hole linux, 131 s", "linux", 131),
        ("black hole windows-10, 21 s", "windows-10", 21),
    ] {
        let plan = plans::black_hole(profile);
        let mut group = criterion.benchmark_group(name);
        let ours = measure(&mut group, "halfopen", || run(&plan));
        group.sample_size(10);
        let theirs = measure(&mut group, "turmoil", || {
            theirs::idle(Duration::from_secs(seconds));
        });
        ratios.push(Ratio { name, ours, theirs });
    }
}

fn echo(criterion: &mut Criterion, ratios: &mut Vec<Ratio>) {
    const ROUNDS: usize = 1000;
    let plan = plans::echo(ROUNDS, LATENCY);
    let mut group = criterion.benchmark_group("1000 echo round trips");
    group.throughput(Throughput::Elements(ROUNDS as u64));
    let ours = measure(&mut group, "halfopen", || run(&plan));
    group.sample_size(10);
    let theirs = measure(&mut group, "turmoil", || theirs::echo(ROUNDS, LATENCY));
    ratios.push(Ratio {
        name: "1000 echo round trips",
        ours,
        theirs,
    });
}

fn idle_hours(criterion: &mut Criterion, ratios: &mut Vec<Ratio>) {
    let gap = Duration::from_secs(75);
    let until = Duration::from_secs(2 * 3600);
    let plan = plans::kept_alive(gap, until);
    let mut group = criterion.benchmark_group("two idle hours");
    let ours = measure(&mut group, "halfopen", || run(&plan));
    group.sample_size(10);
    let theirs = once(&mut group, "turmoil", || theirs::kept_alive(gap, until));
    ratios.push(Ratio {
        name: "two idle hours, kept alive every 75 s",
        ours,
        theirs,
    });
}

/// Turmoil keeps a link for every pair of hosts, and its time grows faster than their square: a hundred take about a
/// second, three hundred half a minute, ten thousand more memory than most machines have. So both have a hundred, and
/// the large crowd is ours alone.
fn crowd(criterion: &mut Criterion, ratios: &mut Vec<Ratio>) {
    let mut group = criterion.benchmark_group("crowd");
    group.sample_size(10);
    let large = plans::crowd(10_000, 10, Duration::ZERO);
    measure(&mut group, "halfopen, 10,000 hosts", || run(&large));
    let small = plans::crowd(100, 10, Duration::ZERO);
    let ours = measure(&mut group, "halfopen, 100 hosts", || run(&small));
    let time = Duration::from_millis(500);
    let theirs = once(&mut group, "turmoil, 100 hosts", || {
        theirs::crowd(100, 10, time);
    });
    ratios.push(Ratio {
        name: "100 hosts, 1,000 connections, 0.5 s",
        ours,
        theirs,
    });
}

fn run(plan: &Plan) {
    let outcome = event::run(black_box(plan), 0, &Options { packets: false });
    assert_eq!(outcome.verdict, Verdict::Passed);
}

/// Measures `job` as often as the group's settings say.
fn measure(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, mut job: impl FnMut()) -> Mean {
    let mean = Cell::new(Mean::default());
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|runs| {
            let start = WallTime.start();
            (0..runs).for_each(|_| job());
            let total = WallTime.end(start);
            let before = mean.get();
            mean.set(Mean {
                total: before.total + total,
                runs: before.runs + runs,
            });
            total
        });
    });
    mean.get()
}

/// For a job so slow that one run has to do.
fn once(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, mut job: impl FnMut()) -> Mean {
    let known: Cell<Option<Duration>> = Cell::new(None);
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|runs| {
            let one = known.get().unwrap_or_else(|| {
                let start = WallTime.start();
                job();
                WallTime.end(start)
            });
            known.set(Some(one));
            one * u32::try_from(runs).unwrap_or(u32::MAX)
        });
    });
    known
        .get()
        .map_or(Mean::default(), |total| Mean { total, runs: 1 })
}

#[expect(
    clippy::print_stdout,
    reason = "the ratios are what this program is for"
)]
fn report(ratios: &[Ratio]) {
    println!(
        "\n{:<42} {:>12} {:>12} {:>10}",
        "", "halfopen", "turmoil", "ratio"
    );
    for ratio in ratios {
        if let (Some(ours), Some(theirs)) = (ratio.ours.seconds(), ratio.theirs.seconds()) {
            println!(
                "{:<42} {:>12} {:>12} {:>10.0}",
                ratio.name,
                format!("{:.3} ms", ours * 1e3),
                format!("{:.3} ms", theirs * 1e3),
                theirs / ours
            );
        }
    }
}
