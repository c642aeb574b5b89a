//! Puts reports, pictures and tables into the book, made when the book is built, so that none can be out of date.
//!
//! A page asks for them with directives. `FILE` is a scenario file, as a path of this repository. `CASE` chooses one of
//! its cases: `client=linux`, or `linux` alone where only one host has several systems; a file with one case needs none.
//!
//! | directive | what stands in its place |
//! |---|---|
//! | `{{halfopen report FILE CASE}}` | the report, with packets |
//! | `{{halfopen steps FILE CASE}}` | the report without packets |
//! | `{{halfopen diagram FILE CASE}}` | the ladder diagram |
//! | `{{halfopen cases FILE HOST syn}}` | for each case, when that host sent its SYNs (`data`: its data) and how the call ended |
//! | `{{halfopen why FILE}}` | the scenario's own prose |
//! | `{{halfopen sees CAUSE CALL}}` | what the call returns for that cause, system by system |
//! | `{{halfopen settings NAME ..}}` | what these settings do, and their defaults release by release |
//! | `{{halfopen reference PART}}` | a part of `halfopen reference` |
//! | `{{halfopen json FILE CASE}}` | the JSON output, with packets |
//! | `{{halfopen snapshot FILE}}` | what a test compares with that snapshot |
//! | `{{halfopen verified}}` | what the record of the kernel holds |
//! | `{{halfopen after FILE CASE HOST}}` | in a sentence: how long the host's last failing call took |
//! | `{{halfopen default PROFILE NAME}}` | in a sentence: the setting's default |
//!
//! The first eleven stand on a line of their own.

mod figure;
mod table;

use halfopen::plan::Plan;
use halfopen::report::{Detail, Report};
use halfopen::scenario::{self, Scenario, Style};
use std::fmt;
use std::fs;
use std::path::Path;

/// A directive that is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// The page, as mdBook calls it.
    pub page: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.page, self.line, self.message)
    }
}

/// The page with everything in place that its directives ask for. `root` is the repository's folder.
///
/// # Errors
/// All directives that are wrong.
pub fn expand(root: &Path, page: &str, text: &str) -> Result<String, Vec<Mistake>> {
    let mut expanded = String::with_capacity(text.len());
    let mut mistakes = Vec::new();
    for (index, line) in text.lines().enumerate() {
        match expand_line(root, line) {
            Ok(line) => expanded.push_str(&line),
            Err(message) => mistakes.push(Mistake {
                page: page.to_owned(),
                line: index + 1,
                message,
            }),
        }
        expanded.push('\n');
    }
    if mistakes.is_empty() {
        Ok(expanded)
    } else {
        Err(mistakes)
    }
}

fn expand_line(root: &Path, line: &str) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((directive, behind)) = after.split_once("}}") else {
            return Err(format!("`{OPEN}` without `}}}}`"));
        };
        let alone = line.trim().len() == OPEN.len() + directive.len() + 2;
        expanded += before;
        expanded += &insertion(root, directive, alone)
            .map_err(|message| format!("`{OPEN}{directive}}}}}`: {message}"))?;
        rest = behind;
    }
    Ok(expanded + rest)
}

/// What a directive stands for.
fn insertion(root: &Path, directive: &str, alone: bool) -> Result<String, String> {
    let words: Vec<&str> = directive.split_whitespace().collect();
    let block = |text: Result<String, String>| {
        if alone {
            text.map(|text| text.trim_end().to_owned())
        } else {
            Err("it needs a line of its own".to_owned())
        }
    };
    match words[..] {
        ["report", file, ref case @ ..] => block(report(root, file, case, Detail::Packets)),
        ["steps", file, ref case @ ..] => block(report(root, file, case, Detail::Steps)),
        ["diagram", file, ref case @ ..] => {
            block(plan(root, file, case).map(|plan| figure::diagram(&plan)))
        }
        ["cases", file, host, what] => block(table::cases(&load(root, file)?, host, what)),
        ["why", file] => block(load(root, file).map(|scenario| scenario.why().to_owned())),
        ["sees", cause, call] => block(table::sees(cause, call)),
        ["settings", ref names @ ..] => block(table::settings(names)),
        ["reference", part] => block(figure::reference(part)),
        ["json", file, ref case @ ..] => block(json(root, file, case)),
        ["snapshot", file] => block(snapshot(root, file)),
        ["verified"] => block(table::verified(root)),
        ["after", file, case, host] => table::after(&plan(root, file, &[case])?, host),
        ["default", profile, name] => table::default(profile, name),
        _ => Err("there is no such directive, or it takes other arguments".to_owned()),
    }
}

fn report(root: &Path, file: &str, case: &[&str], detail: Detail) -> Result<String, String> {
    let plan = plan(root, file, case)?;
    let outcome = table::run(&plan);
    let report = Report::new(&plan, &outcome).with_path(file).display(detail);
    Ok(format!("```text\n{}\n```", report.to_string().trim_end()))
}

fn json(root: &Path, file: &str, case: &[&str]) -> Result<String, String> {
    let plan = plan(root, file, case)?;
    let line = Report::new(&plan, &table::run(&plan)).to_json(true);
    let value: serde_json::Value =
        serde_json::from_str(&line).map_err(|error| error.to_string())?;
    Ok(format!("```json\n{value:#}\n```"))
}

/// The text of one of insta's snapshots, without what stands before it.
fn snapshot(root: &Path, file: &str) -> Result<String, String> {
    let path = root.join(file);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let text = text.splitn(3, "---\n").nth(2).ok_or("it is no snapshot")?;
    Ok(format!("```text\n{}\n```", text.trim_end()))
}

fn load(root: &Path, file: &str) -> Result<Scenario, String> {
    scenario::load(root.join(file)).map_err(|problems| {
        let all = scenario::render(&problems, Style::Plain);
        format!("the scenario has mistakes\n{all}")
    })
}

/// One case of a file: the one of that name, or its only one.
fn plan(root: &Path, file: &str, case: &[&str]) -> Result<Plan, String> {
    let scenario = load(root, file)?;
    match case {
        [] if scenario.case_count() == 1 => Ok(scenario.cases().next().expect("there is one")),
        [] => Err(format!("{file} has {} cases", scenario.case_count())),
        case => scenario
            .case_named(&case.join(" "))
            .map_err(|error| error.to_string()),
    }
}

const OPEN: &str = "{{halfopen ";

#[cfg(test)]
mod tests;
