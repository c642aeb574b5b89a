//! The socket calls of the steps.

use super::{Context, Program};
use crate::link::LinkFigures;
use crate::outcome::StepResult;
use crate::plan::{self, Action, HostIndex, Listener, Payload, RecvUntil, Step};
use halfopen_tcp::profile::errors::Occurrence;
use halfopen_tcp::{Call, Cause, Failure, Instant, SocketId};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// A call that may have to wait.
#[derive(Debug)]
pub(super) struct Pending<'p> {
    kind: PendingKind<'p>,
    /// When the call stops waiting; known once it has begun to wait.
    deadline: Option<Instant>,
}

#[derive(Debug)]
enum PendingKind<'p> {
    Accept(SocketId),
    Connect(SocketId),
    Send {
        socket: SocketId,
        data: &'p Payload,
        all: bool,
        sent: u64,
    },
    Recv {
        socket: SocketId,
        until: RecvUntil,
        received: u64,
    },
    /// `SO_LINGER`.
    Close(SocketId),
    Sleep,
}

/// What comes of beginning a step.
pub(super) enum Begun<'p> {
    Ended(StepResult),
    Pending(Pending<'p>),
}

impl<'p> From<PendingKind<'p>> for Begun<'p> {
    fn from(kind: PendingKind<'p>) -> Self {
        let deadline = None;
        Self::Pending(Pending { kind, deadline })
    }
}

impl Pending<'_> {
    pub(super) fn socket(&self) -> Option<SocketId> {
        match self.kind {
            PendingKind::Accept(socket)
            | PendingKind::Connect(socket)
            | PendingKind::Send { socket, .. }
            | PendingKind::Recv { socket, .. }
            | PendingKind::Close(socket) => Some(socket),
            PendingKind::Sleep => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Bytes sent or received so far.
    pub(super) fn bytes(&self) -> u64 {
        match self.kind {
            PendingKind::Send { sent, .. } => sent,
            PendingKind::Recv { received, .. } => received,
            PendingKind::Accept(_)
            | PendingKind::Connect(_)
            | PendingKind::Close(_)
            | PendingKind::Sleep => 0,
        }
    }
}

impl<'p> Program<'p> {
    /// Makes the step's call, up to where it may have to wait.
    pub(super) fn begin(&mut self, step: &'p Step, cx: &mut Context<'_>) -> Begun<'p> {
        match &step.action {
            Action::Listen { port, backlog } => {
                let result = self.listen(step, *port, *backlog, cx);
                Begun::Ended(outcome_of(result, cx))
            }
            Action::Accept(listener) => match self.listener(*listener) {
                Some(socket) => PendingKind::Accept(socket).into(),
                None => Begun::Ended(failed(cx, Cause::InvalidArgument, Call::Accept)),
            },
            Action::Connect { host, port } => match self.connect(step, *host, *port, cx) {
                Ok(socket) => PendingKind::Connect(socket).into(),
                Err(failure) => Begun::Ended(outcome_of(Err(failure), cx)),
            },
            Action::Bind { host, port } => {
                let result = self.bind(step, *host, *port, cx);
                Begun::Ended(outcome_of(result, cx))
            }
            Action::Sleep(time) => Begun::Pending(Pending {
                kind: PendingKind::Sleep,
                deadline: Some(cx.now + *time),
            }),
            Action::Set(_) if step.on.is_none() && self.target(step).is_none() => {
                // Options of a connection that is not there yet: the next `connect` or `listen` takes this socket.
                let socket = cx.host.socket(self.process);
                self.bound = Some(socket);
                self.name(step, socket);
                self.work_on(socket, &step.action, cx)
            }
            action => match self.target(step) {
                Some(socket) => self.work_on(socket, action, cx),
                // As a call on a descriptor that was never opened, or is closed; no cause of its own stands for it.
                None => Begun::Ended(failed(cx, Cause::NotConnected, call_of(action))),
            },
        }
    }

    /// The steps that work on a socket that is there.
    fn work_on(&mut self, socket: SocketId, action: &'p Action, cx: &mut Context<'_>) -> Begun<'p> {
        let call = call_of(action);
        let result = match action {
            Action::Send { data, all } => {
                return PendingKind::Send {
                    socket,
                    data,
                    all: *all,
                    sent: 0,
                }
                .into();
            }
            Action::Recv(until) => {
                return PendingKind::Recv {
                    socket,
                    until: *until,
                    received: 0,
                }
                .into();
            }
            Action::Close => {
                self.forget(socket);
                return match cx.host.close(cx.now, socket) {
                    None => Begun::Ended(StepResult::Done),
                    until => Begun::Pending(Pending {
                        kind: PendingKind::Close(socket),
                        deadline: until,
                    }),
                };
            }
            Action::Shutdown(how) => cx.host.shutdown(cx.now, socket, *how),
            Action::Set(options) => options
                .iter()
                .try_for_each(|&option| cx.host.set_option(cx.now, socket, option)),
            Action::GetError => cx.host.take_error(socket).map_or(Ok(()), Err),
            // `begin` has dealt with these.
            Action::Listen { .. }
            | Action::Accept(_)
            | Action::Connect { .. }
            | Action::Bind { .. }
            | Action::Sleep(_) => Ok(()),
        };
        Begun::Ended(outcome_of(result.map_err(|failure| (failure, call)), cx))
    }

    /// Tries to get on with a call. `None`: it has to wait.
    pub(super) fn attempt(
        &mut self,
        pending: &mut Pending<'p>,
        step: &Step,
        cx: &mut Context<'_>,
    ) -> Option<StepResult> {
        let deadline = &mut pending.deadline;
        match &mut pending.kind {
            PendingKind::Sleep => expired(*deadline, cx).then_some(StepResult::Done),
            PendingKind::Close(socket) => {
                let over = !cx.host.lingers(cx.now, *socket) || expired(*deadline, cx);
                over.then_some(StepResult::Done)
            }
            PendingKind::Connect(socket) => match cx.host.connect_result(*socket) {
                Ok(()) => Some(StepResult::Done),
                Err(failure) => fail_or_wait(failure, *socket, Call::Connect, 0, deadline, cx),
            },
            PendingKind::Accept(listener) => {
                match cx.host.accept(cx.now, *listener, self.process) {
                    Ok(socket) => {
                        self.latest = Some(socket);
                        self.name(step, socket);
                        Some(StepResult::Done)
                    }
                    Err(failure) => fail_or_wait(failure, *listener, Call::Accept, 0, deadline, cx),
                }
            }
            PendingKind::Send {
                socket,
                data,
                all,
                sent,
            } => send(*socket, data, *all, sent, deadline, cx),
            PendingKind::Recv {
                socket,
                until,
                received,
            } => recv(*socket, *until, received, deadline, cx),
        }
    }

    fn listener(&self, listener: Listener) -> Option<SocketId> {
        match listener {
            Listener::Named(name) => self.names.get(name).copied().flatten(),
            // The latest on that port: an earlier one may have failed or been closed.
            Listener::Port(port) => {
                let mut latest_first = self.listeners.iter().rev();
                latest_first.find(|(p, _)| *p == port).map(|(_, s)| *s)
            }
        }
    }

    fn listen(
        &mut self,
        step: &Step,
        port: u16,
        backlog: Option<u32>,
        cx: &mut Context<'_>,
    ) -> Result<(), (Failure, Call)> {
        let socket = self.take_bound(step, cx);
        self.name(step, socket);
        self.listeners.push((port, socket));
        let bound_to = cx.host.local_addr(socket).map(|local| local.port());
        if bound_to != Ok(port) {
            let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
            let bound = cx.host.bind(cx.now, socket, any);
            bound.map_err(|failure| (failure, Call::Bind))?;
        }
        let listening = cx.host.listen(cx.now, socket, backlog);
        listening.map_err(|failure| (failure, Call::Listen))
    }

    fn connect(
        &mut self,
        step: &Step,
        host: HostIndex,
        port: u16,
        cx: &mut Context<'_>,
    ) -> Result<SocketId, (Failure, Call)> {
        let socket = self.take_bound(step, cx);
        self.latest = Some(socket);
        self.name(step, socket);
        let peer = IpAddr::V4(plan::address(host));
        let mtu = cx.network.mtu(cx.here, host);
        if mtu != LinkFigures::DEFAULT.mtu {
            cx.host.set_mtu(peer, mtu);
        }
        let started = cx.host.connect(cx.now, socket, SocketAddr::new(peer, port));
        match started {
            Ok(()) => Ok(socket),
            Err(failure) => Err((failure, Call::Connect)),
        }
    }

    fn bind(
        &mut self,
        step: &Step,
        host: Option<HostIndex>,
        port: u16,
        cx: &mut Context<'_>,
    ) -> Result<(), (Failure, Call)> {
        let socket = self.take_bound(step, cx);
        self.bound = Some(socket);
        self.name(step, socket);
        let address = host.map_or(Ipv4Addr::UNSPECIFIED, plan::address);
        let local = SocketAddr::new(IpAddr::V4(address), port);
        let bound = cx.host.bind(cx.now, socket, local);
        bound.map_err(|failure| (failure, Call::Bind))
    }

    /// The socket that `of` names, or that `bind` left, or a new one.
    fn take_bound(&mut self, step: &Step, cx: &mut Context<'_>) -> SocketId {
        let named = step
            .on
            .and_then(|name| self.names.get(name).copied().flatten());
        let bound = self.bound.take();
        named
            .or(bound)
            .unwrap_or_else(|| cx.host.socket(self.process))
    }
}

/// One call, or calls until all is taken.
fn send(
    socket: SocketId,
    data: &Payload,
    all: bool,
    sent: &mut u64,
    deadline: &mut Option<Instant>,
    cx: &mut Context<'_>,
) -> Option<StepResult> {
    loop {
        let left = data.len() - *sent;
        let bytes = match data {
            Payload::Text(text) => &text.as_bytes()[*sent as usize..],
            Payload::Bytes(_) => cx.buffers.pattern(*sent, left),
        };
        match cx.host.send(cx.now, socket, bytes) {
            Ok(taken) => {
                *sent += taken as u64;
                *deadline = None;
                if *sent == data.len() {
                    return Some(StepResult::Bytes(*sent));
                }
            }
            // A call that has taken something returns that; the next call sees the error.
            Err(_) if !all && *sent > 0 => return Some(StepResult::Bytes(*sent)),
            Err(failure) => {
                return fail_or_wait(failure, socket, Call::Send, *sent, deadline, cx);
            }
        }
    }
}

/// One call, or calls until enough has come.
fn recv(
    socket: SocketId,
    until: RecvUntil,
    received: &mut u64,
    deadline: &mut Option<Instant>,
    cx: &mut Context<'_>,
) -> Option<StepResult> {
    loop {
        let wanted = match until {
            RecvUntil::Bytes(all) if all == *received => {
                return Some(StepResult::Bytes(*received));
            }
            RecvUntil::Bytes(all) => all - *received,
            RecvUntil::Some | RecvUntil::Eof => u64::MAX,
        };
        match cx.host.recv(cx.now, socket, cx.buffers.room(wanted)) {
            Ok(0) => return Some(StepResult::Eof(*received)),
            Ok(got) => {
                *received += got as u64;
                *deadline = None;
                if until == RecvUntil::Some {
                    return Some(StepResult::Bytes(*received));
                }
            }
            Err(failure) => {
                return fail_or_wait(failure, socket, Call::Recv, *received, deadline, cx);
            }
        }
    }
}

/// What a failed call means for its step: to wait, up to the socket's own timeout, or to end.
fn fail_or_wait(
    failure: Failure,
    socket: SocketId,
    call: Call,
    bytes: u64,
    deadline: &mut Option<Instant>,
    cx: &Context<'_>,
) -> Option<StepResult> {
    if failure.cause != Cause::WouldBlock {
        return Some(failed_with(cx, failure, call, bytes));
    }
    if deadline.is_none() {
        *deadline = timeout_of(socket, call, cx).map(|timeout| cx.host.wait_ends(cx.now, timeout));
    }
    let timed_out = Failure {
        cause: Cause::TimedOutWaiting,
        when: Occurrence::First,
    };
    expired(*deadline, cx).then(|| failed_with(cx, timed_out, call, bytes))
}

/// `SO_RCVTIMEO` for the calls that receive, `SO_SNDTIMEO` for those that send.
fn timeout_of(socket: SocketId, call: Call, cx: &Context<'_>) -> Option<Duration> {
    let (receive, send) = cx.host.call_timeouts(socket);
    match call {
        Call::Recv | Call::Accept => receive,
        _ => send,
    }
}

fn expired(deadline: Option<Instant>, cx: &Context<'_>) -> bool {
    deadline.is_some_and(|deadline| deadline <= cx.now)
}

fn outcome_of(result: Result<(), (Failure, Call)>, cx: &Context<'_>) -> StepResult {
    match result {
        Ok(()) => StepResult::Done,
        Err((failure, call)) => failed_with(cx, failure, call, 0),
    }
}

fn failed(cx: &Context<'_>, cause: Cause, call: Call) -> StepResult {
    let when = Occurrence::First;
    failed_with(cx, Failure { cause, when }, call, 0)
}

fn failed_with(cx: &Context<'_>, failure: Failure, call: Call, bytes: u64) -> StepResult {
    let Failure { cause, when } = failure;
    StepResult::Failed {
        cause: Some(cause),
        error: Some(cx.host.profile().error(cause, call, when)),
        bytes,
    }
}

/// The call that a step is named after.
fn call_of(action: &Action) -> Call {
    action.calls().last().copied().unwrap_or(Call::Socket)
}
