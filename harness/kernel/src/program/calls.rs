//! The steps of a program as real socket calls.

use super::CallResult;
use halfopen::plan::{Action, Listener, Payload, RecvUntil, Step};
use halfopen::tcp::{Shutdown, SocketOption};
use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use nix::time::{ClockId, ClockNanosleepFlags, clock_nanosleep};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io::{self, Read};
use std::net::{Ipv4Addr, Shutdown as Direction, SocketAddrV4};
use std::time::Duration;

/// The sockets of one program.
pub(super) struct Sockets<'a> {
    /// The hosts' addresses.
    addresses: &'a [Ipv4Addr],
    /// Every socket the program opened, in that order; closed ones leave a gap.
    sockets: Vec<Option<Socket>>,
    /// The socket of each name, as an index.
    names: Vec<Option<usize>>,
    /// The latest connection.
    latest: Option<usize>,
    /// What `bind` made, until a `connect` or `listen` takes it.
    bound: Option<usize>,
    /// The listeners and their ports.
    listeners: Vec<(u16, usize)>,
}

impl<'a> Sockets<'a> {
    pub(super) fn new(names: usize, addresses: &'a [Ipv4Addr]) -> Self {
        Self {
            addresses,
            sockets: Vec::new(),
            names: vec![None; names],
            latest: None,
            bound: None,
            listeners: Vec::new(),
        }
    }

    /// Performs one step. It waits as long as its calls do.
    pub(super) fn perform(&mut self, step: &Step) -> CallResult {
        let result = match &step.action {
            Action::Listen { port, backlog } => self.listen(step, *port, *backlog),
            Action::Accept(listener) => self.accept(step, *listener),
            Action::Connect { host, port } => self.connect(step, *host, *port),
            Action::Bind { host, port } => self.bind(step, *host, *port),
            Action::Set(options) => self.set(step, options),
            Action::Sleep(time) => {
                sleep(*time);
                Ok(CallResult::Done)
            }
            Action::Close => self.close(step),
            Action::Send { data, all } => {
                return self
                    .socket(step)
                    .map_or_else(failed, |s| send(s, data, *all));
            }
            Action::Recv(until) => {
                return self
                    .socket(step)
                    .map_or_else(failed, |s| receive(s, *until));
            }
            Action::Shutdown(how) => self
                .socket(step)
                .and_then(|socket| socket.shutdown(direction(*how)))
                .map(|()| CallResult::Done),
            Action::GetError => self
                .socket(step)
                .and_then(Socket::take_error)
                .and_then(|error| error.map_or(Ok(CallResult::Done), Err)),
        };
        result.unwrap_or_else(failed)
    }

    fn listen(&mut self, step: &Step, port: u16, backlog: Option<u32>) -> io::Result<CallResult> {
        let index = self.take_bound(step)?;
        self.name(step, index);
        self.listeners.push((port, index));
        let socket = self.at(Some(index))?;
        let local = socket.local_addr()?.as_socket_ipv4();
        if local.is_none_or(|local| local.port() != port) {
            socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port).into())?;
        }
        // The kernel cuts it down to the largest that it takes.
        let backlog = backlog.and_then(|backlog| i32::try_from(backlog).ok());
        socket.listen(backlog.unwrap_or(i32::MAX))?;
        Ok(CallResult::Done)
    }

    fn accept(&mut self, step: &Step, listener: Listener) -> io::Result<CallResult> {
        let index = match listener {
            Listener::Named(name) => self.names[name],
            // The latest on that port: an earlier one may have failed or been closed.
            Listener::Port(port) => {
                let mut latest_first = self.listeners.iter().rev();
                latest_first.find(|(known, _)| *known == port).map(|l| l.1)
            }
        };
        let listener = self.at(index)?;
        let (socket, _) = retry(|| listener.accept())?;
        let index = self.keep(socket);
        self.latest = Some(index);
        self.name(step, index);
        Ok(CallResult::Done)
    }

    fn connect(&mut self, step: &Step, host: usize, port: u16) -> io::Result<CallResult> {
        let index = self.take_bound(step)?;
        self.latest = Some(index);
        self.name(step, index);
        let address = SockAddr::from(SocketAddrV4::new(self.addresses[host], port));
        let socket = self.at(Some(index))?;
        retry(|| socket.connect(&address)).map(|()| CallResult::Done)
    }

    fn bind(&mut self, step: &Step, host: Option<usize>, port: u16) -> io::Result<CallResult> {
        let index = self.take_bound(step)?;
        self.bound = Some(index);
        self.name(step, index);
        let address = host.map_or(Ipv4Addr::UNSPECIFIED, |host| self.addresses[host]);
        let local = SocketAddrV4::new(address, port).into();
        self.at(Some(index))?.bind(&local)?;
        Ok(CallResult::Done)
    }

    fn set(&mut self, step: &Step, options: &[SocketOption]) -> io::Result<CallResult> {
        // Options for the connection that comes next.
        if step.on.is_none() && self.target(step).is_none() {
            let socket = self.keep(open()?);
            self.bound = Some(socket);
            self.name(step, socket);
        }
        if step.on.is_none() && self.target(step).is_none() {
            // For the next `bind`, `listen` or `connect`.
            self.bound = Some(self.keep(open()?));
        }
        let socket = self.socket(step)?;
        for option in options {
            set_option(socket, *option)?;
        }
        Ok(CallResult::Done)
    }

    fn close(&mut self, step: &Step) -> io::Result<CallResult> {
        let index = self.target(step);
        let socket = index.and_then(|index| self.sockets[index].take());
        let socket = socket.ok_or_else(bad_descriptor)?;
        self.bound.take_if(|bound| Some(*bound) == index);
        self.latest.take_if(|latest| Some(*latest) == index);
        self.listeners
            .retain(|(_, listener)| Some(*listener) != index);
        // Dropping it would lose the error.
        nix::unistd::close(socket)?;
        Ok(CallResult::Done)
    }

    /// The socket that a step works on.
    fn socket(&self, step: &Step) -> io::Result<&Socket> {
        self.at(self.target(step))
    }

    fn target(&self, step: &Step) -> Option<usize> {
        match (step.on, &step.action) {
            (Some(name), _) => self.names[name],
            // Options are often set between `bind` and `connect`.
            (None, Action::Set(_) | Action::GetError) => self.bound.or(self.latest),
            (None, _) => self.latest,
        }
    }

    fn at(&self, index: Option<usize>) -> io::Result<&Socket> {
        index
            .and_then(|index| self.sockets[index].as_ref())
            .ok_or_else(bad_descriptor)
    }

    /// The socket that `of` names, or that `bind` or `set` left, or a new one.
    fn take_bound(&mut self, step: &Step) -> io::Result<usize> {
        let named = step.on.and_then(|name| self.names[name]);
        let bound = self.bound.take();
        match named.or(bound) {
            Some(index) => Ok(index),
            None => Ok(self.keep(open()?)),
        }
    }

    fn keep(&mut self, socket: Socket) -> usize {
        self.sockets.push(Some(socket));
        self.sockets.len() - 1
    }

    fn name(&mut self, step: &Step, index: usize) {
        if let Some(name) = step.opens {
            self.names[name] = Some(index);
        }
    }
}

fn open() -> io::Result<Socket> {
    Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))
}

/// One call that takes what there is room for, at least a byte; or with `all`, a call that waits until all is taken.
fn send(socket: &Socket, data: &Payload, all: bool) -> CallResult {
    let bytes = match data {
        Payload::Text(text) => text.clone().into_bytes(),
        Payload::Bytes(len) => (0..*len).map(|i| (i % 251) as u8).collect(),
    };
    let result = if all {
        send_all(socket, &bytes)
    } else {
        send_some(socket, &bytes).map_err(|error| (error, 0))
    };
    match result {
        Ok(count) => CallResult::Bytes(count as u64),
        Err((error, count)) => failed_after(&error, count as u64),
    }
}

/// The error comes with the number of bytes that were taken before it.
fn send_all(socket: &Socket, bytes: &[u8]) -> Result<usize, (io::Error, usize)> {
    let mut taken = 0;
    loop {
        let rest = &bytes[taken..];
        match retry(|| socket.send_with_flags(rest, libc::MSG_NOSIGNAL)) {
            Ok(count) if count == rest.len() => return Ok(bytes.len()),
            Ok(count) => taken += count,
            Err(error) => return Err((error, taken)),
        }
        // Less than all: an error ended the call, which the next one returns, or the socket's timeout. It has waited for
        // that long already.
        match send_now(socket, &bytes[taken..]) {
            Ok(count) => taken += count,
            Err(error) => return Err((error, taken)),
        }
        if taken == bytes.len() {
            return Ok(taken);
        }
    }
}

fn send_some(socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    match send_now(socket, bytes) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        result => return result,
    }
    let first = bytes.len().min(1);
    let count = retry(|| socket.send_with_flags(&bytes[..first], libc::MSG_NOSIGNAL))?;
    Ok(count + send_now(socket, &bytes[count..]).unwrap_or(0))
}

fn send_now(socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    retry(|| socket.send_with_flags(bytes, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL))
}

fn receive(socket: &Socket, until: RecvUntil) -> CallResult {
    if until == RecvUntil::Bytes(0) {
        return CallResult::Bytes(0);
    }
    let mut buffer = vec![0; READ_SIZE];
    let mut total = 0;
    loop {
        let room = match until {
            RecvUntil::Bytes(wanted) => (wanted - total).min(READ_SIZE as u64) as usize,
            RecvUntil::Some | RecvUntil::Eof => READ_SIZE,
        };
        let mut stream = socket;
        match retry(|| stream.read(&mut buffer[..room])) {
            Ok(0) => return CallResult::Eof(total),
            Ok(count) => total += count as u64,
            Err(error) => return failed_after(&error, total),
        }
        match until {
            RecvUntil::Some => return CallResult::Bytes(total),
            RecvUntil::Bytes(wanted) if total >= wanted => return CallResult::Bytes(total),
            RecvUntil::Bytes(_) | RecvUntil::Eof => {}
        }
    }
}

fn set_option(socket: &Socket, option: SocketOption) -> io::Result<()> {
    let seconds = |time: Duration| time.as_secs() as u32;
    match option {
        SocketOption::KeepAlive(on) => socket.set_keepalive(on),
        SocketOption::KeepIdle(time) => {
            Ok(setsockopt(socket, sockopt::TcpKeepIdle, &seconds(time))?)
        }
        SocketOption::KeepInterval(time) => Ok(setsockopt(
            socket,
            sockopt::TcpKeepInterval,
            &seconds(time),
        )?),
        SocketOption::KeepCount(count) => Ok(setsockopt(socket, sockopt::TcpKeepCount, &count)?),
        SocketOption::UserTimeout(time) => socket.set_tcp_user_timeout(Some(time)),
        SocketOption::Linger(time) => socket.set_linger(time),
        SocketOption::NoDelay(on) => socket.set_tcp_nodelay(on),
        SocketOption::ReceiveTimeout(time) => socket.set_read_timeout(Some(time)),
        SocketOption::SendTimeout(time) => socket.set_write_timeout(Some(time)),
        SocketOption::ReceiveBuffer(size) => socket.set_recv_buffer_size(size as usize),
        SocketOption::SendBuffer(size) => socket.set_send_buffer_size(size as usize),
        SocketOption::ReuseAddress(on) => socket.set_reuse_address(on),
    }
}

fn direction(how: Shutdown) -> Direction {
    match how {
        Shutdown::Read => Direction::Read,
        Shutdown::Write => Direction::Write,
        Shutdown::Both => Direction::Both,
    }
}

fn sleep(time: Duration) {
    let _ = clock_nanosleep(
        ClockId::CLOCK_MONOTONIC,
        ClockNanosleepFlags::empty(),
        &time.into(),
    );
}

/// Calls again while a signal interrupts: stopping and continuing the process is one.
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn failed(error: io::Error) -> CallResult {
    failed_after(&error, 0)
}

fn failed_after(error: &io::Error, bytes: u64) -> CallResult {
    CallResult::Failed {
        errno: error.raw_os_error().unwrap_or(libc::EIO),
        bytes,
    }
}

fn bad_descriptor() -> io::Error {
    io::Error::from_raw_os_error(libc::EBADF)
}

/// What one `recv` asks for at most.
const READ_SIZE: usize = 64 * 1024;
