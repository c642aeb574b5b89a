//! tokio-tungstenite at both ends.

use crate::situation::{Ask, Client, HALVES};
use crate::{Door, Outcome, ServerStream};
use futures_util::{SinkExt, StreamExt};
use halfopen::net::TcpStream;
use std::error::Error;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, accept_async, client_async};

/// A connection, which the application drops when it has failed.
#[derive(Debug)]
pub struct WebSocket(Option<WebSocketStream<TcpStream>>);

impl Client for WebSocket {
    const NAME: &str = "tokio-tungstenite";
    const SHORT: Option<&str> = Some("tungstenite");

    async fn serve(mut door: Door) -> Outcome {
        loop {
            let (stream, _) = door.next().await;
            tokio::spawn(answer(stream));
        }
    }

    fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self(None))
    }

    async fn ask(&mut self, ask: Ask) -> Outcome {
        let mut socket = match self.0.take() {
            Some(socket) => socket,
            None => shake_hands(TcpStream::connect("server:80").await?).await?,
        };
        let text = match ask {
            Ask::Short => "short",
            Ask::Long => "long",
        };
        socket.send(Message::text(text)).await?;
        next(&mut socket).await?;
        self.0 = Some(socket);
        Ok(())
    }
}

impl WebSocket {
    /// Over a connection with options of its own.
    ///
    /// # Errors
    /// What the library gives its user when it cannot shake hands.
    pub async fn over(stream: TcpStream) -> Result<Self, Box<dyn Error>> {
        Ok(Self(Some(shake_hands(stream).await?)))
    }

    /// Waits for a message, without asking for any.
    ///
    /// # Errors
    /// What the library gives its user.
    pub async fn read(&mut self) -> Outcome {
        match &mut self.0 {
            Some(socket) => next(socket).await,
            None => std::future::pending().await,
        }
    }
}

async fn shake_hands(stream: TcpStream) -> Result<WebSocketStream<TcpStream>, Box<dyn Error>> {
    Ok(client_async("ws://server/", stream).await?.0)
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> Outcome {
    match socket.next().await {
        Some(message) => message?,
        None => return Err("the stream of messages has ended".into()),
    };
    Ok(())
}

/// Answers one connection's messages.
async fn answer(stream: ServerStream) -> Result<(), tungstenite::Error> {
    let mut socket = accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        if message?.to_text()? == "long" {
            let first = Frame::message("first", OpCode::Data(Data::Text), false);
            socket.send(Message::Frame(first)).await?;
            sleep(HALVES).await;
            let second = Frame::message("second", OpCode::Data(Data::Continue), true);
            socket.send(Message::Frame(second)).await?;
        } else {
            socket.send(Message::text("short")).await?;
        }
    }
    Ok(())
}
