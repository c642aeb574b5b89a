use super::{lab_with, os_error, run, texts};
use crate::{ms, secs};
use halfopen::Lab;
use halfopen::net::TcpStream;
use halfopen_clients::{Ask, Client, Http, Outcome};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A request to a server behind a black hole, and how long it takes.
fn into_a_black_hole(os: &str, connect_timeout: Option<Duration>) -> (Outcome, Duration) {
    let mut lab = lab_with::<Http>(None);
    lab.at(ms(0)).partition("client", "server");
    run(lab, os, async move {
        let mut http = Http::over(|tcp| tcp.set_connect_timeout(connect_timeout));
        let since = Instant::now();
        let outcome = http.ask(Ask::Short).await;
        Ok((outcome, since.elapsed()))
    })
    .0
}

/// librdkafka#3703, shotover#769, cargo-leptos#617: connecting to a machine that does not answer takes more than two
/// minutes on Linux. A limit of the client's own ends it.
#[test]
fn connecting_stalls_for_two_minutes() {
    let (outcome, after) = into_a_black_hole("linux-6.4", None);
    assert_eq!(os_error(&outcome), Some("ETIMEDOUT"));
    assert_eq!(after, secs(127));
    let (outcome, after) = into_a_black_hole("linux", None);
    assert_eq!(os_error(&outcome), Some("ETIMEDOUT"));
    assert_eq!(after, secs(131));
    let (outcome, after) = into_a_black_hole("linux", Some(secs(5)));
    assert_eq!(os_error(&outcome), None);
    assert!(texts(&outcome).contains("deadline has elapsed"));
    assert_eq!(after, secs(5));
}

/// libuv/help#54, uSockets#259: the application allows 30 s, but on Windows the error comes after 21, from the system.
/// Both have to be expected; which comes first depends on the system.
#[test]
fn windows_gives_up_before_the_applications_timer() {
    let (outcome, after) = into_a_black_hole("windows-10", Some(secs(30)));
    assert_eq!(os_error(&outcome), Some("WSAETIMEDOUT"));
    assert_eq!(after, secs(21));
    let (outcome, after) = into_a_black_hole("linux", Some(secs(30)));
    assert_eq!(os_error(&outcome), None);
    assert_eq!(after, secs(30));
}

/// libuv#2896, curl#14144: on Windows a refused connection takes two seconds, as it sends its SYN again after a RST. An
/// attempt of one's own limit sees a timeout where there was a refusal.
#[test]
fn refusal_takes_two_seconds_on_windows() {
    let refused = |os: &str, limit: Option<Duration>| {
        let mut lab = Lab::new();
        lab.host("server");
        run(lab, os, async move {
            let mut http = Http::over(|tcp| tcp.set_connect_timeout(limit));
            let since = Instant::now();
            let outcome = http.ask(Ask::Short).await;
            Ok((os_error(&outcome), since.elapsed()))
        })
        .0
    };
    assert_eq!(refused("linux", None), (Some("ECONNREFUSED"), ms(50)));
    let (name, after) = refused("windows-10", None);
    assert_eq!(name, Some("WSAECONNREFUSED"));
    assert!(after >= secs(1), "{after:?}");
    assert_eq!(refused("windows-10", Some(secs(1))), (None, secs(1)));
}

/// node#54359, node#52216, node#47822: a limit of 250 ms for each attempt kills every handshake that takes longer, each
/// time; the SYN-ACK that comes too late is answered with RST. A limit above the round trip helps.
#[test]
fn an_impatient_attempt_never_succeeds() {
    let connect = |limit: Duration| {
        let mut lab = lab_with::<Http>(None);
        lab.latency(ms(150));
        run(lab, "linux", async move {
            let mut connected = 0;
            for _ in 0..5 {
                let attempt = timeout(limit, TcpStream::connect("server:80")).await;
                connected += u32::from(matches!(attempt, Ok(Ok(_))));
            }
            // For the last answer to arrive.
            tokio::time::sleep(secs(1)).await;
            Ok(connected)
        })
    };
    let (connected, report) = connect(ms(250));
    assert_eq!(connected, 0);
    let report = report.to_string();
    let from_client = report
        .lines()
        .filter(|line| line.contains("client > server"));
    let resets = from_client.filter(|line| line.contains(" RST ")).count();
    assert_eq!(resets, 5, "{report}");
    assert_eq!(connect(secs(1)).0, 5);
}
