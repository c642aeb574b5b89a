//! What an error code, an error name or a cause means, on each system.
//!
//! Everything that can be derived is: codes, texts and calls come from the profiles' error tables, times from running
//! small scenarios, and examples from running the scenarios at hand. Only [`causes`] is prose.
//!
//! ```
//! let explanation = halfopen::explain::explain("10060", &[]).expect("a number of Windows");
//! assert!(explanation.to_string().contains("WSAETIMEDOUT"));
//! assert!(halfopen::explain::explain("WSAETIMEOUT", &[]).is_err());
//! ```

pub mod causes;
mod display;
mod examples;
mod query;
mod returns;
mod when;

pub use examples::Example;
pub(crate) use returns::returns;
pub(crate) use when::Demonstration;
pub use when::{Time, When};

use crate::plan::Plan;
use causes::Prose;
use examples::Seen;
use halfopen_tcp::profile::{Os, OsError};
use halfopen_tcp::{Call, Cause};
use query::Found;
use std::fmt;

/// What there is to say about a code, a name or a cause.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// One page for each thing that was asked for: a bare number may mean several.
    pub pages: Vec<Page>,
}

/// What there is to say about one error or one cause.
#[derive(Clone, PartialEq, Debug)]
pub enum Page {
    /// An error, and the causes that lead to it.
    Error(ErrorPage),
    /// A cause, and the errors that it leads to.
    Cause(Why),
}

/// An error, as the systems know it that were asked about.
#[derive(Clone, PartialEq, Debug)]
pub struct ErrorPage {
    /// The error on those systems.
    pub asked: Vec<OnSystem>,
    /// The error of the same name on the others.
    pub elsewhere: Vec<OnSystem>,
    /// The error that a plain call returns where a Windows completion port reports this one.
    pub plain: Option<&'static OsError>,
    /// The causes that it names.
    pub why: Vec<Why>,
    /// Causes that have an error of their own, while some calls return this one.
    pub also: Vec<Also>,
}

/// An error on one family of systems.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OnSystem {
    /// The family.
    pub os: Os,
    /// The error.
    pub error: &'static OsError,
}

/// A cause, and what is known about it.
#[derive(Clone, PartialEq, Debug)]
pub struct Why {
    /// The cause.
    pub cause: Cause,
    /// What to know about it.
    pub prose: &'static Prose,
    /// Which calls return what; on an error's page only those that return that error.
    pub returns: Vec<Returns>,
    /// When it is learned of with the default timers. `None` if that is at once, or for the program to say.
    pub when: Option<When>,
    /// The scenarios that show it; on an error's page only those that show that error.
    pub examples: Vec<Example>,
}

/// What calls on one family of systems return for a cause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Returns {
    /// The family.
    pub os: Os,
    /// What they return.
    pub what: Returned,
    /// The calls that return it when they are the first to learn of the cause.
    pub first: Vec<Call>,
    /// The calls that return it, and did not the first time, when another call has had the error already.
    pub later: Vec<Call>,
}

/// What a call returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Returned {
    /// That error.
    Error(&'static OsError),
    /// End of file: no error at all.
    EndOfFile,
}

/// Causes for which some calls return the error of an [`ErrorPage`], though it is not the cause's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Also {
    /// The family.
    pub os: Os,
    /// The calls.
    pub calls: Vec<Call>,
    /// Whether another call must have had the error before.
    pub later: bool,
    /// The causes.
    pub causes: Vec<Cause>,
}

/// Nothing is known under that name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Unknown {
    /// What was asked for.
    pub query: String,
    /// The nearest names, the nearest first.
    pub nearest: Vec<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no error and no cause is called `{}`", self.query)
    }
}

/// Explains a code (`10060`, `0x8007274C`), the name of an error (`WSAETIMEDOUT`, `etimedout`), of a cause
/// (`syn-unanswered`) or of a kind (`TimedOut`), a whole `os error 10060`, or a part of a message's text.
///
/// `scenarios` are cases to look for examples in: they are run.
pub fn explain(query: &str, scenarios: &[Plan]) -> Result<Explanation, Unknown> {
    let found = query::find(query)?;
    let seen = Seen::new(scenarios);
    let pages = found.into_iter().map(|found| match found {
        Found::Cause(cause) => Page::Cause(why_cause(cause, &seen)),
        Found::Error(asked) => Page::Error(error_page(asked, &seen)),
    });
    Ok(Explanation {
        pages: pages.collect(),
    })
}

fn error_page(asked: Vec<OnSystem>, seen: &Seen) -> ErrorPage {
    let (causes, also) = returns::causes_of(&asked);
    ErrorPage {
        elsewhere: query::elsewhere(&asked),
        plain: asked.iter().find_map(|on| query::plain(on.os, on.error)),
        why: causes
            .into_iter()
            .map(|cause| why_error(cause, &asked, seen))
            .collect(),
        also,
        asked,
    }
}

fn why_cause(cause: Cause, seen: &Seen) -> Why {
    let returns = Os::ALL.iter().flat_map(|os| returns::returns(*os, cause));
    Why {
        cause,
        prose: causes::prose(cause),
        returns: returns.collect(),
        when: when::when(cause, Os::ALL),
        examples: seen.of_cause(cause),
    }
}

/// The cause, as far as it is about these errors.
fn why_error(cause: Cause, asked: &[OnSystem], seen: &Seen) -> Why {
    let returns = asked.iter().flat_map(|on| {
        let all = returns::returns(on.os, cause).into_iter();
        all.filter(|returns| returns.what == Returned::Error(on.error))
    });
    let returns: Vec<_> = returns.collect();
    let systems: Vec<_> = returns.iter().map(|returns| returns.os).collect();
    Why {
        cause,
        prose: causes::prose(cause),
        returns,
        when: when::when(cause, &systems),
        examples: seen.of_error(cause, asked),
    }
}
