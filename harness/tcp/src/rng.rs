//! Randomness from named streams of one seed.
//!
//! Each consumer (a link direction, a host) draws from its own stream, so that one more draw here does not shift
//! the numbers there. The generator is xoshiro256++ (Blackman and Vigna, 2019), whose output is fixed by its paper;
//! the sampling functions are ours, because those of the `rand` crate may change values in any release.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use std::time::Duration;

/// One stream of random numbers.
#[derive(Clone, Debug)]
pub struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// The stream called `name` of `seed`. The same pair always gives the same numbers.
    pub fn stream(seed: u64, name: &str) -> Self {
        // FNV-1a (RFC 9923) turns the name into a number; `seed_from_u64` (SplitMix64) spreads it.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(Xoshiro256PlusPlus::seed_from_u64(
            hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        ))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, which must not be zero. Uses Lemire's multiply-shift without the rejection step: the
    /// bias is under `bound / 2^64`.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// True with the given probability (0 never, 1 always).
    pub fn chance(&mut self, probability: f64) -> bool {
        // 53 bits make every step of the comparison an exact double.
        ((self.bits() >> 11) as f64) < probability * (1_u64 << 53) as f64
    }

    /// A duration from zero up to and including `max`.
    pub fn up_to(&mut self, max: Duration) -> Duration {
        let nanos = u64::try_from(max.as_nanos()).unwrap_or(u64::MAX - 1);
        Duration::from_nanos(self.below(nanos.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden numbers: a new version of the generator's crate must not change what a seed means.
    #[test]
    fn streams_are_fixed_across_versions() {
        let draw = |seed, name: &str| {
            let mut rng = Rng::stream(seed, name);
            [rng.bits(), rng.bits(), rng.below(1000)]
        };
        assert_eq!(
            draw(0, "host client"),
            [7_320_281_944_871_640_270, 9_393_258_865_146_352_766, 654]
        );
        assert_ne!(draw(0, "host client"), draw(1, "host client"));
        assert_ne!(draw(0, "host client"), draw(0, "host server"));
    }

    #[test]
    fn chance_honours_its_ends() {
        let mut rng = Rng::stream(0, "test");
        assert!((0..1000).all(|_| !rng.chance(0.0)));
        assert!((0..1000).all(|_| rng.chance(1.0)));
        let hits = (0..10_000).filter(|_| rng.chance(0.25)).count();
        assert!((2300..2700).contains(&hits), "{hits}");
    }
}
