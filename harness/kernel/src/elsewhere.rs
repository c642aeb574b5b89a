//! What systems other than Linux get: the same functions, which say that there is no Linux kernel here.

use crate::verify::{Progress, SuiteOptions, Verified};
use crate::{Access, KernelError};
use halfopen::outcome::Outcome;
use halfopen::plan::Plan;
use std::time::Duration;

/// How long a case runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The end at the latest.
    pub until: Duration,
    /// An earlier end, after that much silence.
    pub quiet: Option<Duration>,
}

/// Never there.
#[derive(Debug)]
pub enum Running {}

/// Always fails.
///
/// # Errors
/// [`KernelError::NotPermitted`].
pub fn run(_plan: &Plan, _seed: u64, _options: Options) -> Result<Outcome, KernelError> {
    Err(only_on_linux())
}

/// Always fails.
///
/// # Errors
/// [`KernelError::NotPermitted`].
pub fn start(_plan: &Plan, _seed: u64, _options: Options) -> Result<Running, KernelError> {
    Err(only_on_linux())
}

/// Always fails.
///
/// # Errors
/// [`KernelError::NotPermitted`].
pub fn access() -> Result<Access, KernelError> {
    Err(only_on_linux())
}

/// Always fails.
///
/// # Errors
/// [`KernelError::NotPermitted`].
pub fn verify(
    _plans: &[Plan],
    _options: SuiteOptions,
    _progress: impl FnMut(Progress<'_>),
) -> Result<Vec<Verified>, KernelError> {
    Err(only_on_linux())
}

fn only_on_linux() -> KernelError {
    KernelError::NotPermitted("only on Linux: this runs scenarios on the real Linux kernel".into())
}
