//! What we know about each cause, for someone whose program has just printed it.
//!
//! No code, error name or time stands here: those come from the profiles, so that they cannot disagree with what runs.

use halfopen_tcp::Cause;

/// What to know about one cause. Each entry is one or two sentences.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prose {
    /// What happened.
    pub meaning: &'static str,
    /// What usually lies behind it, the likeliest first.
    pub reasons: &'static [&'static str],
    /// What to do, in the order in which to do it.
    pub remedies: &'static [&'static str],
    /// What people take it for, and why it is not.
    pub misreadings: &'static [&'static str],
}

/// What to know about that cause.
pub const fn prose(cause: Cause) -> &'static Prose {
    match cause {
        Cause::SynUnanswered => &SYN_UNANSWERED,
        Cause::RefusedByPeer => &REFUSED_BY_PEER,
        Cause::RetransmissionsExhausted => &RETRANSMISSIONS_EXHAUSTED,
        Cause::ResetByPeer => &RESET_BY_PEER,
        Cause::ResetAfterClose => &RESET_AFTER_CLOSE,
        Cause::KeepAliveUnanswered => &KEEPALIVE_UNANSWERED,
        Cause::UserTimeout => &USER_TIMEOUT,
        Cause::ZeroWindowExhausted => &ZERO_WINDOW_EXHAUSTED,
        Cause::NetUnreachable => &NET_UNREACHABLE,
        Cause::HostUnreachable => &HOST_UNREACHABLE,
        Cause::PortUnreachable => &PORT_UNREACHABLE,
        Cause::AdminProhibited => &ADMIN_PROHIBITED,
        Cause::NoRoute => &NO_ROUTE,
        Cause::AddressInUse => &ADDRESS_IN_USE,
        Cause::AddressNotAvailable => &ADDRESS_NOT_AVAILABLE,
        Cause::PortsExhausted => &PORTS_EXHAUSTED,
        Cause::NotConnected => &NOT_CONNECTED,
        Cause::AlreadyConnected => &ALREADY_CONNECTED,
        Cause::ConnectInProgress => &CONNECT_IN_PROGRESS,
        Cause::ShutDown => &SHUT_DOWN,
        Cause::AbortedLocally => &ABORTED_LOCALLY,
        Cause::WouldBlock => &WOULD_BLOCK,
        Cause::TimedOutWaiting => &TIMED_OUT_WAITING,
        Cause::InvalidArgument => &INVALID_ARGUMENT,
        Cause::Killed => &KILLED,
    }
}

const SYN_UNANSWERED: Prose = Prose {
    meaning: "The request to connect (SYN) was sent, repeated, and never answered: neither accepted nor refused. \
              There was no connection at any time.",
    reasons: &[
        "A firewall or a cloud security group drops packets to that address or port. Dropping is silent; only \
         rejecting answers.",
        "The machine is off, or the address belongs to nobody any more: a stale DNS record, a replaced container.",
        "The answers are lost on their way back: one-way routing, a VPN that is half up.",
        "The server's accept queue is full, and its system drops the SYN instead of refusing it.",
        "The port is closed on a Windows machine whose firewall runs in stealth mode, its default: it answers nothing.",
    ],
    remedies: &[
        "Capture on both machines (`tcpdump -n port PORT`). A SYN that leaves here and never arrives there is the \
         network's matter. One that arrives and gets no answer is the server's: its firewall or its queue.",
        "On a Linux server, `nstat -az TcpExtListenOverflows TcpExtListenDrops` counts what a full queue dropped. If \
         it grows, the program accepts too slowly, or its backlog is too small.",
        "Put your own limit on connecting (`TcpStream::connect_timeout`, `tokio::time::timeout`). The system's limit \
         was chosen for people who wait, not for a service with callers of its own.",
        "If the name has several addresses, try the next one before this one has timed out.",
    ],
    misreadings: &[
        "A busy server is not enough: its kernel answers SYNs while its program hangs, as long as the queue has room.",
        "It is safe to retry, for no byte of yours has arrived, but retrying at once adds nothing: the system has \
         just retried for you.",
    ],
};

const REFUSED_BY_PEER: Prose = Prose {
    meaning: "The request to connect reached a machine that answered with a reset (RST): nothing listens on that \
              address and port. The network in between works.",
    reasons: &[
        "The server is not running: it has crashed, is still starting, or is being replaced.",
        "It listens elsewhere: another port, only 127.0.0.1, only IPv6, only inside its container.",
        "A firewall rejects with a RST, or a load balancer has no healthy server behind it.",
        "It is a Windows server, and its accept queue is full.",
    ],
    remedies: &[
        "See what listens there: `ss -ltnp` on Linux, `lsof -nP -iTCP -sTCP:LISTEN` on macOS, \
         `netstat -ano | findstr LISTENING` on Windows. Compare the address as well as the port.",
        "Look which address was tried: `localhost` may mean ::1 first, where the server listens on 127.0.0.1 only.",
        "If the server may be starting, retry with a growing pause and some randomness. No byte of yours has arrived, \
         so retrying is safe.",
    ],
    misreadings: &[
        "It is not always instant: Windows sends the SYN again after each refusal, so that a closed port on this very \
         machine costs seconds.",
        "It says nothing about passwords, TLS or protocols: no byte was exchanged.",
    ],
};

const RETRANSMISSIONS_EXHAUSTED: Prose = Prose {
    meaning: "Data (or the FIN of a close) was sent on a working connection, repeated with growing pauses, and never \
              acknowledged. The system gave up. Nobody said no: there was only silence.",
    reasons: &[
        "The peer lost its power, its cable or its network; the virtual machine was deleted; the laptop was closed.",
        "A NAT or firewall has forgotten the connection, usually after idle time, and drops what follows.",
        "The path has changed: a VPN went down, a route moved.",
        "Only large packets are lost: an MTU black hole. Small requests work, and the first big one hangs.",
    ],
    remedies: &[
        "Close the connection and open another. Repeat only what may happen twice: whether the peer got the data \
         cannot be known from here.",
        "Do not leave the waiting to the system: give every request a deadline, and on Linux set TCP_USER_TIMEOUT, on \
         Windows TCP_MAXRT.",
        "If it follows idle time, keep the idle time shorter than the NAT's: application pings, TCP keepalive with its \
         own idle time, or a shorter idle limit in the pool.",
        "If it follows big writes, compare `ping -M do -s 1472 HOST` (Linux) with a small one.",
    ],
    misreadings: &[
        "A send that returned success proves nothing: it copied the data into this machine's buffer.",
        "Keepalive does not shorten it: while data is unacknowledged, no probes are sent.",
        "\"The software in your host machine\" in Windows' text is Windows' own TCP, which gave up. Neither your \
         program nor, as a rule, a virus scanner.",
    ],
};

const RESET_BY_PEER: Prose = Prose {
    meaning: "The other side, or something that speaks for it, sent a reset (RST): the connection is gone at once, with \
              all that was under way.",
    reasons: &[
        "The peer's program crashed or exited, or closed its socket while data that it had not read lay there.",
        "The peer has restarted and knows nothing of the connection: its kernel answers the next segment with a RST.",
        "A load balancer, proxy or firewall ended a connection that was idle or too old for it.",
        "The peer closes with SO_LINGER set to zero, on purpose, to be rid of the connection.",
    ],
    remedies: &[
        "On a pooled connection that had been idle: open a new one, and repeat the request if it may happen twice. \
         Make the pool's idle limit shorter than the server's.",
        "On a server: note it quietly and go on. Clients go away; that is not your fault to report.",
        "To find the sender, capture on both sides. A RST that arrives here and never left there was made in between; \
         its TTL often betrays it.",
        "If the peer is yours: read to the end of file before closing, or shut down writing and drain. Closing on \
         unread data turns a good-bye into a reset, and can destroy an answer that is already on its way.",
    ],
    misreadings: &[
        "It is not a time-out: something answered. Ask who, not how long.",
        "Data that was sent before may be lost although it was acknowledged: the peer's program need not have read it.",
        "On Unix only the first call that asks gets the reset. After that reads see an end of file: a reader that \
         swallows one error takes a torn stream for a complete one.",
    ],
};

const RESET_AFTER_CLOSE: Prose = Prose {
    meaning: "The peer had closed (its FIN had arrived here), this side went on writing, and the peer's kernel answered \
              with a reset: nobody is left to read.",
    reasons: &[
        "A pooled connection was closed by the server while it lay idle, and was used once more.",
        "The peer stopped early: it refused the upload, sent its answer and closed; or it was a pipe to something like \
         `head`.",
        "Two sides disagree about whose turn it is to close.",
    ],
    remedies: &[
        "Notice the close: a read that returns 0 is the peer's FIN. Watch idle connections for it and throw them away.",
        "Retry once on a new connection if the request may happen twice.",
        "Read before you give up: an early answer, such as an HTTP status, may lie in the receive buffer.",
        "Make the client's idle limit shorter than the server's. That narrows the race; only a retry closes it.",
    ],
    misreadings: &[
        "The write that fails is not the one that was lost: the first write after the peer's close succeeds and is \
         thrown away, and a later one gets the error.",
        "On Unix the same moment raises SIGPIPE, which ends a C program silently. Rust's runtime ignores the signal.",
    ],
};

const KEEPALIVE_UNANSWERED: Prose = Prose {
    meaning: "The connection was idle, the system sent keepalive probes to see whether the peer still lives, and none \
              was answered.",
    reasons: &[
        "The peer or the path to it has been gone for some time; the probes only found out.",
        "A NAT or firewall forgot the idle connection before the first probe was due.",
    ],
    remedies: &[
        "Connect again. Keepalive has done what it is for: without it, a reader would wait for ever.",
        "Make it sooner than the defaults, which suit nobody who waits: set the idle time, the interval and the count \
         on the socket (TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT; `socket2::TcpKeepalive` in Rust).",
        "Send pings in your own protocol if the peer's program has to be alive and not only its kernel.",
    ],
    misreadings: &[
        "The kernel answers probes: a peer that hangs, or is stopped in a debugger, passes.",
        "It is not on by default, except on FreeBSD; and while data is unacknowledged it sends nothing.",
    ],
};

const USER_TIMEOUT: Prose = Prose {
    meaning: "The program limited how long data may stay unacknowledged (TCP_USER_TIMEOUT, RFC 5482; TCP_MAXRT on \
              Windows), and the limit passed.",
    reasons: &[
        "The same silence that would exhaust retransmissions or keepalive probes, only noticed sooner.",
        "The limit is shorter than a pause that the path can take: a roaming client, a live migration of the machine.",
    ],
    remedies: &[
        "Treat it as a dead connection: close, connect again, repeat what may happen twice.",
        "Set it above the longest pause that you want to survive, and below the deadline of your callers.",
    ],
    misreadings: &[
        "Linux counts from the first retransmission and not from the write, and looks only when a timer fires: the \
         error comes later than the number says.",
        "It replaces the retry limit in both directions: a long one keeps a connection alive that would have died. With \
         keepalive it also replaces the number of probes.",
    ],
};

const ZERO_WINDOW_EXHAUSTED: Prose = Prose {
    meaning: "The peer's buffer was full, so its window was closed; this side asked again and again whether there was \
              room, and got no answer.",
    reasons: &[
        "The peer's program stopped reading, and then its machine or the path to it went away.",
        "The update that opens the window again is dropped on its way, with every probe or its answer.",
    ],
    remedies: &[
        "Treat it as a dead connection. What was accepted by send and not acknowledged is lost.",
        "Ask why the peer stopped reading: that was the first fault. Bound what you queue for one slow reader, and \
         disconnect it by your own rule.",
    ],
    misreadings: &[
        "A closed window alone never ends a connection: as long as the probes are answered, send may wait for ever. \
         Only a deadline of your own ends that.",
    ],
};

const NET_UNREACHABLE: Prose = Prose {
    meaning: "A router answered that it knows no way to the network of the destination (ICMP destination unreachable, \
              code 0).",
    reasons: &[
        "The route is missing or was withdrawn somewhere on the path, often while a link or a VPN is down.",
        "The address is wrong: a private address used from outside.",
    ],
    remedies: &[
        "`traceroute -n HOST` (`tracert -d` on Windows) shows which router says so.",
        "If it comes and goes, wait and retry: routing changes take seconds to minutes to settle.",
    ],
    misreadings: &[
        "Windows ignores the message while connecting: the same fault is a time-out there.",
        "On a connection that is already open it is only a hint: nothing fails before the retransmissions are used up.",
    ],
};

const HOST_UNREACHABLE: Prose = Prose {
    meaning: "A router answered that it reached the last network but not the host (ICMP destination unreachable, code \
              1): usually nobody there answers to that address.",
    reasons: &[
        "The machine is off or has another address now, and the router's ARP requests stay unanswered.",
        "A firewall rejects with this message.",
    ],
    remedies: &[
        "Check the address first, then whether the machine is up on its own network.",
        "On that network, `ip neigh` or `arp -a` shows an entry that is FAILED or incomplete.",
    ],
    misreadings: &[
        "\"No route to host\" is about the host, not about routes: a missing route has an error of its own.",
        "Windows ignores the message while connecting: the same fault is a time-out there.",
    ],
};

const PORT_UNREACHABLE: Prose = Prose {
    meaning: "Something on the way answered the SYN with ICMP destination unreachable, code 3. TCP itself refuses with \
              a RST, so this is a firewall.",
    reasons: &[
        "An iptables or nftables rule REJECTs: without further options this is the message it sends.",
    ],
    remedies: &[
        "Look for the rule on the server or before it: `nft list ruleset`, `iptables -L -n`.",
        "A rule that is meant to refuse TCP clients everywhere alike should say `--reject-with tcp-reset`.",
    ],
    misreadings: &[
        "Unix reports it as a refused connection although the port may well be open behind the firewall.",
        "Windows ignores the message while connecting: the same rule is a time-out there.",
    ],
};

const ADMIN_PROHIBITED: Prose = Prose {
    meaning: "A firewall answered that it does not let this through (ICMP destination unreachable, code 13).",
    reasons: &[
        "A rule on the server, on a router or in the cloud rejects and says so; firewalld does by default.",
    ],
    remedies: &[
        "Ask whose address the ICMP message comes from (`tcpdump -n icmp`): that machine has the rule.",
        "Opening the port there is the cure. Retrying is not.",
    ],
    misreadings: &[
        "Linux calls it \"No route to host\", macOS and FreeBSD \"Connection refused\". Neither is what happened.",
        "Windows ignores the message while connecting: the same rule is a time-out there.",
    ],
};

const NO_ROUTE: Prose = Prose {
    meaning: "This machine itself has no route to the destination. No packet has left it.",
    reasons: &[
        "The interface is down, or the program started before the network was up.",
        "There is no default route, or the VPN that had the route is down.",
        "The name resolved to an IPv6 address, and this machine has none.",
    ],
    remedies: &[
        "Ask the system: `ip route get ADDRESS` (Linux), `route -n get ADDRESS` (macOS, FreeBSD), \
         `Find-NetRoute -RemoteIPAddress ADDRESS` (Windows).",
        "A service that needs the network at its start: order it after the network is online, and retry.",
        "Try the name's other addresses.",
    ],
    misreadings: &["The server knows nothing of this: do not look for the fault there."],
};

const ADDRESS_IN_USE: Prose = Prose {
    meaning: "Another socket on this machine holds the local address and port.",
    reasons: &[
        "Another program, or another copy of this one, listens there.",
        "The program was restarted: connections of its last life are still in TIME-WAIT, and SO_REUSEADDR is not set.",
        "The same socket address was bound twice in one program: once for 0.0.0.0 and once for 127.0.0.1.",
    ],
    remedies: &[
        "Find the owner: `ss -ltnp 'sport = :PORT'` (Linux), `lsof -nP -i :PORT` (macOS), \
         `netstat -ano | findstr :PORT` (Windows).",
        "On Unix set SO_REUSEADDR before binding a listener. The listeners of std and tokio do.",
        "In tests bind port 0 and ask which port it became.",
    ],
    misreadings: &[
        "SO_REUSEADDR on Windows is another thing: it lets a second program take over a port in use. There, \
         SO_EXCLUSIVEADDRUSE is the safe choice.",
        "On a client it is not about listening: the local port that it chose itself is already taken.",
    ],
};

const ADDRESS_NOT_AVAILABLE: Prose = Prose {
    meaning: "The address to bind is not one of this machine's, or the one to connect to cannot be a destination, or \
              the name has no address.",
    reasons: &[
        "The configured address belongs to another machine, or to an interface that is not up yet.",
        "0.0.0.0 or port 0 was taken as a destination: an address to listen on, or a setting that was never filled in.",
        "Inside a container: the address of the machine around it is not the container's.",
    ],
    remedies: &[
        "Compare with `ip address` (Linux), `ifconfig` (macOS, FreeBSD) or `ipconfig` (Windows).",
        "Bind 0.0.0.0 or [::] if the program shall listen on whatever addresses there are.",
    ],
    misreadings: &[
        "The same error may mean that the ephemeral ports are used up: see ports-exhausted. If connecting failed to an \
         address that worked a moment ago, it does.",
    ],
};

const PORTS_EXHAUSTED: Prose = Prose {
    meaning: "Every ephemeral port that could name a new connection to this destination is taken.",
    reasons: &[
        "Many short connections: each leaves its port in TIME-WAIT on the side that closed first.",
        "Sockets leak: connections are opened and never closed.",
        "Everything goes through one proxy address, so all connections share one destination.",
    ],
    remedies: &[
        "Count: `ss -s`, `ss -tan state time-wait | wc -l`; on Windows `netstat -ano` and the events 4227 and 4231.",
        "Reuse connections: a pool, HTTP keep-alive. This is the cure; the rest buys time.",
        "Widen the range: `net.ipv4.ip_local_port_range`, `net.inet.ip.portrange.first`, \
         `netsh int ipv4 set dynamicport tcp`.",
        "Use more local or remote addresses: the limit is per pair of addresses and destination port.",
    ],
    misreadings: &[
        "The text speaks of an address that cannot be assigned, or of lacking buffers. The address is fine, and memory \
         is too.",
    ],
};

const NOT_CONNECTED: Prose = Prose {
    meaning: "The socket has no connection: it never had one, or the system has torn it down already.",
    reasons: &[
        "A call came before connect had finished, or after it had failed.",
        "Shutting down, or asking for the peer's address, after the peer's reset.",
    ],
    remedies: &[
        "While closing, take this error from shutdown for success: the connection is gone, which was the aim.",
        "Ask for the peer's address once, right after connect or accept, and keep it: later it may be gone.",
    ],
    misreadings: &["It is seldom the first error. Look at what connect or the last read returned."],
};

const ALREADY_CONNECTED: Prose = Prose {
    meaning: "The socket has a connection already, and a socket has one at most.",
    reasons: &[
        "Connect was called again on a non-blocking socket to see whether it has finished: this means that it has.",
        "A socket is reused for another connection.",
    ],
    remedies: &[
        "Make a new socket for each connection. To see whether connect has finished, read SO_ERROR.",
    ],
    misreadings: &[],
};

const CONNECT_IN_PROGRESS: Prose = Prose {
    meaning: "A non-blocking connect on this socket is still under way.",
    reasons: &["The program did not wait until the socket was writable."],
    remedies: &["Wait for writability, then read SO_ERROR: zero means connected."],
    misreadings: &["Nothing has failed yet."],
};

const SHUT_DOWN: Prose = Prose {
    meaning: "This program shut this direction of the connection down itself, and then used it.",
    reasons: &[
        "Two owners of one socket: one half is closed by a task that thinks it is the last.",
        "A write after `shutdown(Write)`, often from a buffer that is flushed on drop.",
    ],
    remedies: &["Find the shutdown: it is in this process. The peer and the network are innocent."],
    misreadings: &["On Unix it looks like a peer that has closed: the same broken pipe."],
};

const ABORTED_LOCALLY: Prose = Prose {
    meaning: "This machine ended the connection itself, without a word from the peer.",
    reasons: &[
        "An administrator's tool did it: `ss -K`, TCPView, a firewall that resets connections when its rules change.",
        "The interface or its address went away: sleep, a change of Wi-Fi, a VPN that dropped.",
        "Another thread closed or aborted the socket while this one used it.",
    ],
    remedies: &[
        "Look at this machine first: its event log at that second, its VPN and security software.",
        "Connect again; if the address has changed, only a new connection can work.",
    ],
    misreadings: &["The peer need not know: it may hold its half open until it next sends."],
};

const WOULD_BLOCK: Prose = Prose {
    meaning: "The call would have to wait, and the socket is set not to wait. Nothing is wrong with the connection.",
    reasons: &[
        "The socket is non-blocking, and there is nothing to read, no room to write, or nobody to accept.",
        "A socket that an async runtime owns is used with blocking calls.",
    ],
    remedies: &[
        "Wait until the socket is ready, then call again. An async runtime does this for you.",
    ],
    misreadings: &[
        "With a time limit set on a blocking socket (SO_RCVTIMEO), Unix returns this same error when the time is up: \
         see timed-out-waiting.",
    ],
};

const TIMED_OUT_WAITING: Prose = Prose {
    meaning: "The socket's own time limit (SO_RCVTIMEO or SO_SNDTIMEO; `set_read_timeout` and `set_write_timeout` in \
              Rust) passed while the call waited. The connection may be perfectly well.",
    reasons: &[
        "The peer takes longer to answer than the limit allows.",
        "The peer has vanished: from a read alone nobody can tell.",
    ],
    remedies: &[
        "Decide what silence means to you. To go on waiting, call again; to give up, close the connection: the answer \
         may still come, and would be taken for that of the next request.",
        "After a write that timed out, close: part of the data may have been taken. On Windows close after a read too: \
         its documentation calls the connection's state indeterminate.",
    ],
    misreadings: &[
        "The kinds differ: Rust reports `WouldBlock` on Unix and `TimedOut` on Windows. Portable code has to match \
         both.",
        "On Windows the code and the text are those of a peer that never answered, though it may have.",
    ],
};

const INVALID_ARGUMENT: Prose = Prose {
    meaning: "The call does not fit the socket's state, or one of its arguments is out of range. It is a mistake in \
              this program, not in the network.",
    reasons: &[
        "The calls come in the wrong order: accept on a socket that does not listen, bind on one that is bound.",
        "An option's value is out of range: keepalive times of zero, a negative timeout.",
        "On macOS: setting an option on a connection that the peer has already ended.",
    ],
    remedies: &[
        "Look at the call before it on the same socket (`strace -e trace=network`, `dtruss`).",
    ],
    misreadings: &[],
};

const KILLED: Prose = Prose {
    meaning: "The program was killed while the call waited. No call returned: a dead program sees nothing. What matters \
              is what its kernel now tells the peer.",
    reasons: &["A scenario's `kill` or `power_off`."],
    remedies: &[
        "Look at the peer. A program that dies closes its sockets: the peer gets an end of file, or a reset if there \
         was unread data. A machine that loses power says nothing at all.",
    ],
    misreadings: &["It exists in reports only; no system call returns it."],
};
