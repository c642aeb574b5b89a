//! The first SYN of either side.

use super::{
    Congestion, Connection, Context, DelayedAck, Fin, Flight, Origin, Recovery, Recv, RecvBuffer,
    RttEstimator, Scaling, Send, SendBuffer, State, Timers, TimestampState,
};
use crate::options::Options;
use crate::profile::ConnectLimit;
use crate::wire::{self, Flags, Segment, Seq};
use bytes::Bytes;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// What both ways of opening need to know.
pub(crate) struct Opening {
    pub(crate) local_port: u16,
    pub(crate) remote: SocketAddr,
    /// Our initial sequence number.
    pub(crate) iss: Seq,
    /// Added to this connection's timestamps.
    pub(crate) timestamp_offset: u32,
    /// The largest packet on the way to the peer, IP header included.
    pub(crate) mtu: u16,
    pub(crate) options: Arc<Options>,
}

impl Connection {
    /// `OPEN` of RFC 9293 section 3.10.1: sends a SYN.
    pub(crate) fn connect(cx: &mut Context<'_>, opening: Opening) -> Self {
        let mut connection = Self::new(cx, opening, Origin::Active);
        connection.transition(cx, State::SynSent);
        connection.send_syn(cx);
        connection.timers.start_syn(cx, connection.origin);
        if let ConnectLimit::Retries {
            deadline: Some(limit),
            ..
        }
        | ConnectLimit::Deadline(limit) = cx.profile.connect.limit
        {
            connection.timers.start_connect_deadline(cx, limit);
        }
        connection
    }

    /// A listener's answer to a SYN (RFC 9293 section 3.10.7.2): takes its numbers and sends a SYN-ACK.
    pub(crate) fn accept(cx: &mut Context<'_>, opening: Opening, syn: &Segment) -> Self {
        let mut connection = Self::new(cx, opening, Origin::Passive);
        connection.take_syn(cx, syn);
        connection.transition(cx, State::SynReceived);
        connection.send_syn(cx);
        connection.timers.start_syn(cx, connection.origin);
        connection
    }

    fn new(cx: &Context<'_>, opening: Opening, origin: Origin) -> Self {
        let buffers = &cx.profile.buffers;
        let mss = offered_mss(opening.mtu, opening.remote.ip());
        let scaling = opening
            .options
            .window_scale(buffers)
            .map(|recv| Scaling { send: 0, recv });
        let iss = opening.iss;
        Self {
            local_port: opening.local_port,
            remote_port: opening.remote.port(),
            remote_ip: opening.remote.ip(),
            state: State::Closed,
            origin,
            send: Send {
                iss,
                una: iss,
                nxt: iss + 1,
                window: 0,
                window_max: 0,
                window_from: (Seq(0), Seq(0)),
                buffer: SendBuffer::new(iss + 1),
                fin: Fin::Open,
                flight: Flight::default(),
                small_end: iss,
                recovery: Recovery::Open,
                duplicates: 0,
            },
            recv: Recv {
                irs: Seq(0),
                nxt: Seq(0),
                acked: Seq(0),
                edge: Seq(0),
                buffer: RecvBuffer::new(),
                fin: false,
                shut: false,
            },
            mtu: opening.mtu,
            mss,
            scaling,
            sack: buffers.sack,
            timestamps: buffers.timestamps.then_some(TimestampState {
                offset: opening.timestamp_offset,
                recent: 0,
            }),
            rtt: RttEstimator::NoSample,
            congestion: Congestion::new(buffers.initial_cwnd),
            trouble: None,
            ack: DelayedAck::new(mss),
            timers: Timers::NONE,
            options: opening.options,
            orphan: false,
            failure: None,
            soft_error: None,
            heard: cx.now,
            news: false,
        }
    }

    /// Takes the numbers and options of the peer's SYN: what it does not offer is off from now on.
    pub(super) fn take_syn(&mut self, cx: &Context<'_>, syn: &Segment) {
        self.recv.irs = syn.seq;
        self.recv.nxt = syn.seq + 1;
        self.recv.acked = self.recv.nxt;
        self.recv.edge = self.recv.nxt + self.receive_limit(cx).min(u32::from(u16::MAX));
        self.scaling = match (self.scaling, syn.options.window_scale) {
            // RFC 7323 section 2.3: a larger shift than 14 is taken as 14.
            (Some(ours), Some(theirs)) => Some(Scaling {
                send: theirs.min(14),
                ..ours
            }),
            _ => None,
        };
        self.sack &= syn.options.sack_permitted;
        self.timestamps = match (self.timestamps, syn.options.timestamps) {
            (Some(state), Some(theirs)) => Some(TimestampState {
                recent: theirs.value,
                ..state
            }),
            _ => None,
        };
        // RFC 9293 section 3.7.1: without the option, 536.
        let theirs = syn.options.mss.unwrap_or(536).max(1);
        let options = if self.timestamps.is_some() { 12 } else { 0 };
        self.mss = self.mss.min(theirs).saturating_sub(options).max(1);
        self.ack = DelayedAck::new(self.mss);
        self.take_window(syn);
    }

    /// Sends our SYN, or sends it again; with an ACK once the peer's SYN is known.
    pub(super) fn send_syn(&mut self, cx: &mut Context<'_>) {
        let acknowledges = self.state == State::SynReceived;
        let options = wire::Options {
            mss: Some(offered_mss(self.mtu, self.remote_ip)),
            window_scale: self.scaling.map(|scaling| scaling.recv),
            sack_permitted: self.sack,
            timestamps: self.timestamp_option(cx),
            sack: wire::SackBlocks::default(),
        };
        let flags = if acknowledges {
            Flags::SYN | Flags::ACK
        } else {
            Flags::SYN
        };
        // The window of a SYN is never scaled (RFC 7323 section 2.2).
        let window = self.receive_limit(cx).min(u32::from(u16::MAX)) as u16;
        self.emit(cx, self.send.iss, flags, window, options, Bytes::new());
    }
}

/// The MSS that a SYN announces: the MTU without the IP and TCP headers (RFC 9293 section 3.7.1).
fn offered_mss(mtu: u16, remote: IpAddr) -> u16 {
    let headers = if remote.is_ipv4() { 40 } else { 60 };
    mtu.saturating_sub(headers).max(1)
}
