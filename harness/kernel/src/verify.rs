//! Whether the simulation agrees with the kernel.
//!
//! A kernel's timers fire on a wheel whose slots lie somewhere relative to the start of the case, and nobody can choose
//! where. So the simulation runs once for each place where they can lie: what it says is a set of courses of events,
//! and for each event of a course a window of time. A run on the kernel agrees if it takes one of these courses, and each
//! event falls into its window, give or take [`ALLOWANCE`].
//!
//! What is compared: how each step of each program ended and when; of each packet its direction, flags, relative
//! sequence number, length, how often it was sent before, and when it was sent. Events are compared in the order that the
//! same program or the same sender gave them, and their times count from what came last before them on their host (see
//! the module `anchor`).

mod anchor;
mod compare;
mod course;
mod observation;
mod record;
#[cfg(target_os = "linux")]
mod suite;
mod text;

#[cfg(not(target_os = "linux"))]
pub use crate::elsewhere::verify;
pub use compare::{ALLOWANCE, Difference, Windowed, compare};
pub use course::{Course, courses};
pub use observation::{Event, Observation};
pub use record::{RecordError, read_records};
#[cfg(target_os = "linux")]
pub use suite::verify;

use crate::Facts;
use halfopen::plan::Plan;
use halfopen::tcp::Instant;
use halfopen::tcp::profile::Os;
use std::collections::BTreeMap;
use std::time::Duration;

/// How to verify.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SuiteOptions {
    /// The seed of the network's random numbers.
    pub seed: u64,
    /// A case that needs longer than this is skipped.
    pub budget: Duration,
    /// How many cases run at the same time.
    pub at_once: usize,
}

impl SuiteOptions {
    /// What holds where nothing else is said. Sixteen cases at once keep a core busy for a few per cent of the time.
    pub const DEFAULT: Self = Self {
        seed: 0,
        budget: Duration::from_secs(120),
        at_once: 16,
    };
}

/// How far a verification has come.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// Said several times a second.
    Going {
        /// Cases that are done.
        done: usize,
        /// All of them.
        cases: usize,
        /// How much longer it will take.
        left: Duration,
    },
    /// A case is done.
    Done(&'a Verified),
}

/// What came of verifying one case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// [`Plan::scenario`].
    pub scenario: String,
    /// [`Plan::case`].
    pub case: BTreeMap<String, String>,
    /// The seed of the network's random numbers.
    pub seed: u64,
    /// The kernel.
    pub kernel: Facts,
    /// The verdict.
    pub verdict: Verdict,
    /// What the kernel did; `None` if the case was skipped.
    pub run: Option<Run>,
}

/// The verdict on one case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The kernel took a course that the simulation allows.
    Agrees,
    /// It did not.
    Differs(Vec<Difference>),
    /// It was not asked; the reason as a sentence fragment.
    Skipped(String),
}

/// What the kernel did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// Until when it was watched.
    pub end: Instant,
    /// What was seen.
    pub seen: Observation,
}

impl Verified {
    /// Whether this is about that case.
    pub fn is_of(&self, plan: &Plan) -> bool {
        self.scenario == plan.scenario && self.case == case_of(plan)
    }
}

/// Whether every host of the case runs Linux: the cases that can be verified.
pub fn is_linux(plan: &Plan) -> bool {
    plan.hosts.iter().all(|host| host.profile.os == Os::Linux)
}

fn case_of(plan: &Plan) -> BTreeMap<String, String> {
    plan.case.iter().cloned().collect()
}
