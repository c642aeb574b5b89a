//! Congestion control: slow start, congestion avoidance and the reaction to loss of RFC 5681.
//!
//! One algorithm for all systems. CUBIC, which most of them use by default, differs from it only in how fast the
//! window grows again after a loss, which no error and no error's time depends on.

/// The congestion window, in full-sized segments, as Linux counts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Congestion {
    window: u32,
    /// Slow start ends here.
    threshold: u32,
    /// Acknowledged segments since the window last grew in congestion avoidance.
    credit: u32,
}

impl Congestion {
    pub(crate) const fn new(initial: u32) -> Self {
        Self {
            window: initial,
            threshold: u32::MAX,
            credit: 0,
        }
    }

    pub(crate) const fn window(&self) -> u32 {
        self.window
    }

    /// Whether the window still doubles every round trip, with room to spare (`tcp_update_pacing_rate`).
    pub(crate) const fn is_slow_start(&self) -> bool {
        self.window < self.threshold / 2
    }

    /// Segments were acknowledged while the window was full (RFC 5681 section 3.1).
    pub(crate) fn on_ack(&mut self, segments: u32) {
        if self.window < self.threshold {
            self.window = self.window.saturating_add(segments).min(self.threshold);
            return;
        }
        self.credit += segments;
        if self.credit >= self.window {
            self.credit -= self.window;
            self.window = self.window.saturating_add(1);
        }
    }

    /// Fast retransmit: half of what was in the network stays (RFC 5681 section 3.2).
    pub(crate) fn on_fast_retransmit(&mut self, in_flight: u32) {
        self.threshold = (in_flight / 2).max(2);
        self.window = self.threshold;
        self.credit = 0;
    }

    /// A retransmission timeout: one segment (RFC 5681 section 3.1). Only the first of a row halves the threshold.
    pub(crate) fn on_timeout(&mut self, in_flight: u32, first: bool) {
        if first {
            self.threshold = (in_flight / 2).max(2);
        }
        self.window = 1;
        self.credit = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_start_doubles_until_the_threshold() {
        let mut congestion = Congestion::new(10);
        congestion.on_ack(10);
        assert_eq!(congestion.window(), 20);
        congestion.on_fast_retransmit(20);
        assert_eq!(congestion.window(), 10);
        congestion.on_ack(9);
        assert_eq!(
            congestion.window(),
            10,
            "congestion avoidance: one more a round trip"
        );
        congestion.on_ack(1);
        assert_eq!(congestion.window(), 11);
    }

    #[test]
    fn a_timeout_starts_from_one_segment() {
        let mut congestion = Congestion::new(10);
        congestion.on_timeout(10, true);
        congestion.on_timeout(1, false);
        assert_eq!((congestion.window(), congestion.threshold), (1, 5));
    }
}
