//! The reference, as Markdown: tables that come from what runs, so that they cannot disagree with it.
//!
//! | part | what |
//! |---|---|
//! | [`profiles`] | the systems |
//! | [`settings`] | a family's settings with their defaults and sources |
//! | [`causes`] | why calls fail |
//! | [`cause_errors`] | which errors calls return for each cause |
//! | [`errors`] | a family's errors |
//! | [`scenario_keys`] | the keys of scenario files |
//! | [`give_up_table`], [`give_up_chart`] | when each system gives up |
//!
//! ```
//! assert!(halfopen::reference::causes().contains("syn-unanswered"));
//! ```

mod chart;
mod errors;
mod give_up;
mod keys;
mod systems;

pub use chart::{give_up_chart, give_up_chart_document};
pub use errors::{cause_errors, causes, errors};
pub use give_up::{Answer, Question, give_up, give_up_table};
pub use keys::scenario_keys;
pub use systems::{profiles, settings};

use crate::scenario::nearest;
use halfopen_tcp::profile::Os;

/// A part of the reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// [`profiles`].
    Profiles,
    /// [`settings`].
    Settings(Os),
    /// [`causes`].
    Causes,
    /// [`cause_errors`].
    CauseErrors,
    /// [`errors`].
    Errors(Os),
    /// [`scenario_keys`].
    ScenarioKeys,
    /// [`give_up_table`].
    GiveUp,
    /// [`give_up_chart`].
    GiveUpChart,
}

impl Part {
    /// Every part, in the order of the book.
    pub const ALL: &[Self] = &[
        Self::GiveUpChart,
        Self::GiveUp,
        Self::ScenarioKeys,
        Self::Profiles,
        Self::Settings(Os::Windows),
        Self::Settings(Os::Linux),
        Self::Settings(Os::Macos),
        Self::Settings(Os::Freebsd),
        Self::Causes,
        Self::CauseErrors,
        Self::Errors(Os::Windows),
        Self::Errors(Os::Linux),
        Self::Errors(Os::Macos),
        Self::Errors(Os::Freebsd),
    ];

    /// What it is called: `settings-linux`.
    pub fn name(self) -> String {
        match self {
            Self::Profiles => "profiles".to_owned(),
            Self::Settings(os) => format!("settings-{}", os.name()),
            Self::Causes => "causes".to_owned(),
            Self::CauseErrors => "cause-errors".to_owned(),
            Self::Errors(os) => format!("errors-{}", os.name()),
            Self::ScenarioKeys => "scenario-keys".to_owned(),
            Self::GiveUp => "give-up".to_owned(),
            Self::GiveUpChart => "give-up-chart".to_owned(),
        }
    }

    /// What it holds, in one line.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Profiles => "the systems",
            Self::Settings(_) => "the family's settings, with defaults and sources",
            Self::Causes => "why calls fail",
            Self::CauseErrors => "which errors calls return for each cause",
            Self::Errors(_) => "the family's errors",
            Self::ScenarioKeys => "the keys of scenario files",
            Self::GiveUp => "when each system gives up, as a table",
            Self::GiveUpChart => "when each system gives up, as an SVG picture for a web page",
        }
    }

    /// The part of that name, or the nearest name that there is.
    pub fn from_name(name: &str) -> Result<Self, Option<String>> {
        let found = Self::ALL.iter().find(|part| part.name() == name);
        found.copied().ok_or_else(|| {
            let names: Vec<String> = Self::ALL.iter().map(|part| part.name()).collect();
            nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
        })
    }

    /// The part, without a heading, ending with a line's end.
    pub fn markdown(self) -> String {
        match self {
            Self::Profiles => profiles(),
            Self::Settings(os) => settings(os),
            Self::Causes => causes(),
            Self::CauseErrors => cause_errors(),
            Self::Errors(os) => errors(os),
            Self::ScenarioKeys => scenario_keys(),
            Self::GiveUp => give_up_table(),
            Self::GiveUpChart => give_up_chart(),
        }
    }
}

/// A table that grows.
struct Table(String);

impl Table {
    fn new(heads: &[&str]) -> Self {
        let mut table = Self(String::new());
        table.row(heads);
        table.row(&vec!["---"; heads.len()]);
        table
    }

    fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        for cell in cells {
            self.0 += "| ";
            self.0 += &cell.as_ref().replace('|', "\\|").replace('\n', " ");
            self.0 += " ";
        }
        self.0 += "|\n";
    }
}

/// The name of the family as people write it.
const fn family(os: Os) -> &'static str {
    match os {
        Os::Windows => "Windows",
        Os::Linux => "Linux",
        Os::Macos => "macOS",
        Os::Freebsd => "FreeBSD",
    }
}

/// As it stands in code.
fn code(text: &str) -> String {
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_by_their_names() {
        for part in Part::ALL {
            assert_eq!(Part::from_name(&part.name()), Ok(*part));
            assert!(part.markdown().ends_with('\n'), "{}", part.name());
        }
        assert_eq!(
            Part::from_name("setings-linux"),
            Err(Some("settings-linux".to_owned()))
        );
    }

    #[test]
    fn rows_have_as_many_cells_as_their_heads() {
        for part in Part::ALL {
            let mut width = None;
            for line in part.markdown().lines() {
                if !line.starts_with('|') {
                    width = None;
                    continue;
                }
                let cells = line.replace("\\|", "").matches('|').count();
                assert_eq!(
                    *width.get_or_insert(cells),
                    cells,
                    "{}: {line}",
                    part.name()
                );
            }
        }
    }
}
