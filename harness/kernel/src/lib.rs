//! Runs one case of a scenario on the real Linux kernel, in real time.
//!
//! Every host becomes a network namespace with a TUN device. One process holds the other ends of all devices and is the
//! network between them: it reads IP packets, asks the network function that the simulation uses what becomes of each,
//! and writes the ones that arrive, unchanged, to the receiver's device when they are due. Programs are processes that
//! perform the scenario's steps with real blocking sockets.
//!
//! # Processes
//! [`start`] forks one process for the case, and everything belongs to that process: the namespaces have no name and no
//! mount and end with it, its programs are its children and die with it, and it dies with the caller. So nothing is left
//! behind, however any of them ends.
//!
//! # Rights
//! Root, or a system that lets an unprivileged user make a user namespace and open `/dev/net/tun`. [`access`] tells
//! which, or what is missing.

mod error;
mod facts;
pub mod verify;

pub use error::KernelError;
pub use facts::{Access, Facts};

#[cfg(target_os = "linux")]
mod case;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod expressible;
#[cfg(target_os = "linux")]
mod log;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod namespace;
#[cfg(target_os = "linux")]
mod netlink;
#[cfg(target_os = "linux")]
mod outcome;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod sysctl;
#[cfg(target_os = "linux")]
mod tap;
#[cfg(target_os = "linux")]
mod wire;

#[cfg(target_os = "linux")]
pub use run::{Finished, Options, Running, access, run, start};

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{Options, Running, access, run, start};
