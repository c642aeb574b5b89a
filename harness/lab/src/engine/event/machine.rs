//! A machine of a run: its kernel, while it is on, and its programs.

use super::queue::{Alarm, Event, Queue};
use crate::link::LinkFigures;
use crate::outcome::StepOutcome;
use crate::plan::{self, HostIndex, HostPlan, Plan};
use crate::script::Program;
use halfopen_tcp::wire::Packet;
use halfopen_tcp::{Host, Instant, Rng, SocketId, TimerPhase};
use std::net::IpAddr;
use std::sync::Arc;

/// A machine of a run.
pub(super) struct Machine<'p> {
    plan: &'p HostPlan,
    index: HostIndex,
    /// `None`: it is off.
    pub(super) host: Option<Host>,
    /// The kernel's next timer.
    pub(super) timer: Alarm,
    /// Its programs are stopped.
    pub(super) paused: bool,
    pub(super) programs: Vec<Slot<'p>>,
    /// The socket that each program waits for.
    waits_for: Vec<Option<SocketId>>,
    boots: u32,
    /// Where its timer wheel stands when the scenario begins; `None`: its random stream says.
    timer_phase: Option<TimerPhase>,
}

/// The place of one program of the plan.
#[derive(Default)]
pub(super) struct Slot<'p> {
    /// When it starts, if it is to start.
    pub(super) start: Alarm,
    /// When it wakes up by itself.
    pub(super) alarm: Alarm,
    /// `None`: not started yet, or dead.
    program: Option<Program<'p>>,
    /// How often it has been started.
    runs: u32,
}

impl<'p> Machine<'p> {
    /// A machine that is on, with its programs still to start.
    pub(super) fn new(
        plan: &'p Plan,
        index: HostIndex,
        seed: u64,
        timer_phase: Option<TimerPhase>,
        queue: &mut Queue,
    ) -> Self {
        let plan = &plan.hosts[index];
        let mut programs: Vec<Slot<'p>> = Vec::with_capacity(plan.programs.len());
        for (number, program) in plan.programs.iter().enumerate() {
            let mut slot = Slot::default();
            if let Some(at) = slot.start.set(Some(program.start)) {
                queue.push(at, Event::Start(index, number));
            }
            programs.push(slot);
        }
        Self {
            plan,
            index,
            host: Some(new_host(plan, index, seed, timer_phase, 0)),
            timer: Alarm::default(),
            paused: false,
            waits_for: vec![None; programs.len()],
            programs,
            boots: 0,
            timer_phase,
        }
    }

    /// Starts a program. Its first step is still to come.
    pub(super) fn start(&mut self, number: usize) {
        if let Some(host) = &mut self.host {
            let slot = &mut self.programs[number];
            slot.program = Some(Program::start(&self.plan.programs[number], host));
            slot.runs += 1;
        }
    }

    /// A program with the kernel that it runs on, and how often it was started before. `None` if it cannot run.
    pub(super) fn runnable(&mut self, number: usize) -> Option<(&mut Host, &mut Program<'p>, u32)> {
        if self.paused {
            return None;
        }
        let slot = &mut self.programs[number];
        let program = slot.program.as_mut()?;
        Some((self.host.as_mut()?, program, slot.runs.saturating_sub(1)))
    }

    /// Notes what a program waits for. `Some`: it needs an entry in the queue for then.
    pub(super) fn note_waiting(&mut self, number: usize) -> Option<Instant> {
        let slot = &mut self.programs[number];
        let program = slot.program.as_ref()?;
        self.waits_for[number] = program.waits_for();
        slot.alarm.set(program.deadline())
    }

    /// The next program whose socket changed while it waited for it.
    pub(super) fn poll_program(&mut self) -> Option<usize> {
        let host = self.host.as_mut()?;
        while let Some(socket) = host.poll_socket() {
            let waits = |waits_for: &Option<SocketId>| *waits_for == Some(socket);
            if let Some(number) = self.waits_for.iter().position(waits) {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn poll_packet(&mut self) -> Option<Packet> {
        self.host.as_mut()?.poll_packet()
    }

    /// Follows the kernel's next deadline. `Some`: it needs an entry in the queue for then.
    pub(super) fn next_timer(&mut self) -> Option<Instant> {
        let due = self.host.as_mut().and_then(Host::poll_timeout);
        self.timer.set(due)
    }

    /// Its programs die; its kernel closes their sockets. Those that have not started yet still will.
    pub(super) fn kill(&mut self, now: Instant, steps: &mut [StepOutcome]) {
        for slot in &mut self.programs {
            if let Some(program) = slot.program.take() {
                slot.alarm.set(None);
                let process = program.process();
                program.killed(now, steps);
                if let Some(host) = &mut self.host {
                    host.kill(now, process);
                }
            }
        }
        self.waits_for.fill(None);
    }

    /// It is gone, and what it had in memory with it.
    pub(super) fn power_off(&mut self, now: Instant, steps: &mut [StepOutcome]) {
        for slot in &mut self.programs {
            slot.start.set(None);
            slot.alarm.set(None);
            if let Some(program) = slot.program.take() {
                program.killed(now, steps);
            }
        }
        self.host = None;
        self.timer.set(None);
        self.waits_for.fill(None);
    }

    /// It comes up, and its programs that start on boot do so as long after this as they did after the beginning.
    pub(super) fn boot(&mut self, now: Instant, seed: u64, queue: &mut Queue) {
        self.boots += 1;
        self.paused = false;
        let host = new_host(self.plan, self.index, seed, self.timer_phase, self.boots);
        self.host = Some(host);
        for (number, program) in self.plan.programs.iter().enumerate() {
            if program.on_boot {
                let at = now + program.start.since(Instant::ZERO);
                if let Some(at) = self.programs[number].start.set(Some(at)) {
                    queue.push(at, Event::Start(self.index, number));
                }
            }
        }
    }

    pub(super) fn set_route(&mut self, to: HostIndex, present: bool) {
        if let Some(host) = &mut self.host {
            host.set_route(IpAddr::V4(plan::address(to)), present);
        }
    }

    pub(super) fn set_mtu(&mut self, to: HostIndex, mtu: u16) {
        if let Some(host) = &mut self.host {
            host.set_mtu(IpAddr::V4(plan::address(to)), mtu);
        }
    }
}

/// Tells a kernel the MTU towards a peer that it is about to talk to. What it assumes anyway, it need not hear.
pub(super) fn tell_mtu(host: &mut Host, peer: IpAddr, mtu: u16) {
    if mtu != LinkFigures::DEFAULT.mtu {
        host.set_mtu(peer, mtu);
    }
}

/// Each boot has its own random stream, or a machine would choose the same numbers again.
fn new_host(
    plan: &HostPlan,
    index: HostIndex,
    seed: u64,
    timer_phase: Option<TimerPhase>,
    boots: u32,
) -> Host {
    let stream = match boots {
        0 => format!("host {}", plan.name),
        _ => format!("host {} boot {boots}", plan.name),
    };
    let mut host = Host::new(
        IpAddr::V4(plan::address(index)),
        Arc::clone(&plan.profile),
        Rng::stream(seed, &stream),
    );
    if let Some(phase) = timer_phase {
        host.set_timer_phase(phase);
    }
    host
}
