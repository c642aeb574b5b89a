//! The sockets of one machine.

use crate::cause::Cause;
use crate::profile::Profile;
use crate::profile::errors::Occurrence;
use crate::rng::Rng;
use crate::time::Instant;
use crate::wire::Packet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// A socket of one host; programs hold it as they hold a file descriptor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SocketId {
    index: u32,
    generation: u32,
}

/// A program on one host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProcessId(pub u32);

/// Why a call failed. `Cause::WouldBlock` means that it has to wait: try again once [`Host::poll_socket`] names the
/// socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// Whether this call is the first to learn of it. [`Profile::error`] turns both into what the system returns.
    pub when: Occurrence,
}

/// Which directions `shutdown` ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "they are the directions of those names")]
pub enum Shutdown {
    Read,
    Write,
    Both,
}

/// A socket option and its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "they are the socket options of those names")]
pub enum SocketOption {
    KeepAlive(bool),
    KeepIdle(Duration),
    KeepInterval(Duration),
    KeepCount(u32),
    /// Zero turns it off.
    UserTimeout(Duration),
    /// `None` turns it off; zero makes `close` send RST.
    Linger(Option<Duration>),
    NoDelay(bool),
    /// Zero turns it off.
    ReceiveTimeout(Duration),
    /// Zero turns it off.
    SendTimeout(Duration),
    ReceiveBuffer(u32),
    SendBuffer(u32),
    ReuseAddress(bool),
}

/// A change of state of one connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    pub at: Instant,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    /// Names of RFC 9293: `SYN-SENT`.
    pub from: &'static str,
    pub to: &'static str,
}

/// One machine's kernel.
///
/// # How to drive it
/// 1. Put in what happened: `handle_packet`, `handle_timeout`, or a socket call, each with the time.
/// 2. Take out every packet (`poll_packet`), every socket whose waiting calls may go on (`poll_socket`).
/// 3. Read the next deadline (`poll_timeout`) and call `handle_timeout` then, or earlier; too early does nothing.
pub struct Host;

#[allow(unused_variables)]
impl Host {
    pub fn new(address: IpAddr, profile: Arc<Profile>, rng: Rng) -> Self {
        todo!()
    }
    pub fn profile(&self) -> &Profile {
        todo!()
    }
    pub fn address(&self) -> IpAddr {
        todo!()
    }
    /// The largest packet towards `to`; default 1500. The MSS follows from it.
    pub fn set_mtu(&mut self, to: IpAddr, mtu: u16) {
        todo!()
    }
    /// Without a route, connects fail with `Cause::NoRoute`. Default: everything has one.
    pub fn set_route(&mut self, to: IpAddr, present: bool) {
        todo!()
    }

    pub fn handle_packet(&mut self, now: Instant, packet: Packet) {
        todo!()
    }
    pub fn handle_timeout(&mut self, now: Instant) {
        todo!()
    }

    pub fn poll_packet(&mut self) -> Option<Packet> {
        todo!()
    }
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }
    /// A socket that changed so that a call that waited on it should be tried again (readable, writable, failed, acceptable, connected).
    pub fn poll_socket(&mut self) -> Option<SocketId> {
        todo!()
    }
    /// Off by default.
    pub fn record_transitions(&mut self, on: bool) {
        todo!()
    }
    pub fn poll_transition(&mut self) -> Option<Transition> {
        todo!()
    }

    pub fn spawn(&mut self) -> ProcessId {
        todo!()
    }
    /// The program dies; its sockets are closed as this system does it.
    pub fn kill(&mut self, now: Instant, process: ProcessId) {
        todo!()
    }

    pub fn socket(&mut self, process: ProcessId) -> SocketId {
        todo!()
    }
    /// Port 0: an ephemeral one. The unspecified address: any.
    pub fn bind(
        &mut self,
        now: Instant,
        socket: SocketId,
        local: SocketAddr,
    ) -> Result<(), Failure> {
        todo!()
    }
    pub fn listen(
        &mut self,
        now: Instant,
        socket: SocketId,
        backlog: Option<u32>,
    ) -> Result<(), Failure> {
        todo!()
    }
    /// The accepted socket belongs to `process`.
    pub fn accept(
        &mut self,
        now: Instant,
        listener: SocketId,
        process: ProcessId,
    ) -> Result<SocketId, Failure> {
        todo!()
    }
    /// Starts a connection attempt: `Ok` means that the SYN is on its way. How it ends is `connect_result`.
    pub fn connect(
        &mut self,
        now: Instant,
        socket: SocketId,
        remote: SocketAddr,
    ) -> Result<(), Failure> {
        todo!()
    }
    /// How the attempt ended; `WouldBlock` while it is under way. Takes a pending error.
    pub fn connect_result(&mut self, socket: SocketId) -> Result<(), Failure> {
        todo!()
    }
    /// Bytes taken into the send buffer, at least 1 if `data` is not empty; `WouldBlock` when the buffer is full.
    pub fn send(&mut self, now: Instant, socket: SocketId, data: &[u8]) -> Result<usize, Failure> {
        todo!()
    }
    /// Bytes received; 0 is end of file; `WouldBlock` when nothing is there.
    pub fn recv(
        &mut self,
        now: Instant,
        socket: SocketId,
        buffer: &mut [u8],
    ) -> Result<usize, Failure> {
        todo!()
    }
    /// As `recv`, but leaves the data there.
    pub fn peek(&mut self, socket: SocketId, buffer: &mut [u8]) -> Result<usize, Failure> {
        todo!()
    }
    pub fn shutdown(
        &mut self,
        now: Instant,
        socket: SocketId,
        how: Shutdown,
    ) -> Result<(), Failure> {
        todo!()
    }
    /// Closes the socket. `Some(until)`: `SO_LINGER` makes the call wait until then, or until `lingers` says no.
    pub fn close(&mut self, now: Instant, socket: SocketId) -> Option<Instant> {
        todo!()
    }
    /// Whether a closed socket still has unacknowledged data for which its `close` waits.
    pub fn lingers(&self, socket: SocketId) -> bool {
        todo!()
    }
    pub fn set_option(
        &mut self,
        now: Instant,
        socket: SocketId,
        option: SocketOption,
    ) -> Result<(), Failure> {
        todo!()
    }
    /// `SO_ERROR`: takes the pending error.
    pub fn take_error(&mut self, socket: SocketId) -> Option<Failure> {
        todo!()
    }
    /// `SO_RCVTIMEO` and `SO_SNDTIMEO`: the caller keeps the time of a waiting call and fails it with `TimedOutWaiting`.
    pub fn call_timeouts(&self, socket: SocketId) -> (Option<Duration>, Option<Duration>) {
        todo!()
    }
    pub fn local_addr(&self, socket: SocketId) -> Result<SocketAddr, Failure> {
        todo!()
    }
    pub fn peer_addr(&self, socket: SocketId) -> Result<SocketAddr, Failure> {
        todo!()
    }
}
