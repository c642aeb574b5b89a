//! A program of a scenario: one step after another, as calls on its machine's sockets.
//!
//! A step that has to wait is tried again when its socket changes. A step that fails does not stop the program: what
//! the next read or write returns after an error is what many scenarios are about. Steps take no virtual time of
//! their own.

mod calls;

use crate::network::Network;
use crate::outcome::{StepOutcome, StepResult};
use crate::plan::{Action, HostIndex, ProgramPlan, Step};
use calls::{Begun, Pending};
use halfopen_tcp::{Cause, Host, Instant, ProcessId, SocketId};

/// A running program.
#[derive(Debug)]
pub(crate) struct Program<'p> {
    plan: &'p ProgramPlan,
    process: ProcessId,
    /// By name.
    names: Vec<Option<SocketId>>,
    listeners: Vec<(u16, SocketId)>,
    /// The connection that steps work on which do not say.
    latest: Option<SocketId>,
    /// What `bind` or an early `set` made, until a `connect` or `listen` takes it.
    bound: Option<SocketId>,
    next_step: usize,
    waiting: Option<Waiting<'p>>,
}

/// A step that has begun and not ended.
#[derive(Debug)]
struct Waiting<'p> {
    step: &'p Step,
    pending: Pending<'p>,
    /// Where its outcome is.
    outcome: usize,
}

/// What a program may touch when its turn comes.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    /// Its machine.
    pub(crate) host: &'a mut Host,
    pub(crate) here: HostIndex,
    /// For the MTU of the way to a peer.
    pub(crate) network: &'a Network,
    pub(crate) buffers: &'a mut Buffers,
    pub(crate) outcomes: &'a mut Vec<StepOutcome>,
}

/// Memory for payloads, made when the first is needed and shared by all programs of a run.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    pattern: Vec<u8>,
    received: Vec<u8>,
}

/// What came of a program's turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// A step ended; the next one's turn is now.
    Ended,
    /// A step began, and waits.
    Began,
    /// It waits as before, or has no more steps.
    Idle,
}

impl<'p> Program<'p> {
    /// Starts a program on its machine.
    pub(crate) fn start(plan: &'p ProgramPlan, host: &mut Host) -> Self {
        Self {
            plan,
            process: host.spawn(),
            names: vec![None; plan.names.len()],
            listeners: Vec::new(),
            latest: None,
            bound: None,
            next_step: 0,
            waiting: None,
        }
    }

    pub(crate) fn process(&self) -> ProcessId {
        self.process
    }

    /// The socket that the current step waits for.
    pub(crate) fn waits_for(&self) -> Option<SocketId> {
        self.waiting.as_ref().and_then(|w| w.pending.socket())
    }

    /// When the current step stops waiting, whatever its socket does.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.waiting.as_ref().and_then(|w| w.pending.deadline())
    }

    /// Begins the next step, or tries the current one again. `run` is how often the program was started before, and
    /// `number` which of its machine's it is.
    pub(crate) fn turn(&mut self, cx: &mut Context<'_>, number: usize, run: u32) -> Turn {
        if let Some(mut waiting) = self.waiting.take() {
            return match self.attempt(&mut waiting.pending, waiting.step, cx) {
                Some(result) => end(cx, waiting.outcome, result),
                None => {
                    self.waiting = Some(waiting);
                    Turn::Idle
                }
            };
        }
        let Some(step) = self.plan.steps.get(self.next_step) else {
            return Turn::Idle;
        };
        let outcome = cx.outcomes.len();
        cx.outcomes.push(StepOutcome {
            host: cx.here,
            program: number,
            run,
            step: self.next_step,
            start: cx.now,
            end: None,
            mismatch: None,
        });
        self.next_step += 1;
        let mut pending = match self.begin(step, cx) {
            Begun::Ended(result) => return end(cx, outcome, result),
            Begun::Pending(pending) => pending,
        };
        if let Some(result) = self.attempt(&mut pending, step, cx) {
            return end(cx, outcome, result);
        }
        self.waiting = Some(Waiting {
            step,
            pending,
            outcome,
        });
        Turn::Began
    }

    /// The program dies; the step that waits ends without a result. Its sockets are its machine's business.
    pub(crate) fn killed(self, now: Instant, outcomes: &mut [StepOutcome]) {
        if let Some(waiting) = self.waiting {
            let result = StepResult::Failed {
                cause: Some(Cause::Killed),
                error: None,
                bytes: waiting.pending.bytes(),
            };
            outcomes[waiting.outcome].end = Some((now, result));
        }
    }

    /// The socket that a step works on.
    fn target(&self, step: &Step) -> Option<SocketId> {
        match (step.on, &step.action) {
            (Some(name), _) => self.names.get(name).copied().flatten(),
            // Options are often set between `bind` and `connect`.
            (None, Action::Set(_) | Action::GetError) => self.bound.or(self.latest),
            (None, _) => self.latest,
        }
    }

    fn name(&mut self, step: &Step, socket: SocketId) {
        if let Some(slot) = step.opens.and_then(|name| self.names.get_mut(name)) {
            *slot = Some(socket);
        }
    }

    /// A closed socket is gone for all its names.
    fn forget(&mut self, socket: SocketId) {
        for slot in self
            .names
            .iter_mut()
            .chain([&mut self.latest, &mut self.bound])
        {
            slot.take_if(|s| *s == socket);
        }
        self.listeners.retain(|(_, s)| *s != socket);
    }
}

fn end(cx: &mut Context<'_>, outcome: usize, result: StepResult) -> Turn {
    cx.outcomes[outcome].end = Some((cx.now, result));
    Turn::Ended
}

impl Buffers {
    /// The bytes of `{ bytes = N }` from `offset` on, at most `len`, and no more than one call's worth.
    pub(crate) fn pattern(&mut self, offset: u64, len: u64) -> &[u8] {
        let len = len.min(SEND_MAX) as usize;
        let start = (offset % PATTERN) as usize;
        if self.pattern.len() < start + len {
            let wanted = PATTERN + len as u64;
            self.pattern = (0..wanted).map(|i| (i % PATTERN) as u8).collect();
        }
        &self.pattern[start..start + len]
    }

    /// Room for up to `len` bytes, and no more than one call's worth.
    pub(crate) fn room(&mut self, len: u64) -> &mut [u8] {
        if self.received.is_empty() {
            self.received = vec![0; RECEIVE_MAX];
        }
        let len = usize::try_from(len).unwrap_or(RECEIVE_MAX);
        &mut self.received[..len.min(RECEIVE_MAX)]
    }
}

/// The pattern's period, a prime, so that it does not line up with segments or buffers.
const PATTERN: u64 = 251;

/// Bytes that one call sends at most.
const SEND_MAX: u64 = 1 << 20;

/// Bytes that one call receives at most.
const RECEIVE_MAX: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_continues_where_it_stopped() {
        let mut buffers = Buffers::default();
        assert_eq!(buffers.pattern(0, 3), [0, 1, 2]);
        assert_eq!(buffers.pattern(250, 3), [250, 0, 1]);
        assert_eq!(buffers.pattern(u64::MAX, 1).len(), 1);
        assert_eq!(buffers.pattern(0, u64::MAX).len() as u64, SEND_MAX);
        assert!(
            buffers
                .pattern(1, 300)
                .iter()
                .eq((1..251).chain(0..50).collect::<Vec<u8>>().iter())
        );
    }

    #[test]
    fn room_is_never_more_than_one_calls() {
        let mut buffers = Buffers::default();
        assert_eq!(buffers.room(5).len(), 5);
        assert_eq!(buffers.room(u64::MAX).len(), RECEIVE_MAX);
    }
}
