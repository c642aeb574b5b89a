//! The sockets of one machine, for programs that wait.
//!
//! [`halfopen_tcp::Host`] never waits: a call that would have to says so. Here such a call becomes a future. Who waits
//! for what is kept beside the kernel, in the [`Machine`], which an engine drives; the sockets themselves know neither
//! the engine nor the network.
//!
//! | file | what it holds |
//! |---|---|
//! | `machine` | a kernel, who waits for it, and its clock |
//! | `socket` | a socket, and how a program waits for it |
//! | `alarm` | waiting for a time |
//! | `calls` | what programs called and what came of it, for the report |
//! | `current` | which machine the running task is on |
//! | `directory` | names of hosts |
//! | `record` | the calls of code, as they are made |
//! | `os_error` | failures as [`std::io::Error`] |

mod alarm;
mod calls;
mod current;
mod directory;
mod machine;
mod os_error;
mod record;
mod socket;

pub(crate) use alarm::Alarm;
pub(crate) use calls::{CallId, Calls};
pub(crate) use current::{current, enter_runtime};
pub(crate) use directory::{Directory, MakeFault};
pub(crate) use machine::{Kernel, Machine};
pub use os_error::{cause, os_error};
pub(crate) use os_error::{io_error, resolve_error};
pub(crate) use socket::{CallOn, Socket, Wait};
