//! Error tables: (cause, call) to name, code, text and kind.

mod bsd;
mod freebsd;
mod linux;
mod macos;
mod windows;

pub(super) use bsd::{FREEBSD_RULES, MACOS_RULES};
pub(super) use linux::RULES as LINUX_RULES;
pub(super) use windows::{
    DATA_TIMEOUT_CHOICES, DATA_TIMEOUTS, KEEPALIVE, KEEPALIVE_CHOICES, PORTS_EXHAUSTED,
    PORTS_EXHAUSTED_CHOICES, RULES as WINDOWS_RULES, after_keepalive,
};

use super::{Os, Profile};
use crate::cause::{Call, Cause};
use std::io;

/// An error as a program on one operating system sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OsError {
    /// The symbol: `WSAECONNRESET`, `ECONNRESET`.
    pub name: &'static str,
    /// The number: 10054, 104, 54. What `raw_os_error()` returns there, except for `EAI_NONAME`, which numbers a
    /// result of `getaddrinfo`: the standard library gives that error no number.
    pub code: i32,
    /// What Rust's standard library maps the code to on that system, as of Rust 1.95. `Other` stands for its unstable
    /// kinds: `Uncategorized`, which most codes have, and `InProgress`, which the Unix `EINPROGRESS` has.
    pub kind: io::ErrorKind,
    /// The system's own message, without the code: what `strerror` or, less its line end, `FormatMessage` returns.
    pub text: &'static str,
}

/// Whether a call is the first to learn of a failure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Occurrence {
    /// It takes the pending error, or finds the condition itself.
    First,
    /// Another call has had the error already.
    Again,
}

/// One row of an error table. The first row that fits answers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ErrorRule {
    /// The causes.
    pub causes: &'static [Cause],
    /// The calls; empty for every call.
    pub calls: &'static [Call],
    /// When; `None` for both.
    pub when: Option<Occurrence>,
    /// What the call returns.
    pub error: &'static OsError,
}

impl ErrorRule {
    fn fits(&self, cause: Cause, call: Call, when: Occurrence) -> bool {
        self.causes.contains(&cause)
            && (self.calls.is_empty() || self.calls.contains(&call))
            && self.when.is_none_or(|w| w == when)
    }

    const fn always(
        causes: &'static [Cause],
        calls: &'static [Call],
        error: &'static OsError,
    ) -> Self {
        Self {
            causes,
            calls,
            when: None,
            error,
        }
    }

    const fn again(
        causes: &'static [Cause],
        calls: &'static [Call],
        error: &'static OsError,
    ) -> Self {
        Self {
            causes,
            calls,
            when: Some(Occurrence::Again),
            error,
        }
    }
}

/// Every error of that family, in order of its code.
pub const fn all(os: Os) -> &'static [OsError] {
    match os {
        Os::Windows => windows::ALL,
        Os::Linux => linux::ALL,
        Os::Macos => macos::ALL,
        Os::Freebsd => freebsd::ALL,
    }
}

/// The error of that name in that family. `EWOULDBLOCK` is another name of `EAGAIN` on every Unix.
pub fn by_name(os: Os, name: &str) -> Option<&'static OsError> {
    let name = match (os, name) {
        (Os::Linux | Os::Macos | Os::Freebsd, "EWOULDBLOCK") => "EAGAIN",
        _ => name,
    };
    all(os).iter().find(|error| error.name == name)
}

/// The calls that can fail for that cause on that family of systems.
///
/// Another call may meet the condition too and return no error: `recv` after `shutdown(read)` is end of file on Unix.
pub const fn calls(os: Os, cause: Cause) -> &'static [Call] {
    match cause {
        // A blocking connect fails itself; after a non-blocking one whoever asks first learns why.
        Cause::SynUnanswered | Cause::RefusedByPeer => ATTEMPT,
        Cause::NetUnreachable
        | Cause::HostUnreachable
        | Cause::PortUnreachable
        | Cause::AdminProhibited
        | Cause::UserTimeout
        | Cause::AbortedLocally => ATTEMPT,
        // Linux hands the connection out, and its first use fails: inet_csk_accept() does not look at the error.
        Cause::ResetByPeer => match os {
            Os::Linux => ATTEMPT,
            Os::Windows | Os::Macos | Os::Freebsd => ATTEMPT_OR_ACCEPT,
        },
        Cause::RetransmissionsExhausted
        | Cause::ResetAfterClose
        | Cause::KeepAliveUnanswered
        | Cause::ZeroWindowExhausted => CONNECTION,
        Cause::NoRoute => &[Call::Connect],
        Cause::AddressInUse => &[Call::Bind, Call::Listen, Call::Connect],
        // A name without an address is an address that is not there.
        Cause::AddressNotAvailable => &[Call::Bind, Call::Connect, Call::Resolve],
        // Unix binds a socket that is made to listen unbound; Windows refuses (WSAEINVAL).
        Cause::PortsExhausted => match os {
            Os::Windows => &[Call::Bind, Call::Connect],
            Os::Linux | Os::Macos | Os::Freebsd => &[Call::Bind, Call::Listen, Call::Connect],
        },
        // GetOption stands for getpeername as well.
        Cause::NotConnected => &[Call::Send, Call::Recv, Call::Shutdown, Call::GetOption],
        Cause::AlreadyConnected => &[Call::Connect, Call::Listen],
        Cause::ConnectInProgress => &[Call::Connect, Call::Send, Call::Recv],
        Cause::ShutDown => match os {
            Os::Windows => &[Call::Send, Call::Recv],
            Os::Linux | Os::Macos | Os::Freebsd => &[Call::Send],
        },
        Cause::WouldBlock => &[Call::Accept, Call::Connect, Call::Send, Call::Recv],
        // Only Linux applies the socket's timeouts to accept and connect: inet_csk_accept() waits for sock_rcvtimeo(),
        // __inet_stream_connect() for sock_sndtimeo(); the BSDs sleep there without a limit, and Windows documents
        // them for sends and receives only.
        Cause::TimedOutWaiting => match os {
            Os::Linux => &[Call::Accept, Call::Connect, Call::Send, Call::Recv],
            Os::Windows | Os::Macos | Os::Freebsd => &[Call::Send, Call::Recv],
        },
        Cause::InvalidArgument => EVERY_SOCKET_CALL,
        Cause::Killed => &[
            Call::Accept,
            Call::Connect,
            Call::Send,
            Call::Recv,
            Call::Close,
        ],
    }
}

/// The calls that can meet the failure of a connection.
const CONNECTION: &[Call] = &[Call::Send, Call::Recv, Call::Shutdown, Call::GetOption];
/// The calls that can meet the failure of a connection or of an attempt at one.
const ATTEMPT: &[Call] = &[
    Call::Connect,
    Call::Send,
    Call::Recv,
    Call::Shutdown,
    Call::GetOption,
];
const ATTEMPT_OR_ACCEPT: &[Call] = &[
    Call::Accept,
    Call::Connect,
    Call::Send,
    Call::Recv,
    Call::Shutdown,
    Call::GetOption,
];
const EVERY_SOCKET_CALL: &[Call] = &[
    Call::Socket,
    Call::Bind,
    Call::Listen,
    Call::Accept,
    Call::Connect,
    Call::Send,
    Call::Recv,
    Call::Shutdown,
    Call::Close,
    Call::SetOption,
    Call::GetOption,
];

/// What ends an attempt or a connection for good. On Unix the error is pending until one call takes it.
const FAILURES: &[Cause] = &[
    Cause::SynUnanswered,
    Cause::RefusedByPeer,
    Cause::RetransmissionsExhausted,
    Cause::ResetByPeer,
    Cause::ResetAfterClose,
    Cause::KeepAliveUnanswered,
    Cause::UserTimeout,
    Cause::ZeroWindowExhausted,
    Cause::NetUnreachable,
    Cause::HostUnreachable,
    Cause::PortUnreachable,
    Cause::AdminProhibited,
    Cause::AbortedLocally,
];

/// The failures that are a wait for the peer without result.
const TIMEOUTS: &[Cause] = &[
    Cause::SynUnanswered,
    Cause::RetransmissionsExhausted,
    Cause::KeepAliveUnanswered,
    Cause::UserTimeout,
    Cause::ZeroWindowExhausted,
];

/// The first row that fits; an invalid argument for what cannot come up.
pub(super) fn lookup(
    profile: &Profile,
    cause: Cause,
    call: Call,
    when: Occurrence,
) -> &'static OsError {
    profile
        .errors
        .iter()
        .find(|rule| rule.fits(cause, call, when))
        .map_or_else(|| invalid_argument(profile.os), |rule| rule.error)
}

const fn invalid_argument(os: Os) -> &'static OsError {
    match os {
        Os::Windows => &windows::WSAEINVAL,
        Os::Linux => &linux::EINVAL,
        Os::Macos => &macos::EINVAL,
        Os::Freebsd => &freebsd::EINVAL,
    }
}

/// Defines a family's errors, and `ALL` of them in order of their codes.
macro_rules! os_errors {
    ($($name:ident = $code:literal, $kind:ident, $text:literal;)*) => {
        $(
            pub(super) const $name: OsError = OsError {
                name: stringify!($name),
                code: $code,
                kind: ErrorKind::$kind,
                text: $text,
            };
        )*
        pub(super) const ALL: &[OsError] = &[$($name),*];
    };
}
use os_errors;

#[cfg(test)]
mod tests;
