//! What kernel this is, and what it lets us do.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What about the running kernel changes the results.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Its release: `6.18.44`.
    pub release: String,
    /// `CONFIG_HZ`: jiffies a second.
    pub hz: u32,
}

/// How this process comes to make network namespaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Access {
    /// It may as it is.
    Privileged,
    /// It may inside a user namespace of its own.
    UserNamespace,
}

impl Facts {
    /// Asks the running kernel.
    ///
    /// # Errors
    /// If it does not answer.
    #[cfg(target_os = "linux")]
    pub fn read() -> Result<Self, crate::KernelError> {
        use crate::KernelError;
        use nix::time::{ClockId, clock_getres};

        let names = nix::sys::utsname::uname()
            .map_err(|error| KernelError::system("ask for the kernel's release", error))?;
        // The coarse clocks advance once a jiffy, and their resolution is a jiffy's length (`KTIME_LOW_RES`, that is
        // `TICK_NSEC`, in the kernel's posix_get_coarse_res()).
        let jiffy = clock_getres(ClockId::CLOCK_MONOTONIC_COARSE)
            .map_err(|error| KernelError::system("ask for the length of a jiffy", error))?;
        let nanos = jiffy.tv_nsec().clamp(1, 1_000_000_000);
        Ok(Self {
            release: names.release().to_string_lossy().into_owned(),
            hz: ((1_000_000_000 + nanos / 2) / nanos) as u32,
        })
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Linux {} with CONFIG_HZ = {}", self.release, self.hz)
    }
}
