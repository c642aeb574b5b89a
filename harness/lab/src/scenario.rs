//! The scenario file: hosts with programs, the links between them, and what goes wrong when.
//!
//! A file is TOML 1.0 and says how things are in the words of sockets and operating systems:
//!
//! ```toml
//! title = "Connect times out: the SYN is never answered"
//! timeline = [{ at = "0s", partition = ["client", "server"] }]
//!
//! [matrix]
//! client = ["windows-xp", "linux"]
//!
//! [host.server]
//! os = "linux"
//! steps = [{ listen = 80 }]
//!
//! [host.client]
//! steps = [{ connect = "server:80", expect = { cause = "syn-unanswered" } }]
//! ```
//!
//! [`discover`] finds files, [`load`] reads one, [`Scenario::cases`] gives the [plans](crate::plan::Plan) that engines
//! run. Everything that a file can have wrong is found when it is loaded, and all of it is reported together; a
//! [`Scenario`] that exists has no mistakes left.
//!
//! The tables and their keys are defined in the module `file`; [`schema`] gives them as a JSON schema for editors.
//!
//! ```
//! use halfopen::scenario::{self, Style};
//!
//! let text = "title = \"a\"\nwhy = \"b\"\n[host.client]\nos = \"linus\"\n";
//! let problems = scenario::parse("first", text).unwrap_err();
//! assert!(scenario::render(&problems, Style::Plain).contains("did you mean `linux`?"));
//! ```

mod choose;
mod diagnostic;
mod discover;
mod file;
mod nearest;
mod quantity;
mod read;
mod render;
mod resolve;
mod schema;
mod syntax;
mod table;
mod values;

pub use choose::NoSuchCase;
pub use diagnostic::{Code, Diagnostic, Label, Span};
pub use discover::{Found, discover};
pub(crate) use nearest::nearest;
pub use render::{Style, render};
pub use schema::schema;

use crate::plan::{HostPlan, Plan};
use diagnostic::{Problems, quoted_path};
use file::ScenarioTable;
use resolve::system::Systems;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

/// A text and where it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// What messages call it: usually its path.
    pub path: String,
    /// The text.
    pub text: String,
}

/// A scenario without mistakes.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// All that its cases have in common.
    template: Plan,
    /// For each host in order of the names, itself on each system that it has in turn.
    variants: Vec<Vec<HostPlan>>,
    matrix: Vec<(String, Vec<String>)>,
}

impl Scenario {
    /// What it is called: `connect/timed-out`.
    pub fn name(&self) -> &str {
        &self.template.scenario
    }

    /// What happens, in one line.
    pub fn title(&self) -> &str {
        &self.template.title
    }

    /// Prose for the reader; may be empty.
    pub fn why(&self) -> &str {
        &self.template.why
    }

    /// The hosts of the matrix in the order of the file, each with the systems that it has in turn.
    pub fn matrix(&self) -> &[(String, Vec<String>)] {
        &self.matrix
    }

    /// How many cases there are: at least 1, at most 10,000.
    pub fn case_count(&self) -> usize {
        self.matrix
            .iter()
            .map(|(_, systems)| systems.len())
            .product()
    }

    /// The cases, one for each combination of the matrix; its last host changes fastest. They are made one by one.
    pub fn cases(&self) -> impl ExactSizeIterator<Item = Plan> {
        (0..self.case_count()).map(|case| self.case(case))
    }

    fn case(&self, number: usize) -> Plan {
        let mut rest = number;
        let mut chosen: Vec<usize> = Vec::new();
        for (_, systems) in self.matrix.iter().rev() {
            chosen.push(rest % systems.len());
            rest /= systems.len();
        }
        chosen.reverse();
        let chosen = || self.matrix.iter().zip(&chosen);
        let host_plan = |variants: &Vec<HostPlan>| {
            let choice = chosen().find(|((host, _), _)| *host == variants[0].name);
            variants[choice.map_or(0, |(_, index)| *index)].clone()
        };
        let case = chosen().map(|((host, systems), index)| (host.clone(), systems[*index].clone()));
        Plan {
            case: case.collect(),
            hosts: self.variants.iter().map(host_plan).collect(),
            ..self.template.clone()
        }
    }
}

/// Reads the scenario file at `path`. Its name is the path below the last folder called `scenarios`, without `.toml`;
/// without such a folder, the file's name.
pub fn load(path: impl AsRef<Path>) -> Result<Scenario, Vec<Diagnostic>> {
    let path = path.as_ref();
    load_as(&discover::name_of_file(path, &[]), path)
}

/// Reads a scenario from a text. `name` is what it is called; profile files cannot be named in it.
pub fn parse(name: &str, text: &str) -> Result<Scenario, Vec<Diagnostic>> {
    let source = Source {
        path: name.to_owned(),
        text: text.to_owned(),
    };
    let name = name.strip_suffix(".toml").unwrap_or(name);
    source.check().and_then(|source| read(name, source, None))
}

fn load_as(name: &str, path: &Path) -> Result<Scenario, Vec<Diagnostic>> {
    let source = Source::read(path)?;
    read(name, source, Some(path.parent().unwrap_or(Path::new(""))))
}

fn read(name: &str, source: Source, folder: Option<&Path>) -> Result<Scenario, Vec<Diagnostic>> {
    let source = Arc::new(source);
    let mut problems = Problems::new(Arc::clone(&source));
    if syntax::is_profile_file(&source.text) {
        let start = Span { start: 0, end: 0 };
        problems
            .report(
                Code::MissingKey,
                start,
                "this is a profile file, not a scenario",
            )
            .help("name it as the `os` of a host in a scenario");
        return Err(problems.finish());
    }
    let table: Option<ScenarioTable> = syntax::read(&source, &mut problems);
    let scenario = table.map(|table| {
        let mut systems = Systems::new(folder);
        resolve::resolve(name, &table, &mut systems, &mut problems)
    });
    match scenario.filter(|_| problems.is_empty()) {
        Some(scenario) => Ok(scenario),
        None => Err(problems.finish()),
    }
}

impl Source {
    /// Reads a file, but not one that is larger than any scenario.
    fn read(path: &Path) -> Result<Self, Vec<Diagnostic>> {
        let read = || {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            let mut bytes = Vec::new();
            if metadata.is_file() && metadata.len() <= SIZE_MAX {
                // A file may grow, and some have no size before they are read.
                file.take(SIZE_MAX + 1).read_to_end(&mut bytes)?;
            }
            Ok((metadata, bytes))
        };
        let (metadata, bytes) = read().map_err(|error| vec![discover::unreadable(path, &error)])?;
        if !metadata.is_file() {
            let message = format!("{} is not a file", quoted_path(path));
            return Err(vec![Diagnostic::of_file(Code::Unreadable, message)]);
        }
        let size = metadata.len().max(bytes.len() as u64);
        if size > SIZE_MAX {
            return Err(vec![too_large(&quoted_path(path), size)]);
        }
        let text = String::from_utf8(bytes).map_err(|error| vec![not_utf8(path, &error)])?;
        let path = path.to_string_lossy().into_owned();
        Self { path, text }.check()
    }

    fn check(self) -> Result<Self, Vec<Diagnostic>> {
        let path = quoted_path(Path::new(&self.path));
        if self.text.len() as u64 > SIZE_MAX {
            return Err(vec![too_large(&path, self.text.len() as u64)]);
        }
        if self.text.trim_start_matches('\u{feff}').trim().is_empty() {
            let message = format!("{path} is empty");
            let mut problem = Diagnostic::of_file(Code::EmptyFile, message);
            problem.help("a scenario has at least a `title` and a `[host.NAME]`");
            return Err(vec![problem]);
        }
        Ok(self)
    }
}

fn too_large(path: &str, size: u64) -> Diagnostic {
    let message = format!("{path} has {size} bytes; a scenario has at most {SIZE_MAX} (1 MiB)");
    Diagnostic::of_file(Code::FileTooLarge, message)
}

fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> Diagnostic {
    let bytes = error.as_bytes();
    let good = &bytes[..error.utf8_error().valid_up_to()];
    let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
    let message = format!(
        "{} is not UTF-8: line {line} has a byte that no text has",
        quoted_path(path)
    );
    let mut problem = Diagnostic::of_file(Code::NotUtf8, message);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        problem.help("it looks like UTF-16; save it as UTF-8");
    }
    problem
}

#[cfg(test)]
mod tests;

/// The largest file that is read, in bytes.
const SIZE_MAX: u64 = 1 << 20;

/// The most cases that a matrix may have.
const CASES_MAX: usize = 10_000;
