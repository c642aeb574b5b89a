//! Socket options.

use crate::profile::{Buffers, KeepAlive, Profile};
use std::time::Duration;

/// A socket option and its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SocketOption {
    /// `SO_KEEPALIVE`.
    KeepAlive(bool),
    /// `TCP_KEEPIDLE`: silence before the first probe. macOS calls it `TCP_KEEPALIVE`.
    KeepIdle(Duration),
    /// `TCP_KEEPINTVL`: between probes.
    KeepInterval(Duration),
    /// `TCP_KEEPCNT`: unanswered probes that end the connection.
    KeepCount(u32),
    /// `TCP_USER_TIMEOUT`, RFC 5482. Zero turns it off.
    UserTimeout(Duration),
    /// `SO_LINGER`. `None` turns it off; zero makes `close` send RST.
    Linger(Option<Duration>),
    /// `TCP_NODELAY`: without Nagle's algorithm.
    NoDelay(bool),
    /// `SO_RCVTIMEO`. Zero turns it off.
    ReceiveTimeout(Duration),
    /// `SO_SNDTIMEO`. Zero turns it off.
    SendTimeout(Duration),
    /// `SO_RCVBUF`, in bytes. Set it before the connection is there.
    ReceiveBuffer(u32),
    /// `SO_SNDBUF`, in bytes.
    SendBuffer(u32),
    /// `SO_REUSEADDR`.
    ReuseAddress(bool),
}

/// What a socket's options are set to, the system's defaults included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionValues {
    /// `SO_KEEPALIVE`.
    pub keep_alive: bool,
    /// `TCP_KEEPIDLE`.
    pub keep_idle: Duration,
    /// `TCP_KEEPINTVL`.
    pub keep_interval: Duration,
    /// `TCP_KEEPCNT`.
    pub keep_count: u32,
    /// `TCP_USER_TIMEOUT`; `None`: off.
    pub user_timeout: Option<Duration>,
    /// `SO_LINGER`; `None`: off.
    pub linger: Option<Duration>,
    /// `TCP_NODELAY`.
    pub no_delay: bool,
    /// `SO_RCVBUF`, in bytes.
    pub receive_buffer: u32,
    /// `SO_SNDBUF`, in bytes.
    pub send_buffer: u32,
    /// `SO_REUSEADDR`.
    pub reuse_address: bool,
}

/// What a socket's options are set to; `None` is the system's default.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Options {
    pub(crate) keep_alive: bool,
    keep_idle: Option<Duration>,
    keep_interval: Option<Duration>,
    keep_count: Option<u32>,
    pub(crate) user_timeout: Option<Duration>,
    pub(crate) linger: Option<Duration>,
    pub(crate) no_delay: bool,
    pub(crate) receive_timeout: Option<Duration>,
    pub(crate) send_timeout: Option<Duration>,
    pub(crate) recv_buffer: Option<u32>,
    pub(crate) send_buffer: Option<u32>,
    pub(crate) reuse_address: bool,
}

/// `MAX_TCP_KEEPIDLE`, `MAX_TCP_KEEPINTVL` and `MAX_TCP_KEEPCNT` in Linux's include/net/tcp.h; the others take at
/// least as much.
const KEEP_TIME_MAX: Duration = Duration::from_secs(32_767);
const KEEP_COUNT_MAX: u32 = 127;
/// The smallest buffers that work at all; Linux raises a smaller `SO_RCVBUF` to 2304 bytes and a smaller `SO_SNDBUF`
/// to 4608 (socket(7)), half of which holds data.
const RECEIVE_BUFFER_MIN: u32 = 1152;
const SEND_BUFFER_MIN: u32 = 2304;

impl Options {
    pub(crate) fn new(profile: &Profile) -> Self {
        Self {
            keep_alive: profile.keepalive.on,
            keep_idle: None,
            keep_interval: None,
            keep_count: None,
            user_timeout: None,
            linger: None,
            no_delay: false,
            receive_timeout: None,
            send_timeout: None,
            recv_buffer: None,
            send_buffer: None,
            reuse_address: false,
        }
    }

    /// Sets one; `false` if the value is out of bounds.
    pub(crate) fn set(&mut self, option: SocketOption) -> bool {
        let nonzero = |time: Duration| (!time.is_zero()).then_some(time);
        let keep_time = |time: Duration| !time.is_zero() && time <= KEEP_TIME_MAX;
        match option {
            SocketOption::KeepAlive(on) => self.keep_alive = on,
            SocketOption::KeepIdle(time) if keep_time(time) => self.keep_idle = Some(time),
            SocketOption::KeepInterval(time) if keep_time(time) => self.keep_interval = Some(time),
            SocketOption::KeepCount(count) if (1..=KEEP_COUNT_MAX).contains(&count) => {
                self.keep_count = Some(count);
            }
            SocketOption::KeepIdle(_)
            | SocketOption::KeepInterval(_)
            | SocketOption::KeepCount(_) => return false,
            SocketOption::UserTimeout(time) => self.user_timeout = nonzero(time),
            SocketOption::Linger(time) => self.linger = time,
            SocketOption::NoDelay(on) => self.no_delay = on,
            SocketOption::ReceiveTimeout(time) => self.receive_timeout = nonzero(time),
            SocketOption::SendTimeout(time) => self.send_timeout = nonzero(time),
            SocketOption::ReceiveBuffer(bytes) => {
                self.recv_buffer = Some(bytes.max(RECEIVE_BUFFER_MIN));
            }
            SocketOption::SendBuffer(bytes) => self.send_buffer = Some(bytes.max(SEND_BUFFER_MIN)),
            SocketOption::ReuseAddress(on) => self.reuse_address = on,
        }
        true
    }

    pub(crate) fn values(&self, profile: &Profile) -> OptionValues {
        OptionValues {
            keep_alive: self.keep_alive,
            keep_idle: self.keep_idle(&profile.keepalive),
            keep_interval: self.keep_interval(&profile.keepalive),
            keep_count: self.keep_count(&profile.keepalive),
            user_timeout: self.user_timeout,
            linger: self.linger,
            no_delay: self.no_delay,
            receive_buffer: self.recv_buffer.unwrap_or(profile.buffers.receive),
            send_buffer: self.send_buffer.unwrap_or(profile.buffers.send),
            reuse_address: self.reuse_address,
        }
    }

    pub(crate) fn keep_idle(&self, rules: &KeepAlive) -> Duration {
        self.keep_idle.unwrap_or(rules.idle)
    }

    pub(crate) fn keep_interval(&self, rules: &KeepAlive) -> Duration {
        self.keep_interval.unwrap_or(rules.interval)
    }

    pub(crate) fn keep_count(&self, rules: &KeepAlive) -> u32 {
        self.keep_count.unwrap_or(rules.count)
    }

    pub(crate) fn linger_is_zero(&self) -> bool {
        self.linger == Some(Duration::ZERO)
    }

    /// The shift that a SYN offers: the system's, unless the receive buffer was set, which then decides.
    pub(crate) fn window_scale(&self, buffers: &Buffers) -> Option<u8> {
        let system = buffers.window_scale?;
        let Some(bytes) = self.recv_buffer else {
            return Some(system);
        };
        (0..=14).find(|shift| bytes >> shift <= u32::from(u16::MAX))
    }
}
