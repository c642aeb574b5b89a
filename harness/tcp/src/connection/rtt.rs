//! Round-trip estimation and the retransmission timeout, RFC 6298.

use crate::profile::{Rto, RtoFormula};
use crate::wire::Seq;
use std::num::NonZeroU32;
use std::time::Duration;

/// Smoothed round-trip time and its variance.
///
/// Scaled integers in microseconds as in Jacobson's paper and in the BSD and Linux code: `srtt8` is eight times the
/// smoothed time, `var4` four times the variance, so that RFC 6298 (2.2) and (2.3) become shifts and the timeout is
/// `srtt8 / 8 + var4`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RttEstimator {
    /// Nothing was measured yet.
    NoSample,
    /// At least one sample.
    Measured {
        srtt8: NonZeroU32,
        var4: u32,
        /// The shortest.
        min: u32,
        slow: SlowVariance,
    },
}

/// What Linux keeps beside the variance so that it falls only once a round trip (`tcp_rtt_estimator`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SlowVariance {
    /// The mean deviation, times four.
    deviation4: u32,
    /// Its largest value in this round trip, not under the minimum RTO.
    deviation4_max: u32,
    /// The round trip ends when this is acknowledged.
    round_end: Seq,
}

impl RttEstimator {
    /// Takes a measured round trip. `una` and `nxt` are the connection's `SND.UNA` and `SND.NXT`, which tell Linux's
    /// variant when a round trip has passed.
    pub(crate) fn on_sample(&mut self, rtt: Duration, una: Seq, nxt: Seq, rto: &Rto) {
        // Half an hour is far beyond any round trip that is still measured, and its scaled value fits.
        let sample = rtt.as_micros().min(1_800_000_000 / 8) as u32;
        let floor = match rto.formula {
            RtoFormula::VarianceFloor => rto.min.as_micros() as u32,
            RtoFormula::Standard | RtoFormula::Slop(_) => 0,
        };
        *self = match *self {
            Self::NoSample => {
                let var4 = (sample * 2).max(floor);
                Self::Measured {
                    srtt8: at_least_one(sample * 8),
                    var4,
                    min: sample,
                    slow: SlowVariance {
                        deviation4: sample * 2,
                        deviation4_max: var4,
                        round_end: nxt,
                    },
                }
            }
            Self::Measured {
                srtt8,
                var4,
                min,
                slow,
            } => {
                let min = min.min(sample);
                let error = sample as i32 - (srtt8.get() / 8) as i32;
                let smoothed = at_least_one(srtt8.get().saturating_add_signed(error));
                match rto.formula {
                    RtoFormula::Standard | RtoFormula::Slop(_) => Self::Measured {
                        srtt8: smoothed,
                        var4: var4 - var4 / 4 + error.unsigned_abs(),
                        min,
                        slow,
                    },
                    RtoFormula::VarianceFloor => {
                        let (var4, slow) = slow.updated(error, var4, una, nxt, floor);
                        Self::Measured {
                            srtt8: smoothed,
                            var4,
                            min,
                            slow,
                        }
                    }
                }
            }
        };
    }

    /// The timeout before backoff and without its upper bound; the profile's fallback if nothing was measured.
    pub(crate) fn timeout(&self, rto: &Rto) -> Duration {
        let Self::Measured { srtt8, var4, .. } = *self else {
            return rto.fallback;
        };
        let plain = Duration::from_micros(u64::from(srtt8.get() / 8) + u64::from(var4));
        match rto.formula {
            RtoFormula::Standard | RtoFormula::Slop(_) => plain.max(rto.min),
            RtoFormula::VarianceFloor => plain,
        }
    }

    /// The shortest round trip of all.
    pub(crate) fn shortest(&self) -> Option<Duration> {
        match *self {
            Self::NoSample => None,
            Self::Measured { min, .. } => Some(Duration::from_micros(u64::from(min))),
        }
    }

    /// The smoothed round-trip time.
    pub(crate) fn smoothed(&self) -> Option<Duration> {
        match *self {
            Self::NoSample => None,
            Self::Measured { srtt8, .. } => Some(Duration::from_micros(u64::from(srtt8.get() / 8))),
        }
    }
}

impl SlowVariance {
    /// `tcp_rtt_estimator` in net/ipv4/tcp_input.c: the deviation rises at once and falls by an eighth of the
    /// difference; the variance follows its maximum, and falls by a quarter of the difference once a round trip.
    fn updated(self, error: i32, var4: u32, una: Seq, nxt: Seq, floor: u32) -> (u32, Self) {
        let mut change = error.abs() - (self.deviation4 / 4) as i32;
        if error < 0 && change > 0 {
            // A sudden drop of the round trip must not look like variance.
            change /= 8;
        }
        let deviation4 = self.deviation4.saturating_add_signed(change);
        let mut deviation4_max = self.deviation4_max.max(deviation4);
        let mut var4 = var4;
        if deviation4 > self.deviation4_max {
            var4 = var4.max(deviation4_max);
        }
        let mut round_end = self.round_end;
        if una.after(round_end) {
            var4 -= var4.saturating_sub(deviation4_max) / 4;
            round_end = nxt;
            deviation4_max = floor;
        }
        (
            var4,
            Self {
                deviation4,
                deviation4_max,
                round_end,
            },
        )
    }
}

/// `tcp_rtt_estimator` stores no less either.
fn at_least_one(srtt8: u32) -> NonZeroU32 {
    NonZeroU32::new(srtt8).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn rules(formula: RtoFormula, min: u64) -> Rto {
        Rto {
            fallback: ms(3000),
            min: ms(min),
            max: ms(60_000),
            formula,
            doublings_max: 16,
        }
    }

    fn timeout_after(rto: &Rto, samples: &[u64]) -> Duration {
        let mut estimator = RttEstimator::NoSample;
        for (n, sample) in samples.iter().enumerate() {
            let una = Seq(1000 * n as u32);
            estimator.on_sample(ms(*sample), una, una + 1000, rto);
        }
        estimator.timeout(rto)
    }

    #[test]
    fn no_sample_gives_the_fallback() {
        assert_eq!(
            timeout_after(&rules(RtoFormula::Standard, 300), &[]),
            ms(3000)
        );
    }

    /// RFC 6298 (2.2): RTO = R + 4 * R/2.
    #[test]
    fn first_sample() {
        assert_eq!(
            timeout_after(&rules(RtoFormula::Standard, 300), &[200]),
            ms(600)
        );
        assert_eq!(
            timeout_after(&rules(RtoFormula::Standard, 300), &[50]),
            ms(300)
        );
    }

    /// RFC 6298 (2.3) by hand: R = 200, then 100: RTTVAR = 3/4*100 + 1/4*100 = 100, SRTT = 187.5.
    #[test]
    fn later_samples() {
        let expected = Duration::from_micros(187_500 + 400_000);
        assert_eq!(
            timeout_after(&rules(RtoFormula::Standard, 300), &[200, 100]),
            expected
        );
    }

    /// What Linux 6.18 shows in TCP_INFO before rounding to a jiffy: RTT + 200 ms.
    #[test]
    fn linux_adds_its_minimum_to_the_round_trip() {
        let linux = rules(RtoFormula::VarianceFloor, 200);
        assert_eq!(timeout_after(&linux, &[10]), ms(210));
        assert_eq!(timeout_after(&linux, &[10; 10]), ms(210));
        assert_eq!(timeout_after(&linux, &[150]), ms(450));
    }

    /// After a jump of the round trip Linux's variance rises at once and falls slowly.
    #[test]
    fn linux_variance_falls_once_a_round_trip() {
        let linux = rules(RtoFormula::VarianceFloor, 200);
        let jump = timeout_after(&linux, &[10, 400]);
        assert!(jump > ms(400), "{jump:?}");
        let later = timeout_after(&linux, &[10, 400, 10, 10]);
        assert!(later < jump && later > ms(250), "{later:?}");
    }
}
