//! Verifying many cases, several at a time: most of their time is waiting.

use super::compare::compare;
use super::course::{Course, courses};
use super::{Observation, Progress, Run, SuiteOptions, Verdict, Verified, case_of, is_linux};
use crate::clock::Clock;
use crate::{Facts, KernelError, Options, Running, access, start};
use halfopen::plan::Plan;
use halfopen::tcp::Instant;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;
use std::time::Duration;

/// Runs the cases of `plans` whose hosts all run Linux on this kernel and in the simulation. The results are in the
/// order of the plans.
///
/// It forks for each case, so it is best called before the process has other threads.
///
/// # Errors
/// [`KernelError::NotPermitted`] if nothing can be run here; others if a run broke off.
pub fn verify(
    plans: &[Plan],
    options: SuiteOptions,
    mut progress: impl FnMut(Progress<'_>),
) -> Result<Vec<Verified>, KernelError> {
    access()?;
    let kernel = Facts::read()?;
    let linux = plans.iter().filter(|plan| is_linux(plan));
    let jobs: Vec<_> = linux.map(|plan| Job::new(plan, options, &kernel)).collect();
    let mut results: Vec<Option<Verified>> = jobs.iter().map(|_| None).collect();
    // The longest first, so that the end is not spent on waiting for one.
    let mut waiting: Vec<_> = jobs
        .iter()
        .enumerate()
        .map(|(i, job)| (i, job, 1))
        .collect();
    waiting.sort_by_key(|(_, job, _)| job.duration);
    let mut going: Vec<Going<'_>> = Vec::new();
    let clock = Clock::starting_in(Duration::ZERO);
    let mut next_start = Instant::ZERO;
    loop {
        while going.len() < options.at_once.max(1)
            && clock.now() >= next_start
            && let Some((index, job, attempt)) = waiting.pop()
        {
            match job.start()? {
                Ok(running) => {
                    let since = clock.now();
                    next_start = since + START_GAP;
                    going.push(Going {
                        index,
                        job,
                        attempt,
                        running,
                        since,
                    });
                }
                Err(why) => {
                    let skipped = job.verified(&kernel, Verdict::Skipped(why), None);
                    progress(Progress::Done(&skipped));
                    results[index] = Some(skipped);
                }
            }
        }
        if going.is_empty() && waiting.is_empty() {
            return Ok(results.into_iter().flatten().collect());
        }
        progress(Progress::Going {
            done: results.iter().flatten().count(),
            cases: jobs.len(),
            left: time_left(clock.now(), &going, &waiting, options.at_once),
        });
        wait(&going)?;
        for ended in take_ended(&mut going)? {
            let verified = match ended.job.judge(&kernel, ended.running)? {
                Judged::Disturbed(_) if ended.attempt < ATTEMPTS_MAX => {
                    // Last of all: the disturbance may be over then.
                    waiting.insert(0, (ended.index, ended.job, ended.attempt + 1));
                    continue;
                }
                Judged::Disturbed(lateness) => {
                    let why = format!(
                        "other work of this machine disturbed it {ATTEMPTS_MAX} times, the last time by {:.1} ms",
                        lateness.as_secs_f64() * 1000.0
                    );
                    ended.job.verified(&kernel, Verdict::Skipped(why), None)
                }
                Judged::Valid(verified) => verified,
            };
            progress(Progress::Done(&verified));
            results[ended.index] = Some(verified);
        }
    }
}

/// A case to verify.
struct Job<'a> {
    plan: &'a Plan,
    seed: u64,
    courses: Vec<Course>,
    /// How long it takes on the kernel.
    duration: Duration,
    budget: Duration,
}

/// What a run is worth.
enum Judged {
    Valid(Verified),
    /// It differs, but a packet or a program was so late: that was not the scenario.
    Disturbed(Duration),
}

/// A case that runs.
struct Going<'a> {
    /// Its place among the results.
    index: usize,
    job: &'a Job<'a>,
    /// The how-manieth run of it this is, from 1.
    attempt: u32,
    running: Running,
    since: Instant,
}

impl<'a> Job<'a> {
    fn new(plan: &'a Plan, options: SuiteOptions, kernel: &Facts) -> Self {
        let courses = courses(plan, options.seed, kernel.hz);
        let end = courses.iter().map(|course| course.end).max();
        Self {
            plan,
            seed: options.seed,
            courses,
            duration: end.map_or(Duration::ZERO, |end| end.since(Instant::ZERO)) + TAIL,
            budget: options.budget,
        }
    }

    /// Or why it is skipped.
    fn start(&self) -> Result<Result<Running, String>, KernelError> {
        if self.duration > self.budget {
            return Ok(Err(format!(
                "it needs {} s, and the budget is {} s",
                self.duration.as_secs(),
                self.budget.as_secs()
            )));
        }
        let options = Options {
            until: self.duration,
            quiet: None,
        };
        match start(self.plan, self.seed, options) {
            Err(KernelError::NotExpressible(why)) => Ok(Err(why)),
            result => result.map(Ok),
        }
    }

    /// Compares a run that has ended.
    fn judge(&self, kernel: &Facts, running: Running) -> Result<Judged, KernelError> {
        let finished = match running.finish(self.plan) {
            Err(KernelError::NotExpressible(why)) => {
                let skipped = self.verified(kernel, Verdict::Skipped(why), None);
                return Ok(Judged::Valid(skipped));
            }
            result => result?,
        };
        let run = Run {
            end: finished.outcome.end,
            seen: Observation::of(self.plan, &finished.outcome),
        };
        let differences = compare(&self.courses, &run.seen, run.end);
        if differences.is_empty() {
            return Ok(Judged::Valid(self.verified(
                kernel,
                Verdict::Agrees,
                Some(run),
            )));
        }
        Ok(if finished.lateness > LATENESS_MAX {
            Judged::Disturbed(finished.lateness)
        } else {
            Judged::Valid(self.verified(kernel, Verdict::Differs(differences), Some(run)))
        })
    }

    fn verified(&self, kernel: &Facts, verdict: Verdict, run: Option<Run>) -> Verified {
        Verified {
            scenario: self.plan.scenario.clone(),
            case: case_of(self.plan),
            seed: self.seed,
            kernel: kernel.clone(),
            verdict,
            run,
        }
    }
}

/// Waits until one of them has something to say, or until it is time to say how far they are.
fn wait(going: &[Going<'_>]) -> Result<(), KernelError> {
    let mut sources: Vec<_> = going
        .iter()
        .map(|going| PollFd::new(going.running.as_fd(), PollFlags::POLLIN))
        .collect();
    match poll(&mut sources, PollTimeout::from(PROGRESS_MS)) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(KernelError::system("wait for the cases", error)),
    }
}

fn take_ended<'a>(going: &mut Vec<Going<'a>>) -> Result<Vec<Going<'a>>, KernelError> {
    let mut ended = Vec::new();
    let mut index = 0;
    while index < going.len() {
        if going[index].running.poll(Some(Duration::ZERO))? {
            ended.push(going.swap_remove(index));
        } else {
            index += 1;
        }
    }
    Ok(ended)
}

/// What is left to run, shared out, but at least what the longest of those that run still needs.
fn time_left(
    now: Instant,
    going: &[Going<'_>],
    waiting: &[(usize, &Job<'_>, u32)],
    at_once: usize,
) -> Duration {
    let needs = |going: &Going<'_>| going.job.duration.saturating_sub(now.since(going.since));
    let longest = going.iter().map(needs).max().unwrap_or(Duration::ZERO);
    let running: Duration = going.iter().map(needs).sum();
    let coming: Duration = waiting.iter().map(|(_, job, _)| job.duration).sum();
    let shared = (running + coming) / u32::try_from(at_once.max(1)).unwrap_or(u32::MAX);
    longest.max(shared)
}

/// How long the kernel is watched after the simulation's last event, to see whether it goes on.
const TAIL: Duration = Duration::from_secs(1);
/// With a packet later than this, round-trip times are not those of the scenario, and with a program later than this calls and
/// segments may meet in another order. Usual are 0.1 ms; what is more comes from other work of the machine.
const LATENESS_MAX: Duration = Duration::from_millis(1);
/// How often a case is run that other work of the machine disturbs.
const ATTEMPTS_MAX: u32 = 5;
/// Setting namespaces up keeps a core busy for tens of milliseconds; two cases never do so at once.
const START_GAP: Duration = Duration::from_millis(100);
/// How often a caller that shows the progress hears of it, and the next case may start.
const PROGRESS_MS: u8 = 100;
