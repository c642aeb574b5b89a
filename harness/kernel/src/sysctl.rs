//! A host's settings, written in its namespace.

use crate::KernelError;
use halfopen::plan::HostPlan;
use halfopen::tcp::Profile;
use halfopen::tcp::profile::Os;
use halfopen::tcp::profile::settings::{self, SettingValue};
use std::fs;
use std::io::ErrorKind;

/// What every namespace gets first, so that results do not depend on how this machine is set up. A namespace starts with
/// the kernel's defaults except for these, which it takes from the machine.
const BASELINE: [(&str, &str); 4] = [
    // Its router solicitations and its multicast would show up on the link.
    ("net.ipv6.conf.all.disable_ipv6", "1"),
    // Always there and always allowed in a namespace, which holds for no other (`tcp_set_default_congestion_control`).
    ("net.ipv4.tcp_congestion_control", "reno"),
    // The kernel's defaults on a machine with enough memory (`tcp_init`), Documentation/networking/ip-sysctl.rst.
    ("net.ipv4.tcp_rmem", "4096 131072 33554432"),
    ("net.ipv4.tcp_wmem", "4096 16384 4194304"),
];

/// The name under which a scenario says what `CONFIG_HZ` it means. No sysctl: the kernel was built with it.
pub(crate) const CONFIG_HZ: &str = "CONFIG_HZ";

/// What makes this kernel behave as a host's profile says: the host's own settings, and what its profile has otherwise
/// than the one that stands for a kernel as it comes.
pub(crate) fn of(host: &HostPlan) -> Vec<(String, SettingValue)> {
    let mut sysctls = host.settings.clone();
    let Some(plain) = Profile::named("linux") else {
        return sysctls;
    };
    for setting in settings::all(Os::Linux) {
        let value = (setting.read)(&host.profile);
        let known = sysctls.iter().any(|(name, _)| name == setting.name);
        if !known && setting.name != CONFIG_HZ && value != (setting.read)(&plain) {
            sysctls.push((setting.name.to_owned(), value));
        }
    }
    sysctls
}

/// Writes the baseline and then `settings` to the current namespace.
pub(crate) fn apply(settings: &[(String, SettingValue)]) -> Result<(), KernelError> {
    for (name, value) in BASELINE {
        let optional = name.starts_with("net.ipv6.");
        match fs::write(path(name), value) {
            Err(error) if optional && error.kind() == ErrorKind::NotFound => {}
            result => {
                result.map_err(|error| KernelError::system(format!("set {name}"), error))?;
            }
        }
    }
    for (name, value) in settings.iter().filter(|(name, _)| name != CONFIG_HZ) {
        if !name.starts_with("net.") {
            return Err(KernelError::NotExpressible(format!(
                "{name}: only settings below `net.` belong to a network namespace"
            )));
        }
        write(name, &text(value))?;
    }
    Ok(())
}

/// Writes one sysctl of the current namespace.
fn write(name: &str, value: &str) -> Result<(), KernelError> {
    fs::write(path(name), value).map_err(|error| {
        let why = match error.kind() {
            ErrorKind::NotFound => "this kernel does not have it per network namespace".to_owned(),
            _ => error.to_string(),
        };
        KernelError::NotExpressible(format!("{name} = {value}: {why}"))
    })
}

fn path(name: &str) -> String {
    format!("/proc/sys/{}", name.replace('.', "/"))
}

fn text(value: &SettingValue) -> String {
    match value {
        SettingValue::Integer(number) => number.to_string(),
        SettingValue::Boolean(on) => u8::from(*on).to_string(),
        SettingValue::Text(text) => text.clone(),
    }
}
