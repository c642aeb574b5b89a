//! The figures that profiles promise, from two hosts on a wire.

use crate::profile::Clock;
use crate::profile::RetransmitLimit;
use crate::profile::errors::Occurrence;
use crate::testing::{ADDRESS, Pair, at_ms, ms};
use crate::wire::Flags;
use crate::{Cause, Failure, Profile};

fn first<T>(cause: Cause) -> Result<T, Failure> {
    Err(Failure {
        cause,
        when: Occurrence::First,
    })
}

#[track_caller]
fn check_black_hole(profile: &str, syns: &[u64], end: u64) {
    let mut pair = Pair::new(profile);
    pair.black_hole();
    let socket = pair.start_connect();
    let (at, result) = pair.wait(|host, _| host.connect_result(socket));
    assert_eq!(result, first(Cause::SynUnanswered));
    assert_eq!((pair.syns_ms().as_slice(), at), (syns, at_ms(end)));
}

#[test]
fn syn_black_hole() {
    let windows = [0, 3000, 9000];
    for profile in ["windows-article", "windows-xp", "windows-7", "windows-10"] {
        check_black_hole(profile, &windows, 21_000);
    }
    check_black_hole("windows-11", &[0, 1000, 3000, 7000, 15_000], 21_000);
    let linux = [
        0, 1000, 2000, 3000, 4000, 5000, 7000, 11_000, 19_000, 35_000, 67_000,
    ];
    check_black_hole("linux", &linux, 131_000);
    check_black_hole(
        "linux-6.4",
        &[0, 1000, 3000, 7000, 15_000, 31_000, 63_000],
        127_000,
    );
    check_black_hole("macos", &linux, 75_000);
    check_black_hole(
        "freebsd",
        &[0, 1000, 3200, 7400, 15_600, 31_800, 64_000],
        75_000,
    );
}

#[test]
fn closed_port() {
    for (profile, syns, end) in [
        ("linux", vec![0], 10),
        ("macos", vec![0], 10),
        ("freebsd", vec![0], 10),
        ("windows-10", vec![0, 510, 1020], 1030),
        ("windows-11", vec![0, 510, 1020, 1530, 2040], 2050),
    ] {
        let mut pair = Pair::new(profile);
        let socket = pair.start_connect();
        let (at, result) = pair.wait(|host, _| host.connect_result(socket));
        assert_eq!(result, first(Cause::RefusedByPeer));
        assert_eq!((pair.syns_ms(), at), (syns, at_ms(end)), "{profile}");
    }
}

#[track_caller]
fn check_data_black_hole(mut pair: Pair, sends: &[u64], end: u64) {
    let (client, server) = pair.connect();
    pair.warm_up(client, server, 10);
    pair.black_hole();
    let start = pair.now;
    pair.client.send(start, client, b"hello").unwrap();
    let (at, result) = pair.wait(|host, now| host.recv(now, client, &mut [0; 8]));
    assert_eq!(result, first(Cause::RetransmissionsExhausted));
    let data = pair.sent_ms(start, |segment| !segment.payload.is_empty());
    assert_eq!((data.as_slice(), at.since(start)), (sends, ms(end)));
}

#[test]
fn data_black_hole_on_windows() {
    check_data_black_hole(Pair::new("windows-article"), &[0, 3000, 9000], 21_000);
    let sends = [0, 300, 900, 2100, 4500, 9300];
    check_data_black_hole(Pair::new("windows-10"), &sends, 18_900);
}

/// The kernel's own figures: 0, .212-.216, .428-.436, .872, 1.736 s and ETIMEDOUT at 3.46-3.47 s.
#[test]
fn data_black_hole_on_linux() {
    let mut linux = Profile::named("linux").unwrap();
    linux.retransmit.limit = RetransmitLimit::ModelTime(3);
    let server = Profile::named("linux").unwrap();
    // At nominal times: 100 ms round trip, RTO 300 ms, and the model's 3 s after the first timeout at 600 ms.
    let exact = Pair::with(linux.clone(), server.clone(), ms(50));
    check_data_black_hole(exact, &[0, 300, 600, 1200, 2400], 4800);
    linux.clock = Clock::Wheel { hz: 250 };
    let mut pair = Pair::with(linux, server, ms(5));
    let (client, server) = pair.connect();
    pair.warm_up(client, server, 10);
    pair.black_hole();
    let start = pair.now;
    pair.client.send(start, client, b"hello").unwrap();
    let (at, _) = pair.wait(|host, now| host.recv(now, client, &mut [0; 8]));
    let data = pair.sent_ms(start, |segment| !segment.payload.is_empty());
    let expected = [0..=0, 212..=216, 424..=436, 860..=880, 1720..=1750];
    assert_eq!(data.len(), expected.len(), "{data:?}");
    for (sent, expected) in data.iter().zip(&expected) {
        assert!(expected.contains(sent), "{data:?}");
    }
    assert!(
        (3450..=3480).contains(&(at.since(start).as_millis() as u64)),
        "{at}"
    );
}

#[test]
fn echo_and_orderly_close() {
    let mut pair = Pair::new("linux");
    let (client, server) = pair.connect();
    pair.client.send(pair.now, client, b"ping").unwrap();
    pair.run_for(ms(6));
    let mut buffer = [0; 16];
    assert_eq!(pair.server.recv(pair.now, server, &mut buffer), Ok(4));
    pair.server.send(pair.now, server, b"pong").unwrap();
    pair.server.close(pair.now, server);
    let (_, read) = pair.wait(|host, now| host.recv(now, client, &mut [0; 16]));
    assert_eq!(read, Ok(4));
    let (_, read) = pair.wait(|host, now| host.recv(now, client, &mut [0; 16]));
    assert_eq!(read, Ok(0));
    pair.client.close(pair.now, client);
    pair.run_for(ms(100_000));
    assert_eq!(
        (pair.client.poll_timeout(), pair.server.poll_timeout()),
        (None, None)
    );
    let fins = pair
        .sent
        .iter()
        .filter_map(|(_, packet, _)| packet.segment());
    assert_eq!(fins.filter(|segment| segment.has(Flags::FIN)).count(), 2);
}

#[test]
fn reset_reaches_each_call_in_order() {
    for (profile, expected) in [
        ("linux", "ECONNRESET eof EPIPE"),
        ("windows-10", "WSAECONNRESET WSAECONNRESET WSAECONNRESET"),
        ("macos", "ECONNRESET eof EPIPE"),
    ] {
        let mut pair = Pair::new(profile);
        let (client, server) = pair.connect();
        pair.client.send(pair.now, client, b"unread").unwrap();
        pair.run_for(ms(10));
        pair.server.close(pair.now, server);
        let mut seen = Vec::new();
        for _ in 0..2 {
            let (_, read) = pair.wait(|host, now| host.recv(now, client, &mut [0; 16]));
            seen.push(match read {
                Ok(_) => "eof",
                Err(f) => {
                    pair.client
                        .profile()
                        .error(f.cause, crate::Call::Recv, f.when)
                        .name
                }
            });
        }
        let failure = pair.client.send(pair.now, client, b"more").unwrap_err();
        assert_eq!(failure.cause, Cause::ResetByPeer);
        seen.push(
            pair.client
                .profile()
                .error(failure.cause, crate::Call::Send, failure.when)
                .name,
        );
        assert_eq!(seen.join(" "), expected, "{profile}");
    }
}

#[test]
fn simultaneous_open_meets_in_the_middle() {
    let mut pair = Pair::new("linux");
    let client = pair.client.socket(pair.program);
    pair.client
        .bind(pair.now, client, "10.0.0.1:80".parse().unwrap())
        .unwrap();
    let server = pair.server.socket(pair.peer_program);
    pair.server.bind(pair.now, server, ADDRESS).unwrap();
    pair.client.connect(pair.now, client, ADDRESS).unwrap();
    pair.server
        .connect(pair.now, server, "10.0.0.1:80".parse().unwrap())
        .unwrap();
    pair.run_for(ms(100));
    assert_eq!(pair.client.connect_result(client), Ok(()));
    assert_eq!(pair.server.connect_result(server), Ok(()));
    pair.client.send(pair.now, client, b"hi").unwrap();
    pair.run_for(ms(100));
    assert_eq!(pair.server.recv(pair.now, server, &mut [0; 8]), Ok(2));
}

#[test]
fn bulk_transfer_through_loss_arrives_in_order() {
    let mut pair = Pair::new("linux");
    let (client, server) = pair.connect();
    let mut rng = crate::Rng::stream(1, "loss");
    pair.lose(move |_, _| rng.chance(0.05));
    let data: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let (mut written, mut received) = (0, Vec::new());
    let mut buffer = [0; 4096];
    for _ in 0..100_000 {
        if written < data.len()
            && let Ok(sent) = pair.client.send(pair.now, client, &data[written..])
        {
            written += sent;
        }
        if let Ok(read) = pair.server.recv(pair.now, server, &mut buffer) {
            received.extend_from_slice(&buffer[..read]);
        }
        if received.len() == data.len() {
            break;
        }
        pair.run_for(ms(1));
    }
    assert_eq!(received.len(), data.len());
    assert!(received == data);
}
