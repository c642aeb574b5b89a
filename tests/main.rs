//! The tests.

/// What codes, names and causes mean.
mod explain;
/// What a run looks like.
mod report;
