//! How fast user code runs over our sockets, and beside it, in the same run, the same virtual time over turmoil's own TCP
//! and over turmoil-net. Each is timed a few times in turn, and the fastest counts. Prints a table.
//!
//! Neither of the others has what is measured twice: a connect into a partition fails at once in turmoil and after
//! 18 ms in turmoil-net, and neither has keepalive. Theirs is the idle time alone.

use halfopen::Lab;
use halfopen::net::{SockRef, TcpKeepalive, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil_net::fixture::ClientServer;
use turmoil_net::shim::tokio::net as theirs_net;
use turmoil_net::{KernelConfig, Latency};

const ROUNDS: usize = 1000;
const LATENCY: Duration = Duration::from_millis(10);
const BLACK_HOLE: Duration = Duration::from_secs(131);
const IDLE: Duration = Duration::from_secs(2 * 3600);

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() {
    let rows = [
        Row {
            name: "1000 echo round trips, 10 ms one way",
            jobs: [&echo, &echo_over_turmoil, &echo_over_turmoil_net],
            times: 5,
        },
        Row {
            name: "131 s of a connect into a black hole",
            jobs: [&black_hole, &|| idle_in_turmoil(BLACK_HOLE), &|| {
                idle_in_turmoil_net(BLACK_HOLE)
            }],
            times: 5,
        },
        Row {
            name: "two idle hours with keepalive",
            jobs: [&kept_alive, &|| idle_in_turmoil(IDLE), &|| {
                idle_in_turmoil_net(IDLE)
            }],
            times: 1,
        },
    ];
    println!(
        "{:<40} {:>12} {:>20} {:>20}",
        "", "halfopen", "turmoil", "turmoil-net"
    );
    for Row { name, jobs, times } in rows {
        let [ours, turmoil, turmoil_net] = fastest(jobs, times);
        let beside = |theirs: Duration| {
            let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
            format!("{} ({ratio:.1} x)", milliseconds(theirs))
        };
        println!(
            "{name:<40} {:>12} {:>20} {:>20}",
            milliseconds(ours),
            beside(turmoil),
            beside(turmoil_net)
        );
    }
}

/// The same job over our sockets, turmoil's and turmoil-net's, and how often each is timed.
struct Row<'j> {
    name: &'static str,
    jobs: [&'j dyn Fn(); 3],
    times: usize,
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn fastest(jobs: [&dyn Fn(); 3], times: usize) -> [Duration; 3] {
    let mut best = [Duration::MAX; 3];
    for _ in 0..times {
        for (job, best) in jobs.iter().zip(&mut best) {
            *best = timed(job).min(*best);
        }
    }
    best
}

#[expect(clippy::disallowed_methods, reason = "to measure is to ask a clock")]
fn timed(job: &dyn Fn()) -> Duration {
    let start = Instant::now();
    job();
    start.elapsed()
}

fn echo() {
    let mut lab = Lab::new();
    lab.latency(LATENCY);
    lab.host("server").program(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        let (mut stream, _) = listener.accept().await?;
        let mut buffer = [0; 5];
        while stream.read_exact(&mut buffer).await.is_ok() {
            stream.write_all(&buffer).await?;
        }
        Ok(())
    });
    lab.host("client").client(async {
        let mut stream = TcpStream::connect("server:80").await?;
        for _ in 0..ROUNDS {
            stream.write_all(b"hello").await?;
            stream.read_exact(&mut [0; 5]).await?;
        }
        Ok(())
    });
    lab.run().expect("nothing goes wrong");
}

fn turmoil_sim<'a>(time: Duration) -> turmoil::Sim<'a> {
    turmoil::Builder::new()
        .rng_seed(0)
        .simulation_duration(time + Duration::from_secs(10))
        .min_message_latency(LATENCY)
        .max_message_latency(LATENCY)
        .build()
}

fn echo_over_turmoil() {
    let mut sim = turmoil_sim(Duration::from_secs(3600));
    sim.host("server", || async {
        let listener = turmoil::net::TcpListener::bind("0.0.0.0:80").await?;
        let (mut stream, _) = listener.accept().await?;
        let mut buffer = [0; 5];
        while stream.read_exact(&mut buffer).await.is_ok() {
            stream.write_all(&buffer).await?;
        }
        Ok(())
    });
    sim.client("client", async {
        let mut stream = turmoil::net::TcpStream::connect("server:80").await?;
        for _ in 0..ROUNDS {
            stream.write_all(b"hello").await?;
            stream.read_exact(&mut [0; 5]).await?;
        }
        Ok(())
    });
    sim.run().expect("nothing goes wrong");
}

fn idle_in_turmoil(time: Duration) {
    let mut sim = turmoil_sim(time);
    sim.host("server", || async { std::future::pending().await });
    sim.client("client", async move {
        tokio::time::sleep(time).await;
        Ok(())
    });
    sim.run().expect("nothing goes wrong");
}

fn echo_over_turmoil_net() {
    // Its retransmissions count passes of a millisecond; by default it gives a connection up within this latency.
    let config = KernelConfig::default().retx_threshold(1000);
    let server = async {
        let listener = theirs_net::TcpListener::bind("0.0.0.0:80")
            .await
            .expect("free");
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut buffer = [0; 5];
        while stream.read_exact(&mut buffer).await.is_ok() {
            stream.write_all(&buffer).await.expect("connected");
        }
    };
    ClientServer::with_config(config)
        .server("server", server)
        .run("client", async {
            let _latency = turmoil_net::rule(Latency::fixed(LATENCY));
            let mut stream = theirs_net::TcpStream::connect("server:80")
                .await
                .expect("a server");
            for _ in 0..ROUNDS {
                stream.write_all(b"hello").await.expect("connected");
                stream.read_exact(&mut [0; 5]).await.expect("an echo");
            }
        });
}

fn black_hole() {
    let mut lab = Lab::new();
    lab.host("server");
    lab.host("client").client(async {
        assert!(TcpStream::connect("server:80").await.is_err());
        Ok(())
    });
    lab.at(Duration::ZERO).partition("client", "server");
    let report = lab.run().expect("nothing goes wrong");
    assert_eq!(report.end().as_nanos(), BLACK_HOLE.as_nanos() as u64);
}

fn kept_alive() {
    let mut lab = Lab::new();
    lab.host("server").program(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        let _stream = listener.accept().await?;
        std::future::pending().await
    });
    lab.host("client").client(async {
        let stream = TcpStream::connect("server:80").await?;
        let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(75));
        SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
        tokio::time::sleep(IDLE).await;
        Ok(())
    });
    lab.run().expect("nothing goes wrong");
}

fn idle_in_turmoil_net(time: Duration) {
    ClientServer::new()
        .server("server", std::future::pending())
        .run("client", async move { tokio::time::sleep(time).await });
}
