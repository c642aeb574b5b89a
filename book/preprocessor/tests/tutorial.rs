//! Does what the tutorials say, word for word, in an empty folder.
//!
//! A comment above a block says what a reader would do with it: `<!-- file: PATH -->` saves it, `<!-- append: PATH -->`
//! adds it to the end of a file, `<!-- replace: PATH -->` puts it in place of the line that it begins with,
//! `<!-- run -->` types it, and it must succeed, or fail with `<!-- run: fails -->`; `<!-- prints -->` looks for its
//! lines in what the last command printed, and `<!-- snapshot: PATH -->` compares it with a snapshot's text.

use crate::pages::{ROOT, blocks, read_page};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A reader: where they are, and what they saw last.
struct Reader {
    scratch: PathBuf,
    folder: PathBuf,
    printed: String,
}

impl Reader {
    /// In an empty folder outside any workspace, the checkout beside them.
    fn new(name: &str) -> Self {
        // The same name every time, so that what was compiled for it is used again; of this checkout only.
        let checkout = fs::canonicalize(ROOT).unwrap();
        let mark: u32 = checkout
            .as_os_str()
            .as_encoded_bytes()
            .iter()
            .fold(0, |mark, byte| {
                mark.wrapping_mul(31).wrapping_add(u32::from(*byte))
            });
        let scratch = std::env::temp_dir().join(format!("halfopen-book-{mark:08x}-{name}"));
        let _ = fs::remove_dir_all(&scratch);
        fs::create_dir_all(&scratch).unwrap();
        std::os::unix::fs::symlink(&checkout, scratch.join("halfopen")).unwrap();
        Self {
            folder: scratch.clone(),
            scratch,
            printed: String::new(),
        }
    }

    fn follow(&mut self, page: &str) {
        for block in blocks(&read_page(page)) {
            let place = format!("{page}:{}", block.line);
            let Some(claim) = &block.claim else { continue };
            let (verb, path) = claim.split_once(": ").unwrap_or((claim, ""));
            let file = self.scratch.join(path);
            match verb {
                "file" => {
                    assert!(
                        block.before.contains(path.rsplit('/').next().unwrap()),
                        "{place}: the text does not say that this is {path}"
                    );
                    fs::create_dir_all(file.parent().unwrap()).unwrap();
                    fs::write(&file, &block.text).unwrap();
                }
                "append" => {
                    let text = fs::read_to_string(&file).unwrap() + &block.text;
                    fs::write(&file, text).unwrap();
                }
                "replace" => {
                    let text = fs::read_to_string(&file).unwrap();
                    let first = block.text.lines().next().unwrap();
                    assert_eq!(text.matches(first).count(), 1, "{place}: one line is meant");
                    fs::write(&file, text.replace(first, block.text.trim_end())).unwrap();
                }
                "run" => self.type_in(&block.text, path != "fails", &place),
                "prints" => {
                    for line in block.text.lines() {
                        assert!(
                            self.printed.contains(line),
                            "{place}: `{line}` is not in:\n{}",
                            self.printed
                        );
                    }
                }
                "snapshot" => {
                    let snapshot = fs::read_to_string(&file)
                        .unwrap_or_else(|error| panic!("{place}: {error}"));
                    let text = snapshot.splitn(3, "---\n").nth(2).unwrap();
                    assert_eq!(text.trim_end(), block.text.trim_end(), "{place}");
                }
                _ => panic!("{place}: what is `{claim}`?"),
            }
        }
    }

    fn type_in(&mut self, lines: &str, succeeds: bool, place: &str) {
        for (number, line) in lines.lines().enumerate() {
            if let Some(folder) = line.strip_prefix("cd ") {
                self.folder = self.folder.join(folder);
                continue;
            }
            let output = self.command(line);
            self.printed = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            let last = number + 1 == lines.lines().count();
            assert_eq!(
                output.status.success(),
                succeeds || !last,
                "{place}: `{line}` printed\n{}",
                self.printed
            );
            // A project of our own takes the versions that are there, as nothing is downloaded here.
            let lock = self.scratch.join("quotes/Cargo.lock");
            if lock.parent().is_some_and(Path::exists) && !lock.exists() {
                fs::copy(Path::new(ROOT).join("Cargo.lock"), lock).unwrap();
            }
        }
    }

    fn command(&self, line: &str) -> Output {
        let mut path = vec![programs()];
        path.extend(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ));
        Command::new("sh")
            .args(["-c", line])
            .current_dir(&self.folder)
            .env("PATH", std::env::join_paths(path).unwrap())
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("reader"),
            )
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_TERM_COLOR", "never")
            // Readers are at their desk, where insta accepts what it is told to.
            .env_remove("CI")
            .env_remove("INSTA_UPDATE")
            .output()
            .unwrap()
    }
}

/// Where the commands of this workspace are: beside the folder of this test.
fn programs() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().to_owned()
}

/// The library does not know the command's help, so the book has a copy of it.
#[test]
fn the_help_is_the_command_s() {
    let output = Command::new(halfopen())
        .args(["reference", "command"])
        .output()
        .unwrap();
    let copy = fs::read(Path::new(ROOT).join("book/generated/command.md")).unwrap();
    assert!(
        output.stdout == copy,
        "run: halfopen reference command > book/generated/command.md"
    );
}

/// The command, which `cargo test --workspace` builds: not one from before the last change.
fn halfopen() -> PathBuf {
    let command = programs().join("halfopen");
    let built = fs::metadata(&command)
        .and_then(|metadata| metadata.modified())
        .ok();
    let mut folders: Vec<PathBuf> = ["tcp", "lab", "kernel", "cli"]
        .map(|part| Path::new(ROOT).join("harness").join(part).join("src"))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let changed = fs::metadata(&path).unwrap().modified().unwrap();
            assert!(
                built.is_some_and(|built| built >= changed),
                "build the command first: cargo build -p halfopen-cli"
            );
        }
    }
    command
}

#[test]
fn the_first_scenario_runs_as_the_first_chapter_says() {
    halfopen();
    Reader::new("first").follow("half-open.md");
}

#[test]
fn your_own_code_fails_and_then_passes() {
    let mut reader = Reader::new("quotes");
    reader.follow("your-code.md");
    reader.follow("suite.md");
}
