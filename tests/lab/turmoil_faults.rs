use super::{ms, secs};
use halfopen::Lab;
use halfopen::net::{SockRef, TcpKeepalive, TcpListener, TcpSocket, TcpStream};
use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;
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

/// turmoil's own `connect` is done as soon as the SYN arrives: nothing has to come back.
#[test]
fn the_syn_ack_crosses_the_network() {
    let mut lab = Lab::new();
    with_echo(&mut lab);
    lab.host("client").client(async {
        let start = Instant::now();
        TcpStream::connect("server:80").await?;
        assert_eq!(start.elapsed(), ms(50));
        turmoil::partition_oneway("server", "client");
        let start = Instant::now();
        let error = TcpStream::connect("server:80").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), secs(131));
        Ok(())
    });
    lab.run().unwrap();
}

/// turmoil panics when a listener's queue is full. Linux drops what does not fit, and takes it when it is sent again;
/// Windows answers with RST.
#[test]
fn a_full_accept_queue_is_the_systems_affair() {
    let three = |os: &str| {
        let mut lab = Lab::new();
        lab.host("server").os(os).program(|| async {
            let socket = TcpSocket::new_v4()?;
            socket.bind("0.0.0.0:80".parse().unwrap())?;
            let listener = socket.listen(1)?;
            sleep(ms(1500)).await;
            let mut open = Vec::new();
            loop {
                open.push(listener.accept().await?);
            }
        });
        let seen = Rc::new(Cell::new(None));
        let result = Rc::clone(&seen);
        lab.host("client").client(async move {
            let start = Instant::now();
            let connecting = async {
                let mut open = Vec::new();
                for _ in 0..3 {
                    open.push(TcpStream::connect("server:80").await?);
                }
                io::Result::Ok(())
            };
            let connected = connecting.await.map_err(|error| error.kind());
            result.set(Some((connected, start.elapsed())));
            Ok(())
        });
        lab.run().unwrap();
        seen.get().unwrap()
    };
    // Two fit. The third's SYN is dropped, and comes again after one second and after two: then there is room.
    assert_eq!(three("linux"), (Ok(()), ms(100) + secs(2) + ms(50)));
    // One fits.
    let refused = Err(io::ErrorKind::ConnectionRefused);
    assert_eq!(three("windows-10"), (refused, ms(100)));
}

/// In turmoil these options are kept and change nothing.
#[test]
fn options_have_effects() {
    let second_segment_waits = |nodelay: bool| {
        let mut lab = Lab::new();
        lab.host("server").program(|| async {
            let listener = TcpListener::bind("0.0.0.0:80").await?;
            let (mut stream, _) = listener.accept().await?;
            stream.read_u8().await?;
            let first = Instant::now();
            stream.read_u8().await?;
            // What the client's timeout makes of it.
            if first.elapsed().is_zero() {
                stream.write_u8(b'y').await?;
            } else {
                stream.write_u8(b'n').await?;
            }
            std::future::pending().await
        });
        let seen = Rc::new(Cell::new(false));
        let result = Rc::clone(&seen);
        lab.host("client").client(async move {
            let mut stream = TcpStream::connect("server:80").await?;
            stream.set_nodelay(nodelay)?;
            stream.write_u8(1).await?;
            stream.write_u8(2).await?;
            result.set(stream.read_u8().await? == b'n');
            Ok(())
        });
        lab.run().unwrap();
        seen.get()
    };
    // Nagle's algorithm holds the second byte until the first is acknowledged.
    assert!(second_segment_waits(false));
    assert!(!second_segment_waits(true));

    let mut lab = Lab::new();
    with_echo(&mut lab);
    lab.host("client").client(async {
        let stream = TcpStream::connect("server:80").await?;
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        drop(stream);
        sleep(secs(1)).await;
        Ok(())
    });
    let report = lab.run().unwrap();
    assert!(
        report.to_string().contains("client > server  RST"),
        "{report}"
    );

    let mut lab = Lab::new();
    with_echo(&mut lab);
    lab.host("client").client(async {
        let mut stream = TcpStream::connect("server:80").await?;
        let keepalive = TcpKeepalive::new()
            .with_time(secs(10))
            .with_interval(secs(1))
            .with_retries(3);
        SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
        turmoil::partition("client", "server");
        let start = Instant::now();
        let error = stream.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), secs(13));
        Ok(())
    });
    lab.run().unwrap();
}
