//! The tests.

/// What codes, names and causes mean.
mod explain;
