//! The programs of a host.

use super::expect;
use super::hosts::Hosts;
use super::step::Flow;
use super::system::{System, Systems};
use crate::plan::{ProgramPlan, Step};
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::file::ProgramTable;
use crate::scenario::file::step::StepTable;
use crate::scenario::read::{At, Field};
use crate::scenario::values::check_name;
use halfopen_tcp::Instant;
use std::rc::Rc;

/// What the programs of one host refer to.
pub(super) struct Setting<'a, 'f> {
    pub(super) hosts: &'a Hosts<'f>,
    pub(super) systems: &'a Systems<'a>,
    /// The systems that the host has in turn.
    pub(super) chosen: &'a [Rc<System>],
}

impl Setting<'_, '_> {
    /// The program, once for each system that the host has in turn: they differ in what steps must do.
    pub(super) fn resolve(
        &self,
        name: &str,
        table: &ProgramTable,
        problems: &mut Problems,
    ) -> Vec<ProgramPlan> {
        let steps: &[Field<StepTable>] = table.steps.value().map_or(&[], |steps| &steps.0);
        let mut flow = Flow::new(self.hosts, steps);
        let mut plan = ProgramPlan {
            name: name.to_owned(),
            start: table
                .start
                .value()
                .map_or(Instant::ZERO, |time| Instant::ZERO + time.0),
            on_boot: table.on_boot.value().copied().unwrap_or(false),
            names: Vec::new(),
            steps: Vec::new(),
        };
        let mut expects = Vec::new();
        for step in steps {
            let Some((resolved, table)) = flow.step(step, problems) else {
                continue;
            };
            expects.push(table.expect.given().map(|expect| {
                let action = &resolved.action;
                expect::resolve(expect, action, self.chosen, self.systems, problems)
            }));
            plan.steps.push(resolved);
        }
        plan.names = flow.into_names();
        let variant = |index: usize| {
            let mut plan = plan.clone();
            let with_expects = plan.steps.iter_mut().zip(&expects);
            with_expects.for_each(|(step, expects): (&mut Step, _)| {
                step.expect = expects
                    .as_ref()
                    .and_then(|by_system| by_system[index].clone());
            });
            plan
        };
        (0..self.chosen.len()).map(variant).collect()
    }
}

/// Reports a `start` or `on_boot` of a host that has no steps of its own.
pub(super) fn check_main(main: &ProgramTable, problems: &mut Problems) {
    if !main.steps.is_absent() {
        return;
    }
    for (key, span) in [
        ("start", main.start.span()),
        ("on_boot", main.on_boot.span()),
    ] {
        if let Some(span) = span {
            let message = format!("`{key}` has no `steps` to start");
            problems
                .report(Code::MissingKey, span, message)
                .help("a program of another name has its own: `program.NAME.start`");
        }
    }
}

/// Reports a name that a program cannot have.
pub(super) fn check_name_of(name: &At<String>, problems: &mut Problems) {
    check_name(&name.value, name.span, "a program", problems);
    if name.value == "main" {
        let message = "`main` is the program of the steps directly under the host";
        problems
            .report(Code::ConflictingKeys, name.span, message)
            .help("give this one another name, or write its steps under the host");
    }
}
