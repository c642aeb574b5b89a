//! A deterministic test harness for TCP errors.

pub mod engine;
pub mod explain;
mod link;
pub mod network;
pub mod outcome;
pub mod plan;
pub mod report;
pub mod scenario;

pub use halfopen_tcp as tcp;
pub use link::LinkFigures;
pub use report::Report;
