//! Tables, and the figures that stand in sentences.

use halfopen::engine::{Options, event};
use halfopen::outcome::{Outcome, PacketKind, StepResult};
use halfopen::plan::{HostIndex, Plan};
use halfopen::scenario::Scenario;
use halfopen_tcp::profile::errors::Occurrence;
use halfopen_tcp::profile::settings::SettingValue;
use halfopen_tcp::profile::{OsError, settings};
use halfopen_tcp::wire::Flags;
use halfopen_tcp::{Call, Cause, Instant, Profile};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What came of a case, packets included.
pub(crate) fn run(plan: &Plan) -> Outcome {
    event::run(plan, SEED, &Options { packets: true })
}

/// For each case: when the host sent its SYNs or its data, and how its call ended. Times count from the first of them.
pub(crate) fn cases(scenario: &Scenario, host: &str, what: &str) -> Result<String, String> {
    let is_meant: fn(&PacketKind) -> bool = match what {
        "syn" => |kind| matches!(kind, PacketKind::Tcp { flags, .. } if flags.contains(Flags::SYN)),
        "data" => |kind| matches!(kind, PacketKind::Tcp { len, .. } if *len > 0),
        _ => return Err("it is about `syn` or `data`".to_owned()),
    };
    let mut rows: Vec<(Vec<String>, String)> = Vec::new();
    for plan in scenario.cases() {
        let host = host_of(&plan, host)?;
        let outcome = run(&plan);
        let meant = outcome
            .packets
            .iter()
            .filter(|packet| packet.from == host && is_meant(&packet.kind));
        let sent: Vec<Instant> = meant.map(|packet| packet.at).collect();
        let first = *sent.first().ok_or("it sends nothing of that kind")?;
        let ended = last_failure(&outcome, host)
            .map(|(_, end, error)| (seconds(end.since(first)), code(error)))
            .unwrap_or_else(|| ("never".to_owned(), "none".to_owned()));
        let row = format!("{} | {} | {}", times(&sent, first), ended.0, ended.1);
        let system = format!("`{}`", plan.hosts[host].profile.name);
        match rows.iter_mut().find(|(_, known)| *known == row) {
            Some((systems, _)) => systems.push(system),
            None => rows.push((vec![system], row)),
        }
    }
    let mut table =
        "| system | sent after (s) | fails after | with |\n|---|---|---|---|\n".to_owned();
    for (systems, row) in rows {
        table += &format!("| {} | {row} |\n", systems.join(", "));
    }
    Ok(table)
}

/// How long the host's last failing call took.
pub(crate) fn after(plan: &Plan, host: &str) -> Result<String, String> {
    let host = host_of(plan, host)?;
    let outcome = run(plan);
    let (start, end, _) = last_failure(&outcome, host).ok_or("no call of it fails")?;
    Ok(seconds(end.since(start)))
}

/// What a call returns for a cause, system by system.
pub(crate) fn sees(cause: &str, call: &str) -> Result<String, String> {
    let cause = Cause::from_name(cause).ok_or("there is no such cause")?;
    let call = Call::ALL.iter().find(|known| known.name() == call);
    let call = *call.ok_or("there is no such call")?;
    let mut seen: Vec<(Vec<&str>, &OsError)> = Vec::new();
    for (name, profile) in FAMILIES {
        let profile = Profile::named(profile).ok_or("a profile is missing")?;
        let error = profile.error(cause, call, Occurrence::First);
        match seen.iter_mut().find(|(_, known)| *known == error) {
            Some((names, _)) => names.push(name),
            None => seen.push((vec![name], error)),
        }
    }
    let mut list = String::new();
    for (names, error) in seen {
        let kind = match error.kind {
            std::io::ErrorKind::Other => "no stable `ErrorKind`".to_owned(),
            kind => format!("`ErrorKind::{kind:?}`"),
        };
        list += &format!(
            "- **{}**: {}, {kind}\\\n  *{} (os error {})*\n",
            names.join(" and "),
            code(error),
            error.text,
            error.code
        );
    }
    Ok(list)
}

/// What settings do, and their defaults, release by release.
pub(crate) fn settings(names: &[&str]) -> Result<String, String> {
    let mut table = "| setting | what it sets | default |\n|---|---|---|\n".to_owned();
    for name in names {
        let mut defaults: Vec<(String, Vec<String>)> = Vec::new();
        let mut doc = None;
        for profile in Profile::ALL {
            let Some(setting) = profile.settings().find(|setting| setting.name == *name) else {
                continue;
            };
            doc = Some(setting.doc);
            let value = value((setting.read)(profile), setting.unit);
            let profile = format!("`{}`", profile.name);
            match defaults.iter_mut().find(|(known, _)| *known == value) {
                Some((_, profiles)) => profiles.push(profile),
                None => defaults.push((value, vec![profile])),
            }
        }
        let doc = doc.ok_or_else(|| format!("no system has a setting `{name}`"))?;
        let shown: Vec<String> = defaults
            .into_iter()
            .map(|(value, profiles)| format!("**{value}** on {}", profiles.join(", ")))
            .collect();
        table += &format!("| `{name}` | {doc} | {} |\n", shown.join("; "));
    }
    Ok(table)
}

/// A setting's default.
pub(crate) fn default(profile: &str, name: &str) -> Result<String, String> {
    let profile = Profile::named(profile).ok_or("there is no such profile")?;
    let setting = settings::all(profile.os)
        .iter()
        .find(|setting| setting.name == name && !profile.lacks.contains(&name))
        .ok_or("it has no such setting")?;
    Ok(value((setting.read)(&profile), setting.unit))
}

fn value(value: SettingValue, unit: &str) -> String {
    let number = match value {
        SettingValue::Integer(number) => number.to_string(),
        SettingValue::Boolean(yes) => yes.to_string(),
        SettingValue::Text(text) => text,
    };
    match unit {
        "" => number,
        unit => format!("{number}\u{a0}{unit}"),
    }
}

/// What the record of the kernel holds.
pub(crate) fn verified(root: &Path) -> Result<String, String> {
    let path = root.join("scenarios/linux/verified.jsonl");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut found: Vec<(String, String, u64, u64)> = Vec::new();
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let kernel = record["kernel"]
            .as_str()
            .ok_or("a record names no kernel")?;
        let hz = record["hz"].to_string();
        let agrees = u64::from(record["verdict"] == "agrees");
        match found
            .iter_mut()
            .find(|known| known.0 == kernel && known.1 == hz)
        {
            Some(known) => {
                known.2 += 1;
                known.3 += agrees;
            }
            None => found.push((kernel.to_owned(), hz, 1, agrees)),
        }
    }
    let mut table = "| kernel | `CONFIG_HZ` | cases | agree |\n|---|---|---|---|\n".to_owned();
    for (kernel, hz, cases, agree) in found {
        table += &format!("| Linux {kernel} | {hz} | {cases} | {agree} |\n");
    }
    Ok(table)
}

/// When the host's last failing call began and ended, and its error.
fn last_failure(
    outcome: &Outcome,
    host: HostIndex,
) -> Option<(Instant, Instant, &'static OsError)> {
    let of_host = outcome.steps.iter().filter(|step| step.host == host);
    let mut failed = of_host.filter_map(|step| match step.end {
        Some((
            end,
            StepResult::Failed {
                error: Some(error), ..
            },
        )) => Some((step.start, end, error)),
        _ => None,
    });
    failed.next_back()
}

fn host_of(plan: &Plan, host: &str) -> Result<HostIndex, String> {
    let found = plan.hosts.iter().position(|known| known.name == host);
    found.ok_or_else(|| format!("there is no host `{host}`"))
}

fn code(error: &OsError) -> String {
    format!("`{}` ({})", error.name, error.code)
}

/// The first few of the times, in seconds.
fn times(sent: &[Instant], first: Instant) -> String {
    let shown = sent.iter().take(TIMES_MAX);
    let mut times: Vec<String> = shown.map(|at| number(at.since(first))).collect();
    if sent.len() > TIMES_MAX {
        times.push(format!("... ({} in all)", sent.len()));
    }
    times.join(", ")
}

/// As sentences have it: `18.9 s`, `50 ms`, which no line breaks.
fn seconds(duration: Duration) -> String {
    if duration.as_millis() < 1000 {
        return format!("{}\u{a0}ms", duration.as_millis());
    }
    format!("{}\u{a0}s", number(duration))
}

/// Seconds to the millisecond, without zeros at the end.
fn number(duration: Duration) -> String {
    let text = format!("{}.{:03}", duration.as_secs(), duration.subsec_millis());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What readers call a system, and a profile that has its errors.
const FAMILIES: [(&str, &str); 4] = [
    ("Windows", "windows-11"),
    ("Linux", "linux"),
    ("macOS", "macos"),
    ("FreeBSD", "freebsd"),
];

const TIMES_MAX: usize = 8;
const SEED: u64 = 0;
