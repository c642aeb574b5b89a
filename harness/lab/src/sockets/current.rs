//! Which machine the running task is on.
//!
//! Every host of a simulation has a tokio runtime of its own, so the runtime says which machine a task is on, wherever
//! and by whomever the task was spawned.

use super::machine::Machine;
use std::cell::RefCell;
use std::sync::{Arc, Weak};
use tokio::runtime::{Handle, Id};

thread_local! {
    /// A few entries: the hosts of the simulations of this thread.
    static MACHINES: RefCell<Vec<(Id, Weak<Machine>)>> = const { RefCell::new(Vec::new()) };
}

/// Says that what runs on the current runtime runs on that machine.
pub(crate) fn enter_runtime(machine: &Arc<Machine>) {
    let id = Handle::current().id();
    MACHINES.with_borrow_mut(|machines| {
        // A number may be used again once its runtime is gone, and so may a machine's when it starts anew.
        machines.retain(|(other, known)| {
            *other != id
                && known
                    .upgrade()
                    .is_some_and(|known| !Arc::ptr_eq(&known, machine))
        });
        machines.push((id, Arc::downgrade(machine)));
    });
}

/// The machine that the running task is on, if it is on one.
pub(crate) fn on_machine() -> Option<Arc<Machine>> {
    let id = Handle::try_current().ok()?.id();
    MACHINES.with_borrow(|machines| {
        let known = machines.iter().find(|(known, _)| *known == id);
        known.and_then(|(_, machine)| machine.upgrade())
    })
}

/// The machine that the running task is on.
///
/// # Panics
/// If it is on none.
#[track_caller]
pub(crate) fn current() -> Arc<Machine> {
    on_machine().unwrap_or_else(|| {
        panic!(
            "a halfopen socket outside a simulated host: make it in a program of a `halfopen::Lab`, or in a task \
             that such a program spawned"
        )
    })
}
