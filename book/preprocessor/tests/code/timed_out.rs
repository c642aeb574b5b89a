use halfopen::Lab;
use halfopen::net::TcpStream;
use std::io;
use std::time::Duration;

// ANCHOR: code
/// Connects, or says after `patience` that nobody answered, whatever the system would do by itself.
async fn connect(address: &str, patience: Duration) -> io::Result<TcpStream> {
    match tokio::time::timeout(patience, TcpStream::connect(address)).await {
        Ok(connected) => connected,
        Err(_elapsed) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("{address} did not answer within {patience:?}"),
        )),
    }
}
// ANCHOR_END: code

// ANCHOR: test
#[test]
fn a_silent_server_costs_three_seconds_on_every_system() {
    for os in ["windows-10", "windows-11", "linux", "macos", "freebsd"] {
        let mut lab = Lab::new();
        lab.host("server");
        lab.host("client").os(os).client(async {
            let error = connect("server:80", Duration::from_secs(3))
                .await
                .unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            Ok(())
        });
        lab.at(Duration::ZERO).partition("client", "server");
        let report = lab.run().unwrap();
        assert_eq!(report.end().to_string(), "3.000 000");
    }
}
// ANCHOR_END: test
