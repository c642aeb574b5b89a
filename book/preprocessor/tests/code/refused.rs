use halfopen::Lab;
use halfopen::net::{TcpListener, TcpStream};
use std::io;
use std::time::Duration;
use tokio::time::{Instant, sleep};

// ANCHOR: code
/// Connects to a server that may still be starting: waits longer after each refusal, and gives up at `deadline`.
async fn connect(address: &str, deadline: Instant) -> io::Result<TcpStream> {
    let mut pause = Duration::from_millis(100);
    loop {
        match TcpStream::connect(address).await {
            Err(error)
                if error.kind() == io::ErrorKind::ConnectionRefused
                    && Instant::now() + pause < deadline =>
            {
                sleep(pause).await;
                pause *= 2;
            }
            other => return other,
        }
    }
}
// ANCHOR_END: code

/// How many SYNs the client needs on that system for a server that starts after two seconds, and when it is connected.
fn attempts(os: &str) -> (usize, String) {
    let mut lab = Lab::new();
    lab.host("server")
        .program_at(Duration::from_secs(2), || async {
            let listener = TcpListener::bind("0.0.0.0:80").await?;
            listener.accept().await?;
            Ok(())
        });
    lab.host("client").os(os).client(async {
        connect("server:80", Instant::now() + Duration::from_secs(10)).await?;
        Ok(())
    });
    let report = lab.run().unwrap();
    let refused = report.calls("client").filter(|call| {
        matches!(
            call.end,
            Some((_, halfopen::outcome::StepResult::Failed { .. }))
        )
    });
    (refused.count(), report.end().to_string())
}

#[test]
fn a_server_that_starts_late_is_found() {
    assert_eq!(attempts("linux"), (5, "3.400 000".to_owned()));
    assert_eq!(attempts("windows-10"), (1, "2.400 000".to_owned()));
}
