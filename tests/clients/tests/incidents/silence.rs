use super::{lab_with, os_error, run, texts};
use crate::{ms, secs};
use halfopen::Lab;
use halfopen::net::{SockRef, TcpKeepalive, TcpListener, TcpStream};
use halfopen::plan::Action;
use halfopen_clients::{Ask, Client, Grpc, Postgres, WebSocket};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};
use tonic::transport::Endpoint;

/// When a channel leaves a connection whose packets vanish, from then on: every ten seconds there is a call, cut off after
/// a second.
fn until_the_channel_lets_go(change: fn(Endpoint) -> Endpoint) -> Duration {
    let mut lab = lab_with::<Grpc>(None);
    let cut = secs(5);
    lab.at(cut).partition("client", "server");
    let endpoint = change(Endpoint::from_static("http://server").timeout(secs(1)));
    let ((), report) = run(lab, "linux", async move {
        let mut grpc = Grpc::on(endpoint);
        grpc.ask(Ask::Short).await?;
        let begin = Instant::now();
        while begin.elapsed() < secs(20 * 60) {
            sleep(secs(10)).await;
            assert!(grpc.ask(Ask::Short).await.is_err());
        }
        Ok(())
    });
    let mut connects = report.calls("client").filter(|call| {
        let program = &report.plan().hosts[call.host].programs[call.program];
        matches!(program.steps[call.step].action, Action::Connect { .. })
    });
    let second = connects.nth(1).expect("it lets go").start;
    second - (halfopen::tcp::Instant::ZERO + cut)
}

/// grpc-go#3206, istio#33466, kubernetes#48670; golang/go#36026 for HTTP/2 as such: every call on a dead connection runs
/// into its deadline, for about 15 minutes, until the system gives up retransmitting. HTTP/2 pings find out.
#[test]
fn http_2_goes_on_with_a_dead_connection() {
    let after = until_the_channel_lets_go(|endpoint| endpoint);
    assert!((secs(15 * 60)..secs(20 * 60)).contains(&after), "{after:?}");
    let after = until_the_channel_lets_go(|endpoint| {
        endpoint
            .http2_keep_alive_interval(secs(10))
            .keep_alive_timeout(secs(5))
            .keep_alive_while_idle(true)
    });
    assert!(after < secs(20), "{after:?}");
}

// ANCHOR: hang
/// rust-postgres#1007, diesel#3016: a query on a connection whose packets are dropped hangs for a quarter of an hour.
/// `tcp_user_timeout` ends it.
#[test]
fn a_query_hangs_for_fifteen_minutes() {
    let hang = |user_timeout: Option<Duration>| {
        let mut lab = lab_with::<Postgres>(None);
        lab.at(secs(5)).partition("client", "server");
        run(lab, "linux", async move {
            let mut postgres = Postgres::with_user_timeout(user_timeout);
            postgres.ask(Ask::Short).await?;
            sleep(secs(10)).await;
            let since = Instant::now();
            let outcome = postgres.ask(Ask::Short).await;
            // The system's error is the connection's, which the user has spawned.
            assert_eq!(texts(&outcome), "connection closed");
            Ok(since.elapsed())
        })
        .0
    };
    let without = hang(None);
    assert!(
        (secs(15 * 60)..secs(20 * 60)).contains(&without),
        "{without:?}"
    );
    let with = hang(Some(secs(30)));
    assert!((secs(30)..secs(31)).contains(&with), "{with:?}");
}
// ANCHOR_END: hang

/// nacos-sdk-rust#305, lapin#187, kube-rs#1945: a reader is never told that its peer is gone. Keepalive tells it, after
/// more than two hours as systems come; after the time that is asked for with its three numbers.
#[test]
fn a_reader_waits_for_ever() {
    let told = |keepalive: fn(&TcpStream)| {
        let mut lab = lab_with::<WebSocket>(None);
        lab.at(secs(5)).power_off("server");
        run(lab, "linux", async move {
            let stream = TcpStream::connect("server:80").await?;
            keepalive(&stream);
            let since = Instant::now();
            let mut socket = WebSocket::over(stream).await?;
            // What a subscriber does: it reads, and writes nothing.
            let read = timeout(secs(10_000), socket.read()).await;
            Ok(read
                .ok()
                .map(|outcome| (os_error(&outcome), since.elapsed())))
        })
        .0
    };
    let never = told(|_| {});
    assert_eq!(never, None);
    let by_default = told(|stream| SockRef::from(stream).set_keepalive(true).unwrap());
    let (name, after) = by_default.unwrap();
    assert_eq!(name, Some("ETIMEDOUT"));
    // The handshake's answer arrives 50 ms after its request; then 7200 s, and nine probes 75 s apart.
    assert_eq!(after, ms(50) + secs(7200 + 9 * 75));
    let soon = told(|stream| {
        let numbers = TcpKeepalive::new()
            .with_time(secs(60))
            .with_interval(secs(10))
            .with_retries(3);
        SockRef::from(stream).set_tcp_keepalive(&numbers).unwrap();
    });
    let (name, after) = soon.unwrap();
    assert_eq!(name, Some("ETIMEDOUT"));
    assert_eq!(after, ms(50) + secs(60 + 3 * 10));
}

/// yugabyte-db#950: after an outage a connection takes as long again, because the next retransmission is that far away.
/// A new connection does not have to wait.
#[test]
fn recovery_waits_for_the_next_retransmission() {
    let mut lab = Lab::new();
    lab.host("server").program(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        loop {
            let (mut stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                let byte = stream.read_u8().await?;
                stream.write_u8(byte).await
            });
        }
    });
    lab.at(secs(5)).partition("client", "server");
    lab.at(secs(40)).heal("client", "server");
    let (late, _) = run(lab, "linux", async {
        let begin = Instant::now();
        let mut stream = TcpStream::connect("server:80").await?;
        sleep(secs(6)).await;
        stream.write_u8(1).await?;
        tokio::time::sleep_until(begin + secs(40)).await;
        let healed = Instant::now();
        let mut other = TcpStream::connect("server:80").await?;
        other.write_u8(2).await?;
        assert_eq!(other.read_u8().await?, 2);
        assert_eq!(healed.elapsed(), ms(100));
        assert_eq!(stream.read_u8().await?, 1);
        Ok(healed.elapsed())
    });
    assert!((secs(10)..secs(35)).contains(&late), "{late:?}");
}
