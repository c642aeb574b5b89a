//! What is said about bad input.

use halfopen::scenario::{Diagnostic, Style, discover, load, parse, render};
use rstest::rstest;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Every file of `diagnostics/` is wrong, and what is said about it is reviewed.
#[rstest]
fn file(#[files("diagnostics/*.toml")] path: PathBuf) {
    let name = path.file_name().unwrap();
    let relative = Path::new("diagnostics").join(name);
    let stem = relative.file_stem().unwrap().to_str().unwrap();
    check(stem, &load(&relative).unwrap_err());
}

/// Files that no editor would save, in a folder of this test's own.
#[rstest]
#[case::missing_file("missing.toml")]
#[case::empty("empty.toml")]
#[case::blank("blank.toml")]
#[case::not_utf8("latin-1.toml")]
#[case::utf16("utf-16.toml")]
#[case::too_large("too-large.toml")]
#[case::folder("folder")]
fn unreadable(#[case] name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("diagnostics-unreadable");
    let folder = folder.join(name);
    fs::create_dir_all(folder.join("folder")).unwrap();
    fs::write(folder.join("empty.toml"), "").unwrap();
    fs::write(folder.join("blank.toml"), "\n \n").unwrap();
    fs::write(folder.join("latin-1.toml"), b"title = \"x\"\n# caf\xe9\n").unwrap();
    fs::write(folder.join("utf-16.toml"), b"\xff\xfet\0i\0t\0l\0e\0").unwrap();
    let large = File::create(folder.join("too-large.toml")).unwrap();
    large.set_len(100_000_000).unwrap();

    let diagnostics = load(folder.join(name)).unwrap_err();
    let stem = Path::new(name).file_stem().unwrap().to_str().unwrap();
    check(stem, &anywhere(diagnostics, &folder));
}

#[test]
fn paths_that_name_no_scenario() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("diagnostics-paths");
    fs::create_dir_all(folder.join("without-scenarios/deeper")).unwrap();
    fs::create_dir_all(folder.join("empty")).unwrap();
    fs::write(folder.join("without-scenarios/deeper/notes.txt"), "").unwrap();
    fs::write(
        folder.join("without-scenarios/my-os.toml"),
        "base = \"linux\"",
    )
    .unwrap();
    let paths = ["empty", "missing", "without-scenarios", "missing.toml"];
    let diagnostics = discover(&paths.map(|path| folder.join(path))).unwrap_err();
    check("paths", &anywhere(diagnostics, &folder));
}

#[test]
fn too_many_problems_are_counted() {
    let mut text = "title = \"x\"\n".to_owned();
    for number in 0..53 {
        text.push_str(&format!("key-{number} = 1\n"));
    }
    let diagnostics = parse("many.toml", &text).unwrap_err();
    check("too-many", &diagnostics[48..]);
}

#[test]
fn a_line_that_nobody_reads_is_not_shown() {
    let steps = "{ sleep = \"1s\" }, ".repeat(500);
    let text =
        format!("title = \"x\"\n[host.a]\nos = \"linux\"\nsteps = [ {steps} {{ slep = \"1s\" }} ]");
    check("long-line", &parse("long.toml", &text).unwrap_err());
}

/// The same as if `folder` were the current one.
fn anywhere(mut diagnostics: Vec<Diagnostic>, folder: &Path) -> Vec<Diagnostic> {
    let prefix = format!("{}/", folder.display());
    for diagnostic in &mut diagnostics {
        diagnostic.message = diagnostic.message.replace(&prefix, "");
    }
    diagnostics
}

#[track_caller]
fn check(name: &str, diagnostics: &[Diagnostic]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots/diagnostics");
    settings.set_omit_expression(true);
    let rendered = render(diagnostics, Style::Plain);
    settings.bind(|| insta::assert_snapshot!(name, rendered));
}
