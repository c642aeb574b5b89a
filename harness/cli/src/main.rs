//! The `halfopen` command: arguments, printing and exit statuses. Everything else is the library's.

mod args;
mod diagram;
mod examine;
mod filter;
mod output;
mod progress;
mod reference;
mod run;
mod select;
mod verify;

use args::{Args, Command};
use clap::{CommandFactory, Parser};
use halfopen::scenario::Diagnostic;
use output::Output;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Everything asked for was done, and every case passed.
const PASSED: u8 = 0;
/// Some cases did not pass.
const NOT_PASSED: u8 = 1;
/// The arguments or the scenario files are wrong, and nothing was run. Also clap's status for bad arguments.
const BAD_INPUT: u8 = 2;

/// Why the command could not do what it was asked.
enum Failure {
    /// Scenario files have mistakes, or cannot be read.
    Scenarios(Vec<Diagnostic>),
    /// The arguments fit no scenario, error or cause. The help says what would.
    Arguments {
        message: String,
        help: Option<String>,
    },
    /// Standard output cannot be written.
    Output(io::Error),
    /// A file cannot be written.
    File(PathBuf, io::Error),
}

fn main() -> ExitCode {
    let args = Args::parse();
    let mut output = Output::new(args.color);
    let status = match run(&args, &mut output) {
        Ok(status) => status,
        Err(failure) => output.failure(&failure),
    };
    ExitCode::from(status)
}

fn run(args: &Args, output: &mut Output) -> Result<u8, Failure> {
    match &args.command {
        Command::Run(run) => run::run(run, output),
        Command::Verify(verify) => verify::run(verify, output),
        Command::Check { paths } => examine::check(paths, output),
        Command::List(list) => examine::list(list, output),
        Command::Diagram(diagram) => diagram::run(diagram, output),
        Command::Explain(explain) => examine::explain(explain, output),
        Command::Reference { part } => reference::run(part.as_deref(), output),
        Command::Schema => examine::schema(output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "halfopen", &mut script);
            output.text(&String::from_utf8_lossy(&script))?;
            Ok(PASSED)
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
