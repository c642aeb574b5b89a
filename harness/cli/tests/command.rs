//! The command as its users meet it: exit statuses, the two streams, colour, and bad input.
//!
//! These tests are not with the others because cargo builds a package's binary only for that package's own tests:
//! elsewhere they would meet whatever was built last.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{fs, str};

/// A folder of its own for a test, with these files.
fn folder(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder of an earlier run can go");
    }
    fs::create_dir_all(&folder).expect("a place for temporary files");
    for (file, text) in files {
        let path = folder.join(file);
        let parent = path.parent().expect("a file is in a folder");
        fs::create_dir_all(parent).expect("a place for temporary files");
        fs::write(path, text).expect("a place for temporary files");
    }
    folder
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_halfopen"));
    command.current_dir(folder).args(args);
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command
}

/// What a run of the command gave.
#[derive(Debug)]
struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("the output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("the output is UTF-8"),
        }
    }
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    let mut command = command(folder, args);
    command.output().expect("the command can be started").into()
}

/// Refused: status 2, nothing on standard output, and these words on standard error.
#[track_caller]
fn refused(folder: &Path, args: &[&str], words: &[&str]) {
    let ran = run(folder, args);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert_eq!(ran.stdout, "", "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "no {word:?} in {}", ran.stderr);
    }
}

const REFUSED: &[u8] = br#"
title = "Nothing listens"
[matrix]
client = ["windows-10", "linux", "linux-6.4"]
[host.server]
os = "linux"
[host.client]
steps = [{ connect = "server:80", expect = { cause = "refused-by-peer" } }]
"#;

const WRONG: &[u8] = br#"
title = "Expects what does not happen"
[host.server]
os = "linux"
[host.client]
os = "linux"
steps = [{ connect = "server:80", expect = { ok = true } }]
"#;

const ENDLESS: &[u8] = br#"
title = "Reaches its limit"
[host.client]
os = "linux"
steps = [{ sleep = "2h" }]
[limits]
time = "1h"
"#;

#[test]
fn every_case_passes() {
    let folder = folder("passes", &[("scenarios/a/refused.toml", REFUSED)]);
    let ran = run(&folder, &["run"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert!(
        ran.stdout
            .contains("a/refused  client=windows-10 server=linux  seed 0\n")
    );
    assert!(
        ran.stdout
            .contains("WSAECONNREFUSED (10061) ConnectionRefused: refused-by-peer")
    );
    assert!(ran.stdout.ends_with("\n1 scenario, 3 cases: 3 passed\n"));
    assert!(!ran.stdout.contains('\u{1b}'), "no terminal, no colour");
}

#[test]
fn a_case_fails() {
    let files: [(&str, &[u8]); 2] = [("x/refused.toml", REFUSED), ("x/wrong.toml", WRONG)];
    let folder = folder("fails", &files);
    let ran = run(&folder, &["run", "x", "--seed", "7"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), ""), "{ran:?}");
    assert!(
        ran.stdout
            .contains("again: halfopen run x/wrong.toml --seed 7\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .ends_with("2 scenarios, 4 cases: 3 passed, 1 failed\n"),
        "{}",
        ran.stdout
    );
    let repeats = ran.stdout.matches("mismatch: ").count();
    assert_eq!(repeats, 2, "in its place, and once more at the end");
}

#[test]
fn a_replay_command_repeats_one_case() {
    let folder = folder("replay", &[("x/refused.toml", REFUSED)]);
    let ran = run(
        &folder,
        &["list", "x", "--cases", "--filter", "client=linux"],
    );
    assert_eq!(ran.stdout, "refused client=linux\n", "not linux-6.4");
}

#[test]
fn a_case_does_not_end() {
    let folder = folder("endless", &[("scenarios/endless.toml", ENDLESS)]);
    let ran = run(&folder, &["run"]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(
        ran.stdout
            .contains("client  sleep 2h -> still waiting, since 0.000 000\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .ends_with("1 scenario, 1 case: 0 passed, 1 unfinished\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn json_is_one_object_a_line() {
    let files: [(&str, &[u8]); 2] = [("scenarios/a.toml", REFUSED), ("scenarios/b.toml", WRONG)];
    let folder = folder("json", &files);
    let ran = run(&folder, &["run", "--format", "json"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), ""), "{ran:?}");
    let cases: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let verdicts: Vec<_> = cases.iter().map(|case| &case["verdict"]).collect();
    assert_eq!(verdicts, ["passed", "passed", "passed", "failed"]);
    assert_eq!(cases[0]["case"]["client"], "windows-10");
    assert_eq!(cases[0]["steps"][0]["error"]["code"], 10061);
    assert!(cases[0].get("packets").is_none());
    let ran = run(
        &folder,
        &[
            "run",
            "--format",
            "json",
            "--trace",
            "--filter",
            "a,client=linux",
        ],
    );
    let case: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(case["packets"][0]["flags"], "S");
}

#[test]
fn packets_are_there_on_demand() {
    let folder = folder("trace", &[("scenarios/a.toml", REFUSED)]);
    let packets = |args: &[&str]| run(&folder, args).stdout.matches(" > ").count();
    assert_eq!(packets(&["run"]), 0);
    let traced = packets(&["run", "--trace"]);
    assert!(traced > 0);
    assert_eq!(packets(&["run", "--trace=all"]), traced);
}

#[test]
fn colour_is_for_those_who_see_it() {
    let folder = folder("colour", &[("scenarios/a.toml", REFUSED)]);
    let coloured = |args: &[&str], variables: &[&str]| {
        let mut command = command(&folder, args);
        command.envs(variables.iter().map(|name| (name, "1")));
        let ran: Ran = command.output().unwrap().into();
        (ran.stdout + &ran.stderr).contains('\u{1b}')
    };
    assert!(!coloured(&["run"], &[]), "standard output is a pipe");
    assert!(coloured(&["run", "--color", "always"], &[]));
    assert!(coloured(&["run"], &["CLICOLOR_FORCE"]));
    assert!(!coloured(&["run"], &["CLICOLOR_FORCE", "NO_COLOR"]));
    assert!(
        !coloured(&["run", "nowhere"], &[]),
        "messages are no exception"
    );
    assert!(coloured(&["run", "nowhere", "--color", "always"], &[]));
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let many = (0..200).map(|i| format!("scenarios/{i}.toml"));
    let many: Vec<_> = many.collect();
    let files: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), REFUSED)).collect();
    let folder = folder("pipe", &files);
    for args in [
        &["run", "--trace"][..],
        &["run", "--format", "json", "--trace"],
        &["schema"],
    ] {
        let mut child = command(&folder, args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        drop(reader);
        let ran: Ran = child.wait_with_output().unwrap().into();
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    let folder = folder("full", &[("scenarios/a.toml", REFUSED)]);
    let full = fs::File::create("/dev/full").unwrap();
    let ran: Ran = command(&folder, &["run"])
        .stdout(full)
        .output()
        .unwrap()
        .into();
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("cannot write the output"), "{ran:?}");
}

#[test]
fn bad_files_are_refused_together_and_nothing_is_run() {
    let files: [(&str, &[u8]); 8] = [
        ("scenarios/good.toml", REFUSED),
        ("scenarios/empty.toml", b""),
        ("scenarios/not-toml.toml", b"title = "),
        ("scenarios/not-utf-8.toml", b"title = \"\xff\""),
        (
            "scenarios/key.toml",
            b"titel = \"x\"\n[host.a]\nos = \"linux\"\n",
        ),
        (
            "scenarios/os.toml",
            b"title = \"x\"\n[host.a]\nos = \"linus\"\n",
        ),
        ("none/readme.txt", b"no scenario here"),
        ("odd name/it's.toml", b"title = 1\n"),
    ];
    let folder = folder("bad", &files);
    let words = [
        "empty.toml",
        "not-toml.toml",
        "not-utf-8.toml",
        "titel",
        "linus",
    ];
    refused(&folder, &["run"], &words);
    refused(&folder, &["check"], &words);
    refused(&folder, &["list"], &words);
    refused(&folder, &["run", "nowhere.toml"], &["nowhere.toml"]);
    refused(&folder, &["run", "none"], &["no scenario in the folder"]);
    refused(
        &folder,
        &["run", "scenarios/good.toml", "nowhere"],
        &["nowhere"],
    );
    refused(
        &folder,
        &["check", "odd name/it's.toml"],
        &["odd name/it's.toml:1:9"],
    );
    refused(
        &folder.join("none"),
        &["run"],
        &["there is no folder `scenarios`", "halfopen run PATH"],
    );
}

#[test]
fn bad_arguments_are_refused() {
    let folder = folder("arguments", &[("scenarios/a.toml", REFUSED)]);
    refused(&folder, &[], &["Usage"]);
    refused(&folder, &["rum"], &["run"]);
    refused(&folder, &["run", "--seed", "-1"], &["--seed"]);
    refused(
        &folder,
        &["run", "--seed", "99999999999999999999"],
        &["--seed"],
    );
    refused(&folder, &["run", "--engine", "steam"], &["event"]);
    refused(
        &folder,
        &["run", "--filter", "nothing"],
        &["no case fits the filter `nothing`", "list --cases"],
    );
    let systems = "`client` can be windows-10, linux, linux-6.4";
    refused(
        &folder,
        &["run", "--filter", "client=beos"],
        &["client=beos", systems],
    );
    let both = [
        "run",
        "--filter",
        "client=linux",
        "--filter",
        "client=windows-10",
    ];
    refused(&folder, &both, &["no case fits all words"]);
    refused(&folder, &["explain"], &["CODE-OR-NAME"]);
    refused(
        &folder,
        &["explain", "WSAETIMEOUT"],
        &["`WSAETIMEOUT`", "did you mean `WSAETIMEDOUT`"],
    );
    refused(
        &folder,
        &["explain", "-110"],
        &["`-110`", "did you mean `110`"],
    );
    refused(
        &folder,
        &["explain", "110", "--scenarios", "nowhere"],
        &["nowhere"],
    );
}

#[test]
fn a_filter_takes_words_in_any_shape() {
    let folder = folder("filter", &[("scenarios/a/refused.toml", REFUSED)]);
    let cases = |args: &[&str]| {
        let ran = run(&folder, &[&["list", "--cases"], args].concat());
        ran.stdout
            .lines()
            .map(|line| line.replace("a/refused client=", ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(cases(&[]), ["windows-10", "linux", "linux-6.4"]);
    assert_eq!(cases(&["--filter", "linux"]), ["linux", "linux-6.4"]);
    assert_eq!(cases(&["--filter", "client=linux"]), ["linux"]);
    assert_eq!(cases(&["--filter", "refused, linux 6.4"]), ["linux-6.4"]);
    assert_eq!(
        cases(&["--filter", "linux", "--filter", "6.4,a/"]),
        ["linux-6.4"]
    );
}

#[test]
fn explains_with_the_scenarios_at_hand() {
    let folder = folder(
        "explains",
        &[
            ("scenarios/a/refused.toml", REFUSED),
            ("other/bad.toml", b"x"),
        ],
    );
    let ran = run(&folder, &["explain", "(os error 10061)"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert!(
        ran.stdout
            .starts_with("WSAECONNREFUSED (10061) on Windows\n")
    );
    assert!(
        ran.stdout.contains("a/refused (1 case)\n"),
        "{}",
        ran.stdout
    );
    let ran = run(&folder.join("other"), &["explain", "refused-by-peer"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert!(!ran.stdout.contains("Scenarios"), "{}", ran.stdout);
}

/// Someone with an error at three in the morning gets an answer even while the files are being changed.
#[test]
fn explains_without_scenarios_that_are_wrong() {
    let folder = folder("explains-anyway", &[("scenarios/bad.toml", b"x")]);
    let ran = run(&folder, &["explain", "10060"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("warning: "), "{ran:?}");
    assert!(ran.stdout.contains("syn-unanswered"));
}

#[test]
fn check_and_list_say_what_there_is() {
    let folder = folder(
        "list",
        &[
            ("scenarios/a/refused.toml", REFUSED),
            ("scenarios/wrong.toml", WRONG),
        ],
    );
    assert_eq!(
        run(&folder, &["check"]).stdout,
        "2 scenarios, 4 cases: no mistakes\n"
    );
    let listed = run(&folder, &["list"]).stdout;
    assert_eq!(
        listed,
        "a/refused    3  Nothing listens\nwrong        1  Expects what does not happen\n"
    );
}

#[test]
fn schema_and_completions_are_for_programs() {
    let folder = folder("programs", &[]);
    let schema = run(&folder, &["schema"]);
    assert_eq!((schema.status, schema.stderr.as_str()), (Some(0), ""));
    let schema: serde_json::Value = serde_json::from_str(&schema.stdout).unwrap();
    assert!(schema["properties"]["host"].is_object());
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(&folder, &["completions", shell]);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""));
        assert!(ran.stdout.contains("halfopen"));
    }
}

#[test]
fn the_same_bytes_in_every_process() {
    let folder = folder("same", &[("scenarios/a.toml", REFUSED)]);
    let args = ["run", "--trace", "--format", "json", "--seed", "3"];
    assert_eq!(run(&folder, &args).stdout, run(&folder, &args).stdout);
}

#[test]
fn a_case_is_drawn() {
    let folder = folder(
        "diagram",
        &[("refused.toml", REFUSED), ("wrong.toml", WRONG)],
    );
    let first = run(&folder, &["diagram", "refused.toml"]);
    assert_eq!(first.status, Some(0), "{first:?}");
    assert!(first.stdout.starts_with("<svg xmlns="), "{first:?}");
    assert!(first.stdout.contains("WSAECONNREFUSED (10061)"));
    assert_eq!(
        first.stderr,
        "note: this is refused client=windows-10, the first of 3 cases; `--case` chooses another\n"
    );
    let args = ["diagram", "refused.toml", "--case", "client=linux-6.4"];
    let chosen = run(&folder, &args);
    assert_eq!((chosen.status, chosen.stderr.as_str()), (Some(0), ""));
    assert!(chosen.stdout.contains("ECONNREFUSED (111)"), "{chosen:?}");
    // What it draws need not pass, and can go to a file.
    let drawn = run(&folder, &["diagram", "wrong.toml", "-o", "wrong.svg"]);
    assert_eq!((drawn.status, drawn.stdout.as_str()), (Some(0), ""));
    let picture = fs::read_to_string(folder.join("wrong.svg")).expect("it was written");
    assert!(picture.contains("mismatch:"), "{picture}");
}

#[test]
fn a_picture_of_nothing_is_refused() {
    let folder = folder("no-diagram", &[("refused.toml", REFUSED)]);
    let args = ["diagram", "refused.toml", "--case", "client=linx"];
    refused(&folder, &args, &["did you mean `client=linux`?"]);
    let args = ["diagram", "refused.toml", "--case", "refused"];
    refused(&folder, &args, &["`refused` is the name of 3 cases"]);
    refused(&folder, &["diagram", "missing.toml"], &["missing.toml"]);
    let args = ["diagram", "refused.toml", "-o", "no/such/folder.svg"];
    refused(&folder, &args, &["cannot write `no/such/folder.svg`"]);
}

#[test]
fn the_reference_is_printed_in_parts() {
    let folder = folder("reference", &[]);
    let list = run(&folder, &["reference"]);
    assert_eq!((list.status, list.stderr.as_str()), (Some(0), ""));
    for line in list.stdout.lines() {
        let part = line.split(' ').next().unwrap();
        let ran = run(&folder, &["reference", part]);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{part}");
        assert!(ran.stdout.len() > 100, "{part}");
    }
    let help = run(&folder, &["reference", "command"]).stdout;
    assert!(help.contains("## `halfopen diagram`"), "{help}");
    assert!(
        help.lines().all(|line| line.chars().count() <= 96),
        "{help}"
    );
    refused(&folder, &["reference", "eror-linux"], &["errors-linux"]);
    refused(
        &folder,
        &["reference", "x"],
        &["`halfopen reference` lists"],
    );
}
