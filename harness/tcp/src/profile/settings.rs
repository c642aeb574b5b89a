//! Settings under the names that the operating systems themselves use.
//!
//! A setting changes one or a few fields of a [`Profile`]; a profile takes the settings of its family, less those that
//! its release does not have ([`Profile::lacks`]). Values are in the unit of the system, and within its bounds, so that
//! what works here works there.

mod freebsd;
mod linux;
mod macos;
mod value;
mod windows;

pub use value::SettingValue;

use super::{Os, Profile};

impl From<i64> for SettingValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<i32> for SettingValue {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<bool> for SettingValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<&str> for SettingValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

/// One setting of one family of systems.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The system's own name for it: `net.ipv4.tcp_syn_retries`, `TcpMaxDataRetransmissions`. A name that begins with
    /// `halfopen.` is ours: it chooses between answers that the sources disagree on.
    pub name: &'static str,
    /// What it does, in one sentence or two.
    pub doc: &'static str,
    /// The unit, as people write it: `ms`, `s`, `bytes`; empty for a plain count, a switch or a name.
    pub unit: &'static str,
    /// Where the name, the unit and the bounds come from.
    pub source: &'static str,
    /// Reads the value from a profile.
    pub read: fn(&Profile) -> SettingValue,
    /// Changes the profile, or says what would fit: "must be a whole number from 1 to 127".
    pub write: fn(&mut Profile, &SettingValue) -> Result<(), String>,
}

/// Why a setting could not be applied.
#[derive(Clone, PartialEq, Debug)]
pub enum SettingError {
    /// The system has no setting of that name.
    Unknown,
    /// The value does not fit; a sentence says what would.
    Invalid(String),
}

/// The settings of a family, in the order of the reference.
pub const fn all(os: Os) -> &'static [Setting] {
    match os {
        Os::Windows => windows::SETTINGS,
        Os::Linux => linux::SETTINGS,
        Os::Macos => macos::SETTINGS,
        Os::Freebsd => freebsd::SETTINGS,
    }
}

impl Profile {
    /// The settings that this release has.
    pub fn settings(&self) -> impl Iterator<Item = &'static Setting> {
        let lacks = self.lacks;
        all(self.os)
            .iter()
            .filter(move |setting| !lacks.contains(&setting.name))
    }

    /// Changes one setting by the system's own name for it.
    pub fn set(&mut self, name: &str, value: &SettingValue) -> Result<(), SettingError> {
        let setting = all(self.os)
            .iter()
            .find(|setting| setting.name == name)
            .ok_or(SettingError::Unknown)?;
        if self.lacks.contains(&name) {
            let sentence = format!("{} does not have this setting", self.name);
            return Err(SettingError::Invalid(sentence));
        }
        (setting.write)(self, value).map_err(SettingError::Invalid)
    }
}

/// A setting that is one whole number in one place.
macro_rules! count {
    ($name:literal, $doc:literal, $source:expr, $bounds:expr, |$profile:ident| $place:expr) => {
        Setting {
            name: $name,
            doc: $doc,
            unit: "",
            source: $source,
            read: |$profile| SettingValue::Integer(i64::from($place)),
            write: |$profile, value| {
                $place = value.count($bounds)?;
                Ok(())
            },
        }
    };
}

/// A setting that is a number of bytes in one place.
macro_rules! bytes {
    ($name:literal, $doc:literal, $source:expr, $bounds:expr, |$profile:ident| $place:expr) => {
        Setting {
            unit: "bytes",
            ..count!($name, $doc, $source, $bounds, |$profile| $place)
        }
    };
}

/// A setting that is a time in one place.
macro_rules! time {
    ($name:literal, $doc:literal, $unit:ident, $source:expr, $bounds:expr,
     |$profile:ident| $place:expr) => {
        Setting {
            name: $name,
            doc: $doc,
            unit: Unit::$unit.name(),
            source: $source,
            read: |$profile| SettingValue::time($place, Unit::$unit),
            write: |$profile, value| {
                $place = value.duration($bounds, Unit::$unit)?;
                Ok(())
            },
        }
    };
}

/// A setting that is a switch in one place: off at 0, on at any other number up to `max`.
macro_rules! switch {
    ($name:literal, $doc:literal, $source:expr, $max:literal, |$profile:ident| $place:expr) => {
        Setting {
            name: $name,
            doc: $doc,
            unit: "",
            source: $source,
            read: |$profile| SettingValue::Integer(i64::from($place)),
            write: |$profile, value| {
                $place = value.switch($max)?;
                Ok(())
            },
        }
    };
}

/// A setting that is checked and changes nothing that a program here could see.
macro_rules! accepted {
    ($name:literal, $doc:literal, $source:expr, $bounds:expr, $default:literal) => {
        Setting {
            name: $name,
            doc: $doc,
            unit: "",
            source: $source,
            read: |_| SettingValue::Integer($default),
            write: |_, value| value.integer($bounds, "").map(|_| ()),
        }
    };
}

use {accepted, bytes, count, switch, time};

#[cfg(test)]
mod tests;
