//! Verdicts as data: one JSON object a line, one line a case. The command prints them so, and the repository keeps the
//! last ones so, to compare them again without a kernel.

use super::compare::{Difference, Windowed};
use super::{Event, Observation, Run, Verdict, Verified};
use crate::Facts;
use halfopen::tcp::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A line that is not a verdict.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {error}")]
pub struct RecordError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub error: serde_json::Error,
}

/// Reads what [`Verified::to_json`] wrote, one a line.
///
/// # Errors
/// The first line that is not one.
pub fn read_records(text: &str) -> Result<Vec<Verified>, RecordError> {
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            let line = serde_json::from_str::<Record>(line);
            line.map(Verified::from).map_err(|error| RecordError {
                line: index + 1,
                error,
            })
        })
        .collect()
}

impl Verified {
    /// The JSON form: one object on one line, without the line's end.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Record::from(self)).expect("its keys are strings")
    }
}

/// The form on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    scenario: String,
    case: BTreeMap<String, String>,
    kernel: String,
    hz: u32,
    seed: u64,
    verdict: VerdictName,
    /// Why it was skipped.
    why: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    differences: Vec<DifferenceRecord>,
    end_ns: Option<u64>,
    seen: Option<Observation>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum VerdictName {
    Agrees,
    Differs,
    Skipped,
}

#[derive(Serialize, Deserialize)]
struct DifferenceRecord {
    lane: String,
    simulated: Option<SimulatedRecord>,
    kernel: Option<Event>,
}

#[derive(Serialize, Deserialize)]
struct SimulatedRecord {
    what: String,
    window_ns: (u64, u64),
}

impl From<&Verified> for Record {
    fn from(verified: &Verified) -> Self {
        let (verdict, why, differences) = match &verified.verdict {
            Verdict::Agrees => (VerdictName::Agrees, None, Vec::new()),
            Verdict::Skipped(why) => (VerdictName::Skipped, Some(why.clone()), Vec::new()),
            Verdict::Differs(differences) => {
                let records = differences.iter().map(DifferenceRecord::from).collect();
                (VerdictName::Differs, None, records)
            }
        };
        Self {
            scenario: verified.scenario.clone(),
            case: verified.case.clone(),
            kernel: verified.kernel.release.clone(),
            hz: verified.kernel.hz,
            seed: verified.seed,
            verdict,
            why,
            differences,
            end_ns: verified.run.as_ref().map(|run| run.end.as_nanos()),
            seen: verified.run.as_ref().map(|run| run.seen.clone()),
        }
    }
}

impl From<Record> for Verified {
    fn from(record: Record) -> Self {
        let verdict = match record.verdict {
            VerdictName::Agrees => Verdict::Agrees,
            VerdictName::Skipped => Verdict::Skipped(record.why.unwrap_or_default()),
            VerdictName::Differs => {
                let differences = record.differences.into_iter();
                Verdict::Differs(differences.map(Difference::from).collect())
            }
        };
        let run = record.end_ns.zip(record.seen);
        Self {
            scenario: record.scenario,
            case: record.case,
            seed: record.seed,
            kernel: Facts {
                release: record.kernel,
                hz: record.hz,
            },
            verdict,
            run: run.map(|(end, seen)| Run {
                end: Instant::from_nanos(end),
                seen,
            }),
        }
    }
}

impl From<&Difference> for DifferenceRecord {
    fn from(difference: &Difference) -> Self {
        let simulated = difference.simulated.as_ref();
        Self {
            lane: difference.lane.clone(),
            simulated: simulated.map(|event| SimulatedRecord {
                what: event.what.clone(),
                window_ns: (event.window.0.as_nanos(), event.window.1.as_nanos()),
            }),
            kernel: difference.kernel.clone(),
        }
    }
}

impl From<DifferenceRecord> for Difference {
    fn from(record: DifferenceRecord) -> Self {
        let instants = |(from, to)| (Instant::from_nanos(from), Instant::from_nanos(to));
        Self {
            lane: record.lane,
            simulated: record.simulated.map(|event| Windowed {
                what: event.what,
                window: instants(event.window_ns),
            }),
            kernel: record.kernel,
        }
    }
}
