//! Which timers run.
//!
//! Three slots, as in real stacks: one for everything that sends again, one for the delayed ACK, one for the slow
//! ones, of which never two run at once. [`super::expiry`] says what they do when they fire.

use super::rtt::RttEstimator;
use super::{Context, Origin};
use crate::options::Options;
use crate::profile::{ConnectLimit, RtoFormula};
use crate::time::Instant;
use std::time::Duration;

/// The timers of one connection, and what their backoff counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Timers {
    pub(super) resend: Resend,
    ack: Option<Instant>,
    pub(super) slow: Slow,
    /// How often the retransmission timeout, or the wait between window probes, was doubled.
    pub(super) backoff: u32,
    /// Retransmissions by timeout since the peer last acknowledged something new.
    pub(super) retransmits: u32,
    /// While connecting: when the first SYN was sent. Later: when the first timeout of the row sent something again.
    pub(super) since: Option<Instant>,
    /// Window or keepalive probes that were not answered.
    pub(super) probes: u32,
    /// Whether a tail loss probe is out, and nothing newer was acknowledged.
    pub(super) loss_probe_out: bool,
}

/// What will be sent again, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Resend {
    Off,
    /// Our SYN.
    Syn(Instant),
    /// The first segment in flight (RFC 6298 section 5).
    Timeout(Instant),
    /// The last segment in flight (RFC 8985 section 7).
    LossProbe(Instant),
    /// What is still missing once the network has had time to put segments in order (RFC 8985 section 6.3).
    Missing(Instant),
    /// A probe of a closed window (RFC 9293 section 3.8.6.1).
    WindowProbe(Instant),
}

/// The slow timers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Slow {
    Off,
    /// The whole connection attempt.
    Connect(Instant),
    KeepAlive(Instant),
    FinWait2(Instant),
    TimeWait(Instant),
}

impl Resend {
    pub(super) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Off => None,
            Self::Syn(at)
            | Self::Timeout(at)
            | Self::LossProbe(at)
            | Self::Missing(at)
            | Self::WindowProbe(at) => Some(at),
        }
    }
}

impl Slow {
    pub(super) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Off => None,
            Self::Connect(at) | Self::KeepAlive(at) | Self::FinWait2(at) | Self::TimeWait(at) => {
                Some(at)
            }
        }
    }
}

impl Timers {
    pub(super) const NONE: Self = Self {
        resend: Resend::Off,
        ack: None,
        slow: Slow::Off,
        backoff: 0,
        retransmits: 0,
        since: None,
        probes: 0,
        loss_probe_out: false,
    };

    pub(super) fn next(&self) -> Option<Instant> {
        [self.resend.deadline(), self.ack, self.slow.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn ack_deadline(&self) -> Option<Instant> {
        self.ack
    }

    pub(super) fn stop(&mut self) {
        *self = Self::NONE;
    }

    // The SYN.

    /// The SYN, or SYN-ACK, was sent for the first time.
    pub(super) fn start_syn(&mut self, cx: &Context<'_>, origin: Origin) {
        self.retransmits = 0;
        self.since = Some(cx.now);
        self.resend = Resend::Syn(cx.clock.fires_at(cx.now, self.syn_wait(cx, origin)));
    }

    /// The SYN-ACK was sent out of turn, because the peer's SYN came again: the wait begins anew.
    pub(super) fn restart_syn(&mut self, cx: &Context<'_>, origin: Origin) {
        self.resend = Resend::Syn(cx.clock.fires_at(cx.now, self.syn_wait(cx, origin)));
    }

    /// The wait after the SYN that was sent last.
    pub(super) fn syn_wait(&self, cx: &Context<'_>, origin: Origin) -> Duration {
        let connect = &cx.profile.connect;
        match origin {
            Origin::Active => {
                let doublings = self.retransmits.saturating_sub(connect.linear_timeouts);
                let wait = double(connect.rto_initial, doublings).min(connect.rto_max);
                if self.retransmits == 0 {
                    wait
                } else {
                    wait + connect.slop
                }
            }
            Origin::Passive => double(cx.profile.accept.rto_initial, self.retransmits),
        }
    }

    /// A RST answered the SYN: send it again after `interval`, unless its retransmissions are spent.
    pub(super) fn retry_syn_after(&mut self, cx: &Context<'_>, interval: Duration) -> bool {
        let retries = match cx.profile.connect.limit {
            ConnectLimit::Retries { retries, .. }
            | ConnectLimit::RetriesOrModelTime { retries } => retries,
            ConnectLimit::Deadline(_) => u32::MAX,
        };
        let left = self.retransmits < retries;
        if left {
            self.resend = Resend::Syn(cx.clock.fires_at(cx.now, interval));
        }
        left
    }

    /// Sends the SYN again soon, if it was sent only once.
    pub(super) fn resend_first_syn(&mut self, cx: &Context<'_>, wait: Duration) {
        if self.retransmits == 0 {
            let wait = wait.max(cx.clock.shortest() * 2);
            self.resend = Resend::Syn(cx.clock.fires_at(cx.now, wait));
        }
    }

    pub(super) fn syn_retransmissions(&self) -> u32 {
        self.retransmits
    }

    /// When the SYN was sent, as long as it was sent once.
    pub(super) fn syn_sent(&self) -> Option<Instant> {
        self.since
    }

    pub(super) fn start_connect_deadline(&mut self, cx: &Context<'_>, limit: Duration) {
        self.slow = Slow::Connect(cx.clock.fires_at(cx.now, limit));
    }

    // Data.

    /// The retransmission timeout with its backoff, RFC 6298 (2.5) and (5.5).
    pub(super) fn rto(&self, rtt: &RttEstimator, cx: &Context<'_>) -> Duration {
        let rules = &cx.profile.rto;
        let base = cx.clock.round_up(rtt.timeout(rules));
        let wait = double(base, self.backoff.min(rules.doublings_max));
        match rules.formula {
            RtoFormula::Slop(slop) => (wait + slop).min(rules.max),
            RtoFormula::Standard | RtoFormula::VarianceFloor => wait.min(rules.max),
        }
    }

    /// Starts the retransmission timeout; with a user timeout, not beyond what is left of it.
    pub(super) fn start_timeout(&mut self, cx: &Context<'_>, wait: Duration) {
        self.resend = Resend::Timeout(cx.clock.fires_at(cx.now, wait));
    }

    /// A timer is not set for less than `TCP_TIMEOUT_MIN_US` after what it waits for.
    pub(super) fn start_reordering(&mut self, cx: &Context<'_>, wait: Duration) {
        let wait = wait + Duration::from_millis(2);
        self.resend = Resend::Missing(cx.clock.fires_at(cx.now, wait));
    }

    pub(super) fn start_loss_probe(&mut self, cx: &Context<'_>, wait: Duration) {
        self.resend = Resend::LossProbe(cx.clock.fires_at(cx.now, wait));
    }

    /// Everything is acknowledged.
    pub(super) fn stop_retransmission(&mut self) {
        self.resend = Resend::Off;
        self.since = None;
        self.loss_probe_out = false;
    }

    /// Something new was acknowledged.
    pub(super) fn on_progress(&mut self) {
        self.retransmits = 0;
        self.loss_probe_out = false;
    }

    /// A round trip was measured: RFC 6298 section 5 ends the backoff here.
    pub(super) fn on_sample(&mut self) {
        self.backoff = 0;
    }

    /// An acceptable ACK: the peer is alive.
    pub(super) fn on_answer(&mut self) {
        self.probes = 0;
    }

    /// Takes one doubling of the timeout back, if there was one. Returns whether the timeout, which counts from when the
    /// segment was sent last, is over already (`tcp_ld_RTO_revert`).
    pub(super) fn revert_backoff(
        &mut self,
        rtt: &RttEstimator,
        cx: &Context<'_>,
        since_sent: Duration,
    ) -> bool {
        let doubled = self.retransmits > 0 && self.backoff > 0;
        if !doubled || !matches!(self.resend, Resend::Timeout(_)) {
            return false;
        }
        self.backoff -= 1;
        let left = self
            .rto(rtt, cx)
            .saturating_sub(cx.clock.round_up(since_sent));
        if left.is_zero() {
            self.resend = Resend::Off;
            return true;
        }
        self.start_timeout(cx, left);
        false
    }

    // The rest.

    /// Starts probing a closed window, unless it is probed already.
    pub(super) fn start_window_probe(&mut self, cx: &Context<'_>, wait: Duration) {
        if self.resend == Resend::Off {
            self.resend = Resend::WindowProbe(cx.clock.fires_at(cx.now, wait));
            self.since = None;
        }
    }

    pub(super) fn continue_window_probe(&mut self, cx: &Context<'_>, wait: Duration) {
        self.resend = Resend::WindowProbe(cx.clock.fires_at(cx.now, wait));
    }

    pub(super) fn stop_window_probe(&mut self) {
        if let Resend::WindowProbe(_) = self.resend {
            self.resend = Resend::Off;
            self.backoff = 0;
            self.since = None;
        }
    }

    /// Starts the delayed ACK's timer, unless it runs.
    pub(super) fn start_delayed_ack(&mut self, cx: &Context<'_>, wait: Duration) {
        if self.ack.is_none() {
            self.ack = Some(cx.clock.fires_at(cx.now, wait));
        }
    }

    pub(super) fn stop_delayed_ack(&mut self) {
        self.ack = None;
    }

    /// Starts the keepalive timer for a first probe after `idle`.
    pub(super) fn start_keepalive(&mut self, cx: &Context<'_>, options: &Options) {
        self.restart_keepalive(cx, options.keep_idle(&cx.profile.keepalive));
    }

    pub(super) fn restart_keepalive(&mut self, cx: &Context<'_>, wait: Duration) {
        self.slow = Slow::KeepAlive(cx.clock.fires_at(cx.now, wait));
    }

    pub(super) fn stop_keepalive(&mut self) {
        if let Slow::KeepAlive(_) = self.slow {
            self.slow = Slow::Off;
        }
    }

    pub(super) fn start_fin_wait_2(&mut self, cx: &Context<'_>) {
        self.slow = Slow::FinWait2(cx.clock.fires_at(cx.now, cx.profile.close.fin_wait_2));
    }

    pub(super) fn start_time_wait(&mut self, cx: &Context<'_>) {
        self.slow = Slow::TimeWait(cx.clock.fires_at(cx.now, cx.profile.close.time_wait));
    }
}

/// `wait`, doubled that often.
pub(super) fn double(wait: Duration, doublings: u32) -> Duration {
    wait.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX))
}
