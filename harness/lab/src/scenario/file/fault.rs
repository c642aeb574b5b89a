//! The timeline's entries.

use super::FiguresTable;
use crate::scenario::table::table;
use crate::scenario::values::{
    Answer, Answered, Count, FlagLetters, HostName, Pair, Port, Skip, Time,
};

table! {
    /// A fault: when, and what.
    struct EventTable = "a timeline entry" {
        /// When, since the start of the scenario.
        Required "at" => at: Time,
    }
    one of FaultAction = "one action", action {
        /// Between these two hosts both directions drop everything, what is in flight included.
        "partition" => Partition(Pair),
        /// Undoes `partition` and `block` between these two hosts.
        "heal" => Heal(Pair),
        /// One direction drops everything, what is in flight included.
        "block" => Block(DirectionTable),
        /// Packets between these two hosts wait on the link.
        "hold" => Hold(Pair),
        /// Delivers what `hold` made wait, in order.
        "release" => Release(Pair),
        /// Changes figures of the link between two hosts; the others stay as they are.
        "link" => Link(Box<LinkChangeTable>),
        /// Drops the next matching segments.
        "drop" => Drop(DropTable),
        /// A middlebox sends both ends of every connection between the two hosts a RST.
        "reset" => Reset(DirectionTable),
        /// A firewall in front of a host answers what is sent to it.
        "reject" => Reject(RejectTable),
        /// The first host has no route to the second.
        "unroute" => Unroute(DirectionTable),
        /// It has one again.
        "route" => Route(DirectionTable),
        /// The host's programs die; its kernel lives on and closes their sockets as that system does.
        "kill" => Kill(HostName),
        /// The machine is gone, silently.
        "power_off" => PowerOff(HostName),
        /// The machine comes up with an empty kernel and the programs that have `on_boot`.
        "boot" => Boot(HostName),
        /// The host's programs stop; its kernel goes on.
        "pause" => Pause(HostName),
        /// They go on.
        "resume" => Resume(HostName),
    }
}

table! {
    /// One host and another.
    struct DirectionTable = "a direction" {
        /// The sender.
        Required "from" => from: HostName,
        /// The receiver.
        Required "to" => to: HostName,
    }
}

table! {
    /// A change to the link between two hosts.
    struct LinkChangeTable = "a change to a link" {
        include figures: FiguresTable,
        /// The two hosts.
        Required "hosts" => hosts: Pair,
    }
}

table! {
    /// Which segments are dropped.
    struct DropTable = "`drop`" {
        include direction: DirectionTable,
        /// The control bits, exactly, as in the trace: `S`, `SA`, `A`, `PA`, `FA`, `R`. Left out, any segment matches.
        Optional "flags" => flags: FlagLetters,
        /// How many are dropped. Default: 1.
        Optional "count" => count: Count,
        /// How many matching ones pass first. Default: 0.
        Optional "skip" => skip: Skip,
    }
}

table! {
    /// A rule of a firewall.
    struct RejectTable = "`reject`" {
        /// The host behind the firewall.
        Required "host" => host: HostName,
        /// The port. Left out, all ports.
        Optional "port" => port: Port,
        /// Which segments: those that open a connection (`syn`), or `all`, so that an established connection meets the
        /// firewall too. Default: `syn`.
        Optional "segments" => segments: Answered,
        /// The answer: a RST that looks as if it came from the host, silence (`drop`), an ICMP error, or none any
        /// more (`accept` takes the rule away).
        Required "with" => answer: Answer,
    }
}
