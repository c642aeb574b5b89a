use halfopen::Lab;
use halfopen::net::{TcpListener, TcpStream};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

// ANCHOR: code
/// Asks, and waits at most `patience` for the answer. After an error the connection must not be used again: it is
/// taken by value, so that it cannot be.
async fn ask(
    mut stream: TcpStream,
    request: &[u8],
    answer: &mut [u8],
    patience: Duration,
) -> io::Result<TcpStream> {
    let exchange = async {
        stream.write_all(request).await?;
        stream.read_exact(answer).await
    };
    match tokio::time::timeout(patience, exchange).await {
        Ok(Ok(_)) => Ok(stream),
        Ok(Err(error)) => Err(error),
        Err(_elapsed) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("no answer within {patience:?}"),
        )),
    }
}
// ANCHOR_END: code

/// What the client sees, and when, if the path dies while its connection is idle.
fn over_a_dead_path(os: &str, patience: Duration) -> (io::ErrorKind, String) {
    let mut lab = Lab::new();
    lab.host("server").program(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        let (_stream, _) = listener.accept().await?;
        std::future::pending().await
    });
    let (seen, see) = tokio::sync::oneshot::channel();
    lab.host("client").os(os).client(async move {
        let stream = TcpStream::connect("server:80").await?;
        sleep(Duration::from_secs(2)).await;
        let error = ask(stream, b"hello", &mut [0; 5], patience)
            .await
            .unwrap_err();
        let _ = seen.send(error.kind());
        Ok(())
    });
    lab.at(Duration::from_secs(1)).partition("client", "server");
    let report = lab.run().unwrap();
    let mut see = see;
    (see.try_recv().unwrap(), report.end().to_string())
}

#[test]
fn the_deadline_comes_before_the_system_s() {
    for os in ["windows-11", "linux", "macos"] {
        let (kind, end) = over_a_dead_path(os, Duration::from_secs(5));
        assert_eq!((kind, end.as_str()), (io::ErrorKind::TimedOut, "7.050 000"));
    }
}

#[test]
fn without_one_each_system_has_its_own() {
    let day = Duration::from_secs(86_400);
    let (kind, end) = over_a_dead_path("windows-11", day);
    assert_eq!(
        (kind, end.as_str()),
        (io::ErrorKind::ConnectionAborted, "20.950 000")
    );
    let (kind, end) = over_a_dead_path("linux", day);
    assert_eq!(
        (kind, end.as_str()),
        (io::ErrorKind::TimedOut, "970.050 000")
    );
}
