//! A program of a scenario as an async program.
//!
//! Its calls are those that the types of [`net`](crate::net) make, below the types: a scenario may read from a
//! listener, which no type allows. It does what `script` does for the event engine, and must give the same results;
//! a test compares the two for every scenario.

use super::programs::CodeFuture;
use super::world::World;
use crate::outcome::{StepOutcome, StepResult};
use crate::plan::{self, Action, HostIndex, Listener, Payload, ProgramPlan, RecvUntil, Step};
use crate::script::Buffers;
use crate::sockets::{Alarm, Machine, Socket, Wait};
use halfopen_tcp::profile::errors::Occurrence;
use halfopen_tcp::{Call, Cause, Failure, SocketOption};
use std::future::{Future, pending, poll_fn};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// The program, ready to run for the `run`th time after the first. It never ends: its sockets stay open.
pub(super) fn program(
    world: &Arc<World>,
    machine: &Arc<Machine>,
    number: usize,
    run: u32,
) -> CodeFuture {
    let (world, machine) = (Arc::clone(world), Arc::clone(machine));
    Box::pin(async move {
        let plan = &world.plan.hosts[machine.index].programs[number];
        let mut program = Program::new(&machine, plan);
        for (step, plan) in plan.steps.iter().enumerate() {
            let call = {
                let mut state = machine.lock();
                let start = state.now();
                state.calls.begin(StepOutcome {
                    host: machine.index,
                    program: number,
                    run,
                    step,
                    start,
                    end: None,
                    mismatch: None,
                })
            };
            let mut moved = Moved {
                machine: &machine,
                call,
                bytes: 0,
            };
            let result = program.step(plan, &mut moved).await;
            let mut state = machine.lock();
            let now = state.now();
            state.calls.end(call, now, result);
        }
        // Its sockets live on.
        let _program = program;
        pending().await
    })
}

/// How many bytes a step has moved: what is known of it if its program dies.
struct Moved<'m> {
    machine: &'m Machine,
    call: crate::sockets::CallId,
    bytes: u64,
}

impl Moved<'_> {
    fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.machine.lock().calls.progress(self.call, self.bytes);
    }
}

struct Program {
    machine: Arc<Machine>,
    buffers: Buffers,
    /// By name.
    names: Vec<Option<Rc<Socket>>>,
    listeners: Vec<(u16, Rc<Socket>)>,
    /// The connection that steps work on which do not say.
    latest: Option<Rc<Socket>>,
    /// What `bind` or an early `set` made, until a `connect` or `listen` takes it.
    bound: Option<Rc<Socket>>,
    /// Nothing but `close` closes a socket.
    open: Vec<Rc<Socket>>,
}

type Failed = (Failure, Call);

const fn first(cause: Cause) -> Failure {
    Failure {
        cause,
        when: Occurrence::First,
    }
}

impl Program {
    fn new(machine: &Arc<Machine>, plan: &ProgramPlan) -> Self {
        Self {
            machine: Arc::clone(machine),
            buffers: Buffers::default(),
            names: vec![None; plan.names.len()],
            listeners: Vec::new(),
            latest: None,
            bound: None,
            open: Vec::new(),
        }
    }

    async fn step(&mut self, step: &Step, moved: &mut Moved<'_>) -> StepResult {
        let done = match &step.action {
            Action::Listen { port, backlog } => self.listen(step, *port, *backlog),
            Action::Accept(listener) => self.accept(step, *listener).await,
            Action::Connect { host, port } => self.connect(step, *host, *port).await,
            Action::Bind { host, port } => self.bind(step, *host, *port),
            Action::Sleep(time) => {
                self.sleep(*time).await;
                Ok(())
            }
            Action::Set(_) if step.on.is_none() && self.target(step).is_none() => {
                // Options of a connection that is not there yet: the next `connect` or `listen` takes this socket.
                let socket = self.take_bound(step);
                self.bound = Some(Rc::clone(&socket));
                self.name(step, &socket);
                return self.work_on(&socket, &step.action, moved).await;
            }
            action => match self.target(step) {
                Some(socket) => return self.work_on(&socket, action, moved).await,
                // As a call on a descriptor that was never opened, or is closed.
                None => Err((first(Cause::NotConnected), call_of(action))),
            },
        };
        self.result(done, 0)
    }

    async fn work_on(
        &mut self,
        socket: &Rc<Socket>,
        action: &Action,
        moved: &mut Moved<'_>,
    ) -> StepResult {
        let call = call_of(action);
        let done = match action {
            Action::Send { data, all } => {
                let sent = self.send(socket, data, *all, moved).await;
                return self.bytes(sent, call, moved.bytes);
            }
            Action::Recv(until) => {
                let received = self.recv(socket, *until, moved).await;
                return self.bytes(received, call, moved.bytes);
            }
            Action::Close => {
                self.close(socket).await;
                Ok(())
            }
            Action::Shutdown(how) => {
                socket.call(|call| call.host.shutdown(call.now, call.id, *how))
            }
            Action::Set(options) => options.iter().try_for_each(|&option| set(socket, option)),
            Action::GetError => {
                let pending = socket.call(|call| Ok(call.host.take_error(call.id)));
                pending.ok().flatten().map_or(Ok(()), Err)
            }
            // `step` has dealt with these.
            Action::Listen { .. }
            | Action::Accept(_)
            | Action::Connect { .. }
            | Action::Bind { .. }
            | Action::Sleep(_) => Ok(()),
        };
        self.result(done.map_err(|failure| (failure, call)), 0)
    }

    async fn sleep(&self, time: Duration) {
        let now = self.machine.lock().now();
        Alarm::new(&self.machine, now + time).await;
    }

    fn listen(&mut self, step: &Step, port: u16, backlog: Option<u32>) -> Result<(), Failed> {
        let socket = self.take_bound(step);
        self.name(step, &socket);
        self.listeners.push((port, Rc::clone(&socket)));
        let local = socket.ask(|host, id| host.local_addr(id).ok()).flatten();
        if local.is_none_or(|local| local.port() != port) {
            let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
            let bound = socket.call(|call| call.host.bind(call.now, call.id, any));
            bound.map_err(|failure| (failure, Call::Bind))?;
        }
        let listening = socket.call(|call| call.host.listen(call.now, call.id, backlog));
        listening.map_err(|failure| (failure, Call::Listen))
    }

    async fn accept(&mut self, step: &Step, listener: Listener) -> Result<(), Failed> {
        let Some(listener) = self.listener(listener) else {
            return Err((first(Cause::InvalidArgument), Call::Accept));
        };
        let accepted = self.within(&listener, Call::Accept, |cx| {
            listener.poll(cx, Wait::Read, |call| {
                call.host.accept(call.now, call.id, call.process)
            })
        });
        let id = accepted.await.map_err(|failure| (failure, Call::Accept))?;
        let socket = Rc::new(listener.sibling(id));
        self.open.push(Rc::clone(&socket));
        self.name(step, &socket);
        self.latest = Some(socket);
        Ok(())
    }

    async fn connect(&mut self, step: &Step, host: HostIndex, port: u16) -> Result<(), Failed> {
        let socket = self.take_bound(step);
        self.latest = Some(Rc::clone(&socket));
        self.name(step, &socket);
        let remote = SocketAddr::new(IpAddr::V4(plan::address(host)), port);
        let connected = async {
            socket.call(|call| call.host.connect(call.now, call.id, remote))?;
            self.within(&socket, Call::Connect, |cx| {
                socket.poll(cx, Wait::Write, |call| call.host.connect_result(call.id))
            })
            .await
        };
        connected.await.map_err(|failure| (failure, Call::Connect))
    }

    fn bind(&mut self, step: &Step, host: Option<HostIndex>, port: u16) -> Result<(), Failed> {
        let socket = self.take_bound(step);
        self.bound = Some(Rc::clone(&socket));
        self.name(step, &socket);
        let address = host.map_or(Ipv4Addr::UNSPECIFIED, plan::address);
        let local = SocketAddr::new(IpAddr::V4(address), port);
        let bound = socket.call(|call| call.host.bind(call.now, call.id, local));
        bound.map_err(|failure| (failure, Call::Bind))
    }

    /// Calls until all is taken, or one.
    async fn send(
        &mut self,
        socket: &Socket,
        data: &Payload,
        all: bool,
        moved: &mut Moved<'_>,
    ) -> Result<StepResult, Failure> {
        let mut buffers = std::mem::take(&mut self.buffers);
        let result = loop {
            let left = data.len() - moved.bytes;
            let bytes = match data {
                Payload::Text(text) => &text.as_bytes()[moved.bytes as usize..],
                Payload::Bytes(_) => buffers.pattern(moved.bytes, left),
            };
            let send = |call: crate::sockets::CallOn<'_>| call.host.send(call.now, call.id, bytes);
            // A call that has taken something returns that; the next call sees the error.
            let sent = if !all && moved.bytes > 0 {
                socket.call(send)
            } else {
                let sent = self.within(socket, Call::Send, |cx| socket.poll(cx, Wait::Write, send));
                sent.await
            };
            match sent {
                Ok(taken) => {
                    moved.add(taken);
                    if moved.bytes == data.len() {
                        break Ok(StepResult::Bytes(moved.bytes));
                    }
                }
                Err(_) if !all && moved.bytes > 0 => break Ok(StepResult::Bytes(moved.bytes)),
                Err(failure) => break Err(failure),
            }
        };
        self.buffers = buffers;
        result
    }

    /// Calls until enough has come, or one.
    async fn recv(
        &mut self,
        socket: &Socket,
        until: RecvUntil,
        moved: &mut Moved<'_>,
    ) -> Result<StepResult, Failure> {
        let mut buffers = std::mem::take(&mut self.buffers);
        let result = loop {
            let wanted = match until {
                RecvUntil::Bytes(all) if all == moved.bytes => {
                    break Ok(StepResult::Bytes(moved.bytes));
                }
                RecvUntil::Bytes(all) => all - moved.bytes,
                RecvUntil::Some | RecvUntil::Eof => u64::MAX,
            };
            let room = buffers.room(wanted);
            let received = self.within(socket, Call::Recv, |cx| {
                socket.poll(cx, Wait::Read, |call| {
                    call.host.recv(call.now, call.id, room)
                })
            });
            match received.await {
                Ok(0) => break Ok(StepResult::Eof(moved.bytes)),
                Ok(got) => {
                    moved.add(got);
                    if until == RecvUntil::Some {
                        break Ok(StepResult::Bytes(moved.bytes));
                    }
                }
                Err(failure) => break Err(failure),
            }
        };
        self.buffers = buffers;
        result
    }

    /// Waits for its data to be acknowledged, if `SO_LINGER` says so.
    async fn close(&mut self, socket: &Rc<Socket>) {
        self.forget(socket);
        let lingers = socket.call(|call| Ok(call.host.close(call.now, call.id)));
        let Ok(Some(until)) = lingers else {
            return;
        };
        let mut alarm = pin!(Alarm::new(&self.machine, until));
        poll_fn(|cx| {
            let closed = socket.poll(cx, Wait::Write, |call| {
                match call.host.lingers(call.now, call.id) {
                    true => Err(first(Cause::WouldBlock)),
                    false => Ok(()),
                }
            });
            match closed {
                Poll::Ready(_) => Poll::Ready(()),
                Poll::Pending => alarm.as_mut().poll(cx),
            }
        })
        .await;
        let _ = socket.call(|call| Ok(call.host.lingers(call.now, call.id)));
    }

    /// Waits for a call, but no longer than the socket's own timeout: tokio's sockets have none, so it is kept here.
    async fn within<R>(
        &self,
        socket: &Socket,
        call: Call,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<Result<R, Failure>>,
    ) -> Result<R, Failure> {
        let timeouts = socket.ask(|host, id| host.call_timeouts(id));
        let (receive, send) = timeouts.unwrap_or_default();
        let timeout = match call {
            Call::Recv | Call::Accept => receive,
            _ => send,
        };
        let ends = timeout.and_then(|time| {
            let now = self.machine.lock().now();
            socket.ask(|host, _| host.wait_ends(now, time))
        });
        let mut alarm = pin!(ends.map(|ends| Alarm::new(&self.machine, ends)));
        poll_fn(|cx| {
            if let Poll::Ready(result) = poll(cx) {
                return Poll::Ready(result);
            }
            let Some(alarm) = alarm.as_mut().as_pin_mut() else {
                return Poll::Pending;
            };
            alarm.poll(cx).map(|()| Err(first(Cause::TimedOutWaiting)))
        })
        .await
    }

    /// The socket that `of` names, or that `bind` left, or a new one.
    fn take_bound(&mut self, step: &Step) -> Rc<Socket> {
        let named = step.on.and_then(|name| self.named(name));
        let bound = self.bound.take();
        if let Some(socket) = named.or(bound) {
            return socket;
        }
        let socket = Socket::open(&self.machine);
        let socket = Rc::new(socket.expect("a program runs on a machine that is on"));
        self.open.push(Rc::clone(&socket));
        socket
    }

    fn named(&self, name: usize) -> Option<Rc<Socket>> {
        self.names.get(name).cloned().flatten()
    }

    fn listener(&self, listener: Listener) -> Option<Rc<Socket>> {
        match listener {
            Listener::Named(name) => self.named(name),
            // The latest on that port: an earlier one may have failed or been closed.
            Listener::Port(port) => {
                let mut latest_first = self.listeners.iter().rev();
                let found = latest_first.find(|(known, _)| *known == port);
                found.map(|(_, socket)| Rc::clone(socket))
            }
        }
    }

    /// The socket that a step works on.
    fn target(&self, step: &Step) -> Option<Rc<Socket>> {
        match (step.on, &step.action) {
            (Some(name), _) => self.named(name),
            // Options are often set between `bind` and `connect`.
            (None, Action::Set(_) | Action::GetError) => {
                self.bound.clone().or_else(|| self.latest.clone())
            }
            (None, _) => self.latest.clone(),
        }
    }

    fn name(&mut self, step: &Step, socket: &Rc<Socket>) {
        if let Some(slot) = step.opens.and_then(|name| self.names.get_mut(name)) {
            *slot = Some(Rc::clone(socket));
        }
    }

    /// A closed socket is gone for all its names.
    fn forget(&mut self, socket: &Rc<Socket>) {
        let is_it = |known: &Rc<Socket>| Rc::ptr_eq(known, socket);
        let slots = self.names.iter_mut();
        for slot in slots.chain([&mut self.latest, &mut self.bound]) {
            slot.take_if(|known| is_it(known));
        }
        self.listeners.retain(|(_, known)| !is_it(known));
        self.open.retain(|known| !is_it(known));
    }

    fn result(&self, done: Result<(), Failed>, bytes: u64) -> StepResult {
        match done {
            Ok(()) => StepResult::Done,
            Err((Failure { cause, when }, call)) => {
                let state = self.machine.lock();
                let profile = state.kernel.as_ref().map(|kernel| kernel.host.profile());
                StepResult::Failed {
                    cause: Some(cause),
                    error: profile.map(|profile| profile.error(cause, call, when)),
                    bytes,
                }
            }
        }
    }

    fn bytes(&self, moved: Result<StepResult, Failure>, call: Call, bytes: u64) -> StepResult {
        match moved {
            Ok(result) => result,
            Err(failure) => self.result(Err((failure, call)), bytes),
        }
    }
}

fn set(socket: &Socket, option: SocketOption) -> Result<(), Failure> {
    socket.call(|call| call.host.set_option(call.now, call.id, option))
}

/// The call that a step is named after.
fn call_of(action: &Action) -> Call {
    action.calls().last().copied().unwrap_or(Call::Socket)
}
