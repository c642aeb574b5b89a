//! A deterministic test harness for TCP errors.

mod duration;
pub mod engine;
pub mod expect;
pub mod explain;
mod link;
pub mod network;
pub mod outcome;
pub mod plan;
pub mod report;
#[cfg(test)]
mod sample;
pub mod scenario;
mod script;
pub mod trace;

pub use halfopen_tcp as tcp;
pub use link::LinkFigures;
pub use report::Report;
