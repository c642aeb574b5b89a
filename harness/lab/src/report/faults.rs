//! What the timeline did, in the words of the scenario file.

use crate::duration::seconds;
use crate::link::LinkFigures;
use crate::plan::{Fault, HostIndex, Plan, RejectWith, Rejected};

/// The timeline's faults in words. A change of a link's figures shows only what it changes.
pub(crate) struct FaultTexts(Vec<String>);

impl FaultTexts {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut links = Links {
            plan,
            changed: Vec::new(),
        };
        let text = |fault| fault_text(plan, &mut links, fault);
        Self(
            plan.timeline
                .iter()
                .map(|timed| &timed.fault)
                .map(text)
                .collect(),
        )
    }

    /// The text of a fault by its index in the plan's timeline.
    pub(crate) fn text(&self, index: usize) -> &str {
        &self.0[index]
    }
}

fn fault_text(plan: &Plan, links: &mut Links<'_>, fault: &Fault) -> String {
    let name = |host: &HostIndex| plan.hosts[*host].name.as_str();
    let pair = |verb: &str, a, b| format!("{verb} {}, {}", name(a), name(b));
    let way = |verb: &str, from, to| format!("{verb} {} > {}", name(from), name(to));
    match fault {
        Fault::Partition(a, b) => pair("partition", a, b),
        Fault::Heal(a, b) => pair("heal", a, b),
        Fault::Hold(a, b) => pair("hold", a, b),
        Fault::Release(a, b) => pair("release", a, b),
        Fault::Block { from, to } => way("block", from, to),
        Fault::Unroute { from, to } => way("unroute", from, to),
        Fault::Route { from, to } => way("route", from, to),
        Fault::Reset { from, to } => pair("reset", from, to),
        Fault::Kill(host) => format!("kill {}", name(host)),
        Fault::PowerOff(host) => format!("power_off {}", name(host)),
        Fault::Boot(host) => format!("boot {}", name(host)),
        Fault::Pause(host) => format!("pause {}", name(host)),
        Fault::Resume(host) => format!("resume {}", name(host)),
        Fault::Link { hosts, figures } => {
            let before = links.replace(*hosts, *figures);
            let changes = changes(&before, figures);
            format!("{}: {changes}", pair("link", &hosts.0, &hosts.1))
        }
        Fault::Drop {
            from,
            to,
            flags,
            count,
            skip,
        } => {
            let what = match (flags, count) {
                (Some(flags), _) => super::packets::spelled_out(*flags),
                (None, 1) => "segment".to_owned(),
                (None, _) => "segments".to_owned(),
            };
            let skip = match skip {
                0 => String::new(),
                skip => format!(", after {skip}"),
            };
            format!("{}: {count} {what}{skip}", way("drop", from, to))
        }
        Fault::Reject {
            host,
            port,
            segments,
            with,
        } => {
            let port = port.map_or_else(String::new, |port| format!(":{port}"));
            let all = match (segments, with) {
                (Rejected::Syns, _) | (_, RejectWith::Accept) => "",
                (Rejected::All, _) => "all to ",
            };
            format!(
                "reject {all}{}{port} with {}",
                name(host),
                reject_name(*with)
            )
        }
    }
}

fn reject_name(with: RejectWith) -> &'static str {
    match with {
        RejectWith::Accept => "accept",
        RejectWith::Drop => "drop",
        RejectWith::Reset => "rst",
        RejectWith::Icmp(kind) => kind.cause().name(),
    }
}

/// The figures of each link as the timeline leaves them so far.
struct Links<'a> {
    plan: &'a Plan,
    changed: Vec<((HostIndex, HostIndex), LinkFigures)>,
}

impl Links<'_> {
    /// Sets the link's figures and returns those before.
    fn replace(&mut self, hosts: (HostIndex, HostIndex), figures: LinkFigures) -> LinkFigures {
        let key = (hosts.0.min(hosts.1), hosts.0.max(hosts.1));
        let known = self.changed.iter().rev().chain(&self.plan.between);
        let before = known
            .filter(|(pair, _)| *pair == key)
            .map(|(_, figures)| *figures)
            .next()
            .unwrap_or(self.plan.link);
        self.changed.push((key, figures));
        before
    }
}

/// The figures that differ, by the keys of the scenario file.
pub(super) fn changes(before: &LinkFigures, after: &LinkFigures) -> String {
    let LinkFigures {
        latency,
        jitter,
        loss,
        duplicate,
        reorder,
        corrupt,
        bandwidth,
        queue,
        mtu,
    } = *after;
    let unlimited = || "unlimited".to_owned();
    let figures = [
        ("latency", latency != before.latency, seconds(latency)),
        ("jitter", jitter != before.jitter, seconds(jitter)),
        ("loss", loss != before.loss, loss.to_string()),
        (
            "duplicate",
            duplicate != before.duplicate,
            duplicate.to_string(),
        ),
        ("reorder", reorder != before.reorder, reorder.to_string()),
        ("corrupt", corrupt != before.corrupt, corrupt.to_string()),
        (
            "bandwidth",
            bandwidth != before.bandwidth,
            bandwidth.map_or_else(unlimited, |bits| format!("{bits} bit/s")),
        ),
        (
            "queue",
            queue != before.queue,
            queue.map_or_else(unlimited, |bytes| format!("{bytes} bytes")),
        ),
        ("mtu", mtu != before.mtu, mtu.to_string()),
    ];
    let changed: Vec<_> = figures
        .into_iter()
        .filter(|(_, changed, _)| *changed)
        .map(|(name, _, value)| format!("{name} {value}"))
        .collect();
    if changed.is_empty() {
        "as before".to_owned()
    } else {
        changed.join(", ")
    }
}
