//! `halfopen verify` as its users meet it. What the kernel itself is asked is in the tests of `halfopen-kernel`.

use halfopen_kernel::verify::{Verdict, read_records};
use halfopen_kernel::{KernelError, access};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fs, str};

/// The suite of this repository, and what a kernel did with it.
const SUITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/linux");

/// Writes a file of that name for a test, and gives its path.
fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("a place for temporary files");
    path
}

/// Status, standard output and standard error of `halfopen verify`.
fn verify(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_halfopen"));
    command.arg("verify").args(args);
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the command can be started");
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    (status.code(), text(stdout), text(stderr))
}

/// The kept records of the suite, some of them changed.
fn kept(name: &str, change: impl FnOnce(&mut Vec<halfopen_kernel::verify::Verified>)) -> String {
    let text = fs::read_to_string(format!("{SUITE}/verified.jsonl")).expect("it is in the tree");
    let mut records = read_records(&text).expect("they are as they were printed");
    records.truncate(3);
    change(&mut records);
    let lines: String = records
        .iter()
        .map(|record| record.to_json() + "\n")
        .collect();
    let path = file(name, &lines);
    format!("--last={}", path.display())
}

#[test]
fn the_last_verdicts_are_shown_without_asking_a_kernel() {
    let last = kept("agrees.jsonl", |_| ());
    let (status, stdout, stderr) = verify(&[&last]);
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{stdout}");
    assert!(lines[0].starts_with("agrees   accept/"), "{stdout}");
    assert!(
        lines[3].starts_with("3 agree, 0 differ, 0 skipped, on Linux 6."),
        "{stdout}"
    );

    let (status, stdout, _) = verify(&[&last, "--format", "json"]);
    assert_eq!(status, Some(0));
    assert_eq!(read_records(&stdout).expect("the same records").len(), 3);
}

#[test]
fn a_difference_is_a_failure_and_a_skipped_case_is_none() {
    let last = kept("skipped.jsonl", |records| {
        records[1].verdict = Verdict::Skipped("it needs 131 s".into());
        records[1].run = None;
    });
    let (status, stdout, _) = verify(&[&last]);
    assert_eq!(status, Some(0));
    assert!(stdout.contains(": it needs 131 s\n"), "{stdout}");
    let last = kept("differs.jsonl", |records| {
        records[1].verdict = Verdict::Differs(Vec::new());
    });
    let (status, stdout, _) = verify(&[&last]);
    assert_eq!(status, Some(1));
    assert!(stdout.contains("2 agree, 1 differ"), "{stdout}");
}

/// Status 2, nothing on standard output, and these words on standard error.
#[track_caller]
fn refused(args: &[&str], words: &[&str]) {
    let (status, stdout, stderr) = verify(args);
    assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "no {word:?} in {stderr}");
    }
}

#[test]
fn bad_input_is_refused() {
    refused(&["--last=nowhere.jsonl"], &["nowhere.jsonl"]);
    let torn = file("torn.jsonl", "{\"scenario\":\"a/b\"\n");
    refused(
        &[&format!("--last={}", torn.display())],
        &["torn.jsonl", "line 1"],
    );
    refused(&["--budget", "soon"], &["--budget"]);
    refused(&["nowhere"], &["nowhere"]);
    let wrong = file("wrong.toml", "title = 'A'\n[host.a]\nos = 'linus'\n");
    refused(
        &[&wrong.display().to_string()],
        &["`linus`", "did you mean `linux`"],
    );
}

const MATRIX: &str = "
title = 'Nobody answers'
timeline = [ { at = '0s', partition = ['client', 'server'] } ]
[matrix]
client = ['windows-11', 'linux', 'macos']
[host.server]
os = 'linux'
[host.client]
steps = [ { connect = 'server:80' } ]
";

/// Of a matrix its Linux cases are left, and of those the ones that the budget has room for. Without the rights, one line
/// says what is missing.
#[test]
fn cases_of_linux_within_the_budget_are_run() {
    let path = file("matrix.toml", MATRIX);
    let args = [
        &path.display().to_string(),
        "--budget",
        "1s",
        "--format",
        "json",
    ];
    let (status, stdout, stderr) = verify(&args);
    if let Err(KernelError::NotPermitted(missing)) = access() {
        assert_eq!((status, stdout.as_str()), (Some(2), ""));
        assert_eq!(stderr, format!("error: {missing}\n"));
        return;
    }
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    let records = read_records(&stdout).expect("one record a line");
    let [only] = &records[..] else {
        panic!("not one case in {stdout}");
    };
    assert_eq!(only.case["client"], "linux");
    let Verdict::Skipped(why) = &only.verdict else {
        panic!("not skipped: {stdout}");
    };
    assert!(why.contains("budget"), "{why}");
}
