//! The halves of a connection that can go to different tasks.

use super::stream::TcpStream;
use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};

/// The half of a [`TcpStream`] that reads, made by [`TcpStream::into_split`].
///
/// ```
/// # use halfopen::Lab;
/// # use halfopen::net::{TcpListener, TcpStream};
/// # use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// # let mut lab = Lab::new();
/// # lab.host("server").program(|| async {
/// #     let (stream, _) = TcpListener::bind("0.0.0.0:80").await?.accept().await?;
/// #     let (mut read, mut write) = stream.into_split();
/// #     tokio::io::copy(&mut read, &mut write).await?;
/// #     Ok(())
/// # });
/// # lab.host("client").client(async {
/// let (mut read, mut write) = TcpStream::connect("server:80").await?.into_split();
/// tokio::spawn(async move { write.write_all(b"hello").await });
/// let mut echo = String::new();
/// read.read_to_string(&mut echo).await?;
/// assert_eq!(echo, "hello");
/// # Ok(()) });
/// # lab.run().unwrap();
/// ```
#[derive(Debug)]
pub struct OwnedReadHalf {
    inner: Arc<TcpStream>,
}

/// The half of a [`TcpStream`] that writes, made by [`TcpStream::into_split`]. Dropping it shuts writing down.
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
/// let (mut read, mut write) = TcpStream::connect("server:80").await?.into_split();
/// let writing = tokio::spawn(async move { write.write_u8(7).await });
/// assert_eq!(read.read_u8().await?, 7);
/// writing.await??;
/// # Ok(()) });
/// # lab.run().unwrap();
/// ```
#[derive(Debug)]
pub struct OwnedWriteHalf {
    inner: Arc<TcpStream>,
    shutdown_on_drop: bool,
}

/// Two halves that do not belong together.
///
/// ```
/// # use halfopen::{Lab, net::{TcpListener, TcpStream}};
/// # let mut lab = Lab::new();
/// # lab.host("server").program(|| async {
/// #     let listener = TcpListener::bind("0.0.0.0:80").await?;
/// #     let _one = listener.accept().await?;
/// #     let _other = listener.accept().await?;
/// #     std::future::pending().await
/// # });
/// # lab.host("client").client(async {
/// let (read, _) = TcpStream::connect("server:80").await?.into_split();
/// let (_, write) = TcpStream::connect("server:80").await?.into_split();
/// assert!(read.reunite(write).is_err());
/// # Ok(()) });
/// # lab.run().unwrap();
/// ```
#[derive(Debug)]
pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tried to reunite halves that are not from the same socket")
    }
}

impl Error for ReuniteError {}

pub(super) fn split_owned(stream: TcpStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    let inner = Arc::new(stream);
    let read = OwnedReadHalf {
        inner: Arc::clone(&inner),
    };
    let write = OwnedWriteHalf {
        inner,
        shutdown_on_drop: true,
    };
    (read, write)
}

fn reunite(read: OwnedReadHalf, write: OwnedWriteHalf) -> Result<TcpStream, ReuniteError> {
    if !Arc::ptr_eq(&read.inner, &write.inner) {
        return Err(ReuniteError(read, write));
    }
    write.forget();
    let stream = Arc::try_unwrap(read.inner);
    Ok(stream.expect("there were two halves, and the other is gone"))
}

impl OwnedReadHalf {
    /// Puts the halves together again.
    ///
    /// # Errors
    /// If they do not belong together.
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<TcpStream, ReuniteError> {
        reunite(self, other)
    }

    /// Waits until any of this can be done without waiting.
    ///
    /// # Errors
    /// None.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.inner.ready(interest).await
    }

    /// Waits until a read does not have to wait.
    ///
    /// # Errors
    /// None.
    pub async fn readable(&self) -> io::Result<()> {
        self.inner.readable().await
    }

    /// Reads what is there, without waiting; see [`TcpStream::try_read`].
    ///
    /// # Errors
    /// As there.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.try_read(buf)
    }

    /// Reads what is there into several buffers, without waiting.
    ///
    /// # Errors
    /// As [`TcpStream::try_read`].
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.inner.try_read_vectored(bufs)
    }

    /// Reads what is there into a growing buffer, without waiting.
    ///
    /// # Errors
    /// As [`TcpStream::try_read`].
    pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.inner.try_read_buf(buf)
    }

    /// Reads data and leaves it there.
    ///
    /// # Errors
    /// What `recv` returns on the host's system.
    pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.peek(buf).await
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
        self.inner.poll_peek(cx, buf)
    }

    /// The other end's address.
    ///
    /// # Errors
    /// Not connected any more.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// This end's address.
    ///
    /// # Errors
    /// If the host is off.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl OwnedWriteHalf {
    /// Puts the halves together again.
    ///
    /// # Errors
    /// If they do not belong together.
    pub fn reunite(self, other: OwnedReadHalf) -> Result<TcpStream, ReuniteError> {
        reunite(other, self)
    }

    /// Drops it without shutting writing down.
    pub fn forget(mut self) {
        self.shutdown_on_drop = false;
    }

    /// Waits until any of this can be done without waiting.
    ///
    /// # Errors
    /// None.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.inner.ready(interest).await
    }

    /// Waits until a write does not have to wait.
    ///
    /// # Errors
    /// None.
    pub async fn writable(&self) -> io::Result<()> {
        self.inner.writable().await
    }

    /// Writes what there is room for, without waiting; see [`TcpStream::try_write`].
    ///
    /// # Errors
    /// As there.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.inner.try_write(buf)
    }

    /// Writes what there is room for from several buffers, in one call and without waiting.
    ///
    /// # Errors
    /// As [`TcpStream::try_write`].
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.inner.try_write_vectored(bufs)
    }

    /// The other end's address.
    ///
    /// # Errors
    /// Not connected any more.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// This end's address.
    ///
    /// # Errors
    /// If the host is off.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if self.shutdown_on_drop {
            // As tokio's: nobody is left to tell.
            let _ = self.inner.shut_write();
        }
    }
}

impl AsyncRead for OwnedReadHalf {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner.poll_read_shared(cx, buf)
    }
}

impl AsyncWrite for OwnedWriteHalf {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner.poll_write_shared(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner.poll_write_vectored_shared(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = self.inner.shut_write();
        if shut.is_ok() {
            Pin::into_inner(self).shutdown_on_drop = false;
        }
        Poll::Ready(shut)
    }
}

impl AsRef<TcpStream> for OwnedReadHalf {
    fn as_ref(&self) -> &TcpStream {
        &self.inner
    }
}

impl AsRef<TcpStream> for OwnedWriteHalf {
    fn as_ref(&self) -> &TcpStream {
        &self.inner
    }
}
