//! From paths to cases.

use crate::Failure;
use crate::args;
use crate::filter::Filter;
use halfopen::plan::Plan;
use halfopen::scenario::{Scenario, discover};
use std::path::{Path, PathBuf};

/// A scenario and the file it is from.
pub(crate) struct Loaded {
    pub(crate) scenario: Scenario,
    pub(crate) path: PathBuf,
}

/// The scenarios of these paths, or of the folder `scenarios`. If any file is wrong, the mistakes of all.
pub(crate) fn load(paths: &[PathBuf]) -> Result<Vec<Loaded>, Failure> {
    let default = [PathBuf::from(FOLDER)];
    let paths = if !paths.is_empty() {
        paths
    } else if default[0].exists() {
        &default
    } else {
        return Err(Failure::Arguments {
            message: format!("no scenario is named, and there is no folder `{FOLDER}` here"),
            help: Some("name a file or a folder: `halfopen run PATH`".to_owned()),
        });
    };
    let found = discover(paths).map_err(Failure::Scenarios)?;
    let mut loaded = Vec::new();
    let mut problems = Vec::new();
    for found in found {
        match found.load() {
            Ok(scenario) => loaded.push(Loaded {
                scenario,
                path: found.path,
            }),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        Ok(loaded)
    } else {
        Err(Failure::Scenarios(problems))
    }
}

/// The cases that the filter leaves, each with its file. None at all is a mistake in the arguments.
pub(crate) fn cases<'a>(
    loaded: &'a [Loaded],
    filter: &args::Filter,
) -> Result<Vec<(&'a Path, Plan)>, Failure> {
    let filter = Filter::new(&filter.words);
    let cases = loaded.iter().flat_map(|loaded| {
        let cases = loaded.scenario.cases();
        cases.map(|plan| (loaded.path.as_path(), plan))
    });
    let fitting: Vec<_> = cases.filter(|(_, plan)| filter.fits(plan)).collect();
    if fitting.is_empty() && !filter.is_empty() {
        return Err(nothing_fits(loaded, &filter));
    }
    Ok(fitting)
}

fn nothing_fits(loaded: &[Loaded], filter: &Filter) -> Failure {
    let cases: Vec<_> = loaded
        .iter()
        .flat_map(|loaded| loaded.scenario.cases())
        .collect();
    let misses = filter.misses(&cases);
    let help = misses.iter().find_map(|(word, systems)| {
        let (host, _) = word.split_once('=')?;
        (!systems.is_empty()).then(|| format!("`{host}` can be {}", systems.join(", ")))
    });
    let message = match misses.as_slice() {
        [] => "no case fits all words of the filter".to_owned(),
        misses => {
            let words: Vec<_> = misses.iter().map(|(word, _)| format!("`{word}`")).collect();
            format!("no case fits the filter {}", words.join(" or "))
        }
    };
    let help =
        help.or_else(|| Some("`halfopen list --cases` prints the names of all cases".to_owned()));
    Failure::Arguments { message, help }
}

/// `3 scenarios, 1 case`.
pub(crate) fn counts(scenarios: usize, cases: usize) -> String {
    let plural = |count| if count == 1 { "" } else { "s" };
    format!(
        "{scenarios} scenario{}, {cases} case{}",
        plural(scenarios),
        plural(cases)
    )
}

/// Where scenarios are unless something else is said.
pub(crate) const FOLDER: &str = "scenarios";
