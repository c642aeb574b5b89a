//! The table of macOS and FreeBSD: the rules are the same, but for a few, and the errors are each system's own.
//!
//! Functions named here are those of xnu-11417.101.15, `bsd/`; FreeBSD 14 has them under the same or a similar name
//! where nothing else is said.

use super::{ErrorRule, FAILURES, TIMEOUTS, freebsd, macos};
use crate::cause::{Call, Cause};

macro_rules! rules {
    ($errors:ident, net: $net:ident, again: $again:ident) => {
        &[
            // sosendcheck() looks at SS_CANTSENDMORE, which soisdisconnected() has set, before it looks at the error:
            // a write never learns why. FreeBSD's sosend_generic() has the same order.
            ErrorRule::always(FAILURES, &[Call::Send], &$errors::EPIPE),
            // soshutdown() looks at the state and leaves the error pending.
            ErrorRule::always(FAILURES, &[Call::Shutdown], &$errors::ENOTCONN),
            ErrorRule::again(FAILURES, &[Call::Recv], &$errors::ENOTCONN),
            // The protocol control block of a failed attempt is dead: another attempt needs another socket.
            ErrorRule::again(FAILURES, &[Call::Connect], &$errors::$again),
            // A connection that was reset in the queue: tcp_usr_accept() finds SS_ISDISCONNECTED.
            ErrorRule::always(
                &[Cause::ResetByPeer, Cause::AbortedLocally],
                &[Call::Accept],
                &$errors::ECONNABORTED,
            ),
            // tcp_drop(): t_softerror, or else what it was called with: ETIMEDOUT in tcp_timers().
            ErrorRule::always(TIMEOUTS, &[], &$errors::ETIMEDOUT),
            // tcp_input(): a RST in SYN-SENT.
            ErrorRule::always(&[Cause::RefusedByPeer], &[], &$errors::ECONNREFUSED),
            // tcp_input(): a RST in ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2 and CLOSE-WAIT alike.
            ErrorRule::always(
                &[Cause::ResetByPeer, Cause::ResetAfterClose],
                &[],
                &$errors::ECONNRESET,
            ),
            // inetctlerrmap[] by way of icmp_input(): code 0, code 1, codes 3 and 13. FreeBSD: icmp_errmap().
            ErrorRule::always(&[Cause::NetUnreachable], &[], &$errors::$net),
            ErrorRule::always(&[Cause::HostUnreachable], &[], &$errors::EHOSTUNREACH),
            ErrorRule::always(
                &[Cause::PortUnreachable, Cause::AdminProhibited],
                &[],
                &$errors::ECONNREFUSED,
            ),
            ErrorRule::always(&[Cause::AbortedLocally], &[], &$errors::ECONNABORTED),
            // in_pcbladdr() finds no interface for the destination.
            ErrorRule::always(&[Cause::NoRoute], &[], &$errors::ENETUNREACH),
            ErrorRule::always(&[Cause::AddressInUse], &[], &$errors::EADDRINUSE),
            // getaddrinfo(), EAI_NONAME.
            ErrorRule::always(&[Cause::AddressNotAvailable], &[Call::Resolve], &$errors::EAI_NONAME),
            // in_pcbbind() when every port of the range was tried; the same for an address that is not ours.
            ErrorRule::always(
                &[Cause::AddressNotAvailable, Cause::PortsExhausted],
                &[],
                &$errors::EADDRNOTAVAIL,
            ),
            // sosendcheck() and soreceive() without SS_ISCONNECTED; an attempt under way is not connected either.
            ErrorRule::always(&[Cause::NotConnected], &[], &$errors::ENOTCONN),
            ErrorRule::always(
                &[Cause::ConnectInProgress],
                &[Call::Send, Call::Recv],
                &$errors::ENOTCONN,
            ),
            // connectit() with SS_ISCONNECTING on a non-blocking socket.
            ErrorRule::always(&[Cause::ConnectInProgress], &[], &$errors::EALREADY),
            // solisten() wants an unconnected socket; soconnectlock() too.
            ErrorRule::always(&[Cause::AlreadyConnected], &[Call::Listen], &$errors::EINVAL),
            ErrorRule::always(&[Cause::AlreadyConnected], &[], &$errors::EISCONN),
            ErrorRule::always(&[Cause::ShutDown], &[], &$errors::EPIPE),
            // connectit(): the attempt goes on.
            ErrorRule::always(&[Cause::WouldBlock], &[Call::Connect], &$errors::EINPROGRESS),
            ErrorRule::always(
                &[Cause::WouldBlock, Cause::TimedOutWaiting],
                &[],
                &$errors::EAGAIN,
            ),
            // A descriptor that is not one is the only thing wrong with a close.
            ErrorRule::always(&[Cause::InvalidArgument], &[Call::Close], &$errors::EBADF),
            ErrorRule::always(&[Cause::InvalidArgument], &[], &$errors::EINVAL),
            // A signal that does not kill ends the wait so; a program that was killed sees nothing any more.
            ErrorRule::always(&[Cause::Killed], &[], &$errors::EINTR),
        ]
    };
}

/// tcp_usr_connect() of a dead control block: EINVAL.
pub(in crate::profile) const MACOS_RULES: &[ErrorRule] =
    rules!(macos, net: ENETUNREACH, again: EINVAL);

/// tcp_usr_connect() of a dropped control block (INP_DROPPED): ECONNREFUSED.
pub(in crate::profile) const FREEBSD_RULES: &[ErrorRule] =
    rules!(freebsd, net: EHOSTUNREACH, again: ECONNREFUSED);
