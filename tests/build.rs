//! Test cases come from files that are listed when the tests are compiled.
//!
//! rstest makes a test of every file that a pattern matches, but a scenario has as many cases as its matrix. So each
//! case gets an empty file of its own in `OUT_DIR/cases`, whose path says which one it is:
//! `connect/timed-out/client-linux`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn Error>> {
    for folder in ["diagnostics", "../scenarios"] {
        println!("cargo::rerun-if-changed={folder}");
    }
    let cases = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("cases");
    match fs::remove_dir_all(&cases) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => mark_folder(Path::new("../scenarios"), &cases),
    }
}

fn mark_folder(folder: &Path, marks: &Path) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let marks = marks.join(path.file_stem().ok_or("a path without a name")?);
        if path.is_dir() {
            mark_folder(&path, &marks)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            mark_cases(&fs::read_to_string(&path)?, &marks)?;
        }
    }
    Ok(())
}

/// A text that is no scenario gets a mark too: its test says what is wrong with it.
fn mark_cases(text: &str, marks: &Path) -> Result<(), Box<dyn Error>> {
    let file: toml::Table = text.parse().unwrap_or_default();
    if file.contains_key("base") {
        // A profile file.
        return Ok(());
    }
    fs::create_dir_all(marks)?;
    for case in cases(&file) {
        fs::write(marks.join(case), "")?;
    }
    Ok(())
}

/// The combinations of the matrix as `client-linux+server-macos`; `only` where there is none.
fn cases(file: &toml::Table) -> Vec<String> {
    let Some(matrix) = file.get("matrix").and_then(toml::Value::as_table) else {
        return vec!["only".to_owned()];
    };
    let mut cases = vec![String::new()];
    for (host, systems) in matrix {
        let systems = systems.as_array().map_or(&[][..], Vec::as_slice);
        cases = cases
            .iter()
            .flat_map(|case| {
                let plus = if case.is_empty() { "" } else { "+" };
                let names = systems.iter().filter_map(toml::Value::as_str);
                names.map(move |system| format!("{case}{plus}{host}-{system}"))
            })
            .collect();
    }
    cases
}
