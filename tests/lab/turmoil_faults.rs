use super::{ms, secs};
use halfopen::Lab;
use halfopen::net::{TcpListener, TcpStream};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

/// A server that sends back what it gets.
fn with_echo(lab: &mut Lab) {
    lab.host("server").program(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                let (mut read, mut write) = stream.into_split();
                tokio::io::copy(&mut read, &mut write).await
            });
        }
    });
}

/// turmoil's own TCP refuses at once.
#[test]
fn a_partition_is_a_timeout() {
    let mut lab = Lab::new();
    with_echo(&mut lab);
    lab.host("client").client(async {
        turmoil::partition("client", "server");
        let start = Instant::now();
        let error = TcpStream::connect("server:80").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), secs(131));
        turmoil::repair("client", "server");
        TcpStream::connect("server:80").await?;
        Ok(())
    });
    lab.run().unwrap();
}

/// With turmoil's own TCP it waits for ever.
#[test]
fn a_syn_under_hold_ends() {
    let mut lab = Lab::new();
    with_echo(&mut lab);
    lab.host("client").os("windows-xp").client(async {
        turmoil::hold("client", "server");
        let start = Instant::now();
        let error = TcpStream::connect("server:80").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), secs(21));
        Ok(())
    });
    lab.run().unwrap();
}

/// With turmoil's own TCP one lost segment ends the stream.
#[test]
fn what_a_partition_dropped_is_sent_again() {
    let mut lab = Lab::new();
    with_echo(&mut lab);
    lab.host("client").client(async {
        let mut stream = TcpStream::connect("server:80").await?;
        turmoil::partition("client", "server");
        stream.write_all(b"hello").await?;
        sleep(secs(3)).await;
        turmoil::repair("client", "server");
        let mut echo = [0; 5];
        stream.read_exact(&mut echo).await?;
        assert_eq!(&echo, b"hello");
        Ok(())
    });
    lab.run().unwrap();
}

#[test]
fn held_packets_arrive_when_they_are_released() {
    let mut lab = Lab::new();
    with_echo(&mut lab);
    lab.host("client").client(async {
        let mut stream = TcpStream::connect("server:80").await?;
        stream.write_all(b"hello").await?;
        turmoil::hold("client", "server");
        let quiet = tokio::time::timeout(ms(150), stream.read_u8()).await;
        assert!(quiet.is_err());
        turmoil::release("client", "server");
        let mut echo = [0; 5];
        stream.read_exact(&mut echo).await?;
        assert_eq!(&echo, b"hello");
        Ok(())
    });
    lab.run().unwrap();
}
