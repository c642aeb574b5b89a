//! `halfopen diagram`.

use crate::args;
use crate::output::Output;
use crate::{Failure, PASSED};
use halfopen::diagram;
use halfopen::engine::{Options, event};
use halfopen::plan::Plan;
use halfopen::scenario::{self, NoSuchCase, Scenario};
use std::fs;

/// Draws one case, whether or not it passes.
pub(crate) fn run(args: &args::Diagram, output: &mut Output) -> Result<u8, Failure> {
    let scenario = scenario::load(&args.file).map_err(Failure::Scenarios)?;
    let plan = choose(&scenario, args.case.as_deref(), output)?;
    let outcome = event::run(&plan, args.seed, &Options { packets: true });
    let picture = diagram::svg(&plan, &outcome);
    match &args.output {
        None => output.text(&picture)?,
        Some(path) => {
            fs::write(path, picture).map_err(|error| Failure::File(path.clone(), error))?;
        }
    }
    Ok(PASSED)
}

fn choose(scenario: &Scenario, case: Option<&str>, output: &mut Output) -> Result<Plan, Failure> {
    if let Some(case) = case {
        return scenario.case_named(case).map_err(|error| unknown(&error));
    }
    let mut cases = scenario.cases();
    let more = cases.len() - 1;
    let plan = cases.next().expect("a scenario has a case");
    if more > 0 {
        output.note(&format!(
            "this is {}, the first of {} cases; `--case` chooses another",
            plan.case_name(),
            more + 1
        ));
    }
    Ok(plan)
}

fn unknown(error: &NoSuchCase) -> Failure {
    let help = match error {
        NoSuchCase::Unknown { nearest, .. } => match nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "`halfopen list --cases FILE` prints the names of all cases".to_owned(),
        },
        NoSuchCase::Ambiguous { first, .. } => format!("the first of them is `{first}`"),
    };
    Failure::Arguments {
        message: error.to_string(),
        help: Some(help),
    }
}
