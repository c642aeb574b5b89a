use super::{check, ms, secs};
use halfopen::net::{TcpListener, TcpStream};
use halfopen::{Lab, LabReport, os_error};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

/// The name, code and kind of an error, and when it came.
fn seen(error: &io::Error, since: Instant) -> (&'static str, i32, io::ErrorKind, Duration) {
    let os = os_error(error).expect("an error of the simulated system");
    (os.name, os.code, error.kind(), since.elapsed())
}

/// Connects on that system while nobody answers.
fn connect_to_nobody(os: &str, expected: (&'static str, i32, Duration)) -> LabReport {
    let mut lab = Lab::new();
    lab.name(format!("timed-out-{os}"));
    lab.host("server");
    lab.host("client").os(os).client(async move {
        let start = Instant::now();
        let error = TcpStream::connect("server:80").await.unwrap_err();
        let (name, code, after) = expected;
        assert_eq!(
            seen(&error, start),
            (name, code, io::ErrorKind::TimedOut, after)
        );
        Ok(())
    });
    lab.at(ms(0)).partition("client", "server");
    lab.run().unwrap()
}

#[test]
fn timed_out() {
    let report = connect_to_nobody("windows-article", ("WSAETIMEDOUT", 10060, secs(21)));
    check("timed-out", report);
    connect_to_nobody("windows-xp", ("WSAETIMEDOUT", 10060, secs(21)));
    connect_to_nobody("linux", ("ETIMEDOUT", 110, secs(131)));
    connect_to_nobody("linux-6.4", ("ETIMEDOUT", 110, secs(127)));
    connect_to_nobody("macos", ("ETIMEDOUT", 60, secs(75)));
}

#[test]
fn refused() {
    let connect = |os: &str, code, after| {
        let mut lab = Lab::new();
        lab.host("server");
        lab.host("client").os(os).client(async move {
            let start = Instant::now();
            let error = TcpStream::connect("server:80").await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            assert_eq!(os_error(&error).unwrap().code, code);
            assert_eq!(start.elapsed(), after);
            Ok(())
        });
        lab.run().unwrap();
    };
    connect("linux", 111, ms(50));
    connect("macos", 61, ms(50));
}

/// A server that accepts, and reads until the connection ends.
fn with_reader(lab: &mut Lab) {
    lab.host("server").program(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        let (mut stream, _) = listener.accept().await?;
        let mut all = Vec::new();
        // The connection may end in any way.
        let _ = stream.read_to_end(&mut all).await;
        std::future::pending().await
    });
}

#[test]
fn aborted() {
    let mut lab = Lab::new();
    lab.name("aborted");
    with_reader(&mut lab);
    lab.host("client").os("windows-article").client(async {
        let mut stream = TcpStream::connect("server:80").await?;
        tokio::time::sleep(secs(1)).await;
        stream.write_all(b"hello").await?;
        let sent = Instant::now();
        let error = stream.read_u8().await.unwrap_err();
        let expected = (
            "WSAECONNABORTED",
            10053,
            io::ErrorKind::ConnectionAborted,
            secs(21),
        );
        assert_eq!(seen(&error, sent), expected);
        Ok(())
    });
    lab.at(ms(500)).partition("client", "server");
    check("aborted", lab.run().unwrap());
}

#[test]
fn reset() {
    let mut lab = Lab::new();
    lab.name("reset");
    with_reader(&mut lab);
    lab.host("client").os("linux").client(async {
        let mut stream = TcpStream::connect("server:80").await?;
        let since = Instant::now();
        let error = stream.read_u8().await.unwrap_err();
        let expected = ("ECONNRESET", 104, io::ErrorKind::ConnectionReset, ms(975));
        assert_eq!(seen(&error, since), expected);
        // The error comes once.
        assert_eq!(stream.read(&mut [0]).await?, 0);
        let error = stream.write(b"x").await.unwrap_err();
        assert_eq!(os_error(&error).unwrap().name, "EPIPE");
        Ok(())
    });
    lab.at(ms(1000)).reset("client", "server");
    check("reset", lab.run().unwrap());
}

/// On the system that the test runs on, errors are what the standard library makes of its codes.
#[cfg(target_os = "linux")]
#[test]
fn native_errors_are_ordinary_ones() {
    let mut lab = Lab::new();
    lab.host("server");
    lab.host("client").os("linux").client(async {
        let error = TcpStream::connect("server:80").await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(111));
        assert_eq!(
            error.to_string(),
            io::Error::from_raw_os_error(111).to_string()
        );
        Ok(())
    });
    lab.host("visitor").os("windows-10").client(async {
        let error = TcpStream::connect("server:80").await.unwrap_err();
        assert_eq!(error.raw_os_error(), None);
        assert_eq!(
            halfopen::cause(&error),
            Some(halfopen::tcp::Cause::RefusedByPeer)
        );
        assert!(error.to_string().ends_with("(os error 10061)"), "{error}");
        Ok(())
    });
    lab.run().unwrap();
}
