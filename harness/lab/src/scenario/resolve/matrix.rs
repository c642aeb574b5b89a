//! The matrix: the systems that hosts have in turn.

use super::hosts::Hosts;
use super::system::{System, Systems};
use crate::scenario::CASES_MAX;
use crate::scenario::diagnostic::{Code, Problems, Span, quoted};
use crate::scenario::read::{At, Entries, Field, List};
use crate::scenario::values::OsName;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The hosts whose system changes from case to case, in the order of the file.
pub(super) struct Matrix {
    dimensions: Vec<Dimension>,
    /// Whether it could not be read, so that it is not known which hosts it has.
    lost: bool,
}

struct Dimension {
    host: At<String>,
    systems: Vec<Rc<System>>,
}

impl Matrix {
    pub(super) fn resolve(
        table: &Field<Entries<List<OsName>>>,
        hosts: &Hosts<'_>,
        systems: &mut Systems<'_>,
        problems: &mut Problems,
    ) -> Self {
        let mut dimensions = Vec::new();
        let mut cases = Some(1_usize);
        let entries: &[_] = table.value().map_or(&[], |entries| &entries.0);
        for (host, list) in entries {
            hosts.index(&host.value, host.span, problems);
            let found = match list {
                Field::Given(list) => {
                    cases = cases.and_then(|cases| cases.checked_mul(list.value.0.len().max(1)));
                    listed_systems(host, list, systems, problems)
                }
                Field::Absent | Field::Invalid => Vec::new(),
            };
            dimensions.push(Dimension {
                host: host.clone(),
                systems: found,
            });
        }
        if let Some(span) = table.span() {
            check_size(cases, span, problems);
        }
        Self {
            dimensions,
            lost: table.is_invalid(),
        }
    }

    /// The names of the hosts and of their systems.
    pub(super) fn into_names(self) -> Vec<(String, Vec<String>)> {
        let names = |dimension: Dimension| {
            let systems = dimension.systems.iter().map(|system| system.name.clone());
            (dimension.host.value, systems.collect())
        };
        self.dimensions.into_iter().map(names).collect()
    }

    /// The systems that a host has in turn: those of the matrix, or its own one.
    pub(super) fn systems_of(
        &self,
        host: &At<String>,
        os: &Field<OsName>,
        systems: &mut Systems<'_>,
        problems: &mut Problems,
    ) -> Vec<Rc<System>> {
        let mut dimensions = self.dimensions.iter();
        let dimension = dimensions.find(|d| d.host.value == host.value);
        match (os, dimension) {
            (Field::Given(os), Some(dimension)) => {
                let message = format!("{} has an `os` here and in the matrix", quoted(&host.value));
                problems
                    .report(Code::ConflictingKeys, os.span, message)
                    .also(dimension.host.span, "in the matrix")
                    .help("take one of them away");
                dimension.systems.clone()
            }
            (_, Some(dimension)) => dimension.systems.clone(),
            (Field::Given(os), None) => systems
                .find(&os.value.0, os.span, problems)
                .into_iter()
                .collect(),
            (Field::Absent, None) if !self.lost => {
                let message = format!("{} has no `os`", quoted(&host.value));
                problems
                    .report(Code::MissingKey, host.span, message)
                    .help("write `os = \"linux\"`, or list its systems under `[matrix]`");
                Vec::new()
            }
            (Field::Absent | Field::Invalid, None) => Vec::new(),
        }
    }
}

fn listed_systems(
    host: &At<String>,
    list: &At<List<OsName>>,
    systems: &mut Systems<'_>,
    problems: &mut Problems,
) -> Vec<Rc<System>> {
    if list.value.0.is_empty() {
        let message = format!("the matrix has no system for {}", quoted(&host.value));
        problems.report(Code::InvalidValue, list.span, message);
    }
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for os in list.value.given() {
        let Some(system) = systems.find(&os.value.0, os.span, problems) else {
            continue;
        };
        if let Some(first) = seen.insert(system.name.clone(), os.span) {
            let message = format!("{} is in the list twice", quoted(&system.name));
            problems
                .report(Code::ConflictingKeys, os.span, message)
                .also(first, "the first");
        }
        found.push(system);
    }
    found
}

fn check_size(cases: Option<usize>, span: Span, problems: &mut Problems) {
    if cases.is_some_and(|cases| cases <= CASES_MAX) {
        return;
    }
    let count = cases.map_or("far too many".to_owned(), |cases| cases.to_string());
    let message = format!("the matrix has {count} cases; a scenario has at most {CASES_MAX}");
    problems.report(Code::MatrixTooLarge, span, message);
}
