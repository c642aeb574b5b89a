//! Settings under the names that the operating systems themselves use.

use super::{Os, Profile};

/// A value as a scenario file writes it.
#[derive(Clone, PartialEq, Debug)]
pub enum SettingValue {
    /// A whole number, in the unit of the setting.
    Integer(i64),
    /// A switch.
    Boolean(bool),
    /// A text, such as the two numbers of `net.ipv4.ip_local_port_range`.
    Text(String),
}

/// One setting of one family of systems.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The system's own name for it: `net.ipv4.tcp_syn_retries`, `TcpMaxDataRetransmissions`.
    pub name: &'static str,
    /// What it does, in one sentence, with its unit.
    pub doc: &'static str,
    /// The unit, as people write it: `ms`, `s`, `segments`; empty for a plain count or switch.
    pub unit: &'static str,
    /// Where the name, the unit and the bounds come from.
    pub source: &'static str,
    /// Reads the value from a profile.
    pub read: fn(&Profile) -> SettingValue,
    /// Changes the profile.
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
pub fn all(os: Os) -> &'static [Setting] {
    match os {
        Os::Windows | Os::Linux | Os::Macos | Os::Freebsd => &[],
    }
}

impl Profile {
    /// Changes one setting by the system's own name for it.
    pub fn set(&mut self, name: &str, value: &SettingValue) -> Result<(), SettingError> {
        let setting = all(self.os)
            .iter()
            .find(|setting| setting.name == name)
            .ok_or(SettingError::Unknown)?;
        (setting.write)(self, value).map_err(SettingError::Invalid)
    }
}
