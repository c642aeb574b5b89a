//! Why a case was not run.

use serde::{Deserialize, Serialize};

/// Why a case was not run on the kernel. None of these says anything about TCP.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
pub enum KernelError {
    /// This kernel cannot be made to do what the case says; the reason as a sentence fragment.
    #[error("{0}")]
    NotExpressible(String),
    /// A right, a device or a kernel feature is missing; says how to get it.
    #[error("{0}")]
    NotPermitted(String),
    /// A call to the system failed that should not.
    #[error("{what}: {error}")]
    System {
        /// What was being done.
        what: String,
        /// The system's own message.
        error: String,
    },
    /// The process that ran the case ended without a result.
    #[error("{0}")]
    Died(String),
}

impl KernelError {
    /// A failed system call, with what was being done.
    #[cfg(target_os = "linux")]
    pub(crate) fn system(what: impl Into<String>, error: impl std::fmt::Display) -> Self {
        Self::System {
            what: what.into(),
            error: error.to_string(),
        }
    }
}
