//! What reports show of a step's value.

use super::hosts::Hosts;
use crate::plan::{Action, Listener, Payload, RecvUntil};
use crate::scenario::quantity::show_duration;
use halfopen_tcp::{Shutdown, SocketOption};

/// What reports show of a step beside its action: `server:80`, `1000 bytes`, `"hello"`, `eof`.
pub(super) fn detail(action: &Action, hosts: &Hosts<'_>, names: &[String]) -> String {
    match action {
        Action::Listen { port, backlog } => match backlog {
            Some(backlog) => format!("{port} backlog {backlog}"),
            None => port.to_string(),
        },
        Action::Accept(Listener::Port(port)) => port.to_string(),
        Action::Accept(Listener::Named(index)) => names[*index].clone(),
        Action::Connect { host, port } => format!("{}:{port}", hosts.name(*host)),
        Action::Send { data, all } => {
            let all = if *all { ", all" } else { "" };
            format!("{}{all}", show_payload(data))
        }
        Action::Recv(RecvUntil::Some) => "some".into(),
        Action::Recv(RecvUntil::Bytes(count)) => show_bytes(*count),
        Action::Recv(RecvUntil::Eof) => "eof".into(),
        Action::Shutdown(Shutdown::Read) => "read".into(),
        Action::Shutdown(Shutdown::Write) => "write".into(),
        Action::Shutdown(Shutdown::Both) => "both".into(),
        Action::Close => String::new(),
        Action::Set(options) => listed_options(options),
        Action::GetError => "SO_ERROR".into(),
        Action::Bind { host, port } => match host {
            Some(host) => format!("{}:{port}", hosts.name(*host)),
            None => port.to_string(),
        },
        Action::Sleep(time) => show_duration(*time),
    }
}

fn listed_options(options: &[SocketOption]) -> String {
    let shown: Vec<String> = options.iter().map(show_option).collect();
    shown.join(", ")
}

fn show_option(option: &SocketOption) -> String {
    match option {
        SocketOption::KeepAlive(on) => format!("SO_KEEPALIVE = {on}"),
        SocketOption::KeepIdle(time) => format!("TCP_KEEPIDLE = {}", show_duration(*time)),
        SocketOption::KeepInterval(time) => format!("TCP_KEEPINTVL = {}", show_duration(*time)),
        SocketOption::KeepCount(count) => format!("TCP_KEEPCNT = {count}"),
        SocketOption::UserTimeout(time) => format!("TCP_USER_TIMEOUT = {}", show_duration(*time)),
        SocketOption::Linger(None) => "SO_LINGER = false".into(),
        SocketOption::Linger(Some(time)) => format!("SO_LINGER = {}", show_duration(*time)),
        SocketOption::NoDelay(on) => format!("TCP_NODELAY = {on}"),
        SocketOption::ReceiveTimeout(time) => format!("SO_RCVTIMEO = {}", show_duration(*time)),
        SocketOption::SendTimeout(time) => format!("SO_SNDTIMEO = {}", show_duration(*time)),
        SocketOption::ReceiveBuffer(size) => format!("SO_RCVBUF = {size}"),
        SocketOption::SendBuffer(size) => format!("SO_SNDBUF = {size}"),
        SocketOption::ReuseAddress(on) => format!("SO_REUSEADDR = {on}"),
    }
}

fn show_payload(data: &Payload) -> String {
    match data {
        Payload::Bytes(count) => show_bytes(*count),
        Payload::Text(text) => {
            let shown: String = text.chars().take(TEXT_SHOWN).collect();
            let cut = if shown.len() < text.len() { "..." } else { "" };
            format!("\"{}\"{cut}", shown.escape_debug())
        }
    }
}

fn show_bytes(count: u64) -> String {
    let unit = if count == 1 { "byte" } else { "bytes" };
    format!("{count} {unit}")
}

/// Characters of a sent text that reports show.
const TEXT_SHOWN: usize = 40;
