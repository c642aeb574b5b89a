use super::ms;
use halfopen::net::{TcpListener, TcpStream};
use halfopen::{Lab, LinkFigures};
use std::thread;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Some clients at once over a bad link, with tasks of every kind.
fn report(seed: u64) -> String {
    let mut lab = Lab::new();
    lab.seed(seed).link(LinkFigures {
        jitter: ms(7),
        loss: 0.05,
        reorder: 0.05,
        ..LinkFigures::DEFAULT
    });
    lab.host("server").program(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                let (mut read, mut write) = stream.into_split();
                tokio::io::copy(&mut read, &mut write).await
            });
        }
    });
    for name in ["ann", "bob", "eve"] {
        lab.host(name).os("windows-10").client(async {
            let (mut read, mut write) = TcpStream::connect("server:80").await?.into_split();
            let sent = tokio::task::spawn_local(async move { write.write_all(&[7; 30_000]).await });
            let mut echo = vec![0; 30_000];
            read.read_exact(&mut echo).await?;
            sent.await??;
            Ok(())
        });
    }
    lab.run()
        .unwrap()
        .display(halfopen::report::Detail::EveryPacket)
        .to_string()
}

/// Labs that run at the same time in several threads do not disturb each other.
#[test]
fn the_same_seed_gives_the_same_report() {
    let first = report(1);
    // Segments with data and SACK blocks fit, too.
    assert!(!first.contains("lost: mtu"));
    let runs: Vec<_> = (0..4).map(|_| thread::spawn(|| report(1))).collect();
    for run in runs {
        assert_eq!(run.join().unwrap(), first);
    }
    assert_ne!(report(2), first);
}
