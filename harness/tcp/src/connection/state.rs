//! The states of RFC 9293, section 3.3.2.

use std::fmt;

/// A connection's state. LISTEN is a property of a socket here, not of a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// Nothing is sent or expected any more.
    Closed,
    /// A SYN was sent.
    SynSent,
    /// A SYN was received and answered.
    SynReceived,
    /// Data flows.
    Established,
    /// Our FIN is sent.
    FinWait1,
    /// Our FIN is acknowledged.
    FinWait2,
    /// The peer's FIN is received.
    CloseWait,
    /// Both FINs are sent, ours is not acknowledged.
    Closing,
    /// The peer closed first, our FIN is sent.
    LastAck,
    /// Both sides closed; old segments die out.
    TimeWait,
}

impl State {
    /// Every state.
    pub const ALL: &[Self] = &[
        Self::Closed,
        Self::SynSent,
        Self::SynReceived,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::CloseWait,
        Self::Closing,
        Self::LastAck,
        Self::TimeWait,
    ];

    /// Whether the diagram of RFC 9293 (figure 5) has an arrow from here to `to`. Every state may be closed at once
    /// by a reset, a timeout or an abort.
    pub const fn may_become(self, to: Self) -> bool {
        use State::{
            CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, SynReceived,
            SynSent, TimeWait,
        };
        matches!(
            (self, to),
            (Closed, SynSent | SynReceived)
                | (SynSent, SynReceived | Established | Closed)
                | (SynReceived, Established | FinWait1 | CloseWait | Closed)
                | (Established, FinWait1 | CloseWait | Closed)
                | (FinWait1, FinWait2 | Closing | TimeWait | Closed)
                | (FinWait2, TimeWait | Closed)
                | (CloseWait, LastAck | Closed)
                | (Closing, TimeWait | Closed)
                | (LastAck | TimeWait, Closed)
        )
    }

    /// Whether the program may still hand in data: the connection is there and our FIN is not decided on.
    pub const fn may_send(self) -> bool {
        matches!(self, Self::Established | Self::CloseWait)
    }

    /// Whether the peer may still send data.
    pub const fn may_receive(self) -> bool {
        matches!(self, Self::Established | Self::FinWait1 | Self::FinWait2)
    }

    /// Whether both sides know each other's sequence numbers (RFC 9293's "synchronized states").
    pub const fn is_synchronized(self) -> bool {
        !matches!(self, Self::Closed | Self::SynSent | Self::SynReceived)
    }

    /// The name in RFC 9293.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::SynSent => "SYN-SENT",
            Self::SynReceived => "SYN-RECEIVED",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::CloseWait => "CLOSE-WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST-ACK",
            Self::TimeWait => "TIME-WAIT",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
