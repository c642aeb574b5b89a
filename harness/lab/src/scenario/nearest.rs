//! The known name that a mistyped one most likely stands for.

use strsim::damerau_levenshtein;

/// The known name nearest to `name`, if it is near enough to be what was meant: the same but for upper and lower
/// case, its last part, or at most a third of its letters mistyped. Of equally near ones the first.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LENGTH_MAX {
        return None;
    }
    let lower = name.to_lowercase();
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= LENGTH_MAX)
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= allowed(&lower, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(name: &str, candidate: &str) -> usize {
    let last_part = candidate.strip_suffix(name);
    if !name.is_empty() && last_part.is_some_and(|rest| rest.ends_with('.')) {
        return 1;
    }
    damerau_levenshtein(name, candidate)
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
    fn the_last_part_of_a_dotted_name_is_near() {
        let known = ["net.ipv4.tcp_syn_retries", "net.ipv4.tcp_synack_retries"];
        assert_eq!(nearest("tcp_synack_retries", known), Some(known[1]));
        assert_eq!(nearest("retries", known), None);
    }

    #[test]
    fn of_equally_near_names_the_first() {
        assert_eq!(
            nearest("linux-6.5", ["linux-6.4", "linux-6.6"]),
            Some("linux-6.4")
        );
    }
}
