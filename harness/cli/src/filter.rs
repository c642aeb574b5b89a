//! Which cases are meant.

use halfopen::plan::Plan;

/// Words that must all fit.
pub(crate) struct Filter(Vec<String>);

impl Filter {
    pub(crate) fn new(words: &[String]) -> Self {
        let words = words.iter().flat_map(|words| words.split([',', ' ']));
        Self(
            words
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn fits(&self, plan: &Plan) -> bool {
        self.0.iter().all(|word| fits(word, plan))
    }

    /// The words that fit none of the cases, and what would: the systems of the host that a word names.
    pub(crate) fn misses<'a>(&'a self, plans: &[Plan]) -> Vec<(&'a str, Vec<String>)> {
        let missing = self
            .0
            .iter()
            .filter(|word| !plans.iter().any(|plan| fits(word, plan)));
        missing
            .map(|word| {
                let host = word.split_once('=').map(|(host, _)| host);
                let mut systems = Vec::new();
                for (name, os) in plans.iter().flat_map(|plan| &plan.case) {
                    if Some(name.as_str()) == host && !systems.contains(os) {
                        systems.push(os.clone());
                    }
                }
                (word.as_str(), systems)
            })
            .collect()
    }
}

/// Exact for `host=os`, since one system's name may be the beginning of another's.
fn fits(word: &str, plan: &Plan) -> bool {
    match word.split_once('=') {
        Some((host, os)) => plan.case.iter().any(|(h, o)| h == host && o == os),
        None => plan.case_name().contains(word),
    }
}
