//! How far a long run has come.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

/// A bar on standard error, which appears after a second and only if somebody watches.
pub(crate) struct Progress {
    total: u64,
    done: u64,
    begun: Option<Instant>,
    bar: Option<ProgressBar>,
}

/// Who waits less than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

impl Progress {
    pub(crate) fn new(total: usize) -> Self {
        Self {
            total: total as u64,
            done: 0,
            begun: stderr().is_terminal().then(now),
            bar: None,
        }
    }

    /// Counts one case.
    pub(crate) fn advance(&mut self) {
        self.done += 1;
        let Some(begun) = self.begun else {
            return;
        };
        if self.bar.is_none() && now().duration_since(begun) >= PATIENCE {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} cases, {eta} left");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar = Some(ProgressBar::new(self.total).with_style(style));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
        }
    }

    /// Prints something else, with the bar out of the way.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person waits in real time; no result depends on it"
)]
fn now() -> Instant {
    Instant::now()
}
