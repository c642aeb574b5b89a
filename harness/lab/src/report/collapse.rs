//! Long runs of packets to which nothing happens become one line for each connection and direction.

use super::flow::Probe;
use super::packets::PacketTexts;
use super::text::stamped;
use super::timeline::{Event, What};
use super::{Line, LineKind};
use crate::outcome::{Fate, PacketKind, PacketRecord};
use halfopen_tcp::Instant;
use halfopen_tcp::wire::{Flags, Seq};

/// Shorter runs are shown packet by packet: a request and its answer should stay readable.
const LONG: usize = 6;

/// How many of the first events are a quiet run that is long enough to be summarised; 0 if they are not. A run is a
/// transfer, or keepalive probes and their answers, but not both.
pub(crate) fn quiet_run(events: &[Event], packets: &PacketTexts<'_>) -> usize {
    let kind = |event: &Event| match event.what {
        What::Packet(index) => Quiet::of(packets, index).map(|quiet| quiet.kind),
        What::Fault(_) | What::Step(_) => None,
    };
    let idle = events
        .first()
        .is_some_and(|event| matches!(kind(event), Some(QuietKind::KeepAlive)));
    let belongs = |event: &&Event| match kind(event) {
        Some(QuietKind::Data(..)) => !idle,
        Some(QuietKind::Ack(_)) => true,
        Some(QuietKind::KeepAlive) => idle,
        None => false,
    };
    let length = events.iter().take_while(belongs).count();
    if length >= LONG { length } else { 0 }
}

/// The lines for a quiet run, in the order of their first packets.
pub(super) fn summary_lines(run: &[Event], packets: &PacketTexts<'_>, lines: &mut Vec<Line>) {
    let summaries = summaries(run, packets);
    lines.extend(summaries.iter().map(|summary| match summary.count {
        1 => packets.line(summary.index),
        _ => summary.line(),
    }));
}

/// One summary for each connection, direction and kind of a quiet run, in the order of their first packets.
pub(crate) fn summaries(run: &[Event], packets: &PacketTexts<'_>) -> Vec<Summary> {
    let mut summaries: Vec<Summary> = Vec::new();
    for event in run {
        let What::Packet(index) = event.what else {
            continue;
        };
        let Some(quiet) = Quiet::of(packets, index) else {
            continue;
        };
        let route = packets.route(index);
        match summaries
            .iter_mut()
            .find(|summary| summary.fits(&route, &quiet))
        {
            Some(summary) => summary.add(event.at, &quiet),
            None => summaries.push(Summary::new(index, event.at, route, quiet)),
        }
    }
    summaries
}

/// A packet to which nothing happened but that it may have arrived twice.
struct Quiet {
    kind: QuietKind,
    arrives: Instant,
    twice: bool,
}

/// What such a packet does.
enum QuietKind {
    /// Carries these bytes.
    Data(Seq, Seq),
    /// Acknowledges up to there.
    Ack(Seq),
    /// Asks, and is answered.
    KeepAlive,
}

impl Quiet {
    fn of(packets: &PacketTexts<'_>, index: usize) -> Option<Self> {
        let reading = packets.reading(index);
        let PacketRecord {
            kind:
                PacketKind::Tcp {
                    flags,
                    seq,
                    ack,
                    len,
                    retransmission,
                    ..
                },
            forged: false,
            fate,
            ..
        } = *packets.record(index)
        else {
            return None;
        };
        let (arrives, twice) = match fate {
            Fate::Delivered(at) => (at, false),
            Fate::Duplicated(_, again) => (again, true),
            Fate::Lost(..) | Fate::InFlight | Fate::Held => return None,
        };
        if reading.window.is_some() || flags.without(Flags::PSH) != Flags::ACK {
            return None;
        }
        let kind = match reading.probe {
            Some(Probe::KeepAlive(1)) => QuietKind::KeepAlive,
            Some(_) => return None,
            None if retransmission > 0 => return None,
            None if len > 0 => QuietKind::Data(Seq(seq), Seq(seq) + len),
            None => QuietKind::Ack(Seq(ack)),
        };
        Some(Self {
            kind,
            arrives,
            twice,
        })
    }
}

/// Several packets of one kind and direction.
pub(crate) struct Summary {
    /// The first packet.
    pub(crate) index: usize,
    pub(crate) first: Instant,
    last: Instant,
    arrives: Instant,
    route: String,
    pub(crate) count: u32,
    twice: u32,
    kind: QuietKind,
}

impl Summary {
    fn new(index: usize, at: Instant, route: String, quiet: Quiet) -> Self {
        Self {
            index,
            first: at,
            last: at,
            arrives: quiet.arrives,
            route,
            count: 1,
            twice: u32::from(quiet.twice),
            kind: quiet.kind,
        }
    }

    fn fits(&self, route: &str, quiet: &Quiet) -> bool {
        let same = std::mem::discriminant(&self.kind) == std::mem::discriminant(&quiet.kind);
        same && self.route == route
    }

    fn add(&mut self, at: Instant, quiet: &Quiet) {
        self.last = at;
        self.arrives = self.arrives.max(quiet.arrives);
        self.count += 1;
        self.twice += u32::from(quiet.twice);
        match (&mut self.kind, &quiet.kind) {
            (QuietKind::Data(start, end), QuietKind::Data(from, to)) => {
                *start = start.earlier(*from);
                *end = end.later(*to);
            }
            (QuietKind::Ack(ack), QuietKind::Ack(later)) => *ack = ack.later(*later),
            _ => {}
        }
    }

    fn line(&self) -> Line {
        let text = format!("{}  {:<WHAT$}  {}", self.route, self.what(), self.when());
        Line::new(LineKind::Packet, stamped(self.first, &text))
    }

    /// What they are: `8 x data  seq 1..11585`.
    pub(crate) fn what(&self) -> String {
        let (name, numbers) = match self.kind {
            QuietKind::Data(start, end) => ("data", format!("seq {start}..{end}")),
            QuietKind::Ack(ack) => ("ACK", format!("ack {ack}")),
            QuietKind::KeepAlive => ("keepalive", String::new()),
        };
        format!("{} x {name}  {numbers}", self.count)
    }

    /// When the last is sent, and when the last arrives.
    pub(crate) fn when(&self) -> String {
        let mut text = format!("until {}, arrives {}", self.last, self.arrives);
        if self.twice > 0 {
            text += &format!(", {} twice", self.twice);
        }
        text
    }
}

/// The width of the columns of a packet's line that a summary takes together.
const WHAT: usize = super::packets::COLUMNS;
