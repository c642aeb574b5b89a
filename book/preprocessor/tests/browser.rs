//! The built pages in a browser: Chromium, driven by its `chromedriver`.

mod driver;

use crate::built::{book, pages, skip};
use driver::Driver;
use serde_json::json;
use std::path::Path;

/// The built book, and a browser whose pages are that wide.
fn browser(what: &str, width: u32) -> Option<(&'static Path, Driver)> {
    let book = book()?;
    let driver = Driver::start(width);
    if driver.is_none() {
        skip(what, "chromium with chromedriver");
    }
    Some((book, driver?))
}

fn address(book: &Path, page: &str) -> String {
    format!(
        "file://{}",
        std::fs::canonicalize(book.join(page)).unwrap().display()
    )
}

/// No page complains, and on a telephone none has to be pushed sideways.
#[test]
fn every_page_loads_and_fits() {
    for width in [390, 1280] {
        let Some((book, mut browser)) = browser("pages in a browser", width) else {
            return;
        };
        for page in pages(book) {
            browser.open(&address(book, &page));
            assert_eq!(browser.complaints(), Vec::<String>::new(), "{page}");
            let wide =
                browser.run("return document.documentElement.scrollWidth - window.innerWidth");
            assert!(
                wide.as_i64().unwrap() <= 0,
                "{page}: {wide} pixels too wide at {width}"
            );
        }
    }
}

/// The numbers, the names and the words that people paste from a log.
#[test]
fn the_search_finds_the_four_errors() {
    let Some((book, mut browser)) = browser("the search", 1280) else {
        return;
    };
    for (words, page) in [
        ("10060", "errors/timed-out.html"),
        ("10061", "errors/refused.html"),
        ("10053", "errors/aborted.html"),
        ("10054", "errors/reset.html"),
        ("WSAECONNABORTED", "errors/aborted.html"),
        ("aborted by the software", "errors/aborted.html"),
    ] {
        browser.open(&format!(
            "{}?search={}",
            address(book, "index.html"),
            words.replace(' ', "+")
        ));
        let found = browser.wait_for(
            "return Array.from(document.querySelectorAll('#mdbook-searchresults a, #searchresults a')).map(a => a.href)",
            |links| links.as_array().is_some_and(|links| !links.is_empty()),
        );
        let links = found.as_array().unwrap();
        let hit = links
            .iter()
            .any(|link| link.as_str().unwrap().contains(page));
        assert!(hit, "{words}: {}", json!(links));
    }
}
