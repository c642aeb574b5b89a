//! Backlogs: connections that wait for a program to accept them.

use super::Host;
use super::sockets::{Kind, Owner, Socket};
use crate::connection::{Connection, State};
use crate::options::Options;
use crate::profile::{LateOverflow, Overflow};
use crate::time::Instant;
use crate::wire::{Body, Flags, Packet, Segment, Seq};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A listening socket.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub(super) port: u16,
    /// What accepted sockets inherit.
    pub(super) options: Arc<Options>,
    /// How many connections may wait.
    pub(super) capacity: u32,
    /// Complete connections, oldest first.
    queue: VecDeque<u32>,
    /// Connections whose handshake is not complete.
    half_open: Vec<u32>,
}

impl Listener {
    pub(super) fn new(port: u16, options: Arc<Options>, capacity: u32) -> Self {
        Self {
            port,
            options,
            capacity,
            queue: VecDeque::new(),
            half_open: Vec::new(),
        }
    }

    pub(super) fn pop(&mut self) -> Option<u32> {
        self.queue.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    fn is_full(&self) -> bool {
        self.queue.len() as u32 >= self.capacity
    }

    /// Whether a reservation for one more would exceed the capacity.
    fn is_promised(&self) -> bool {
        (self.queue.len() + self.half_open.len()) as u32 >= self.capacity
    }

    pub(super) fn remove(&mut self, index: u32) {
        self.queue.retain(|queued| *queued != index);
        self.half_open.retain(|half_open| *half_open != index);
    }
}

impl Host {
    fn listener(&mut self, index: u32) -> Option<&mut Listener> {
        match self.sockets.get_mut(index) {
            Some(Socket {
                kind: Kind::Listener(listener),
                ..
            }) => Some(listener),
            _ => None,
        }
    }

    /// A segment arrived for a listening port and for no connection (RFC 9293 section 3.10.7.2).
    pub(super) fn arrive_at_listener(
        &mut self,
        now: Instant,
        index: u32,
        from: IpAddr,
        segment: &Segment,
    ) {
        // First, a RST means nothing here. Second, an ACK answers nothing that was sent. Third, a SYN.
        if segment.has(Flags::RST) {
            return;
        }
        if segment.has(Flags::ACK) {
            self.answer_with_reset(from, segment);
            return;
        }
        if segment.has(Flags::SYN) {
            self.arrive_syn(now, index, from, segment);
        }
    }

    fn arrive_syn(&mut self, now: Instant, index: u32, from: IpAddr, syn: &Segment) {
        let rules = self.kernel.profile.accept;
        let Some(listener) = self.listener(index) else {
            return;
        };
        let full = match rules.late_overflow {
            LateOverflow::Admit => listener.is_promised(),
            LateOverflow::DropAck | LateOverflow::Reset => listener.is_full(),
        };
        // Half-open connections are bounded by what the system allows for a backlog at most.
        let flooded = listener.half_open.len() as u32 >= rules.backlog_max.max(listener.capacity);
        let options = Arc::clone(&listener.options);
        let port = listener.port;
        if full && rules.overflow == Overflow::Reset {
            self.answer_with_reset(from, syn);
        }
        if flooded || full && rules.overflow != Overflow::Answer {
            return;
        }
        let remote = SocketAddr::new(from, syn.src_port);
        let opening = self.opening(port, remote, options);
        let connection = Connection::accept(&mut self.kernel.context(now, true), opening, syn);
        let kind = Kind::Connection(connection);
        let child = self.sockets.insert(Owner::Listener(index), kind).index;
        self.sockets.register(child);
        self.ports.add_connection(port);
        if let Some(listener) = self.listener(index) {
            listener.half_open.push(child);
        }
        self.with_connection(now, child, |_, _| ());
    }

    /// Whether the handshake's last ACK, for a connection that waits on a listener, finds no room. It is answered
    /// here if so.
    pub(super) fn is_late(&mut self, index: u32, from: IpAddr, segment: &Segment) -> bool {
        let Some(socket) = self.sockets.get(index) else {
            return false;
        };
        let Owner::Listener(parent) = socket.owner else {
            return false;
        };
        let completes = socket
            .connection()
            .is_some_and(|c| c.state() == State::SynReceived)
            && segment.has(Flags::ACK)
            && !segment.has(Flags::RST)
            && !segment.has(Flags::SYN);
        if !completes
            || !self
                .listener(parent)
                .is_some_and(|listener| listener.is_full())
        {
            return false;
        }
        match self.kernel.profile.accept.late_overflow {
            LateOverflow::Admit => false,
            LateOverflow::DropAck => true,
            LateOverflow::Reset => {
                self.answer_with_reset(from, segment);
                self.forget(index);
                if let Some(listener) = self.listener(parent) {
                    listener.remove(index);
                }
                self.sockets.remove(index);
                true
            }
        }
    }

    /// The handshake of a waiting connection is complete.
    pub(super) fn on_handshake_done(&mut self, parent: u32, child: u32) {
        if let Some(listener) = self.listener(parent) {
            listener.half_open.retain(|half_open| *half_open != child);
            listener.queue.push_back(child);
            self.announce(parent);
        }
    }

    /// The listening socket was closed: connections that nobody accepted are reset.
    pub(super) fn abandon(&mut self, now: Instant, listener: &Listener) {
        let resets_half_open = self.kernel.profile.accept.close_resets_half_open;
        for &child in &listener.queue {
            self.with_connection(now, child, |connection, cx| connection.abort(cx));
            self.sockets.remove(child);
        }
        for &child in &listener.half_open {
            self.with_connection(now, child, |connection, cx| {
                if resets_half_open {
                    connection.abort(cx);
                } else {
                    connection.expire(cx);
                }
            });
            self.sockets.remove(child);
        }
        self.ports.release_listener(listener.port);
    }

    pub(super) fn answer_with_reset(&mut self, to: IpAddr, segment: &Segment) {
        if let Some(reset) = segment.reset_for() {
            let body = Body::Tcp(reset);
            self.kernel.out.push_back(Packet {
                src: self.kernel.address,
                dst: to,
                body,
            });
        }
    }

    pub(super) fn random_seq(&mut self) -> Seq {
        Seq(self.rng.bits() as u32)
    }
}
