//! The event engine: a queue of events in virtual nanoseconds, and nothing in between.
//!
//! The clock jumps from one event to the next, so hours of silence cost nothing, and neither does a machine to which
//! nothing happens.
//!
//! # Order
//! What happens at one instant happens in this order, whatever the order in the file:
//! 1. faults of the timeline, in the timeline's order;
//! 2. programs that start, by the names of their machines and programs;
//! 3. packets that arrive, in the order in which they were sent;
//! 4. timers of kernels, by the names of their machines;
//! 5. programs that wake up by themselves: a sleep, a timeout of a call.
//!
//! So a fault at 3 s meets the packet that is sent at 3 s, and an answer that arrives together with a timeout is in
//! time.
//!
//! # End
//! A run ends when nothing can happen any more, or at `until`, which is inclusive, as are the limits. In the first
//! case the time of the end is that of the last thing that a reader can see: a packet, a step, a fault. A kernel that
//! keeps a closed connection in TIME-WAIT for another minute does not make the scenario longer.

mod machine;
mod queue;

use crate::engine::Options;
use crate::expect;
use crate::network::{Arrival, Carried, Flight, Network};
use crate::outcome::{EngineName, LimitReached, LossReason, Outcome, StepOutcome};
use crate::plan::{Fault, HostIndex, Plan};
use crate::script::{Buffers, Context, Turn};
use crate::trace::Trace;
use halfopen_tcp::wire::{Flags, Packet};
use halfopen_tcp::{Instant, TimerPhase};
use machine::Machine;
use queue::{Event, Queue, Ring};

/// Runs a plan. The same plan, seed and options give the same outcome.
pub fn run(plan: &Plan, seed: u64, options: &Options) -> Outcome {
    World::new(plan, seed, None, options).run()
}

/// Runs a plan on machines that all have the same timer wheel, as several namespaces of one Linux kernel do. Only with [`Clock::Wheel`](halfopen_tcp::profile::Clock::Wheel) does it
/// differ from [`run`].
pub fn run_at_phase(plan: &Plan, seed: u64, timer_phase: TimerPhase, options: &Options) -> Outcome {
    World::new(plan, seed, Some(timer_phase), options).run()
}

/// Everything there is in a run.
struct World<'p> {
    plan: &'p Plan,
    seed: u64,
    now: Instant,
    queue: Queue,
    network: Network,
    machines: Vec<Machine<'p>>,
    trace: Trace,
    steps: Vec<StepOutcome>,
    faults: Vec<(Instant, usize)>,
    events: u64,
    /// The last time at which something happened that a reader can see.
    last_seen: Instant,
    buffers: Buffers,
    /// What the network has just said; empty between events.
    carried: Vec<Carried>,
}

/// What happens next.
enum Next {
    Fault(usize),
    Event(Event),
}

impl<'p> World<'p> {
    fn new(plan: &'p Plan, seed: u64, timer_phase: Option<TimerPhase>, options: &Options) -> Self {
        let mut queue = Queue::default();
        let machines = (0..plan.hosts.len())
            .map(|host| Machine::new(plan, host, seed, timer_phase, &mut queue))
            .collect();
        // Without a reboot every step begins once at most.
        let programs = plan.hosts.iter().flat_map(|host| &host.programs);
        let steps = programs.map(|program| program.steps.len()).sum();
        Self {
            plan,
            seed,
            now: Instant::ZERO,
            queue,
            network: Network::new(plan, seed),
            machines,
            trace: Trace::new(options.packets),
            steps: Vec::with_capacity(steps),
            faults: Vec::new(),
            events: 0,
            last_seen: Instant::ZERO,
            buffers: Buffers::default(),
            carried: Vec::new(),
        }
    }

    fn run(mut self) -> Outcome {
        let time_limit = Instant::ZERO + self.plan.limits.time;
        let until = self.plan.until.filter(|until| *until <= time_limit);
        let limit = loop {
            let Some((at, next)) = self.next() else {
                break None;
            };
            if let Some(until) = until.filter(|until| at > *until) {
                self.last_seen = until;
                break None;
            }
            if let Some(limit) = self.limit_reached(at, time_limit) {
                self.last_seen = at.min(time_limit);
                break Some(limit);
            }
            self.events += 1;
            self.now = at;
            match next {
                Next::Fault(index) => self.fault(index),
                Next::Event(event) => self.happen(event),
            }
        };
        self.finish(limit)
    }

    /// The next thing that really happens. An entry of the queue that was overtaken by what came later is put right.
    fn next(&mut self) -> Option<(Instant, Next)> {
        let fault = self.plan.timeline.get(self.faults.len()).map(|f| f.at);
        while let Some((at, event)) = self.queue.peek() {
            if fault.is_some_and(|fault| fault <= at) {
                break;
            }
            self.queue.pop();
            match self.ring(at, event) {
                Ring::Now => return Some((at, Next::Event(event))),
                Ring::Later(at) => self.queue.push(at, event),
                Ring::Stale => {}
            }
        }
        fault.map(|at| (at, Next::Fault(self.faults.len())))
    }

    fn ring(&mut self, at: Instant, event: Event) -> Ring {
        match event {
            Event::Arrival(_) => Ring::Now,
            Event::Timer(host) => self.machines[host].timer.ring(at),
            Event::Start(host, program) => self.machines[host].programs[program].start.ring(at),
            Event::Alarm(host, program) => self.machines[host].programs[program].alarm.ring(at),
        }
    }

    fn limit_reached(&self, at: Instant, time_limit: Instant) -> Option<LimitReached> {
        if at > time_limit {
            Some(LimitReached::Time)
        } else if self.events >= self.plan.limits.events {
            Some(LimitReached::Events)
        } else if self.queue.under_way() + self.network.held() > UNDER_WAY_MAX
            || self.trace.len() > RECORDS_MAX
        {
            Some(LimitReached::Memory)
        } else {
            None
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrival(slot) => {
                let flight = self.queue.land(slot);
                self.arrive(flight);
            }
            Event::Timer(host) => {
                if let Some(kernel) = &mut self.machines[host].host {
                    kernel.handle_timeout(self.now);
                    self.settle(host);
                }
            }
            Event::Start(host, program) => {
                self.machines[host].start(program);
                self.advance(host, program);
                self.settle(host);
            }
            Event::Alarm(host, program) => {
                self.advance(host, program);
                self.settle(host);
            }
        }
    }

    /// Takes from a machine what came of the latest call: packets first, then the programs that may go on.
    fn settle(&mut self, host: HostIndex) {
        loop {
            self.send_packets(host);
            let Some(program) = self.machines[host].poll_program() else {
                break;
            };
            self.advance(host, program);
        }
        if let Some(at) = self.machines[host].next_timer() {
            self.queue.push(at, Event::Timer(host));
        }
    }

    /// Lets a program go on until it waits or has nothing more to do.
    fn advance(&mut self, host: HostIndex, number: usize) {
        loop {
            let machine = &mut self.machines[host];
            let Some((kernel, program, run)) = machine.runnable(number) else {
                return;
            };
            let mut context = Context {
                now: self.now,
                host: kernel,
                here: host,
                network: &self.network,
                buffers: &mut self.buffers,
                outcomes: &mut self.steps,
            };
            let turn = program.turn(&mut context, number, run);
            if turn != Turn::Idle {
                self.last_seen = self.now;
            }
            if turn != Turn::Ended {
                break;
            }
            // A kernel sends at once what a call leads to, before the program makes its next call.
            self.send_packets(host);
        }
        if let Some(at) = self.machines[host].note_waiting(number) {
            self.queue.push(at, Event::Alarm(host, number));
        }
    }

    fn send_packets(&mut self, host: HostIndex) {
        while let Some(packet) = self.machines[host].poll_packet() {
            self.send(host, packet, false);
        }
    }

    fn send(&mut self, from: HostIndex, packet: Packet, forged: bool) {
        self.last_seen = self.now;
        let to = self.network.host_at(packet.dst).unwrap_or(from);
        let tag = self.trace.sent(self.now, (from, to), &packet, forged);
        let mut carried = std::mem::take(&mut self.carried);
        self.network
            .carry(self.now, from, packet, tag, &mut carried);
        for carried in carried.drain(..) {
            match carried {
                Carried::Arriving { at, flight } => self.queue.push_flight(at, flight),
                Carried::Lost { tag, at, reason } => self.trace.lost(tag, at, reason),
                Carried::Forged { .. } => unreachable!("only faults and firewalls forge"),
            }
        }
        self.carried = carried;
    }

    fn arrive(&mut self, flight: Flight) {
        self.last_seen = self.now;
        let mut carried = std::mem::take(&mut self.carried);
        let arrival = self.network.arrive(self.now, flight, &mut carried);
        for carried in carried.drain(..) {
            if let Carried::Forged { from, packet } = carried {
                self.send(from, packet, true);
            }
        }
        self.carried = carried;
        match arrival {
            Arrival::Delivered(flight) => self.deliver(flight),
            Arrival::Lost { tag, at, reason } => self.trace.lost(tag, at, reason),
            Arrival::Held(tag) => self.trace.held(tag),
        }
    }

    fn deliver(&mut self, flight: Flight) {
        let (from, to) = (flight.from, flight.to);
        let Some(kernel) = &mut self.machines[to].host else {
            return self.trace.lost(flight.tag, self.now, LossReason::PowerOff);
        };
        let packet = flight.packet;
        if packet.segment().is_some_and(|s| s.has(Flags::SYN)) {
            machine::tell_mtu(kernel, packet.src, self.network.mtu(from, to));
        }
        self.trace.delivered(flight.tag, self.now);
        kernel.handle_packet(self.now, packet);
        self.settle(to);
    }

    fn fault(&mut self, index: usize) {
        self.faults.push((self.now, index));
        self.last_seen = self.now;
        let fault = &self.plan.timeline[index].fault;
        let mut carried = Vec::new();
        self.network.apply(self.now, fault, &mut carried);
        for carried in carried {
            match carried {
                // Released: before whatever else arrives now, as it has waited longer.
                Carried::Arriving { flight, .. } => self.arrive(flight),
                Carried::Lost { tag, at, reason } => self.trace.lost(tag, at, reason),
                Carried::Forged { from, packet } => self.send(from, packet, true),
            }
        }
        self.fault_machines(fault);
    }

    /// The part of a fault that concerns machines.
    fn fault_machines(&mut self, fault: &Fault) {
        match *fault {
            Fault::Kill(host) => {
                self.machines[host].kill(self.now, &mut self.steps);
                self.settle(host);
            }
            Fault::PowerOff(host) => self.machines[host].power_off(self.now, &mut self.steps),
            Fault::Boot(host) => self.boot(host),
            Fault::Pause(host) => self.machines[host].paused = true,
            Fault::Resume(host) => {
                self.machines[host].paused = false;
                for program in 0..self.machines[host].programs.len() {
                    self.advance(host, program);
                }
                self.settle(host);
            }
            Fault::Unroute { from, to } => self.machines[from].set_route(to, false),
            Fault::Route { from, to } => self.machines[from].set_route(to, true),
            Fault::Link {
                hosts: (a, b),
                figures,
            } => {
                for (host, peer) in [(a, b), (b, a)] {
                    self.machines[host].set_mtu(peer, figures.mtu);
                }
            }
            Fault::Partition(..)
            | Fault::Heal(..)
            | Fault::Block { .. }
            | Fault::Hold(..)
            | Fault::Release(..)
            | Fault::Drop { .. }
            | Fault::Reset { .. }
            | Fault::Reject { .. } => {}
        }
    }

    /// Routes are the network's, so they outlive a boot.
    fn boot(&mut self, host: HostIndex) {
        let machine = &mut self.machines[host];
        machine.power_off(self.now, &mut self.steps);
        machine.boot(self.now, self.seed, &mut self.queue);
        for peer in self.network.unrouted(host) {
            machine.set_route(peer, false);
        }
    }

    fn finish(self, limit: Option<LimitReached>) -> Outcome {
        let mut steps = self.steps;
        let verdict = expect::judge(self.plan, &mut steps, limit);
        Outcome {
            engine: EngineName::Event,
            seed: self.seed,
            verdict,
            end: self.last_seen,
            steps,
            faults: self.faults,
            packets: self.trace.finish(&self.network, self.queue.flights()),
        }
    }
}

/// Packets under way and held, together: about a quarter of a gigabyte.
const UNDER_WAY_MAX: usize = 1_000_000;

/// Packets recorded: about two gigabytes.
const RECORDS_MAX: usize = 10_000_000;

#[cfg(test)]
mod tests;
