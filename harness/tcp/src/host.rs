//! One machine's kernel, as far as TCP goes.

mod api;

pub use api::{Failure, Host, ProcessId, Shutdown, SocketId, SocketOption, Transition};
