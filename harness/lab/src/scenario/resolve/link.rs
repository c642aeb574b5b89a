//! The figures of the links.

use super::hosts::Hosts;
use crate::link::LinkFigures;
use crate::plan::HostIndex;
use crate::scenario::diagnostic::{Code, Problems, Span, quoted};
use crate::scenario::file::{FiguresTable, LinkTable};
use std::collections::BTreeMap;

/// The links with figures of their own; the lower index first.
pub(super) type Between = BTreeMap<(HostIndex, HostIndex), LinkFigures>;

/// The figures of `[link]` and of its `between`.
pub(super) fn resolve(
    table: Option<&LinkTable>,
    hosts: &Hosts<'_>,
    problems: &mut Problems,
) -> (LinkFigures, Between) {
    let Some(table) = table else {
        return (LinkFigures::DEFAULT, Between::new());
    };
    let link = change(LinkFigures::DEFAULT, &table.figures, problems);
    let mut between = Between::new();
    let mut places: BTreeMap<_, Span> = BTreeMap::new();
    let entries = table
        .between
        .value()
        .into_iter()
        .flat_map(|list| list.given());
    for entry in entries {
        let figures = change(link, &entry.value.figures, problems);
        let Some(pair) = entry.value.hosts.given() else {
            continue;
        };
        let Some((a, b)) = hosts.pair(&pair.value, problems) else {
            continue;
        };
        let key = ordered(a, b);
        if let Some(first) = places.insert(key, pair.span) {
            let (a, b) = (quoted(hosts.name(a)), quoted(hosts.name(b)));
            problems
                .report(
                    Code::ConflictingKeys,
                    pair.span,
                    format!("the link between {a} and {b} is described twice"),
                )
                .also(first, "the first");
        }
        between.insert(key, figures);
    }
    (link, between)
}

/// These figures with those that the table has instead.
pub(super) fn change(
    figures: LinkFigures,
    table: &FiguresTable,
    problems: &mut Problems,
) -> LinkFigures {
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
    } = figures;
    let changed = LinkFigures {
        latency: table.latency.value().map_or(latency, |time| time.0),
        jitter: table.jitter.value().map_or(jitter, |time| time.0),
        loss: table.loss.value().map_or(loss, |p| p.0),
        duplicate: table.duplicate.value().map_or(duplicate, |p| p.0),
        reorder: table.reorder.value().map_or(reorder, |p| p.0),
        corrupt: table.corrupt.value().map_or(corrupt, |p| p.0),
        bandwidth: table.bandwidth.value().map_or(bandwidth, |b| b.0),
        queue: table.queue.value().map_or(queue, |size| size.0),
        mtu: table.mtu.value().map_or(mtu, |mtu| mtu.0),
    };
    let limited = changed.bandwidth.is_some() || table.bandwidth.is_invalid();
    if let Some(queue) = table.queue.given()
        && queue.value.0.is_some()
        && !limited
    {
        problems
            .report(
                Code::ConflictingKeys,
                queue.span,
                "nothing waits in a queue where the bandwidth is unlimited",
            )
            .help("add a `bandwidth`, or take the `queue` away");
    }
    changed
}

/// The key of a pair.
pub(super) fn ordered(a: HostIndex, b: HostIndex) -> (HostIndex, HostIndex) {
    (a.min(b), a.max(b))
}
