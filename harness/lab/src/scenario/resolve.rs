//! From the tables of a file to plans: what names refer to, and what holds where the file says nothing.

mod detail;
mod expect;
mod fault;
mod hosts;
mod link;
mod matrix;
mod program;
mod step;
pub(super) mod system;

use super::Scenario;
use super::diagnostic::{Code, Problems};
use super::file::{HostTable, LimitsTable, ScenarioTable};
use super::read::{At, Field};
use super::values::{Time, check_name};
use crate::plan::{HostPlan, Limits, Plan, ProgramPlan};
use halfopen_tcp::Instant;
use hosts::Hosts;
use matrix::Matrix;
use std::rc::Rc;
use std::sync::Arc;
use system::{System, Systems, apply_settings};

/// Resolves a file. The result is only good if nothing was reported.
pub(super) fn resolve(
    name: &str,
    file: &ScenarioTable,
    systems: &mut Systems<'_>,
    problems: &mut Problems,
) -> Scenario {
    let entries: &[_] = file.host.value().map_or(&[], |hosts| &hosts.0);
    for (name, _) in entries {
        check_name(&name.value, name.span, "a host", problems);
    }
    if let Some(at) = file.host.given()
        && at.value.0.is_empty()
    {
        problems.report(Code::MissingKey, at.span, "a scenario needs a host");
    }
    let hosts = Hosts::new(entries.iter().map(|(name, _)| name.value.as_str()));
    let matrix = Matrix::resolve(&file.matrix, &hosts, systems, problems);
    let variants = variants(entries, &matrix, systems, &hosts, problems);
    let (link, between) = link::resolve(file.link.value(), &hosts, problems);
    let timeline = fault::timeline(file.timeline.value(), &hosts, link, &between, problems);
    let instant = |time: &Time| Instant::ZERO + time.0;
    let template = Plan {
        scenario: name.to_owned(),
        title: file.title.value().map_or("", |line| &line.0).to_owned(),
        why: file.why.value().map_or("", |why| why.trim()).to_owned(),
        case: Vec::new(),
        hosts: Vec::new(),
        link,
        between: between.into_iter().collect(),
        timeline,
        until: file.until.value().map(instant),
        limits: limits(file.limits.value()),
    };
    Scenario {
        template,
        variants,
        matrix: matrix.into_names(),
    }
}

/// For each host in order of the names, itself on each system that it has in turn.
fn variants(
    entries: &[(At<String>, Field<HostTable>)],
    matrix: &Matrix,
    systems: &mut Systems<'_>,
    hosts: &Hosts<'_>,
    problems: &mut Problems,
) -> Vec<Vec<HostPlan>> {
    // All systems first: what a profile file is called may stand in another host's expectations.
    let chosen: Vec<Vec<Rc<System>>> = entries
        .iter()
        .map(|(name, host)| match host.value() {
            Some(host) => matrix.systems_of(name, &host.os, systems, problems),
            None => Vec::new(),
        })
        .collect();
    let mut variants: Vec<Vec<HostPlan>> = entries
        .iter()
        .zip(&chosen)
        .filter_map(|((name, host), chosen)| {
            let host = host.value()?;
            Some(host_variants(name, host, chosen, systems, hosts, problems))
        })
        .collect();
    variants.sort_by(|a, b| {
        let name = |variants: &[HostPlan]| variants.first().map(|host| host.name.clone());
        name(a).cmp(&name(b))
    });
    variants
}

fn host_variants(
    name: &At<String>,
    host: &HostTable,
    chosen: &[Rc<System>],
    systems: &Systems<'_>,
    hosts: &Hosts<'_>,
    problems: &mut Problems,
) -> Vec<HostPlan> {
    let mut plans: Vec<HostPlan> = chosen
        .iter()
        .map(|system| HostPlan {
            name: name.value.clone(),
            profile: Arc::new(system.profile.clone()),
            settings: system.settings.clone(),
            programs: Vec::new(),
        })
        .collect();
    if let Some(settings) = host.settings.value() {
        apply_settings(settings, &mut plans, problems);
    }
    let setting = program::Setting {
        hosts,
        systems,
        chosen,
    };
    let mut programs: Vec<Vec<ProgramPlan>> = Vec::new();
    program::check_main(&host.main, problems);
    if host.main.steps.value().is_some() {
        programs.push(setting.resolve("main", &host.main, problems));
    }
    let named: &[_] = host.program.value().map_or(&[], |programs| &programs.0);
    let mut sorted: Vec<_> = named.iter().collect();
    sorted.sort_by_key(|(name, _)| &name.value);
    for (name, program) in sorted {
        program::check_name_of(name, problems);
        if let Some(program) = program.value() {
            programs.push(setting.resolve(&name.value, program, problems));
        }
    }
    for program in programs {
        for (plan, variant) in plans.iter_mut().zip(program) {
            plan.programs.push(variant);
        }
    }
    plans
}

fn limits(table: Option<&LimitsTable>) -> Limits {
    let Limits { time, events } = Limits::DEFAULT;
    let Some(table) = table else {
        return Limits::DEFAULT;
    };
    Limits {
        time: table.time.value().map_or(time, |time| time.0),
        events: table.events.value().map_or(events, |events| events.0),
    }
}
