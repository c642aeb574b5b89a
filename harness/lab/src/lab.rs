//! Your own tokio code on simulated machines.

mod faults;
mod host;
mod kernels;
mod report;

pub use faults::{
    At, block, boot, drop_segments, heal, hold, kill, partition, pause, power_off, reject,
    reject_all, release, reset, resume, route, set_link, unroute,
};
pub use host::LabHost;
pub use kernels::Kernels;
pub use report::{LabFailure, LabReport};

use crate::engine::turmoil::{Code, CodeOf, CodeResult, Ended, Simulation, Stop};
use crate::link::LinkFigures;
use crate::outcome::Verdict;
use crate::plan::{HostIndex, Limits, Plan, ProgramPlan, TimedFault};
use crate::scenario::{self, Diagnostic};
use faults::{Named, host_named};
use halfopen_tcp::Instant;
use report::Why;
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// Hosts with programs, the links between them, and what goes wrong when.
///
/// ```
/// use halfopen::Lab;
/// use halfopen::net::TcpStream;
/// use std::time::Duration;
///
/// let mut lab = Lab::new();
/// lab.host("server").os("linux");
/// lab.host("client").os("windows-10").client(async {
///     let error = TcpStream::connect("server:80").await.unwrap_err();
///     assert_eq!(halfopen::os_error(&error).unwrap().name, "WSAETIMEDOUT");
///     Ok(())
/// });
/// lab.at(Duration::ZERO).partition("client", "server");
/// let report = lab.run()?;
/// assert_eq!(report.end().to_string(), "21.000 000");
/// # Ok::<(), halfopen::LabFailure>(())
/// ```
///
/// A run ends when every client is done. It fails if a program returns an error, or if a limit comes first; a panic in a
/// program is a panic of [`run`](Self::run).
///
/// # What makes a run the same every time
/// The same lab with the same seed gives the same report, in every process and on every machine, as far as the code
/// under test does. What it takes from elsewhere is its own affair, and that of the libraries that it uses:
/// - **`select!`** of tokio tries its branches in a random order. Say `biased`, or build the tests with
///   `RUSTFLAGS="--cfg tokio_unstable"`: then the order follows from the seed.
/// - **`HashMap`** of the standard library has another order in every process. Where the order in which it is walked
///   reaches the network, take a `BTreeMap`, or a `HashMap` with a hasher of a fixed state.
/// - **Random numbers** of the system: take a generator that can be seeded, and seed it. Those that only fill bytes, as
///   nonces and keys do, change no packet's time or size. Signatures may: ECDSA's differ in length, Ed25519's do not.
/// - **Clocks**: `tokio::time` is the run's. `std::time`, and what a library asks of it, is not; rustls takes a
///   `TimeProvider` for the validity of certificates, and hyper's server writes the time into a `date` header, whose
///   length changes under HTTP/2, unless the answer has one.
/// - **Threads** run in real time: `spawn_blocking` and a runtime of one's own are not part of a run.
#[derive(Debug)]
pub struct Lab {
    plan: Plan,
    /// Its hosts come from a scenario.
    fixed: bool,
    seed: u64,
    between: Vec<(String, String, LinkFigures)>,
    faults: Vec<Named>,
    programs: Vec<Program>,
    shortest_latency: Option<Duration>,
}

/// A program that is code.
struct Program {
    host: String,
    number: usize,
    client: bool,
    code: Code,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            number,
            client,
            ..
        } = self;
        f.debug_struct("Program")
            .field("host", host)
            .field("number", number)
            .field("client", client)
            .finish_non_exhaustive()
    }
}

impl Default for Lab {
    fn default() -> Self {
        Self::new()
    }
}

impl Lab {
    /// Without hosts; with seed 0, 25 ms between any two hosts, and a limit of 3 hours of virtual time.
    pub fn new() -> Self {
        Self::of(Plan {
            scenario: "lab".to_owned(),
            title: String::new(),
            why: String::new(),
            case: Vec::new(),
            hosts: Vec::new(),
            link: LinkFigures::DEFAULT,
            between: Vec::new(),
            timeline: Vec::new(),
            until: None,
            limits: Limits {
                events: EVENTS_MAX,
                ..Limits::DEFAULT
            },
        })
    }

    /// The hosts, links, faults and steps of a scenario file. Where it has a matrix, the first case;
    /// [`load_cases`](Self::load_cases) gives all.
    ///
    /// ```
    /// # use halfopen::{Lab, net::TcpStream};
    /// # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/refused/closed-port.toml");
    /// let mut lab = Lab::load(file).expect("the file has no mistakes");
    /// lab.program("client", || async {
    ///     assert!(TcpStream::connect("server:81").await.is_err());
    ///     Ok(())
    /// });
    /// lab.run().unwrap();
    /// ```
    ///
    /// # Errors
    /// Everything that the file has wrong.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Vec<Diagnostic>> {
        let scenario = scenario::load(path)?;
        let first = scenario.cases().next();
        Ok(Self::of(first.expect("a scenario has at least one case")).fix())
    }

    /// A lab for each case of a scenario's matrix.
    ///
    /// # Errors
    /// Everything that the file has wrong.
    pub fn load_cases(path: impl AsRef<Path>) -> Result<Vec<Self>, Vec<Diagnostic>> {
        let scenario = scenario::load(path)?;
        Ok(scenario.cases().map(|plan| Self::of(plan).fix()).collect())
    }

    fn of(plan: Plan) -> Self {
        Self {
            plan,
            fixed: false,
            seed: 0,
            between: Vec::new(),
            faults: Vec::new(),
            programs: Vec::new(),
            shortest_latency: None,
        }
    }

    fn fix(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// What the report is headed with.
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        self.plan.scenario = name.into();
        self
    }

    /// What all random numbers follow from.
    pub fn seed(&mut self, seed: u64) -> &mut Self {
        self.seed = seed;
        self
    }

    /// Adds a host: a machine that runs Linux, unless it is told otherwise, and no program.
    ///
    /// # Panics
    /// If there is one of that name.
    #[track_caller]
    pub fn host(&mut self, name: impl Into<String>) -> LabHost<'_> {
        let name = name.into();
        assert!(
            !self.fixed,
            "the hosts of a scenario are those of its file: `{name}` cannot be added"
        );
        let known = self.plan.hosts.iter().any(|host| host.name == name);
        assert!(!known, "there are two hosts called `{name}`");
        LabHost::add(self, name)
    }

    /// Puts code in place of the steps of a scenario's host. The run ends when it is done.
    ///
    /// # Panics
    /// If there is no host of that name.
    #[track_caller]
    pub fn program<F, Fut>(&mut self, host: &str, code: F) -> &mut Self
    where
        F: Fn() -> Fut + 'static,
        Fut: Future<Output = CodeResult> + 'static,
    {
        let names: Vec<String> = self.plan.hosts.iter().map(|h| h.name.clone()).collect();
        let index = host_named(&names, host);
        match self.plan.hosts[index].programs.first_mut() {
            Some(program) => program.steps.clear(),
            None => self.plan.hosts[index].programs.push(main_program()),
        }
        self.programs.push(Program {
            host: host.to_owned(),
            number: 0,
            client: true,
            code: Rc::new(move || Some(Box::pin(code()))),
        });
        self
    }

    /// The figures of every link that [`link_between`](Self::link_between) does not name.
    pub fn link(&mut self, figures: LinkFigures) -> &mut Self {
        self.plan.link = figures;
        self
    }

    /// The time that packets take, one way, on every link that [`link_between`](Self::link_between) does not name.
    pub fn latency(&mut self, latency: Duration) -> &mut Self {
        self.plan.link.latency = latency;
        self
    }

    /// The figures of the link between two hosts.
    pub fn link_between(&mut self, a: &str, b: &str, figures: LinkFigures) -> &mut Self {
        self.between.push((a.to_owned(), b.to_owned(), figures));
        self
    }

    /// The shortest latency that code will ask for with [`set_link`]; without it, the shortest that the lab has.
    pub fn shortest_latency(&mut self, latency: Duration) -> &mut Self {
        self.shortest_latency = Some(latency);
        self
    }

    /// A time on the timeline.
    pub fn at(&mut self, at: Duration) -> At<'_> {
        let at = Instant::ZERO + at;
        At { lab: self, at }
    }

    /// When the run ends, whether the clients are done or not. With clients that are not done it has failed.
    pub fn until(&mut self, until: Duration) -> &mut Self {
        self.plan.until = Some(Instant::ZERO + until);
        self
    }

    /// How much virtual time the run may take.
    pub fn time_limit(&mut self, time: Duration) -> &mut Self {
        self.plan.limits.time = time;
        self
    }

    /// Runs it.
    ///
    /// # Errors
    /// A program returned an error; a limit came before the clients were done; a step of a scenario did not do what its
    /// file expects.
    ///
    /// # Panics
    /// If a program panics, and if a name is that of no host.
    #[track_caller]
    pub fn run(self) -> Result<LabReport, LabFailure> {
        let (plan, programs, seed, shortest) = self.resolve();
        let clients = programs.iter().filter(|program| program.client).count();
        let is_client: Vec<(HostIndex, usize)> = programs
            .iter()
            .filter(|program| program.client)
            .map(|program| (place(&plan, program), program.number))
            .collect();
        let code = programs
            .into_iter()
            .map(|program| CodeOf {
                host: place(&plan, &program),
                program: program.number,
                code: program.code,
            })
            .collect();
        let mut simulation = Simulation::new(plan, seed, true, code, shortest);
        simulation.run(|ended| {
            let failed = ended
                .iter()
                .any(|ended| !matches!(ended.result, Ok(Ok(()))));
            let done = is_client.iter().filter(|client| {
                ended
                    .iter()
                    .any(|ended| (ended.host, ended.program) == **client)
            });
            failed || clients > 0 && done.count() == clients
        });
        let (stop, ended) = (simulation.stop(), simulation.take_ended());
        let (plan, outcome) = simulation.finish_with_plan();
        let passed = outcome.verdict == Verdict::Passed;
        let report = LabReport::new(plan, outcome);
        let why = match first_failure(ended, &report) {
            Some(why) => Some(why),
            None => match stop {
                Stop::Until(_) if clients > 0 => Some(Why::Until),
                Stop::Limit(_) => Some(Why::Limit),
                _ if !passed => Some(Why::Expectation),
                _ => None,
            },
        };
        match why {
            None => Ok(report),
            Some(why) => Err(LabFailure {
                why,
                report: Box::new(report),
            }),
        }
    }

    /// Hosts in order of their names, as their addresses are, and names become hosts.
    #[track_caller]
    fn resolve(self) -> (Plan, Vec<Program>, u64, Option<Duration>) {
        let mut plan = self.plan;
        if !self.fixed {
            plan.hosts.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let names: Vec<String> = plan.hosts.iter().map(|host| host.name.clone()).collect();
        let host = |name: &str| host_named(&names, name);
        for (a, b, figures) in &self.between {
            let (a, b) = (host(a), host(b));
            plan.between.push(((a.min(b), a.max(b)), *figures));
        }
        let faults = self.faults.iter().map(|named| TimedFault {
            at: named.at,
            fault: (named.fault)(&host),
        });
        plan.timeline.extend(faults);
        plan.timeline.sort_by_key(|timed| timed.at);
        (plan, self.programs, self.seed, self.shortest_latency)
    }
}

fn place(plan: &Plan, program: &Program) -> HostIndex {
    let found = plan.hosts.iter().position(|host| host.name == program.host);
    found.expect("programs are added to hosts that are there")
}

/// What a lab's machines may do: hours of busy connections, and an end for those that never rest.
const EVENTS_MAX: u64 = 100_000_000;

fn main_program() -> ProgramPlan {
    ProgramPlan {
        name: "main".to_owned(),
        start: Instant::ZERO,
        on_boot: false,
        names: Vec::new(),
        steps: Vec::new(),
    }
}

/// What went wrong first, in the order of time. A panic goes on.
#[track_caller]
fn first_failure(ended: Vec<Ended>, report: &LabReport) -> Option<Why> {
    let mut failed: Vec<Ended> = ended
        .into_iter()
        .filter(|ended| !matches!(ended.result, Ok(Ok(()))))
        .collect();
    failed.sort_by_key(|ended| ended.at);
    let first = failed.into_iter().next()?;
    let host = report.plan().hosts[first.host].name.clone();
    match first.result {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(Why::Program(host, error)),
        Err(panic) if is_tokio_socket(panic.as_ref()) => panic!(
            "the program of `{host}` used a socket of `tokio::net`; inside a lab, use those of `halfopen::net`"
        ),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Whether this is tokio's complaint about a socket in a runtime that has none, as those of simulated hosts.
fn is_tokio_socket(panic: &(dyn Any + Send)) -> bool {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.is_some_and(|text| text.contains("IO is disabled"))
}

/// A sentence about what was meant, if something like it is known.
fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match scenario::nearest(name, known) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    }
}
