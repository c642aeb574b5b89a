//! What may be sent now, and how it looks.

use super::delayed_ack::Owed;
use super::flight::{Place, Sent};
use super::{Connection, Context, Fin, State, TimestampState};
use crate::profile::{Nagle, Push};
use crate::time::Instant;
use crate::wire::{Body, Flags, Options, Packet, SackBlocks, Segment, Seq, Timestamps};
use bytes::Bytes;

/// Why new data goes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// It may.
    Data,
    /// To draw an ACK that tells what was lost.
    LossProbe,
}

impl Connection {
    /// Sends everything that may be sent now: what was lost, new data, our FIN, an ACK that is owed.
    pub(super) fn transmit(&mut self, cx: &mut Context<'_>) {
        if self.state.is_synchronized() && self.state != State::TimeWait {
            self.retransmit_lost(cx);
            self.send_new(cx);
        }
        match self.ack.owed {
            Owed::Nothing => {}
            Owed::Now | Owed::Quick => self.send_ack(cx),
            Owed::Later => {
                let wait = self.ack.wait(self.rtt.smoothed(), &cx.profile.delayed_ack);
                self.timers.start_delayed_ack(cx, wait);
            }
        }
    }

    fn retransmit_lost(&mut self, cx: &mut Context<'_>) {
        while self.send.flight.in_network() < self.congestion.window()
            && let Some(index) = self.send.flight.first_lost()
            && self.retransmit(cx, index)
        {}
    }

    /// Sends one segment of the flight again. `false`: it could not be sent; without a route that fails before
    /// anything is noted of it (`__tcp_retransmit_skb`).
    pub(super) fn retransmit(&mut self, cx: &mut Context<'_>, index: usize) -> bool {
        if !cx.routed {
            return false;
        }
        let full = self.full_segment();
        self.send.flight.split(index, full);
        self.send.flight.collapse(index, full);
        let Some(sent) = self.send.flight.get(index) else {
            return false;
        };
        self.send.flight.on_retransmit(index, cx.now);
        self.emit_data(cx, sent);
        true
    }

    fn send_new(&mut self, cx: &mut Context<'_>) {
        let idle = self.send.flight.is_empty();
        let before = self.send.nxt;
        self.send_bursts(cx);
        if self.send.nxt != before {
            // A FIN alone is no answer.
            if self.send.nxt.since(before) > u32::from(self.send.fin == Fin::Sent) {
                self.ack.on_data_sent(cx.now);
            }
            self.set_retransmission_timer(cx, idle);
        } else if idle && self.has_unacknowledged() {
            // Nothing is in flight and nothing may be sent: only a probe can find out that the window opened.
            let wait = self.window_probe_wait(cx);
            self.timers.start_window_probe(cx, wait);
        }
    }

    /// Sends new segments for as long as they may go, a burst at a time.
    fn send_bursts(&mut self, cx: &mut Context<'_>) {
        let size = match cx.profile.buffers.push {
            Push::Last => u32::MAX,
            Push::LastOfBurst => self.burst(),
        };
        loop {
            let mut count = 0;
            while count < size && self.send_next(cx, Reason::Data) {
                count += 1;
            }
            if count > 1
                && size != u32::MAX
                && let Some(Packet {
                    body: Body::Tcp(last),
                    ..
                }) = cx.out.back_mut()
            {
                last.flags = last.flags | Flags::PSH;
            }
            if count < size {
                return;
            }
        }
    }

    /// Segments that go to the device as one packet: about a millisecond's worth at the pacing rate, more on short
    /// paths, and at least two (`tcp_tso_autosize`, `tcp_update_pacing_rate`).
    fn burst(&self) -> u32 {
        const GSO_MAX_SIZE: u64 = 65_536;
        let Some(srtt) = self.rtt.smoothed() else {
            return 2;
        };
        let micros = u64::try_from(srtt.as_micros()).unwrap_or(u64::MAX).max(1);
        let mss = u64::from(self.mss);
        let ratio = if self.congestion.is_slow_start() {
            200
        } else {
            120
        };
        let rate = mss * u64::from(self.congestion.window()) * 1_000_000 / 100 * ratio / micros;
        let near = GSO_MAX_SIZE
            .checked_shr((micros >> 9).min(63) as u32)
            .unwrap_or(0);
        let bytes = ((rate >> 10) + near).min(GSO_MAX_SIZE);
        ((bytes / mss) as u32).max(2)
    }

    /// Sends the next new segment, if the peer's window lets it out, and, unless it is a probe, the congestion window and
    /// Nagle's algorithm.
    pub(super) fn send_next(&mut self, cx: &mut Context<'_>, reason: Reason) -> bool {
        let probe = reason == Reason::LossProbe;
        let full = self.send.flight.in_network() >= self.congestion.window();
        // Without a route the device never sees it, and it stays unsent (`tcp_write_xmit`).
        if self.send.fin == Fin::Sent || full && !probe || !cx.routed {
            return false;
        }
        let unsent = self.send.buffer.end().since(self.send.nxt);
        let fin = self.send.fin == Fin::Queued;
        let room = self.window_room();
        let most = self.full_segment();
        let len = unsent.min(most).min(room);
        // The FIN goes with the last of the data, and takes room in the window as a byte does.
        let with_fin = fin && len == unsent && len < room;
        if len == 0 && !with_fin || len < unsent && self.is_silly(len) {
            return false;
        }
        let small = len < most;
        if small && !with_fin && !probe && len == unsent && self.nagle_holds(cx) {
            return false;
        }
        let seq = self.send.nxt;
        let total = len + u32::from(with_fin);
        let sent = Sent {
            seq,
            len: total,
            fin: with_fin,
            push: len > 0 && len == unsent,
            at: cx.now,
            retransmitted: false,
            place: Place::Under,
            order: 0,
        };
        self.send.flight.push(sent);
        self.send.nxt += total;
        if with_fin {
            self.send.fin = Fin::Sent;
        }
        if small {
            self.send.small_end = self.send.nxt;
        }
        self.emit_data(cx, sent);
        true
    }

    /// The most data that a segment takes now: SACK blocks that go with it take their room from it
    /// (`tcp_current_mss`; RFC 6691 section 2).
    fn full_segment(&self) -> u32 {
        let sack = Options {
            sack: self.sack_blocks(),
            ..Options::default()
        };
        u32::from(self.mss)
            .saturating_sub(sack.wire_len() as u32)
            .max(1)
    }

    fn sack_blocks(&self) -> SackBlocks {
        if self.sack {
            self.recv.buffer.sack_blocks()
        } else {
            SackBlocks::default()
        }
    }

    /// What is left of the peer's window.
    pub(super) fn window_room(&self) -> u32 {
        let edge = self.send.una + self.send.window;
        if edge.before(self.send.nxt) {
            0
        } else {
            edge.since(self.send.nxt)
        }
    }

    /// Whether the window leaves room only for a tiny segment, and waiting may bring more (RFC 9293 section
    /// 3.8.6.2.1).
    fn is_silly(&self, len: u32) -> bool {
        let full = len >= self.full_segment() || len >= self.send.window_max / 2;
        !full && !self.send.flight.is_empty()
    }

    /// Nagle's algorithm: whether a segment that is not full waits for an acknowledgment (RFC 9293 section 3.7.4).
    fn nagle_holds(&self, cx: &Context<'_>) -> bool {
        if self.options.no_delay || self.send.flight.is_empty() {
            return false;
        }
        match cx.profile.buffers.nagle {
            Nagle::Classic => true,
            Nagle::Minshall => self.send.small_end.after(self.send.una),
        }
    }

    fn emit_data(&mut self, cx: &mut Context<'_>, sent: Sent) {
        let data = sent.len - u32::from(sent.fin);
        let payload = if data > 0 {
            self.send.buffer.slice(sent.seq, data)
        } else {
            Bytes::new()
        };
        let mut flags = Flags::ACK;
        if sent.push {
            flags = flags | Flags::PSH;
        }
        if sent.fin {
            flags = flags | Flags::FIN;
        }
        self.emit_with_ack(cx, sent.seq, flags, payload);
    }

    /// Sends an ACK without data.
    pub(super) fn send_ack(&mut self, cx: &mut Context<'_>) {
        self.emit_with_ack(cx, self.send.nxt, Flags::ACK, Bytes::new());
    }

    /// Sends a probe: a segment of old sequence numbers, which the peer must answer.
    pub(super) fn send_probe(&mut self, cx: &mut Context<'_>, len: u8) {
        let payload = Bytes::from_static(&[0; 1]).slice(..usize::from(len.min(1)));
        self.emit_with_ack(cx, self.send.una - 1, Flags::ACK, payload);
    }

    /// Sends RST: the connection is given up from this side.
    pub(super) fn send_reset(&mut self, cx: &mut Context<'_>) {
        let flags = Flags::RST | Flags::ACK;
        self.emit(
            cx,
            self.send.nxt,
            flags,
            0,
            Options::default(),
            Bytes::new(),
        );
    }

    fn emit_with_ack(&mut self, cx: &mut Context<'_>, seq: Seq, flags: Flags, payload: Bytes) {
        let window = self.advertise(cx);
        let options = Options {
            timestamps: self.timestamp_option(cx),
            sack: self.sack_blocks(),
            ..Options::default()
        };
        self.ack.on_ack_sent(&cx.profile.delayed_ack);
        self.timers.stop_delayed_ack();
        self.emit(cx, seq, flags, window, options, payload);
    }

    pub(super) fn emit(
        &mut self,
        cx: &mut Context<'_>,
        seq: Seq,
        flags: Flags,
        window: u16,
        options: Options,
        payload: Bytes,
    ) {
        let ack = if flags.contains(Flags::ACK) {
            self.recv.nxt
        } else {
            Seq(0)
        };
        let segment = Segment {
            src_port: self.local_port,
            dst_port: self.remote_port,
            seq,
            ack,
            flags,
            window,
            options,
            payload,
        };
        cx.out.push_back(Packet {
            src: cx.address,
            dst: self.remote_ip,
            body: Body::Tcp(segment),
        });
    }

    /// Bytes that may wait to be read.
    pub(super) fn receive_limit(&self, cx: &Context<'_>) -> u32 {
        self.options
            .recv_buffer
            .unwrap_or(cx.profile.buffers.receive)
    }

    /// The window field of the next segment. Moves the right edge only by a worthwhile step (RFC 9293 section
    /// 3.8.6.2.2) and never to the left.
    fn advertise(&mut self, cx: &Context<'_>) -> u16 {
        let shift = self.scaling.map_or(0, |scaling| scaling.recv);
        let current = self.recv.edge.since(self.recv.nxt);
        let free = self.free_window(cx) >> shift << shift;
        let step = u32::from(self.mss).min(self.receive_limit(cx) / 2);
        if free >= current.saturating_add(step) {
            self.recv.edge = self.recv.nxt + free;
        }
        self.recv.acked = self.recv.nxt;
        let window = self.recv.edge.since(self.recv.nxt);
        (window >> shift).min(u32::from(u16::MAX)) as u16
    }

    fn free_window(&self, cx: &Context<'_>) -> u32 {
        let shift = self.scaling.map_or(0, |scaling| scaling.recv);
        let limit = self.receive_limit(cx).min(u32::from(u16::MAX) << shift);
        limit.saturating_sub(self.recv.buffer.len())
    }

    /// The program read: the peer is told when the window at least doubles (`__tcp_cleanup_rbuf`).
    pub(super) fn on_read(&mut self, cx: &mut Context<'_>) {
        if !self.state.may_receive() {
            return;
        }
        let current = self.recv.edge.since(self.recv.nxt);
        let free = self.free_window(cx);
        let limit = self.receive_limit(cx);
        let step = u32::from(self.mss).min(limit / 2);
        if current <= limit / 2 && free >= (2 * current).max(current + step) {
            self.ack.owed = Owed::Now;
        }
        if self.recv.buffer.len() == 0 {
            let unacked = self.recv.nxt.since(self.recv.acked);
            self.ack.on_read_all(unacked, &cx.profile.delayed_ack);
        }
        if self.ack.owed == Owed::Now {
            self.transmit(cx);
        }
    }

    pub(super) fn timestamp_option(&self, cx: &Context<'_>) -> Option<Timestamps> {
        let state = self.timestamps?;
        Some(Timestamps {
            value: self.timestamp_now(cx, state),
            echo: state.recent,
        })
    }

    /// This connection's timestamp clock: milliseconds.
    pub(super) fn timestamp_now(&self, cx: &Context<'_>, state: TimestampState) -> u32 {
        timestamp_at(cx.now, state)
    }
}

/// What a connection's timestamp clock says then.
pub(super) fn timestamp_at(then: Instant, state: TimestampState) -> u32 {
    let millis = then.since(Instant::ZERO).as_millis() as u32;
    millis.wrapping_add(state.offset)
}
