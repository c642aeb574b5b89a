//! Linux errno: numbers of `asm-generic/errno-base.h` and `asm-generic/errno.h`, texts of glibc's `strerror`.
//!
//! `EAI_NONAME` stands for a name that does not resolve. It is a result of `getaddrinfo` (`netdb.h`, text of
//! `gai_strerror`) and no errno.

use super::{ErrorRule, FAILURES, OsError, TIMEOUTS, os_errors};
use crate::cause::{Call, Cause};
use std::io::ErrorKind;

os_errors! {
    EAI_NONAME = -2, Other, "Name or service not known";
    EPERM = 1, PermissionDenied, "Operation not permitted";
    EINTR = 4, Interrupted, "Interrupted system call";
    EBADF = 9, Other, "Bad file descriptor";
    EAGAIN = 11, WouldBlock, "Resource temporarily unavailable";
    ENOMEM = 12, OutOfMemory, "Cannot allocate memory";
    EACCES = 13, PermissionDenied, "Permission denied";
    EFAULT = 14, Other, "Bad address";
    EINVAL = 22, InvalidInput, "Invalid argument";
    ENFILE = 23, Other, "Too many open files in system";
    EMFILE = 24, Other, "Too many open files";
    EPIPE = 32, BrokenPipe, "Broken pipe";
    EDOM = 33, Other, "Numerical argument out of domain";
    ENONET = 64, Other, "Machine is not on the network";
    EPROTO = 71, Other, "Protocol error";
    ENOTSOCK = 88, Other, "Socket operation on non-socket";
    EDESTADDRREQ = 89, Other, "Destination address required";
    EMSGSIZE = 90, Other, "Message too long";
    EPROTOTYPE = 91, Other, "Protocol wrong type for socket";
    ENOPROTOOPT = 92, Other, "Protocol not available";
    EPROTONOSUPPORT = 93, Other, "Protocol not supported";
    ESOCKTNOSUPPORT = 94, Other, "Socket type not supported";
    EOPNOTSUPP = 95, Unsupported, "Operation not supported";
    EPFNOSUPPORT = 96, Other, "Protocol family not supported";
    EAFNOSUPPORT = 97, Other, "Address family not supported by protocol";
    EADDRINUSE = 98, AddrInUse, "Address already in use";
    EADDRNOTAVAIL = 99, AddrNotAvailable, "Cannot assign requested address";
    ENETDOWN = 100, NetworkDown, "Network is down";
    ENETUNREACH = 101, NetworkUnreachable, "Network is unreachable";
    ENETRESET = 102, Other, "Network dropped connection on reset";
    ECONNABORTED = 103, ConnectionAborted, "Software caused connection abort";
    ECONNRESET = 104, ConnectionReset, "Connection reset by peer";
    ENOBUFS = 105, Other, "No buffer space available";
    EISCONN = 106, Other, "Transport endpoint is already connected";
    ENOTCONN = 107, NotConnected, "Transport endpoint is not connected";
    ESHUTDOWN = 108, Other, "Cannot send after transport endpoint shutdown";
    ETOOMANYREFS = 109, Other, "Too many references: cannot splice";
    ETIMEDOUT = 110, TimedOut, "Connection timed out";
    ECONNREFUSED = 111, ConnectionRefused, "Connection refused";
    EHOSTDOWN = 112, Other, "Host is down";
    EHOSTUNREACH = 113, HostUnreachable, "No route to host";
    EALREADY = 114, Other, "Operation already in progress";
    EINPROGRESS = 115, Other, "Operation now in progress";
    ECANCELED = 125, Other, "Operation canceled";
}

/// Functions named here are those of Linux 6.12; what was measured was measured on 6.18.
pub(in crate::profile) const RULES: &[ErrorRule] = &[
    // The pending error is handed out once: sock_error() swaps it for 0. What is left is a closed socket.
    // tcp_sendmsg_locked(): shut down for sending, so sk_stream_error() makes it EPIPE.
    ErrorRule::again(FAILURES, &[Call::Send], &EPIPE),
    // recv after an attempt that failed; after a connection that failed it is end of file (measured).
    ErrorRule::again(FAILURES, &[Call::Recv], &ENOTCONN),
    // __inet_stream_connect(): `sock_error(sk) ? : -ECONNABORTED`.
    ErrorRule::again(FAILURES, &[Call::Connect], &ECONNABORTED),
    // inet_shutdown() looks at the state, which is CLOSED by now, and leaves the error pending.
    ErrorRule::always(FAILURES, &[Call::Shutdown], &ENOTCONN),
    // tcp_write_err(): sk_err_soft, or else ETIMEDOUT. tcp_keepalive_timer() ends there as well.
    ErrorRule::always(TIMEOUTS, &[], &ETIMEDOUT),
    // tcp_reset(): SYN-SENT.
    ErrorRule::always(&[Cause::RefusedByPeer], &[], &ECONNREFUSED),
    // tcp_reset(): every other state ...
    ErrorRule::always(&[Cause::ResetByPeer], &[], &ECONNRESET),
    // ... but CLOSE-WAIT.
    ErrorRule::always(&[Cause::ResetAfterClose], &[], &EPIPE),
    // icmp_err_convert[] in net/ipv4/icmp.c, codes 0, 1, 3 and 13.
    ErrorRule::always(&[Cause::NetUnreachable], &[], &ENETUNREACH),
    ErrorRule::always(
        &[Cause::HostUnreachable, Cause::AdminProhibited],
        &[],
        &EHOSTUNREACH,
    ),
    ErrorRule::always(&[Cause::PortUnreachable], &[], &ECONNREFUSED),
    // Data after both directions were shut down: `tcp_rcv_state_process` calls `tcp_reset` on its own socket.
    ErrorRule::always(&[Cause::AbortedLocally], &[], &ECONNRESET),
    // ip_route_output_key_hash_rcu(); measured.
    ErrorRule::always(&[Cause::NoRoute], &[], &ENETUNREACH),
    ErrorRule::always(&[Cause::AddressInUse], &[], &EADDRINUSE),
    // getaddrinfo(), EAI_NONAME.
    ErrorRule::always(&[Cause::AddressNotAvailable], &[Call::Resolve], &EAI_NONAME),
    ErrorRule::always(&[Cause::AddressNotAvailable], &[], &EADDRNOTAVAIL),
    // bind(2): EADDRINUSE when every ephemeral port is in use; connect(2): EADDRNOTAVAIL for the same (measured).
    ErrorRule::always(
        &[Cause::PortsExhausted],
        &[Call::Bind, Call::Listen],
        &EADDRINUSE,
    ),
    ErrorRule::always(&[Cause::PortsExhausted], &[], &EADDRNOTAVAIL),
    // send(2) says ENOTCONN; the kernel says EPIPE (measured), as for any socket that cannot send.
    ErrorRule::always(&[Cause::NotConnected], &[Call::Send], &EPIPE),
    ErrorRule::always(&[Cause::NotConnected], &[], &ENOTCONN),
    // inet_listen() wants an unconnected socket.
    ErrorRule::always(&[Cause::AlreadyConnected], &[Call::Listen], &EINVAL),
    ErrorRule::always(&[Cause::AlreadyConnected], &[], &EISCONN),
    // Measured in SYN-SENT on a non-blocking socket.
    ErrorRule::always(
        &[Cause::ConnectInProgress],
        &[Call::Send, Call::Recv],
        &EAGAIN,
    ),
    ErrorRule::always(&[Cause::ConnectInProgress], &[], &EALREADY),
    ErrorRule::always(&[Cause::ShutDown], &[], &EPIPE),
    // connect(2): the attempt goes on, whether the socket does not wait or has waited for SO_SNDTIMEO (socket(7)).
    ErrorRule::always(
        &[Cause::WouldBlock, Cause::TimedOutWaiting],
        &[Call::Connect],
        &EINPROGRESS,
    ),
    ErrorRule::always(&[Cause::WouldBlock, Cause::TimedOutWaiting], &[], &EAGAIN),
    // A descriptor that is not one is the only thing wrong with a close.
    ErrorRule::always(&[Cause::InvalidArgument], &[Call::Close], &EBADF),
    ErrorRule::always(&[Cause::InvalidArgument], &[], &EINVAL),
    // A signal that does not kill ends the wait so; a program that was killed sees nothing any more.
    ErrorRule::always(&[Cause::Killed], &[], &EINTR),
];
