//! What remains of a case: nothing, however it ends.

use crate::plans::{CLIENT, SERVER, accept, at, connect, listen, ms, plan, recv};
use halfopen::plan::Fault;
use halfopen_kernel::{Options, run, start};
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, stdin};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// In the process that a test starts: runs a case for as many milliseconds as its argument says, or until its input ends,
/// which it is not prepared for.
pub(crate) fn as_victim() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(VICTIM) {
        return None;
    }
    let millis = arguments.next().unwrap().parse().ok();
    let options = Options {
        until: Duration::from_millis(millis.unwrap_or(60_000)),
        quiet: None,
    };
    if millis.is_some() {
        run(&waiting(), 0, options).unwrap();
        return Some(ExitCode::SUCCESS);
    }
    let running = start(&waiting(), 0, options).unwrap();
    let read = stdin().read(&mut [0]);
    panic!("{read:?} with {running:?}");
}

/// A connection, one of whose ends is lost, and both programs waiting.
fn waiting() -> halfopen::plan::Plan {
    let mut plan = plan(vec![connect(), recv()], vec![listen(), accept(), recv()]);
    at(&mut plan, 100, Fault::Partition(CLIENT, SERVER));
    plan
}

pub(crate) fn a_killed_caller_leaves_nothing_behind() {
    check("60000", |victim, _| victim.kill().unwrap());
}

/// As a terminal does at Ctrl-C, which asks every process at once.
pub(crate) fn an_interrupted_caller_leaves_nothing_behind() {
    check("60000", |victim, family| {
        std::iter::once(&victim.id())
            .chain(family)
            .for_each(|id| interrupt(*id));
    });
}

#[cfg(target_os = "linux")]
fn interrupt(process: u32) {
    use nix::sys::signal::{Signal, kill};
    let process = nix::unistd::Pid::from_raw(process.cast_signed());
    match kill(process, Signal::SIGINT) {
        // It may have died with its parent, which was interrupted before it.
        Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
        Err(error) => panic!("{error}"),
    }
}

#[cfg(not(target_os = "linux"))]
fn interrupt(_: u32) {
    unreachable!("elsewhere no case can be run");
}

pub(crate) fn a_panicking_caller_leaves_nothing_behind() {
    check("until its input ends", |victim, _| {
        drop(victim.stdin.take());
    });
}

pub(crate) fn an_ended_case_leaves_nothing_behind() {
    check("1000", |_, _| ());
}

fn check(until: &str, end: impl FnOnce(&mut Child, &[u32])) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([VICTIM, until])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The case and two programs, each in a namespace of its own.
    let family = wait_for(|| descendants(victim.id()), |family| family.len() == 3);
    let spaces = wait_for(|| namespaces(&family), |spaces| spaces.len() == 2);
    end(&mut victim, &family);
    victim.wait().unwrap();
    wait_for(|| alive(&family), Vec::is_empty);
    let everyone: Vec<_> = processes().collect();
    assert!(namespaces(&everyone).is_disjoint(&spaces));
}

/// Asks again until the answer will do, for at most the five seconds within which everything must be gone.
#[track_caller]
fn wait_for<T: std::fmt::Debug>(ask: impl Fn() -> T, will_do: impl Fn(&T) -> bool) -> T {
    // Waiting for a message that never comes is a sleep.
    let (_sender, never) = mpsc::channel::<()>();
    for _ in 0..500 {
        let answer = ask();
        if will_do(&answer) {
            return answer;
        }
        let _ = never.recv_timeout(ms(10));
    }
    panic!("after five seconds: {:?}", ask());
}

fn processes() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The children of a process and theirs.
fn descendants(process: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children = children.unwrap_or_default();
    let children = children.split_whitespace().filter_map(|id| id.parse().ok());
    children
        .flat_map(|child| std::iter::once(child).chain(descendants(child)))
        .collect()
}

/// Those that have not ended: one that ended but was not waited for has no memory map any more.
fn alive(family: &[u32]) -> Vec<u32> {
    let maps = |id: &u32| fs::read_to_string(format!("/proc/{id}/maps"));
    let alive = |id: &u32| maps(id).is_ok_and(|maps| !maps.is_empty());
    family.iter().copied().filter(alive).collect()
}

/// The network namespaces that they are in, but for our own.
fn namespaces(family: &[u32]) -> BTreeSet<std::path::PathBuf> {
    let own = fs::read_link("/proc/self/ns/net").unwrap();
    let of = |id: &u32| fs::read_link(format!("/proc/{id}/ns/net")).ok();
    let all = family.iter().filter_map(of);
    all.filter(|namespace| *namespace != own).collect()
}

const VICTIM: &str = "--run-a-case";
