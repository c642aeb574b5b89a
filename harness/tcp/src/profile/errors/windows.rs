//! Windows: the codes and texts of `winerror.h`, the kinds of Rust's `std::sys::io::error::windows`, and the table.
//!
//! The texts are those of `FormatMessage`, not the short names of the Winsock reference ("Connection refused."). Codes
//! under 10000 are what an overlapped or completion-port operation reports where a plain call returns the WSA code.

use super::{ErrorRule, OsError, os_errors};
use crate::cause::{Call, Cause};
use std::io::ErrorKind;

os_errors! {
    ERROR_NETNAME_DELETED = 64, Other, "The specified network name is no longer available.";
    ERROR_SEM_TIMEOUT = 121, TimedOut, "The semaphore timeout period has expired.";
    WAIT_TIMEOUT = 258, TimedOut, "The wait operation timed out.";
    ERROR_OPERATION_ABORTED = 995, TimedOut,
        "The I/O operation has been aborted because of either a thread exit or an application request.";
    ERROR_CONNECTION_REFUSED = 1225, Other, "The remote computer refused the network connection.";
    ERROR_NETWORK_UNREACHABLE = 1231, NetworkUnreachable,
        "The network location cannot be reached. For information about network troubleshooting, see Windows Help.";
    ERROR_HOST_UNREACHABLE = 1232, HostUnreachable,
        "The network location cannot be reached. For information about network troubleshooting, see Windows Help.";
    ERROR_CONNECTION_ABORTED = 1236, Other,
        "The network connection was aborted by the local system.";
    ERROR_TIMEOUT = 1460, TimedOut, "This operation returned because the timeout period expired.";
    WSAEINTR = 10004, Other,
        "A blocking operation was interrupted by a call to WSACancelBlockingCall.";
    WSAEBADF = 10009, Other, "The file handle supplied is not valid.";
    WSAEACCES = 10013, PermissionDenied,
        "An attempt was made to access a socket in a way forbidden by its access permissions.";
    WSAEFAULT = 10014, Other,
        "The system detected an invalid pointer address in attempting to use a pointer argument in a call.";
    WSAEINVAL = 10022, InvalidInput, "An invalid argument was supplied.";
    WSAEMFILE = 10024, Other, "Too many open sockets.";
    WSAEWOULDBLOCK = 10035, WouldBlock,
        "A non-blocking socket operation could not be completed immediately.";
    WSAEINPROGRESS = 10036, Other, "A blocking operation is currently executing.";
    WSAEALREADY = 10037, Other,
        "An operation was attempted on a non-blocking socket that already had an operation in progress.";
    WSAENOTSOCK = 10038, Other, "An operation was attempted on something that is not a socket.";
    WSAEDESTADDRREQ = 10039, Other, "A required address was omitted from an operation on a socket.";
    WSAEMSGSIZE = 10040, Other,
        "A message sent on a datagram socket was larger than the internal message buffer or some other network limit, or the buffer used to receive a datagram into was smaller than the datagram itself.";
    WSAEPROTOTYPE = 10041, Other,
        "A protocol was specified in the socket function call that does not support the semantics of the socket type requested.";
    WSAENOPROTOOPT = 10042, Other,
        "An unknown, invalid, or unsupported option or level was specified in a getsockopt or setsockopt call.";
    WSAEPROTONOSUPPORT = 10043, Other,
        "The requested protocol has not been configured into the system, or no implementation for it exists.";
    WSAESOCKTNOSUPPORT = 10044, Other,
        "The support for the specified socket type does not exist in this address family.";
    WSAEOPNOTSUPP = 10045, Other,
        "The attempted operation is not supported for the type of object referenced.";
    WSAEPFNOSUPPORT = 10046, Other,
        "The protocol family has not been configured into the system or no implementation for it exists.";
    WSAEAFNOSUPPORT = 10047, Other, "An address incompatible with the requested protocol was used.";
    WSAEADDRINUSE = 10048, AddrInUse,
        "Only one usage of each socket address (protocol/network address/port) is normally permitted.";
    WSAEADDRNOTAVAIL = 10049, AddrNotAvailable,
        "The requested address is not valid in its context.";
    WSAENETDOWN = 10050, NetworkDown, "A socket operation encountered a dead network.";
    WSAENETUNREACH = 10051, NetworkUnreachable,
        "A socket operation was attempted to an unreachable network.";
    WSAENETRESET = 10052, Other,
        "The connection has been broken due to keep-alive activity detecting a failure while the operation was in progress.";
    WSAECONNABORTED = 10053, ConnectionAborted,
        "An established connection was aborted by the software in your host machine.";
    WSAECONNRESET = 10054, ConnectionReset,
        "An existing connection was forcibly closed by the remote host.";
    WSAENOBUFS = 10055, Other,
        "An operation on a socket could not be performed because the system lacked sufficient buffer space or because a queue was full.";
    WSAEISCONN = 10056, Other, "A connect request was made on an already connected socket.";
    WSAENOTCONN = 10057, NotConnected,
        "A request to send or receive data was disallowed because the socket is not connected and (when sending on a datagram socket using a sendto call) no address was supplied.";
    WSAESHUTDOWN = 10058, BrokenPipe,
        "A request to send or receive data was disallowed because the socket had already been shut down in that direction with a previous shutdown call.";
    WSAETOOMANYREFS = 10059, Other, "Too many references to some kernel object.";
    WSAETIMEDOUT = 10060, TimedOut,
        "A connection attempt failed because the connected party did not properly respond after a period of time, or established connection failed because connected host has failed to respond.";
    WSAECONNREFUSED = 10061, ConnectionRefused,
        "No connection could be made because the target machine actively refused it.";
    WSAELOOP = 10062, Other, "Cannot translate name.";
    WSAENAMETOOLONG = 10063, Other, "Name component or name was too long.";
    WSAEHOSTDOWN = 10064, Other, "A socket operation failed because the destination host was down.";
    WSAEHOSTUNREACH = 10065, HostUnreachable,
        "A socket operation was attempted to an unreachable host.";
    WSAEDQUOT = 10069, QuotaExceeded, "Ran out of disk quota.";
    WSASYSNOTREADY = 10091, Other,
        "WSAStartup cannot function at this time because the underlying system it uses to provide network services is currently unavailable.";
    WSANOTINITIALISED = 10093, Other,
        "Either the application has not called WSAStartup, or WSAStartup failed.";
    WSAEDISCON = 10101, Other,
        "Returned by WSARecv or WSARecvFrom to indicate the remote party has initiated a graceful shutdown sequence.";
    WSAEINVALIDPROCTABLE = 10104, Other, "The procedure call table is invalid.";
    WSAEINVALIDPROVIDER = 10105, Other, "The requested service provider is invalid.";
    WSAEPROVIDERFAILEDINIT = 10106, Other,
        "The requested service provider could not be loaded or initialized.";
    WSAHOST_NOT_FOUND = 11001, Other, "No such host is known.";
}

/// Calls in whose results a lost connection is found.
const DATA: &[Call] = &[Call::Send, Call::Recv];

/// "Winsock reference" is the page of the call in the Windows API documentation (`winsock2.h`), "error list" its page
/// "Windows Sockets Error Codes". "AFD" is the mapping of the socket driver's status codes to WSA codes, as libuv's
/// `src/win/winsock.c` mirrors it.
///
/// A failed connection stays failed: every later call returns the error again (Winsock reference, recv and send: "the
/// application should close the socket as it is no longer usable").
pub(in crate::profile) const RULES: &[ErrorRule] = &[
    // A failed attempt leaves an unconnected socket that may connect again (Winsock reference, connect).
    ErrorRule::always(
        &[
            Cause::SynUnanswered,
            Cause::RefusedByPeer,
            Cause::NetUnreachable,
            Cause::HostUnreachable,
            Cause::PortUnreachable,
            Cause::AdminProhibited,
        ],
        &[Call::Send, Call::Recv, Call::Shutdown],
        &WSAENOTCONN,
    ),
    ErrorRule::always(&[Cause::SynUnanswered], &[], &WSAETIMEDOUT),
    // AFD: REMOTE_NOT_LISTENING and CONNECTION_REFUSED.
    ErrorRule::always(&[Cause::RefusedByPeer], &[], &WSAECONNREFUSED),
    // Contested. The error list gives 10053 "possibly due to a data transmission time-out", and a blocking recv was
    // seen to return it after some 20 s (daisukekobayashi.com, "WinSock 10053"); the Winsock reference of socket() has
    // 10060 for the same, and so has an overlapped recv (shadowsocks-windows#271); NT 4 gave 10054 (KB140325).
    // 10053 is chosen: it fits the driver's "local side ended it". `halfopen.windows.data-timeout-error` changes it.
    ErrorRule::always(DATA_TIMEOUTS, &[], &WSAECONNABORTED),
    // Contested. The error list and the references of recv and send give 10052 for the operation in progress and
    // 10054 for later ones, but AFD has no status that would become 10052. Chosen as documented;
    // `halfopen.windows.keepalive-error` changes it.
    ErrorRule::again(KEEPALIVE, &[], &WSAECONNRESET),
    ErrorRule::always(KEEPALIVE, &[], &WSAENETRESET),
    // AFD: CONNECTION_RESET; Winsock reference, accept: a connection reset while it was queued.
    ErrorRule::always(&[Cause::ResetByPeer], &[], &WSAECONNRESET),
    // Seen on second writes to a peer that has closed (iris-contrib/examples#44, gofiber/websocket#151): AFD's
    // CONNECTION_ABORTED. That recv and shutdown say the same is inferred.
    ErrorRule::always(&[Cause::ResetAfterClose], &[], &WSAECONNABORTED),
    // AFD: NETWORK_UNREACHABLE, HOST_UNREACHABLE. With TCP_FAIL_CONNECT_ON_ICMP_ERROR the documentation gives 10065
    // for every ICMP error; without it, ICMP does not end an attempt.
    ErrorRule::always(
        &[Cause::NetUnreachable, Cause::NoRoute],
        &[],
        &WSAENETUNREACH,
    ),
    ErrorRule::always(
        &[
            Cause::HostUnreachable,
            Cause::PortUnreachable,
            Cause::AdminProhibited,
        ],
        &[],
        &WSAEHOSTUNREACH,
    ),
    // AFD: LOCAL_DISCONNECT.
    ErrorRule::always(&[Cause::AbortedLocally], &[], &WSAECONNABORTED),
    // Winsock reference, bind and connect.
    ErrorRule::always(&[Cause::AddressInUse], &[], &WSAEADDRINUSE),
    // getaddrinfo() returns EAI_NONAME, which is WSAHOST_NOT_FOUND.
    ErrorRule::always(
        &[Cause::AddressNotAvailable],
        &[Call::Resolve],
        &WSAHOST_NOT_FOUND,
    ),
    ErrorRule::always(&[Cause::AddressNotAvailable], &[], &WSAEADDRNOTAVAIL),
    // Contested. KB196271 has 10055 when the ephemeral ports are used up; a connect on a bound socket was seen to get
    // 10048 (gomemcache#30; AFD: TOO_MANY_ADDRESSES). 10055 is chosen: the socket here is bound by connect itself.
    // `halfopen.windows.ports-exhausted-error` changes it.
    ErrorRule::always(PORTS_EXHAUSTED, &[], &WSAENOBUFS),
    ErrorRule::always(&[Cause::NotConnected], &[], &WSAENOTCONN),
    ErrorRule::always(&[Cause::AlreadyConnected], &[], &WSAEISCONN),
    // Winsock reference, connect: WSAEALREADY while a non-blocking attempt is under way. Data cannot be sent yet.
    ErrorRule::always(&[Cause::ConnectInProgress], DATA, &WSAENOTCONN),
    ErrorRule::always(&[Cause::ConnectInProgress], &[], &WSAEALREADY),
    ErrorRule::always(&[Cause::ShutDown], &[], &WSAESHUTDOWN),
    ErrorRule::always(&[Cause::WouldBlock], &[], &WSAEWOULDBLOCK),
    // SO_RCVTIMEO and SO_SNDTIMEO: Winsock reference, SOL_SOCKET options.
    ErrorRule::always(&[Cause::TimedOutWaiting], &[], &WSAETIMEDOUT),
    // A handle that is not one is the only thing wrong with a close (Winsock reference, closesocket).
    ErrorRule::always(&[Cause::InvalidArgument], &[Call::Close], &WSAENOTSOCK),
    ErrorRule::always(&[Cause::InvalidArgument], &[], &WSAEINVAL),
    ErrorRule::always(&[Cause::Killed], &[], &WSAEINTR),
];

/// What gives up on a connection for want of acknowledgments. `UserTimeout` stands for `TCP_MAXRT`.
pub(in crate::profile) const DATA_TIMEOUTS: &[Cause] = &[
    Cause::RetransmissionsExhausted,
    Cause::ZeroWindowExhausted,
    Cause::UserTimeout,
];
pub(in crate::profile) const KEEPALIVE: &[Cause] = &[Cause::KeepAliveUnanswered];
pub(in crate::profile) const PORTS_EXHAUSTED: &[Cause] = &[Cause::PortsExhausted];

/// What `halfopen.windows.data-timeout-error` may choose.
pub(in crate::profile) const DATA_TIMEOUT_CHOICES: &[(&str, &OsError)] = &[
    ("WSAECONNABORTED", &WSAECONNABORTED),
    ("WSAETIMEDOUT", &WSAETIMEDOUT),
    ("WSAECONNRESET", &WSAECONNRESET),
];

/// What `halfopen.windows.keepalive-error` may choose.
pub(in crate::profile) const KEEPALIVE_CHOICES: &[(&str, &OsError)] = &[
    ("WSAENETRESET", &WSAENETRESET),
    ("WSAECONNABORTED", &WSAECONNABORTED),
    ("WSAECONNRESET", &WSAECONNRESET),
    ("WSAETIMEDOUT", &WSAETIMEDOUT),
];

/// What `halfopen.windows.ports-exhausted-error` may choose.
pub(in crate::profile) const PORTS_EXHAUSTED_CHOICES: &[(&str, &OsError)] = &[
    ("WSAENOBUFS", &WSAENOBUFS),
    ("WSAEADDRINUSE", &WSAEADDRINUSE),
];

/// What later calls see once one has seen `first` for an unanswered keepalive.
pub(in crate::profile) fn after_keepalive(first: &'static OsError) -> &'static OsError {
    if *first == WSAENETRESET {
        &WSAECONNRESET
    } else {
        first
    }
}
