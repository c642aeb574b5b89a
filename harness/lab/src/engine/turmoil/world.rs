//! What the hosts of a run share: the network, the faults to come, and who has to be looked after.

use super::lookahead::Lookahead;
use super::uplink::{Due, Uplink};
use crate::network::Network;
use crate::plan::{self, Fault, HostIndex, HostPlan, Plan, TimedFault};
use crate::sockets::{Directory, Machine, MakeFault};
use crate::trace::Trace;
use halfopen_tcp::{Host, Instant, Rng};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Everything that the hosts of a run share.
#[derive(Debug)]
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) seed: u64,
    pub(super) lookahead: Lookahead,
    /// How long turmoil runs each host at a time: no packet takes less, or it comes up to a tick late.
    pub(super) tick: Duration,
    /// Nothing happens after this.
    pub(super) horizon: Instant,
    pub(super) machines: Vec<Arc<Machine>>,
    mail: Vec<Mutex<Mail>>,
    uplink: Mutex<Uplink>,
    notes: Mutex<Notes>,
}

/// What comes to a machine from outside its own time.
#[derive(Debug, Default)]
pub(super) struct Mail {
    /// Faults that concern it, in order of time and of their making.
    pub(super) faults: BTreeMap<(Instant, u64), Fault>,
    /// Packets that no datagram carries.
    pub(super) strays: Vec<Due>,
}

/// What the loop around the simulation has to know.
#[derive(Debug, Default)]
struct Notes {
    /// Every fault, in the order of its making, which is its order among those of one time.
    faults: Vec<TimedFault>,
    /// Hosts whose programs died and left tasks behind.
    to_bounce: Vec<HostIndex>,
}

impl World {
    /// `code`: whether faults may come that the plan does not have.
    pub(super) fn new(
        plan: Plan,
        seed: u64,
        packets: bool,
        lookahead: Lookahead,
        code: bool,
    ) -> Arc<Self> {
        let directory = Arc::new(Directory::new(&plan));
        let mut network = Network::new(&plan, seed);
        if code {
            network.expect_any_fault();
        }
        let machine = |index| {
            let host = new_host(&plan, index, seed, 0);
            Machine::new(index, Arc::clone(&directory), host)
        };
        let hosts = 0..plan.hosts.len();
        let world = Self {
            seed,
            tick: lookahead.tick(),
            lookahead,
            horizon: plan
                .until
                .unwrap_or(Instant::FAR_FUTURE)
                .min(Instant::ZERO + plan.limits.time),
            machines: hosts.clone().map(machine).collect(),
            mail: hosts.map(|_| Mutex::default()).collect(),
            uplink: Mutex::new(Uplink::new(network, Trace::new(packets))),
            notes: Mutex::default(),
            plan,
        };
        for TimedFault { at, fault } in world.plan.timeline.clone() {
            world.add_fault(at, fault);
        }
        let world = Arc::new(world);
        if let Some(machine) = world.machines.first() {
            let faults: Weak<dyn MakeFault> = Arc::<Self>::downgrade(&world);
            machine.directory.set_faults(faults);
        }
        world
    }

    pub(super) fn uplink(&self) -> MutexGuard<'_, Uplink> {
        lock(&self.uplink)
    }

    pub(super) fn mail(&self, host: HostIndex) -> MutexGuard<'_, Mail> {
        lock(&self.mail[host])
    }

    /// Adds a fault. A machine whose time is later already meets it as soon as it runs again.
    fn add_fault(&self, at: Instant, fault: Fault) {
        let order = {
            let mut notes = lock(&self.notes);
            let fault = fault.clone();
            notes.faults.push(TimedFault { at, fault });
            notes.faults.len() as u64
        };
        for host in concerned(&fault) {
            self.mail(host).faults.insert((at, order), fault.clone());
            self.wake(host);
        }
        self.uplink().add_fault(at, order, fault);
    }

    /// Puts what was sent before the tick that begins at `tick` on the network.
    pub(super) fn settle(&self, tick: Instant) {
        let strays = self.uplink().settle(tick);
        for due in strays {
            let to = due.flight.to;
            self.mail(to).strays.push(due);
            self.wake(to);
        }
    }

    fn wake(&self, host: HostIndex) {
        let driver = self.machines[host].lock().after_call();
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// The beginning of the tick that `at` is in.
    pub(super) fn tick_of(&self, at: Instant) -> Instant {
        let tick = self.tick.as_nanos() as u64;
        Instant::from_nanos(at.as_nanos() / tick * tick)
    }

    pub(super) fn bounce_later(&self, host: HostIndex) {
        lock(&self.notes).to_bounce.push(host);
    }

    pub(super) fn take_to_bounce(&self) -> Vec<HostIndex> {
        std::mem::take(&mut lock(&self.notes).to_bounce)
    }

    /// All faults up to `end`, in order.
    pub(super) fn timeline(&self, end: Instant) -> Vec<TimedFault> {
        let mut faults = lock(&self.notes).faults.clone();
        faults.sort_by_key(|timed| timed.at);
        faults.retain(|timed| timed.at <= end);
        faults
    }

    /// The kernel of a machine that comes up for the `boots`th time after the first.
    pub(super) fn boot(&self, host: HostIndex, boots: u32) -> Host {
        new_host(&self.plan, host, self.seed, boots)
    }
}

impl MakeFault for World {
    fn make_fault(&self, at: Instant, fault: Fault) {
        if let Fault::Link { hosts, figures } = &fault {
            let least = self.lookahead.between(*hosts);
            let delay = figures.shortest_delay();
            assert!(
                delay >= least,
                "this link's packets take at least {least:?}, so code cannot make them take {delay:?}: say so \
                 beforehand with `Lab::shortest_latency`"
            );
        }
        self.add_fault(at, fault);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Each boot has its own random stream, or a machine would choose the same numbers again.
fn new_host(plan: &Plan, index: HostIndex, seed: u64, boots: u32) -> Host {
    let HostPlan { name, profile, .. } = &plan.hosts[index];
    let stream = match boots {
        0 => format!("host {name}"),
        _ => format!("host {name} boot {boots}"),
    };
    let address = IpAddr::V4(plan::address(index));
    Host::new(address, Arc::clone(profile), Rng::stream(seed, &stream))
}

/// The machines that meet a fault themselves. What only a sender meets, the uplink deals with.
fn concerned(fault: &Fault) -> Vec<HostIndex> {
    match *fault {
        Fault::Partition(a, b)
        | Fault::Heal(a, b)
        | Fault::Hold(a, b)
        | Fault::Release(a, b)
        | Fault::Link { hosts: (a, b), .. }
        | Fault::Reset { from: a, to: b }
        | Fault::Block { from: a, to: b } => vec![a, b],
        Fault::Drop { .. } => Vec::new(),
        Fault::Reject { host, .. }
        | Fault::Unroute { from: host, .. }
        | Fault::Route { from: host, .. }
        | Fault::Kill(host)
        | Fault::PowerOff(host)
        | Fault::Boot(host)
        | Fault::Pause(host)
        | Fault::Resume(host) => vec![host],
    }
}
