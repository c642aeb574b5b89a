//! What programs called and what came of it, for the report.

use crate::outcome::{StepOutcome, StepResult};
use crate::plan::{Action, HostIndex, Step};
use halfopen_tcp::{Cause, Instant, SocketId};

/// The calls of a machine's programs.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    outcomes: Vec<StepOutcome>,
    /// Of the calls that have not ended, how many bytes they have moved.
    open: Vec<(CallId, u64)>,
    /// Calls that were given up or became part of another.
    gone: Vec<CallId>,
    code: Option<Code>,
}

/// The calls of a program that is code: where a plan has steps, they are made as it goes.
#[derive(Debug)]
struct Code {
    program: usize,
    run: u32,
    steps: Vec<Step>,
    /// Reads and writes that were polled and have to wait.
    waits: Vec<(SocketId, Transfer, CallId)>,
    /// The last transfer that ended, which the next may continue.
    last: Option<(SocketId, Transfer, CallId)>,
}

/// A call that has begun.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct CallId(usize);

/// Which way data goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transfer {
    Send,
    Recv,
}

impl Calls {
    /// A program that is code starts. All code of a machine counts as the first such program: nothing tells which of
    /// them a task is part of.
    pub(crate) fn record_code(&mut self, program: usize, run: u32) {
        match &mut self.code {
            Some(code) if code.program == program => code.run = run,
            Some(_) => {}
            None => {
                self.code = Some(Code {
                    program,
                    run,
                    steps: Vec::new(),
                    waits: Vec::new(),
                    last: None,
                });
            }
        }
    }

    /// A step begins.
    pub(crate) fn begin(&mut self, outcome: StepOutcome) -> CallId {
        let id = CallId(self.outcomes.len());
        self.outcomes.push(outcome);
        self.open.push((id, 0));
        id
    }

    /// Code makes a call. `None`: nobody wants to know.
    pub(crate) fn begin_code(
        &mut self,
        host: HostIndex,
        now: Instant,
        action: Action,
        detail: String,
    ) -> Option<CallId> {
        let code = self.code.as_mut()?;
        let step = code.steps.len();
        code.steps.push(Step {
            action,
            opens: None,
            on: None,
            expect: None,
            note: None,
            detail,
        });
        let (program, run) = (code.program, code.run);
        Some(self.begin(StepOutcome {
            host,
            program,
            run,
            step,
            start: now,
            end: None,
            mismatch: None,
        }))
    }

    /// It has moved that many bytes so far.
    pub(crate) fn progress(&mut self, id: CallId, bytes: u64) {
        if let Some((_, moved)) = self.open.iter_mut().find(|(open, _)| *open == id) {
            *moved = bytes;
        }
    }

    /// It ends.
    pub(crate) fn end(&mut self, id: CallId, now: Instant, result: StepResult) {
        let before = self.open.len();
        self.open.retain(|(open, _)| *open != id);
        if self.open.len() < before {
            self.outcomes[id.0].end = Some((now, result));
        }
    }

    /// Its caller has lost interest.
    pub(crate) fn give_up(&mut self, id: CallId) {
        if self.open.iter().any(|(open, _)| *open == id) {
            self.open.retain(|(open, _)| *open != id);
            self.gone.push(id);
        }
    }

    /// A read or write of code that has to wait: it began when it was first polled.
    pub(crate) fn wait(
        &mut self,
        socket: SocketId,
        way: Transfer,
        begin: impl FnOnce(&mut Self) -> Option<CallId>,
    ) {
        let known = self.code.as_ref().is_some_and(|code| {
            let mut waits = code.waits.iter();
            waits.any(|(known, known_way, _)| (*known, *known_way) == (socket, way))
        });
        if known {
            return;
        }
        let id = begin(self);
        if let (Some(code), Some(id)) = (&mut self.code, id) {
            code.waits.push((socket, way, id));
        }
    }

    /// The read or write that waited on this socket, if one did.
    pub(crate) fn take_wait(&mut self, socket: SocketId, way: Transfer) -> Option<CallId> {
        let waits = &mut self.code.as_mut()?.waits;
        let place = waits
            .iter()
            .position(|(known, known_way, _)| (*known, *known_way) == (socket, way))?;
        Some(waits.swap_remove(place).2)
    }

    /// A read or write of code ends. One that goes on where the one before it stopped is the same to a reader: code
    /// reads and writes in whatever pieces its buffers have.
    pub(crate) fn end_transfer(
        &mut self,
        (socket, way, id): (SocketId, Transfer, CallId),
        now: Instant,
        result: StepResult,
    ) {
        self.end(id, now, result);
        let start = self.outcomes[id.0].start;
        let Some(code) = &mut self.code else {
            return;
        };
        let continued = code.last.filter(|(known, known_way, last)| {
            (*known, *known_way) == (socket, way)
                && self.outcomes[last.0]
                    .end
                    .is_some_and(|(end, _)| end == start)
        });
        if let (Some((_, _, last)), StepResult::Bytes(more)) = (continued, result)
            && let Some((end, StepResult::Bytes(bytes))) = &mut self.outcomes[last.0].end
        {
            *end = now;
            *bytes += more;
            self.gone.push(id);
        } else {
            code.last = Some((socket, way, id));
        }
    }

    /// The programs die: what they wait for ends without a result.
    pub(crate) fn kill(&mut self, now: Instant) {
        for (CallId(index), bytes) in std::mem::take(&mut self.open) {
            let result = StepResult::Failed {
                cause: Some(Cause::Killed),
                error: None,
                bytes,
            };
            self.outcomes[index].end = Some((now, result));
        }
        if let Some(code) = &mut self.code {
            code.waits.clear();
            code.last = None;
        }
    }

    /// The calls in the order in which they began, and the steps that those of code are.
    pub(crate) fn finish(mut self) -> (Vec<StepOutcome>, Vec<Step>) {
        self.gone.sort_unstable();
        let outcomes = std::mem::take(&mut self.outcomes).into_iter().enumerate();
        let kept = outcomes.filter(|(index, _)| self.gone.binary_search(&CallId(*index)).is_err());
        let outcomes = kept.map(|(_, outcome)| outcome).collect();
        (outcomes, self.code.map_or_else(Vec::new, |code| code.steps))
    }
}
