//! Two hosts on a wire, for tests: fixed latency, and a filter that says which packets are lost.

use crate::wire::{Body, Flags, Packet, Segment};
use crate::{Cause, Failure, Host, Instant, ProcessId, Profile, Rng, SocketId};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
pub(crate) const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
/// Where the server listens.
pub(crate) const ADDRESS: SocketAddr = SocketAddr::new(SERVER, 80);

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn at_ms(millis: u64) -> Instant {
    Instant::ZERO + ms(millis)
}

/// Whether a packet gets through.
pub(crate) type Filter = Box<dyn FnMut(Instant, &Packet) -> bool>;

/// Two hosts and the wire between them.
pub(crate) struct Pair {
    pub(crate) now: Instant,
    pub(crate) client: Host,
    pub(crate) server: Host,
    latency: Duration,
    flying: VecDeque<(Instant, Packet)>,
    filter: Filter,
    /// Every packet that was sent, with its time and whether it got through.
    pub(crate) sent: Vec<(Instant, Packet, bool)>,
    pub(crate) program: ProcessId,
    pub(crate) peer_program: ProcessId,
}

impl Pair {
    /// A client with that profile and a Linux server, 5 ms apart.
    pub(crate) fn new(client: &str) -> Self {
        let profile = Profile::named(client).expect("comes with the library");
        Self::with(
            profile,
            Profile::named("linux").expect("comes with the library"),
            ms(5),
        )
    }

    pub(crate) fn with(client: Profile, server: Profile, latency: Duration) -> Self {
        let mut client = Host::new(CLIENT, Arc::new(client), Rng::stream(0, "host client"));
        let mut server = Host::new(SERVER, Arc::new(server), Rng::stream(0, "host server"));
        let (program, peer_program) = (client.spawn(), server.spawn());
        Self {
            now: Instant::ZERO,
            client,
            server,
            latency,
            flying: VecDeque::new(),
            filter: Box::new(|_, _| true),
            sent: Vec::new(),
            program,
            peer_program,
        }
    }

    pub(crate) fn lose(&mut self, mut lost: impl FnMut(Instant, &Packet) -> bool + 'static) {
        self.filter = Box::new(move |now, packet| !lost(now, packet));
    }

    pub(crate) fn black_hole(&mut self) {
        self.flying.clear();
        self.filter = Box::new(|_, _| false);
    }

    fn collect(&mut self) {
        for host in [&mut self.client, &mut self.server] {
            while let Some(packet) = host.poll_packet() {
                let passes = (self.filter)(self.now, &packet);
                self.sent.push((self.now, packet.clone(), passes));
                if passes {
                    self.flying.push_back((self.now + self.latency, packet));
                }
            }
        }
    }

    /// Runs until nothing is due before `end`.
    pub(crate) fn run_until(&mut self, end: Instant) {
        for _ in 0..1_000_000 {
            self.collect();
            let next = [
                self.flying.front().map(|(at, _)| *at),
                self.client.poll_timeout(),
                self.server.poll_timeout(),
            ];
            let Some(next) = next.into_iter().flatten().min().filter(|next| *next <= end) else {
                self.now = self.now.max(end);
                return;
            };
            self.now = self.now.max(next);
            if self.flying.front().is_some_and(|(at, _)| *at <= self.now) {
                let (_, packet) = self.flying.pop_front().expect("looked at it");
                let host = if packet.dst == CLIENT {
                    &mut self.client
                } else {
                    &mut self.server
                };
                host.handle_packet(self.now, packet);
            } else {
                self.client.handle_timeout(self.now);
                self.server.handle_timeout(self.now);
            }
        }
        panic!("a million events before {end}");
    }

    pub(crate) fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    pub(crate) fn listen(&mut self) -> SocketId {
        let listener = self.server.socket(self.peer_program);
        self.server.bind(self.now, listener, ADDRESS).unwrap();
        self.server.listen(self.now, listener, None).unwrap();
        listener
    }

    pub(crate) fn start_connect(&mut self) -> SocketId {
        let socket = self.client.socket(self.program);
        self.client.connect(self.now, socket, ADDRESS).unwrap();
        socket
    }

    /// An established connection: the client's socket and the server's.
    pub(crate) fn connect(&mut self) -> (SocketId, SocketId) {
        let listener = self.listen();
        let client = self.start_connect();
        self.run_for(self.latency * 4);
        self.client.connect_result(client).unwrap();
        let server = self
            .server
            .accept(self.now, listener, self.peer_program)
            .unwrap();
        (client, server)
    }

    /// Sends `count` single bytes that the other side reads, as real connections have before they fail.
    pub(crate) fn warm_up(&mut self, client: SocketId, server: SocketId, count: u32) {
        for _ in 0..count {
            self.client.send(self.now, client, b"x").unwrap();
            self.run_for(ms(100));
            assert_eq!(self.server.recv(self.now, server, &mut [0; 8]), Ok(1));
            self.run_for(ms(100));
        }
    }

    /// Runs until the call of the client does not wait any more; the time and the result.
    pub(crate) fn wait<T>(
        &mut self,
        mut call: impl FnMut(&mut Host, Instant) -> Result<T, Failure>,
    ) -> (Instant, Result<T, Failure>) {
        for _ in 0..100_000 {
            let result = call(&mut self.client, self.now);
            match result {
                Err(Failure {
                    cause: Cause::WouldBlock,
                    ..
                }) => {}
                result => return (self.now, result),
            }
            self.collect();
            let flying = self.flying.front().map(|(at, _)| *at);
            let timers = [
                self.client.poll_timeout(),
                self.server.poll_timeout(),
                flying,
            ];
            let next = timers
                .into_iter()
                .flatten()
                .min()
                .expect("it waits for something");
            self.run_until(next);
        }
        panic!("still waits at {}", self.now);
    }

    /// When segments with these flags left the client, in milliseconds since `start`.
    pub(crate) fn sent_ms(&self, start: Instant, matches: impl Fn(&Segment) -> bool) -> Vec<u64> {
        self.sent
            .iter()
            .filter(|(at, packet, _)| {
                *at >= start
                    && packet.src == CLIENT
                    && matches!(&packet.body, Body::Tcp(segment) if matches(segment))
            })
            .map(|(at, ..)| at.since(start).as_millis() as u64)
            .collect()
    }

    pub(crate) fn syns_ms(&self) -> Vec<u64> {
        self.sent_ms(Instant::ZERO, |segment| segment.has(Flags::SYN))
    }
}
