//! What mdBook calls: the book comes in as JSON, and goes out with everything in place.
//!
//! `halfopen-book css` prints the colours of its pictures, which are in `book/theme/diagram.css`.
//!
//! The protocol is that of mdBook 0.5, an array of a context and the book; all of it but the pages' text is handed on
//! as it came.

use halfopen_book::{Mistake, expand};
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match arguments.next().as_deref() {
        Some("supports") => Ok(()),
        Some("css") => std::io::stdout()
            .write_all(halfopen::diagram::css().as_bytes())
            .map_err(|error| error.to_string()),
        _ => preprocess(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nobody is left to tell if this fails.
            let _ = writeln!(std::io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

fn preprocess() -> Result<(), String> {
    let input: Value = serde_json::from_reader(std::io::stdin().lock())
        .map_err(|error| format!("this is called by mdBook, which sends JSON: {error}"))?;
    let Value::Array(mut parts) = input else {
        return Err("mdBook sends an array".to_owned());
    };
    let (Some(mut book), Some(context)) = (parts.pop(), parts.pop()) else {
        return Err("mdBook sends a context and a book".to_owned());
    };
    let root = context["root"]
        .as_str()
        .ok_or("mdBook says where the book is")?;
    let repository = Path::new(root).parent().unwrap_or(Path::new("."));
    let mut mistakes = Vec::new();
    fill_all(&mut book["items"], repository, &mut mistakes);
    if !mistakes.is_empty() {
        let lines: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
        return Err(lines.join("\n"));
    }
    serde_json::to_writer(std::io::stdout().lock(), &book).map_err(|error| error.to_string())
}

/// Fills every page below `items` in.
fn fill_all(items: &mut Value, repository: &Path, mistakes: &mut Vec<Mistake>) {
    for item in items.as_array_mut().into_iter().flatten() {
        let Some(chapter) = item.get_mut("Chapter") else {
            continue;
        };
        let page = chapter["source_path"].as_str().unwrap_or("?").to_owned();
        if let Some(text) = chapter["content"].as_str() {
            match expand(repository, &format!("book/src/{page}"), text) {
                Ok(expanded) => chapter["content"] = Value::String(expanded),
                Err(wrong) => mistakes.extend(wrong),
            }
        }
        fill_all(&mut chapter["sub_items"], repository, mistakes);
    }
}
