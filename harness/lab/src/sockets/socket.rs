//! A socket, and how a program waits for it.

use super::machine::{Machine, State};
use halfopen_tcp::profile::errors::Occurrence;
use halfopen_tcp::{Cause, Failure, Host, Instant, ProcessId, SocketId};
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::task::{Context, Poll};

/// A socket of a machine. Dropping it closes it.
pub(crate) struct Socket {
    machine: Arc<Machine>,
    id: SocketId,
    epoch: u32,
    /// Zero: the system's default.
    ttl: AtomicU32,
}

/// In which role a task waits. Of those that read and of those that write, the latest is woken, as with tokio's
/// sockets; of the others, all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
    Read,
    Write,
}

/// What a call finds when it is made.
pub(crate) struct CallOn<'a> {
    pub(crate) host: &'a mut Host,
    pub(crate) now: Instant,
    pub(crate) id: SocketId,
    pub(crate) process: ProcessId,
}

const WOULD_BLOCK: Failure = Failure {
    cause: Cause::WouldBlock,
    when: Occurrence::First,
};

impl Socket {
    /// A new socket of that machine. On one that is off, or whose programs are dead, it is dead too.
    pub(crate) fn open(machine: &Arc<Machine>) -> Option<Self> {
        let mut state = machine.lock();
        let epoch = state.epoch;
        let kernel = state.kernel.as_mut()?;
        let id = kernel.host.socket(kernel.process);
        drop(state);
        Some(Self {
            machine: Arc::clone(machine),
            id,
            epoch,
            ttl: AtomicU32::new(0),
        })
    }

    /// Another socket of the same machine, which a call has made.
    pub(crate) fn sibling(&self, id: SocketId) -> Self {
        Self {
            machine: Arc::clone(&self.machine),
            id,
            epoch: self.epoch,
            ttl: AtomicU32::new(0),
        }
    }

    pub(crate) fn machine(&self) -> &Arc<Machine> {
        &self.machine
    }

    pub(crate) fn id(&self) -> SocketId {
        self.id
    }

    /// Makes a call that does not wait. One on a dead socket would have to.
    pub(crate) fn call<R>(
        &self,
        call: impl FnOnce(CallOn<'_>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let mut state = self.machine.lock();
        if state.paused {
            return Err(WOULD_BLOCK);
        }
        let result = self.make(&mut state, call).unwrap_or(Err(WOULD_BLOCK));
        let blocked = matches!(&result, Err(failure) if failure.cause == Cause::WouldBlock);
        let driver = state.after_call().filter(|_| !blocked);
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
        result
    }

    /// Asks without changing anything. `None`: the socket is dead.
    pub(crate) fn ask<R>(&self, ask: impl FnOnce(&Host, SocketId) -> R) -> Option<R> {
        let mut state = self.machine.lock();
        self.make(&mut state, |call| ask(call.host, call.id))
    }

    /// Makes a call; if it has to wait, the task is woken when it is worth another try.
    pub(crate) fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        wait: Wait,
        call: impl FnOnce(CallOn<'_>) -> Result<R, Failure>,
    ) -> Poll<Result<R, Failure>> {
        let mut state = self.machine.lock();
        let result = match state.paused {
            true => Err(WOULD_BLOCK),
            false => self.make(&mut state, call).unwrap_or(Err(WOULD_BLOCK)),
        };
        let mut wake = None;
        let mut replaced = None;
        let poll = match result {
            Err(failure) if failure.cause == Cause::WouldBlock => {
                if self.epoch == state.epoch {
                    let waiting = state.waiting(self.id);
                    let slot = match wait {
                        Wait::Read => &mut waiting.read,
                        Wait::Write => &mut waiting.write,
                    };
                    if !slot.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
                        replaced = slot.replace(cx.waker().clone());
                    }
                }
                Poll::Pending
            }
            result => {
                wake = state.after_call();
                Poll::Ready(result)
            }
        };
        drop(state);
        drop(replaced);
        if let Some(driver) = wake {
            driver.wake();
        }
        poll
    }

    /// Waits until the call does not have to, beside whoever else waits for this socket. May be dropped at any time.
    pub(crate) async fn wait<R>(
        &self,
        mut call: impl FnMut(CallOn<'_>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let mut ticket = Ticket {
            socket: self,
            number: None,
        };
        poll_fn(|cx| match self.call(&mut call) {
            Err(failure) if failure.cause == Cause::WouldBlock => {
                ticket.wait(cx);
                Poll::Pending
            }
            result => Poll::Ready(result),
        })
        .await
    }

    pub(super) fn is_dead(&self, state: &State) -> bool {
        self.epoch != state.epoch || state.kernel.is_none()
    }

    /// The time to live of its packets, which nothing here looks at.
    pub(crate) fn ttl(&self) -> &AtomicU32 {
        &self.ttl
    }

    /// Makes a call on the kernel, if the socket's program lives.
    fn make<R>(&self, state: &mut State, call: impl FnOnce(CallOn<'_>) -> R) -> Option<R> {
        if self.epoch != state.epoch {
            return None;
        }
        let now = state.now();
        let kernel = state.kernel.as_mut()?;
        Some(call(CallOn {
            host: &mut kernel.host,
            now,
            id: self.id,
            process: kernel.process,
        }))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let mut state = self.machine.lock();
        let closed = self.make(&mut state, |call| {
            let connected = call.host.remote_addr(call.id).is_some();
            (connected, call.host.close(call.now, call.id))
        });
        let Some((connected, until)) = closed else {
            return;
        };
        self.note_close(&mut state, connected);
        state.lingering.extend(until.map(|until| (self.id, until)));
        let driver = state.after_call();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.ask(|host, id| host.local_addr(id).ok()).flatten();
        f.debug_struct("Socket")
            .field("host", &self.machine.name())
            .field("local", &local)
            .finish_non_exhaustive()
    }
}

/// The place of one task among those that wait for a socket; given up when it stops waiting.
struct Ticket<'s> {
    socket: &'s Socket,
    number: Option<u64>,
}

impl Ticket<'_> {
    fn wait(&mut self, cx: &Context<'_>) {
        let mut state = self.socket.machine.lock();
        if self.socket.epoch != state.epoch {
            return;
        }
        let number = *self.number.get_or_insert_with(|| state.ticket());
        let others = &mut state.waiting(self.socket.id).others;
        match others.iter_mut().find(|(waits, _)| *waits == number) {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => others.push((number, cx.waker().clone())),
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.socket
                .machine
                .lock()
                .stop_waiting(self.socket.id, number);
        }
    }
}
