//! Why a socket call failed, the same on every operating system.

use std::fmt;

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Why a socket call failed. A closed list that is the same on every operating system; which code and text a
        /// call returns for a cause is the profile's error table.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Cause { $($(#[$doc])* $variant,)* }

        impl Cause {
            /// Every cause, in the order of the reference.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name used in scenario files and reports: `syn-unanswered`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

causes! {
    /// No SYN was answered before the connection attempt's limit.
    SynUnanswered = "syn-unanswered",
    /// The SYN was answered with a valid RST.
    RefusedByPeer = "refused-by-peer",
    /// Data or FIN stayed unacknowledged through all retransmissions.
    RetransmissionsExhausted = "retransmissions-exhausted",
    /// A valid RST arrived on a connection whose peer had not closed.
    ResetByPeer = "reset-by-peer",
    /// A valid RST arrived after the peer's FIN: it had closed, and what was sent to it was answered with a reset.
    ResetAfterClose = "reset-after-close",
    /// Keepalive probes stayed unanswered.
    KeepAliveUnanswered = "keepalive-unanswered",
    /// `TCP_USER_TIMEOUT` (RFC 5482) expired.
    UserTimeout = "user-timeout",
    /// The peer's window stayed at zero, and the probes of it unanswered.
    ZeroWindowExhausted = "zero-window-exhausted",
    /// ICMP destination unreachable, code 0.
    NetUnreachable = "net-unreachable",
    /// ICMP destination unreachable, code 1.
    HostUnreachable = "host-unreachable",
    /// ICMP destination unreachable, code 3.
    PortUnreachable = "port-unreachable",
    /// ICMP destination unreachable, code 13.
    AdminProhibited = "admin-prohibited",
    /// This host has no route to the destination.
    NoRoute = "no-route",
    /// The local address and port are taken.
    AddressInUse = "address-in-use",
    /// The address does not belong to this host, or cannot be connected to.
    AddressNotAvailable = "address-not-available",
    /// No ephemeral port is free for this destination.
    PortsExhausted = "ports-exhausted",
    /// The socket is not connected.
    NotConnected = "not-connected",
    /// The socket is connected already.
    AlreadyConnected = "already-connected",
    /// A connection attempt on this socket is under way already.
    ConnectInProgress = "connect-in-progress",
    /// This direction of the connection was shut down by this program.
    ShutDown = "shut-down",
    /// The connection was aborted by this host.
    AbortedLocally = "aborted-locally",
    /// The call would have to wait, and the socket does not wait.
    WouldBlock = "would-block",
    /// The socket's own send or receive timeout expired.
    TimedOutWaiting = "timed-out-waiting",
    /// The call's arguments, or the socket's state, do not allow it.
    InvalidArgument = "invalid-argument",
    /// The program was killed while the call waited.
    Killed = "killed",
}

impl Cause {
    /// The cause of that name, as scenario files write it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.name() == name)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The socket calls that can fail.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "they are the calls of those names")]
pub enum Call {
    Socket,
    Bind,
    Listen,
    Accept,
    Connect,
    Send,
    Recv,
    Shutdown,
    Close,
    SetOption,
    GetOption,
    /// Looking a host name up (`getaddrinfo`).
    Resolve,
}

impl Call {
    /// Every call.
    pub const ALL: &[Self] = &[
        Self::Socket,
        Self::Bind,
        Self::Listen,
        Self::Accept,
        Self::Connect,
        Self::Send,
        Self::Recv,
        Self::Shutdown,
        Self::Close,
        Self::SetOption,
        Self::GetOption,
        Self::Resolve,
    ];

    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Bind => "bind",
            Self::Listen => "listen",
            Self::Accept => "accept",
            Self::Connect => "connect",
            Self::Send => "send",
            Self::Recv => "recv",
            Self::Shutdown => "shutdown",
            Self::Close => "close",
            Self::SetOption => "set",
            Self::GetOption => "get",
            Self::Resolve => "resolve",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
