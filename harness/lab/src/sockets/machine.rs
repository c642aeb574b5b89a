//! One machine of a run, as its programs and its engine share it.

use super::{Calls, Directory};
use crate::plan::HostIndex;
use halfopen_tcp::{Host, Instant, ProcessId, SocketId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// One machine. Its sockets hold it too, because a task may keep a socket longer than the run lasts.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) index: HostIndex,
    pub(crate) directory: Arc<Directory>,
    /// A program may move its sockets to any thread, so this is a lock; nobody ever waits for it.
    state: Mutex<State>,
}

/// What changes about a machine.
#[derive(Debug)]
pub(crate) struct State {
    /// `None`: it is off.
    pub(crate) kernel: Option<Kernel>,
    pub(crate) clock: Clock,
    /// Goes up when programs die. A socket that was made before is dead: its calls wait for ever.
    pub(crate) epoch: u32,
    /// Its programs are stopped.
    pub(crate) paused: bool,
    pub(crate) calls: Calls,
    /// Who waits for a time, in order of the times and then of the asking.
    pub(crate) alarms: BTreeMap<(Instant, u64), Waker>,
    alarms_made: u64,
    waiting: BTreeMap<SocketId, Waiting>,
    /// Sockets that were closed and wait for their data to be acknowledged (`SO_LINGER`).
    pub(crate) lingering: Vec<(SocketId, Instant)>,
    /// Wakes the engine's part of the machine.
    driver: Option<Waker>,
    /// The engine is at work on the machine, and looks at it again before it leaves.
    pub(crate) driven: bool,
}

/// The kernel of a machine that is on.
#[derive(Debug)]
pub(crate) struct Kernel {
    pub(crate) host: Host,
    /// All that runs on the machine.
    pub(crate) process: ProcessId,
}

/// Who waits for a socket.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) read: Option<Waker>,
    pub(super) write: Option<Waker>,
    pub(super) others: Vec<(u64, Waker)>,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.read.is_none() && self.write.is_none() && self.others.is_empty()
    }
}

/// The machine's time: nanoseconds of its own while an event is dealt with, the milliseconds of its tokio runtime
/// otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// What is dealt with happens at this time.
    pub(crate) stopped: Option<Instant>,
    /// A time of the runtime and what it is here.
    pub(crate) base: Option<(tokio::time::Instant, Instant)>,
    /// Time does not go back.
    latest: Instant,
}

impl Clock {
    pub(crate) fn now(&mut self) -> Instant {
        let now = self.stopped.unwrap_or_else(|| self.of_runtime());
        self.latest = self.latest.max(now);
        self.latest
    }

    /// What the runtime's clock says.
    pub(crate) fn of_runtime(&self) -> Instant {
        match self.base {
            Some((base, at)) => at + tokio::time::Instant::now().saturating_duration_since(base),
            None => self.latest,
        }
    }

    /// The earliest time that the runtime's clock can show for `at`; `None` before the machine runs.
    pub(crate) fn in_runtime(&self, at: Instant) -> Option<tokio::time::Instant> {
        let (base, start) = self.base?;
        base.checked_add(at.since(start))
    }

    pub(crate) fn latest(&self) -> Instant {
        self.latest
    }
}

impl Machine {
    pub(crate) fn new(index: HostIndex, directory: Arc<Directory>, host: Host) -> Arc<Self> {
        Arc::new(Self {
            index,
            directory,
            state: Mutex::new(State {
                kernel: Some(Kernel::boot(host)),
                clock: Clock {
                    stopped: None,
                    base: None,
                    latest: Instant::ZERO,
                },
                epoch: 0,
                paused: false,
                calls: Calls::default(),
                alarms: BTreeMap::new(),
                alarms_made: 0,
                waiting: BTreeMap::new(),
                lingering: Vec::new(),
                driver: None,
                driven: false,
            }),
        })
    }

    /// A program that panicked while it held the lock has left nothing half done: no call of the kernel runs code of
    /// a program.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn name(&self) -> &str {
        self.directory.name(self.index)
    }
}

impl Kernel {
    pub(crate) fn boot(mut host: Host) -> Self {
        let process = host.spawn();
        Self { host, process }
    }
}

impl State {
    pub(crate) fn now(&mut self) -> Instant {
        self.clock.now()
    }

    pub(crate) fn set_driver(&mut self, waker: &Waker) {
        if !self.driver.as_ref().is_some_and(|d| d.will_wake(waker)) {
            self.driver = Some(waker.clone());
        }
    }

    /// Who has to be woken after a call: the engine, unless it is at work.
    pub(crate) fn after_call(&self) -> Option<Waker> {
        self.driver.clone().filter(|_| !self.driven)
    }

    pub(super) fn waiting(&mut self, socket: SocketId) -> &mut Waiting {
        self.waiting.entry(socket).or_default()
    }

    pub(super) fn stop_waiting(&mut self, socket: SocketId, ticket: u64) {
        if let Some(waiting) = self.waiting.get_mut(&socket) {
            waiting.others.retain(|(waits, _)| *waits != ticket);
            if waiting.is_empty() {
                self.waiting.remove(&socket);
            }
        }
    }

    /// A number for someone who waits.
    pub(super) fn ticket(&mut self) -> u64 {
        self.alarms_made += 1;
        self.alarms_made
    }

    /// Those to wake because their sockets changed.
    pub(crate) fn take_woken(&mut self, woken: &mut Vec<Waker>) {
        let Some(kernel) = &mut self.kernel else {
            return;
        };
        if self.paused {
            return;
        }
        let now = self.clock.latest();
        while let Some(socket) = kernel.host.poll_socket() {
            if let Some(place) = self.lingering.iter().position(|(s, _)| *s == socket)
                && !kernel.host.lingers(now, socket)
            {
                self.lingering.remove(place);
            }
            if let Some(waiting) = self.waiting.remove(&socket) {
                woken.extend(waiting.read.into_iter().chain(waiting.write));
                woken.extend(waiting.others.into_iter().map(|(_, waker)| waker));
            }
        }
    }

    /// Everyone who waits for a socket: its programs go on after a pause.
    pub(crate) fn take_all_waiting(&mut self, woken: &mut Vec<Waker>) {
        for waiting in std::mem::take(&mut self.waiting).into_values() {
            woken.extend(waiting.read.into_iter().chain(waiting.write));
            woken.extend(waiting.others.into_iter().map(|(_, waker)| waker));
        }
    }

    /// The programs are dead: nobody waits for anything any more. Drop what comes back without the lock, because the
    /// last waker of a task may drop its sockets.
    pub(crate) fn forget_programs(&mut self, now: Instant) -> Vec<Waker> {
        self.epoch += 1;
        self.calls.kill(now);
        self.lingering.clear();
        let mut forgotten = Vec::new();
        self.take_all_waiting(&mut forgotten);
        forgotten.extend(std::mem::take(&mut self.alarms).into_values());
        forgotten
    }
}
