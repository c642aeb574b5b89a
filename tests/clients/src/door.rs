//! Where servers accept, and close connections that were idle for too long.

use axum::serve::Listener;
use halfopen::net::{TcpListener, TcpStream};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::transport::server::{Connected, TcpConnectInfo};

/// A listener whose connections read as ended at a time, if one is set and they are older: the server closes them then,
/// as one does whose limit for idle connections has come.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    closes: Option<Instant>,
}

impl Door {
    /// Listens on port 80.
    ///
    /// # Errors
    /// If the port is taken.
    pub async fn open(closes: Option<Instant>) -> io::Result<Self> {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        Ok(Self { listener, closes })
    }

    /// The next connection.
    pub async fn next(&mut self) -> (ServerStream, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        let closes = self.closes.filter(|at| *at > Instant::now());
        let closes = closes.map(|at| Box::pin(sleep_until(at)));
        (ServerStream { stream, closes }, peer)
    }
}

impl Listener for Door {
    type Io = ServerStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (ServerStream, SocketAddr) {
        self.next().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that came through a [`Door`].
#[derive(Debug)]
pub struct ServerStream {
    stream: TcpStream,
    closes: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for ServerStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(closes) = &mut self.closes
            && closes.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for ServerStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Connected for ServerStream {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}
