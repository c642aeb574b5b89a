//! Colours.

use super::words::Ink;
use std::fmt::Write as _;

/// The style of a picture in a file of its own.
pub(super) fn document_css() -> String {
    let mut css = shapes();
    css += &colours("", &LIGHT, Page::Own);
    let dark = colours("", &DARK, Page::Own);
    let _ = writeln!(
        css,
        "@media screen and (prefers-color-scheme: dark) {{\n{dark}}}"
    );
    css
}

/// The style of all pictures of a book.
pub(super) fn page_css() -> String {
    format!(
        "\
/* A picture shrinks a little to fit its page; if that is not enough, it scrolls. */
svg.ho {{ display: block; max-width: 100%; height: auto; margin: 1.5em auto; }}
.ho-scroll {{ overflow-x: auto; }}
{}{}@media screen {{
{}}}
@media screen and (prefers-color-scheme: dark) {{
{}}}
@media print {{
svg.ho {{ min-width: 0 !important; color: {}; }}
.ho text {{ stroke: {}; }}
}}
",
        shapes(),
        colours("", &LIGHT, Page::Book),
        colours(":is(.coal, .navy, .ayu) ", &DARK, Page::Book),
        colours("html:not(.js) ", &DARK, Page::Book),
        LIGHT.text,
        LIGHT.page,
    )
}

/// The class of a text.
pub(super) const fn class(ink: Ink) -> Option<&'static str> {
    match ink {
        Ink::Plain => None,
        Ink::Dim => Some("ho-dim"),
        Ink::Retry => Some("ho-retry"),
        Ink::Bad => Some("ho-bad"),
        Ink::Icmp => Some("ho-icmp"),
        Ink::Fault => Some("ho-fault"),
    }
}

/// Whose background it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Page {
    Own,
    /// An mdBook's, whose text colour is inherited and whose background is the variable `--bg`.
    Book,
}

struct Palette {
    text: &'static str,
    page: &'static str,
    dim: &'static str,
    line: &'static str,
    retry: &'static str,
    bad: &'static str,
    icmp: &'static str,
    fault: &'static str,
    band: &'static str,
}

const LIGHT: Palette = Palette {
    text: "#1f2328",
    page: "#ffffff",
    dim: "#57606a",
    line: "#8c959f",
    retry: "#8a4b00",
    bad: "#b3101e",
    icmp: "#6b32b8",
    fault: "#6b4500",
    band: "#fff0cc",
};

const DARK: Palette = Palette {
    text: "#d7dde4",
    page: "#14181d",
    dim: "#9aa5b1",
    line: "#6b7682",
    retry: "#f0b04f",
    bad: "#ff8279",
    icmp: "#c9a5ff",
    fault: "#f5d08a",
    band: "#3d3115",
};

fn shapes() -> String {
    "\
.ho { font: 11px ui-monospace, \"Source Code Pro\", Menlo, Consolas, \"DejaVu Sans Mono\", monospace; }
.ho text { fill: currentColor; stroke-width: 3px; stroke-linejoin: round; paint-order: stroke; white-space: pre; }
.ho .ho-small { font-size: 10px; }
.ho .ho-host { font-weight: bold; }
.ho path { fill: none; stroke: currentColor; stroke-width: 1.2; }
.ho .ho-head { stroke: none; fill: currentColor; }
.ho .ho-reset { stroke-width: 2; }
.ho .ho-several { stroke-width: 3; }
.ho .ho-wait { stroke-width: 4; stroke-opacity: 0.45; }
.ho .ho-life { stroke-width: 1; }
.ho .ho-off { stroke-dasharray: 1 5; }
.ho .ho-wall { stroke-dasharray: 5 4; }
.ho .ho-dots { stroke-dasharray: 1 3; }
.ho path.ho-icmp { stroke-dasharray: 6 3; }
.ho path.ho-icmp.ho-head, .ho path.ho-lost { stroke-dasharray: none; }
.ho .ho-lost { stroke-width: 2; }
"
    .to_owned()
}

fn colours(scope: &str, palette: &Palette, page: Page) -> String {
    let mut css = String::new();
    let background = match page {
        Page::Own => palette.page,
        Page::Book => "var(--bg, transparent)",
    };
    if page == Page::Own {
        let _ = writeln!(
            css,
            ".ho {{ color: {}; }}\n.ho .ho-page {{ fill: {background}; }}",
            palette.text
        );
    }
    let _ = writeln!(css, "{scope}.ho text {{ stroke: {background}; }}");
    for (name, colour) in [
        ("dim", palette.dim),
        ("retry", palette.retry),
        ("bad", palette.bad),
        ("icmp", palette.icmp),
    ] {
        let _ = writeln!(css, "{scope}.ho .ho-{name} {{ color: {colour}; }}");
    }
    let _ = writeln!(
        css,
        "{scope}.ho .ho-life {{ stroke: {}; }}\n{scope}.ho .ho-band {{ fill: {}; }}\n\
         {scope}.ho .ho-fault {{ color: {}; stroke: {}; }}",
        palette.line, palette.band, palette.fault, palette.band
    );
    css
}
