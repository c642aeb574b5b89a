//! One case, inside the process that was made for it: sets the hosts up, and is the network between them until the end.

mod host;
mod teardown;

use crate::KernelError;
use crate::child::be_punctual;
use crate::clock::Clock;
use crate::log::{Log, PacketEntry, PacketFate, StepEntry};
use crate::wire;
use halfopen::network::{Arrival, Carried, Flight, Network, Tag};
use halfopen::outcome::LossReason;
use halfopen::plan::{Action, Fault, HostIndex, Plan};
use halfopen::tcp::Instant;
use halfopen::tcp::wire::Packet;
use host::Host;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signalfd::SignalFd;
use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::time::Duration;

/// When a case ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// At the latest then.
    pub(crate) until: Instant,
    /// Earlier once every program has finished its steps, every fault is past, and nothing was sent for this long.
    pub(crate) quiet: Option<Duration>,
}

/// A case that runs.
struct Case<'a> {
    plan: &'a Plan,
    clock: Clock,
    network: Network,
    hosts: Vec<Host<'a>>,
    /// Packets under way, by the time at which they are due; those of one instant in order.
    flights: BTreeMap<(Instant, u64), Flight>,
    /// How many flights there have been.
    flight_count: u64,
    /// The fault that comes next.
    next_fault: usize,
    /// What the network function said last and was not dealt with yet.
    carried: Vec<Carried>,
    log: Log,
    last_packet: Instant,
}

/// Runs the case from setting up to the end. `None`: a signal asked to stop.
pub(crate) fn run(
    plan: &Plan,
    seed: u64,
    end: End,
    signals: &SignalFd,
) -> Result<Option<Log>, KernelError> {
    let hosts = (0..plan.hosts.len())
        .map(|index| Host::set_up(plan, index))
        .collect::<Result<Vec<_>, _>>()?;
    let mut case = Case {
        plan,
        clock: Clock::starting_in(LEAD),
        network: Network::new(plan, seed),
        hosts,
        flights: BTreeMap::new(),
        flight_count: 0,
        next_fault: 0,
        carried: Vec::new(),
        log: Log::default(),
        last_packet: Instant::ZERO,
    };
    let finished = case.begin().and_then(|()| case.go_on(end, signals));
    case.tear_down();
    Ok(finished?.then(|| case.into_log()))
}

impl Case<'_> {
    fn begin(&mut self) -> Result<(), KernelError> {
        // Not before: setting up takes long, and other cases may be running.
        be_punctual();
        // Faults of the first instant come before the programs, as in the simulation.
        self.apply_faults(Instant::ZERO)?;
        let clock = self.clock;
        self.hosts
            .iter_mut()
            .try_for_each(|host| host.start(clock, Instant::ZERO))
    }

    /// The event loop. False if a signal asked to stop.
    fn go_on(&mut self, end: End, signals: &SignalFd) -> Result<bool, KernelError> {
        loop {
            let now = self.clock.now();
            self.apply_faults(now)?;
            self.deliver(now)?;
            if now >= self.ends_at(end) || self.has_too_many() {
                self.log.end = now.as_nanos();
                return Ok(true);
            }
            if self.wait(self.next_event(end), signals)? {
                return Ok(false);
            }
            for index in 0..self.hosts.len() {
                self.take_packets(index)?;
                self.hosts[index].take_events(&mut self.log.steps);
            }
        }
    }

    fn has_too_many(&mut self) -> bool {
        self.log.too_many = self.log.packets.len() as u64 >= self.plan.limits.events;
        self.log.too_many
    }

    /// When the case ends, as far as is known now.
    fn ends_at(&self, end: End) -> Instant {
        let idle = self.hosts.iter().all(Host::is_finished)
            && self.next_fault == self.plan.timeline.len()
            && self.flights.is_empty();
        match end.quiet {
            Some(quiet) if idle => (self.last_packet + quiet).min(end.until),
            _ => end.until,
        }
    }

    fn next_event(&self, end: End) -> Instant {
        let fault = self
            .plan
            .timeline
            .get(self.next_fault)
            .map(|timed| timed.at);
        let flight = self.flights.keys().next().map(|(due, _)| *due);
        [fault, flight]
            .into_iter()
            .flatten()
            .fold(self.ends_at(end), Instant::min)
    }

    /// Waits until then, or until a packet, an event or a signal comes. True if a signal did.
    fn wait(&self, until: Instant, signals: &SignalFd) -> Result<bool, KernelError> {
        let mut sources = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        for host in &self.hosts {
            sources.extend(host.sources().map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        }
        let timeout = self.clock.until(until);
        match ppoll(&mut sources, Some(timeout.into()), None) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(KernelError::system("wait for packets", error)),
        }
        Ok(sources[0].any().unwrap_or(false))
    }

    /// Takes what a host has sent, and asks the network what becomes of it. It counts from when the host's kernel sent it:
    /// what this process sees late still arrives in time, if it is not later than the link is long.
    fn take_packets(&mut self, from: HostIndex) -> Result<(), KernelError> {
        for _ in 0..BATCH {
            let Some((sent, bytes)) = self.hosts[from].receive(self.clock)? else {
                break;
            };
            // The network wants packets and faults in order of time.
            self.apply_faults(sent)?;
            let sent = sent.max(self.last_packet);
            if let Some(packet) = wire::parse(&bytes) {
                self.send(sent, from, packet, bytes, false);
                self.settle(sent)?;
            }
        }
        Ok(())
    }

    fn send(
        &mut self,
        now: Instant,
        from: HostIndex,
        packet: Packet,
        bytes: Vec<u8>,
        forged: bool,
    ) {
        // Nothing of ours sends to addresses that are not a host's.
        let Some(to) = self.network.host_at(packet.dst) else {
            return;
        };
        let tag = Tag(self.log.packets.len() as u32);
        self.log.packets.push(PacketEntry {
            at: now.as_nanos(),
            from,
            to,
            forged,
            bytes,
            fate: PacketFate::InFlight,
        });
        self.last_packet = now;
        self.network
            .carry(now, from, packet, tag, &mut self.carried);
    }

    /// Deals with everything that the network function has said.
    fn settle(&mut self, now: Instant) -> Result<(), KernelError> {
        // What is forged may be answered by no further forgery, so this ends.
        while !self.carried.is_empty() {
            for carried in std::mem::take(&mut self.carried) {
                match carried {
                    Carried::Arriving { at, flight } => {
                        self.flights.insert((at, self.flight_count), flight);
                        self.flight_count += 1;
                    }
                    Carried::Lost { tag, at, reason } => self.lose(tag, at, reason),
                    Carried::Forged { from, packet } => {
                        let bytes = wire::build(&packet).ok_or_else(|| {
                            KernelError::system("forge a packet", "an address is not IPv4")
                        })?;
                        self.send(now, from, packet, bytes, true);
                    }
                }
            }
        }
        Ok(())
    }

    /// Hands over the packets that are due.
    fn deliver(&mut self, now: Instant) -> Result<(), KernelError> {
        while let Some(entry) = self.flights.first_entry() {
            let (due, _) = *entry.key();
            if due > now {
                break;
            }
            let flight = entry.remove();
            let lateness = self.clock.now().since(due).as_nanos() as u64;
            self.log.lateness = self.log.lateness.max(lateness);
            match self.network.arrive(now, flight, &mut self.carried) {
                Arrival::Delivered(flight) => self.hand_over(&flight)?,
                Arrival::Lost { tag, at, reason } => self.lose(tag, at, reason),
                Arrival::Held(tag) => self.log.packets[tag.0 as usize].fate = PacketFate::Held,
            }
            self.settle(now)?;
        }
        Ok(())
    }

    fn hand_over(&mut self, flight: &Flight) -> Result<(), KernelError> {
        let entry = &mut self.log.packets[flight.tag.0 as usize];
        let at = self.clock.now();
        if self.hosts[flight.to].deliver(&entry.bytes)? {
            entry.fate = match entry.fate {
                PacketFate::Delivered(first) => PacketFate::Duplicated(first, at.as_nanos()),
                _ => PacketFate::Delivered(at.as_nanos()),
            };
        } else {
            self.lose(flight.tag, at, LossReason::PowerOff);
        }
        Ok(())
    }

    fn lose(&mut self, tag: Tag, at: Instant, reason: LossReason) {
        let fate = &mut self.log.packets[tag.0 as usize].fate;
        // A copy that is lost takes nothing back from the one that arrived.
        if !matches!(fate, PacketFate::Delivered(_)) {
            *fate = PacketFate::Lost(at.as_nanos(), reason);
        }
    }

    /// Makes the faults that are due take effect.
    fn apply_faults(&mut self, now: Instant) -> Result<(), KernelError> {
        while let Some(timed) = self.plan.timeline.get(self.next_fault) {
            if timed.at > now {
                break;
            }
            self.log.faults.push((now.as_nanos(), self.next_fault));
            self.next_fault += 1;
            self.network.apply(now, &timed.fault, &mut self.carried);
            self.apply_to_machine(now, &timed.fault)?;
            self.settle(now)?;
        }
        Ok(())
    }

    fn apply_to_machine(&mut self, now: Instant, fault: &Fault) -> Result<(), KernelError> {
        match *fault {
            Fault::Kill(host) => self.hosts[host].kill(now, &mut self.log.steps),
            Fault::PowerOff(host) => self.hosts[host].power_off(now, &mut self.log.steps),
            Fault::Boot(host) => {
                self.hosts[host].power_off(now, &mut self.log.steps);
                self.hosts[host].boot(self.clock, now)?;
                // Routes are the network's, so they outlive a boot.
                for peer in self.network.unrouted(host) {
                    self.hosts[host].remove_route(peer)?;
                }
            }
            Fault::Pause(host) => self.hosts[host].pause(),
            Fault::Resume(host) => self.hosts[host].resume(),
            Fault::Unroute { from, to } => self.hosts[from].remove_route(to)?,
            Fault::Route { from, to } => self.hosts[from].add_route(to)?,
            Fault::Partition(..)
            | Fault::Heal(..)
            | Fault::Block { .. }
            | Fault::Hold(..)
            | Fault::Release(..)
            | Fault::Link { .. }
            | Fault::Drop { .. }
            | Fault::Reset { .. }
            | Fault::Reject { .. } => {}
        }
        Ok(())
    }

    fn into_log(self) -> Log {
        let mut log = self.log;
        for flight in self.flights.values() {
            if let Some((at, reason)) = self.network.lost_under_way(flight) {
                log.packets[flight.tag.0 as usize].fate = PacketFate::Lost(at.as_nanos(), reason);
            }
        }
        for packet in &mut log.packets {
            packet.bytes = wire::without_payload(std::mem::take(&mut packet.bytes));
        }
        log.lateness = log.lateness.max(latest_wake(self.plan, &log.steps));
        // Programs report in their own time; the order is that of beginning.
        log.steps
            .sort_by_key(|step| (step.start, step.host, step.program, step.step));
        log
    }
}

/// By how much, at most, a `sleep` took longer than it should have, in nanoseconds.
fn latest_wake(plan: &Plan, steps: &[StepEntry]) -> u64 {
    let late = |entry: &StepEntry| {
        let program = &plan.hosts[entry.host].programs[entry.program];
        let Action::Sleep(time) = program.steps[entry.step].action else {
            return None;
        };
        let (end, _) = entry.end?;
        Some(end.saturating_sub(entry.start + time.as_nanos() as u64))
    };
    steps.iter().filter_map(late).max().unwrap_or(0)
}

/// From setting up to the first instant: time for the programs to be awake and waiting for it.
const LEAD: Duration = Duration::from_millis(20);
/// How many packets of one host are taken before the others, and what is due, have their turn.
const BATCH: usize = 64;
