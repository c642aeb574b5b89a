//! The loop around a `turmoil::Sim`: steps, what has to be done between them, and the end.

use super::driver::Driver;
use super::host::{PORT, ids, software};
use super::lookahead::Lookahead;
use super::programs::{CodeOf, Ended, Shared};
use super::world::World;
use crate::expect;
use crate::outcome::{EngineName, Fate, LimitReached, Outcome, StepOutcome};
use crate::plan::{HostIndex, Plan};
use halfopen_tcp::Instant;
use std::cell::RefCell;
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use turmoil::{Protocol, Sim};

/// A run on turmoil.
pub(crate) struct Simulation {
    sim: Sim<'static>,
    world: Arc<World>,
    drivers: Vec<Rc<RefCell<Driver>>>,
    shared: Shared,
    stop: Stop,
}

/// Why a run stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// It runs.
    Not,
    /// Nothing can happen any more.
    Nothing,
    /// Its `until` has come.
    Until(Instant),
    /// What it was for is done, at this time.
    Done(Instant),
    /// A limit was reached.
    Limit(LimitReached),
}

impl Simulation {
    /// A run of `plan`, in which some programs are code. The hosts of these run first in each tick, so that a fault that
    /// code makes meets the other hosts at its time.
    pub(crate) fn new(
        plan: Plan,
        seed: u64,
        packets: bool,
        code: Vec<CodeOf>,
        shortest_latency: Option<Duration>,
    ) -> Self {
        let lookahead = Lookahead::new(&plan, shortest_latency);
        let tick = lookahead.tick();
        let world = World::new(plan, seed, packets, lookahead, !code.is_empty());
        let mut sim = turmoil::Builder::new()
            .rng_seed(seed)
            .epoch(std::time::UNIX_EPOCH)
            .tick_duration(tick)
            .min_message_latency(tick)
            .max_message_latency(tick)
            .simulation_duration(Duration::MAX)
            .udp_capacity(DATAGRAMS_MAX)
            .build();
        let mut order: Vec<HostIndex> = (0..world.machines.len()).collect();
        order.sort_by_key(|host| !code.iter().any(|code| code.host == *host));
        let shared = Shared::new(code);
        let drivers: Vec<_> = order
            .iter()
            .map(|host| (*host, Rc::new(RefCell::new(Driver::new(&world, *host)))))
            .collect();
        for (host, driver) in &drivers {
            let name = world.plan.hosts[*host].name.as_str();
            sim.host(name, software(Rc::clone(driver), shared.clone()));
        }
        let names = world.plan.hosts.iter().map(|host| host.name.as_str());
        let carriers: Vec<IpAddr> = names.map(|name| sim.lookup(name)).collect();
        set_latencies(&sim, &world, &carriers);
        if let Some(machine) = world.machines.first() {
            machine.directory.set_carriers(carriers);
        }
        Self {
            sim,
            world,
            drivers: drivers.into_iter().map(|(_, driver)| driver).collect(),
            shared,
            stop: Stop::Not,
        }
    }

    /// Runs until it ends, or `done` says so between two ticks.
    pub(crate) fn run(&mut self, mut done: impl FnMut(&[Ended]) -> bool) {
        while self.stop == Stop::Not {
            if self.world.machines.is_empty() {
                self.stop = Stop::Nothing;
                break;
            }
            let stepped = self.sim.step();
            stepped.expect(
                "a host's task ends only if its port is taken, and nothing else is on the host",
            );
            for host in self.world.take_to_bounce() {
                self.sim.bounce(self.world.plan.hosts[host].name.as_str());
            }
            self.stop = self.look_for_end(&mut done);
        }
    }

    fn look_for_end(&self, done: &mut impl FnMut(&[Ended]) -> bool) -> Stop {
        let ended = self.shared.ended.borrow();
        if done(&ended) {
            let last = ended.iter().map(|ended| ended.at).max();
            return Stop::Done(last.unwrap_or(Instant::ZERO));
        }
        drop(ended);
        let world = &self.world;
        {
            let uplink = world.uplink();
            if uplink.events > world.plan.limits.events {
                return Stop::Limit(LimitReached::Events);
            }
            if uplink.under_way() > UNDER_WAY_MAX || uplink.trace.len() > RECORDS_MAX {
                return Stop::Limit(LimitReached::Memory);
            }
        }
        let over = self.shared.code.is_empty() && self.nothing_can_happen();
        if over {
            return Stop::Nothing;
        }
        let elapsed = Instant::ZERO + self.sim.elapsed();
        // What is due between two milliseconds happens at the second.
        if elapsed <= world.horizon + Duration::from_millis(1) {
            return Stop::Not;
        }
        match world.plan.until {
            Some(until) if until == world.horizon => Stop::Until(until),
            _ => Stop::Limit(LimitReached::Time),
        }
    }

    fn nothing_can_happen(&self) -> bool {
        let now = Instant::ZERO + self.sim.elapsed();
        self.world.uplink().is_idle(now)
            && self.drivers.iter().all(|driver| driver.borrow().is_idle())
    }

    pub(crate) fn stop(&self) -> Stop {
        self.stop
    }

    /// The programs that have ended.
    pub(crate) fn take_ended(&self) -> Vec<Ended> {
        std::mem::take(&mut self.shared.ended.borrow_mut())
    }

    /// What came of it.
    pub(crate) fn finish(self) -> Outcome {
        self.finish_with_plan().1
    }

    /// What came of it, with the plan as it was carried out: faults that code made stand in the timeline, and calls that
    /// it made are steps of its program.
    pub(crate) fn finish_with_plan(mut self) -> (Plan, Outcome) {
        let (limit, end) = match self.stop {
            Stop::Done(at) | Stop::Until(at) => (None, at),
            Stop::Limit(LimitReached::Time) => (Some(LimitReached::Time), self.world.horizon),
            Stop::Limit(limit) => (Some(limit), Instant::ZERO + self.sim.elapsed()),
            Stop::Not | Stop::Nothing => (None, Instant::FAR_FUTURE),
        };
        let held = self.held_by_turmoil();
        let world = Arc::clone(&self.world);
        let mut plan = world.plan.clone();
        let mut steps = Vec::new();
        for (host, machine) in world.machines.iter().enumerate() {
            let mut state = machine.lock();
            // Sockets that tasks drop from now on have no kernel to tell.
            state.kernel = None;
            let (outcomes, code) = std::mem::take(&mut state.calls).finish();
            steps.extend(outcomes);
            if let Some(program) = self.code_of(host) {
                plan.hosts[host].programs[program].steps = code;
            }
        }
        steps.sort_by_key(|step| (step.start, step.host));
        let mut uplink = world.uplink();
        uplink.settle_all(end.min(Instant::ZERO + self.sim.elapsed()));
        let ends = steps.iter().filter_map(|step| Some(step.end?.0));
        let last_step = ends.chain(steps.iter().map(|step| step.start)).max();
        let last_seen = last_step.into_iter().chain([uplink.last_seen()]).max();
        let end = match end {
            Instant::FAR_FUTURE => last_seen.unwrap_or(Instant::ZERO),
            end => end,
        };
        let drivers: Vec<_> = self.drivers.iter().map(|driver| driver.borrow()).collect();
        let arriving: Vec<_> = drivers.iter().flat_map(|d| d.arriving().cloned()).collect();
        let packets = uplink.finish(end, &arriving, &held);
        drop(drivers);
        plan.timeline = world.timeline(end);
        let faults = plan.timeline.iter().enumerate();
        let mut outcome = Outcome {
            engine: EngineName::Turmoil,
            seed: world.seed,
            verdict: crate::outcome::Verdict::Passed,
            end,
            faults: faults.map(|(index, fault)| (fault.at, index)).collect(),
            steps,
            packets,
        };
        cut_off(&mut outcome, end);
        outcome.verdict = expect::judge(&plan, &mut outcome.steps, limit);
        drop(uplink);
        self.drivers.clear();
        (plan, outcome)
    }

    /// The program of a host that is code.
    fn code_of(&self, host: HostIndex) -> Option<usize> {
        let mut code = self.shared.code.iter();
        code.find(|code| code.host == host).map(|code| code.program)
    }

    /// The packets whose datagrams turmoil still has.
    fn held_by_turmoil(&self) -> Vec<u64> {
        let mut held = Vec::new();
        self.sim.links(|links| {
            for sent in links.flatten() {
                if let Protocol::Udp(datagram) = sent.protocol()
                    && sent.pair().1.port() == PORT
                {
                    held.extend(ids(&datagram.0));
                }
            }
        });
        held
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { world, stop, .. } = self;
        f.debug_struct("Simulation")
            .field("world", world)
            .field("stop", stop)
            .finish_non_exhaustive()
    }
}

/// Takes out of an outcome what came after its end: hosts run to the end of their tick.
fn cut_off(outcome: &mut Outcome, end: Instant) {
    outcome.steps.retain(|step: &StepOutcome| step.start <= end);
    for step in &mut outcome.steps {
        step.end.take_if(|(at, _)| *at > end);
    }
    outcome.packets.retain(|packet| packet.at <= end);
    for packet in &mut outcome.packets {
        packet.fate = match packet.fate {
            Fate::Delivered(at) | Fate::Lost(at, _) if at > end => Fate::InFlight,
            Fate::Duplicated(first, second) if second > end => match first > end {
                true => Fate::InFlight,
                false => Fate::Delivered(first),
            },
            fate => fate,
        };
    }
}

/// A datagram stays with turmoil as long as its packets certainly travel, so that what turmoil does to a link acts on
/// what is under way.
fn set_latencies(sim: &Sim<'_>, world: &World, carriers: &[IpAddr]) {
    if world.lookahead.is_uniform() {
        return;
    }
    for a in 0..carriers.len() {
        for b in a + 1..carriers.len() {
            let latency = world.lookahead.between((a, b));
            if latency > world.tick {
                sim.set_link_latency(carriers[a], carriers[b], latency);
            }
        }
    }
}

/// Datagrams that wait for one host at most.
const DATAGRAMS_MAX: usize = 1 << 20;

/// Packets under way: as for the event engine.
const UNDER_WAY_MAX: usize = 1_000_000;

/// Packets recorded: as for the event engine.
const RECORDS_MAX: usize = 10_000_000;
