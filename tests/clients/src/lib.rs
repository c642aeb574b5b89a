//! Real clients and servers from crates.io over simulated sockets, and what their users see when the network fails.
//!
//! | module | what it holds |
//! |---|---|
//! | `door` | where servers accept, and close connections that were idle for too long |
//! | `situation` | what goes wrong, and what the client does meanwhile |
//! | `seen` | what came of it, as the client's user sees it |
//! | `table` | every client in every situation |
//! | the others | one library each: a server, and a client as an application has it |

mod door;
mod grpc;
mod http;
mod https;
mod postgres;
mod redis;
mod seen;
mod situation;
mod table;
mod websocket;

pub use door::{Door, ServerStream};
pub use grpc::Grpc;
pub use http::Http;
pub use https::Https;
pub use postgres::Postgres;
pub use redis::Redis;
pub use seen::{Answer, Seen};
pub use situation::{Ask, Client, Situation, run};
pub use table::Table;
pub use websocket::WebSocket;

/// What programs of a lab return.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;
