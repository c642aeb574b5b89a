//! When an error arrives with the default timers: found by running a small scenario for every profile.

use crate::engine::{Options, event};
use crate::outcome::StepResult;
use crate::plan::{HostIndex, Plan};
use crate::scenario;
use halfopen_tcp::profile::Os;
use halfopen_tcp::{Cause, Instant, Profile};
use std::sync::Arc;
use std::time::Duration;

/// When the systems learn of a cause, in a scenario that is typical of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct When {
    /// What the times count from: `after connect was called`.
    pub since: &'static str,
    /// The times, in the order of the profiles.
    pub times: Vec<Time>,
}

/// When some systems learn of a cause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Time {
    /// The profiles.
    pub profiles: Vec<String>,
    /// What they learn, and when. `None`: nothing, for they wait for ever.
    pub learned: Option<(Duration, Cause)>,
}

/// When the systems of these families learn of the cause. `None` for what is known at once or is the program's own
/// doing: there is nothing to tell.
pub(super) fn when(cause: Cause, systems: &[Os]) -> Option<When> {
    let demonstration = demonstration(cause)?;
    let mut plan = demonstration.plan(cause);
    let client = demonstration.client(&plan);
    let mut times: Vec<Time> = Vec::new();
    for profile in Profile::ALL.iter().filter(|p| systems.contains(&p.os)) {
        plan.hosts[client].profile = Arc::new(profile.clone());
        let learned = demonstration.learned(&plan);
        let name = profile.name.to_string();
        match times.iter_mut().find(|time| time.learned == learned) {
            Some(time) => time.profiles.push(name),
            None => times.push(Time {
                profiles: vec![name],
                learned,
            }),
        }
    }
    Some(When {
        since: demonstration.since,
        times,
    })
}

/// A scenario whose `client` learns of a cause.
pub(crate) struct Demonstration {
    scenario: &'static str,
    /// What the time counts from, in words and in the scenario's time.
    pub(crate) since: &'static str,
    pub(crate) zero: Instant,
}

macro_rules! demonstration {
    ($name:literal, $since:literal, $zero_ms:literal) => {
        Some(Demonstration {
            scenario: include_str!(concat!("when/", $name, ".toml")),
            since: $since,
            zero: Instant::from_nanos($zero_ms * 1_000_000),
        })
    };
}

fn demonstration(cause: Cause) -> Option<Demonstration> {
    match cause {
        Cause::SynUnanswered => demonstration!("syn-unanswered", "after connect was called", 0),
        Cause::RefusedByPeer => demonstration!("refused-by-peer", "after connect was called", 0),
        Cause::RetransmissionsExhausted => {
            demonstration!(
                "retransmissions-exhausted",
                "after the data was sent",
                1_000
            )
        }
        Cause::KeepAliveUnanswered => {
            demonstration!("keepalive-unanswered", "after the peer's last packet", 50)
        }
        Cause::ZeroWindowExhausted => {
            demonstration!("zero-window-exhausted", "after the peer fell silent", 5_000)
        }
        Cause::NetUnreachable => demonstration!("net-unreachable", "after connect was called", 0),
        Cause::HostUnreachable => demonstration!("host-unreachable", "after connect was called", 0),
        Cause::PortUnreachable => demonstration!("port-unreachable", "after connect was called", 0),
        Cause::AdminProhibited => demonstration!("admin-prohibited", "after connect was called", 0),
        Cause::ResetByPeer
        | Cause::ResetAfterClose
        | Cause::UserTimeout
        | Cause::NoRoute
        | Cause::AddressInUse
        | Cause::AddressNotAvailable
        | Cause::PortsExhausted
        | Cause::NotConnected
        | Cause::AlreadyConnected
        | Cause::ConnectInProgress
        | Cause::ShutDown
        | Cause::AbortedLocally
        | Cause::WouldBlock
        | Cause::TimedOutWaiting
        | Cause::InvalidArgument
        | Cause::Killed => None,
    }
}

impl Demonstration {
    /// The demonstration of that cause, if it has one.
    pub(crate) fn of(cause: Cause) -> Option<Self> {
        demonstration(cause)
    }

    pub(crate) fn plan(&self, cause: Cause) -> Plan {
        let scenario = scenario::parse(cause.name(), self.scenario);
        let scenario = scenario.expect("the tests read every demonstration");
        scenario.cases().next().expect("a scenario has a case")
    }

    /// The host that learns of the cause.
    pub(crate) fn client(&self, plan: &Plan) -> HostIndex {
        let mut hosts = plan.hosts.iter();
        let client = hosts.position(|host| host.name == "client");
        client.expect("the tests look for it in every demonstration")
    }

    /// The client's first error, and when it came.
    fn learned(&self, plan: &Plan) -> Option<(Duration, Cause)> {
        let client = self.client(plan);
        let outcome = event::run(plan, 0, &Options { packets: false });
        outcome.steps.iter().find_map(|step| match step.end {
            Some((
                at,
                StepResult::Failed {
                    cause: Some(cause), ..
                },
            )) if step.host == client => Some((at.since(self.zero), cause)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demonstration_shows_its_cause() {
        for &cause in Cause::ALL {
            let Some(when) = when(cause, Os::ALL) else {
                continue;
            };
            let shown = when.times.iter().filter_map(|time| time.learned);
            assert!(
                shown.map(|(_, learned)| learned).any(|c| c == cause),
                "{cause}: {when:?}"
            );
            let profiles: usize = when.times.iter().map(|time| time.profiles.len()).sum();
            assert_eq!(profiles, Profile::ALL.len(), "{cause}");
        }
    }
}
