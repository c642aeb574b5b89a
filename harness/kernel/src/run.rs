//! Running cases: what the library offers.

use crate::case::{self, End};
use crate::child::Child;
use crate::log::Log;
use crate::outcome::outcome;
use crate::{Access, Facts, KernelError, expressible, machine};
use halfopen::outcome::Outcome;
use halfopen::plan::Plan;
use halfopen::tcp::Instant;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// How long a case runs. Nobody can see from outside that a kernel has nothing left to do, so it must be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The end at the latest, in real time since the start. The plan's own `until` and time limit hold too.
    pub until: Duration,
    /// An earlier end: once every program has finished its steps, every fault is past, and no packet was sent for this
    /// long. `None`: no earlier end.
    pub quiet: Option<Duration>,
}

/// A case that runs in a process of its own. Dropping it ends the case; so does the end of the thread that started it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    seed: u64,
}

/// A case that has run.
#[derive(Clone, PartialEq, Debug)]
pub struct Finished {
    /// What came of it.
    pub outcome: Outcome,
    /// The most by which a packet was handed over later than the network said, or a sleeping program woke up later: how
    /// well this machine kept time.
    pub lateness: Duration,
}

/// Runs a case to its end.
///
/// # Errors
/// See [`KernelError`]; what a program of the case gets to see is never one.
pub fn run(plan: &Plan, seed: u64, options: Options) -> Result<Outcome, KernelError> {
    let finished = start(plan, seed, options)?.finish(plan)?;
    Ok(finished.outcome)
}

/// Starts a case and returns at once. `seed` is for the network's random numbers; the kernel takes its own.
///
/// It forks, so it is best called where no other thread does much.
///
/// # Errors
/// What can be known before it runs: see [`KernelError::NotExpressible`].
pub fn start(plan: &Plan, seed: u64, options: Options) -> Result<Running, KernelError> {
    expressible::check(plan, &Facts::read()?)?;
    let limits = [
        Some(options.until),
        Some(plan.limits.time),
        plan.until.map(|until| until.since(Instant::ZERO)),
    ];
    let until = limits
        .into_iter()
        .flatten()
        .fold(Instant::FAR_FUTURE, |end, limit| {
            end.min(Instant::ZERO + limit)
        });
    let end = End {
        until,
        quiet: options.quiet,
    };
    let child = Child::fork(|_, signals| case::run(plan, seed, end, signals))?;
    Ok(Running { child, seed })
}

/// Whether cases can be run here.
///
/// # Errors
/// What is missing, and how to get it.
pub fn access() -> Result<Access, KernelError> {
    Child::fork(|access, _| {
        machine::open_tun()?;
        Ok(Some(access))
    })?
    .message()
}

impl Running {
    /// Takes in what the case has sent, waiting for at most `timeout` for it, or without limit. True once it has ended.
    ///
    /// # Errors
    /// If the pipe to its process fails.
    pub fn poll(&mut self, timeout: Option<Duration>) -> Result<bool, KernelError> {
        self.child.poll(timeout)
    }

    /// What came of it. `plan` is the one that it was started with. Waits if it has not ended.
    ///
    /// # Errors
    /// See [`KernelError`].
    pub fn finish(self, plan: &Plan) -> Result<Finished, KernelError> {
        let log: Log = self.child.message()?;
        Ok(Finished {
            outcome: outcome(plan, self.seed, &log)?,
            lateness: Duration::from_nanos(log.lateness),
        })
    }
}

impl AsFd for Running {
    /// Readable when [`Running::poll`] has something to take in.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.child.as_fd()
    }
}
