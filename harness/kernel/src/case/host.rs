//! One host of a case: its machine, its programs, and what they are doing.

use crate::KernelError;
use crate::clock::Clock;
use crate::log::{StepEnd, StepEntry};
use crate::machine::{Machine, Peer};
use crate::program::{CallResult, Event, EventKind, Program};
use crate::sysctl;
use halfopen::plan::{self, Fault, HostIndex, Plan, ProgramPlan};
use halfopen::tcp::Instant;
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd};

/// One host.
pub(super) struct Host<'a> {
    index: HostIndex,
    /// The other hosts, by their index; itself is among them, and has no link.
    peers: Vec<Peer>,
    /// `None` while it is off.
    running: Option<Boot<'a>>,
    /// What the coming boots will start. Made beforehand: making a namespace takes milliseconds.
    coming: VecDeque<Boot<'a>>,
    /// What was switched off or killed. Kept to the end: taking it down takes milliseconds too.
    gone: Vec<Boot<'a>>,
    /// How often each of its programs has been started.
    runs: Vec<u32>,
}

/// A machine from its boot on.
struct Boot<'a> {
    machine: Machine,
    programs: Vec<Running<'a>>,
}

/// A program of a machine.
struct Running<'a> {
    /// Its index in the plan.
    index: usize,
    plan: &'a ProgramPlan,
    process: Program,
    starts_at: Instant,
    state: State,
    /// Its step that has not ended, as an index into the log.
    step: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Busy,
    Finished,
    Dead,
}

impl<'a> Host<'a> {
    /// Makes the machine and those of all later boots. Their programs wait to be started.
    pub(super) fn set_up(plan: &'a Plan, index: HostIndex) -> Result<Self, KernelError> {
        let peers = peers(plan, index);
        let boots = plan
            .timeline
            .iter()
            .filter(|timed| timed.fault == Fault::Boot(index))
            .count();
        let first = Boot::set_up(plan, index, &peers, |_| true)?;
        let coming = (0..boots)
            .map(|_| Boot::set_up(plan, index, &peers, |program| program.on_boot))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            index,
            peers,
            running: Some(first),
            coming,
            gone: Vec::new(),
            runs: vec![0; plan.hosts[index].programs.len()],
        })
    }

    /// Lets its programs begin, each with its delay after `at`.
    pub(super) fn start(&mut self, clock: Clock, at: Instant) -> Result<(), KernelError> {
        for program in self.programs() {
            program.starts_at = at + program.plan.start.since(Instant::ZERO);
            program.process.start(clock, program.starts_at)?;
        }
        Ok(())
    }

    /// What to wait for.
    pub(super) fn sources(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.running.iter().flat_map(|boot| {
            let alive = boot
                .programs
                .iter()
                .filter(|program| program.state == State::Busy);
            std::iter::once(boot.machine.as_fd())
                .chain(alive.map(|program| program.process.as_fd()))
        })
    }

    /// Whether its programs have nothing more to do.
    pub(super) fn is_finished(&self) -> bool {
        self.running
            .iter()
            .flat_map(|boot| &boot.programs)
            .all(|program| program.state != State::Busy)
    }

    /// The next packet it sent, and when its kernel did. That is now, as far as it is not known.
    pub(super) fn receive(&self, clock: Clock) -> Result<Option<(Instant, Vec<u8>)>, KernelError> {
        let Some(boot) = &self.running else {
            return Ok(None);
        };
        let packet = boot.machine.receive()?;
        let now = clock.now();
        Ok(packet.map(|packet| {
            let sent = boot.machine.sent_at(&packet);
            (
                sent.map_or(now, |time| clock.of_wall(time).min(now)),
                packet,
            )
        }))
    }

    /// Hands it a packet. False if it is off.
    pub(super) fn deliver(&self, packet: &[u8]) -> Result<bool, KernelError> {
        match &self.running {
            Some(boot) => boot.machine.send(packet).map(|()| true),
            None => Ok(false),
        }
    }

    /// Takes what its programs have reported.
    pub(super) fn take_events(&mut self, steps: &mut Vec<StepEntry>) {
        let programs = self.running.iter_mut().flat_map(|boot| &mut boot.programs);
        for program in programs.filter(|program| program.state != State::Dead) {
            let runs = &mut self.runs[program.index];
            while let Some(event) = program.process.event() {
                program.handle(event, self.index, runs, steps);
            }
        }
    }

    /// Kills its programs; its kernel lives on. Those that have not started yet still will.
    pub(super) fn kill(&mut self, now: Instant, steps: &mut Vec<StepEntry>) {
        self.take_events(steps);
        let started = |program: &&mut Running<'a>| program.starts_at <= now;
        self.programs()
            .filter(started)
            .for_each(|program| program.kill(now, steps));
    }

    /// Silences the machine: what its kernel sends from now on reaches nobody.
    pub(super) fn power_off(&mut self, now: Instant, steps: &mut Vec<StepEntry>) {
        self.take_events(steps);
        self.programs().for_each(|program| program.kill(now, steps));
        self.gone.extend(self.running.take());
    }

    /// Starts the next machine in its place.
    pub(super) fn boot(&mut self, clock: Clock, now: Instant) -> Result<(), KernelError> {
        self.running = self.coming.pop_front();
        self.start(clock, now)
    }

    /// Stops its programs.
    pub(super) fn pause(&mut self) {
        self.programs().for_each(|program| program.process.pause());
    }

    /// Lets them go on.
    pub(super) fn resume(&mut self) {
        self.programs().for_each(|program| program.process.resume());
    }

    /// Takes away its route to a peer.
    pub(super) fn remove_route(&mut self, to: HostIndex) -> Result<(), KernelError> {
        let address = self.peers[to].address;
        self.running
            .iter()
            .try_for_each(|boot| boot.machine.remove_route(address))
    }

    /// Gives it back.
    pub(super) fn add_route(&mut self, to: HostIndex) -> Result<(), KernelError> {
        let peer = self.peers[to];
        self.running
            .iter()
            .try_for_each(|boot| boot.machine.add_route(peer))
    }

    /// Ends all its programs, those of earlier boots too, and waits until their sockets are closed.
    pub(super) fn end_programs(&mut self) {
        self.running
            .iter_mut()
            .chain(&mut self.gone)
            .chain(&mut self.coming)
            .for_each(|boot| boot.programs.clear());
    }

    /// The devices of all its machines that have ever run.
    pub(super) fn devices(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.machines().map(Machine::as_fd)
    }

    /// Hands a packet to all its machines that have ever run.
    pub(super) fn deliver_to_all(&self, packet: &[u8]) {
        for machine in self.machines() {
            let _ = machine.send(packet);
        }
    }

    /// Takes what its machines send and hands back what `answer` makes of it.
    pub(super) fn receive_from_all(&self, answer: impl Fn(&[u8]) -> Option<Vec<u8>>) {
        for machine in self.machines() {
            // More than a device's queue (500 packets) and few enough to end in any case.
            for _ in 0..1000 {
                let Ok(Some(packet)) = machine.receive() else {
                    break;
                };
                if let Some(answer) = answer(&packet) {
                    let _ = machine.send(&answer);
                }
            }
        }
    }

    fn machines(&self) -> impl Iterator<Item = &Machine> {
        self.running
            .iter()
            .chain(&self.gone)
            .map(|boot| &boot.machine)
    }

    fn programs(&mut self) -> impl Iterator<Item = &mut Running<'a>> {
        self.running.iter_mut().flat_map(|boot| &mut boot.programs)
    }
}

impl<'a> Boot<'a> {
    fn set_up(
        plan: &'a Plan,
        index: HostIndex,
        peers: &[Peer],
        has: impl Fn(&ProgramPlan) -> bool,
    ) -> Result<Self, KernelError> {
        let host = &plan.hosts[index];
        let others: Vec<_> = (0..peers.len())
            .filter(|other| *other != index)
            .map(|other| peers[other])
            .collect();
        let machine = Machine::create(peers[index].address, &others, &sysctl::of(host))?;
        let addresses: Vec<Ipv4Addr> = peers.iter().map(|peer| peer.address).collect();
        let programs = host
            .programs
            .iter()
            .enumerate()
            .filter(|(_, program)| has(program))
            .map(|(index, plan)| {
                Ok(Running {
                    index,
                    plan,
                    process: Program::spawn(plan, &addresses)?,
                    starts_at: Instant::FAR_FUTURE,
                    state: State::Busy,
                    step: None,
                })
            })
            .collect::<Result<_, KernelError>>()?;
        Ok(Self { machine, programs })
    }
}

impl Running<'_> {
    fn kill(&mut self, now: Instant, steps: &mut [StepEntry]) {
        self.process.kill();
        self.state = State::Dead;
        if let Some(step) = self.step.take() {
            steps[step].end = Some((now.as_nanos(), StepEnd::Killed));
        }
    }

    fn handle(
        &mut self,
        event: Event,
        host: HostIndex,
        runs: &mut u32,
        steps: &mut Vec<StepEntry>,
    ) {
        match event.kind {
            EventKind::Finished => self.state = State::Finished,
            EventKind::Began => {
                *runs += u32::from(event.step == 0);
                self.step = Some(steps.len());
                steps.push(StepEntry {
                    host,
                    program: self.index,
                    run: *runs - 1,
                    step: event.step as usize,
                    start: event.at.as_nanos(),
                    end: None,
                });
            }
            EventKind::Ended(result) => {
                if let Some(step) = self.step.take() {
                    steps[step].end = Some((event.at.as_nanos(), end(result)));
                }
            }
        }
    }
}

fn end(result: CallResult) -> StepEnd {
    match result {
        CallResult::Done => StepEnd::Done,
        CallResult::Bytes(bytes) => StepEnd::Bytes(bytes),
        CallResult::Eof(bytes) => StepEnd::Eof(bytes),
        CallResult::Failed { errno, bytes } => StepEnd::Failed { errno, bytes },
    }
}

/// Every host as `index` sees it.
fn peers(plan: &Plan, index: HostIndex) -> Vec<Peer> {
    let mtu = |other: HostIndex| {
        let pair = (index.min(other), index.max(other));
        let own = plan.between.iter().find(|(hosts, _)| *hosts == pair);
        own.map_or(plan.link.mtu, |(_, figures)| figures.mtu)
    };
    (0..plan.hosts.len())
        .map(|other| Peer {
            address: plan::address(other),
            mtu: mtu(other),
        })
        .collect()
}
