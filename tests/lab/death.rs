use super::{check, ms, secs};
use halfopen::net::{TcpListener, TcpStream};
use halfopen::{Lab, os_error};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

/// Tasks of every kind note the time every millisecond; 25 ms pass at a time.
#[test]
fn a_killed_program_executes_nothing_after_it() {
    let ticks = Arc::new(Mutex::new(Vec::new()));
    let mut lab = Lab::new();
    let log = Arc::clone(&ticks);
    lab.host("server").program(move || {
        let log = Arc::clone(&log);
        async move {
            let start = Instant::now();
            let note = move |who| {
                let log = Arc::clone(&log);
                async move {
                    loop {
                        log.lock().unwrap().push((who, start.elapsed()));
                        sleep(ms(1)).await;
                    }
                }
            };
            tokio::spawn(note("spawned"));
            tokio::task::spawn_local(note("local"));
            note("main").await;
            Ok(())
        }
    });
    lab.host("client").client(async {
        sleep(secs(3)).await;
        Ok(())
    });
    lab.at(ms(2010)).kill("server");
    lab.run().unwrap();
    let ticks = ticks.lock().unwrap();
    for who in ["spawned", "local", "main"] {
        let own = ticks.iter().filter(|(name, _)| *name == who);
        let last = own.map(|(_, at)| *at).max();
        assert!(last >= Some(ms(2009)), "{who} ran until {last:?}");
        assert!(last <= Some(ms(2010)), "{who} ran until {last:?}");
    }
}

/// What the peer of a server sees that dies at 2.010 s, and when, from its start on.
fn after_death(os: &str, unread: bool, spawned: bool) -> (Result<usize, String>, Duration) {
    let mut lab = Lab::new();
    lab.host("server").os(os).program(move || async move {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        let (mut stream, _) = listener.accept().await?;
        let serve = async move {
            if !unread {
                stream.read_exact(&mut [0; 5]).await?;
            }
            std::future::pending::<()>().await;
            drop(stream);
            io::Result::Ok(())
        };
        if spawned {
            tokio::spawn(serve).await??;
        } else {
            serve.await?;
        }
        Ok(())
    });
    let seen = Rc::new(RefCell::new(None));
    let result = Rc::clone(&seen);
    lab.host("client").client(async move {
        let start = Instant::now();
        let mut stream = TcpStream::connect("server:80").await?;
        stream.write_all(b"hello").await?;
        let read = stream.read(&mut [0]).await;
        let read = read.map_err(|error| os_error(&error).unwrap().name.to_owned());
        *result.borrow_mut() = Some((read, start.elapsed()));
        Ok(())
    });
    lab.at(ms(2010)).kill("server");
    lab.run().unwrap();
    seen.take().unwrap()
}

#[test]
fn a_killed_programs_sockets_close_as_its_system_does() {
    let reset = Err("ECONNRESET".to_owned());
    for spawned in [false, true] {
        assert_eq!(after_death("linux", false, spawned), (Ok(0), ms(2035)));
        assert_eq!(
            after_death("linux", true, spawned),
            (reset.clone(), ms(2035))
        );
        assert_eq!(
            after_death("windows-10", false, spawned),
            (reset.clone(), ms(2035))
        );
    }
}

#[test]
fn a_machine_without_power_is_silent() {
    let mut lab = Lab::new();
    lab.name("power-off");
    lab.host("server").on_boot(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        let (mut stream, _) = listener.accept().await?;
        tokio::spawn(async move { stream.read_u8().await });
        std::future::pending().await
    });
    lab.host("client").client(async {
        let start = Instant::now();
        let mut stream = TcpStream::connect("server:80").await?;
        let silence = tokio::time::timeout(secs(10), stream.read_u8()).await;
        assert!(silence.is_err(), "{silence:?}");
        // By now the machine is up again, and knows nothing of the connection.
        stream.write_all(b"x").await?;
        let error = stream.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(start.elapsed(), ms(10_100));
        TcpStream::connect("server:80").await?;
        Ok(())
    });
    lab.at(secs(2)).power_off("server");
    lab.at(ms(5003)).boot("server");
    check("power-off", lab.run().unwrap());
}

#[test]
fn code_makes_faults_at_its_own_time() {
    let mut lab = Lab::new();
    lab.host("server").program(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        let _accepted = listener.accept().await?;
        std::future::pending().await
    });
    lab.host("client").client(async {
        let mut stream = TcpStream::connect("server:80").await?;
        sleep(ms(37)).await;
        halfopen::kill("server");
        let killed = Instant::now();
        assert_eq!(stream.read(&mut [0]).await?, 0);
        assert_eq!(killed.elapsed(), ms(25));
        halfopen::partition("client", "server");
        let cut = Instant::now();
        let error = TcpStream::connect("server:80").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(cut.elapsed(), secs(131));
        halfopen::heal("client", "server");
        let error = TcpStream::connect("server:80").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        Ok(())
    });
    let report = lab.run().unwrap();
    let faults = &report.plan().timeline;
    let at: Vec<_> = faults.iter().map(|fault| fault.at.to_string()).collect();
    assert_eq!(at, ["0.087 000", "0.112 000", "131.112 000"]);
}
