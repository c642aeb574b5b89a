//! The tables of a scenario file, as they are written. What their names refer to is `resolve`'s business.
//!
//! The doc comments here are what editors show for a key, and the reference of the format.

pub(super) mod fault;
pub(super) mod settings;
pub(super) mod step;

use super::read::{Entries, List};
use super::table::table;
use super::values::{Bandwidth, Events, Line, Mtu, OsName, Pair, Probability, Size, Time};
use fault::EventTable;
use settings::Settings;
use step::StepTable;

table! {
    /// A scenario: hosts with programs, the links between them, and what goes wrong when. Run it with `halfopen run`.
    struct ScenarioTable = "a scenario" {
        /// What happens, in one line.
        Required "title" => title: Line,
        /// Prose for the reader: why it happens, and what to do about it.
        Optional "why" => why: String,
        /// The faults, each with `at` and one action. They happen in order of their time; those of one time in the
        /// order of the file.
        Optional "timeline" => timeline: List<EventTable>,
        /// When the scenario ends if anything still happens then. This is the normal end of what would go on for
        /// ever; a limit that is reached makes a scenario unfinished instead.
        Optional "until" => until: Time,
        /// One case for each combination: the systems that these hosts have in turn. The last host changes fastest.
        /// At most 10,000 cases.
        Optional "matrix" => matrix: Entries<List<OsName>>,
        /// The figures of every pair of hosts, unless `between` says otherwise.
        Optional "link" => link: LinkTable,
        /// The machines by name. Their addresses are 10.0.0.1, 10.0.0.2 and so on in order of their names.
        Required "host" => host: Entries<HostTable>,
        /// Bounds on a run; reaching one makes it unfinished.
        Optional "limits" => limits: LimitsTable,
    }
}

table! {
    /// The figures of a link, the same in both directions.
    struct FiguresTable = "a link" {
        /// The time a packet takes, one way. Default: 25 ms.
        Optional "latency" => latency: Time,
        /// Added to the latency, uniform from zero to this. Packets keep their order. Default: 0s.
        Optional "jitter" => jitter: Time,
        /// The probability that a packet is lost, from 0 to 1. Default: 0.
        Optional "loss" => loss: Probability,
        /// The probability that a packet arrives twice, from 0 to 1. Default: 0.
        Optional "duplicate" => duplicate: Probability,
        /// The probability that a packet overtakes those before it, from 0 to 1. Default: 0.
        Optional "reorder" => reorder: Probability,
        /// The probability that a packet arrives with a bad checksum, from 0 to 1. Default: 0.
        Optional "corrupt" => corrupt: Probability,
        /// The rate in `bit/s`, `kbit/s`, `Mbit/s` or `Gbit/s`, each direction for itself. Default: `unlimited`.
        Optional "bandwidth" => bandwidth: Bandwidth,
        /// How much waits for its turn where there is a bandwidth; what finds it full is lost. In `B`, `kB`, `KiB`,
        /// `MB`, `MiB`, `GB` or `GiB`. Default: `unlimited`.
        Optional "queue" => queue: Size,
        /// The largest packet in bytes, IP header included. Both ends know it. Default: 1500.
        Optional "mtu" => mtu: Mtu,
    }
}

table! {
    /// The figures of every pair of hosts, unless `between` says otherwise.
    struct LinkTable = "`link`" {
        include figures: FiguresTable,
        /// Pairs with figures of their own. What an entry leaves out is as under `link`.
        Optional "between" => between: List<BetweenTable>,
    }
}

table! {
    /// The figures between two hosts. What is left out is as under `link`.
    struct BetweenTable = "a link" {
        include figures: FiguresTable,
        /// The two hosts.
        Required "hosts" => hosts: Pair,
    }
}

table! {
    /// A machine: its operating system and its programs.
    struct HostTable = "a host" {
        include main: ProgramTable,
        /// The operating system: the name of a profile, or the path of a profile file below this file's folder
        /// (`"./my-os.toml"`). Left out, it comes from the matrix.
        Optional "os" => os: OsName,
        /// System-wide settings by the names and in the units of the operating system. `windows`, `linux`, `macos`
        /// and `freebsd` hold those of a system, for a host whose os comes from the matrix.
        Optional "settings" => settings: Settings,
        /// More programs by name. The steps directly under the host are the program `main`.
        Optional "program" => program: Entries<ProgramTable>,
    }
}

table! {
    /// A program: one step after another. After its last step it lives on with its sockets open.
    struct ProgramTable = "a program" {
        /// When the program starts. Default: 0s.
        Optional "start" => start: Time,
        /// Whether it starts again, from its first step, when the machine boots. Default: false.
        Optional "on_boot" => on_boot: bool,
        /// What it does.
        Optional "steps" => steps: List<StepTable>,
    }
}

table! {
    /// Bounds on a run; reaching one makes it unfinished.
    struct LimitsTable = "`limits`" {
        /// Virtual time. Default: 3 hours.
        Optional "time" => time: Time,
        /// Events: packets, timers, steps and faults. Default: 1,000,000.
        Optional "events" => events: Events,
    }
}

table! {
    /// A profile file: an operating system like another one but for its settings.
    struct ProfileTable = "a profile file" {
        /// The profile that it starts from: the name of one that comes with halfopen.
        Required "base" => base: OsName,
        /// What reports call it and what tables by os name it: letters, digits, `-`, `_` and `.`. Default: the file's
        /// name without `.toml`.
        Optional "name" => name: Line,
        /// System-wide settings by the names and in the units of the base's system.
        Optional "settings" => settings: Settings,
    }
}
