//! A connection.

use super::addr::{self, ToSocketAddrs};
use super::options;
use super::socket::TcpSocket;
use super::split::{ReadHalf, WriteHalf};
use super::split_owned::{OwnedReadHalf, OwnedWriteHalf, split_owned};
use crate::sockets::{self, CallOn, Machine, Socket, Wait, io_error};
use halfopen_tcp::profile::errors::Occurrence;
use halfopen_tcp::{Call, Cause, Failure, Readiness, Shutdown};
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};

/// A connection, as [`tokio::net::TcpStream`]. Dropping it closes it.
///
/// ```
/// # use halfopen::Lab;
/// use halfopen::net::{TcpListener, TcpStream};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// let mut lab = Lab::new();
/// lab.host("server").program(|| async {
///     let listener = TcpListener::bind("0.0.0.0:80").await?;
///     let (mut stream, peer) = listener.accept().await?;
///     assert_eq!(peer.ip(), stream.peer_addr()?.ip());
///     let mut request = [0; 5];
///     stream.read_exact(&mut request).await?;
///     stream.write_all(b"world").await?;
///     Ok(())
/// });
/// lab.host("client").client(async {
///     let mut stream = TcpStream::connect("server:80").await?;
///     stream.write_all(b"hello").await?;
///     let mut answer = String::new();
///     stream.read_to_string(&mut answer).await?;
///     assert_eq!(answer, "world");
///     Ok(())
/// });
/// lab.run().unwrap();
/// ```
pub struct TcpStream {
    socket: Socket,
}

impl TcpStream {
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket }
    }

    /// Opens a connection to the first of these addresses that takes one.
    ///
    /// # Errors
    /// What `connect` returns on the host's system, for the last address; the system's error for a name that does not
    /// exist.
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        let machine = sockets::current();
        let mut last = None;
        for address in addr::addresses(&machine, addr)? {
            match TcpSocket::on(&machine)?.connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(addr::no_address))
    }

    /// This end's address.
    ///
    /// # Errors
    /// If the host is off.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.call(Call::GetOption, |call| call.host.local_addr(call.id))
    }

    /// The other end's address.
    ///
    /// # Errors
    /// Not connected any more.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.call(Call::GetOption, |call| call.host.peer_addr(call.id))
    }

    /// Takes the pending error (`SO_ERROR`).
    ///
    /// # Errors
    /// None.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(options::take_error(&self.socket))
    }

    /// Waits until any of this can be done without waiting.
    ///
    /// # Errors
    /// None.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let ready = self.socket.wait(|call| {
            let ready = ready_of(call.host.readiness(call.id), interest);
            if ready.is_empty() {
                Err(WOULD_BLOCK)
            } else {
                Ok(ready)
            }
        });
        ready
            .await
            .map_err(|failure| self.error(failure, Call::GetOption))
    }

    /// Waits until a read does not have to wait.
    ///
    /// # Errors
    /// None.
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await.map(|_| ())
    }

    /// Waits until a write does not have to wait.
    ///
    /// # Errors
    /// None.
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await.map(|_| ())
    }

    /// Whether a read does not have to wait; if it has to, the task is woken later.
    ///
    /// # Errors
    /// None.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, Wait::Read, Call::Recv, |call| {
            if_ready(call.host.readiness(call.id).readable)
        })
    }

    /// Whether a write does not have to wait; if it has to, the task is woken later.
    ///
    /// # Errors
    /// None.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, Wait::Write, Call::Send, |call| {
            if_ready(call.host.readiness(call.id).writable)
        })
    }

    /// Reads what is there, without waiting.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`]; what `recv` returns on the host's system.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let received = self.socket.try_recv(buf);
        received.map_err(|failure| self.error(failure, Call::Recv))
    }

    /// Reads what is there into several buffers, without waiting.
    ///
    /// # Errors
    /// As [`try_read`](Self::try_read).
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut total = 0;
        for buf in bufs.iter_mut().filter(|buf| !buf.is_empty()) {
            match self.try_read(buf) {
                Ok(read) => {
                    total += read;
                    if read < buf.len() {
                        break;
                    }
                }
                Err(_) if total > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(total)
    }

    /// Reads what is there into a growing buffer, without waiting.
    ///
    /// # Errors
    /// As [`try_read`](Self::try_read).
    pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let mut room = vec![0; buf.remaining_mut().min(READ_BUF_MAX)];
        let read = self.try_read(&mut room)?;
        buf.put_slice(&room[..read]);
        Ok(read)
    }

    /// Writes what there is room for, without waiting.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`]; what `send` returns on the host's system.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        let sent = self.socket.try_send(buf);
        sent.map_err(|failure| self.error(failure, Call::Send))
    }

    /// Writes what there is room for from several buffers, in one call and without waiting.
    ///
    /// # Errors
    /// As [`try_write`](Self::try_write).
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_write(&gathered(bufs))
    }

    /// Runs `f` if the socket is ready for it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if it is not; what `f` returns.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        let ready = self
            .socket
            .ask(|host, id| ready_of(host.readiness(id), interest));
        match ready {
            Some(ready) if !ready.is_empty() => f(),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Runs `f` when the socket is ready for it, again while it says [`io::ErrorKind::WouldBlock`].
    ///
    /// # Errors
    /// What `f` returns.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            self.ready(interest).await?;
            match f() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
            tokio::task::yield_now().await;
        }
    }

    /// Reads data and leaves it there.
    ///
    /// # Errors
    /// What `recv` returns on the host's system.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let peeked = self.socket.wait(|call| call.host.peek(call.id, buf)).await;
        peeked.map_err(|failure| self.error(failure, Call::Recv))
    }

    /// Reads data and leaves it there; if there is none, the task is woken later.
    ///
    /// # Errors
    /// What `recv` returns on the host's system.
    pub fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        let room = buf.initialize_unfilled();
        let polled = self.poll(cx, Wait::Read, Call::Recv, |call| {
            call.host.peek(call.id, room)
        });
        polled.map_ok(|peeked| {
            buf.advance(peeked);
            peeked
        })
    }

    /// Whether small segments are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// If the host is off.
    pub fn nodelay(&self) -> io::Result<bool> {
        options::get(&self.socket, |values| values.no_delay)
    }

    /// Sends small segments at once (`TCP_NODELAY`), or lets them wait for an acknowledgment.
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        options::set_nodelay(&self.socket, nodelay)
    }

    /// How long a close waits for data to be acknowledged (`SO_LINGER`).
    ///
    /// # Errors
    /// If the host is off.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        options::get(&self.socket, |values| values.linger)
    }

    /// Sets `SO_LINGER`. With zero, a close sends RST. Otherwise it changes nothing here: dropping a stream does not
    /// wait.
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    #[deprecated = "as in tokio: a close with `SO_LINGER` blocks the thread there; use `set_zero_linger` to send RST"]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        options::set_linger(&self.socket, dur)
    }

    /// Makes a close send RST.
    ///
    /// # Errors
    /// What `setsockopt` returns on the host's system.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        options::set_linger(&self.socket, Some(Duration::ZERO))
    }

    /// The time to live of its packets. No network here is large enough for it to matter.
    ///
    /// # Errors
    /// None.
    pub fn ttl(&self) -> io::Result<u32> {
        Ok(options::ttl(&self.socket))
    }

    /// Sets the time to live of its packets.
    ///
    /// # Errors
    /// None.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        options::set_ttl(&self.socket, ttl);
        Ok(())
    }

    /// Splits it into borrowed halves.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        (ReadHalf(&*self), WriteHalf(&*self))
    }

    /// Splits it into halves that can go to different tasks. Dropping the half that writes shuts writing down.
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split_owned(self)
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(super) fn machine(&self) -> &Arc<Machine> {
        self.socket.machine()
    }

    pub(super) fn poll_read_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buf.initialize_unfilled();
        let polled = self.socket.poll_recv(cx, room);
        polled.map(|received| match received {
            Ok(read) => {
                buf.advance(read);
                Ok(())
            }
            Err(failure) => Err(self.error(failure, Call::Recv)),
        })
    }

    pub(super) fn poll_write_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = self.socket.poll_send(cx, buf);
        polled.map_err(|failure| self.error(failure, Call::Send))
    }

    pub(super) fn poll_write_vectored_shared(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_shared(cx, &gathered(bufs))
    }

    /// As tokio's: that the peer is gone already is no error.
    pub(super) fn shut_write(&self) -> io::Result<()> {
        match self.socket.shut(Shutdown::Write) {
            Err(failure) => match self.error(failure, Call::Shutdown) {
                error if error.kind() == io::ErrorKind::NotConnected => Ok(()),
                error => Err(error),
            },
            Ok(()) => Ok(()),
        }
    }

    fn call<R>(
        &self,
        name: Call,
        call: impl FnOnce(CallOn<'_>) -> Result<R, Failure>,
    ) -> io::Result<R> {
        self.socket
            .call(call)
            .map_err(|failure| self.error(failure, name))
    }

    fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        wait: Wait,
        name: Call,
        call: impl FnOnce(CallOn<'_>) -> Result<R, Failure>,
    ) -> Poll<io::Result<R>> {
        let polled = self.socket.poll(cx, wait, call);
        polled.map_err(|failure| self.error(failure, name))
    }

    fn error(&self, failure: Failure, call: Call) -> io::Error {
        error_of(self.machine(), failure, call)
    }
}

/// What a call on that machine returns for a failure.
pub(super) fn error_of(machine: &Machine, failure: Failure, call: Call) -> io::Error {
    match &machine.lock().kernel {
        Some(kernel) => io_error(kernel.host.profile(), failure, call),
        // Nobody is left to see it: its programs are dead.
        None => io::ErrorKind::WouldBlock.into(),
    }
}

pub(super) const WOULD_BLOCK: Failure = Failure {
    cause: Cause::WouldBlock,
    when: Occurrence::First,
};

fn if_ready(ready: bool) -> Result<(), Failure> {
    if ready { Ok(()) } else { Err(WOULD_BLOCK) }
}

/// What of `interest` a socket is ready for.
fn ready_of(readiness: Readiness, interest: Interest) -> Ready {
    let mut ready = Ready::EMPTY;
    if interest.is_readable() {
        if readiness.readable {
            ready |= Ready::READABLE;
        }
        if readiness.read_closed {
            ready |= Ready::READ_CLOSED;
        }
    }
    if interest.is_writable() {
        if readiness.writable {
            ready |= Ready::WRITABLE;
        }
        if readiness.write_closed {
            ready |= Ready::WRITE_CLOSED;
        }
    }
    if interest.is_error() && readiness.error {
        ready |= Ready::ERROR;
    }
    ready
}

/// The buffers as one, as far as one call takes them.
fn gathered(bufs: &[IoSlice<'_>]) -> Vec<u8> {
    let mut all = Vec::new();
    for buf in bufs {
        let room = WRITE_MAX - all.len();
        all.extend_from_slice(&buf[..buf.len().min(room)]);
    }
    all
}

/// Bytes that one vectored write takes at most.
const WRITE_MAX: usize = 1 << 20;

/// Bytes that one read into a growing buffer takes at most.
const READ_BUF_MAX: usize = 1 << 16;

impl AsyncRead for TcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_read_shared(cx, buf)
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_shared(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored_shared(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shut_write())
    }
}

impl AsRef<Self> for TcpStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpStream")
            .field("addr", &self.local_addr().ok())
            .field("peer", &self.peer_addr().ok())
            .finish_non_exhaustive()
    }
}
