//! The book as mdBook builds it.

use crate::pages::ROOT;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The built pages; `None` without mdBook, which is said. In CI everything has to be there.
pub(crate) fn book() -> Option<&'static Path> {
    static BOOK: OnceLock<Option<PathBuf>> = OnceLock::new();
    BOOK.get_or_init(build).as_deref()
}

/// Says what is not checked, for want of what.
pub(crate) fn skip(what: &str, lacks: &str) {
    assert!(std::env::var_os("CI").is_none(), "{lacks} is missing");
    let _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("\nSKIPPED: {what}: {lacks} is missing\n").as_bytes(),
    );
}

fn build() -> Option<PathBuf> {
    let pages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    let built = Command::new("mdbook")
        .args(["build", "book", "--dest-dir"])
        .arg(&pages)
        .current_dir(ROOT)
        .env(
            "MDBOOK_PREPROCESSOR__HALFOPEN__COMMAND",
            env!("CARGO_BIN_EXE_halfopen-book"),
        )
        .output();
    match built {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skip("the built book", "mdbook (see the README)");
            None
        }
        Err(error) => panic!("mdbook: {error}"),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
            assert!(!said.contains("WARN") && !said.contains("ERROR"), "{said}");
            Some(pages)
        }
    }
}

/// Every page of the built book, as a path below it.
pub(crate) fn pages(book: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![book.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "html")
            {
                found.push(
                    path.strip_prefix(book)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
    }
    // Not what other pages take in as a frame, nor the page for what is missing, whose links begin at the site's root.
    found.retain(|page| page != "toc.html" && page != "404.html");
    found.sort();
    found
}

/// The values of an attribute.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    html.split(&format!(" {attribute}=\""))
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let Some(book) = book() else { return };
    let pages = pages(book);
    let read = |page: &str| fs::read_to_string(book.join(page)).unwrap();
    let ids: BTreeMap<&str, BTreeSet<String>> = pages
        .iter()
        .map(|page| {
            (
                page.as_str(),
                values(&read(page), "id")
                    .iter()
                    .map(|&id| id.to_owned())
                    .collect(),
            )
        })
        .collect();
    let mut broken = Vec::new();
    let mut checked = 0;
    for page in &pages {
        let html = read(page);
        let links = values(&html, "href")
            .into_iter()
            .chain(values(&html, "src"));
        for link in links.filter(|link| !link.contains(':')) {
            checked += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                page.clone()
            } else {
                normalized(&Path::new(page).parent().unwrap().join(path))
            };
            let there = book.join(&target).exists();
            let anchored = anchor.is_empty()
                || ids
                    .get(target.as_str())
                    .is_some_and(|ids| ids.contains(anchor));
            if !there || !anchored {
                broken.push(format!("{page}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(checked > 100, "only {checked} links");
}

/// The path without `..`, with `/`.
fn normalized(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.iter().map(|part| part.to_str().unwrap()) {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn every_picture_says_what_it_shows() {
    let Some(book) = book() else { return };
    let mut pictures = 0;
    for page in pages(book) {
        let html = fs::read_to_string(book.join(&page)).unwrap();
        // mdBook's own icons are beside the text that says what they are for.
        let content = html
            .split("<main>")
            .nth(1)
            .unwrap_or("")
            .split("</main>")
            .next()
            .unwrap();
        for picture in content
            .split("<svg")
            .skip(1)
            .chain(content.split("<img").skip(1))
        {
            let tag = picture.split('>').next().unwrap();
            if tag.contains("fa-svg") || tag.contains("class=\"icon") {
                continue;
            }
            pictures += 1;
            let whole = picture.split("</svg>").next().unwrap();
            let mut texts = values(whole, "aria-label");
            texts.extend(values(tag, "alt"));
            let named = texts.iter().any(|text| text.len() > 20) || whole.contains("<title");
            assert!(named, "{page}: a picture without a text: {tag}");
        }
    }
    assert!(pictures >= 6, "only {pictures} pictures");
}

#[test]
fn nothing_of_the_machinery_is_left_in_a_page() {
    let Some(book) = book() else { return };
    for page in pages(book) {
        let html = fs::read_to_string(book.join(&page)).unwrap();
        for left in ["{{halfopen", "{{#include", "ANCHOR"] {
            assert!(!html.contains(left), "{page}: {left}");
        }
    }
}

/// As mdBook calls it: a wrong directive ends the build, and is named with its page and line.
#[test]
fn a_wrong_directive_fails_the_build() {
    let context = json!({ "root": Path::new(ROOT).join("book") });
    let chapter = json!({ "source_path": "a/page.md", "content": "# Page\n\n{{halfopen nonsense}}\n", "sub_items": [] });
    let input = json!([context, { "items": ["Separator", { "Chapter": chapter }] }]);
    let mut process = Command::new(env!("CARGO_BIN_EXE_halfopen-book"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = process.stdin.take().unwrap();
    stdin.write_all(input.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = process.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        said.starts_with("book/src/a/page.md:3: `{{halfopen nonsense}}`"),
        "{said}"
    );
}
