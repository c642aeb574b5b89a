use super::{lab_with, os_error, run, texts};
use crate::{ms, secs};
use halfopen::net::{SockRef, TcpListener};
use halfopen_clients::{Ask, Client, Http, Outcome, Redis};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

/// A request, and another at that time, when an idle connection is still in the pool.
async fn ask_twice(mut http: Http, second_ms: u64) -> Result<Outcome, Box<dyn std::error::Error>> {
    let begin = Instant::now();
    http.ask(Ask::Short).await?;
    tokio::time::sleep_until(begin + ms(second_ms)).await;
    Ok(http.ask(Ask::Short).await)
}

/// hyper#2136, reqwest#2021: now and then a request over the pool fails with `IncompleteMessage`, because the server's
/// FIN is under way to the client when the request leaves. An idle limit under the server's own keeps such connections
/// from being used.
#[test]
fn a_request_crosses_the_fin_of_an_idle_connection() {
    let (outcome, _) = run(lab_with::<Http>(Some(secs(20))), "linux", async {
        ask_twice(Http::new()?, 20_010).await
    });
    let texts = texts(&outcome);
    assert!(
        texts.contains("connection closed before message completed"),
        "{texts}"
    );

    let (outcome, _) = run(lab_with::<Http>(Some(secs(20))), "linux", async {
        let http = Http::with(|pool| {
            pool.pool_idle_timeout(secs(15));
        });
        ask_twice(http, 20_010).await
    });
    outcome.unwrap();
}

/// hyper#3553, aws-sdk-rust#1106: the same stale connection has several names. A server that closes while the request
/// is under way sends FIN, and the client misses the end of a message; one that resets names the system's error.
#[test]
fn a_stale_connection_has_two_names() {
    let second = |reset: bool| {
        let mut lab = halfopen::Lab::new();
        lab.host("server").program(move || async move {
            let listener = TcpListener::bind("0.0.0.0:80").await?;
            let (mut stream, _) = listener.accept().await?;
            let request = stream.read(&mut [0; 1024]).await?;
            assert!(request > 0);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await?;
            sleep(secs(20)).await;
            if reset {
                SockRef::from(&stream).set_linger(Some(secs(0)))?;
            }
            drop(stream);
            std::future::pending().await
        });
        run(lab, "macos", async {
            // The server accepted at 75 ms.
            ask_twice(Http::new()?, 20_085).await
        })
        .0
    };
    let (closed, reset) = (second(false), second(true));
    assert_eq!(os_error(&closed), None);
    assert!(texts(&closed).contains("connection closed before message completed"));
    assert_eq!(os_error(&reset), Some("ECONNRESET"));
    assert!(texts(&reset).contains("(os error 54)"));
}

/// redis-rs#1190, redis-rs#563, omi#9541: once its connection is gone, a `MultiplexedConnection` fails for ever. The
/// application has to make another.
#[test]
fn a_multiplexed_connection_never_recovers() {
    let mut lab = lab_with::<Redis<true>>(None);
    lab.at(secs(5)).power_off("server");
    lab.at(secs(6)).boot("server");
    run(lab, "linux", async {
        let mut redis = Redis::<true>::new()?;
        redis.ask(Ask::Short).await?;
        sleep(secs(10)).await;
        for _ in 0..27 {
            assert!(redis.ask(Ask::Short).await.is_err());
            sleep(secs(60)).await;
        }
        Redis::<true>::new()?.ask(Ask::Short).await?;
        Ok(())
    });
}
