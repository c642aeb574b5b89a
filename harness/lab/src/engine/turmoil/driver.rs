//! Drives one machine: what happens to it, in the order of its own nanoseconds.
//!
//! turmoil's hosts know milliseconds. What is due between two of them is dealt with at the second, one event after
//! another, with the machine's clock standing at the event's own time; so what a kernel sends and when it times out is
//! exact to the nanosecond all the same. At one instant the order is that of the event engine: faults, programs that
//! start, packets, timers of the kernel, programs that wake up by themselves.

use super::programs::Programs;
use super::uplink::Due;
use super::world::World;
use crate::network::{Arrival, Carried, Network};
use crate::outcome::LossReason;
use crate::plan::{self, Fault, HostIndex};
use crate::sockets::{Kernel, Machine};
use halfopen_tcp::wire::Packet;
use halfopen_tcp::{Host, Instant};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Waker;

/// Drives one machine. It outlives the programs, the tokio runtime and the kernel.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) world: Arc<World>,
    pub(super) machine: Arc<Machine>,
    here: HostIndex,
    /// The network as packets to this machine meet it: a replica with the faults up to the machine's own time.
    far: Network,
    /// Packets on their way here, by their time and their order.
    arrivals: BTreeMap<(Instant, u64), crate::network::Flight>,
    /// Programs to start.
    starts: BTreeSet<(Instant, usize)>,
    /// Datagrams that came before their packets were on the network.
    early: Vec<u64>,
    /// When to see to it that what was sent is put on the network, where no datagram makes somebody else do it.
    settle_at: Option<Instant>,
    boots: u32,
    /// Packets that left since the last datagrams did.
    leaving: BTreeMap<HostIndex, Vec<u64>>,
    /// Nothing more happens to it in this tick: what its programs left behind in the runtime must not run.
    pub(super) frozen: bool,
    /// Who runs the simulation, and how often it has started this host.
    owner: Owner,
}

/// Whose simulation it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Owner {
    /// Ours: it clears away what dead programs leave.
    Us,
    /// Somebody else's. `started`: it has started this host before.
    Other { started: bool },
}

/// What happens next to a machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    Fault,
    Start,
    Arrival,
    Timer,
    Alarm,
}

impl Driver {
    pub(super) fn new(world: &Arc<World>, here: HostIndex) -> Self {
        let mut driver = Self {
            machine: Arc::clone(&world.machines[here]),
            here,
            far: Network::new(&world.plan, world.seed),
            arrivals: BTreeMap::new(),
            starts: BTreeSet::new(),
            early: Vec::new(),
            settle_at: None,
            boots: 0,
            leaving: BTreeMap::new(),
            frozen: false,
            owner: Owner::Us,
            world: Arc::clone(world),
        };
        driver.set_mtus();
        let programs = world.plan.hosts[here].programs.iter().enumerate();
        driver.starts = programs
            .map(|(number, program)| (program.start, number))
            .collect();
        driver
    }

    /// The same on a host of somebody else's simulation.
    pub(super) fn as_guest(world: &Arc<World>, here: HostIndex) -> Self {
        let mut driver = Self::new(world, here);
        driver.owner = Owner::Other { started: false };
        driver
    }

    /// turmoil starts the host: for the first time, or after a crash. Then it was a power failure, and this is the boot.
    pub(super) fn start_as_guest(&mut self) {
        let names = self.machine.directory.names().iter();
        let carriers = names.map(|name| turmoil::lookup(name.as_str())).collect();
        self.machine.directory.set_carriers(carriers);
        if self.owner == (Owner::Other { started: true }) {
            let now = Instant::ZERO + turmoil::sim_elapsed().unwrap_or_default();
            self.lose_power(now);
            self.come_up(now);
        }
        self.owner = Owner::Other { started: true };
    }

    /// A datagram has come with these packets.
    pub(super) fn receive(&mut self, ids: impl Iterator<Item = u64>, clock: Instant) {
        self.world.settle(self.world.tick_of(clock));
        for id in ids {
            self.claim(id, clock);
        }
    }

    fn claim(&mut self, id: u64, clock: Instant) {
        match self.world.uplink().claim(id) {
            Some(dues) => {
                for Due { at, order, flight } in dues {
                    self.arrivals.insert((at, order), flight);
                }
            }
            None => {
                self.early.push(id);
                self.settle_at = Some(self.world.tick_of(clock) + self.world.tick);
            }
        }
    }

    fn settle_if_due(&mut self, clock: Instant) {
        if self.settle_at.is_some_and(|at| at <= clock) {
            self.settle_at = None;
            self.world.settle(self.world.tick_of(clock));
            for id in std::mem::take(&mut self.early) {
                self.claim(id, clock);
            }
        }
        for Due { at, order, flight } in std::mem::take(&mut self.world.mail(self.here).strays) {
            self.arrivals.insert((at, order), flight);
        }
    }

    /// Deals with all that is due by `clock`. Returns when something is due next.
    pub(super) fn turn(&mut self, clock: Instant, programs: &mut Programs) -> Option<Instant> {
        self.machine.lock().driven = true;
        self.settle_if_due(clock);
        while let Some((at, event)) = self.next().filter(|(at, _)| *at <= clock) {
            // A program that starts must not do so in a runtime that is about to go.
            if at > self.world.horizon || self.frozen && event == Event::Start {
                break;
            }
            let at = {
                let mut state = self.machine.lock();
                let at = at.max(state.clock.latest());
                state.clock.stopped = Some(at);
                at
            };
            self.world.uplink().events += 1;
            self.happen(at, event, programs);
            self.follow(programs);
        }
        self.machine.lock().clock.stopped = None;
        if clock <= self.world.horizon {
            self.follow(programs);
        }
        self.machine.lock().driven = false;
        let next = self.next().map(|(at, _)| at);
        let next = next.filter(|at| *at <= self.world.horizon);
        next.into_iter().chain(self.settle_at).min()
    }

    /// What happens next; of what happens at the same time, what comes first in [`Event`].
    fn next(&self) -> Option<(Instant, Event)> {
        let fault = self
            .world
            .mail(self.here)
            .faults
            .keys()
            .next()
            .map(|(at, _)| *at);
        let start = self.starts.first().map(|(at, _)| *at);
        let arrival = self.arrivals.keys().next().map(|(at, _)| *at);
        let mut state = self.machine.lock();
        let timer = state
            .kernel
            .as_mut()
            .and_then(|kernel| kernel.host.poll_timeout());
        let linger = state.lingering.iter().map(|(_, until)| *until).min();
        let alarm = state.alarms.keys().next().map(|(at, _)| *at);
        let alarm = alarm.filter(|_| !state.paused);
        let timer = timer.into_iter().chain(linger).min();
        [
            (fault, Event::Fault),
            (start, Event::Start),
            (arrival, Event::Arrival),
            (timer, Event::Timer),
            (alarm, Event::Alarm),
        ]
        .into_iter()
        .filter_map(|(at, event)| Some((at?, event)))
        .min()
    }

    fn happen(&mut self, now: Instant, event: Event, programs: &mut Programs) {
        match event {
            Event::Fault => {
                let fault = self.world.mail(self.here).faults.pop_first();
                if let Some((_, fault)) = fault {
                    self.fault(now, &fault, programs);
                }
            }
            Event::Start => {
                if let Some((_, number)) = self.starts.pop_first() {
                    let on = self.machine.lock().kernel.is_some();
                    if on {
                        programs.start(number);
                    }
                }
            }
            Event::Arrival => {
                if let Some((_, flight)) = self.arrivals.pop_first() {
                    self.arrive(now, flight);
                }
            }
            Event::Timer => self.time_out(now),
            Event::Alarm => {
                let alarm = self.machine.lock().alarms.pop_first();
                if let Some((_, waker)) = alarm {
                    waker.wake();
                }
            }
        }
    }

    /// Lets what happened take its course: packets leave, programs whose sockets changed go on.
    fn follow(&mut self, programs: &mut Programs) {
        let mut woken: Vec<Waker> = Vec::new();
        loop {
            self.take_packets();
            {
                let mut state = self.machine.lock();
                state.take_woken(&mut woken);
                if state.paused {
                    return;
                }
            }
            for waker in woken.drain(..) {
                waker.wake();
            }
            if !programs.run() {
                break;
            }
        }
    }

    fn take_packets(&mut self) {
        loop {
            let (now, packet) = {
                let mut state = self.machine.lock();
                let now = state.now();
                let packet = state.kernel.as_mut().and_then(|k| k.host.poll_packet());
                match packet {
                    Some(packet) => (now, packet),
                    None => return,
                }
            };
            self.send(now, packet, false);
        }
    }

    fn send(&mut self, now: Instant, packet: Packet, forged: bool) {
        let to = self.far.host_at(packet.dst);
        let mut uplink = self.world.uplink();
        if to == Some(self.here) && !forged {
            if let Some(Due { at, order, flight }) = uplink.send_to_itself(now, self.here, packet) {
                drop(uplink);
                self.arrivals.insert((at, order), flight);
            }
            return;
        }
        let id = uplink.send(now, self.here, packet, forged);
        drop(uplink);
        match to {
            Some(to) => self.leaving.entry(to).or_default().push(id),
            // It gets nowhere; the record says so.
            None => self.settle_later(now),
        }
    }

    fn settle_later(&mut self, now: Instant) {
        let next = self.world.tick_of(now) + self.world.tick;
        self.settle_at = Some(self.settle_at.map_or(next, |at| at.min(next)));
    }

    /// The packets for each machine that left since this was last asked.
    pub(super) fn take_leaving(&mut self) -> BTreeMap<HostIndex, Vec<u64>> {
        std::mem::take(&mut self.leaving)
    }

    fn arrive(&mut self, now: Instant, flight: crate::network::Flight) {
        self.world.uplink().seen(now);
        let mut carried = Vec::new();
        let arrival = self.far.arrive(now, flight, &mut carried);
        for carried in carried {
            if let Carried::Forged { packet, .. } = carried {
                self.send(now, packet, true);
            }
        }
        let mut uplink = self.world.uplink();
        match arrival {
            Arrival::Lost { tag, at, reason } => uplink.trace.lost(tag, at, reason),
            Arrival::Held(tag) => uplink.trace.held(tag),
            Arrival::Delivered(flight) => {
                let mut state = self.machine.lock();
                let Some(kernel) = &mut state.kernel else {
                    return uplink.trace.lost(flight.tag, now, LossReason::PowerOff);
                };
                uplink.trace.delivered(flight.tag, now);
                kernel.host.handle_packet(now, flight.packet);
            }
        }
    }

    fn time_out(&mut self, now: Instant) {
        let mut state = self.machine.lock();
        let lingering = std::mem::take(&mut state.lingering);
        let Some(kernel) = &mut state.kernel else {
            return;
        };
        if kernel.host.poll_timeout().is_some_and(|at| at <= now) {
            kernel.host.handle_timeout(now);
        }
        let mut left = lingering;
        left.retain(|(socket, _)| kernel.host.lingers(now, *socket));
        state.lingering = left;
    }

    fn fault(&mut self, now: Instant, fault: &Fault, programs: &mut Programs) {
        self.world.uplink().seen(now);
        let mut carried = Vec::new();
        self.far.apply(now, fault, &mut carried);
        for carried in carried {
            match carried {
                // Released: before whatever else arrives now, as it has waited longer.
                Carried::Arriving { flight, .. } => {
                    self.arrive(now, flight);
                    self.follow(programs);
                }
                Carried::Lost { tag, at, reason } => {
                    self.world.uplink().trace.lost(tag, at, reason)
                }
                Carried::Forged { .. } => {}
            }
        }
        match *fault {
            Fault::Kill(_) => self.kill(now, programs),
            Fault::PowerOff(_) => self.power_off(now, programs),
            Fault::Boot(_) => self.boot(now, programs),
            Fault::Pause(_) => self.machine.lock().paused = true,
            Fault::Resume(_) => self.resume(programs),
            Fault::Unroute { to, .. } => self.set_route(to, false),
            Fault::Route { to, .. } => self.set_route(to, true),
            Fault::Link {
                hosts: (a, b),
                figures,
            } => {
                let peer = if a == self.here { b } else { a };
                self.with_host(|host| host.set_mtu(IpAddr::V4(plan::address(peer)), figures.mtu));
            }
            // A middlebox sends something, and no machine's datagram carries it.
            Fault::Reset { .. } => self.settle_later(now),
            Fault::Partition(..)
            | Fault::Heal(..)
            | Fault::Block { .. }
            | Fault::Hold(..)
            | Fault::Release(..)
            | Fault::Drop { .. }
            | Fault::Reject { .. } => {}
        }
    }

    fn with_host(&self, change: impl FnOnce(&mut Host)) {
        if let Some(kernel) = &mut self.machine.lock().kernel {
            change(&mut kernel.host);
        }
    }

    fn set_route(&self, to: HostIndex, present: bool) {
        self.with_host(|host| host.set_route(IpAddr::V4(plan::address(to)), present));
    }

    /// Tells the kernel the MTU of every way that does not have the usual one.
    fn set_mtus(&self) {
        self.with_host(|host| {
            for peer in (0..self.world.machines.len()).filter(|peer| *peer != self.here) {
                host.set_mtu(
                    IpAddr::V4(plan::address(peer)),
                    self.far.mtu(self.here, peer),
                );
            }
        });
    }

    /// The programs die; the kernel closes their sockets. Those that have not started yet still will.
    fn kill(&mut self, now: Instant, programs: &mut Programs) {
        let forgotten = {
            let mut state = self.machine.lock();
            if let Some(kernel) = &mut state.kernel {
                kernel.host.kill(now, kernel.process);
                kernel.process = kernel.host.spawn();
            }
            state.forget_programs(now)
        };
        self.clear(programs, forgotten);
    }

    fn power_off(&mut self, now: Instant, programs: &mut Programs) {
        let forgotten = self.lose_power(now);
        self.clear(programs, forgotten);
    }

    /// Gone, and what it had in memory with it.
    fn lose_power(&mut self, now: Instant) -> Vec<Waker> {
        self.starts.clear();
        let mut state = self.machine.lock();
        state.kernel = None;
        state.forget_programs(now)
    }

    fn clear(&mut self, programs: &mut Programs, forgotten: Vec<Waker>) {
        drop(forgotten);
        let leaves_tasks = programs.kill();
        // In another's simulation they stay; their sockets are dead.
        self.frozen |= leaves_tasks && self.owner == Owner::Us;
    }

    fn boot(&mut self, now: Instant, programs: &mut Programs) {
        self.power_off(now, programs);
        self.come_up(now);
    }

    /// It comes up, and its programs that start on boot do so as long after this as they did after the beginning.
    fn come_up(&mut self, now: Instant) {
        self.boots += 1;
        let host = self.world.boot(self.here, self.boots);
        {
            let mut state = self.machine.lock();
            state.paused = false;
            state.kernel = Some(Kernel::boot(host));
        }
        self.set_mtus();
        for peer in self.far.unrouted(self.here) {
            self.set_route(peer, false);
        }
        let programs = self.world.plan.hosts[self.here].programs.iter().enumerate();
        let again = programs.filter(|(_, program)| program.on_boot);
        let starts = again.map(|(number, p)| (now + p.start.since(Instant::ZERO), number));
        self.starts.extend(starts);
    }

    fn resume(&mut self, programs: &mut Programs) {
        let mut woken = Vec::new();
        {
            let mut state = self.machine.lock();
            state.paused = false;
            state.take_all_waiting(&mut woken);
        }
        for waker in woken {
            waker.wake();
        }
        self.follow(programs);
    }

    /// Whether nothing will happen here any more.
    pub(super) fn is_idle(&self) -> bool {
        self.next().is_none() && self.settle_at.is_none() && self.leaving.is_empty()
    }

    pub(super) fn arriving(&self) -> impl Iterator<Item = &crate::network::Flight> {
        self.arrivals.values()
    }
}
