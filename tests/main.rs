//! The tests.

/// What is said about bad input.
mod diagnostics;
/// What codes, names and causes mean.
mod explain;
/// What a run looks like.
mod report;
