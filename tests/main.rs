//! The tests.

/// What is said about bad input.
mod diagnostics;
/// What codes, names and causes mean.
mod explain;
/// What a run looks like.
mod report;
/// What each state makes of each segment.
mod states;
/// What the architecture promises about absence.
mod tidy;
