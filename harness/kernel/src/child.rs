//! A process for one piece of work, which sends back one message and leaves nothing behind.

use crate::{Access, KernelError, namespace};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid, pipe2, read, write};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// The process, as the one that made it sees it. Dropping this ends it.
#[derive(Debug)]
pub(crate) struct Child {
    process: Pid,
    pipe: OwnedFd,
    received: Vec<u8>,
}

impl Child {
    /// Forks a process with one thread, in which network namespaces can be made, and does `work` there. `work` gets what is
    /// readable once it has to stop, and gives `None` if it stopped for that.
    pub(crate) fn fork<T: Serialize>(
        work: impl FnOnce(Access, &SignalFd) -> Result<Option<T>, KernelError>,
    ) -> Result<Self, KernelError> {
        let failed = |error: Errno| KernelError::system("start a process", error);
        let (pipe, child_end) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
        let parent = getpid();
        // SAFETY: the child allocates, which libc allows after a fork, and takes no lock that another thread of this
        // process could hold: it does not print and reads no environment.
        #[expect(
            unsafe_code,
            reason = "a user namespace needs a process with one thread"
        )]
        match unsafe { fork() }.map_err(failed)? {
            ForkResult::Parent { child } => Ok(Self {
                process: child,
                pipe,
                received: Vec::new(),
            }),
            ForkResult::Child => {
                // A panic must not unwind into the caller's code, of which this process has a copy.
                let message = catch_unwind(AssertUnwindSafe(|| {
                    close_all_but(&child_end);
                    prepare(parent)
                        .and_then(|(access, signals)| work(access, &signals))
                        .transpose()
                }))
                .unwrap_or_else(|panic| Some(Err(died(&*panic))));
                if let Some(message) = message {
                    send(&child_end, &message);
                }
                exit()
            }
        }
    }

    /// Takes in what the process has sent, waiting for at most `timeout` for it, or without limit. True once it has sent all.
    pub(crate) fn poll(&mut self, timeout: Option<Duration>) -> Result<bool, KernelError> {
        let timeout = timeout.map_or(PollTimeout::NONE, |timeout| {
            PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX)
        });
        let mut sources = [PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN)];
        let waited = poll(&mut sources, timeout).and_then(|ready| match ready {
            0 => Ok(false),
            _ => self.take_in(),
        });
        match waited {
            Err(Errno::EINTR) => Ok(false),
            result => result.map_err(|error| KernelError::system("wait for a process", error)),
        }
    }

    /// True at the end.
    fn take_in(&mut self) -> nix::Result<bool> {
        let mut buffer = vec![0; PIPE_SIZE];
        let len = read(&self.pipe, &mut buffer)?;
        self.received.extend_from_slice(&buffer[..len]);
        Ok(len == 0)
    }

    /// Its message. Waits for it.
    pub(crate) fn message<T: DeserializeOwned>(mut self) -> Result<T, KernelError> {
        while !self.poll(None)? {}
        if self.received.is_empty() {
            return Err(KernelError::Died(
                "its process was ended from outside".into(),
            ));
        }
        serde_json::from_slice::<Result<T, KernelError>>(&self.received)
            .map_err(|error| KernelError::Died(format!("its process broke off: {error}")))?
    }
}

impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = kill(self.process, Signal::SIGTERM);
        let _ = waitpid(self.process, None);
    }
}

/// Gives the child what it needs, and makes sure that it ends with its parent.
fn prepare(parent: Pid) -> Result<(Access, SignalFd), KernelError> {
    // From here on these are read, and end the work in an orderly way. Programs inherit that they are blocked, so that a
    // Ctrl-C at a terminal reaches this process only.
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        signals.add(signal);
    }
    let failed = |error: Errno| KernelError::system("prepare a process", error);
    signals.thread_block().map_err(failed)?;
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    let descriptor = SignalFd::with_flags(&signals, flags).map_err(failed)?;
    let access = namespace::acquire()?;
    // After that, because a change of credentials clears it (prctl(2)). The parent may have ended before.
    prctl::set_pdeathsig(Signal::SIGTERM).map_err(failed)?;
    if getppid() != parent {
        exit();
    }
    Ok((access, descriptor))
}

/// Asks to run as soon as there is something to do, and to be woken on time. What is refused is done without: times are then
/// less exact when the machine is busy.
pub(crate) fn be_punctual() {
    let _ = prctl::set_timerslack(1);
    let parameters = libc::sched_param { sched_priority: 1 };
    // SAFETY: the pointer is to a local that outlives the call.
    #[expect(unsafe_code, reason = "there is no safe wrapper of this call")]
    unsafe {
        libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const parameters);
    }
}

/// Closes every file but the standard ones and `kept`: those of the caller are not the case's, and an inherited end of a pipe
/// would keep it open.
fn close_all_but(kept: &OwnedFd) {
    let kept = kept.as_raw_fd().cast_unsigned();
    for (first, last) in [(3, kept.saturating_sub(1)), (kept + 1, u32::MAX)] {
        if first <= last {
            // SAFETY: the caller's files are never used in this process, nor is anything that would close them dropped.
            #[expect(unsafe_code, reason = "there is no safe wrapper of this call")]
            unsafe {
                libc::syscall(libc::SYS_close_range, first, last, 0);
            }
        }
    }
}

fn send<T: Serialize>(pipe: &OwnedFd, message: &Result<T, KernelError>) {
    let Ok(bytes) = serde_json::to_vec(message) else {
        return;
    };
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        match write(pipe, rest) {
            Ok(len) => rest = &rest[len..],
            Err(Errno::EINTR) => {}
            // Nobody is there to tell.
            Err(_) => return,
        }
    }
}

fn died(panic: &(dyn std::any::Any + Send)) -> KernelError {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    KernelError::Died(format!("its process panicked: {text}"))
}

/// Ends this process at once, without the exit handlers of the program that it is a copy of.
pub(crate) fn exit() -> ! {
    // SAFETY: `_exit` has no preconditions.
    #[expect(unsafe_code, reason = "`std::process::exit` would run exit handlers")]
    unsafe {
        libc::_exit(0)
    }
}

/// What a pipe holds.
const PIPE_SIZE: usize = 64 * 1024;
