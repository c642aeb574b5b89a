//! The same seed gives the same report, though hyper, h2, tonic, rustls and the others run in it.
//!
//! What is random in this process and in no other are the keys of `HashMap`s and what rustls and redis-rs draw from the
//! system; none of it may show. `select!` is random as well, unless it is `biased`: the libraries' own are either that
//! or wait for things of which only one can be ready.

use halfopen::report::Detail;
use halfopen_clients::{Client, Grpc, Http, Https, Postgres, Redis, Situation, WebSocket, run};
use std::process::Command;

/// Every packet of every situation.
fn reports<C: Client>() -> String {
    let mut all = String::new();
    for situation in Situation::ALL {
        let (_, report) = run::<C>(situation, "linux");
        all += &report.display(Detail::EveryPacket).to_string();
    }
    all
}

/// Prints reports for [`ten_processes_give_the_same_bytes`], which starts it again.
#[test]
fn prints_reports() {
    println!("{}", reports::<Http>());
    println!("{}", reports::<Https>());
    println!("{}", reports::<Grpc>());
    println!("{}", reports::<Postgres>());
    println!("{}", reports::<Redis<false>>());
    println!("{}", reports::<WebSocket>());
}

#[test]
fn ten_processes_give_the_same_bytes() {
    let child = || {
        let this = std::env::current_exe().unwrap();
        let output = Command::new(this)
            .args(["determinism::prints_reports", "--exact", "--nocapture"])
            .output()
            .unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        // The last line says how long it took.
        let reports = text.lines().filter(|line| !line.starts_with("test result"));
        reports.collect::<Vec<_>>().join("\n")
    };
    let first = child();
    assert!(first.lines().count() > 500, "{first}");
    for _ in 1..10 {
        let other = child();
        let pair = first.lines().zip(other.lines()).find(|(a, b)| a != b);
        assert!(first == other, "{pair:?}");
    }
}
