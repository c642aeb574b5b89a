use halfopen::Lab;
use halfopen::net::{TcpListener, TcpStream};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

// ANCHOR: code
/// Whether the connection was gone before an answer came. Whether the request was carried out, this cannot say.
fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
    )
}

/// Asks on a connection from a pool, and once more on a new one if the pooled one turns out to be gone. Only for
/// requests that do no harm if they are carried out twice.
async fn ask(pooled: TcpStream, request: &[u8], answer: &mut [u8]) -> io::Result<TcpStream> {
    let address = pooled.peer_addr()?;
    match exchange(pooled, request, answer).await {
        Err(error) if is_gone(&error) => {
            exchange(TcpStream::connect(address).await?, request, answer).await
        }
        other => other,
    }
}

async fn exchange(
    mut stream: TcpStream,
    request: &[u8],
    answer: &mut [u8],
) -> io::Result<TcpStream> {
    stream.write_all(request).await?;
    // `read_exact` makes an end of file in the middle of an answer an error. `read` would return `Ok(0)`.
    stream.read_exact(answer).await?;
    Ok(stream)
}
// ANCHOR_END: code

/// The client asks after that pause on a connection that the server closes a minute after its first answer.
fn ask_after(os: &str, pause: Duration) {
    let mut lab = Lab::new();
    lab.host("server").program(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        loop {
            let (mut stream, _) = listener.accept().await?;
            let mut request = [0; 5];
            stream.read_exact(&mut request).await?;
            stream.write_all(b"done!").await?;
            sleep(Duration::from_secs(60)).await;
        }
    });
    lab.host("client").os(os).client(async move {
        let mut answer = [0; 5];
        let stream = TcpStream::connect("server:80").await?;
        let stream = exchange(stream, b"first", &mut answer).await?;
        sleep(pause).await;
        ask(stream, b"again", &mut answer).await?;
        assert_eq!(&answer, b"done!");
        Ok(())
    });
    lab.run().unwrap();
}

/// Just before the close the request draws a reset, at the close it meets an end of file, and long after it a closed
/// socket: three faces of one race.
#[test]
fn the_race_between_pool_and_server_is_won_by_asking_again() {
    for os in ["windows-11", "linux", "macos"] {
        for pause in [59_940, 59_970, 61_000] {
            ask_after(os, Duration::from_millis(pause));
        }
    }
}
