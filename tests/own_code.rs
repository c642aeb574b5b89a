//! A client, and a test of what it does when its server dies.

use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

#[cfg(test)]
use halfopen::net::TcpStream;
#[cfg(not(test))]
use tokio::net::TcpStream;

/// Asks a server, and asks again if the answer breaks off.
pub(crate) async fn ask(server: &str) -> io::Result<String> {
    match ask_once(server).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => ask_once(server).await,
        answer => answer,
    }
}

async fn ask_once(server: &str) -> io::Result<String> {
    let connecting = TcpStream::connect(server);
    let mut stream = timeout(Duration::from_secs(5), connecting).await??;
    stream.write_all(b"hello").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use halfopen::net::TcpListener;
    use halfopen::{Lab, LabFailure, os_error};

    #[test]
    fn a_server_that_dies_is_not_asked_for_ever() -> Result<(), LabFailure> {
        let mut lab = Lab::new();
        lab.host("server").os("linux").program(|| async {
            let listener = TcpListener::bind("0.0.0.0:80").await?;
            let (mut stream, _) = listener.accept().await?;
            stream.write_all(b"half an ans").await?;
            // It reads nothing: what a dead program has not read, its system answers with RST.
            std::future::pending().await
        });
        lab.host("client").os("windows-11").client(async {
            let error = ask("server:80").await.unwrap_err();
            assert_eq!(os_error(&error).unwrap().name, "WSAECONNREFUSED");
            Ok(())
        });
        lab.at(Duration::from_secs(1)).kill("server");
        insta::assert_snapshot!("own-code", lab.run()?);
        Ok(())
    }
}
