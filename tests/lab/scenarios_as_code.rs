//! The clients of all scenarios as code over the public sockets: each call ends with the code, kind and text, and at the
//! time, that the event engine has for it.

use halfopen::Lab;
use halfopen::engine::{Options, event};
use halfopen::net::{SockRef, TcpKeepalive, TcpSocket, TcpStream};
use halfopen::outcome::{StepOutcome, StepResult};
use halfopen::plan::{Action, HostPlan, Payload, Plan, RecvUntil, Step};
use halfopen::tcp::SocketOption;
use halfopen::{os_error, scenario};
use rstest::rstest;
use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

/// What a call of the code came to, and when it began and ended.
type Seen = (Duration, Duration, io::Result<StepResult>);

#[rstest]
fn a_client_s_code_sees_what_its_steps_see(
    #[base_dir = "../scenarios"]
    #[files("**/*.toml")]
    path: PathBuf,
) {
    let scenario = scenario::load(&path).expect("the file has no mistakes");
    let labs = Lab::load_cases(&path).expect("the file has no mistakes");
    for (plan, lab) in scenario.cases().zip(labs) {
        check(&plan, lab);
    }
}

/// How many steps over all scenarios are compared, lest the test above quietly compares none.
#[test]
fn most_scenarios_have_clients_that_code_can_be() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
    let mut failures = 0;
    for file in scenario::discover(&[PathBuf::from(folder)]).expect("the folder is there") {
        let scenario = scenario::load(&file.path).expect("the file has no mistakes");
        for plan in scenario.cases() {
            let (_, expected) = expected(&plan);
            let failed =
                |step: &&StepOutcome| matches!(step.end, Some((_, StepResult::Failed { .. })));
            failures += expected.iter().filter(failed).count();
        }
    }
    assert!(failures > 300, "only {failures} errors");
}

#[track_caller]
fn check(plan: &Plan, mut lab: Lab) {
    let (steps, expected) = expected(plan);
    if steps.is_empty() {
        return;
    }
    let host = client(plan).expect("it has steps").name.clone();
    let names: Vec<String> = plan.hosts.iter().map(|host| host.name.clone()).collect();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&seen);
    lab.program(&host, move || {
        let (steps, names, log) = (steps.clone(), names.clone(), Rc::clone(&log));
        async move {
            let mut program = Program::default();
            for step in &steps {
                let start = turmoil::sim_elapsed().expect("in a simulation");
                let began = Instant::now();
                let result = program.step(step, &names).await;
                log.borrow_mut()
                    .push((start, start + began.elapsed(), result));
            }
            Ok(())
        }
    });
    // What the file expects of other steps may not hold, as the run ends with this program.
    let _ = lab.run();
    let seen = seen.take();
    assert_eq!(
        seen.len(),
        expected.len(),
        "{} {:?}",
        plan.scenario,
        plan.case
    );
    for (expected, seen) in expected.iter().zip(&seen) {
        let same = is_same(plan.link.latency, expected, seen);
        assert!(
            same,
            "{} {:?}\n{expected:?}\n{seen:?}",
            plan.scenario, plan.case
        );
    }
}

/// A host called so with one program, which starts at once.
fn client(plan: &Plan) -> Option<&HostPlan> {
    let mut hosts = plan.hosts.iter();
    hosts
        .find(|host| host.name == "client" && host.programs.len() == 1 && !host.programs[0].on_boot)
}

/// The client's steps as far as code can make them and goes on, and what the event engine has for them.
fn expected(plan: &Plan) -> (Vec<Step>, Vec<StepOutcome>) {
    let Some(client) = client(plan) else {
        return (Vec::new(), Vec::new());
    };
    let outcome = event::run(plan, 0, &Options { packets: false });
    let mut ended: Vec<StepOutcome> = outcome
        .steps
        .into_iter()
        .filter(|step| plan.hosts[step.host].name == client.name)
        .take_while(|step| match step.end {
            None => false,
            Some((_, StepResult::Failed { error, .. })) => error.is_some(),
            Some(_) => true,
        })
        .collect();
    let steps = client.programs[0].steps.iter();
    let steps: Vec<Step> = steps.take_while(|step| can(step)).cloned().collect();
    let both = ended.len().min(steps.len());
    ended.truncate(both);
    (steps[..both].to_vec(), ended)
}

/// Whether the public types have this call.
fn can(step: &Step) -> bool {
    match &step.action {
        Action::Connect { .. } | Action::Send { .. } | Action::Recv(_) | Action::Sleep(_) => true,
        Action::Shutdown(how) => *how == halfopen::tcp::Shutdown::Write,
        Action::Set(options) => options.iter().all(|option| {
            !matches!(
                option,
                SocketOption::ReceiveTimeout(_) | SocketOption::SendTimeout(_)
            )
        }),
        // What a lingering close waits for, `drop` does not.
        Action::Close | Action::GetError => false,
        Action::Bind { host, .. } => host.is_none(),
        Action::Listen { .. } | Action::Accept(_) => false,
    }
}

/// The same result and the same times; to within tokio's millisecond where they are not whole milliseconds, or a packet
/// takes less than one.
fn is_same(latency: Duration, expected: &StepOutcome, (start, end, result): &Seen) -> bool {
    let Some((expected_end, expected_result)) = expected.end else {
        return false;
    };
    let at = |time: halfopen::tcp::Instant, seen: Duration| {
        let time = Duration::from_nanos(time.as_nanos());
        let exact = time.as_nanos().is_multiple_of(1_000_000) && latency >= MILLISECOND;
        seen.abs_diff(time) <= if exact { Duration::ZERO } else { MILLISECOND }
    };
    let same = match (&expected_result, result) {
        (StepResult::Failed { error, .. }, Err(seen)) => error.is_some_and(|error| {
            let os = os_error(seen);
            os.is_some_and(|os| (os.name, os.code) == (error.name, error.code))
                && seen.kind() == error.kind
                && seen.to_string() == format!("{} (os error {})", error.text, error.code)
        }),
        // tokio, too, passes over this error of `shutdown`.
        (StepResult::Failed { error, .. }, Ok(StepResult::Done)) => {
            error.is_some_and(|error| error.kind == io::ErrorKind::NotConnected)
        }
        (expected, Ok(seen)) => expected == seen,
        _ => false,
    };
    same && at(expected.start, *start) && at(expected_end, *end)
}

const MILLISECOND: Duration = Duration::from_millis(1);

/// A program's sockets.
#[derive(Default)]
struct Program {
    streams: Vec<(Option<usize>, TcpStream)>,
    bound: Option<TcpSocket>,
}

impl Program {
    async fn step(&mut self, step: &Step, names: &[String]) -> io::Result<StepResult> {
        match &step.action {
            Action::Sleep(time) => sleep(*time).await,
            Action::Connect { host, port } => {
                let socket = match self.bound.take() {
                    Some(socket) => socket,
                    None => TcpSocket::new_v4()?,
                };
                let mut found = halfopen::net::lookup_host((names[*host].as_str(), *port)).await?;
                let address = found.next().expect("every host has one address");
                let stream = socket.connect(address).await?;
                self.streams.push((step.opens, stream));
            }
            Action::Bind { port, .. } => {
                let socket = TcpSocket::new_v4()?;
                let any = std::net::Ipv4Addr::UNSPECIFIED.into();
                socket.bind(std::net::SocketAddr::new(any, *port))?;
                self.bound = Some(socket);
            }
            Action::Set(options) => match self.stream(step) {
                Some(stream) => set(&SockRef::from(&*stream), options)?,
                None => {
                    let socket = TcpSocket::new_v4()?;
                    set(&SockRef::from(&socket), options)?;
                    self.bound = Some(socket);
                }
            },
            action => {
                let stream = self.stream(step);
                let stream = stream.ok_or(io::ErrorKind::NotConnected)?;
                return transfer(stream, action).await;
            }
        }
        Ok(StepResult::Done)
    }

    fn stream(&mut self, step: &Step) -> Option<&mut TcpStream> {
        let mut streams = self.streams.iter_mut().rev();
        let found = match step.on {
            Some(_) => streams.find(|(name, _)| *name == step.on),
            None => streams.next(),
        };
        found.map(|(_, stream)| stream)
    }
}

async fn transfer(stream: &mut TcpStream, action: &Action) -> io::Result<StepResult> {
    match action {
        Action::Send { data, all } => {
            let data = match data {
                Payload::Text(text) => text.clone().into_bytes(),
                Payload::Bytes(bytes) => (0..*bytes).map(|i| (i % 251) as u8).collect(),
            };
            if *all {
                stream.write_all(&data).await?;
                return Ok(StepResult::Bytes(data.len() as u64));
            }
            let sent = stream.write(&data).await?;
            Ok(StepResult::Bytes(sent as u64))
        }
        Action::Recv(until) => {
            let mut buffer = vec![0; 1 << 20];
            let mut all = 0;
            loop {
                let room = match until {
                    RecvUntil::Bytes(bytes) => (bytes - all).min(1 << 20) as usize,
                    RecvUntil::Some | RecvUntil::Eof => buffer.len(),
                };
                let received = stream.read(&mut buffer[..room]).await? as u64;
                all += received;
                match until {
                    _ if received == 0 => return Ok(StepResult::Eof(all)),
                    RecvUntil::Bytes(bytes) if all < *bytes => {}
                    RecvUntil::Eof => {}
                    RecvUntil::Some | RecvUntil::Bytes(_) => return Ok(StepResult::Bytes(all)),
                }
            }
        }
        _ => {
            stream.shutdown().await?;
            Ok(StepResult::Done)
        }
    }
}

fn set(socket: &SockRef<'_>, options: &[SocketOption]) -> io::Result<()> {
    for option in options {
        let keepalive = TcpKeepalive::new();
        match *option {
            SocketOption::KeepAlive(on) => socket.set_keepalive(on)?,
            SocketOption::KeepIdle(time) => socket.set_tcp_keepalive(&keepalive.with_time(time))?,
            SocketOption::KeepInterval(time) => {
                socket.set_tcp_keepalive(&keepalive.with_interval(time))?;
            }
            SocketOption::KeepCount(count) => {
                socket.set_tcp_keepalive(&keepalive.with_retries(count))?;
            }
            SocketOption::UserTimeout(time) => {
                socket.set_tcp_user_timeout((!time.is_zero()).then_some(time))?;
            }
            SocketOption::Linger(time) => socket.set_linger(time)?,
            SocketOption::NoDelay(on) => socket.set_tcp_nodelay(on)?,
            SocketOption::ReceiveBuffer(size) => socket.set_recv_buffer_size(size as usize)?,
            SocketOption::SendBuffer(size) => socket.set_send_buffer_size(size as usize)?,
            SocketOption::ReceiveTimeout(_)
            | SocketOption::SendTimeout(_)
            | SocketOption::ReuseAddress(_) => {}
        }
    }
    Ok(())
}
