//! What came of it, as the client's user sees it.

use crate::Outcome;
use halfopen::tcp::profile::OsError;
use std::error::Error;
use std::iter::successors;
use std::time::Duration;

/// What the user of a client sees.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How long the request took.
    pub after: Duration,
    /// What came of it.
    pub answer: Answer,
    /// What came of the same client's next request, a second later.
    pub again: Option<Answer>,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// An answer.
    Ok,
    /// An error.
    Error {
        /// Its text, and those of its sources.
        texts: Vec<String>,
        /// The system's error in it, if the library has kept it.
        os: Option<OsError>,
    },
    /// Nothing, and the user is tired of waiting.
    Waits,
}

type Source<'e> = &'e (dyn Error + 'static);

fn source<'e>(error: &Source<'e>) -> Option<Source<'e>> {
    (**error).source()
}

impl Answer {
    pub(crate) fn of(outcome: Outcome) -> Self {
        let Err(error) = outcome else {
            return Self::Ok;
        };
        let sources = successors(Some(&*error as Source<'_>), source);
        Self::Error {
            texts: sources.map(ToString::to_string).collect(),
            os: halfopen::os_error(&*error),
        }
    }
}
