use super::{check, secs};
use halfopen::Lab;
use halfopen::net::{TcpListener, TcpStream};

#[test]
#[should_panic(expected = "a halfopen socket outside a simulated host")]
fn a_socket_outside_a_host() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime
        .block_on(async { TcpStream::connect("server:80").await })
        .unwrap();
}

#[test]
fn an_unknown_name_fails_as_on_the_system() {
    let look_up = |os: &str, name: &'static str, text: &'static str| {
        let mut lab = Lab::new();
        lab.host("client").os(os).client(async move {
            let error = TcpStream::connect("sevrer:80").await.unwrap_err();
            assert_eq!(halfopen::os_error(&error).unwrap().name, name);
            assert_eq!(error.to_string(), text);
            Ok(())
        });
        lab.run().unwrap();
    };
    look_up(
        "linux",
        "EAI_NONAME",
        "failed to lookup address information: Name or service not known",
    );
    look_up(
        "windows-10",
        "WSAHOST_NOT_FOUND",
        "No such host is known. (os error 11001)",
    );
}

#[test]
#[should_panic(
    expected = "used a socket of `tokio::net`; inside a lab, use those of `halfopen::net`"
)]
fn a_socket_of_tokio() {
    let mut lab = Lab::new();
    lab.host("client").client(async {
        tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        Ok(())
    });
    lab.run().unwrap();
}

#[test]
#[should_panic(expected = "there are two hosts called `server`")]
fn a_host_named_twice() {
    let mut lab = Lab::new();
    lab.host("server");
    lab.host("server");
}

#[test]
#[should_panic(expected = "no host is called `cleint`; did you mean `client`?")]
fn a_program_for_a_host_that_the_scenario_does_not_have() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../scenarios/refused/closed-port.toml"
    );
    Lab::load(path)
        .unwrap()
        .program("cleint", || async { Ok(()) });
}

#[test]
#[should_panic(expected = "no host is called `sever`; did you mean `server`?")]
fn a_fault_for_a_host_that_is_not_there() {
    let mut lab = Lab::new();
    lab.host("server");
    lab.at(secs(1)).kill("sever");
    lab.run().unwrap();
}

#[test]
#[should_panic(expected = "no profile is called `windows-1o`; did you mean `windows-10`?")]
fn an_unknown_system() {
    Lab::new().host("client").os("windows-1o");
}

#[test]
#[should_panic(expected = "the answer is 42")]
fn a_panic_of_a_program_is_the_tests() {
    let mut lab = Lab::new();
    lab.host("client")
        .client(async { panic!("the answer is {}", 42) });
    lab.run().unwrap();
}

#[test]
fn a_failure_says_who_waits_for_what() {
    let mut lab = Lab::new();
    lab.host("server").program(|| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        listener.accept().await?;
        std::future::pending().await
    });
    lab.host("client").client(async {
        let stream = TcpStream::connect("server:80").await?;
        stream.readable().await?;
        TcpListener::bind("0.0.0.0:80").await?.accept().await?;
        Ok(())
    });
    lab.until(secs(5));
    check("failure", lab.run().unwrap_err());
}
