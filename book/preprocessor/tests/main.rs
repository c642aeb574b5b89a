//! What the book promises.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

/// The built pages in a browser.
mod browser;
/// The book as mdBook builds it.
mod built;
/// The code that the book shows, against the errors that it is for.
mod code;
/// The pages as they are written.
mod pages;
/// The tutorials, followed word for word.
mod tutorial;
