//! redis-rs, and a server that speaks as much of its protocol as it needs.

use crate::situation::{Ask, Client, HALVES};
use crate::{Door, Outcome, ServerStream};
use ::redis::AsyncConnectionConfig;
use ::redis::aio::MultiplexedConnection;
use halfopen::net::TcpStream;
use std::error::Error;
use std::io;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::sleep;

/// A multiplexed connection, which stays what it is once it is made. With redis-rs' own limits on time, or without any.
#[derive(Debug)]
pub struct Redis<const LIMITS: bool>(Option<MultiplexedConnection>);

impl<const LIMITS: bool> Client for Redis<LIMITS> {
    const NAME: &str = if LIMITS {
        "redis-rs' multiplexed connection"
    } else {
        "redis-rs' multiplexed connection, without its response timeout of 500 ms"
    };

    const SHORT: Option<&str> = if LIMITS { Some("redis") } else { None };

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
        let connection = match &mut self.0 {
            Some(connection) => connection,
            none => none.insert(connect(LIMITS).await?),
        };
        let key = match ask {
            Ask::Short => "short",
            Ask::Long => "long",
        };
        let _: String = ::redis::cmd("GET").arg(key).query_async(connection).await?;
        Ok(())
    }
}

async fn connect(limits: bool) -> Result<MultiplexedConnection, Box<dyn Error>> {
    let stream = TcpStream::connect("server:80").await?;
    let mut config = AsyncConnectionConfig::new();
    if !limits {
        config = config.set_response_timeout(None);
    }
    let info = ::redis::RedisConnectionInfo::default();
    let (connection, driver) =
        MultiplexedConnection::new_with_config(&info, stream, config).await?;
    tokio::spawn(driver);
    Ok(connection)
}

/// Answers one connection's commands.
async fn answer(stream: ServerStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let command = read_command(&mut stream).await?;
        let key = command.last().map(String::as_str);
        match (command[0].as_str(), key) {
            ("GET", Some("long")) => {
                stream.write_all(b"$11\r\nfirst").await?;
                sleep(HALVES).await;
                stream.write_all(b"second\r\n").await?;
            }
            ("GET", _) => stream.write_all(b"$5\r\nshort\r\n").await?,
            _ => stream.write_all(b"+OK\r\n").await?,
        }
    }
}

/// An array of strings, as clients send.
async fn read_command(stream: &mut BufReader<ServerStream>) -> io::Result<Vec<String>> {
    let mut words = Vec::new();
    for _ in 0..read_number(stream, '*').await? {
        let mut word = vec![0; read_number(stream, '$').await? + 2];
        stream.read_exact(&mut word).await?;
        word.truncate(word.len() - 2);
        words.push(String::from_utf8_lossy(&word).into_owned());
    }
    match words.is_empty() {
        true => Err(io::ErrorKind::UnexpectedEof.into()),
        false => Ok(words),
    }
}

async fn read_number(stream: &mut BufReader<ServerStream>, mark: char) -> io::Result<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let number = line
        .strip_prefix(mark)
        .and_then(|line| line.trim().parse().ok());
    number.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}
