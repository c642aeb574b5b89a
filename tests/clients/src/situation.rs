//! What goes wrong, and what the client does meanwhile.

use crate::seen::{Answer, Seen};
use crate::{Door, Outcome};
use halfopen::{Lab, LabReport};
use std::cell::RefCell;
use std::error::Error;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// A library's client as an application has it, with a server to go with it.
pub trait Client: Sized + 'static {
    /// What it is called in the table.
    const NAME: &str;

    /// What it is called in the overview, if it is there.
    const SHORT: Option<&str>;

    /// Runs the server.
    fn serve(door: Door) -> impl Future<Output = Outcome>;

    /// A client that has not connected yet.
    ///
    /// # Errors
    /// None that the network has to do with.
    fn new() -> Result<Self, Box<dyn Error>>;

    /// Asks the server. Connects before that, if need be: when the application first asks, and again when its connection
    /// is of no use any more and the library lets it know.
    ///
    /// # Errors
    /// What the library gives its user.
    fn ask(&mut self, ask: Ask) -> impl Future<Output = Outcome>;
}

/// What a client asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// An answer that comes at once.
    Short,
    /// An answer whose second half comes ten seconds after the first.
    Long,
}

/// Between the halves of a long answer.
pub(crate) const HALVES: Duration = Duration::from_secs(10);

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Situation {
    /// Nothing listens on the server.
    Refused,
    /// Packets vanish between the two.
    BlackHole,
    /// Something between the two resets the connection while it waits for its next use.
    ResetWhileIdle,
    /// Something between the two resets the connection when half of the answer has come.
    ResetInMidResponse,
    /// The server's machine loses power when half of the answer has come.
    PowerLossInMidResponse,
    /// The server's machine loses power while the connection waits for its next use, and is up again by then.
    HalfOpenThenReboot,
    /// The server closes the idle connection; its FIN and the next request cross.
    FinRace,
    /// The server closes the idle connection a second before its next use.
    ClosedBefore,
}

impl Situation {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Refused,
        Self::BlackHole,
        Self::ResetWhileIdle,
        Self::ResetInMidResponse,
        Self::PowerLossInMidResponse,
        Self::HalfOpenThenReboot,
        Self::FinRace,
        Self::ClosedBefore,
    ];

    /// What it is called in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::BlackHole => "connect into a black hole",
            Self::ResetWhileIdle => "reset while idle in the pool",
            Self::ResetInMidResponse => "reset in mid-response",
            Self::PowerLossInMidResponse => "power loss in mid-response",
            Self::HalfOpenThenReboot => "half-open, then reboot",
            Self::FinRace => "request crosses the server's FIN",
            Self::ClosedBefore => "server closed a second ago",
        }
    }

    fn add_faults(self, lab: &mut Lab) {
        match self {
            Self::Refused | Self::FinRace | Self::ClosedBefore => {}
            Self::BlackHole => {
                lab.at(Duration::ZERO).partition("client", "server");
            }
            Self::ResetWhileIdle => {
                lab.at(IDLE).reset("client", "server");
            }
            Self::ResetInMidResponse => {
                lab.at(MIDST).reset("client", "server");
            }
            Self::PowerLossInMidResponse => {
                lab.at(MIDST).power_off("server");
            }
            Self::HalfOpenThenReboot => {
                lab.at(IDLE).power_off("server");
                lab.at(IDLE + Duration::from_secs(1)).boot("server");
            }
        }
    }

    /// When the server closes its idle connections.
    fn closes(self) -> Option<Duration> {
        matches!(self, Self::FinRace | Self::ClosedBefore).then_some(IDLE)
    }

    /// When the client asks for the second time; before that it asks at once. `None`: it asks only once.
    fn asks_later(self) -> Option<Duration> {
        match self {
            Self::Refused | Self::BlackHole => None,
            Self::ResetInMidResponse | Self::PowerLossInMidResponse => None,
            Self::ResetWhileIdle | Self::HalfOpenThenReboot => Some(IDLE * 2),
            // The FIN takes 25 ms.
            Self::FinRace => Some(IDLE + Duration::from_millis(10)),
            Self::ClosedBefore => Some(IDLE + Duration::from_secs(1)),
        }
    }

    fn ask(self) -> Ask {
        match self {
            Self::ResetInMidResponse | Self::PowerLossInMidResponse => Ask::Long,
            _ => Ask::Short,
        }
    }

    /// Whether the server can be asked again afterwards.
    fn passes(self) -> bool {
        !matches!(
            self,
            Self::Refused | Self::BlackHole | Self::PowerLossInMidResponse
        )
    }
}

/// When something happens to an idle connection.
const IDLE: Duration = Duration::from_secs(5);

/// When half of a long answer has come.
const MIDST: Duration = Duration::from_secs(3);

/// How long the user of a client waits.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a client on that system sees in a situation, and the report of it. The server runs Linux.
///
/// # Panics
/// If it goes wrong in another way than the situation's.
pub fn run<C: Client>(situation: Situation, os: &str) -> (Seen, LabReport) {
    let mut lab = Lab::new();
    lab.name(format!("{}: {}", C::NAME, situation.name()));
    let server = lab.host("server").os("linux");
    if situation != Situation::Refused {
        server.on_boot(move || async move {
            let closes = situation.closes().map(|after| Instant::now() + after);
            C::serve(Door::open(closes).await?).await
        });
    }
    let seen = Rc::new(RefCell::new(None));
    let result = Rc::clone(&seen);
    lab.host("client").os(os).client(async move {
        *result.borrow_mut() = Some(tell::<C>(situation).await?);
        Ok(())
    });
    situation.add_faults(&mut lab);
    let report = match lab.run() {
        Ok(report) => report,
        Err(failure) => panic!("{failure}"),
    };
    (seen.take().expect("the client is done"), report)
}

/// What the client does and sees.
async fn tell<C: Client>(situation: Situation) -> Result<Seen, Box<dyn Error>> {
    let begin = Instant::now();
    let mut client = C::new()?;
    if let Some(later) = situation.asks_later() {
        client.ask(Ask::Short).await?;
        sleep_until(begin + later).await;
    }
    let start = Instant::now();
    let answered = timeout(PATIENCE, client.ask(situation.ask())).await;
    let after = start.elapsed();
    let Ok(answered) = answered else {
        return Ok(Seen {
            after,
            answer: Answer::Waits,
            again: None,
        });
    };
    let again = if situation.passes() {
        sleep_until(start + after + Duration::from_secs(1)).await;
        Some(Answer::of(client.ask(Ask::Short).await))
    } else {
        None
    };
    Ok(Seen {
        after,
        answer: Answer::of(answered),
        again,
    })
}
