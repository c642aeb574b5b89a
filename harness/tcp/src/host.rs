//! One machine's kernel, as far as TCP goes.
//!
//! | file | what it holds |
//! |---|---|
//! | `host` | the [`Host`] and how to drive it |
//! | `sockets` | the table of sockets and who owns them |
//! | `arrive` | which socket a packet is for, and what happens when there is none |
//! | `listener` | backlogs |
//! | `ports` | which local ports are free |
//! | `open` | socket, bind, listen, accept, connect |
//! | `calls` | send, receive, options |
//! | `close` | shutdown, close, the death of a program |
//! | `look` | readiness and addresses |

mod arrive;
mod calls;
mod close;
mod listener;
mod look;
mod open;
mod ports;
mod sockets;
#[cfg(test)]
mod tests;

pub use look::Readiness;
pub use sockets::{ProcessId, SocketId};

use crate::cause::Cause;
use crate::clock::{LateTicks, TimerClock, TimerPhase};
use crate::connection::{Context, State, Transition};
use crate::options::Options;
use crate::profile::Profile;
use crate::profile::errors::Occurrence;
use crate::rng::Rng;
use crate::time::Instant;
use crate::wire::Packet;
use ports::Ports;
use sockets::Sockets;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Why a call failed. [`Cause::WouldBlock`] means that it has to wait: try again once [`Host::poll_socket`] names the
/// socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// Whether this call is the first to learn of it. [`Profile::error`] turns both into what the system returns.
    pub when: Occurrence,
}

impl Failure {
    /// A failure that this call finds itself, or is the first to learn of.
    pub(crate) const fn first(cause: Cause) -> Self {
        Self {
            cause,
            when: Occurrence::First,
        }
    }

    pub(crate) const fn again(cause: Cause) -> Self {
        Self {
            cause,
            when: Occurrence::Again,
        }
    }
}

/// Which directions `shutdown` ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "they are the directions of those names")]
pub enum Shutdown {
    Read,
    Write,
    Both,
}

/// One machine's kernel: its sockets, ports and timers.
///
/// # How to drive it
///
/// 1. Put in what happened: [`handle_packet`](Self::handle_packet), [`handle_timeout`](Self::handle_timeout) or a
///    socket call, each with the time, which never goes backwards.
/// 2. Take out every packet ([`poll_packet`](Self::poll_packet)) and put it on the network; take out every socket
///    ([`poll_socket`](Self::poll_socket)) and repeat the calls that wait on it.
/// 3. Read the next deadline ([`poll_timeout`](Self::poll_timeout)) and call `handle_timeout` at that time. Earlier
///    is harmless; so is a deadline at which nothing turns out to be due.
///
/// Socket calls never wait: one that would have to returns [`Cause::WouldBlock`].
///
/// ```
/// use halfopen_tcp::{Cause, Host, Instant, Profile, Rng};
/// use std::sync::Arc;
///
/// let profile = Arc::new(Profile::named("windows-10").expect("comes with the library"));
/// let mut host = Host::new("10.0.0.1".parse().unwrap(), profile, Rng::stream(0, "host"));
/// let program = host.spawn();
/// let socket = host.socket(program);
/// host.connect(Instant::ZERO, socket, "10.0.0.2:80".parse().unwrap()).unwrap();
/// // Nobody answers.
/// let mut syns = 0;
/// while let Some(deadline) = host.poll_timeout() {
///     while host.poll_packet().is_some() {
///         syns += 1;
///     }
///     host.handle_timeout(deadline);
///     let result = host.connect_result(socket);
///     if result.is_err_and(|failure| failure.cause == Cause::SynUnanswered) {
///         assert_eq!((syns, deadline.to_string().as_str()), (3, "21.000 000"));
///         return;
///     }
/// }
/// unreachable!("the attempt ends");
/// ```
#[derive(Clone, Debug)]
pub struct Host {
    kernel: Kernel,
    rng: Rng,
    sockets: Sockets,
    ports: Ports,
    /// When connections want `handle_timeout`; an entry counts only while its socket has noted the same time.
    deadlines: BinaryHeap<Reverse<(Instant, u32)>>,
    /// Sockets whose deadline may have changed since it was queued.
    touched: Vec<u32>,
    ready: VecDeque<SocketId>,
    processes: u32,
    /// Packet sizes that differ from [`DEFAULT_MTU`].
    mtus: Vec<(IpAddr, u16)>,
    unreachable: Vec<IpAddr>,
}

/// Ethernet's.
const DEFAULT_MTU: u16 = 1500;

/// What connections use of their host.
#[derive(Clone, Debug)]
struct Kernel {
    address: IpAddr,
    profile: Arc<Profile>,
    /// What a new socket's options are.
    options: Arc<Options>,
    clock: TimerClock,
    out: VecDeque<Packet>,
    transitions: Option<VecDeque<Transition>>,
}

impl Kernel {
    fn context(&mut self, now: Instant, routed: bool) -> Context<'_> {
        Context {
            now,
            address: self.address,
            routed,
            profile: &self.profile,
            clock: &self.clock,
            out: &mut self.out,
            transitions: &mut self.transitions,
        }
    }
}

impl Host {
    /// A machine that was just booted. Draws its timer phase, initial sequence numbers and ports from `rng`.
    pub fn new(address: IpAddr, profile: Arc<Profile>, mut rng: Rng) -> Self {
        // Longer than the coarsest slot of a timer wheel that TCP's longest timer uses, so that every alignment
        // of the wheel can come up.
        let phase = TimerPhase {
            age: rng.up_to(Duration::from_secs(1 << 20)),
            late: LateTicks::Never,
        };
        let ports = Ports::new(profile.ephemeral_ports, &mut rng);
        Self {
            kernel: Kernel {
                address,
                clock: TimerClock::new(profile.clock, phase),
                options: Arc::new(Options::new(&profile)),
                profile,
                out: VecDeque::new(),
                transitions: None,
            },
            rng,
            sockets: Sockets::default(),
            ports,
            deadlines: BinaryHeap::new(),
            touched: Vec::new(),
            ready: VecDeque::new(),
            processes: 0,
            mtus: Vec::new(),
            unreachable: Vec::new(),
        }
    }

    /// Puts the timer wheel where it stands on another machine. Only with
    /// [`Clock::Wheel`](crate::profile::Clock::Wheel), and only before the first call.
    pub fn set_timer_phase(&mut self, phase: TimerPhase) {
        self.kernel.clock = TimerClock::new(self.kernel.profile.clock, phase);
    }

    /// What it behaves like.
    pub fn profile(&self) -> &Profile {
        &self.kernel.profile
    }

    /// Its address.
    pub fn address(&self) -> IpAddr {
        self.kernel.address
    }

    /// The largest packet towards `to` in bytes, IP header included: the MSS of later connections follows from it.
    /// Default: 1500.
    pub fn set_mtu(&mut self, to: IpAddr, mtu: u16) {
        self.mtus.retain(|(address, _)| *address != to);
        if mtu != DEFAULT_MTU {
            self.mtus.push((to, mtu));
        }
    }

    fn mtu(&self, to: IpAddr) -> u16 {
        self.mtus
            .iter()
            .find(|(address, _)| *address == to)
            .map_or(DEFAULT_MTU, |(_, mtu)| *mtu)
    }

    /// Takes the route to `to` away, or puts it back. Without it, connecting fails with [`Cause::NoRoute`] and what
    /// connections send is dropped.
    pub fn set_route(&mut self, to: IpAddr, present: bool) {
        self.unreachable.retain(|address| *address != to);
        if !present {
            self.unreachable.push(to);
        }
    }

    fn has_route(&self, to: IpAddr) -> bool {
        !self.unreachable.contains(&to)
    }

    /// Runs the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, index)) = self.first_deadline()
            && at <= now
        {
            self.deadlines.pop();
            let Some(socket) = self.sockets.get_mut(index) else {
                continue;
            };
            if socket.deadline != Some(at) {
                continue;
            }
            socket.deadline = None;
            self.with_connection(now, index, |connection, cx| {
                if connection
                    .deadline()
                    .is_some_and(|deadline| deadline <= cx.now)
                {
                    connection.on_timeout(cx);
                }
            });
        }
    }

    /// The next packet to put on the network.
    pub fn poll_packet(&mut self) -> Option<Packet> {
        while let Some(packet) = self.kernel.out.pop_front() {
            if self.unreachable.is_empty() || self.has_route(packet.dst) {
                return Some(packet);
            }
        }
        None
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; `None`: not before something else happens.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        self.first_deadline().map(|(at, _)| at)
    }

    /// A socket on which a call that waited should be tried again.
    pub fn poll_socket(&mut self) -> Option<SocketId> {
        while let Some(id) = self.ready.pop_front() {
            if let Some(socket) = self.sockets.at_mut(id) {
                socket.announced = false;
                return Some(id);
            }
        }
        None
    }

    /// Records changes of state for [`poll_transition`](Self::poll_transition). Off by default.
    pub fn record_transitions(&mut self, on: bool) {
        self.kernel.transitions = on.then(VecDeque::new);
    }

    /// The next change of state.
    pub fn poll_transition(&mut self) -> Option<Transition> {
        self.kernel.transitions.as_mut()?.pop_front()
    }

    /// The state of a socket's connection; `None` if it has none.
    pub fn state(&self, socket: SocketId) -> Option<State> {
        self.sockets
            .at(socket)?
            .connection()
            .map(|connection| connection.state())
    }

    /// Starts a program.
    pub fn spawn(&mut self) -> ProcessId {
        self.processes += 1;
        ProcessId(self.processes)
    }

    /// Kills a program: its sockets are closed as this system closes those of a process that died.
    pub fn kill(&mut self, now: Instant, process: ProcessId) {
        let mut held = self.sockets.owned_by(process);
        if self.kernel.profile.close.kill_closes_last_first {
            held.reverse();
        }
        for id in held {
            self.close_killed(now, id);
        }
    }
}
