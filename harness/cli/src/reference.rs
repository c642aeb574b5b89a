//! `halfopen reference`.

use crate::args::Args;
use crate::output::Output;
use crate::{Failure, PASSED};
use clap::CommandFactory;
use halfopen::reference::Part;

/// Prints a part, or the list of parts.
pub(crate) fn run(part: Option<&str>, output: &mut Output) -> Result<u8, Failure> {
    let text = match part {
        None => list(),
        Some(COMMAND) => command(),
        Some(name) => match Part::from_name(name) {
            Ok(part) => part.markdown(),
            Err(nearest) => return Err(unknown(name, nearest)),
        },
    };
    output.text(&text)?;
    Ok(PASSED)
}

fn list() -> String {
    let mut parts: Vec<(String, &str)> = Vec::new();
    parts.extend(Part::ALL.iter().map(|part| (part.name(), part.about())));
    parts.push((COMMAND.to_owned(), "this command's help"));
    let width = parts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = parts
        .iter()
        .map(|(name, about)| format!("{name:<width$}  {about}\n"));
    lines.collect()
}

/// The help of the command and of each of its subcommands.
fn command() -> String {
    let mut command = Args::command();
    command.build();
    let mut text = section("halfopen", &command.render_help().to_string());
    for subcommand in command.get_subcommands_mut() {
        if subcommand.get_name() == "help" {
            continue;
        }
        let name = format!("halfopen {}", subcommand.get_name());
        let help = subcommand.render_long_help().to_string();
        text.push('\n');
        text += &section(&name, &help);
    }
    text
}

fn section(name: &str, help: &str) -> String {
    let lines: Vec<String> = help.lines().map(folded).collect();
    format!(
        "## `{name}`\n\n```text\n{}\n```\n",
        lines.join("\n").trim_end()
    )
}

/// A long line, in several that begin where its text does.
fn folded(line: &str) -> String {
    let line = line.trim_end();
    let indent = line.len() - line.trim_start().len();
    // In lists the text stands behind a name and a gap.
    let text = line[indent..].find("  ").map_or(indent, |gap| {
        let gap = indent + gap;
        gap + line[gap..].len() - line[gap..].trim_start().len()
    });
    let mut lines = Vec::new();
    let mut last = " ".repeat(indent);
    for (index, word) in line[indent..].split(' ').enumerate() {
        if index > 0 && last.chars().count() + 1 + word.chars().count() > HELP_COLUMNS {
            lines.push(std::mem::replace(&mut last, " ".repeat(text)));
        } else if index > 0 {
            last.push(' ');
        }
        last += word;
    }
    lines.push(last);
    lines.join("\n")
}

fn unknown(name: &str, nearest: Option<String>) -> Failure {
    Failure::Arguments {
        message: format!("the reference has no part `{name}`"),
        help: Some(nearest.map_or_else(
            || "`halfopen reference` lists the parts".to_owned(),
            |nearest| format!("did you mean `{nearest}`?"),
        )),
    }
}

/// The part that only the command knows.
const COMMAND: &str = "command";

/// The width of help, whatever the terminal's.
const HELP_COLUMNS: usize = 96;
