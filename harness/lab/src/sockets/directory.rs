//! The names of the hosts of a run.

use crate::plan::{self, Fault, HostIndex, Plan};
use halfopen_tcp::Instant;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{OnceLock, Weak};

/// Where faults go that running code makes.
pub(crate) trait MakeFault: fmt::Debug + Send + Sync {
    fn make_fault(&self, at: Instant, fault: Fault);
}

/// The hosts of a run: their names, and the addresses that turmoil gives them beside ours.
#[derive(Debug)]
pub(crate) struct Directory {
    names: Vec<String>,
    carriers: OnceLock<Vec<IpAddr>>,
    faults: OnceLock<Weak<dyn MakeFault>>,
}

impl Directory {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            names: plan.hosts.iter().map(|host| host.name.clone()).collect(),
            carriers: OnceLock::new(),
            faults: OnceLock::new(),
        }
    }

    /// Where faults go. Set once.
    pub(crate) fn set_faults(&self, faults: Weak<dyn MakeFault>) {
        self.faults.get_or_init(|| faults);
    }

    /// Makes a fault; none once the run is over.
    #[track_caller]
    pub(crate) fn make_fault(&self, at: Instant, fault: Fault) {
        if let Some(faults) = self.faults.get().and_then(Weak::upgrade) {
            faults.make_fault(at, fault);
        }
    }

    /// The addresses under which turmoil knows the hosts. Set once.
    pub(crate) fn set_carriers(&self, carriers: Vec<IpAddr>) {
        self.carriers.get_or_init(|| carriers);
    }

    pub(crate) fn carrier(&self, host: HostIndex) -> Option<IpAddr> {
        self.carriers.get()?.get(host).copied()
    }

    pub(crate) fn name(&self, host: HostIndex) -> &str {
        &self.names[host]
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The host of that address.
    pub(crate) fn at(&self, address: IpAddr) -> Option<HostIndex> {
        let IpAddr::V4(address) = address else {
            return None;
        };
        let host = address.to_bits().checked_sub(plan::address(0).to_bits())?;
        Some(host as HostIndex).filter(|host| *host < self.names.len())
    }

    /// The address that a socket of `here` uses for `address`: loopback is the machine itself, and an address that
    /// turmoil gave stands for ours.
    pub(crate) fn translate(&self, here: HostIndex, address: IpAddr) -> IpAddr {
        if address.is_loopback() {
            return plan::address(here).into();
        }
        let carriers = self.carriers.get().map_or(&[][..], Vec::as_slice);
        match carriers.iter().position(|carrier| *carrier == address) {
            Some(host) => plan::address(host).into(),
            None => address,
        }
    }

    /// What a name stands for on `here`.
    pub(crate) fn resolve(&self, here: HostIndex, name: &str) -> Option<Ipv4Addr> {
        if name == "localhost" {
            return Some(plan::address(here));
        }
        let host = self.names.iter().position(|known| known == name);
        host.map(plan::address)
    }
}
