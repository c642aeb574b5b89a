//! The table of sockets, and what every change of a connection brings with it.

use super::Host;
use super::listener::Listener;
use crate::connection::{Connection, Context, State};
use crate::options::Options;
use crate::profile::ResetInQueue;
use crate::time::Instant;
use hashbrown::HashTable;
use hashbrown::hash_table::OccupiedEntry;
use rustc_hash::FxBuildHasher;
use std::cmp::Reverse;
use std::hash::BuildHasher;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A socket of one host; a program holds it as it holds a file descriptor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SocketId {
    pub(super) index: u32,
    /// Tells a socket from an earlier one in the same place.
    generation: u32,
}

/// A program on one host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProcessId(pub u32);

/// One socket.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    pub(super) owner: Owner,
    pub(super) kind: Kind,
    /// The time under which it stands in the host's queue of deadlines.
    pub(super) deadline: Option<Instant>,
    /// Whether it stands in the host's list of touched sockets.
    touched: bool,
    /// Whether it stands in the host's queue of ready sockets.
    pub(super) announced: bool,
}

/// Who holds a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    Program(ProcessId),
    /// A listener, until a program accepts it.
    Listener(u32),
    /// A program whose `close` waits for it (`SO_LINGER`).
    Lingering {
        process: ProcessId,
        until: Instant,
    },
    /// Nobody: the kernel sees the closing through.
    Kernel,
}

/// What a socket is.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "sockets are boxed as a whole, and nearly all of them are connections"
)]
pub(super) enum Kind {
    /// Neither connected nor listening.
    Idle {
        options: Arc<Options>,
        port: Option<u16>,
    },
    Listener(Box<Listener>),
    Connection(Connection),
}

impl Socket {
    pub(super) fn connection(&self) -> Option<&Connection> {
        match &self.kind {
            Kind::Connection(connection) => Some(connection),
            Kind::Idle { .. } | Kind::Listener(_) => None,
        }
    }
}

/// What finds a connection: the peer, and the local port.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    address: IpAddr,
    port: u16,
    local_port: u16,
}

impl Key {
    pub(super) fn new(remote: SocketAddr, local_port: u16) -> Self {
        Self {
            address: remote.ip(),
            port: remote.port(),
            local_port,
        }
    }

    fn of(connection: &Connection) -> Self {
        Self {
            address: connection.remote_ip,
            port: connection.remote_port,
            local_port: connection.local_port,
        }
    }

    fn hash(&self) -> u64 {
        FxBuildHasher.hash_one(self)
    }
}

/// All sockets of a host.
#[derive(Clone, Debug, Default)]
pub(super) struct Sockets {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// The places of the connections that segments can find, by their [`Key`], which is in the connection.
    connections: HashTable<u32>,
}

#[derive(Clone, Debug)]
struct Slot {
    generation: u32,
    socket: Option<Box<Socket>>,
}

impl Sockets {
    pub(super) fn insert(&mut self, owner: Owner, kind: Kind) -> SocketId {
        let socket = Box::new(Socket {
            owner,
            kind,
            deadline: None,
            touched: false,
            announced: false,
        });
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.socket = Some(socket);
            return SocketId {
                index,
                generation: slot.generation,
            };
        }
        let index = self.slots.len() as u32;
        self.slots.push(Slot {
            generation: 0,
            socket: Some(socket),
        });
        SocketId {
            index,
            generation: 0,
        }
    }

    pub(super) fn remove(&mut self, index: u32) -> Option<Box<Socket>> {
        let slot = self.slots.get_mut(index as usize)?;
        let socket = slot.socket.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(index);
        Some(socket)
    }

    pub(super) fn get(&self, index: u32) -> Option<&Socket> {
        self.slots.get(index as usize)?.socket.as_deref()
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut Socket> {
        self.slots.get_mut(index as usize)?.socket.as_deref_mut()
    }

    pub(super) fn at(&self, id: SocketId) -> Option<&Socket> {
        let slot = self.slots.get(id.index as usize)?;
        slot.socket
            .as_deref()
            .filter(|_| slot.generation == id.generation)
    }

    pub(super) fn at_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        let slot = self.slots.get_mut(id.index as usize)?;
        slot.socket
            .as_deref_mut()
            .filter(|_| slot.generation == id.generation)
    }

    pub(super) fn id(&self, index: u32) -> SocketId {
        let generation = self
            .slots
            .get(index as usize)
            .map_or(0, |slot| slot.generation);
        SocketId { index, generation }
    }

    /// The sockets that a program holds, in the order of their places.
    pub(super) fn owned_by(&self, process: ProcessId) -> Vec<SocketId> {
        let held = |slot: &Slot| {
            slot.socket.as_ref().is_some_and(|socket| {
                matches!(
                    socket.owner,
                    Owner::Program(held) | Owner::Lingering { process: held, .. } if held == process
                )
            })
        };
        let indices = self.slots.iter().enumerate().filter(|(_, slot)| held(slot));
        indices.map(|(index, _)| self.id(index as u32)).collect()
    }

    pub(super) fn find(&self, key: &Key) -> Option<u32> {
        let found = |index: &u32| self.key(*index).as_ref() == Some(key);
        self.connections.find(key.hash(), found).copied()
    }

    /// Lets segments find the connection there.
    pub(super) fn register(&mut self, index: u32) {
        let Some(key) = self.key(index) else {
            return;
        };
        let slots = &self.slots;
        let hash = |index: &u32| key_at(slots, *index).map_or(0, |key| key.hash());
        self.connections.insert_unique(key.hash(), index, hash);
    }

    /// Hides the connection there from segments. Returns whether they could find it.
    fn unregister(&mut self, index: u32) -> bool {
        let hash = self.key(index).map_or(0, |key| key.hash());
        let entry = self.connections.find_entry(hash, |found| *found == index);
        entry.map(OccupiedEntry::remove).is_ok()
    }

    fn key(&self, index: u32) -> Option<Key> {
        key_at(&self.slots, index)
    }
}

/// Room for deadlines that a host keeps while it has none.
const DEADLINES_KEPT: usize = 8;

fn key_at(slots: &[Slot], index: u32) -> Option<Key> {
    let socket = slots.get(index as usize)?.socket.as_deref()?;
    socket.connection().map(Key::of)
}

impl Host {
    /// Runs something on a connection and deals with what follows from it. Every change of a connection passes here.
    pub(super) fn with_connection<R>(
        &mut self,
        now: Instant,
        index: u32,
        run: impl FnOnce(&mut Connection, &mut Context<'_>) -> R,
    ) -> Option<R> {
        let socket = self.sockets.get_mut(index)?;
        let Kind::Connection(connection) = &mut socket.kind else {
            return None;
        };
        let before = connection.state();
        let routed = !self.unreachable.contains(&connection.remote_ip);
        let result = run(connection, &mut self.kernel.context(now, routed));
        let after = connection.state();
        let news = connection.take_news();
        if !socket.touched {
            socket.touched = true;
            self.touched.push(index);
        }
        if news {
            self.announce(index);
        }
        if before != after {
            self.on_state(index, before, after);
        }
        Some(result)
    }

    /// The first entry of the queue of deadlines, with those of the touched sockets in it. They are queued no earlier,
    /// because most timers that a packet starts are stopped by the program's answer to it.
    pub(super) fn first_deadline(&mut self) -> Option<(Instant, u32)> {
        while let Some(index) = self.touched.pop() {
            let Some(socket) = self.sockets.get_mut(index) else {
                continue;
            };
            socket.touched = false;
            if let Some(deadline) = socket.connection().and_then(Connection::deadline)
                && socket.deadline.is_none_or(|noted| deadline < noted)
            {
                socket.deadline = Some(deadline);
                self.deadlines.push(Reverse((deadline, index)));
            }
        }
        if self.deadlines.is_empty() {
            // Many connections that were opened at once leave room for as many deadlines; idle ones have none.
            self.deadlines.shrink_to(DEADLINES_KEPT);
        }
        self.deadlines.peek().map(|Reverse(first)| *first)
    }

    /// Tells the program that holds the socket that something changed.
    pub(super) fn announce(&mut self, index: u32) {
        let id = self.sockets.id(index);
        let Some(socket) = self.sockets.get_mut(index) else {
            return;
        };
        let waits = matches!(socket.owner, Owner::Program(_) | Owner::Lingering { .. });
        if waits && !socket.announced {
            socket.announced = true;
            self.ready.push_back(id);
        }
    }

    /// A connection changed its state.
    fn on_state(&mut self, index: u32, before: State, after: State) {
        let Some(socket) = self.sockets.get(index) else {
            return;
        };
        let owner = socket.owner;
        if after == State::Closed {
            self.forget(index);
        }
        match owner {
            Owner::Listener(listener) if after == State::Closed => {
                self.on_queued_closed(listener, index, before);
            }
            Owner::Listener(listener) if before == State::SynReceived => {
                self.on_handshake_done(listener, index);
            }
            Owner::Kernel if after == State::Closed => {
                self.sockets.remove(index);
            }
            Owner::Listener(_) | Owner::Kernel | Owner::Program(_) | Owner::Lingering { .. } => {}
        }
    }

    /// Segments do not find the connection any more, and its port is free.
    pub(super) fn forget(&mut self, index: u32) {
        let Some(connection) = self.sockets.get(index).and_then(Socket::connection) else {
            return;
        };
        let port = connection.local_port;
        if self.sockets.unregister(index) {
            self.ports.release_connection(port);
        }
    }

    /// A connection ended before a program accepted it.
    fn on_queued_closed(&mut self, listener: u32, index: u32, before: State) {
        let rule = self.kernel.profile.accept.reset_in_queue;
        let Some(Socket {
            kind: Kind::Listener(queue),
            ..
        }) = self.sockets.get_mut(listener)
        else {
            self.sockets.remove(index);
            return;
        };
        let complete = before != State::SynReceived;
        match rule {
            ResetInQueue::Keep if complete => {}
            ResetInQueue::FailAccept if complete => {}
            ResetInQueue::Keep | ResetInQueue::FailAccept | ResetInQueue::Remove => {
                queue.remove(index);
                self.sockets.remove(index);
            }
        }
    }
}
