//! Operating systems: profiles that come with the library, and profile files.

use crate::plan::HostPlan;
use crate::scenario::Source;
use crate::scenario::diagnostic::{Code, Diagnostic, Problems, Span, quoted};
use crate::scenario::file::ProfileTable;
use crate::scenario::file::settings::{Setting, Settings};
use crate::scenario::syntax;
use crate::scenario::values::check_name;
use halfopen_tcp::Profile;
use halfopen_tcp::profile::Os;
use halfopen_tcp::profile::settings::{self, SettingError, SettingValue};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// An operating system as a host may have it.
pub(in crate::scenario) struct System {
    /// What reports and tables by os call it.
    pub(super) name: String,
    /// Its profile before the host's own settings.
    pub(super) profile: Profile,
    /// What a profile file sets.
    pub(super) settings: Vec<(String, SettingValue)>,
}

/// The systems that a scenario names.
pub(in crate::scenario) struct Systems<'a> {
    /// Where profile files are; `None` if the scenario is not a file.
    folder: Option<&'a Path>,
    /// By what the scenario calls them; `None` for what could not be loaded, which has been reported.
    known: BTreeMap<String, Option<Rc<System>>>,
}

impl<'a> Systems<'a> {
    pub(in crate::scenario) const fn new(folder: Option<&'a Path>) -> Self {
        Self {
            folder,
            known: BTreeMap::new(),
        }
    }

    /// The system that the file calls `name`, or a report that there is none.
    pub(super) fn find(
        &mut self,
        name: &str,
        span: Span,
        problems: &mut Problems,
    ) -> Option<Rc<System>> {
        if let Some(known) = self.known.get(name) {
            if known.is_none() && !is_path(name) {
                unknown_os(name, span, problems);
            }
            return known.clone();
        }
        let system = if is_path(name) {
            self.load(name, span, problems)
        } else {
            built_in(name, span, problems)
        };
        let system = system.map(Rc::new);
        self.known.insert(name.to_owned(), system.clone());
        system
    }

    /// The names that tables by os may use: profiles, families and profile files.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        let profiles = Profile::ALL.iter().map(|profile| profile.name.as_ref());
        let families = Os::ALL.iter().map(|os| os.name());
        let loaded = self.known.values().flatten().map(|s| s.name.as_str());
        profiles.chain(families).chain(loaded).collect()
    }

    fn load(&self, name: &str, span: Span, problems: &mut Problems) -> Option<System> {
        let Some(folder) = self.folder else {
            let message = "a text that is not in a file has no folder to load a profile file from";
            problems.report(Code::Unreadable, span, message);
            return None;
        };
        let path = folder.join(name.trim_start_matches("./"));
        match Source::read(&path).and_then(|source| read_profile(Arc::new(source), &path)) {
            Ok(system) => Some(system),
            Err(diagnostics) => {
                problems.adopt(diagnostics, span, "named here");
                None
            }
        }
    }
}

/// Whether the name of a system is the path of a profile file.
fn is_path(name: &str) -> bool {
    name.contains(['/', '\\']) || name.to_ascii_lowercase().ends_with(".toml")
}

fn built_in(name: &str, span: Span, problems: &mut Problems) -> Option<System> {
    let Some(profile) = Profile::named(name) else {
        unknown_os(name, span, problems);
        return None;
    };
    Some(System {
        name: name.to_owned(),
        profile,
        settings: Vec::new(),
    })
}

fn unknown_os(name: &str, span: Span, problems: &mut Problems) {
    let known = Profile::ALL.iter().map(|profile| profile.name.as_ref());
    let report = problems.unknown(Code::UnknownOs, span, "os", name, known);
    if Os::ALL.iter().any(|os| os.name() == name) {
        let releases = Profile::ALL.iter().map(|profile| profile.name.as_ref());
        let releases = releases.filter(|release| release.starts_with(name));
        let releases = crate::scenario::diagnostic::listed(releases);
        report.help(format!("name a release: {releases}"));
    }
}

fn read_profile(source: Arc<Source>, path: &Path) -> Result<System, Vec<Diagnostic>> {
    let mut problems = Problems::new(Arc::clone(&source));
    let table: Option<ProfileTable> = syntax::read(&source, &mut problems);
    let system = table.and_then(|table| resolve_profile(&table, path, &mut problems));
    match system.filter(|_| problems.is_empty()) {
        Some(system) => Ok(system),
        None => Err(problems.finish()),
    }
}

fn resolve_profile(table: &ProfileTable, path: &Path, problems: &mut Problems) -> Option<System> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = table.name.value().map_or(stem.as_ref(), |line| &line.0);
    let span = table.name.span().or(table.base.span());
    let span = span.unwrap_or(Span { start: 0, end: 0 });
    check_name(name, span, "a profile", problems);
    if Profile::named(name).is_some() || Os::ALL.iter().any(|os| os.name() == name) {
        let message = format!(
            "{} is the name of a profile that comes with halfopen",
            quoted(name)
        );
        problems
            .report(Code::ConflictingKeys, span, message)
            .help("give this one a `name` of its own");
    }
    let base = table.base.given()?;
    let system = built_in(&base.value.0, base.span, problems)?;
    let mut plan = HostPlan {
        name: String::new(),
        profile: Arc::new(system.profile),
        settings: Vec::new(),
        programs: Vec::new(),
    };
    if let Some(settings) = table.settings.value() {
        apply_settings(settings, std::slice::from_mut(&mut plan), problems);
    }
    let mut profile = Arc::unwrap_or_clone(plan.profile);
    profile.name = Cow::Owned(name.to_owned());
    Some(System {
        name: name.to_owned(),
        profile,
        settings: plan.settings,
    })
}

/// Applies the settings of a host to each system that it has in turn, and reports those that do not fit.
pub(super) fn apply_settings(
    settings: &Settings,
    variants: &mut [HostPlan],
    problems: &mut Problems,
) {
    let families: BTreeSet<Os> = variants.iter().map(|plan| plan.profile.os).collect();
    for setting in &settings.general {
        for plan in &mut *variants {
            if !apply(setting, plan, families.len() > 1, problems) {
                break;
            }
        }
    }
    for (os, settings) in &settings.by_os {
        for setting in settings {
            let unknown = settings::all(*os)
                .iter()
                .all(|s| s.name != setting.name.value);
            if unknown {
                unknown_setting(setting, *os, problems);
                continue;
            }
            for plan in variants.iter_mut().filter(|plan| plan.profile.os == *os) {
                if !apply(setting, plan, false, problems) {
                    break;
                }
            }
        }
    }
}

/// Applies one setting; `false` if it does not fit, which has been reported then.
fn apply(
    setting: &Setting,
    plan: &mut HostPlan,
    several_families: bool,
    problems: &mut Problems,
) -> bool {
    let (name, value) = (&setting.name.value, &setting.value.value);
    let os = plan.profile.os;
    match Arc::make_mut(&mut plan.profile).set(name, value) {
        Ok(()) => {
            plan.settings.retain(|(set, _)| set != name);
            plan.settings.push((name.clone(), value.clone()));
            true
        }
        Err(SettingError::Invalid(message)) => {
            let message = format!("{}: {message}", quoted(name));
            problems.report(Code::InvalidSetting, setting.value.span, message);
            false
        }
        Err(SettingError::Unknown) => {
            let owner = Os::ALL.iter().find(|other| {
                **other != os && settings::all(**other).iter().any(|s| s.name == name)
            });
            unknown_setting(setting, os, problems);
            if let (Some(owner), Some(report)) = (owner, problems.last()) {
                let owner = owner.name();
                report.help(if several_families {
                    format!("the host has several systems in turn: write those of one as `settings.{owner} = {{ .. }}`")
                } else {
                    format!("it is a setting of {owner}")
                });
            }
            false
        }
    }
}

fn unknown_setting(setting: &Setting, os: Os, problems: &mut Problems) {
    let (name, span) = (&setting.name.value, setting.name.span);
    let known = settings::all(os).iter().map(|setting| setting.name);
    let report = problems.unknown(Code::UnknownSetting, span, "setting", name, known);
    report.message = format!("{} has no setting {}", os.name(), quoted(name));
}
