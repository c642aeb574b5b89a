//! The known name that a mistyped one most likely stands for.

use strsim::damerau_levenshtein;

/// The known name nearest to `name`, if it is near enough to be what was meant: the same but for upper and lower
/// case, or at most a third of its letters mistyped. Of equally near ones the first.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LENGTH_MAX {
        return None;
    }
    let lower = name.to_lowercase();
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= LENGTH_MAX)
        .map(|candidate| {
            (
                damerau_levenshtein(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= allowed(&lower, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn allowed(name: &str, candidate: &str) -> usize {
    name.chars().count().max(candidate.chars().count()) / 3
}

/// Longer names are not compared: the time it takes grows with the product of the lengths.
const LENGTH_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant_and_nothing_far() {
        let hosts = ["client", "server"];
        assert_eq!(nearest("cleint", hosts), Some("client"));
        assert_eq!(nearest("Server", hosts), Some("server"));
        assert_eq!(nearest("router", hosts), None);
        assert_eq!(nearest("", hosts), None);
        assert_eq!(nearest("x", []), None);
        assert_eq!(nearest(&"client".repeat(100), hosts), None);
    }

    #[test]
    fn of_equally_near_names_the_first() {
        assert_eq!(
            nearest("linux-6.5", ["linux-6.4", "linux-6.6"]),
            Some("linux-6.4")
        );
    }
}
