//! The halves of a borrowed connection.

use super::stream::TcpStream;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};

/// The half of a [`TcpStream`] that reads, made by [`TcpStream::split`].
///
/// ```
/// # use halfopen::{Lab, net::{TcpListener, TcpStream}};
/// # use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// # let mut lab = Lab::new();
/// # lab.host("server").program(|| async {
/// #     let (mut stream, _) = TcpListener::bind("0.0.0.0:80").await?.accept().await?;
/// #     let byte = stream.read_u8().await?;
/// #     Ok(stream.write_u8(byte).await?)
/// # });
/// # lab.host("client").client(async {
/// let mut stream = TcpStream::connect("server:80").await?;
/// let (mut read, mut write) = stream.split();
/// let (answer, sent) = tokio::join!(read.read_u8(), write.write_u8(7));
/// assert_eq!((answer?, sent?), (7, ()));
/// # Ok(()) });
/// # lab.run().unwrap();
/// ```
#[derive(Debug)]
pub struct ReadHalf<'a>(pub(super) &'a TcpStream);

/// The half of a [`TcpStream`] that writes, made by [`TcpStream::split`]. Dropping it changes nothing.
///
/// ```
/// # use halfopen::{Lab, net::{TcpListener, TcpStream}};
/// # use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// # let mut lab = Lab::new();
/// # lab.host("server").program(|| async {
/// #     let (mut stream, _) = TcpListener::bind("0.0.0.0:80").await?.accept().await?;
/// #     let byte = stream.read_u8().await?;
/// #     Ok(stream.write_u8(byte).await?)
/// # });
/// # lab.host("client").client(async {
/// let mut stream = TcpStream::connect("server:80").await?;
/// let (_, mut write) = stream.split();
/// write.write_u8(7).await?;
/// assert_eq!(stream.read_u8().await?, 7);
/// # Ok(()) });
/// # lab.run().unwrap();
/// ```
#[derive(Debug)]
pub struct WriteHalf<'a>(pub(super) &'a TcpStream);

impl ReadHalf<'_> {
    /// Waits until any of this can be done without waiting.
    ///
    /// # Errors
    /// None.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// Waits until a read does not have to wait.
    ///
    /// # Errors
    /// None.
    pub async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// Reads what is there, without waiting; see [`TcpStream::try_read`].
    ///
    /// # Errors
    /// As there.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buf)
    }

    /// Reads what is there into several buffers, without waiting.
    ///
    /// # Errors
    /// As [`TcpStream::try_read`].
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.try_read_vectored(bufs)
    }

    /// Reads what is there into a growing buffer, without waiting.
    ///
    /// # Errors
    /// As [`TcpStream::try_read`].
    pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.0.try_read_buf(buf)
    }

    /// Reads data and leaves it there.
    ///
    /// # Errors
    /// What `recv` returns on the host's system.
    pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.peek(buf).await
    }

    /// Reads data and leaves it there; if there is none, the task is woken later.
    ///
    /// # Errors
    /// What `recv` returns on the host's system.
    pub fn poll_peek(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.0.poll_peek(cx, buf)
    }

    /// The other end's address.
    ///
    /// # Errors
    /// Not connected any more.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// This end's address.
    ///
    /// # Errors
    /// If the host is off.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl WriteHalf<'_> {
    /// Waits until any of this can be done without waiting.
    ///
    /// # Errors
    /// None.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// Waits until a write does not have to wait.
    ///
    /// # Errors
    /// None.
    pub async fn writable(&self) -> io::Result<()> {
        self.0.writable().await
    }

    /// Writes what there is room for, without waiting; see [`TcpStream::try_write`].
    ///
    /// # Errors
    /// As there.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.try_write(buf)
    }

    /// Writes what there is room for from several buffers, in one call and without waiting.
    ///
    /// # Errors
    /// As [`TcpStream::try_write`].
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(bufs)
    }

    /// The other end's address.
    ///
    /// # Errors
    /// Not connected any more.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// This end's address.
    ///
    /// # Errors
    /// If the host is off.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl AsyncRead for ReadHalf<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.poll_read_shared(cx, buf)
    }
}

impl AsyncWrite for WriteHalf<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_shared(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_vectored_shared(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shut_write())
    }
}

impl AsRef<TcpStream> for ReadHalf<'_> {
    fn as_ref(&self) -> &TcpStream {
        self.0
    }
}

impl AsRef<TcpStream> for WriteHalf<'_> {
    fn as_ref(&self) -> &TcpStream {
        self.0
    }
}
