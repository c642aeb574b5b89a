//! A case by its name.

use super::Scenario;
use super::nearest::nearest;
use crate::plan::Plan;

/// No case of a scenario, or more than one, has that name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoSuchCase {
    /// No case fits.
    #[error("no case of {scenario} is called `{name}`")]
    Unknown {
        /// The scenario.
        scenario: String,
        /// What was asked for.
        name: String,
        /// The nearest name that fits, if one is near.
        nearest: Option<String>,
    },
    /// Several cases fit.
    #[error("`{name}` is the name of {count} cases of {scenario}")]
    Ambiguous {
        /// The scenario.
        scenario: String,
        /// What was asked for.
        name: String,
        /// How many fit.
        count: usize,
        /// The name of the first of them.
        first: String,
    },
}

impl Scenario {
    /// The case of that name. A name may leave out what is the same for all cases: of
    /// `connect/timed-out client=linux`, `client=linux` and `linux` say enough.
    pub fn case_named(&self, name: &str) -> Result<Plan, NoSuchCase> {
        let scenario = self.name().to_owned();
        let fitting: Vec<Plan> = self
            .cases()
            .filter(|plan| fits(plan, name))
            .take(2)
            .collect();
        match fitting.as_slice() {
            [plan] => Ok(plan.clone()),
            [] => Err(NoSuchCase::Unknown {
                scenario,
                name: name.to_owned(),
                nearest: self.nearest_case(name),
            }),
            [first, ..] => Err(NoSuchCase::Ambiguous {
                scenario,
                name: name.to_owned(),
                count: self.cases().filter(|plan| fits(plan, name)).count(),
                first: first.case_name(),
            }),
        }
    }

    fn nearest_case(&self, name: &str) -> Option<String> {
        let full: Vec<String> = self.cases().map(|plan| plan.case_name()).collect();
        let choices = self.matrix().iter().flat_map(|(host, systems)| {
            systems.iter().map(move |system| format!("{host}={system}"))
        });
        let choices: Vec<String> = choices.collect();
        let systems = self.matrix().iter().flat_map(|(_, systems)| systems);
        let known = full.iter().chain(&choices).chain(systems);
        nearest(name, known.map(String::as_str)).map(str::to_owned)
    }
}

/// Whether each word of the name is the scenario, or a choice of the case, or the system of one.
fn fits(plan: &Plan, name: &str) -> bool {
    let fits = |word: &str| {
        let of_choice = |(host, system): &(String, String)| {
            word == system || word.split_once('=') == Some((host, system))
        };
        word == plan.scenario || plan.case.iter().any(of_choice)
    };
    let mut words = name.split_whitespace().peekable();
    words.peek().is_some() && words.all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;

    fn scenario() -> Scenario {
        let text = "title = \"x\"\n[matrix]\nclient = [\"linux\", \"macos\"]\nserver = [\"linux\", \"freebsd\"]\n\
                    [host.client]\n[host.server]\n";
        scenario::parse("a/b", text).expect("a scenario")
    }

    fn named(name: &str) -> Result<String, String> {
        let case = scenario().case_named(name);
        case.map(|plan| plan.case_name())
            .map_err(|error| match error {
                NoSuchCase::Unknown { nearest, .. } => format!("nearest {nearest:?}"),
                error @ NoSuchCase::Ambiguous { .. } => error.to_string(),
            })
    }

    #[test]
    fn a_name_says_what_is_needed() {
        let full = "a/b client=macos server=freebsd";
        assert_eq!(named(full).as_deref(), Ok(full));
        assert_eq!(named("macos freebsd").as_deref(), Ok(full));
        assert_eq!(named("server=freebsd client=macos").as_deref(), Ok(full));
        assert_eq!(
            named("client=macos"),
            Err("`client=macos` is the name of 2 cases of a/b".to_owned())
        );
        assert_eq!(named("mcos"), Err("nearest Some(\"macos\")".to_owned()));
        assert_eq!(
            named("client=lnux"),
            Err("nearest Some(\"client=linux\")".to_owned())
        );
        assert_eq!(named("windows"), Err("nearest None".to_owned()));
        assert_eq!(named(""), Err("nearest None".to_owned()));
    }
}
