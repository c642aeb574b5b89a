// Uses every name of `net` that both have, with its exact types. `surface` is compiled and never run.

use net::tcp::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
use net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs, lookup_host};
use std::fmt::Debug;
use std::future::Future;
use std::io::{Error, IoSlice, IoSliceMut, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};

pub(super) fn surface() {
    bounds();
    let _ = (stream, split, owned, listener, socket, addresses::<SocketAddr>);
}

fn is<T: Debug + Send + Sync + Unpin>() {}
fn reads<T: AsyncRead>() {}
fn writes<T: AsyncWrite>() {}
fn names<T: ToSocketAddrs>() {}
fn refers<T: AsRef<TcpStream>>() {}

fn bounds() {
    is::<TcpStream>();
    is::<TcpListener>();
    is::<TcpSocket>();
    is::<OwnedReadHalf>();
    is::<OwnedWriteHalf>();
    is::<ReadHalf<'static>>();
    is::<WriteHalf<'static>>();
    is::<ReuniteError>();
    reads::<TcpStream>();
    reads::<ReadHalf<'static>>();
    reads::<OwnedReadHalf>();
    writes::<TcpStream>();
    writes::<WriteHalf<'static>>();
    writes::<OwnedWriteHalf>();
    refers::<TcpStream>();
    refers::<ReadHalf<'static>>();
    refers::<WriteHalf<'static>>();
    refers::<OwnedReadHalf>();
    refers::<OwnedWriteHalf>();
    names::<SocketAddr>();
    names::<SocketAddrV4>();
    names::<SocketAddrV6>();
    names::<(IpAddr, u16)>();
    names::<(Ipv4Addr, u16)>();
    names::<(Ipv6Addr, u16)>();
    names::<&[SocketAddr]>();
    names::<&str>();
    names::<String>();
    names::<&String>();
    names::<(&str, u16)>();
    names::<(String, u16)>();
    names::<&(String, u16)>();
}

/// Futures that a multi-threaded runtime takes.
fn sent<F: Future<Output = T> + Send, T>(future: F) -> F {
    future
}

async fn stream(mut stream: TcpStream, cx: &mut Context<'_>, addr: &str) -> Result<()> {
    let _: TcpStream = sent(TcpStream::connect(addr)).await?;
    let _: SocketAddr = stream.local_addr()?;
    let _: SocketAddr = stream.peer_addr()?;
    let _: Option<Error> = stream.take_error()?;
    let _: Ready = sent(stream.ready(Interest::READABLE | Interest::WRITABLE)).await?;
    let () = sent(stream.readable()).await?;
    let () = sent(stream.writable()).await?;
    let _: Poll<Result<()>> = stream.poll_read_ready(cx);
    let _: Poll<Result<()>> = stream.poll_write_ready(cx);
    let mut bytes = [0; 8];
    let _: usize = stream.try_read(&mut bytes)?;
    let _: usize = stream.try_read_vectored(&mut [IoSliceMut::new(&mut bytes)])?;
    let _: usize = stream.try_read_buf(&mut Vec::with_capacity(8))?;
    let _: usize = stream.try_write(b"")?;
    let _: usize = stream.try_write_vectored(&[IoSlice::new(b"")])?;
    let _: u8 = stream.try_io(Interest::READABLE, || Ok(0_u8))?;
    let _: u8 = stream.async_io(Interest::READABLE, || Ok(0_u8)).await?;
    let _: usize = sent(stream.peek(&mut bytes)).await?;
    let _: Poll<Result<usize>> = stream.poll_peek(cx, &mut ReadBuf::new(&mut bytes));
    let _: bool = stream.nodelay()?;
    let () = stream.set_nodelay(true)?;
    let _: Option<Duration> = stream.linger()?;
    let () = stream.set_zero_linger()?;
    let _: u32 = stream.ttl()?;
    let () = stream.set_ttl(64)?;
    let _: (ReadHalf<'_>, WriteHalf<'_>) = stream.split();
    let _: (OwnedReadHalf, OwnedWriteHalf) = stream.into_split();
    Ok(())
}

async fn split(mut whole: TcpStream, cx: &mut Context<'_>) -> Result<()> {
    let (mut read, write) = whole.split();
    let mut bytes = [0; 8];
    let _: Poll<Result<usize>> = read.poll_peek(cx, &mut ReadBuf::new(&mut bytes));
    let _: usize = sent(read.peek(&mut bytes)).await?;
    let _: Ready = sent(read.ready(Interest::READABLE)).await?;
    let () = sent(read.readable()).await?;
    let _: usize = read.try_read(&mut bytes)?;
    let _: usize = read.try_read_vectored(&mut [IoSliceMut::new(&mut bytes)])?;
    let _: usize = read.try_read_buf(&mut Vec::with_capacity(8))?;
    let _: (SocketAddr, SocketAddr) = (read.peer_addr()?, read.local_addr()?);
    let _: Ready = sent(write.ready(Interest::WRITABLE)).await?;
    let () = sent(write.writable()).await?;
    let _: usize = write.try_write(b"")?;
    let _: usize = write.try_write_vectored(&[IoSlice::new(b"")])?;
    let _: (SocketAddr, SocketAddr) = (write.peer_addr()?, write.local_addr()?);
    Ok(())
}

async fn owned(stream: TcpStream, cx: &mut Context<'_>) -> Result<()> {
    let (mut read, write) = stream.into_split();
    let mut bytes = [0; 8];
    let _: Poll<Result<usize>> = read.poll_peek(cx, &mut ReadBuf::new(&mut bytes));
    let _: usize = sent(read.peek(&mut bytes)).await?;
    let _: Ready = sent(read.ready(Interest::READABLE)).await?;
    let () = sent(read.readable()).await?;
    let _: usize = read.try_read(&mut bytes)?;
    let _: usize = read.try_read_vectored(&mut [IoSliceMut::new(&mut bytes)])?;
    let _: usize = read.try_read_buf(&mut Vec::with_capacity(8))?;
    let _: (SocketAddr, SocketAddr) = (read.peer_addr()?, read.local_addr()?);
    let _: Ready = sent(write.ready(Interest::WRITABLE)).await?;
    let () = sent(write.writable()).await?;
    let _: usize = write.try_write(b"")?;
    let _: usize = write.try_write_vectored(&[IoSlice::new(b"")])?;
    let _: (SocketAddr, SocketAddr) = (write.peer_addr()?, write.local_addr()?);
    let together: std::result::Result<TcpStream, ReuniteError> = read.reunite(write);
    let ReuniteError(read, write) = together.unwrap_err();
    let together: std::result::Result<TcpStream, ReuniteError> = write.reunite(read);
    let ReuniteError(_, write) = together.unwrap_err();
    write.forget();
    Ok(())
}

async fn listener(addr: SocketAddr, cx: &mut Context<'_>) -> Result<()> {
    let listener: TcpListener = sent(TcpListener::bind(addr)).await?;
    let _: (TcpStream, SocketAddr) = sent(listener.accept()).await?;
    let _: Poll<Result<(TcpStream, SocketAddr)>> = listener.poll_accept(cx);
    let _: SocketAddr = listener.local_addr()?;
    let _: u32 = listener.ttl()?;
    let () = listener.set_ttl(64)?;
    Ok(())
}

async fn socket(addr: SocketAddr) -> Result<()> {
    let _: TcpSocket = TcpSocket::new_v6()?;
    let socket: TcpSocket = TcpSocket::new_v4()?;
    let () = socket.set_keepalive(true)?;
    let _: bool = socket.keepalive()?;
    let () = socket.set_reuseaddr(true)?;
    let _: bool = socket.reuseaddr()?;
    let () = socket.set_send_buffer_size(4096)?;
    let _: u32 = socket.send_buffer_size()?;
    let () = socket.set_recv_buffer_size(4096)?;
    let _: u32 = socket.recv_buffer_size()?;
    let () = socket.set_zero_linger()?;
    let _: Option<Duration> = socket.linger()?;
    let () = socket.set_nodelay(true)?;
    let _: bool = socket.nodelay()?;
    let _: SocketAddr = socket.local_addr()?;
    let _: Option<Error> = socket.take_error()?;
    let () = socket.bind(addr)?;
    let _: TcpStream = sent(socket.connect(addr)).await?;
    let _: TcpListener = TcpSocket::new_v4()?.listen(1024)?;
    Ok(())
}

async fn addresses<A: ToSocketAddrs>(addr: A) -> Result<()> {
    let mut found = lookup_host(addr).await?;
    let _: Option<SocketAddr> = found.next();
    Ok(())
}
