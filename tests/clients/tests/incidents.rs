//! Each test names the public reports that it reproduces, as repository#number, and shows beside the failure what helps.

/// Answers that are lost when a connection closes or cannot be accepted.
mod close;
/// Connections that take too long to fail, or are given up too soon.
mod connect;
/// Pooled connections that the server has closed.
mod pool;
/// Peers that vanish without a word.
mod silence;

use halfopen::{Lab, LabReport};
use halfopen_clients::{Client, Door, Outcome};
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// A lab with this client's server, which closes idle connections at that time if one is given.
fn lab_with<C: Client>(closes: Option<Duration>) -> Lab {
    let mut lab = Lab::new();
    lab.host("server").on_boot(move || async move {
        let closes = closes.map(|after| Instant::now() + after);
        C::serve(Door::open(closes).await?).await
    });
    lab
}

/// Adds a client on that system, runs the lab, and gives what the client found out.
fn run<T: 'static>(
    mut lab: Lab,
    os: &str,
    client: impl Future<Output = Result<T, Box<dyn std::error::Error>>> + 'static,
) -> (T, LabReport) {
    let found = Rc::new(RefCell::new(None));
    let result = Rc::clone(&found);
    lab.host("client").os(os).client(async move {
        *result.borrow_mut() = Some(client.await?);
        Ok(())
    });
    let report = lab.run().unwrap();
    (found.take().unwrap(), report)
}

/// The name of the system's error in a failed request.
fn os_error(outcome: &Outcome) -> Option<&'static str> {
    let error = outcome.as_ref().unwrap_err();
    halfopen::os_error(&**error).map(|error| error.name)
}

/// The text of an error and of all its sources.
fn texts(outcome: &Outcome) -> String {
    let mut error: Option<&dyn std::error::Error> = Some(&**outcome.as_ref().unwrap_err());
    let mut texts = Vec::new();
    while let Some(this) = error {
        texts.push(this.to_string());
        error = this.source();
    }
    texts.join(": ")
}
