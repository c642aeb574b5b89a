//! Waiting for a time of the machine's own clock, which knows nanoseconds where tokio's knows milliseconds.

use super::machine::Machine;
use halfopen_tcp::Instant;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Ready at its time. What arrives at that instant comes first.
#[derive(Debug)]
pub(crate) struct Alarm {
    machine: Arc<Machine>,
    at: Instant,
    ticket: Option<u64>,
}

impl Alarm {
    pub(crate) fn new(machine: &Arc<Machine>, at: Instant) -> Self {
        Self {
            machine: Arc::clone(machine),
            at,
            ticket: None,
        }
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let machine = Arc::clone(&self.machine);
        let mut state = machine.lock();
        if self.ticket.is_some() && state.now() >= self.at {
            return Poll::Ready(());
        }
        // Even an alarm for now waits its turn behind what happens now.
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => *self.ticket.insert(state.ticket()),
        };
        let driver = state.after_call();
        state.alarms.insert((self.at, ticket), cx.waker().clone());
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let waker = self.machine.lock().alarms.remove(&(self.at, ticket));
            drop(waker);
        }
    }
}
