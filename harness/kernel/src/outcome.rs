//! From what a case's process tells to an outcome.

use crate::KernelError;
use crate::log::{Log, PacketEntry, PacketFate, StepEnd, StepEntry};
use crate::wire;
use halfopen::outcome::{
    EngineName, Fate, LimitReached, Outcome, PacketKind, PacketRecord, StepOutcome, StepResult,
    Verdict,
};
use halfopen::plan::Plan;
use halfopen::tcp::profile::{Os, OsError, errors};
use halfopen::tcp::wire::{Body, Flags, Segment, Seq};
use halfopen::tcp::{Cause, Instant};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The outcome of a case of `plan`.
pub(crate) fn outcome(_plan: &Plan, seed: u64, log: &Log) -> Result<Outcome, KernelError> {
    let steps = log.steps.iter().map(step).collect::<Result<_, _>>()?;
    let mut trace = Trace::default();
    Ok(Outcome {
        engine: EngineName::Kernel,
        seed,
        verdict: if log.too_many {
            Verdict::Unfinished(LimitReached::Events)
        } else {
            Verdict::Passed
        },
        end: Instant::from_nanos(log.end),
        steps,
        faults: log
            .faults
            .iter()
            .map(|(at, index)| (Instant::from_nanos(*at), *index))
            .collect(),
        packets: log
            .packets
            .iter()
            .filter_map(|entry| trace.record(entry))
            .collect(),
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

/// Makes numbers relative and counts retransmissions.
#[derive(Default)]
struct Trace {
    /// The initial sequence number of each direction of each connection.
    initial: BTreeMap<(SocketAddr, SocketAddr), Seq>,
    /// How often what starts at a sequence number was sent.
    sent: BTreeMap<(SocketAddr, SocketAddr, u32), u32>,
}

impl Trace {
    fn record(&mut self, entry: &PacketEntry) -> Option<PacketRecord> {
        let packet = wire::parse(&wire::with_payload(entry.bytes.clone()))?;
        let (ports, kind) = match &packet.body {
            Body::Icmp(icmp) => (
                (icmp.quoted_dst.port(), icmp.quoted_src.port()),
                PacketKind::Icmp(icmp.kind),
            ),
            Body::Tcp(segment) => {
                let from = SocketAddr::new(packet.src, segment.src_port);
                let to = SocketAddr::new(packet.dst, segment.dst_port);
                (
                    (segment.src_port, segment.dst_port),
                    self.segment(from, to, segment),
                )
            }
        };
        Some(PacketRecord {
            at: Instant::from_nanos(entry.at),
            from: entry.from,
            to: entry.to,
            ports,
            kind,
            forged: entry.forged,
            fate: fate(entry.fate),
        })
    }

    fn segment(&mut self, from: SocketAddr, to: SocketAddr, segment: &Segment) -> PacketKind {
        if segment.has(Flags::SYN) && self.initial.get(&(from, to)) != Some(&segment.seq) {
            self.initial.insert((from, to), segment.seq);
            self.sent.retain(|key, _| (key.0, key.1) != (from, to));
        }
        let relative = |seq: Seq, way| self.initial.get(&way).map_or(0, |first| seq.since(*first));
        let (seq, ack) = (
            relative(segment.seq, (from, to)),
            relative(segment.ack, (to, from)),
        );
        let mut retransmission = 0;
        if !segment.is_empty() {
            let count = self.sent.entry((from, to, seq)).or_default();
            retransmission = *count;
            *count += 1;
        }
        PacketKind::Tcp {
            flags: segment.flags,
            seq,
            ack: if segment.has(Flags::ACK) { ack } else { 0 },
            len: segment.payload.len() as u32,
            window: segment.window.into(),
            options: segment.options,
            retransmission,
        }
    }
}

fn fate(fate: PacketFate) -> Fate {
    let at = Instant::from_nanos;
    match fate {
        PacketFate::Delivered(when) => Fate::Delivered(at(when)),
        PacketFate::Duplicated(first, second) => Fate::Duplicated(at(first), at(second)),
        PacketFate::Lost(when, reason) => Fate::Lost(at(when), reason),
        PacketFate::InFlight => Fate::InFlight,
        PacketFate::Held => Fate::Held,
    }
}
