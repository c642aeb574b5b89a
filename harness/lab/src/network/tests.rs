use super::*;
use crate::plan::{RejectWith, Rejected};
use crate::sample::{at_ms, plan};
use bytes::Bytes;
use halfopen_tcp::wire::{Body, Flags, IcmpKind, Options, Segment, Seq};

const A: HostIndex = 0;
const B: HostIndex = 1;
const C: HostIndex = 2;

/// A network of three hosts with 25 ms between any two, and an engine that keeps what is under way.
struct Bench {
    network: Network,
    under_way: Vec<(Instant, Flight)>,
    lost: Vec<(u32, Instant, LossReason)>,
    forged: Vec<Packet>,
    sent: u32,
}

impl Bench {
    fn new(change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = plan(&["a", "b", "c"]);
        change(&mut plan);
        Self {
            network: Network::new(&plan, 0),
            under_way: Vec::new(),
            lost: Vec::new(),
            forged: Vec::new(),
            sent: 0,
        }
    }

    /// Sends a packet and returns its tag.
    fn send(&mut self, ms: u64, packet: Packet) -> u32 {
        let from = self.network.host_at(packet.src).unwrap();
        let mut out = Vec::new();
        let tag = self.sent;
        self.sent += 1;
        self.network
            .carry(at_ms(ms), from, packet, Tag(tag), &mut out);
        self.take(out);
        tag
    }

    fn apply(&mut self, ms: u64, fault: Fault) {
        let mut out = Vec::new();
        self.network.apply(at_ms(ms), &fault, &mut out);
        self.take(out);
    }

    fn take(&mut self, out: Vec<Carried>) {
        for carried in out {
            match carried {
                Carried::Arriving { at, flight } => self.under_way.push((at, flight)),
                Carried::Lost { tag, at, reason } => self.lost.push((tag.0, at, reason)),
                Carried::Forged { packet, .. } => self.forged.push(packet),
            }
        }
    }

    /// Lets everything arrive that is due by then: tags and milliseconds.
    fn arrivals(&mut self, ms: u64) -> Vec<(u32, u64)> {
        let mut arrived = Vec::new();
        self.under_way.sort_by_key(|(at, _)| *at);
        let later = self.under_way.partition_point(|(at, _)| *at <= at_ms(ms));
        for (at, flight) in self.under_way.drain(..later).collect::<Vec<_>>() {
            let mut out = Vec::new();
            match self.network.arrive(at, flight, &mut out) {
                Arrival::Delivered(flight) => {
                    arrived.push((flight.tag.0, at.as_nanos() / 1_000_000));
                }
                Arrival::Lost { tag, at, reason } => self.lost.push((tag.0, at, reason)),
                Arrival::Held(_) => {}
            }
            self.take(out);
        }
        arrived
    }
}

fn packet(from: HostIndex, to: HostIndex, flags: &str) -> Packet {
    packet_at(from, to, flags, 1000, 5000)
}

/// Host `n` uses port `n`.
fn packet_at(from: HostIndex, to: HostIndex, flags: &str, seq: u32, ack: u32) -> Packet {
    Packet {
        src: plan::address(from).into(),
        dst: plan::address(to).into(),
        body: Body::Tcp(Segment {
            src_port: from as u16,
            dst_port: to as u16,
            seq: Seq(seq),
            ack: Seq(ack),
            flags: Flags::from_letters(flags).unwrap(),
            window: 1000,
            options: Options::default(),
            payload: Bytes::new(),
        }),
    }
}

#[test]
fn packets_arrive_after_the_latency() {
    let mut bench = Bench::new(|_| {});
    bench.send(0, packet(A, B, "S"));
    bench.send(3, packet(B, A, "SA"));
    assert_eq!(bench.arrivals(1000), [(0, 25), (1, 28)]);
    assert_eq!(bench.lost, []);
}

#[test]
fn pairs_may_have_their_own_figures() {
    let mut bench = Bench::new(|plan| {
        let figures = LinkFigures {
            latency: Duration::from_millis(5),
            mtu: 600,
            ..LinkFigures::DEFAULT
        };
        plan.between.push(((A, C), figures));
    });
    bench.send(0, packet(A, B, "S"));
    bench.send(0, packet(C, A, "S"));
    assert_eq!(bench.arrivals(1000), [(1, 5), (0, 25)]);
    assert_eq!(bench.network.mtu(C, A), 600);
    assert_eq!(bench.network.mtu(C, B), 1500);
    assert_eq!(bench.network.shortest_delay(), Duration::from_millis(5));
}

#[test]
fn a_host_reaches_itself_at_once_and_strangers_never() {
    let mut bench = Bench::new(|_| {});
    let mut local = packet(A, A, "S");
    bench.send(7, local.clone());
    local.dst = std::net::Ipv4Addr::LOCALHOST.into();
    bench.send(7, local);
    assert_eq!(bench.arrivals(7), [(0, 7), (1, 7)]);
    bench.send(8, packet(A, 3, "S"));
    assert_eq!(bench.lost, [(2, at_ms(8), LossReason::NoRoute)]);
}

#[test]
fn partition_cuts_what_is_under_way_at_its_own_time() {
    let mut bench = Bench::new(|_| {});
    bench.send(0, packet(A, B, "S"));
    bench.send(1, packet(C, B, "S"));
    bench.apply(10, Fault::Partition(B, A));
    bench.send(11, packet(B, A, "A"));
    bench.apply(20, Fault::Heal(A, B));
    bench.send(20, packet(A, B, "A"));
    assert_eq!(bench.arrivals(1000), [(1, 26), (3, 45)]);
    assert_eq!(
        bench.lost,
        [
            (2, at_ms(11), LossReason::Partition),
            (0, at_ms(10), LossReason::Partition)
        ]
    );
}

#[test]
fn block_cuts_one_direction_and_heal_undoes_it() {
    let mut bench = Bench::new(|_| {});
    bench.apply(0, Fault::Block { from: A, to: B });
    bench.send(0, packet(A, B, "S"));
    bench.send(0, packet(B, A, "S"));
    bench.apply(1, Fault::Heal(A, B));
    bench.send(1, packet(A, B, "S"));
    assert_eq!(bench.arrivals(1000), [(1, 25), (2, 26)]);
    assert_eq!(bench.lost, [(0, at_ms(0), LossReason::Block)]);
}

#[test]
fn held_packets_arrive_at_the_release_in_order() {
    let mut bench = Bench::new(|_| {});
    bench.send(0, packet(A, B, "S"));
    bench.apply(10, Fault::Hold(A, B));
    bench.send(12, packet(B, A, "S"));
    bench.send(14, packet(A, B, "A"));
    bench.send(80, packet(A, B, "A"));
    assert_eq!(bench.arrivals(99), []);
    assert_eq!(bench.network.held(), 3);
    bench.apply(100, Fault::Release(A, B));
    assert_eq!(
        bench.arrivals(1000),
        [(0, 100), (1, 100), (2, 100), (3, 105)]
    );
}

#[test]
fn a_hold_that_ends_before_a_packet_is_due_changes_nothing() {
    let mut bench = Bench::new(|_| {});
    bench.send(0, packet(A, B, "S"));
    bench.apply(10, Fault::Hold(A, B));
    bench.apply(20, Fault::Release(A, B));
    assert_eq!(bench.arrivals(1000), [(0, 25)]);
}

#[test]
fn a_cut_takes_held_packets_too() {
    let mut bench = Bench::new(|_| {});
    bench.apply(0, Fault::Hold(A, B));
    bench.send(0, packet(A, B, "S"));
    bench.send(0, packet(B, A, "S"));
    assert_eq!(bench.arrivals(50), []);
    bench.apply(60, Fault::Block { from: B, to: A });
    bench.apply(70, Fault::Release(A, B));
    assert_eq!(bench.arrivals(1000), [(0, 70)]);
    assert_eq!(bench.lost, [(1, at_ms(60), LossReason::Block)]);
}

#[test]
fn drop_counts_only_segments_with_exactly_its_flags() {
    let mut bench = Bench::new(|_| {});
    bench.apply(
        0,
        Fault::Drop {
            from: A,
            to: B,
            flags: Flags::from_letters("A"),
            count: 2,
            skip: 1,
        },
    );
    for flags in ["A", "PA", "A", "S", "A", "A"] {
        bench.send(0, packet(A, B, flags));
    }
    bench.send(0, packet(B, A, "A"));
    let dropped: Vec<u32> = bench.lost.iter().map(|(tag, ..)| *tag).collect();
    assert_eq!(dropped, [2, 4]);
}

#[test]
fn drop_without_flags_takes_any_segment_but_not_icmp() {
    let mut bench = Bench::new(|_| {});
    let (flags, count, skip) = (None, 1, 0);
    bench.apply(
        0,
        Fault::Drop {
            from: A,
            to: B,
            flags,
            count,
            skip,
        },
    );
    let about = packet(B, A, "S");
    bench.send(0, about.icmp_reply(IcmpKind::HostUnreachable).unwrap());
    bench.send(0, packet(A, B, "R"));
    bench.send(0, packet(A, B, "R"));
    assert_eq!(bench.lost, [(1, at_ms(0), LossReason::Drop)]);
}

#[test]
fn figures_may_change_and_the_order_stays() {
    let mut bench = Bench::new(|_| {});
    bench.network.expect_any_fault();
    bench.send(0, packet(A, B, "A"));
    let figures = LinkFigures {
        latency: Duration::from_millis(1),
        mtu: 39,
        ..LinkFigures::DEFAULT
    };
    let hosts = (B, A);
    bench.apply(
        1,
        Fault::Link {
            hosts,
            figures: LinkFigures {
                mtu: 1500,
                ..figures
            },
        },
    );
    bench.send(2, packet(A, B, "A"));
    bench.send(2, packet(B, A, "A"));
    bench.apply(3, Fault::Link { hosts, figures });
    bench.send(3, packet(A, B, "A"));
    assert_eq!(bench.arrivals(1000), [(2, 3), (0, 25), (1, 25)]);
    assert_eq!(bench.lost, [(3, at_ms(3), LossReason::Mtu)]);
}

#[test]
fn corrupt_packets_are_lost_when_they_arrive() {
    let mut bench = Bench::new(|plan| plan.link.corrupt = 1.0);
    bench.send(0, packet(A, B, "S"));
    assert_eq!(bench.arrivals(1000), []);
    assert_eq!(bench.lost, [(0, at_ms(25), LossReason::Corrupt)]);
}

#[test]
fn duplicates_arrive_twice_and_other_links_do_not_shift_the_numbers() {
    let arrivals = |noise: bool| {
        let mut bench = Bench::new(|plan| {
            plan.link.jitter = Duration::from_millis(100);
            plan.link.duplicate = 0.5;
        });
        for ms in 0..100 {
            if noise {
                bench.send(ms, packet(C, B, "S"));
                bench.send(ms, packet(B, A, "S"));
            }
            bench.send(ms, packet(A, B, "S"));
        }
        bench.under_way.retain(|(_, f)| (f.from, f.to) == (A, B));
        bench
            .under_way
            .iter()
            .map(|(at, _)| *at)
            .collect::<Vec<_>>()
    };
    assert!(arrivals(false).len() > 120);
    assert_eq!(arrivals(false), arrivals(true));
}

fn reject(port: Option<u16>, with: RejectWith) -> Fault {
    Fault::Reject {
        host: B,
        port,
        segments: Rejected::Syns,
        with,
    }
}

fn reject_all(port: Option<u16>, with: RejectWith) -> Fault {
    Fault::Reject {
        host: B,
        port,
        segments: Rejected::All,
        with,
    }
}

#[test]
fn a_firewall_answers_syns_where_it_stands() {
    let mut bench = Bench::new(|_| {});
    bench.apply(0, reject(Some(B as u16), RejectWith::Reset));
    bench.send(0, packet(A, B, "S"));
    bench.send(1, packet(A, B, "SA"));
    assert_eq!(bench.arrivals(1000), [(1, 26)]);
    assert_eq!(bench.lost, [(0, at_ms(25), LossReason::Reject)]);
    assert_eq!(
        bench.forged,
        [packet_at(B, A, "RA", 0, 1001)].map(no_window)
    );
}

fn no_window(mut packet: Packet) -> Packet {
    if let Body::Tcp(segment) = &mut packet.body {
        segment.window = 0;
    }
    packet
}

#[test]
fn the_latest_firewall_rule_about_a_port_decides() {
    let answer = |rules: &[(Option<u16>, RejectWith)]| {
        let mut bench = Bench::new(|_| {});
        for &(port, with) in rules {
            bench.apply(0, reject(port, with));
        }
        bench.send(0, packet(A, B, "S"));
        let through = !bench.arrivals(1000).is_empty();
        (through, bench.forged.pop().map(|packet| packet.body))
    };
    let icmp = RejectWith::Icmp(IcmpKind::AdminProhibited);
    let port = Some(B as u16);
    assert_eq!(answer(&[(Some(9), RejectWith::Drop)]), (true, None));
    assert_eq!(answer(&[(None, RejectWith::Drop)]), (false, None));
    assert_eq!(
        answer(&[(None, icmp), (port, RejectWith::Accept)]),
        (true, None)
    );
    assert_eq!(
        answer(&[(port, RejectWith::Drop), (None, RejectWith::Accept)]),
        (true, None)
    );
    let (through, body) = answer(&[(port, RejectWith::Drop), (None, icmp)]);
    assert!(!through);
    assert!(matches!(body, Some(Body::Icmp(icmp)) if icmp.quoted_seq == Seq(1000)));
}

#[test]
fn a_firewall_may_answer_every_segment_to_its_host() {
    let mut bench = Bench::new(|_| {});
    let icmp = RejectWith::Icmp(IcmpKind::HostUnreachable);
    bench.apply(0, reject_all(Some(B as u16), icmp));
    bench.send(0, packet(A, B, "PA"));
    bench.send(1, packet(B, A, "A"));
    bench.send(2, packet(C, B, "A"));
    assert_eq!(bench.arrivals(1000), [(1, 26)]);
    let about = [packet(A, B, "PA"), packet(C, B, "A")];
    let answers = about.map(|packet| packet.icmp_reply(IcmpKind::HostUnreachable).unwrap());
    assert_eq!(bench.forged, answers);
    for answer in answers {
        bench.send(30, answer);
    }
    assert_eq!(bench.arrivals(1000), [(3, 55), (4, 55)]);
}

/// A rule about SYNs leaves the rest to those before it, and what is accepted is accepted whole.
#[test]
fn a_firewall_rule_covers_what_it_is_about() {
    let through = |rules: &[Fault], flags| {
        let mut bench = Bench::new(|_| {});
        for rule in rules {
            bench.apply(0, rule.clone());
        }
        bench.send(0, packet(A, B, flags));
        (!bench.arrivals(1000).is_empty(), bench.forged.len())
    };
    let port = Some(B as u16);
    let two = [
        reject_all(None, RejectWith::Drop),
        reject(port, RejectWith::Reset),
    ];
    assert_eq!(through(&two, "S"), (false, 1));
    assert_eq!(through(&two, "A"), (false, 0));
    let accepted = [
        reject_all(None, RejectWith::Drop),
        reject(port, RejectWith::Accept),
    ];
    assert_eq!(through(&accepted, "S"), (true, 0));
    assert_eq!(through(&accepted, "A"), (true, 0));
    let replaced = [
        reject_all(port, RejectWith::Drop),
        reject(port, RejectWith::Reset),
    ];
    assert_eq!(through(&replaced, "A"), (true, 0));
}

#[test]
fn no_route_is_the_senders() {
    let mut bench = Bench::new(|_| {});
    bench.apply(0, Fault::Unroute { from: A, to: B });
    bench.send(0, packet(A, B, "S"));
    bench.send(0, packet(B, A, "S"));
    bench.apply(1, Fault::Route { from: A, to: B });
    bench.send(1, packet(A, B, "S"));
    assert_eq!(bench.arrivals(1000), [(1, 25), (2, 26)]);
    assert_eq!(bench.lost, [(0, at_ms(0), LossReason::NoRoute)]);
}

const RESET: Fault = Fault::Reset { from: A, to: B };

/// A bench whose middlebox has seen a handshake and a request of 10 bytes.
fn established() -> Bench {
    let mut bench = Bench::new(|_| {});
    bench.network.expect_any_fault();
    bench.send(0, packet_at(A, B, "S", 1000, 0));
    bench.send(25, packet_at(B, A, "SA", 5000, 1001));
    let mut request = packet_at(A, B, "PA", 1001, 5001);
    if let Body::Tcp(segment) = &mut request.body {
        segment.payload = Bytes::from_static(&[0; 10]);
    }
    bench.send(50, request);
    bench
}

#[test]
fn reset_forges_what_each_end_expects_next() {
    let mut bench = established();
    bench.send(60, packet(A, C, "S"));
    bench.apply(60, RESET);
    assert_eq!(
        bench.forged,
        [
            packet_at(B, A, "RA", 5001, 1011),
            packet_at(A, B, "RA", 1011, 5001)
        ]
        .map(no_window)
    );
    for forged in std::mem::take(&mut bench.forged) {
        bench.send(60, forged);
    }
    bench.apply(61, RESET);
    assert_eq!(bench.forged, [], "it has seen the connection's end");
}

#[test]
fn reset_of_an_unanswered_attempt_reaches_only_who_sent() {
    let mut bench = Bench::new(|_| {});
    bench.network.expect_any_fault();
    bench.send(0, packet_at(B, A, "S", 1000, 0));
    bench.apply(1, RESET);
    assert_eq!(
        bench.forged,
        [packet_at(A, B, "RA", 0, 1001)].map(no_window)
    );
}

#[test]
fn reset_leaves_closed_connections_alone() {
    let mut bench = established();
    bench.send(70, packet_at(B, A, "FA", 5001, 1011));
    bench.send(80, packet_at(A, B, "FA", 1011, 5002));
    bench.send(90, packet_at(B, A, "A", 5002, 1012));
    bench.apply(100, RESET);
    assert_eq!(bench.forged, []);
}
