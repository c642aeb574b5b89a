use super::*;
use std::collections::BTreeSet;

#[test]
fn codes_ascend_and_names_are_unique() {
    for os in Os::ALL {
        let errors = all(*os);
        assert!(
            errors.windows(2).all(|pair| pair[0].code < pair[1].code),
            "{os:?}"
        );
        let names: BTreeSet<_> = errors.iter().map(|error| error.name).collect();
        assert_eq!(names.len(), errors.len(), "{os:?}");
    }
}

#[test]
fn every_failure_that_can_come_up_has_a_row_in_every_profile() {
    for profile in Profile::ALL {
        for &cause in Cause::ALL {
            for &call in calls(profile.os, cause) {
                for when in [Occurrence::First, Occurrence::Again] {
                    assert!(
                        profile
                            .errors
                            .iter()
                            .any(|rule| rule.fits(cause, call, when)),
                        "{}: {cause} in {call}, {when:?}",
                        profile.name
                    );
                }
            }
        }
    }
}

/// A row that earlier rows shadow entirely would be a claim that nothing checks.
#[test]
fn every_row_answers_something() {
    for profile in Profile::ALL {
        for (index, rule) in profile.errors.iter().enumerate() {
            let mut pairs = Cause::ALL.iter().flat_map(|&cause| {
                calls(profile.os, cause)
                    .iter()
                    .map(move |&call| (cause, call))
            });
            let answers = pairs.any(|(cause, call)| {
                [Occurrence::First, Occurrence::Again].iter().any(|&when| {
                    profile
                        .errors
                        .iter()
                        .position(|rule| rule.fits(cause, call, when))
                        == Some(index)
                })
            });
            assert!(answers, "{}: row {index}: {rule:?}", profile.name);
        }
    }
}

/// Release, cause, call, what it returns the first time and later on.
const CASES: &[(&str, Cause, Call, &str, &str)] = &[
    // The four errors of the article.
    (
        "windows-article",
        Cause::SynUnanswered,
        Call::Connect,
        "WSAETIMEDOUT",
        "WSAETIMEDOUT",
    ),
    (
        "windows-article",
        Cause::RefusedByPeer,
        Call::Connect,
        "WSAECONNREFUSED",
        "WSAECONNREFUSED",
    ),
    (
        "windows-article",
        Cause::RetransmissionsExhausted,
        Call::Send,
        "WSAECONNABORTED",
        "WSAECONNABORTED",
    ),
    (
        "windows-article",
        Cause::ResetByPeer,
        Call::Recv,
        "WSAECONNRESET",
        "WSAECONNRESET",
    ),
    // Windows: the error stays, but for keepalive; a failed attempt leaves an unconnected socket.
    (
        "windows-10",
        Cause::KeepAliveUnanswered,
        Call::Recv,
        "WSAENETRESET",
        "WSAECONNRESET",
    ),
    (
        "windows-10",
        Cause::ResetAfterClose,
        Call::Send,
        "WSAECONNABORTED",
        "WSAECONNABORTED",
    ),
    (
        "windows-10",
        Cause::SynUnanswered,
        Call::Send,
        "WSAENOTCONN",
        "WSAENOTCONN",
    ),
    (
        "windows-10",
        Cause::ResetByPeer,
        Call::Accept,
        "WSAECONNRESET",
        "WSAECONNRESET",
    ),
    (
        "windows-10",
        Cause::TimedOutWaiting,
        Call::Recv,
        "WSAETIMEDOUT",
        "WSAETIMEDOUT",
    ),
    (
        "windows-10",
        Cause::PortsExhausted,
        Call::Connect,
        "WSAENOBUFS",
        "WSAENOBUFS",
    ),
    (
        "windows-10",
        Cause::AddressNotAvailable,
        Call::Resolve,
        "WSAHOST_NOT_FOUND",
        "WSAHOST_NOT_FOUND",
    ),
    // Linux: once, then a closed socket.
    (
        "linux",
        Cause::ResetByPeer,
        Call::Recv,
        "ECONNRESET",
        "ENOTCONN",
    ),
    (
        "linux",
        Cause::ResetByPeer,
        Call::Send,
        "ECONNRESET",
        "EPIPE",
    ),
    (
        "linux",
        Cause::ResetByPeer,
        Call::Shutdown,
        "ENOTCONN",
        "ENOTCONN",
    ),
    (
        "linux",
        Cause::ResetAfterClose,
        Call::Send,
        "EPIPE",
        "EPIPE",
    ),
    (
        "linux",
        Cause::SynUnanswered,
        Call::Connect,
        "ETIMEDOUT",
        "ECONNABORTED",
    ),
    (
        "linux",
        Cause::SynUnanswered,
        Call::Recv,
        "ETIMEDOUT",
        "ENOTCONN",
    ),
    (
        "linux",
        Cause::PortUnreachable,
        Call::Connect,
        "ECONNREFUSED",
        "ECONNABORTED",
    ),
    (
        "linux",
        Cause::AdminProhibited,
        Call::Connect,
        "EHOSTUNREACH",
        "ECONNABORTED",
    ),
    (
        "linux",
        Cause::ConnectInProgress,
        Call::Connect,
        "EALREADY",
        "EALREADY",
    ),
    (
        "linux",
        Cause::WouldBlock,
        Call::Connect,
        "EINPROGRESS",
        "EINPROGRESS",
    ),
    ("linux", Cause::WouldBlock, Call::Recv, "EAGAIN", "EAGAIN"),
    (
        "linux",
        Cause::TimedOutWaiting,
        Call::Recv,
        "EAGAIN",
        "EAGAIN",
    ),
    ("linux", Cause::NotConnected, Call::Send, "EPIPE", "EPIPE"),
    (
        "linux",
        Cause::NotConnected,
        Call::Recv,
        "ENOTCONN",
        "ENOTCONN",
    ),
    (
        "linux",
        Cause::PortsExhausted,
        Call::Bind,
        "EADDRINUSE",
        "EADDRINUSE",
    ),
    (
        "linux",
        Cause::PortsExhausted,
        Call::Connect,
        "EADDRNOTAVAIL",
        "EADDRNOTAVAIL",
    ),
    (
        "linux",
        Cause::AddressNotAvailable,
        Call::Resolve,
        "EAI_NONAME",
        "EAI_NONAME",
    ),
    // The BSDs: a write never learns why.
    (
        "macos",
        Cause::ResetByPeer,
        Call::Recv,
        "ECONNRESET",
        "ENOTCONN",
    ),
    ("macos", Cause::ResetByPeer, Call::Send, "EPIPE", "EPIPE"),
    (
        "macos",
        Cause::ResetByPeer,
        Call::Accept,
        "ECONNABORTED",
        "ECONNABORTED",
    ),
    (
        "macos",
        Cause::SynUnanswered,
        Call::Connect,
        "ETIMEDOUT",
        "EINVAL",
    ),
    (
        "macos",
        Cause::AdminProhibited,
        Call::Connect,
        "ECONNREFUSED",
        "EINVAL",
    ),
    (
        "macos",
        Cause::NetUnreachable,
        Call::Connect,
        "ENETUNREACH",
        "EINVAL",
    ),
    (
        "macos",
        Cause::NotConnected,
        Call::Send,
        "ENOTCONN",
        "ENOTCONN",
    ),
    (
        "freebsd",
        Cause::NetUnreachable,
        Call::Connect,
        "EHOSTUNREACH",
        "ECONNREFUSED",
    ),
    (
        "freebsd",
        Cause::PortsExhausted,
        Call::Bind,
        "EADDRNOTAVAIL",
        "EADDRNOTAVAIL",
    ),
];

#[test]
fn causes_become_the_errors_of_the_system() {
    for (name, cause, call, first, again) in CASES {
        let profile = Profile::named(name).expect("a profile of that name");
        let error = |when| profile.error(*cause, *call, when).name;
        let found = (error(Occurrence::First), error(Occurrence::Again));
        assert_eq!(found, (*first, *again), "{name}: {cause} in {call}");
    }
}

#[test]
fn what_cannot_come_up_is_an_invalid_argument() {
    let error = |name| {
        let profile = Profile::named(name).expect("a profile of that name");
        profile
            .error(Cause::SynUnanswered, Call::Bind, Occurrence::First)
            .name
    };
    // A row for every call answers, and so it does for calls that cannot fail so.
    assert_eq!(error("linux"), "ETIMEDOUT");
    let profile = Profile {
        errors: (&[]).into(),
        ..Profile::named("freebsd").expect("a profile of that name")
    };
    let empty = profile.error(Cause::SynUnanswered, Call::Connect, Occurrence::First);
    assert_eq!(empty.name, "EINVAL");
}

/// Compares the numbers of all these names with a crate's constants, and that there are no other names.
macro_rules! numbers_are_those_of {
    ($crate_module:path, $os:expr, $skip:expr, [$($name:ident),* $(,)?]) => {{
        use $crate_module as constants;
        let numbers: &[(&str, i64)] = &[$((stringify!($name), constants::$name as i64)),*];
        for (name, number) in numbers {
            let code = by_name($os, name).map(|error| i64::from(error.code));
            assert_eq!(code, Some(*number), "{name}");
        }
        let skip: fn(&str) -> bool = $skip;
        let others = all($os).iter().filter(|error| !skip(error.name));
        assert_eq!(numbers.len(), others.count());
    }};
}

#[test]
fn windows_numbers_are_those_of_the_windows_headers() {
    numbers_are_those_of!(
        windows_sys::Win32::Networking::WinSock,
        Os::Windows,
        |name| !name.starts_with("WSA"),
        [
            WSAEINTR,
            WSAEBADF,
            WSAEACCES,
            WSAEFAULT,
            WSAEINVAL,
            WSAEMFILE,
            WSAEWOULDBLOCK,
            WSAEINPROGRESS,
            WSAEALREADY,
            WSAENOTSOCK,
            WSAEDESTADDRREQ,
            WSAEMSGSIZE,
            WSAEPROTOTYPE,
            WSAENOPROTOOPT,
            WSAEPROTONOSUPPORT,
            WSAESOCKTNOSUPPORT,
            WSAEOPNOTSUPP,
            WSAEPFNOSUPPORT,
            WSAEAFNOSUPPORT,
            WSAEADDRINUSE,
            WSAEADDRNOTAVAIL,
            WSAENETDOWN,
            WSAENETUNREACH,
            WSAENETRESET,
            WSAECONNABORTED,
            WSAECONNRESET,
            WSAENOBUFS,
            WSAEISCONN,
            WSAENOTCONN,
            WSAESHUTDOWN,
            WSAETOOMANYREFS,
            WSAETIMEDOUT,
            WSAECONNREFUSED,
            WSAELOOP,
            WSAENAMETOOLONG,
            WSAEHOSTDOWN,
            WSAEHOSTUNREACH,
            WSAEDQUOT,
            WSASYSNOTREADY,
            WSANOTINITIALISED,
            WSAEDISCON,
            WSAEINVALIDPROCTABLE,
            WSAEINVALIDPROVIDER,
            WSAEPROVIDERFAILEDINIT,
            WSAHOST_NOT_FOUND
        ]
    );
    numbers_are_those_of!(
        windows_sys::Win32::Foundation,
        Os::Windows,
        |name| name.starts_with("WSA"),
        [
            ERROR_NETNAME_DELETED,
            ERROR_SEM_TIMEOUT,
            WAIT_TIMEOUT,
            ERROR_OPERATION_ABORTED,
            ERROR_CONNECTION_REFUSED,
            ERROR_NETWORK_UNREACHABLE,
            ERROR_HOST_UNREACHABLE,
            ERROR_CONNECTION_ABORTED,
            ERROR_TIMEOUT
        ]
    );
}

/// What the standard library and the C library of the machine that runs the tests say.
#[cfg(target_os = "linux")]
mod on_linux {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_kernel_headers() {
        numbers_are_those_of!(
            libc,
            Os::Linux,
            |_| false,
            [
                EAI_NONAME,
                EPERM,
                EINTR,
                EBADF,
                EAGAIN,
                ENOMEM,
                EACCES,
                EFAULT,
                EINVAL,
                ENFILE,
                EMFILE,
                EPIPE,
                EDOM,
                ENONET,
                EPROTO,
                ENOTSOCK,
                EDESTADDRREQ,
                EMSGSIZE,
                EPROTOTYPE,
                ENOPROTOOPT,
                EPROTONOSUPPORT,
                ESOCKTNOSUPPORT,
                EOPNOTSUPP,
                EPFNOSUPPORT,
                EAFNOSUPPORT,
                EADDRINUSE,
                EADDRNOTAVAIL,
                ENETDOWN,
                ENETUNREACH,
                ENETRESET,
                ECONNABORTED,
                ECONNRESET,
                ENOBUFS,
                EISCONN,
                ENOTCONN,
                ESHUTDOWN,
                ETOOMANYREFS,
                ETIMEDOUT,
                ECONNREFUSED,
                EHOSTDOWN,
                EHOSTUNREACH,
                EALREADY,
                EINPROGRESS,
                ECANCELED
            ]
        );
    }

    #[test]
    fn texts_are_those_of_strerror() {
        for error in errnos() {
            let expected = format!("{} (os error {})", error.text, error.code);
            let printed = io::Error::from_raw_os_error(error.code).to_string();
            assert_eq!(printed, expected, "{}", error.name);
        }
    }

    #[test]
    fn kinds_are_those_of_the_standard_library() {
        for error in errnos() {
            let kind = io::Error::from_raw_os_error(error.code).kind();
            let unstable = ["Uncategorized", "InProgress"].contains(&format!("{kind:?}").as_str());
            let expected = if unstable { io::ErrorKind::Other } else { kind };
            assert_eq!(error.kind, expected, "{}: {kind:?}", error.name);
        }
    }

    /// `EAI_NONAME` is a number of another series.
    fn errnos() -> impl Iterator<Item = &'static OsError> {
        all(Os::Linux)
            .iter()
            .filter(|error| error.name != "EAI_NONAME")
    }
}
