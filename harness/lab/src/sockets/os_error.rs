//! Failures as [`io::Error`], the way the simulated system's own sockets would return them.

use halfopen_tcp::profile::errors::{self, Occurrence};
use halfopen_tcp::profile::{Os, OsError, Profile};
use halfopen_tcp::{Call, Cause, Failure};
use std::error::Error;
use std::fmt;
use std::io;
use std::iter::successors;
use std::sync::Arc;

/// What an error of another system carries inside, and one that the standard library gives no number.
#[derive(Clone, Copy)]
struct Simulated {
    error: OsError,
    cause: Cause,
}

impl fmt::Display for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OsError { text, code, .. } = self.error;
        if is_resolver_error(&self.error) {
            // As std's `getaddrinfo` words it, which has no number for it.
            write!(f, "failed to lookup address information: {text}")
        } else {
            write!(f, "{text} (os error {code})")
        }
    }
}

/// As near to how the standard library shows an error with a number as what an [`io::Error`] carries can be.
impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Os")
            .field("code", &self.error.code)
            .field("message", &self.error.text)
            .finish()
    }
}

impl Error for Simulated {}

fn is_resolver_error(error: &OsError) -> bool {
    error.name.starts_with("EAI_")
}

/// The system that this program runs on.
const NATIVE: Option<Os> = if cfg!(target_os = "linux") {
    Some(Os::Linux)
} else if cfg!(windows) {
    Some(Os::Windows)
} else if cfg!(target_os = "macos") {
    Some(Os::Macos)
} else if cfg!(target_os = "freebsd") {
    Some(Os::Freebsd)
} else {
    None
};

/// What a call returns for a failure.
pub(crate) fn io_error(profile: &Profile, failure: Failure, call: Call) -> io::Error {
    if failure.cause == Cause::WouldBlock {
        return io::ErrorKind::WouldBlock.into();
    }
    let error = profile.error(failure.cause, call, failure.when);
    if NATIVE == Some(profile.os) && !is_resolver_error(error) {
        return io::Error::from_raw_os_error(error.code);
    }
    let simulated = Simulated {
        error: *error,
        cause: failure.cause,
    };
    io::Error::new(error.kind, simulated)
}

/// What looking up a name that is not there returns.
pub(crate) fn resolve_error(profile: &Profile) -> io::Error {
    let failure = Failure {
        cause: Cause::AddressNotAvailable,
        when: Occurrence::First,
    };
    io_error(profile, failure, Call::Resolve)
}

/// The simulated system's name, number and text of an error that one of our sockets returned, whatever errors of
/// libraries it is wrapped in; `None` for one that has no number there, such as [`io::ErrorKind::WouldBlock`].
///
/// An error of the system that the test runs on is an ordinary one, with its `raw_os_error()`. An error of another
/// system has the kind that the standard library gives it there, and carries its number inside; this function finds
/// either. A library that keeps only an error's kind or text, as h2 does, has lost it.
///
/// ```
/// # use halfopen::{Lab, os_error};
/// # use halfopen::net::TcpStream;
/// let mut lab = Lab::new();
/// lab.host("server").os("linux");
/// lab.host("client").os("windows-10").client(async {
///     let error = TcpStream::connect("server:80").await.unwrap_err();
///     assert_eq!(os_error(&error).unwrap().name, "WSAECONNREFUSED");
///     assert_eq!(os_error(&error).unwrap().code, 10061);
///     Ok(())
/// });
/// lab.run().unwrap();
/// ```
pub fn os_error(error: &(dyn Error + 'static)) -> Option<OsError> {
    chain(error).find_map(|error| {
        if let Some(simulated) = error.downcast_ref::<Simulated>() {
            return Some(simulated.error);
        }
        let code = error.downcast_ref::<io::Error>()?.raw_os_error()?;
        let known = errors::all(NATIVE?);
        known.iter().find(|error| error.code == code).copied()
    })
}

/// Why a call failed, where the error tells: that of a system other than the one that the test runs on does. An
/// ordinary error of the system has only its number.
///
/// ```
/// # use halfopen::{Lab, cause, tcp::Cause};
/// # use halfopen::net::TcpStream;
/// let mut lab = Lab::new();
/// lab.host("server");
/// lab.host("client").os("windows-10").client(async {
///     let error = TcpStream::connect("server:80").await.unwrap_err();
///     assert_eq!(cause(&error), Some(Cause::RefusedByPeer));
///     Ok(())
/// });
/// # #[cfg(not(windows))]
/// lab.run().unwrap();
/// ```
pub fn cause(error: &(dyn Error + 'static)) -> Option<Cause> {
    let simulated = chain(error).find_map(|error| error.downcast_ref::<Simulated>());
    simulated.map(|simulated| simulated.cause)
}

/// An error, what it carries inside, and their sources.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    successors(Some(error), |error| below(*error))
}

/// What an error carries inside or, if that is nothing, its source. An `io::Error` itself passes over what it carries
/// and gives the source of that; so does one that is shared, as in the errors of redis-rs.
fn below<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return Some(&**shared);
    }
    let inside = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match inside {
        Some(inside) => Some(inside),
        None => error.source(),
    }
}
