//! Faults by the names of the hosts: on a lab's timeline, or made by running code.

use super::Lab;
use crate::link::LinkFigures;
use crate::plan::{Fault, HostIndex, RejectWith, Rejected};
use crate::sockets;
use halfopen_tcp::Instant;
use halfopen_tcp::wire::Flags;
use std::fmt;

/// A time on a lab's timeline: what its methods name happens then. From [`Lab::at`].
///
/// ```
/// use halfopen::Lab;
/// use std::time::Duration;
///
/// let mut lab = Lab::new();
/// lab.host("server");
/// lab.host("client");
/// lab.at(Duration::from_secs(2)).partition("client", "server");
/// lab.at(Duration::from_secs(30)).heal("client", "server").kill("server");
/// ```
#[derive(Debug)]
pub struct At<'l> {
    pub(super) lab: &'l mut Lab,
    pub(super) at: Instant,
}

/// Finds the host of a name.
type Find<'n> = dyn Fn(&str) -> HostIndex + 'n;

/// A fault whose hosts still have to be found.
pub(super) struct Named {
    pub(super) at: Instant,
    pub(super) fault: Box<dyn Fn(&Find<'_>) -> Fault>,
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Named")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Defines each fault twice: as a method of [`At`], and as a function for running code.
macro_rules! faults {
    ($(
        $(#[$doc:meta])*
        $name:ident($($host:ident),+ $(; $($argument:ident: $type:ty),+)?) => $fault:expr;
    )*) => {
        impl At<'_> {
            $(
                $(#[$doc])*
                ///
                /// # Panics
                /// The run panics if there is no host of that name.
                pub fn $name(&mut self $(, $host: &str)+ $($(, $argument: $type)+)?) -> &mut Self {
                    $(let $host = $host.to_owned();)+
                    self.lab.faults.push(Named {
                        at: self.at,
                        fault: Box::new(move |host| {
                            $(let $host = host(&$host);)+
                            $fault
                        }),
                    });
                    self
                }
            )*
        }

        $(
            $(#[$doc])*
            /// Happens now, where running code calls it; a fault whose time is known goes on the timeline, with
            /// [`Lab::at`](crate::Lab::at).
            ///
            /// # Panics
            /// If there is no host of that name, and outside a simulated host.
            #[track_caller]
            pub fn $name($($host: &str),+ $($(, $argument: $type)+)?) {
                let machine = sockets::current();
                $(let $host = host_named(machine.directory.names(), $host);)+
                let now = machine.lock().now();
                machine.directory.make_fault(now, $fault);
            }
        )*
    };
}

faults! {
    /// Both directions between the two drop everything, what is under way included.
    partition(a, b) => Fault::Partition(a, b);
    /// Undoes `partition` and `block`.
    heal(a, b) => Fault::Heal(a, b);
    /// One direction drops everything, what is under way included.
    block(from, to) => Fault::Block { from, to };
    /// Packets between the two wait at the far end of their link.
    hold(a, b) => Fault::Hold(a, b);
    /// They are delivered, in order.
    release(a, b) => Fault::Release(a, b);
    /// New figures for both directions between the two.
    set_link(a, b; figures: LinkFigures) => Fault::Link { hosts: (a, b), figures };
    /// Drops the next `count` segments from one host to another with exactly these flags, written as in reports:
    /// `"S"`, `"SA"`, `"PA"`; with `""`, any segment.
    drop_segments(from, to; flags: &'static str, count: u32) => Fault::Drop {
        from,
        to,
        flags: flags_of(flags),
        count,
        skip: 0,
    };
    /// A middlebox sends both ends of every connection between the two a RST.
    reset(a, b) => Fault::Reset { from: a, to: b };
    /// A firewall in front of the host answers SYNs to that port, or to every port.
    reject(host; port: Option<u16>, with: RejectWith) => Fault::Reject {
        host,
        port,
        segments: Rejected::Syns,
        with,
    };
    /// A firewall in front of the host answers every segment to that port, or to every port: those of established
    /// connections too.
    reject_all(host; port: Option<u16>, with: RejectWith) => Fault::Reject {
        host,
        port,
        segments: Rejected::All,
        with,
    };
    /// The one host has no route to the other.
    unroute(from, to) => Fault::Unroute { from, to };
    /// It has one again.
    route(from, to) => Fault::Route { from, to };
    /// The host's programs die, all their tasks with them; its kernel lives on and closes their sockets as its system
    /// does.
    kill(host) => Fault::Kill(host);
    /// The machine is gone, silently.
    power_off(host) => Fault::PowerOff(host);
    /// It comes up with an empty kernel, and the programs that start on boot.
    boot(host) => Fault::Boot(host);
    /// The host's programs stop; its kernel goes on. A task made with `tokio::spawn` stops at its next call on a socket.
    pause(host) => Fault::Pause(host);
    /// They go on.
    resume(host) => Fault::Resume(host);
}

fn flags_of(letters: &str) -> Option<Flags> {
    if letters.is_empty() {
        return None;
    }
    let flags = Flags::from_letters(letters);
    Some(
        flags
            .unwrap_or_else(|| panic!("`{letters}` are no flags: use letters of SFRPA, each once")),
    )
}

/// The host of that name.
///
/// # Panics
/// If there is none.
#[track_caller]
pub(super) fn host_named(names: &[String], name: &str) -> HostIndex {
    let found = names.iter().position(|known| known == name);
    found.unwrap_or_else(|| {
        let known = names.iter().map(String::as_str);
        panic!("no host is called `{name}`{}", super::meant(name, known))
    })
}
