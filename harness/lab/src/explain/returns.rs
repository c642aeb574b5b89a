//! Which calls return what, read off the profiles' error tables.

use super::{Also, OnSystem, Returned, Returns};
use halfopen_tcp::profile::errors::{Occurrence, calls};
use halfopen_tcp::profile::{AfterError, Os};
use halfopen_tcp::{Call, Cause, Profile};

/// What the calls of that family return for that cause. A program that was killed sees nothing.
pub(crate) fn returns(os: Os, cause: Cause) -> Vec<Returns> {
    let mut all: Vec<Returns> = Vec::new();
    if cause == Cause::Killed {
        return all;
    }
    for &call in calls(os, cause) {
        let first = returned(os, cause, call, Occurrence::First);
        entry(&mut all, os, first).first.push(call);
        let later = returned(os, cause, call, Occurrence::Again);
        if later != first {
            entry(&mut all, os, later).later.push(call);
        }
    }
    let own = own_error(os, cause);
    all.sort_by_key(|returns| (returns.what != own, returns.first.is_empty()));
    all
}

/// The causes that the error names on one of those systems, and those for which only some calls return it.
pub(super) fn causes_of(asked: &[OnSystem]) -> (Vec<Cause>, Vec<Also>) {
    let mut why: Vec<Cause> = Vec::new();
    let mut also: Vec<Also> = Vec::new();
    for &cause in Cause::ALL {
        for on in asked {
            let all = returns(on.os, cause);
            let Some(returns) = all
                .into_iter()
                .find(|r| r.what == Returned::Error(on.error))
            else {
                continue;
            };
            if own_error(on.os, cause) == returns.what {
                why.push(cause);
                continue;
            }
            for (calls, later) in [(returns.first, false), (returns.later, true)] {
                if !calls.is_empty() {
                    add(&mut also, on.os, calls, later, cause);
                }
            }
        }
    }
    why.dedup();
    // What a cause's own section says need not be said again.
    for also in &mut also {
        also.causes.retain(|cause| !why.contains(cause));
    }
    also.retain(|also| !also.causes.is_empty());
    (why, also)
}

/// What a program takes for the cause's error: what the pending error is, or what the one call returns that can fail.
fn own_error(os: Os, cause: Cause) -> Returned {
    let calls = calls(os, cause);
    let call = if calls.contains(&Call::GetOption) {
        Call::GetOption
    } else {
        calls[0]
    };
    returned(os, cause, call, Occurrence::First)
}

/// What one call returns. A read may see end of file instead of what the table has: after a FIN, or after another call
/// has taken the error of a connection.
fn returned(os: Os, cause: Cause, call: Call, when: Occurrence) -> Returned {
    let profile = profile_of(os);
    let order = profile.error_order;
    let after_fin = cause == Cause::ResetAfterClose && order.eof_before_error;
    let taken = when == Occurrence::Again
        && order.after_error == AfterError::EndOfFile
        && ends_a_connection(cause);
    if call == Call::Recv && (after_fin || taken) {
        Returned::EndOfFile
    } else {
        Returned::Error(profile.error(cause, call, when))
    }
}

/// Whether the cause ends what was a connection, and not only an attempt at one.
fn ends_a_connection(cause: Cause) -> bool {
    match cause {
        Cause::RetransmissionsExhausted
        | Cause::ResetByPeer
        | Cause::ResetAfterClose
        | Cause::KeepAliveUnanswered
        | Cause::UserTimeout
        | Cause::ZeroWindowExhausted
        | Cause::AbortedLocally => true,
        Cause::SynUnanswered
        | Cause::RefusedByPeer
        | Cause::NetUnreachable
        | Cause::HostUnreachable
        | Cause::PortUnreachable
        | Cause::AdminProhibited
        | Cause::NoRoute
        | Cause::AddressInUse
        | Cause::AddressNotAvailable
        | Cause::PortsExhausted
        | Cause::NotConnected
        | Cause::AlreadyConnected
        | Cause::ConnectInProgress
        | Cause::ShutDown
        | Cause::WouldBlock
        | Cause::TimedOutWaiting
        | Cause::InvalidArgument
        | Cause::Killed => false,
    }
}

/// The newest release of the family; the releases of one family share their error tables.
fn profile_of(os: Os) -> &'static Profile {
    let mut profiles = Profile::ALL.iter().rev();
    profiles
        .find(|profile| profile.os == os)
        .expect("every family has a profile")
}

fn entry(all: &mut Vec<Returns>, os: Os, what: Returned) -> &mut Returns {
    let index = all.iter().position(|returns| returns.what == what);
    let index = index.unwrap_or_else(|| {
        all.push(Returns {
            os,
            what,
            first: Vec::new(),
            later: Vec::new(),
        });
        all.len() - 1
    });
    &mut all[index]
}

fn add(also: &mut Vec<Also>, os: Os, calls: Vec<Call>, later: bool, cause: Cause) {
    let same = |known: &&mut Also| known.os == os && known.later == later && known.calls == calls;
    match also.iter_mut().find(same) {
        Some(known) => known.causes.push(cause),
        None => also.push(Also {
            os,
            calls,
            later,
            causes: vec![cause],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halfopen_tcp::profile::OsError;

    #[test]
    fn releases_of_one_family_share_their_error_table() {
        for profile in Profile::ALL {
            assert_eq!(
                profile.errors,
                profile_of(profile.os).errors,
                "{}",
                profile.name
            );
            assert_eq!(
                profile.error_order,
                profile_of(profile.os).error_order,
                "{}",
                profile.name
            );
        }
    }

    fn own(os: Os, cause: Cause) -> &'static OsError {
        match own_error(os, cause) {
            Returned::Error(error) => error,
            Returned::EndOfFile => panic!("{cause} has an error"),
        }
    }

    #[test]
    fn a_cause_has_the_error_that_programs_take_for_it() {
        assert_eq!(
            own(Os::Windows, Cause::RetransmissionsExhausted).code,
            10053
        );
        assert_eq!(own(Os::Linux, Cause::ResetAfterClose).name, "EPIPE");
        assert_eq!(own(Os::Macos, Cause::ResetByPeer).name, "ECONNRESET");
    }
}
