//! Diagnostics as text for people.

use super::diagnostic::{Diagnostic, Label};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::iter;
use std::sync::Arc;

/// Whether the text has escape sequences for a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Letters only; what snapshots and files have.
    Plain,
    /// Colours.
    Coloured,
}

/// The diagnostics, one after another with an empty line between them, in the shape of the Rust compiler's.
///
/// ```text
/// error[unknown-host]: no host `cleint`
///   --> scenarios/connect/timed-out.toml:12:8
///    |
/// 12 | kill = "cleint"
///    |        ^^^^^^^^
///    |
///    = help: did you mean `client`?
/// ```
pub fn render(diagnostics: &[Diagnostic], style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let mut text = String::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&renderer.render(&[group(diagnostic)]));
        text.push('\n');
    }
    text
}

fn group(diagnostic: &Diagnostic) -> Group<'_> {
    let title = Level::ERROR
        .primary_title(&diagnostic.message)
        .id(diagnostic.code.name());
    let mut group = Group::with_title(title);
    let mut labels = diagnostic.labels.as_slice();
    let mut kind = AnnotationKind::Primary;
    while let Some(first) = labels.first() {
        let same = |label: &&Label| Arc::ptr_eq(&label.source, &first.source);
        let (here, rest) = labels.split_at(labels.iter().take_while(same).count());
        let lines = Lines::around(here);
        group = if lines.text.len() > SHOWN_MAX {
            group.element(lines.origin(first))
        } else {
            group.element(lines.snippet(here, kind))
        };
        (labels, kind) = (rest, AnnotationKind::Context);
    }
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

/// The lines of one source that some labels are about.
struct Lines<'a> {
    path: &'a str,
    text: &'a str,
    /// Where they begin in the source, in bytes.
    start: usize,
    /// The number of the first one.
    number: usize,
}

impl<'a> Lines<'a> {
    fn around(labels: &'a [Label]) -> Self {
        let source = &labels[0].source;
        let text = source.text.as_str();
        let start = labels.iter().map(|label| label.span.start).min();
        let end = labels.iter().map(|label| label.span.end).max();
        let start = start.unwrap_or(0).min(text.len());
        let end = end.unwrap_or(0).min(text.len());
        let first = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let last = text[end..].find('\n');
        Self {
            path: &source.path,
            text: &text[first..last.map_or(text.len(), |newline| end + newline)],
            start: first,
            number: text[..first].matches('\n').count() + 1,
        }
    }

    /// The lines with the labels; the first label is of that kind, the others are context.
    fn snippet(&self, labels: &'a [Label], kind: AnnotationKind) -> Snippet<'a, Annotation<'a>> {
        let kinds = iter::once(kind).chain(iter::repeat(AnnotationKind::Context));
        let annotations = labels.iter().zip(kinds).map(|(label, kind)| {
            let annotation = kind.span(label.span.start - self.start..label.span.end - self.start);
            if label.text.is_empty() {
                return annotation;
            }
            annotation.label(label.text.as_str())
        });
        Snippet::source(self.text)
            .line_start(self.number)
            .path(self.path)
            .annotations(annotations)
    }

    /// Only the place of a label.
    fn origin(&self, label: &Label) -> Origin<'a> {
        let before = &label.source.text[self.start..label.span.start];
        let line = before.rsplit('\n').next().unwrap_or_default();
        Origin::path(self.path)
            .line(self.number + before.matches('\n').count())
            .char_column(line.chars().count() + 1)
    }
}

/// Lines that are longer than this are not shown, in bytes: nobody reads them, and drawing one of a mebibyte takes
/// half a second.
const SHOWN_MAX: usize = 8192;
