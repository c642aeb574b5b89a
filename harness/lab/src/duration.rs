//! Durations as reports and messages show them.

use std::time::Duration;

/// A duration to the nanosecond, in the form that scenario files take. It stays in seconds however long it is, as
/// every system's settings do, so that `131s` is found again where `2m 11s` would not be.
pub(crate) fn seconds(duration: Duration) -> String {
    let nanos = duration.subsec_nanos();
    let parts = [
        (duration.as_secs(), "s"),
        (u64::from(nanos / 1_000_000), "ms"),
        (u64::from(nanos / 1_000 % 1_000), "us"),
        (u64::from(nanos % 1_000), "ns"),
    ];
    let shown: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if shown.is_empty() {
        "0s".to_owned()
    } else {
        shown.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact_and_stay_in_seconds() {
        let shown = |nanos| seconds(Duration::from_nanos(nanos));
        assert_eq!(shown(0), "0s");
        assert_eq!(shown(131_000_000_000), "131s");
        assert_eq!(shown(3_464_216_001), "3s 464ms 216us 1ns");
        assert_eq!(shown(7_200_000_000_000), "7200s");
        assert_eq!(shown(50_000_000), "50ms");
    }
}
