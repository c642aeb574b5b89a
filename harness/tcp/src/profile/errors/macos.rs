//! macOS errno: numbers and texts of `bsd/sys/errno.h` (xnu-11417.101.15); libc's `strerror` prints the same texts.
//!
//! `EAI_NONAME` stands for a name that does not resolve. It is a result of `getaddrinfo` (`netdb.h`, text of
//! `gai_strerror`) and no errno; 8 as an errno would be `ENOEXEC`.

use super::{OsError, os_errors};
use std::io::ErrorKind;

os_errors! {
    EPERM = 1, PermissionDenied, "Operation not permitted";
    EINTR = 4, Interrupted, "Interrupted system call";
    EAI_NONAME = 8, Other, "nodename nor servname provided, or not known";
    EBADF = 9, Other, "Bad file descriptor";
    ENOMEM = 12, OutOfMemory, "Cannot allocate memory";
    EACCES = 13, PermissionDenied, "Permission denied";
    EFAULT = 14, Other, "Bad address";
    EINVAL = 22, InvalidInput, "Invalid argument";
    ENFILE = 23, Other, "Too many open files in system";
    EMFILE = 24, Other, "Too many open files";
    EPIPE = 32, BrokenPipe, "Broken pipe";
    EDOM = 33, Other, "Numerical argument out of domain";
    EAGAIN = 35, WouldBlock, "Resource temporarily unavailable";
    EINPROGRESS = 36, Other, "Operation now in progress";
    EALREADY = 37, Other, "Operation already in progress";
    ENOTSOCK = 38, Other, "Socket operation on non-socket";
    EDESTADDRREQ = 39, Other, "Destination address required";
    EMSGSIZE = 40, Other, "Message too long";
    EPROTOTYPE = 41, Other, "Protocol wrong type for socket";
    ENOPROTOOPT = 42, Other, "Protocol not available";
    EPROTONOSUPPORT = 43, Other, "Protocol not supported";
    ESOCKTNOSUPPORT = 44, Other, "Socket type not supported";
    ENOTSUP = 45, Unsupported, "Operation not supported";
    EPFNOSUPPORT = 46, Other, "Protocol family not supported";
    EAFNOSUPPORT = 47, Other, "Address family not supported by protocol family";
    EADDRINUSE = 48, AddrInUse, "Address already in use";
    EADDRNOTAVAIL = 49, AddrNotAvailable, "Can't assign requested address";
    ENETDOWN = 50, NetworkDown, "Network is down";
    ENETUNREACH = 51, NetworkUnreachable, "Network is unreachable";
    ENETRESET = 52, Other, "Network dropped connection on reset";
    ECONNABORTED = 53, ConnectionAborted, "Software caused connection abort";
    ECONNRESET = 54, ConnectionReset, "Connection reset by peer";
    ENOBUFS = 55, Other, "No buffer space available";
    EISCONN = 56, Other, "Socket is already connected";
    ENOTCONN = 57, NotConnected, "Socket is not connected";
    ESHUTDOWN = 58, Other, "Can't send after socket shutdown";
    ETOOMANYREFS = 59, Other, "Too many references: can't splice";
    ETIMEDOUT = 60, TimedOut, "Operation timed out";
    ECONNREFUSED = 61, ConnectionRefused, "Connection refused";
    EHOSTDOWN = 64, Other, "Host is down";
    EHOSTUNREACH = 65, HostUnreachable, "No route to host";
    ECANCELED = 89, Other, "Operation canceled";
    EPROTO = 100, Other, "Protocol error";
    EOPNOTSUPP = 102, Unsupported, "Operation not supported on socket";
}
