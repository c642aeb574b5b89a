//! Diagnostics as text for people.

use super::diagnostic::{Diagnostic, Label};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
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
        group = group.element(snippet(here, kind));
        (labels, kind) = (rest, AnnotationKind::Context);
    }
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

/// The lines of one source that these labels are about; the first label is of that kind, the others are context.
fn snippet(
    labels: &[Label],
    kind: AnnotationKind,
) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let source = &labels[0].source;
    let text = source.text.as_str();
    let start = labels.iter().map(|label| label.span.start).min();
    let end = labels.iter().map(|label| label.span.end).max();
    let (start, end) = (
        start.unwrap_or(0).min(text.len()),
        end.unwrap_or(0).min(text.len()),
    );
    let first = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let last = text[end..]
        .find('\n')
        .map_or(text.len(), |newline| end + newline);
    let line = text[..first].matches('\n').count() + 1;
    let kinds = std::iter::once(kind).chain(std::iter::repeat(AnnotationKind::Context));
    let annotations = labels.iter().zip(kinds).map(|(label, kind)| {
        let span = label.span.start - first..label.span.end - first;
        let annotation = kind.span(span);
        if label.text.is_empty() {
            return annotation;
        }
        annotation.label(label.text.as_str())
    });
    Snippet::source(&text[first..last])
        .line_start(line)
        .path(source.path.as_str())
        .annotations(annotations)
}
