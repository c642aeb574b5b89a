//! What holds under any schedule of faults: the receiver reads a prefix of what the sender wrote, and nobody waits
//! for ever who need not.

use halfopen::LinkFigures;
use halfopen::network::{Arrival, Carried, Flight, Network, Tag};
use halfopen::plan::{Fault, HostPlan, Limits, Plan};
use halfopen_tcp::wire::Packet;
use halfopen_tcp::{
    Cause, Failure, Host, Instant, ProcessId, Profile, Rng, Shutdown, SocketId, State,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

const CLIENT: usize = 0;
const SERVER: usize = 1;
/// Far more than any schedule here needs; a run that gets here does not end.
const EVENTS_MAX: u32 = 2_000_000;

/// One run's inputs.
#[derive(Clone, Debug)]
struct Schedule {
    profiles: [usize; 2],
    figures: LinkFigures,
    faults: Vec<(u64, Fault)>,
    /// Bytes that the client writes.
    len: usize,
    seed: u64,
}

fn figures() -> impl Strategy<Value = LinkFigures> {
    let ratio = |max: f64| prop_oneof![3 => Just(0.0), 2 => 0.0..max];
    let bandwidth = prop_oneof![3 => Just(None), 1 => (100_000_u64..10_000_000).prop_map(Some)];
    (
        1_u64..300,
        0_u64..100,
        ratio(0.3),
        ratio(0.3),
        ratio(0.3),
        ratio(0.2),
        bandwidth,
    )
        .prop_map(
            |(latency, jitter, loss, duplicate, reorder, corrupt, bandwidth)| LinkFigures {
                latency: Duration::from_millis(latency),
                jitter: Duration::from_millis(jitter),
                loss,
                duplicate,
                reorder,
                corrupt,
                bandwidth,
                queue: bandwidth.map(|_| 64 * 1024),
                ..LinkFigures::DEFAULT
            },
        )
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Partition(CLIENT, SERVER)),
        Just(Fault::Heal(CLIENT, SERVER)),
        Just(Fault::Block {
            from: CLIENT,
            to: SERVER
        }),
        Just(Fault::Block {
            from: SERVER,
            to: CLIENT
        }),
        Just(Fault::Hold(CLIENT, SERVER)),
        Just(Fault::Release(CLIENT, SERVER)),
        (0_u32..5, 0_u32..5).prop_map(|(count, skip)| Fault::Drop {
            from: CLIENT,
            to: SERVER,
            flags: None,
            count,
            skip,
        }),
        figures().prop_map(|figures| Fault::Link {
            hosts: (CLIENT, SERVER),
            figures
        }),
    ]
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let profile = 0..Profile::ALL.len();
    let faults = prop::collection::vec((0_u64..60_000, fault()), 0..8);
    (
        [profile.clone(), profile],
        figures(),
        faults,
        0_usize..60_000,
        any::<u64>(),
    )
        .prop_map(|(profiles, figures, mut faults, len, seed)| {
            faults.sort_by_key(|(at, _)| *at);
            Schedule {
                profiles,
                figures,
                faults,
                len,
                seed,
            }
        })
}

/// What a program waits in, and how it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Opening,
    Sending,
    Receiving,
    Ended(Option<Cause>),
}

/// Two machines with a program each, and the network between them.
struct World {
    now: Instant,
    hosts: [Host; 2],
    network: Network,
    events: BTreeMap<(Instant, u64), Flight>,
    sequence: u64,
    client: (SocketId, Phase),
    listener: SocketId,
    server: (Option<SocketId>, Phase),
    server_process: ProcessId,
    data: Vec<u8>,
    written: usize,
    read: Vec<u8>,
}

impl World {
    fn new(schedule: &Schedule) -> Self {
        let host = |name: &str, profile: usize| HostPlan {
            name: name.to_owned(),
            profile: Arc::new(Profile::ALL[profile].clone()),
            settings: Vec::new(),
            programs: Vec::new(),
        };
        let plan = Plan {
            scenario: "property".to_owned(),
            title: String::new(),
            why: String::new(),
            case: Vec::new(),
            hosts: vec![
                host("client", schedule.profiles[0]),
                host("server", schedule.profiles[1]),
            ],
            link: schedule.figures,
            between: Vec::new(),
            timeline: Vec::new(),
            until: None,
            limits: Limits::DEFAULT,
        };
        let address = |index| IpAddr::V4(halfopen::plan::address(index));
        let machine = |index: usize| {
            let rng = Rng::stream(schedule.seed, &format!("host {index}"));
            Host::new(address(index), Arc::clone(&plan.hosts[index].profile), rng)
        };
        let mut hosts = [machine(CLIENT), machine(SERVER)];
        let (process, server_process) = (hosts[CLIENT].spawn(), hosts[SERVER].spawn());
        let listener = hosts[SERVER].socket(server_process);
        let local = SocketAddr::new(address(SERVER), 80);
        hosts[SERVER].bind(Instant::ZERO, listener, local).unwrap();
        hosts[SERVER].listen(Instant::ZERO, listener, None).unwrap();
        let socket = hosts[CLIENT].socket(process);
        hosts[CLIENT].connect(Instant::ZERO, socket, local).unwrap();
        Self {
            now: Instant::ZERO,
            network: Network::new(&plan, schedule.seed),
            hosts,
            events: BTreeMap::new(),
            sequence: 0,
            client: (socket, Phase::Opening),
            listener,
            server: (None, Phase::Opening),
            server_process,
            data: (0..schedule.len).map(|n| (n % 251) as u8).collect(),
            written: 0,
            read: Vec::new(),
        }
    }

    fn put(&mut self, carried: Vec<Carried>) {
        for carried in carried {
            match carried {
                Carried::Arriving { at, flight } => {
                    self.sequence += 1;
                    self.events.insert((at, self.sequence), flight);
                }
                Carried::Lost { .. } => {}
                Carried::Forged { from, packet } => self.carry(from, packet),
            }
        }
    }

    fn carry(&mut self, from: usize, packet: Packet) {
        let mut out = Vec::new();
        self.network.carry(self.now, from, packet, Tag(0), &mut out);
        self.put(out);
    }

    /// Lets both programs and both kernels do what they can do now.
    fn settle(&mut self) {
        loop {
            let before = (self.client, self.server, self.written, self.read.len());
            self.client_turn();
            self.server_turn();
            for host in [CLIENT, SERVER] {
                while let Some(packet) = self.hosts[host].poll_packet() {
                    self.carry(host, packet);
                }
                while self.hosts[host].poll_socket().is_some() {}
            }
            if before == (self.client, self.server, self.written, self.read.len()) {
                return;
            }
        }
    }

    /// Connects, writes everything, shuts down, reads until the end.
    fn client_turn(&mut self) {
        let (socket, phase) = self.client;
        let (now, host) = (self.now, &mut self.hosts[CLIENT]);
        let result = match phase {
            Phase::Opening => host.connect_result(socket).map(|()| Phase::Sending),
            Phase::Sending if self.written == self.data.len() => host
                .shutdown(now, socket, Shutdown::Write)
                .map(|()| Phase::Receiving),
            Phase::Sending => host
                .send(now, socket, &self.data[self.written..])
                .map(|sent| {
                    self.written += sent;
                    Phase::Sending
                }),
            Phase::Receiving => host.recv(now, socket, &mut [0; 64]).map(|len| {
                assert_eq!(len, 0, "the server writes nothing");
                Phase::Ended(None)
            }),
            Phase::Ended(_) => return,
        };
        self.client.1 = next(phase, result);
        if let Phase::Ended(_) = self.client.1 {
            self.hosts[CLIENT].close(self.now, socket);
        }
    }

    /// Accepts one connection and reads it until the end.
    fn server_turn(&mut self) {
        let (now, host) = (self.now, &mut self.hosts[SERVER]);
        let (socket, phase) = self.server;
        let result = match (phase, socket) {
            (Phase::Receiving, Some(socket)) => {
                let mut buffer = [0; 4096];
                host.recv(now, socket, &mut buffer).map(|len| {
                    self.read.extend_from_slice(&buffer[..len]);
                    if len == 0 {
                        Phase::Ended(None)
                    } else {
                        Phase::Receiving
                    }
                })
            }
            (Phase::Ended(_), _) => return,
            _ => host
                .accept(now, self.listener, self.server_process)
                .map(|socket| {
                    self.server.0 = Some(socket);
                    Phase::Receiving
                }),
        };
        self.server.1 = next(phase, result);
        if let (Phase::Ended(_), Some(socket)) = (self.server.1, self.server.0) {
            self.hosts[SERVER].close(self.now, socket);
        }
    }

    /// Runs until nothing can happen any more.
    fn run(&mut self, faults: &[(u64, Fault)]) {
        let mut faults = faults.iter().peekable();
        for _ in 0..EVENTS_MAX {
            self.settle();
            let fault = faults
                .peek()
                .map(|(ms, _)| Instant::ZERO + Duration::from_millis(*ms));
            let packet = self.events.first_key_value().map(|((at, _), _)| *at);
            let timers = [
                self.hosts[CLIENT].poll_timeout(),
                self.hosts[SERVER].poll_timeout(),
            ];
            let candidates = [fault, packet, timers[0], timers[1]];
            let Some(next) = candidates.into_iter().flatten().min() else {
                return;
            };
            self.now = self.now.max(next);
            let mut out = Vec::new();
            if fault == Some(next) {
                let (_, fault) = faults.next().expect("peeked at it");
                self.network.apply(self.now, fault, &mut out);
            } else if packet == Some(next) {
                let (_, flight) = self.events.pop_first().expect("looked at it");
                if let Arrival::Delivered(flight) = self.network.arrive(self.now, flight, &mut out)
                {
                    self.hosts[flight.to].handle_packet(self.now, flight.packet);
                }
            } else {
                self.hosts[CLIENT].handle_timeout(self.now);
                self.hosts[SERVER].handle_timeout(self.now);
            }
            self.put(out);
        }
        panic!(
            "{EVENTS_MAX} events and no end: client {:?}, server {:?}",
            self.client, self.server
        );
    }
}

/// The phase after a call.
fn next(phase: Phase, result: Result<Phase, Failure>) -> Phase {
    match result {
        Ok(next) => next,
        Err(Failure {
            cause: Cause::WouldBlock,
            ..
        }) => phase,
        Err(failure) => Phase::Ended(Some(failure.cause)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_is_a_stream_and_ends(schedule in schedule()) {
        let mut world = World::new(&schedule);
        world.run(&schedule.faults);
        let read = world.read.len();
        prop_assert!(read <= world.written);
        prop_assert!(world.read[..] == world.data[..read], "what was read is not what was written");
        // An orderly end means that everything arrived.
        if world.server.1 == Phase::Ended(None) {
            prop_assert_eq!(read, world.data.len());
        }
        // Nothing can happen any more, so whoever still waits waits for ever. Connecting and sending may not; nor may
        // a reader whose own FIN is unacknowledged. A reader who has nothing to lose may.
        prop_assert!(!matches!(world.client.1, Phase::Opening | Phase::Sending), "{:?}", world.client.1);
        if world.client.1 == Phase::Receiving {
            let state = world.hosts[CLIENT].state(world.client.0);
            prop_assert!(matches!(state, Some(State::FinWait2)), "the client waits in {:?}", state);
        }
        if let (Phase::Receiving, Some(socket)) = (world.server.1, world.server.0) {
            let state = world.hosts[SERVER].state(socket);
            prop_assert!(matches!(state, Some(State::Established)), "the server waits in {:?}", state);
        }
    }

    /// Loss alone, as much as real networks have, only delays.
    #[test]
    fn loss_is_made_good(
        profiles in [0..Profile::ALL.len(), 0..Profile::ALL.len()],
        loss in 0.0..0.03_f64,
        reorder in 0.0..0.1_f64,
        len in 0_usize..200_000,
        seed in any::<u64>(),
    ) {
        let figures = LinkFigures { loss, reorder, duplicate: loss, ..LinkFigures::DEFAULT };
        let mut world = World::new(&Schedule { profiles, figures, faults: Vec::new(), len, seed });
        world.run(&[]);
        prop_assert_eq!((world.client.1, world.server.1), (Phase::Ended(None), Phase::Ended(None)));
        prop_assert!(world.read == world.data);
    }
}
