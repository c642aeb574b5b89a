//! Our kernels on the hosts of a `turmoil::Sim` that is there already.

use super::{CodeResult, Lab, faults, main_program};
use crate::engine::turmoil::Guests;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

/// Our kernels for the hosts of a `turmoil::Sim` of your own. From [`Lab::kernels`].
///
/// The simulation needs the tick that is named here, no latency of its own, and room for many datagrams. `Sim::crash` is
/// a power failure: silence. `Sim::bounce` is the boot after it: a kernel that knows nothing, and the program from its
/// start. The faults of this library work as well, with one difference: after [`kill`](crate::kill), tasks made with
/// `tokio::spawn` stay until the simulation ends, though their sockets are closed.
///
/// ```
/// use halfopen::Lab;
/// use halfopen::net::TcpStream;
/// use std::time::Duration;
///
/// let mut lab = Lab::new();
/// lab.host("server").os("linux");
/// lab.host("client").os("windows-10");
/// let tick = Duration::from_millis(25);
/// let kernels = lab.kernels(tick);
///
/// let mut sim = turmoil::Builder::new()
///     .tick_duration(tick)
///     .min_message_latency(Duration::ZERO)
///     .max_message_latency(Duration::ZERO)
///     .udp_capacity(1 << 16)
///     .build();
/// sim.host("server", kernels.host("server", || async { std::future::pending().await }));
/// sim.client("client", kernels.client("client", async {
///     let error = TcpStream::connect("server:80").await.unwrap_err();
///     assert_eq!(halfopen::os_error(&error).unwrap().name, "WSAECONNREFUSED");
///     Ok(())
/// }));
/// sim.run().unwrap();
/// ```
pub struct Kernels {
    guests: Guests,
    names: Vec<String>,
}

impl Lab {
    /// Kernels for a `turmoil::Sim` of your own that runs with that tick: the lab's hosts with their systems and
    /// settings, its links, and its timeline. Programs that the lab has are left out.
    ///
    /// # Panics
    /// If the tick is longer than the shortest latency, or not in whole milliseconds.
    #[track_caller]
    pub fn kernels(self, tick: Duration) -> Kernels {
        let (mut plan, _, seed, _) = self.resolve();
        plan.limits.time = Duration::MAX;
        for host in &mut plan.hosts {
            let mut program = main_program();
            program.on_boot = true;
            host.programs = vec![program];
        }
        let names = plan.hosts.iter().map(|host| host.name.clone()).collect();
        let guests = Guests::new(plan, seed, tick);
        Kernels { guests, names }
    }
}

impl Kernels {
    /// What `Sim::host` runs: the host's kernel, and this program on it.
    ///
    /// # Panics
    /// If the lab has no host of that name.
    #[track_caller]
    pub fn host<F, Fut>(
        &self,
        name: &str,
        code: F,
    ) -> impl Fn() -> Pin<Box<dyn Future<Output = CodeResult>>> + use<F, Fut>
    where
        F: Fn() -> Fut + 'static,
        Fut: Future<Output = CodeResult> + 'static,
    {
        let host = faults::host_named(&self.names, name);
        let code = Rc::new(move || Some(Box::pin(code()) as Pin<Box<_>>));
        self.guests.software(host, false, code)
    }

    /// What `Sim::client` runs: the host's kernel, and this program on it. When the program ends, so does the kernel.
    ///
    /// # Panics
    /// If the lab has no host of that name.
    #[track_caller]
    pub fn client<Fut>(&self, name: &str, code: Fut) -> impl Future<Output = CodeResult> + use<Fut>
    where
        Fut: Future<Output = CodeResult> + 'static,
    {
        let host = faults::host_named(&self.names, name);
        let code: RefCell<Option<Pin<Box<dyn Future<Output = CodeResult>>>>> =
            RefCell::new(Some(Box::pin(code)));
        let start = Rc::new(move || code.borrow_mut().take());
        self.guests.software(host, true, start)()
    }
}

impl fmt::Debug for Kernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernels")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}
