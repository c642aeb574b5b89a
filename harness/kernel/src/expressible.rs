//! Whether this kernel can be made to do what a case says.

use crate::sysctl::CONFIG_HZ;
use crate::{Facts, KernelError};
use halfopen::plan::{Fault, HostIndex, Plan};
use halfopen::tcp::profile::Os;
use halfopen::tcp::profile::settings::SettingValue;

/// Says why a case cannot be run on the kernel that `facts` describe, as far as can be known beforehand.
pub(crate) fn check(plan: &Plan, facts: &Facts) -> Result<(), KernelError> {
    for host in &plan.hosts {
        if host.profile.os != Os::Linux {
            return not_expressible(format!("{} runs {}", host.name, host.profile.name));
        }
        for (name, value) in &host.settings {
            if name == CONFIG_HZ && *value != SettingValue::Integer(facts.hz.into()) {
                return not_expressible(format!(
                    "{} has {name} = {value:?}, and this is {facts}",
                    host.name
                ));
            }
        }
    }
    for timed in &plan.timeline {
        if let Fault::Link { hosts, figures } = timed.fault
            && figures.mtu != mtu(plan, hosts)
        {
            return not_expressible("the MTU of a link changes".to_owned());
        }
    }
    Ok(())
}

fn mtu(plan: &Plan, (a, b): (HostIndex, HostIndex)) -> u16 {
    let pair = (a.min(b), a.max(b));
    let own = plan.between.iter().find(|(hosts, _)| *hosts == pair);
    own.map_or(plan.link.mtu, |(_, figures)| figures.mtu)
}

fn not_expressible(why: String) -> Result<(), KernelError> {
    Err(KernelError::NotExpressible(why))
}
