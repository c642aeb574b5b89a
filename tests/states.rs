//! The state table: what each state makes of each segment (RFC 9293, section 3.10.7).

use bytes::Bytes;
use halfopen_tcp::wire::{Body, Flags, Options, Packet, Segment, Seq};
use halfopen_tcp::{Host, Instant, ProcessId, Profile, Rng, Shutdown, SocketId, State};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
/// The peer's initial sequence number.
const PEER_ISS: Seq = Seq(5000);
const WINDOW: u16 = 1000;

/// A host, one connection of it, and what the peer knows.
struct Bench {
    host: Host,
    process: ProcessId,
    socket: Option<SocketId>,
    now: Instant,
    port: u16,
    /// The host's next sequence number, as the peer sees it.
    nxt: Seq,
    /// What the peer has acknowledged.
    acked: Seq,
    /// The peer's next sequence number.
    peer_nxt: Seq,
}

impl Bench {
    fn new(profile: &str) -> Self {
        let profile = Arc::new(Profile::named(profile).expect("comes with the library"));
        let mut host = Host::new(HOST, profile, Rng::stream(0, "host"));
        let process = host.spawn();
        Self {
            host,
            process,
            socket: None,
            now: Instant::ZERO,
            port: 0,
            nxt: Seq(0),
            acked: Seq(0),
            peer_nxt: PEER_ISS,
        }
    }

    /// Packets that left the host since the last call.
    fn sent(&mut self) -> Vec<Segment> {
        let mut segments = Vec::new();
        while let Some(packet) = self.host.poll_packet() {
            let Body::Tcp(segment) = packet.body else {
                continue;
            };
            if !segment.has(Flags::RST) {
                self.nxt = self.nxt.later(segment.end());
            }
            segments.push(segment);
        }
        segments
    }

    fn segment(&self, flags: Flags, payload: &'static [u8]) -> Segment {
        Segment {
            src_port: 80,
            dst_port: self.port,
            seq: self.peer_nxt,
            ack: if flags.contains(Flags::ACK) {
                self.nxt
            } else {
                Seq(0)
            },
            flags,
            window: WINDOW,
            options: Options::default(),
            payload: Bytes::from_static(payload),
        }
    }

    /// The peer sends a segment that fits; the host's answers are thrown away.
    fn peer(&mut self, flags: Flags) {
        let segment = self.segment(flags, b"");
        self.peer_nxt += segment.len();
        self.deliver(segment);
        self.sent();
    }

    fn deliver(&mut self, segment: Segment) {
        // Far from the last one, so that no rate limit on answers shows.
        self.now += Duration::from_millis(1);
        self.host.handle_packet(
            self.now,
            Packet {
                src: PEER,
                dst: HOST,
                body: Body::Tcp(segment),
            },
        );
    }

    fn connect(profile: &str) -> Self {
        let mut bench = Self::new(profile);
        let socket = bench.host.socket(bench.process);
        bench
            .host
            .connect(bench.now, socket, (PEER, 80).into())
            .unwrap();
        let Some(Packet {
            body: Body::Tcp(syn),
            ..
        }) = bench.host.poll_packet()
        else {
            panic!("no SYN");
        };
        (bench.port, bench.nxt, bench.acked) = (syn.src_port, syn.end(), syn.seq);
        bench.socket = Some(socket);
        bench
    }

    fn shutdown(&mut self) {
        let socket = self.socket.expect("a socket is open");
        self.host
            .shutdown(self.now, socket, Shutdown::Write)
            .unwrap();
        self.acked = self.nxt;
        self.sent();
    }

    /// A connection in that state, reached by segments and calls.
    fn in_state(profile: &str, state: State) -> Self {
        let syn_ack = Flags::SYN | Flags::ACK;
        let fin = Flags::FIN | Flags::ACK;
        let mut bench = match state {
            State::SynReceived => return Self::listening(profile),
            _ => Self::connect(profile),
        };
        if state != State::SynSent {
            bench.peer(syn_ack);
        }
        match state {
            State::SynSent | State::SynReceived | State::Closed => {}
            State::Established => {}
            State::FinWait1 => bench.shutdown(),
            State::FinWait2 => {
                bench.shutdown();
                bench.peer(Flags::ACK);
            }
            State::CloseWait => bench.peer(fin),
            State::LastAck => {
                bench.peer(fin);
                bench.shutdown();
            }
            State::Closing => {
                bench.shutdown();
                let mut crossing = bench.segment(fin, b"");
                crossing.ack = bench.acked;
                bench.peer_nxt += 1;
                bench.deliver(crossing);
                bench.sent();
            }
            State::TimeWait => {
                bench.shutdown();
                bench.peer(fin);
            }
        }
        assert_eq!(bench.state(), state);
        bench
    }

    fn listening(profile: &str) -> Self {
        let mut bench = Self::new(profile);
        let listener = bench.host.socket(bench.process);
        bench
            .host
            .bind(bench.now, listener, (HOST, 7000).into())
            .unwrap();
        bench.host.listen(bench.now, listener, None).unwrap();
        bench.port = 7000;
        bench.host.record_transitions(true);
        bench.deliver(bench.segment(Flags::SYN, b""));
        bench.peer_nxt += 1;
        let syn_ack = bench.sent().remove(0);
        (bench.nxt, bench.acked) = (syn_ack.end(), syn_ack.seq);
        assert_eq!(bench.state(), State::SynReceived);
        bench
    }

    fn state(&mut self) -> State {
        if let Some(socket) = self.socket {
            return self.host.state(socket).expect("it has a connection");
        }
        let mut last = State::SynReceived;
        while let Some(transition) = self.host.poll_transition() {
            last = transition.to;
        }
        last
    }

    /// Delivers one segment; the state after it and what the host answers.
    fn probe(&mut self, probe: Probe) -> String {
        let before = self.state();
        let segment = probe.segment(self);
        let (nxt, recv) = (self.nxt, self.peer_nxt);
        self.deliver(segment);
        let after = self.state();
        let replies: Vec<String> = self
            .sent()
            .iter()
            .map(|reply| {
                let news = if reply.has(Flags::ACK) && reply.ack.after(recv) {
                    "+"
                } else {
                    ""
                };
                let old = if reply.seq.before(nxt) && !reply.has(Flags::RST) {
                    "'"
                } else {
                    ""
                };
                format!("{}{old}{news}", reply.flags)
            })
            .collect();
        let arrow = if before == after {
            String::new()
        } else {
            format!("{after} ")
        };
        let replies = if replies.is_empty() {
            "-".to_owned()
        } else {
            replies.join(" ")
        };
        format!("{arrow}{replies}")
    }
}

/// The segments that every state gets to see.
#[derive(Clone, Copy)]
enum Probe {
    Ack,
    AckOfUnsent,
    AckTooOld,
    NoFlags,
    Data,
    DataBeyondWindow,
    DataAgain,
    Fin,
    Syn,
    SynAck,
    RstExact,
    RstInWindow,
    RstOutside,
    RstBefore,
}

impl Probe {
    const ALL: [(&'static str, Self); 14] = [
        ("ACK", Self::Ack),
        ("ACK of what was never sent", Self::AckOfUnsent),
        ("ACK far below SND.UNA", Self::AckTooOld),
        ("neither ACK, SYN nor RST", Self::NoFlags),
        ("data", Self::Data),
        ("data beyond the window", Self::DataBeyondWindow),
        ("data already received", Self::DataAgain),
        ("FIN", Self::Fin),
        ("SYN in the window", Self::Syn),
        ("SYN-ACK", Self::SynAck),
        ("RST at RCV.NXT", Self::RstExact),
        ("RST in the window", Self::RstInWindow),
        ("RST outside the window", Self::RstOutside),
        ("RST at RCV.NXT-1", Self::RstBefore),
    ];

    fn segment(self, bench: &Bench) -> Segment {
        let ack = bench.segment(Flags::ACK, b"");
        // A RST in SYN-SENT counts only with an acceptable ACK.
        let rst = bench.segment(Flags::RST | Flags::ACK, b"");
        match self {
            Self::Ack => ack,
            Self::AckOfUnsent => Segment {
                ack: ack.ack + 1000,
                ..ack
            },
            Self::AckTooOld => Segment {
                ack: ack.ack - 1_000_000,
                ..ack
            },
            Self::NoFlags => bench.segment(Flags::NONE, b"data"),
            Self::Data => bench.segment(Flags::PSH | Flags::ACK, b"data"),
            Self::DataBeyondWindow => {
                let data = bench.segment(Flags::PSH | Flags::ACK, b"data");
                Segment {
                    seq: data.seq + 10_000_000,
                    ..data
                }
            }
            Self::DataAgain => {
                let data = bench.segment(Flags::PSH | Flags::ACK, b"data");
                Segment {
                    seq: data.seq - 4,
                    ..data
                }
            }
            Self::Fin => bench.segment(Flags::FIN | Flags::ACK, b""),
            Self::Syn => bench.segment(Flags::SYN, b""),
            Self::SynAck => bench.segment(Flags::SYN | Flags::ACK, b""),
            Self::RstExact => rst,
            Self::RstInWindow => Segment {
                seq: rst.seq + 10,
                ..rst
            },
            Self::RstOutside => Segment {
                seq: rst.seq + 10_000_000,
                ..rst
            },
            Self::RstBefore => Segment {
                seq: rst.seq - 1,
                ..rst
            },
        }
    }
}

fn table(profile: &str) -> String {
    let mut text = String::new();
    writeln!(
        text,
        "Profile {profile}. Each cell: the state after the segment, if it changed, and the answer."
    )
    .unwrap();
    writeln!(
        text,
        "+ acknowledges something new, ' is sent again, - is no answer.\n"
    )
    .unwrap();
    for state in State::ALL
        .iter()
        .copied()
        .filter(|state| *state != State::Closed)
    {
        writeln!(text, "{state}").unwrap();
        for (name, probe) in Probe::ALL {
            let cell = Bench::in_state(profile, state).probe(probe);
            writeln!(text, "    {name:<28}{cell}").unwrap();
        }
    }
    text
}

#[test]
fn every_state_answers_every_segment() {
    check("linux");
}

/// Without RFC 5961 a RST or SYN anywhere in the window resets the connection.
#[test]
fn states_before_rfc_5961() {
    check("windows-xp");
}

#[track_caller]
fn check(profile: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots/states");
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(profile, table(profile)));
}
