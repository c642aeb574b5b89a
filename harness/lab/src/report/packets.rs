//! What was on the wire.

use super::flow::{self, Probe, Reading, WindowNews};
use super::text::stamped;
use super::{Line, LineKind};
use crate::outcome::{Fate, PacketKind, PacketRecord};
use crate::plan::Plan;
use halfopen_tcp::wire::Flags;

/// The packets' lines, and what they need to know about each other.
pub(crate) struct PacketTexts<'a> {
    records: &'a [PacketRecord],
    names: Vec<&'a str>,
    width: usize,
    readings: Vec<Reading>,
    /// Whether connections have to be told apart.
    numbered: bool,
}

impl<'a> PacketTexts<'a> {
    pub(crate) fn new(plan: &'a Plan, records: &'a [PacketRecord]) -> Self {
        let (readings, most) = flow::read(records);
        let names: Vec<_> = plan.hosts.iter().map(|host| host.name.as_str()).collect();
        let widths = names.iter().map(|name| name.chars().count());
        Self {
            records,
            width: widths.max().unwrap_or(0),
            names,
            readings,
            numbered: most > 1,
        }
    }

    pub(crate) fn record(&self, index: usize) -> &'a PacketRecord {
        &self.records[index]
    }

    pub(super) fn reading(&self, index: usize) -> &Reading {
        &self.readings[index]
    }

    /// What it is: its name, its numbers, and what is to be noted about it.
    pub(crate) fn words(&self, index: usize) -> Words {
        let packet = &self.records[index];
        let (name, numbers) = match packet.kind {
            PacketKind::Icmp(kind) => ("ICMP".to_owned(), kind.cause().name().to_owned()),
            PacketKind::Tcp {
                flags,
                seq,
                ack,
                len,
                ..
            } => (spelled_out(flags), numbers(flags, seq, ack, len)),
        };
        Words {
            name,
            numbers,
            remark: remark(packet, &self.readings[index]),
        }
    }

    /// The number of its connection among those of the two hosts, where connections have to be told apart.
    pub(crate) fn connection(&self, index: usize) -> Option<u32> {
        self.numbered.then(|| self.readings[index].connection)
    }

    pub(super) fn line(&self, index: usize) -> Line {
        let packet = &self.records[index];
        let Words {
            name,
            numbers,
            remark,
        } = self.words(index);
        let text = format!(
            "{}  {:<WHAT$}  {remark:<REMARK$}  {}",
            self.route(index),
            format!("{name:<NAME$}  {numbers}"),
            fate(packet),
        );
        let kind = match packet.fate {
            Fate::Delivered(_) | Fate::Duplicated(..) | Fate::InFlight => LineKind::Packet,
            Fate::Lost(..) | Fate::Held => LineKind::LostPacket,
        };
        Line::new(kind, stamped(packet.at, &text))
    }

    /// `client > server`, with the connection's number where there are several.
    pub(super) fn route(&self, index: usize) -> String {
        let packet = &self.records[index];
        let (from, to) = (self.names[packet.from], self.names[packet.to]);
        let width = self.width;
        let number = if self.numbered {
            format!(" {:<3}", format!("#{}", self.readings[index].connection))
        } else {
            String::new()
        };
        format!("{from:<width$} > {to:<width$}{number}")
    }
}

/// What a packet is, in words.
pub(crate) struct Words {
    /// `SYN-ACK`, `ICMP`.
    pub(crate) name: String,
    /// `seq 1..6 ack 1`, `host-unreachable`.
    pub(crate) numbers: String,
    /// `retry 1`, `window 0`, `forged`.
    pub(crate) remark: String,
}

/// Widths of a packet's columns. They are fixed, so that one packet's numbers never move another's line.
/// The longer names of flags and larger numbers take each other's room.
const NAME: usize = 7;
const WHAT: usize = NAME + 2 + 24;
const REMARK: usize = 11;

/// The width of those columns together.
pub(super) const COLUMNS: usize = WHAT + 2 + REMARK;

/// `SYN-ACK`; `none` without any.
pub(super) fn spelled_out(flags: Flags) -> String {
    let names = [
        (Flags::SYN, "SYN"),
        (Flags::FIN, "FIN"),
        (Flags::RST, "RST"),
        (Flags::PSH, "PSH"),
        (Flags::ACK, "ACK"),
    ];
    let set: Vec<_> = names
        .into_iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .map(|(_, name)| name)
        .collect();
    if set.is_empty() {
        "none".to_owned()
    } else {
        set.join("-")
    }
}

/// The numbers that a reader needs: where data, FIN and RST stand, and what is acknowledged beyond the SYN.
fn numbers(flags: Flags, seq: u32, ack: u32, len: u32) -> String {
    let mut numbers = Vec::new();
    if len > 0 {
        numbers.push(format!("seq {seq}..{}", seq.wrapping_add(len)));
    } else if flags.contains(Flags::FIN) || (flags.contains(Flags::RST) && seq != 0) {
        numbers.push(format!("seq {seq}"));
    }
    let obvious = flags.contains(Flags::SYN) && ack == 1;
    if flags.contains(Flags::ACK) && !obvious {
        numbers.push(format!("ack {ack}"));
    }
    numbers.join(" ")
}

fn remark(packet: &PacketRecord, reading: &Reading) -> String {
    let mut remarks = Vec::new();
    match (reading.probe, &packet.kind) {
        (Some(Probe::KeepAlive(count)), _) => remarks.push(format!("keepalive {count}")),
        (Some(Probe::ZeroWindow(count)), _) => remarks.push(format!("probe {count}")),
        (None, PacketKind::Tcp { retransmission, .. }) if *retransmission > 0 => {
            remarks.push(format!("retry {retransmission}"));
        }
        (None, _) => {}
    }
    match reading.window {
        Some(WindowNews::Closed) => remarks.push("window 0".to_owned()),
        Some(WindowNews::Opened(window)) => remarks.push(format!("window {window}")),
        None => {}
    }
    if packet.forged {
        remarks.push("forged".to_owned());
    }
    remarks.join(" ")
}

/// When it arrives, or why it does not. A packet lost on its way also says when.
fn fate(packet: &PacketRecord) -> String {
    match packet.fate {
        Fate::Delivered(at) => format!("arrives {at}"),
        Fate::Duplicated(at, again) => format!("arrives {at}, again {again}"),
        Fate::Lost(at, reason) if at == packet.at => format!("lost: {}", reason.name()),
        Fate::Lost(at, reason) => format!("lost {at}: {}", reason.name()),
        Fate::InFlight => "under way".to_owned(),
        Fate::Held => "held".to_owned(),
    }
}
