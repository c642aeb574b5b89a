//! Sockets with the names and signatures of [`tokio::net`], on a simulated machine.
//!
//! Swap one import, and a client or server meets the errors of the system that its host simulates:
//!
//! ```
//! #[cfg(not(test))]
//! use tokio::net::TcpStream;
//! #[cfg(test)]
//! use halfopen::net::TcpStream;
//! # fn main() {}
//! ```
//!
//! A socket belongs to the host whose task makes it, wherever that task was spawned. Outside a host of a
//! [`Lab`](crate::Lab), making one panics.
//!
//! # What is different from tokio
//! - There is one network, of IPv4. Loopback addresses mean the host itself, and come back as its own address. IPv6
//!   addresses are not available.
//! - A name is that of a host of the run; looking it up takes no time. Any other name fails as it does on the system.
//! - What would hand out or take a socket of the real system (`from_std`, `into_std`, `as_raw_fd`) is not there, nor are
//!   options that change nothing here (`SO_REUSEPORT`, type of service, devices).
//! - Calls do not use up tokio's cooperative budget.
//!
//! # Under libraries
//! Whatever takes any `AsyncRead + AsyncWrite` takes a [`TcpStream`]: hyper's connections (in a `TokioIo`), tokio-rustls,
//! `tokio_postgres::Config::connect_raw`, redis' `MultiplexedConnection::new_with_config`, tokio-tungstenite's
//! `client_async`. What needs a trait of its own is behind a feature of this crate:
//!
//! | feature | what it gives |
//! |---|---|
//! | `hyper` | `HttpConnector` for hyper-util's pooling client and tonic's channels |
//! | `axum` | [`TcpListener`] for `axum::serve` |
//! | `tonic` | [`TcpStream`] for tonic's `serve_with_incoming` |

mod addr;
#[cfg(feature = "axum")]
mod axum_listener;
#[cfg(feature = "hyper")]
mod http_connector;
mod listener;
mod options;
mod socket;
mod split;
mod split_owned;
mod stream;
#[cfg(feature = "tonic")]
mod tonic_stream;

/// The halves of a [`TcpStream`].
pub mod tcp {
    pub use super::split::{ReadHalf, WriteHalf};
    pub use super::split_owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
}

pub use addr::{ToSocketAddrs, lookup_host};
#[cfg(feature = "hyper")]
pub use http_connector::{ConnectError, HttpConnector};
pub use listener::TcpListener;
pub use options::{SockRef, TcpKeepalive};
pub use socket::TcpSocket;
pub use stream::TcpStream;
