//! Our kernels on the hosts of a simulation that somebody else runs.

use super::driver::Driver;
use super::host;
use super::lookahead::Lookahead;
use super::programs::{Code, CodeFuture, CodeOf, Shared};
use super::world::World;
use crate::plan::{HostIndex, Plan};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The machines of a simulation that somebody else runs.
#[derive(Debug)]
pub(crate) struct Guests {
    world: Arc<World>,
}

impl Guests {
    /// `tick`: the simulation's.
    ///
    /// # Panics
    /// If a packet takes less than a tick, or the tick is not in whole milliseconds.
    #[track_caller]
    pub(crate) fn new(plan: Plan, seed: u64, tick: Duration) -> Self {
        let lookahead = Lookahead::new(&plan, Some(tick));
        assert!(
            lookahead.tick() == tick,
            "a tick of {tick:?} does not do: it has to be in whole milliseconds, and no longer than the shortest \
             latency"
        );
        let world = World::new(plan, seed, false, lookahead, true);
        Self { world }
    }

    /// What that host runs.
    pub(crate) fn software(
        &self,
        host: HostIndex,
        client: bool,
        code: Code,
    ) -> impl Fn() -> CodeFuture + use<> {
        let program = 0;
        let shared = Shared::new(vec![CodeOf {
            host,
            program,
            code,
        }]);
        let driver = Rc::new(RefCell::new(Driver::as_guest(&self.world, host)));
        move || Box::pin(host::guest(Rc::clone(&driver), shared.clone(), client))
    }
}
