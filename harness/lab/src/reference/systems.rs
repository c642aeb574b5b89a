//! Systems and their settings.

use super::{Table, code, family};
use halfopen_tcp::Profile;
use halfopen_tcp::profile::Os;
use halfopen_tcp::profile::settings::{self, Setting, SettingValue};

/// The systems: what a host's `os` can be.
pub fn profiles() -> String {
    let mut table = Table::new(&["`os`", "what it is", "family"]);
    for profile in Profile::ALL {
        let name = code(&profile.name);
        table.row(&[&name, release(&profile.name), family(profile.os)]);
    }
    table.0
}

/// Which release a profile is.
fn release(profile: &str) -> &'static str {
    match profile {
        "windows-article" => {
            "the figures of the article \"TCP Errors, Explained!\", and where it has none, those of Windows XP"
        }
        "windows-xp" => "Windows XP, Server 2003",
        "windows-7" => "Windows Vista and 7, Server 2008 and 2008 R2",
        "windows-10" => "Windows 10 to version 1909, Server 2016 and 2019",
        "windows-11" => "Windows 10 from version 2004, Windows 11, Server 2022 and 2025",
        "linux" => "Linux 6.18",
        "linux-6.4" => "Linux 6.4, the last without `tcp_syn_linear_timeouts`",
        "macos" => "macOS 15",
        "freebsd" => "FreeBSD 14",
        _ => "",
    }
}

/// The settings of a family: what they do, what they are set to on each release, and where they are documented.
pub fn settings(os: Os) -> String {
    let mut table = Table::new(&["setting", "what it does", "default", "documented in"]);
    for setting in settings::all(os) {
        let name = code(setting.name);
        table.row(&[&name, setting.doc, &defaults(os, setting), setting.source]);
    }
    table.0
}

/// The values on each release that has the setting; without the releases where all are the same.
fn defaults(os: Os, setting: &Setting) -> String {
    let family: Vec<&Profile> = Profile::ALL.iter().filter(|p| p.os == os).collect();
    let mut values: Vec<(String, Vec<String>)> = Vec::new();
    for profile in &family {
        if profile.lacks.contains(&setting.name) {
            continue;
        }
        let value = value(&(setting.read)(profile), setting.unit);
        let name = code(&profile.name);
        match values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, profiles)) => profiles.push(name),
            None => values.push((value, vec![name])),
        }
    }
    if let [(value, profiles)] = values.as_slice()
        && profiles.len() == family.len()
    {
        return value.clone();
    }
    let shown = values
        .iter()
        .map(|(value, profiles)| format!("{value} on {}", profiles.join(", ")));
    shown.collect::<Vec<_>>().join("; ")
}

fn value(value: &SettingValue, unit: &str) -> String {
    let number = match value {
        SettingValue::Integer(number) => number.to_string(),
        SettingValue::Boolean(on) => on.to_string(),
        SettingValue::Text(text) => code(text),
    };
    // A unit that is itself a number of something is a factor.
    let factor = unit.starts_with(|letter: char| letter.is_ascii_digit());
    let unit = if factor {
        format!("× {unit}")
    } else {
        unit.to_owned()
    };
    format!("**{number}** {unit}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_says_what_it_is() {
        for profile in Profile::ALL {
            assert_ne!(release(&profile.name), "", "{}", profile.name);
        }
    }

    #[test]
    fn defaults_are_told_apart_where_releases_differ() {
        let linux = settings(Os::Linux);
        let row = |name: &str| {
            let row = linux.lines().find(|line| line.contains(name));
            row.expect("the setting is there").to_owned()
        };
        assert!(row("tcp_syn_retries").contains("| **6** |"));
        assert!(row("tcp_syn_linear_timeouts").contains("| **4** on `linux` |"));
    }
}
