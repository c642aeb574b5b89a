//! The same in turmoil, over its own TCP, as far as it goes.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Result, Sim};

const PORT: u16 = 80;

/// Two hosts that do nothing for `time`. A connect into a partition fails at once in turmoil, so what is left of a
/// black hole is its time.
pub(crate) fn idle(time: Duration) {
    let mut sim = sim(time, Duration::from_millis(25));
    sim.host("server", || async {
        std::future::pending::<()>().await;
        Ok(())
    });
    sim.client("client", async move {
        tokio::time::sleep(time).await;
        Ok(())
    });
    finish(sim);
}

/// A client sends five bytes and waits for five, `rounds` times.
pub(crate) fn echo(rounds: usize, latency: Duration) {
    let mut sim = sim(Duration::from_secs(1_000_000), latency);
    serve(&mut sim, "server");
    sim.client("client", async move {
        let mut stream = TcpStream::connect(("server", PORT)).await?;
        for _ in 0..rounds {
            ask(&mut stream).await?;
        }
        Ok(())
    });
    finish(sim);
}

/// A connection on which five bytes go and come back every `gap`, as turmoil has no keepalive.
pub(crate) fn kept_alive(gap: Duration, until: Duration) {
    let mut sim = sim(until + gap, Duration::from_millis(25));
    serve(&mut sim, "server");
    sim.client("client", async move {
        let mut stream = TcpStream::connect(("server", PORT)).await?;
        for _ in 0..until.as_nanos() / gap.as_nanos() {
            tokio::time::sleep(gap).await;
            ask(&mut stream).await?;
        }
        Ok(())
    });
    finish(sim);
}

/// Every host connects to the `connections` after it; then nothing happens until `time`.
pub(crate) fn crowd(hosts: usize, connections: usize, time: Duration) {
    let mut sim = sim(time * 2, Duration::from_millis(25));
    for host in 0..hosts {
        sim.client(name(host), async move {
            let listener = TcpListener::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT)).await?;
            let accepting = async {
                let mut accepted = Vec::with_capacity(connections);
                for _ in 0..connections {
                    accepted.push(listener.accept().await?);
                }
                Result::Ok(accepted)
            };
            let connecting = async {
                let mut connected = Vec::with_capacity(connections);
                for n in 1..=connections {
                    let peer = name((host + n) % hosts);
                    connected.push(TcpStream::connect((peer.as_str(), PORT)).await?);
                }
                Ok(connected)
            };
            let _open = tokio::try_join!(accepting, connecting)?;
            tokio::time::sleep(time.saturating_sub(turmoil::elapsed())).await;
            Ok(())
        });
    }
    finish(sim);
}

fn name(host: usize) -> String {
    format!("host-{host:05}")
}

async fn ask(stream: &mut TcpStream) -> Result {
    let mut answer = [0; 5];
    stream.write_all(b"hello").await?;
    stream.read_exact(&mut answer).await?;
    Ok(())
}

fn serve(sim: &mut Sim<'_>, name: &str) {
    sim.host(name, || async {
        let listener = TcpListener::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT)).await?;
        let (mut stream, _) = listener.accept().await?;
        let mut buffer = [0; 5];
        while stream.read_exact(&mut buffer).await.is_ok() {
            stream.write_all(&buffer).await?;
        }
        Ok(())
    });
}

fn sim<'a>(time: Duration, latency: Duration) -> Sim<'a> {
    Builder::new()
        .rng_seed(0)
        .simulation_duration(time + Duration::from_secs(10))
        .min_message_latency(latency)
        .max_message_latency(latency)
        .build()
}

fn finish(mut sim: Sim<'_>) {
    sim.run().expect("the simulation is long enough");
}
