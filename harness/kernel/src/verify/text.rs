//! Verdicts for people.

use super::{Difference, Verdict, Verified};
use std::fmt;

impl fmt::Display for Verified {
    /// A line, and for a case that differs a table of the places: what the simulation has there and when, and what the
    /// kernel did and when.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match &self.verdict {
            Verdict::Agrees => "agrees",
            Verdict::Differs(_) => "DIFFERS",
            Verdict::Skipped(_) => "skipped",
        };
        write!(f, "{verdict:<8} {}", self.scenario)?;
        for (host, os) in &self.case {
            write!(f, "  {host}={os}")?;
        }
        match &self.verdict {
            Verdict::Agrees => Ok(()),
            Verdict::Skipped(why) => write!(f, ": {why}"),
            Verdict::Differs(differences) => write_table(f, differences),
        }
    }
}

fn write_table(f: &mut fmt::Formatter<'_>, differences: &[Difference]) -> fmt::Result {
    let heading = ["where", "simulation", "", "kernel", ""].map(str::to_owned);
    let shown = differences.iter().take(SHOWN_MAX).map(row);
    let rows: Vec<_> = std::iter::once(heading).chain(shown).collect();
    let widths: [usize; 5] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    });
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line += &format!("{cell:<width$}  ");
        }
        write!(f, "\n         {}", line.trim_end())?;
    }
    match differences.len().checked_sub(SHOWN_MAX) {
        None | Some(0) => Ok(()),
        Some(more) => write!(f, "\n         and {more} more"),
    }
}

fn row(difference: &Difference) -> [String; 5] {
    let absent = || ("-".to_owned(), String::new());
    let simulated = difference.simulated.as_ref().map(|event| {
        let (from, to) = event.window;
        let window = if from == to {
            from.to_string()
        } else {
            format!("{from} .. {to}")
        };
        (event.what.clone(), window)
    });
    let kernel = difference
        .kernel
        .as_ref()
        .map(|event| (event.what.clone(), event.at.to_string()));
    let (simulated, window) = simulated.unwrap_or_else(absent);
    let (kernel, at) = kernel.unwrap_or_else(absent);
    [difference.lane.clone(), simulated, window, kernel, at]
}

/// Once two runs part, much follows from it.
const SHOWN_MAX: usize = 20;
