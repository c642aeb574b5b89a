//! What tells and runs nothing that was asked for: `check`, `list`, `explain` and `schema`.

use crate::args::{self, Paths};
use crate::output::Output;
use crate::select::{self, FOLDER, cases, load};
use crate::{Failure, PASSED};
use halfopen::explain;
use halfopen::plan::Plan;
use halfopen::scenario;
use std::path::{Path, PathBuf};

/// `halfopen check`.
pub(crate) fn check(paths: &Paths, output: &mut Output) -> Result<u8, Failure> {
    let loaded = load(&paths.paths)?;
    let cases: usize = loaded
        .iter()
        .map(|loaded| loaded.scenario.case_count())
        .sum();
    let counts = select::counts(loaded.len(), cases);
    output.text(&format!("{counts}: no mistakes\n"))?;
    Ok(PASSED)
}

/// `halfopen list`.
pub(crate) fn list(args: &args::List, output: &mut Output) -> Result<u8, Failure> {
    let loaded = load(&args.paths.paths)?;
    let cases = cases(&loaded, &args.filter)?;
    if args.cases {
        let names = cases.iter().map(|(_, plan)| plan.case_name() + "\n");
        output.text(&names.collect::<String>())?;
        return Ok(PASSED);
    }
    let mut scenarios: Vec<(&str, usize, &str)> = Vec::new();
    for (_, plan) in &cases {
        match scenarios.last_mut() {
            Some((name, count, _)) if *name == plan.scenario => *count += 1,
            _ => scenarios.push((&plan.scenario, 1, &plan.title)),
        }
    }
    let widths = scenarios.iter().map(|(name, ..)| name.chars().count());
    let width = widths.max().unwrap_or(0);
    let lines = scenarios
        .iter()
        .map(|(name, count, title)| format!("{name:<width$}  {count:>3}  {title}\n"));
    output.text(&lines.collect::<String>())?;
    Ok(PASSED)
}

/// `halfopen explain`.
pub(crate) fn explain(args: &args::Explain, output: &mut Output) -> Result<u8, Failure> {
    let examples = examples(&args.scenarios, output)?;
    let explanation = explain::explain(&args.query.join(" "), &examples).map_err(|unknown| {
        let nearest: Vec<_> = unknown
            .nearest
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        Failure::Arguments {
            message: unknown.to_string(),
            help: (!nearest.is_empty()).then(|| format!("did you mean {}?", nearest.join(" or "))),
        }
    })?;
    output.headed(&explanation.to_string())?;
    Ok(PASSED)
}

/// Every case of the scenarios at hand. Those that were not asked for by name may be missing or wrong: the explanation
/// does without them.
fn examples(paths: &[PathBuf], output: &mut Output) -> Result<Vec<Plan>, Failure> {
    if paths.is_empty() && !Path::new(FOLDER).is_dir() {
        return Ok(Vec::new());
    }
    let loaded = match load(paths) {
        Err(Failure::Scenarios(_)) if paths.is_empty() => {
            output.warning(&format!(
                "the folder `{FOLDER}` has mistakes, so that no examples come from it; see `halfopen check`"
            ));
            return Ok(Vec::new());
        }
        loaded => loaded?,
    };
    Ok(loaded
        .iter()
        .flat_map(|loaded| loaded.scenario.cases())
        .collect())
}

/// `halfopen schema`.
pub(crate) fn schema(output: &mut Output) -> Result<u8, Failure> {
    output.text(&format!("{:#}\n", scenario::schema()))?;
    Ok(PASSED)
}
