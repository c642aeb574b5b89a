use super::{ms, secs};
use halfopen::Lab;
use halfopen::net::{TcpListener, TcpStream};
use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

const TICK: Duration = ms(25);

fn sim<'a>() -> turmoil::Sim<'a> {
    turmoil::Builder::new()
        .rng_seed(0)
        .tick_duration(TICK)
        .simulation_duration(secs(600))
        .min_message_latency(Duration::ZERO)
        .max_message_latency(Duration::ZERO)
        .udp_capacity(1 << 16)
        .build()
}

/// turmoil's own streams end with a clean end of file when their host crashes.
#[test]
fn a_crash_is_silence_and_a_bounce_a_reboot() {
    let mut lab = Lab::new();
    lab.host("server");
    lab.host("client");
    let kernels = lab.kernels(TICK);
    let mut sim = sim();
    let server = kernels.host("server", || async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        let (mut stream, _) = listener.accept().await?;
        tokio::spawn(async move { stream.read_u8().await });
        std::future::pending().await
    });
    sim.host("server", server);
    let (crashed, bounced) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
    let (crash, bounce) = (Rc::clone(&crashed), Rc::clone(&bounced));
    let client = kernels.client("client", async move {
        let mut stream = TcpStream::connect("server:80").await?;
        crash.set(true);
        let silence = timeout(secs(20), stream.read_u8()).await;
        assert!(silence.is_err(), "{silence:?}");
        bounce.set(true);
        tokio::time::sleep(secs(1)).await;
        let written = Instant::now();
        stream.write_all(b"x").await?;
        let error = stream.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(written.elapsed(), ms(50));
        TcpStream::connect("server:80").await?;
        Ok(())
    });
    sim.client("client", client);
    while !sim.step().unwrap() {
        if crashed.take() {
            sim.crash("server");
        }
        if bounced.take() {
            sim.bounce("server");
        }
    }
}

#[test]
#[should_panic(expected = "a tick of 50ms does not do")]
fn a_tick_longer_than_the_latency() {
    let mut lab = Lab::new();
    lab.host("client");
    lab.kernels(ms(50));
}
