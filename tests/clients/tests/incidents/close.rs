use super::{os_error, run};
use crate::secs;
use halfopen::Lab;
use halfopen::net::{SockRef, TcpListener, TcpStream};
use halfopen_clients::Outcome;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

/// A client uploads more than the server wants, and then reads the answer.
fn upload(drain: bool) -> Outcome {
    let mut lab = Lab::new();
    lab.host("server").program(move || async move {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        let (mut stream, _) = listener.accept().await?;
        stream.read_exact(&mut [0; 1000]).await?;
        stream.write_all(b"413 too large").await?;
        if drain {
            stream.shutdown().await?;
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
        }
        Ok(())
    });
    run(lab, "linux", async {
        let mut stream = TcpStream::connect("server:80").await?;
        let (mut read, mut write) = stream.split();
        // Clients write to the end, or to the first error, before they read.
        let written = write.write_all(&[0; 1_000_000]).await;
        let mut answer = String::new();
        let read = read.read_to_string(&mut answer).await;
        Ok(match (written, read) {
            (Ok(()), Ok(_)) if answer == "413 too large" => Ok(()),
            (Err(error), _) | (_, Err(error)) => Err(error.into()),
            _ => Err(answer.into()),
        })
    })
    .0
}

/// hyper#3078, hyper#2384, ureq#676, h2o#2534: a server answers early and closes with the rest of the request unread.
/// Its system sends RST, which takes the answer along. A server that reads on until the client is done delivers it.
#[test]
fn a_close_with_unread_data_takes_the_answer_along() {
    let lost = upload(false);
    assert!(
        ["ECONNRESET", "EPIPE"].map(Some).contains(&os_error(&lost)),
        "{lost:?}"
    );
    upload(true).unwrap();
}

/// tiny-http#283: a client that leaves while it waits in the backlog makes `accept` fail on FreeBSD. A server that takes
/// that for the end is gone; one that accepts the next is not.
#[test]
fn an_error_of_accept_ends_the_server() {
    let served = |goes_on: bool| {
        let mut lab = Lab::new();
        lab.host("server")
            .os("freebsd")
            .program(move || async move {
                let listener = TcpListener::bind("0.0.0.0:80").await?;
                sleep(secs(1)).await;
                loop {
                    match listener.accept().await {
                        Ok((mut stream, _)) => stream.write_u8(1).await?,
                        Err(error)
                            if error.kind() == io::ErrorKind::ConnectionAborted && goes_on => {}
                        Err(error) => {
                            assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
                            return Ok(());
                        }
                    }
                }
            });
        run(lab, "linux", async {
            let left = TcpStream::connect("server:80").await?;
            SockRef::from(&left).set_linger(Some(secs(0)))?;
            drop(left);
            sleep(secs(2)).await;
            let answer = async { TcpStream::connect("server:80").await?.read_u8().await };
            Ok(answer.await.map_err(|error| error.kind()))
        })
        .0
    };
    assert_eq!(served(false), Err(io::ErrorKind::ConnectionRefused));
    assert_eq!(served(true), Ok(1));
}
