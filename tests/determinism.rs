//! The same scenario and seed give the same bytes.

use halfopen::Report;
use halfopen::engine::{Options, event};
use halfopen::scenario;
use std::path::Path;
use std::process::Command;

const FILES: [&str; 3] = [
    "link/lossy-transfer.toml",
    "link/duplicated-and-reordered.toml",
    "connect/timed-out.toml",
];

fn folder() -> String {
    format!("{}/../scenarios", env!("CARGO_MANIFEST_DIR"))
}

/// Report and JSON of every case of a scenario.
fn bytes(name: &str, text: &str, seed: u64) -> String {
    let scenario = scenario::parse(name, text).expect("the file is good");
    let mut all = String::new();
    for plan in scenario.cases() {
        let outcome = event::run(&plan, seed, &Options { packets: true });
        let report = Report::new(&plan, &outcome);
        all += &format!("{report}\n{}\n", report.to_json(true));
    }
    all
}

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(&folder()).join(file)).expect("it is in the tree")
}

#[test]
fn a_seed_repeats_a_run_and_another_does_not() {
    for file in FILES {
        let text = read(file);
        assert_eq!(bytes(file, &text, 7), bytes(file, &text, 7), "{file}");
    }
    let lossy = read(FILES[0]);
    assert_ne!(bytes(FILES[0], &lossy, 7), bytes(FILES[0], &lossy, 8));
}

/// Prints runs for [`another_process_gives_the_same_bytes`], which starts it again.
#[test]
fn prints_runs() {
    for file in FILES {
        println!("{}", bytes(file, &read(file), 7));
    }
}

#[test]
fn another_process_gives_the_same_bytes() {
    let child = || {
        let this = std::env::current_exe().expect("tests run from a file");
        let arguments = [
            "determinism::prints_runs",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ];
        let output = Command::new(this)
            .args(arguments)
            .output()
            .expect("it starts");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("reports are text")
    };
    let printed = child();
    for file in FILES {
        let here = bytes(file, &read(file), 7);
        assert!(
            printed.contains(&here),
            "{file}: another process printed something else"
        );
    }
}

const CLIENT: &str = r#"
[host.client]
os = "windows-10"
steps = [ { connect = "server:80" }, { send = { bytes = 20000, all = true } }, { shutdown = "write" } ]
"#;
const SECOND: &str = r#"
[host.client.program.second]
steps = [ { connect = "server:80" }, { send = "two" }, { close = true } ]
"#;
const THIRD: &str = r#"
[host.client.program.third]
steps = [ { connect = "server:81" } ]
"#;
const SERVER: &str = r#"
[host.server]
os = "linux"
steps = [ { listen = 80 }, { accept = 80, as = "a" }, { accept = 80 }, { recv = "eof", of = "a" } ]
"#;

/// Tables have no order: what stands first in the file happens no earlier.
#[test]
fn the_order_of_hosts_and_programs_does_not_matter() {
    let head =
        "title = \"t\"\nwhy = \"w\"\n[link]\nlatency = \"10ms\"\njitter = \"5ms\"\nloss = 0.05\n";
    let orders = [
        [CLIENT, SECOND, THIRD, SERVER],
        [SERVER, CLIENT, THIRD, SECOND],
        [CLIENT, THIRD, SERVER, SECOND],
    ];
    let [first, rest @ ..] =
        orders.map(|parts| bytes("order", &(head.to_owned() + &parts.concat()), 3));
    for other in rest {
        assert_eq!(first, other);
    }
}
