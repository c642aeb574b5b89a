//! The calls of code, noted for the report as they are made.

use super::calls::{CallId, Transfer};
use super::machine::{Machine, State};
use super::socket::{Socket, Wait};
use crate::outcome::StepResult;
use crate::plan::{Action, HostIndex, Listener, Payload, RecvUntil};
use halfopen_tcp::{Call, Cause, Failure, Shutdown, SocketId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A call that waits. Dropped before its end, it was given up.
pub(crate) struct Recorded {
    machine: Arc<Machine>,
    call: Option<CallId>,
}

impl Recorded {
    fn begin(socket: &Socket, action: Action, detail: String) -> Self {
        let machine = Arc::clone(socket.machine());
        let mut state = machine.lock();
        let now = state.now();
        let call = match socket.is_dead(&state) {
            true => None,
            false => state.calls.begin_code(machine.index, now, action, detail),
        };
        drop(state);
        Self { machine, call }
    }

    pub(crate) fn end(mut self, result: Result<(), Failure>, call: Call) {
        let Some(id) = self.call.take() else {
            return;
        };
        let mut state = self.machine.lock();
        let result = step_result(&state, result.map(|()| StepResult::Done), call);
        let now = state.now();
        state.calls.end(id, now, result);
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        if let Some(id) = self.call {
            self.machine.lock().calls.give_up(id);
        }
    }
}

impl Socket {
    pub(crate) fn begin_connect(&self, to: Option<HostIndex>, remote: SocketAddr) -> Recorded {
        let directory = &self.machine().directory;
        let port = remote.port();
        let detail = match to {
            Some(host) => format!("{}:{port}", directory.name(host)),
            None => remote.to_string(),
        };
        let host = to.unwrap_or(self.machine().index);
        Recorded::begin(self, Action::Connect { host, port }, detail)
    }

    pub(crate) fn begin_accept(&self) -> Recorded {
        let port = self.local_port();
        Recorded::begin(self, Action::Accept(Listener::Port(port)), port.to_string())
    }

    pub(crate) fn begin_bind(&self, local: SocketAddr) -> Recorded {
        let host = (!local.ip().is_unspecified()).then_some(self.machine().index);
        let port = local.port();
        Recorded::begin(self, Action::Bind { host, port }, local.to_string())
    }

    pub(crate) fn begin_listen(&self, backlog: u32) -> Recorded {
        let (port, backlog) = (self.local_port(), Some(backlog));
        Recorded::begin(self, Action::Listen { port, backlog }, port.to_string())
    }

    fn local_port(&self) -> u16 {
        let local = self.ask(|host, id| host.local_addr(id).ok()).flatten();
        local.map_or(0, |local| local.port())
    }

    pub(crate) fn shut(&self, how: Shutdown) -> Result<(), Failure> {
        let detail = match how {
            Shutdown::Read => "read",
            Shutdown::Write => "write",
            Shutdown::Both => "both",
        };
        let recorded = Recorded::begin(self, Action::Shutdown(how), detail.to_owned());
        let result = self.call(|call| call.host.shutdown(call.now, call.id, how));
        recorded.end(result, Call::Shutdown);
        result
    }

    pub(crate) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Result<SocketId, Failure>> {
        let polled = self.poll(cx, Wait::Read, |call| {
            call.host.accept(call.now, call.id, call.process)
        });
        if let Poll::Ready(accepted) = polled {
            self.begin_accept().end(accepted.map(|_| ()), Call::Accept);
        }
        polled
    }

    pub(crate) fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, Failure>> {
        let polled = self.poll(cx, Wait::Read, |call| {
            call.host.recv(call.now, call.id, buffer)
        });
        self.note_transfer(Transfer::Recv, polled);
        polled
    }

    pub(crate) fn poll_send(
        &self,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<Result<usize, Failure>> {
        let polled = self.poll(cx, Wait::Write, |call| {
            call.host.send(call.now, call.id, data)
        });
        self.note_transfer(Transfer::Send, polled);
        polled
    }

    pub(crate) fn try_recv(&self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let received = self.call(|call| call.host.recv(call.now, call.id, buffer));
        self.note_try(Transfer::Recv, received)
    }

    pub(crate) fn try_send(&self, data: &[u8]) -> Result<usize, Failure> {
        let sent = self.call(|call| call.host.send(call.now, call.id, data));
        self.note_try(Transfer::Send, sent)
    }

    /// One that would have to wait was only a try.
    fn note_try(&self, way: Transfer, moved: Result<usize, Failure>) -> Result<usize, Failure> {
        if moved.is_ok_and(|_| true) || moved.is_err_and(|f| f.cause != Cause::WouldBlock) {
            self.note_transfer(way, Poll::Ready(moved));
        }
        moved
    }

    fn note_transfer(&self, way: Transfer, polled: Poll<Result<usize, Failure>>) {
        let mut state = self.machine().lock();
        if self.is_dead(&state) {
            return;
        }
        let (host, now, id) = (self.machine().index, state.now(), self.id());
        let (action, call) = match way {
            Transfer::Send => {
                let (data, all) = (Payload::Bytes(0), false);
                (Action::Send { data, all }, Call::Send)
            }
            Transfer::Recv => (Action::Recv(RecvUntil::Some), Call::Recv),
        };
        let begin = |calls: &mut super::Calls| calls.begin_code(host, now, action, String::new());
        let moved = match polled {
            Poll::Pending => return state.calls.wait(id, way, begin),
            Poll::Ready(moved) => moved,
        };
        let waited = state.calls.take_wait(id, way);
        let Some(call_id) = waited.or_else(|| begin(&mut state.calls)) else {
            return;
        };
        let result = moved.map(|bytes| match (way, bytes) {
            (Transfer::Recv, 0) => StepResult::Eof(0),
            (_, bytes) => StepResult::Bytes(bytes as u64),
        });
        let result = step_result(&state, result, call);
        state.calls.end_transfer((id, way, call_id), now, result);
    }

    /// The socket is dropped: what it waits for is given up, and it closes.
    pub(super) fn note_close(&self, state: &mut State, connected: bool) {
        for way in [Transfer::Send, Transfer::Recv] {
            if let Some(waited) = state.calls.take_wait(self.id(), way) {
                state.calls.give_up(waited);
            }
        }
        if connected {
            let now = state.now();
            let here = self.machine().index;
            let call = state
                .calls
                .begin_code(here, now, Action::Close, String::new());
            if let Some(call) = call {
                state.calls.end(call, now, StepResult::Done);
            }
        }
    }
}

fn step_result(state: &State, result: Result<StepResult, Failure>, call: Call) -> StepResult {
    match result {
        Ok(result) => result,
        Err(Failure { cause, when }) => {
            let kernel = state.kernel.as_ref();
            StepResult::Failed {
                cause: Some(cause),
                error: kernel.map(|kernel| kernel.host.profile().error(cause, call, when)),
                bytes: 0,
            }
        }
    }
}
