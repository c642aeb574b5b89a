//! The steps of a program as real socket calls.

use super::CallResult;
use halfopen::plan::{Action, Listener, Payload, RecvUntil, Step};
use halfopen::tcp::{Shutdown, SocketOption};
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
    /// What `bind` or `set` prepared for the next `connect` or `listen`.
    prepared: Option<Socket>,
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
            prepared: None,
            listeners: Vec::new(),
        }
    }

    /// Performs one step. It waits as long as its calls do.
    pub(super) fn perform(&mut self, step: &Step) -> CallResult {
        let result = match &step.action {
            Action::Listen { port, backlog } => self.listen(step, *port, *backlog),
            Action::Accept(listener) => self.accept(step, *listener),
            Action::Connect { host, port } => self.connect(step, *host, *port),
            Action::Bind { host, port } => self.bind(*host, *port),
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
        let socket = match self.prepared.take() {
            Some(socket) => socket,
            None => open()?,
        };
        let bound = socket
            .local_addr()?
            .as_socket_ipv4()
            .is_some_and(|address| address.port() != 0);
        if !bound {
            socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port).into())?;
        }
        let backlog = backlog.map_or(i32::MAX, |backlog| {
            i32::try_from(backlog).unwrap_or(i32::MAX)
        });
        socket.listen(backlog)?;
        let index = self.keep(step, socket);
        self.listeners.retain(|(known, _)| *known != port);
        self.listeners.push((port, index));
        Ok(CallResult::Done)
    }

    fn accept(&mut self, step: &Step, listener: Listener) -> io::Result<CallResult> {
        let index = match listener {
            Listener::Named(name) => self.names[name],
            Listener::Port(port) => self
                .listeners
                .iter()
                .find(|(known, _)| *known == port)
                .map(|(_, index)| *index),
        };
        let listener = self.at(index)?;
        let (socket, _) = retry(|| listener.accept())?;
        let index = self.keep(step, socket);
        self.latest = Some(index);
        Ok(CallResult::Done)
    }

    fn connect(&mut self, step: &Step, host: usize, port: u16) -> io::Result<CallResult> {
        let socket = match self.prepared.take() {
            Some(socket) => socket,
            None => open()?,
        };
        let index = self.keep(step, socket);
        self.latest = Some(index);
        let address = SockAddr::from(SocketAddrV4::new(self.addresses[host], port));
        let socket = self.at(Some(index))?;
        retry(|| socket.connect(&address)).map(|()| CallResult::Done)
    }

    fn bind(&mut self, host: Option<usize>, port: u16) -> io::Result<CallResult> {
        let socket = match self.prepared.take() {
            Some(socket) => socket,
            None => open()?,
        };
        let address = host.map_or(Ipv4Addr::UNSPECIFIED, |host| self.addresses[host]);
        let result = socket.bind(&SocketAddrV4::new(address, port).into());
        self.prepared = Some(socket);
        result.map(|()| CallResult::Done)
    }

    fn set(&mut self, step: &Step, options: &[SocketOption]) -> io::Result<CallResult> {
        let socket = match (&self.prepared, step.on) {
            (Some(socket), None) => socket,
            _ => self.socket(step)?,
        };
        for option in options {
            set_option(socket, *option)?;
        }
        Ok(CallResult::Done)
    }

    fn close(&mut self, step: &Step) -> io::Result<CallResult> {
        let index = step.on.map_or(self.latest, |name| self.names[name]);
        let socket = index.and_then(|index| self.sockets[index].take());
        let socket = socket.ok_or_else(bad_descriptor)?;
        // Dropping it would lose the error.
        nix::unistd::close(socket)?;
        Ok(CallResult::Done)
    }

    /// The socket that a step works on.
    fn socket(&self, step: &Step) -> io::Result<&Socket> {
        self.at(step.on.map_or(self.latest, |name| self.names[name]))
    }

    fn at(&self, index: Option<usize>) -> io::Result<&Socket> {
        index
            .and_then(|index| self.sockets[index].as_ref())
            .ok_or_else(bad_descriptor)
    }

    /// Keeps a socket that a step opened, under the step's name for it.
    fn keep(&mut self, step: &Step, socket: Socket) -> usize {
        let index = self.sockets.len();
        self.sockets.push(Some(socket));
        if let Some(name) = step.opens {
            self.names[name] = Some(index);
        }
        index
    }
}

fn open() -> io::Result<Socket> {
    Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))
}

fn send(socket: &Socket, data: &Payload, all: bool) -> CallResult {
    let bytes = match data {
        Payload::Text(text) => text.clone().into_bytes(),
        Payload::Bytes(len) => (0..*len).map(|i| (i % 251) as u8).collect(),
    };
    let mut taken = 0;
    let outcome = loop {
        match retry(|| send_some(socket, &bytes[taken..])) {
            Ok(count) => taken += count,
            Err(error) => break Err(error),
        }
        if !all || taken == bytes.len() {
            break Ok(());
        }
    };
    match outcome {
        Ok(()) => CallResult::Bytes(taken as u64),
        Err(error) => failed_after(&error, taken as u64),
    }
}

/// Waits until the socket takes something, and returns how much it took without waiting again. A blocking `send` would wait
/// until all is taken.
fn send_some(socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    let at_once = nix::libc::MSG_DONTWAIT | nix::libc::MSG_NOSIGNAL;
    match socket.send_with_flags(bytes, at_once) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        result => return result,
    }
    let first = bytes.len().min(1);
    let count = socket.send_with_flags(&bytes[..first], nix::libc::MSG_NOSIGNAL)?;
    Ok(count
        + socket
            .send_with_flags(&bytes[count..], at_once)
            .unwrap_or(0))
}

fn receive(socket: &Socket, until: RecvUntil) -> CallResult {
    let mut buffer = vec![0; READ_SIZE];
    let mut total = 0;
    loop {
        let room = match until {
            RecvUntil::Bytes(wanted) => (wanted - total).min(READ_SIZE as u64) as usize,
            RecvUntil::Some | RecvUntil::Eof => READ_SIZE,
        };
        let mut stream = socket;
        match retry(|| stream.read(&mut buffer[..room])) {
            Ok(0) if room > 0 => return CallResult::Eof(total),
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
        errno: error.raw_os_error().unwrap_or(nix::libc::EIO),
        bytes,
    }
}

fn bad_descriptor() -> io::Error {
    io::Error::from_raw_os_error(nix::libc::EBADF)
}

/// What one `recv` asks for at most.
const READ_SIZE: usize = 64 * 1024;
