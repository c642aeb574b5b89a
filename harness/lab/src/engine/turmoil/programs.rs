//! The programs that run on a machine: steps of a scenario, or code.

use super::steps;
use super::world::World;
use crate::plan::HostIndex;
use crate::sockets::Machine;
use halfopen_tcp::Instant;
use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, LocalSet};

/// What a program's future gives.
pub(crate) type CodeResult = Result<(), Box<dyn Error>>;

/// A program's future.
pub(crate) type CodeFuture = Pin<Box<dyn Future<Output = CodeResult>>>;

/// Makes a program's future each time it starts. `None`: it cannot start again.
pub(crate) type Code = Rc<dyn Fn() -> Option<CodeFuture>>;

/// A program that is code.
pub(crate) struct CodeOf {
    pub(crate) host: HostIndex,
    /// Which of the host's programs it is.
    pub(crate) program: usize,
    pub(crate) code: Code,
}

impl CodeOf {
    fn place(&self) -> (HostIndex, usize) {
        (self.host, self.program)
    }
}

/// How a program ended: with what its future gave, or with a panic.
pub(crate) type ProgramResult = Result<CodeResult, Box<dyn Any + Send>>;

/// What the hosts of a run have in common beside the [`World`], on the run's own thread.
#[derive(Clone, Default)]
pub(super) struct Shared {
    /// Programs that are code; the others have steps.
    pub(super) code: Rc<Vec<CodeOf>>,
    /// Programs that have ended.
    pub(super) ended: Rc<RefCell<Vec<Ended>>>,
    /// How often each was started.
    runs: Rc<RefCell<BTreeMap<(HostIndex, usize), u32>>>,
}

/// A program that has ended.
pub(crate) struct Ended {
    pub(crate) host: HostIndex,
    pub(crate) program: usize,
    pub(crate) at: Instant,
    pub(crate) result: ProgramResult,
}

/// The programs that run on a machine, and what they spawned with `spawn_local`. What they spawned with
/// `tokio::spawn` is in the host's tokio runtime, which only turmoil can clear.
pub(super) struct Programs {
    world: Arc<World>,
    machine: Arc<Machine>,
    shared: Shared,
    local: LocalSet,
    running: Vec<(usize, JoinHandle<CodeResult>)>,
    flag: Arc<Flag>,
}

impl Shared {
    pub(super) fn new(code: Vec<CodeOf>) -> Self {
        Self {
            code: Rc::new(code),
            ..Self::default()
        }
    }

    fn code(&self, place: (HostIndex, usize)) -> Option<&Code> {
        let found = self.code.iter().find(|code| code.place() == place);
        found.map(|found| &found.code)
    }

    fn next_run(&self, place: (HostIndex, usize)) -> u32 {
        let mut runs = self.runs.borrow_mut();
        *runs.entry(place).and_modify(|runs| *runs += 1).or_insert(0)
    }
}

impl Programs {
    pub(super) fn new(world: &Arc<World>, machine: &Arc<Machine>, shared: Shared) -> Self {
        Self {
            world: Arc::clone(world),
            machine: Arc::clone(machine),
            shared,
            local: LocalSet::new(),
            running: Vec::new(),
            flag: Arc::new(Flag::default()),
        }
    }

    pub(super) fn start(&mut self, number: usize) {
        let here = self.machine.index;
        let run = self.shared.next_run((here, number));
        let future = match self.shared.code((here, number)) {
            Some(code) => {
                self.machine.lock().calls.record_code(number, run);
                code()
            }
            None => Some(steps::program(&self.world, &self.machine, number, run)),
        };
        if let Some(future) = future {
            self.running.push((number, self.local.spawn_local(future)));
            self.flag.set.store(true, Ordering::Relaxed);
        }
    }

    /// Lets those that can go on do so. Whether there were any.
    pub(super) fn run(&mut self) -> bool {
        if !self.flag.set.swap(false, Ordering::Relaxed) {
            return false;
        }
        let waker = Waker::from(Arc::clone(&self.flag));
        let mut cx = Context::from_waker(&waker);
        let _ = Pin::new(&mut self.local).poll(&mut cx);
        let (here, shared, machine) = (self.machine.index, &self.shared, &self.machine);
        self.running.retain_mut(|(program, handle)| {
            let Poll::Ready(joined) = Pin::new(handle).poll(&mut cx) else {
                return true;
            };
            let result = match joined {
                Ok(result) => Ok(result),
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => Err(panic),
                    Err(_cancelled) => return false,
                },
            };
            let (program, at) = (*program, machine.lock().now());
            shared.ended.borrow_mut().push(Ended {
                host: here,
                program,
                at,
                result,
            });
            false
        });
        true
    }

    /// They die at once. Whether they leave tasks behind that only turmoil can clear away.
    pub(super) fn kill(&mut self) -> bool {
        self.running.clear();
        self.local = LocalSet::new();
        Handle::current().metrics().num_alive_tasks() > 0
    }

    pub(super) fn set_waker(&self, waker: &Waker) {
        let mut outer = self
            .flag
            .outer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !outer.as_ref().is_some_and(|outer| outer.will_wake(waker)) {
            *outer = Some(waker.clone());
        }
    }
}

impl fmt::Debug for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Programs").finish_non_exhaustive()
    }
}

/// Whether a program can go on; tells the machine's driver too.
#[derive(Debug, Default)]
struct Flag {
    set: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.set.swap(true, Ordering::Relaxed) {
            let outer = self
                .outer
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            if let Some(outer) = outer {
                outer.wake();
            }
        }
    }
}
