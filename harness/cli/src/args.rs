//! What can be typed. The doc comments are the command's help.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Reproduces TCP errors: the exact code, text and time that an operating system's socket calls return.
#[derive(Parser, Debug)]
#[command(name = "halfopen", version, after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// When to colour the output. NO_COLOR and CLICOLOR_FORCE are respected.
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        global = true,
        value_name = "WHEN"
    )]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Exit status: 0 if every case passed, 1 if some did not, 2 for bad input or arguments, when nothing is run.

Examples:
  halfopen run                                     every scenario in the folder `scenarios`
  halfopen run scenarios/connect --filter windows  some of them
  halfopen explain 10053                           what that number means, and what to do about it";

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Runs scenarios, and prints what each program saw, when, and why.
    Run(Run),
    /// Runs the Linux cases on this machine's kernel too, and says whether the simulation agrees with it.
    ///
    /// Needs root, or a system that lets its users make user namespaces and open /dev/net/tun. Nothing outside the
    /// namespaces that it makes for itself is touched, and nothing is left behind.
    Verify(Verify),
    /// Looks for mistakes in scenario files, and runs nothing.
    Check {
        #[command(flatten)]
        paths: Paths,
    },
    /// Lists scenarios.
    List(List),
    /// Draws a case as a ladder diagram: an SVG picture of hosts, packets, losses and calls.
    Diagram(Diagram),
    /// Says what an error code, error name or cause means, and what to do about it.
    Explain(Explain),
    /// Prints a part of the reference as Markdown, or lists the parts: tables of systems, settings, errors and keys.
    Reference {
        /// Which part.
        part: Option<String>,
    },
    /// Prints the JSON schema of scenario files, for editors.
    Schema,
    /// Prints a script that completes this command's arguments.
    Completions {
        /// The shell that shall read it.
        shell: clap_complete::Shell,
    },
}

#[derive(clap::Args, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) paths: Paths,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// For people, or one JSON object a line and case for programs.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Format,
    /// Shows the packets. Long quiet runs of them are summarised for people, unless it is `all`.
    #[arg(
        long,
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "packets",
        value_name = "WHICH"
    )]
    pub(crate) trace: Option<Trace>,
    /// Everything random comes from this number: the same seed, the same output.
    #[arg(
        long,
        default_value_t = 0,
        value_name = "NUMBER",
        allow_negative_numbers = true
    )]
    pub(crate) seed: u64,
    /// What drives the scenario.
    #[arg(long, value_enum, default_value = "event")]
    pub(crate) engine: Engine,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) paths: Paths,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// For people, or one JSON object a line and case for programs.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Format,
    /// Skips the cases that take longer than this in real time.
    #[arg(long, default_value = "2m", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) budget: Duration,
    /// The network's random numbers come from this number.
    #[arg(
        long,
        default_value_t = 0,
        value_name = "NUMBER",
        allow_negative_numbers = true
    )]
    pub(crate) seed: u64,
    /// Runs nothing, and shows what a file holds that `--format json` printed.
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "scenarios/linux/verified.jsonl",
        value_name = "FILE"
    )]
    pub(crate) last: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) paths: Paths,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Prints each case by its name, one a line, instead of each scenario.
    #[arg(long)]
    pub(crate) cases: bool,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Diagram {
    /// The scenario file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Which case, if there are several: `client=linux`, or as much of its name as says enough [default: the first].
    #[arg(long, value_name = "NAME")]
    pub(crate) case: Option<String>,
    /// Everything random comes from this number.
    #[arg(
        long,
        default_value_t = 0,
        value_name = "NUMBER",
        allow_negative_numbers = true
    )]
    pub(crate) seed: u64,
    /// Where to write the picture [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Explain {
    /// A code (10060, 0x8007274C), an error (WSAETIMEDOUT), a cause (syn-unanswered), an `os error 10060`, a kind
    /// (TimedOut), or a part of the message.
    #[arg(
        required = true,
        allow_negative_numbers = true,
        value_name = "CODE-OR-NAME"
    )]
    pub(crate) query: Vec<String>,
    /// Where to look for scenarios that show it [default: `scenarios`, if there is such a folder].
    #[arg(long, value_name = "PATH")]
    pub(crate) scenarios: Vec<PathBuf>,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Paths {
    /// Scenario files, and folders of them [default: the folder `scenarios`].
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Filter {
    /// Only the cases that fit all these words: `client=linux` is exactly that system, any other word a part of the
    /// case's name. Can be repeated; commas and spaces separate words.
    #[arg(long = "filter", value_name = "WORDS")]
    pub(crate) words: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum Color {
    /// If the output is a terminal.
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum Format {
    Human,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum Trace {
    /// Long runs of packets to which nothing happens take one line a direction.
    Packets,
    /// Every packet.
    All,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum Engine {
    /// Virtual time to the nanosecond, which jumps from event to event.
    Event,
    /// tokio programs on hosts of turmoil, as your own code runs on them.
    Turmoil,
}
