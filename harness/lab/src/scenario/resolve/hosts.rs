//! The hosts of a scenario by name and by address.

use crate::plan::{HostIndex, address};
use crate::scenario::diagnostic::{Code, Problems, Span, quoted};
use crate::scenario::read::At;
use crate::scenario::values::{HostName, Pair};
use std::net::Ipv4Addr;

/// The names of the hosts, sorted.
pub(super) struct Hosts<'f> {
    names: Vec<&'f str>,
}

impl<'f> Hosts<'f> {
    pub(super) fn new(names: impl Iterator<Item = &'f str>) -> Self {
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        Self { names }
    }

    pub(super) fn name(&self, host: HostIndex) -> &'f str {
        self.names[host]
    }

    /// The host of that name, or a report that there is none.
    pub(super) fn index(
        &self,
        name: &str,
        span: Span,
        problems: &mut Problems,
    ) -> Option<HostIndex> {
        let found = self.names.binary_search(&name).ok();
        if found.is_none() {
            let known = self.names.iter().copied();
            problems.unknown(Code::UnknownHost, span, "host", name, known);
        }
        found
    }

    pub(super) fn at(&self, name: &At<HostName>, problems: &mut Problems) -> Option<HostIndex> {
        self.index(&name.value.0, name.span, problems)
    }

    /// Two different hosts, as the file has them.
    pub(super) fn two(
        &self,
        first: &At<HostName>,
        second: &At<HostName>,
        problems: &mut Problems,
    ) -> Option<(HostIndex, HostIndex)> {
        let (a, b) = (self.at(first, problems), self.at(second, problems));
        if first.value == second.value && a.is_some() {
            let message = format!("{} has no link to itself", quoted(&first.value.0));
            problems
                .report(Code::SameHost, second.span, message)
                .also(first.span, "the same host");
            return None;
        }
        Some((a?, b?))
    }

    /// The same for a pair.
    pub(super) fn pair(
        &self,
        pair: &Pair,
        problems: &mut Problems,
    ) -> Option<(HostIndex, HostIndex)> {
        self.two(&pair.0, &pair.1, problems)
    }

    /// A `host:port` with a port from `lowest`; the host may be an address. `None` for a host: the unspecified
    /// address.
    pub(super) fn endpoint(
        &self,
        text: &str,
        lowest: u16,
        span: Span,
        problems: &mut Problems,
    ) -> Option<(Option<HostIndex>, u16)> {
        let Some((host, port)) = text.rsplit_once(':') else {
            let message = format!("{} is not a `host:port`", quoted(text));
            problems
                .report(Code::InvalidAddress, span, message)
                .help("write a host and a port, such as `\"server:80\"`");
            return None;
        };
        let number = port.parse().ok().filter(|number| *number >= lowest);
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        if number.is_none() || !digits {
            let message = format!("{} is not a port, {lowest} to 65535", quoted(port));
            problems.report(Code::InvalidAddress, span, message);
        }
        let host = match host.parse() {
            Ok(Ipv4Addr::UNSPECIFIED) => None,
            Ok(wanted) => Some(self.by_address(wanted, span, problems)?),
            Err(_) => Some(self.index(host, span, problems)?),
        };
        number.filter(|_| digits).map(|port| (host, port))
    }

    fn by_address(
        &self,
        wanted: Ipv4Addr,
        span: Span,
        problems: &mut Problems,
    ) -> Option<HostIndex> {
        let offset = wanted.to_bits().wrapping_sub(address(0).to_bits());
        let host = usize::try_from(offset).ok();
        let found = host.filter(|host| *host < self.names.len());
        if found.is_none() {
            let report = problems.report(
                Code::UnknownHost,
                span,
                format!("no host has the address {wanted}"),
            );
            if let (Some(first), Some(last)) = (self.names.first(), self.names.len().checked_sub(1))
            {
                let first = format!("{} is the first host's, {}", address(0), quoted(first));
                let last = format!(
                    "{} the last one's, {}",
                    address(last),
                    quoted(self.names[last])
                );
                report.help(format!("{first}, and {last}"));
            }
        }
        found
    }
}
