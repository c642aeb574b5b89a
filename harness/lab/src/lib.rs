//! A deterministic test harness for TCP errors.

pub mod diagram;
mod duration;
pub mod engine;
pub mod expect;
pub mod explain;
#[cfg(feature = "sockets")]
mod lab;
mod link;
#[cfg(feature = "sockets")]
pub mod net;
pub mod network;
pub mod outcome;
pub mod plan;
pub mod reference;
pub mod report;
#[cfg(test)]
mod sample;
pub mod scenario;
mod script;
#[cfg(feature = "sockets")]
mod sockets;
pub mod testing;
pub mod trace;

pub use halfopen_tcp as tcp;
#[cfg(feature = "sockets")]
pub use lab::{
    At, Kernels, Lab, LabFailure, LabHost, LabReport, block, boot, drop_segments, heal, hold, kill,
    partition, pause, power_off, reject, reject_all, release, reset, resume, route, set_link,
    unroute,
};
pub use link::LinkFigures;
pub use report::Report;
#[cfg(feature = "sockets")]
pub use sockets::{cause, os_error};
