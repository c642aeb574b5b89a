//! A program of a host: a process of its own, so that it can be killed and stopped as real ones are.

mod calls;

use crate::KernelError;
use crate::child::{be_punctual, exit};
use crate::clock::Clock;
use calls::Sockets;
use halfopen::plan::ProgramPlan;
use halfopen::tcp::Instant;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid, pause, pipe2, read, write};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A program that runs, or waits for its start.
pub(crate) struct Program {
    process: Pid,
    /// Its start is written here.
    start: OwnedFd,
    /// What it does is read here.
    events: OwnedFd,
}

/// What a program says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Event {
    pub(crate) at: Instant,
    pub(crate) step: u32,
    pub(crate) kind: EventKind,
}

/// The kinds of [`Event`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EventKind {
    /// The step begins.
    Began,
    /// The step has ended.
    Ended(CallResult),
    /// There are no more steps; the program lives on with its sockets open.
    Finished,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CallResult {
    Done,
    Bytes(u64),
    Eof(u64),
    Failed { errno: i32, bytes: u64 },
}

impl Program {
    /// Forks a process in the current namespace, which waits for [`Program::start`].
    pub(crate) fn spawn(plan: &ProgramPlan, addresses: &[Ipv4Addr]) -> Result<Self, KernelError> {
        let failed = |error: Errno| KernelError::system("start a program's process", error);
        let (start_read, start) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
        let (events, events_write) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(failed)?;
        let parent = getpid();
        // SAFETY: the process of a case has one thread, so that the child inherits no lock that another thread holds.
        #[expect(
            unsafe_code,
            reason = "the program must be a process to be killed like one"
        )]
        match unsafe { fork() }.map_err(failed)? {
            ForkResult::Parent { child } => Ok(Self {
                process: child,
                start,
                events,
            }),
            ForkResult::Child => {
                drop((start, events));
                // A panic must not unwind into the case's code, of which this process has a copy.
                let _ = catch_unwind(AssertUnwindSafe(|| {
                    live(plan, addresses, parent, &start_read, &events_write);
                }));
                exit()
            }
        }
    }

    /// Lets it run: its first step begins at `at`.
    pub(crate) fn start(&self, clock: Clock, at: Instant) -> Result<(), KernelError> {
        let mut order = [0; 16];
        order[..8].copy_from_slice(&clock.zero().to_le_bytes());
        order[8..].copy_from_slice(&at.as_nanos().to_le_bytes());
        write(&self.start, &order)
            .map(drop)
            .map_err(|error| KernelError::system("start a program", error))
    }

    /// The next thing it said, if there is one.
    pub(crate) fn event(&self) -> Option<Event> {
        let mut bytes = [0; Event::LEN];
        // Shorter than `PIPE_BUF`, an event is never split.
        (read(&self.events, &mut bytes) == Ok(Event::LEN)).then(|| Event::decode(&bytes))
    }

    /// Kills it; its kernel closes its sockets.
    pub(crate) fn kill(&self) {
        let _ = kill(self.process, Signal::SIGKILL);
    }

    /// Stops it.
    pub(crate) fn pause(&self) {
        let _ = kill(self.process, Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        let _ = kill(self.process, Signal::SIGCONT);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        let _ = waitpid(self.process, None);
    }
}

impl AsFd for Program {
    /// Readable when it has something to say.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}

/// The whole life of the program's process.
fn live(
    plan: &ProgramPlan,
    addresses: &[Ipv4Addr],
    parent: Pid,
    start: &OwnedFd,
    events: &OwnedFd,
) {
    // The kernel kills it when the case's process ends, however that ends; `getppid` tells whether it ended before.
    if prctl::set_pdeathsig(Signal::SIGKILL).is_err() || getppid() != parent {
        return;
    }
    // From here on it only waits.
    be_punctual();
    let Some((clock, begin)) = await_start(start) else {
        return;
    };
    clock.sleep_until(begin);
    let say = |step, kind| {
        let event = Event {
            at: clock.now(),
            step,
            kind,
        };
        let _ = write(events, &event.encode());
    };
    let mut sockets = Sockets::new(plan.names.len(), addresses);
    let mut count = 0;
    for step in &plan.steps {
        say(count, EventKind::Began);
        let result = sockets.perform(step);
        say(count, EventKind::Ended(result));
        count += 1;
    }
    say(count, EventKind::Finished);
    loop {
        pause();
    }
}

fn await_start(start: &OwnedFd) -> Option<(Clock, Instant)> {
    let mut order = [0; 16];
    loop {
        match read(start, &mut order) {
            Ok(16) => break,
            Err(Errno::EINTR) => {}
            _ => return None,
        }
    }
    let number = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_le_bytes);
    let clock = Clock::from_zero(number(&order[..8])?);
    Some((clock, Instant::from_nanos(number(&order[8..])?)))
}

impl Event {
    const LEN: usize = 32;

    fn encode(self) -> [u8; Self::LEN] {
        let (tag, errno, bytes) = match self.kind {
            EventKind::Began => (0, 0, 0),
            EventKind::Finished => (1, 0, 0),
            EventKind::Ended(CallResult::Done) => (2, 0, 0),
            EventKind::Ended(CallResult::Bytes(bytes)) => (3, 0, bytes),
            EventKind::Ended(CallResult::Eof(bytes)) => (4, 0, bytes),
            EventKind::Ended(CallResult::Failed { errno, bytes }) => (5, errno, bytes),
        };
        let mut buffer = [0; Self::LEN];
        buffer[..8].copy_from_slice(&self.at.as_nanos().to_le_bytes());
        buffer[8..16].copy_from_slice(&u64::to_le_bytes(bytes));
        buffer[16..20].copy_from_slice(&self.step.to_le_bytes());
        buffer[20..24].copy_from_slice(&i32::to_le_bytes(errno));
        buffer[24] = tag;
        buffer
    }

    fn decode(buffer: &[u8; Self::LEN]) -> Self {
        let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| buffer[at + i]));
        let short = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| buffer[at + i]));
        let bytes = long(8);
        let kind = match buffer[24] {
            0 => EventKind::Began,
            1 => EventKind::Finished,
            2 => EventKind::Ended(CallResult::Done),
            3 => EventKind::Ended(CallResult::Bytes(bytes)),
            4 => EventKind::Ended(CallResult::Eof(bytes)),
            _ => EventKind::Ended(CallResult::Failed {
                errno: short(20).cast_signed(),
                bytes,
            }),
        };
        Self {
            at: Instant::from_nanos(long(0)),
            step: short(16),
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_the_pipe() {
        let kinds = [
            EventKind::Began,
            EventKind::Finished,
            EventKind::Ended(CallResult::Done),
            EventKind::Ended(CallResult::Bytes(u64::MAX)),
            EventKind::Ended(CallResult::Eof(3)),
            EventKind::Ended(CallResult::Failed {
                errno: 104,
                bytes: 7,
            }),
        ];
        for kind in kinds {
            let event = Event {
                at: Instant::from_nanos(123_456_789_012),
                step: 42,
                kind,
            };
            assert_eq!(Event::decode(&event.encode()), event);
        }
    }
}
