//! A machine as a host of turmoil: one task that drives it, and carries its packets as datagrams.

use super::driver::Driver;
use super::programs::{ProgramResult, Programs, Shared};
use crate::sockets::{Machine, enter_runtime};
use halfopen_tcp::Instant;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::time::Sleep;
use turmoil::net::UdpSocket;

/// What turmoil runs on a host, each time it starts it.
pub(super) fn software(
    driver: Rc<RefCell<Driver>>,
    shared: Shared,
) -> impl Fn() -> Pin<Box<dyn Future<Output = turmoil::Result>>> {
    let bounced = std::cell::Cell::new(false);
    move || {
        // At a bounce, packets may be waiting to be delivered before the new task first runs.
        let udp = bounced.replace(true).then(bind_now);
        let (driver, shared) = (Rc::clone(&driver), shared.clone());
        Box::pin(async move {
            let udp = match udp {
                Some(bound) => bound?,
                None => bind().await?,
            };
            drive(&driver, shared, &udp, |_| None).await
        })
    }
}

/// What a host of somebody else's simulation runs, each time turmoil starts it; after the first time, the machine has
/// booted. With `client` it ends when its program does.
pub(super) async fn guest(
    driver: Rc<RefCell<Driver>>,
    shared: Shared,
    client: bool,
) -> turmoil::Result {
    let udp = bind().await?;
    driver.borrow_mut().start_as_guest();
    let here = driver.borrow().machine.index;
    let ended = Rc::clone(&shared.ended);
    let done = move |_: &Driver| {
        let mut ended = ended.borrow_mut();
        let place = ended.iter().position(|ended| {
            ended.host == here && (client || !matches!(ended.result, Ok(Ok(()))))
        });
        place.map(|place| ended.swap_remove(place).result)
    };
    drive(&driver, shared, &udp, done).await
}

async fn bind() -> std::io::Result<UdpSocket> {
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).await
}

fn bind_now() -> std::io::Result<UdpSocket> {
    match pin!(bind()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(bound) => bound,
        Poll::Pending => Err(std::io::ErrorKind::WouldBlock.into()),
    }
}

/// Drives the machine, until `done` has a result. A panic of a program goes on.
async fn drive(
    driver: &RefCell<Driver>,
    shared: Shared,
    udp: &UdpSocket,
    done: impl Fn(&Driver) -> Option<ProgramResult>,
) -> turmoil::Result {
    let (world, machine) = {
        let mut driver = driver.borrow_mut();
        driver.frozen = false;
        (Arc::clone(&driver.world), Arc::clone(&driver.machine))
    };
    enter_runtime(&machine);
    let elapsed = turmoil::sim_elapsed().unwrap_or_default();
    machine.lock().clock.base = Some((tokio::time::Instant::now(), Instant::ZERO + elapsed));
    let mut programs = Programs::new(&world, &machine, shared);
    let mut readable = pin!(udp.readable());
    let mut sleep = pin!(tokio::time::sleep(Duration::ZERO));
    let mut datagram = vec![0; DATAGRAM_MAX];
    let mut freeze = Freeze::default();
    poll_fn(|cx| {
        let mut driver = driver.borrow_mut();
        machine.lock().set_driver(cx.waker());
        programs.set_waker(cx.waker());
        loop {
            let clock = machine.lock().clock.of_runtime();
            while readable.as_mut().poll(cx).is_ready() {
                while let Ok((len, _)) = udp.try_recv_from(&mut datagram) {
                    driver.receive(ids(&datagram[..len]), clock);
                }
                readable.set(udp.readable());
            }
            if driver.frozen {
                return freeze.poll(cx, clock, &mut driver, &mut programs, udp);
            }
            let next = driver.turn(clock, &mut programs);
            post(udp, &mut driver);
            if driver.frozen {
                continue;
            }
            if let Some(result) = done(&driver) {
                return Poll::Ready(result.unwrap_or_else(|panic| resume_unwind(panic)));
            }
            match next {
                Some(at) if sleeps_until(&machine, sleep.as_mut(), at, cx) => {}
                _ => return Poll::Pending,
            }
        }
    })
    .await
}

/// Whether that time has come already.
fn sleeps_until(
    machine: &Machine,
    mut sleep: Pin<&mut Sleep>,
    at: Instant,
    cx: &mut Context<'_>,
) -> bool {
    let deadline = machine.lock().clock.in_runtime(at);
    let Some(deadline) = deadline else {
        return false;
    };
    if sleep.deadline() != deadline || sleep.is_elapsed() {
        sleep.as_mut().reset(deadline);
    }
    sleep.poll(cx).is_ready()
}

/// The rest of a tick in which programs died that left tasks in the runtime. Those that are already about to run do so,
/// at this very instant; then the runtime's clock goes to the end of the tick, so that turmoil gets to clear them away.
#[derive(Debug, Default)]
struct Freeze {
    polls: u32,
}

impl Freeze {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        clock: Instant,
        driver: &mut Driver,
        programs: &mut Programs,
        udp: &UdpSocket,
    ) -> Poll<turmoil::Result> {
        self.polls += 1;
        if self.polls < FREEZE_POLLS {
            cx.waker().wake_by_ref();
        } else if self.polls == FREEZE_POLLS {
            let end = driver.world.tick_of(clock) + driver.world.tick;
            let last = Instant::from_nanos(end.as_nanos() - 1_000_000);
            driver.turn(last, programs);
            post(udp, driver);
            driver.world.bounce_later(driver.machine.index);
            let rest = end.since(clock);
            let _ = pin!(tokio::time::advance(rest)).poll(cx);
        }
        Poll::Pending
    }
}

/// Sends what left the machine: a datagram for each receiver, with the numbers of the packets.
fn post(udp: &UdpSocket, driver: &mut Driver) {
    for (to, ids) in driver.take_leaving() {
        let Some(carrier) = driver.machine.directory.carrier(to) else {
            continue;
        };
        for ids in ids.chunks(DATAGRAM_MAX / ID_BYTES) {
            let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
            // A datagram is lost where a packet would be: the record of the packet tells.
            let _ = udp.try_send_to(&bytes, SocketAddr::new(carrier, PORT));
        }
    }
}

/// The numbers of the packets that a datagram stands for.
pub(super) fn ids(datagram: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let (ids, _) = datagram.as_chunks::<ID_BYTES>();
    ids.iter().map(|bytes| u64::from_le_bytes(*bytes))
}

/// The UDP port of every host that carries packets: the protocol number of TCP.
pub(super) const PORT: u16 = 6;

const ID_BYTES: usize = size_of::<u64>();

/// The packets of one burst to one receiver go in a few datagrams.
const DATAGRAM_MAX: usize = 1024 * ID_BYTES;

/// How often the tasks that are left may be polled at the instant of their program's death: tokio runs up to 61 of them
/// before it polls the driver again, so these are many more than there are tasks.
const FREEZE_POLLS: u32 = 1000;
