//! From what a case's process tells to an outcome.

use crate::KernelError;
use crate::log::{Log, PacketFate, StepEnd, StepEntry};
use crate::wire;
use halfopen::expect;
use halfopen::network::Network;
use halfopen::outcome::{EngineName, LimitReached, Outcome, PacketRecord, StepOutcome, StepResult};
use halfopen::plan::Plan;
use halfopen::tcp::profile::{Os, OsError, errors};
use halfopen::tcp::{Cause, Instant};
use halfopen::trace::Trace;

/// The outcome of a case of `plan`.
pub(crate) fn outcome(plan: &Plan, seed: u64, log: &Log) -> Result<Outcome, KernelError> {
    let mut steps: Vec<_> = log.steps.iter().map(step).collect::<Result<_, _>>()?;
    let limit = log.too_many.then_some(LimitReached::Events);
    let faults = log.faults.iter();
    Ok(Outcome {
        engine: EngineName::Kernel,
        seed,
        verdict: expect::judge(plan, &mut steps, limit),
        end: Instant::from_nanos(log.end),
        steps,
        faults: faults
            .map(|(at, index)| (Instant::from_nanos(*at), *index))
            .collect(),
        packets: packets(plan, seed, log),
    })
}

fn step(entry: &StepEntry) -> Result<StepOutcome, KernelError> {
    let end = entry
        .end
        .map(|(at, end)| Ok((Instant::from_nanos(at), result(end)?)))
        .transpose()?;
    Ok(StepOutcome {
        host: entry.host,
        program: entry.program,
        run: entry.run,
        step: entry.step,
        start: Instant::from_nanos(entry.start),
        end,
        mismatch: None,
    })
}

fn result(end: StepEnd) -> Result<StepResult, KernelError> {
    Ok(match end {
        StepEnd::Done => StepResult::Done,
        StepEnd::Bytes(bytes) => StepResult::Bytes(bytes),
        StepEnd::Eof(bytes) => StepResult::Eof(bytes),
        StepEnd::Failed { errno, bytes } => StepResult::Failed {
            cause: None,
            error: Some(error(errno)?),
            bytes,
        },
        StepEnd::Killed => StepResult::Failed {
            cause: Some(Cause::Killed),
            error: None,
            bytes: 0,
        },
    })
}

fn error(errno: i32) -> Result<&'static OsError, KernelError> {
    errors::all(Os::Linux)
        .iter()
        .find(|error| error.code == errno)
        .ok_or_else(|| {
            KernelError::system(
                "name an error",
                format!("{errno} is missing in the table of Linux errors"),
            )
        })
}

fn packets(plan: &Plan, seed: u64, log: &Log) -> Vec<PacketRecord> {
    let mut trace = Trace::new(true);
    let at = Instant::from_nanos;
    for entry in &log.packets {
        let Some(packet) = wire::parse(&wire::with_payload(entry.bytes.clone())) else {
            continue;
        };
        let tag = trace.sent(at(entry.at), (entry.from, entry.to), &packet, entry.forged);
        match entry.fate {
            PacketFate::InFlight => {}
            PacketFate::Held => trace.held(tag),
            PacketFate::Lost(when, reason) => trace.lost(tag, at(when), reason),
            PacketFate::Delivered(when) => trace.delivered(tag, at(when)),
            PacketFate::Duplicated(first, second) => {
                trace.delivered(tag, at(first));
                trace.delivered(tag, at(second));
            }
        }
    }
    trace.finish(&Network::new(plan, seed), [])
}
