//! What is wrong with an input, and where.
//!
//! A diagnostic is data: `render` turns it into text for people.

use super::Source;
use super::nearest::nearest;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// One thing that is wrong with an input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Which kind of mistake it is.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The places it is about, the main one first. Empty if it is about a file or folder as a whole.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

/// A place in a text and what there is to say about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The text.
    pub source: Arc<Source>,
    /// The place.
    pub span: Span,
    /// The remark; empty if the message says it all.
    pub text: String,
}

/// A place in a text, as offsets in bytes: `start..end`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "the fields are the two ends")]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self {
            start: range.start,
            end: range.end,
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The kinds of mistakes. Scripts may rely on their names.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name printed with the message: `unknown-key`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

codes! {
    /// No file or folder of that name, or it cannot be read.
    Unreadable = "unreadable",
    /// The file is larger than a scenario can be.
    FileTooLarge = "file-too-large",
    /// The file is not UTF-8.
    NotUtf8 = "not-utf-8",
    /// The file is empty.
    EmptyFile = "empty-file",
    /// The folder has no scenario.
    NoScenario = "no-scenario",
    /// The text is not TOML.
    Syntax = "syntax",
    /// The text is TOML 1.1, which many editors do not read.
    TomlVersion = "toml-version",
    /// A key that the format does not have.
    UnknownKey = "unknown-key",
    /// A key that must be there is not.
    MissingKey = "missing-key",
    /// Keys that exclude each other.
    ConflictingKeys = "conflicting-keys",
    /// A value of the wrong type.
    WrongType = "wrong-type",
    /// A value outside its bounds, or a word that the key does not take.
    InvalidValue = "invalid-value",
    /// A name with characters that names do not have.
    InvalidName = "invalid-name",
    /// A duration that is not one.
    InvalidDuration = "invalid-duration",
    /// A probability outside 0 to 1.
    InvalidProbability = "invalid-probability",
    /// A bandwidth or size that is not one.
    InvalidQuantity = "invalid-quantity",
    /// A host that the scenario does not have.
    UnknownHost = "unknown-host",
    /// One host where two are needed.
    SameHost = "same-host",
    /// An address that is not `host:port`.
    InvalidAddress = "invalid-address",
    /// An operating system for which there is no profile.
    UnknownOs = "unknown-os",
    /// A setting that the operating system does not have.
    UnknownSetting = "unknown-setting",
    /// A value that the setting does not take.
    InvalidSetting = "invalid-setting",
    /// A cause that does not exist.
    UnknownCause = "unknown-cause",
    /// An error name that the operating system does not have.
    UnknownError = "unknown-error",
    /// A socket that no earlier step opened.
    UnknownSocket = "unknown-socket",
    /// A port on which the program does not listen.
    NoListener = "no-listener",
    /// An expectation that the step can never meet.
    ImpossibleExpectation = "impossible-expectation",
    /// A matrix of too many cases.
    MatrixTooLarge = "matrix-too-large",
    /// There are more mistakes than are shown.
    TooManyProblems = "too-many-problems",
}

impl Diagnostic {
    /// One that is about a file or folder as a whole.
    pub(super) fn of_file(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// Points to another place of the same text.
    pub(super) fn also(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        if let Some(first) = self.labels.first() {
            let source = Arc::clone(&first.source);
            let text = text.into();
            self.labels.push(Label { source, span, text });
        }
        self
    }

    /// Says what to do about it.
    pub(super) fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = Some(text.into());
        self
    }
}

/// The problems found in one text so far.
pub(super) struct Problems {
    source: Arc<Source>,
    found: Vec<Diagnostic>,
    /// How many more there were.
    dropped: usize,
    /// Where something was reported already that makes whatever else is found there worthless.
    muted: BTreeSet<Span>,
    /// What is reported in vain.
    scratch: Diagnostic,
}

impl Problems {
    pub(super) fn new(source: Arc<Source>) -> Self {
        Self {
            source,
            found: Vec::new(),
            dropped: 0,
            muted: BTreeSet::new(),
            scratch: Diagnostic::of_file(Code::TooManyProblems, ""),
        }
    }

    /// Reports a problem; the result takes its label and help.
    pub(super) fn report(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        if self.muted.contains(&span) {
            return &mut self.scratch;
        }
        if self.is_full() {
            self.dropped += 1;
            return &mut self.scratch;
        }
        let source = Arc::clone(&self.source);
        let text = String::new();
        self.found.push(Diagnostic {
            code,
            message: message.into(),
            labels: vec![Label { source, span, text }],
            help: None,
        });
        self.found.last_mut().expect("it was just pushed")
    }

    /// Reports a name that refers to nothing, with the nearest one that does, or the few there are.
    pub(super) fn unknown<'a>(
        &mut self,
        code: Code,
        span: Span,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> &mut Diagnostic {
        let help = if self.is_full() {
            None
        } else {
            suggestion(name, known.into_iter().take(NAMES_COMPARED).collect())
        };
        let diagnostic = self.report(code, span, format!("no {what} {}", quoted(name)));
        diagnostic.help = help;
        diagnostic
    }

    /// Ignores what is reported at exactly this place from now on.
    pub(super) fn mute(&mut self, span: Span) {
        self.muted.insert(span);
    }

    /// What was reported last, unless it is not kept.
    pub(super) fn last(&mut self) -> Option<&mut Diagnostic> {
        if self.is_full() {
            return None;
        }
        self.found.last_mut()
    }

    /// Takes over what was found in another text, which this text names at `span`.
    pub(super) fn adopt(&mut self, diagnostics: Vec<Diagnostic>, span: Span, text: &str) {
        for mut diagnostic in diagnostics {
            if self.is_full() {
                self.dropped += 1;
                continue;
            }
            diagnostic.labels.push(Label {
                source: Arc::clone(&self.source),
                span,
                text: text.to_owned(),
            });
            self.found.push(diagnostic);
        }
    }

    /// Whether something was reported in this part of the text.
    pub(super) fn has_within(&self, part: Span) -> bool {
        let inside = |span: Span| part.start <= span.start && span.end <= part.end;
        self.found
            .iter()
            .any(|d| d.labels.first().is_some_and(|l| inside(l.span)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= PROBLEMS_KEPT
    }

    /// Everything found, in the order of the text.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        let place = |diagnostic: &Diagnostic| {
            let here = |label: &&Label| Arc::ptr_eq(&label.source, &self.source);
            diagnostic.labels.iter().find(here).map(|l| l.span.start)
        };
        self.found.sort_by_key(place);
        self.dropped += self.found.len().saturating_sub(PROBLEMS_SHOWN);
        self.found.truncate(PROBLEMS_SHOWN);
        if self.dropped > 0 {
            let message = format!("{} more problems in {}", self.dropped, self.source.path);
            let rest = Diagnostic::of_file(Code::TooManyProblems, message);
            self.found.push(rest);
        }
        self.found
    }
}

/// A name as messages show it: in backticks, control characters escaped, cut if it is very long.
pub(super) fn quoted(name: &str) -> String {
    if name.is_empty() {
        return "`\"\"`".into();
    }
    let shown: String = name.chars().take(NAME_SHOWN).collect();
    let cut = if shown.len() < name.len() { "..." } else { "" };
    format!("`{}{cut}`", escaped(&shown))
}

/// The same for a path: whole, so that it can be copied.
pub(super) fn quoted_path(path: &Path) -> String {
    format!("`{}`", escaped(&path.to_string_lossy()))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if c.is_control() {
            escaped.extend(c.escape_debug());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Names in backticks with commas between them.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(quoted).collect();
    quoted.join(", ")
}

fn suggestion(name: &str, known: Vec<&str>) -> Option<String> {
    if let Some(near) = nearest(name, known.iter().copied()) {
        return Some(format!("did you mean {}?", quoted(near)));
    }
    match known.as_slice() {
        [] => None,
        [only] => Some(format!("there is only {}", quoted(only))),
        few if few.len() <= NAMES_LISTED => Some(format!("known are {}", listed(known))),
        _ => None,
    }
}

/// Further problems are only counted: a file of a mebibyte can have hundreds of thousands.
const PROBLEMS_KEPT: usize = 500;
/// What a reader can use at once.
const PROBLEMS_SHOWN: usize = 50;
/// The cost of a suggestion is proportional to this.
const NAMES_COMPARED: usize = 250;
/// More names than this are not listed when none is near.
const NAMES_LISTED: usize = 12;
/// Characters of a name that messages show.
const NAME_SHOWN: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_smuggle_control_characters_into_a_terminal() {
        assert_eq!(quoted("server"), "`server`");
        assert_eq!(quoted("\u{1b}[31m\n"), "`\\u{1b}[31m\\n`");
        assert_eq!(
            quoted(&"x".repeat(1000)),
            format!("`{}...`", "x".repeat(60))
        );
    }

    #[test]
    fn problems_are_sorted_and_bounded() {
        let source = Arc::new(Source {
            path: "x.toml".into(),
            text: " ".repeat(3000),
        });
        let mut problems = Problems::new(source);
        for start in (0..2000).rev() {
            let span = Span { start, end: start };
            problems.report(Code::Syntax, span, "wrong");
        }
        let found = problems.finish();
        assert_eq!(found.len(), PROBLEMS_SHOWN + 1);
        assert!(found.is_sorted_by_key(|d| d.labels.first().map_or(usize::MAX, |l| l.span.start)));
        assert_eq!(
            found[PROBLEMS_SHOWN].message,
            "1950 more problems in x.toml"
        );
    }

    #[test]
    fn code_names_are_unique() {
        let names: std::collections::BTreeSet<&str> = Code::ALL.iter().map(|c| c.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
