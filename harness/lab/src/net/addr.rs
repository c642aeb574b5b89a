//! Addresses, and names that stand for them.

use crate::sockets::{self, Machine, resolve_error};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// What can be turned into addresses: those types for which [`tokio::net::ToSocketAddrs`] is there.
///
/// A host name stands for the host of the run that is called so.
///
/// ```
/// # use halfopen::{Lab, net::TcpStream};
/// # let mut lab = Lab::new();
/// # lab.host("client").client(async {
/// // What listens on loopback is the host itself.
/// for refused in ["localhost:80", "127.0.0.1:80", "client:80"] {
///     assert!(TcpStream::connect(refused).await.is_err());
/// }
/// # Ok(()) });
/// # lab.run().unwrap();
/// ```
pub trait ToSocketAddrs: sealed::Resolve {}

mod sealed {
    use crate::sockets::Machine;
    use std::io;
    use std::net::SocketAddr;

    /// Only this crate can name it.
    pub trait Resolve {
        #[doc(hidden)]
        fn resolve(&self, here: Here<'_>) -> io::Result<Vec<SocketAddr>>;
    }

    /// The host that asks.
    #[derive(Clone, Copy, Debug)]
    pub struct Here<'m>(pub(super) &'m Machine);
}

use sealed::{Here, Resolve};

/// Looks a name and port up, as the running task's host does.
///
/// ```
/// # use halfopen::{Lab, net::lookup_host};
/// # let mut lab = Lab::new();
/// # lab.host("server");
/// # lab.host("client").client(async {
/// let mut found = lookup_host("server:80").await?;
/// assert_eq!(found.next(), Some("10.0.0.2:80".parse().unwrap()));
/// assert!(lookup_host("sevrer:80").await.is_err());
/// # Ok(()) });
/// # lab.run().unwrap();
/// ```
pub async fn lookup_host<T: ToSocketAddrs>(
    host: T,
) -> io::Result<impl Iterator<Item = SocketAddr>> {
    let machine = sockets::current();
    Ok(host.resolve(Here(&machine))?.into_iter())
}

/// The addresses of `name`, as sockets of that machine use them.
pub(super) fn addresses(
    machine: &Machine,
    name: impl ToSocketAddrs,
) -> io::Result<Vec<SocketAddr>> {
    let mut found = name.resolve(Here(machine))?;
    for address in &mut found {
        *address = translate(machine, *address);
    }
    Ok(found)
}

pub(super) fn translate(machine: &Machine, address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        // What a listener on every address is bound to, and where a client of the same host finds it.
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        ip => machine.directory.translate(machine.index, ip),
    };
    SocketAddr::new(ip, address.port())
}

/// What tokio says when a name has no address.
pub(super) fn no_address() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "could not resolve to any address",
    )
}

fn lookup(Here(machine): Here<'_>, name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = name.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    if let Some(ip) = machine.directory.resolve(machine.index, name) {
        return Ok(vec![SocketAddr::new(ip.into(), port)]);
    }
    let state = machine.lock();
    match &state.kernel {
        Some(kernel) => Err(resolve_error(kernel.host.profile())),
        None => Err(no_address()),
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}
impl<T: ToSocketAddrs + ?Sized> Resolve for &T {
    fn resolve(&self, here: Here<'_>) -> io::Result<Vec<SocketAddr>> {
        (**self).resolve(here)
    }
}

impl ToSocketAddrs for &[SocketAddr] {}
impl Resolve for &[SocketAddr] {
    fn resolve(&self, _: Here<'_>) -> io::Result<Vec<SocketAddr>> {
        Ok(self.to_vec())
    }
}

impl ToSocketAddrs for str {}
impl Resolve for str {
    fn resolve(&self, here: Here<'_>) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = self.parse() {
            return Ok(vec![address]);
        }
        let invalid = |message| io::Error::new(io::ErrorKind::InvalidInput, message);
        let (name, port) = self
            .rsplit_once(':')
            .ok_or_else(|| invalid("invalid socket address"))?;
        let port = port.parse().map_err(|_| invalid("invalid port value"))?;
        lookup(here, name, port)
    }
}

impl ToSocketAddrs for String {}
impl Resolve for String {
    fn resolve(&self, here: Here<'_>) -> io::Result<Vec<SocketAddr>> {
        self.as_str().resolve(here)
    }
}

impl ToSocketAddrs for (&str, u16) {}
impl Resolve for (&str, u16) {
    fn resolve(&self, here: Here<'_>) -> io::Result<Vec<SocketAddr>> {
        lookup(here, self.0, self.1)
    }
}

impl ToSocketAddrs for (String, u16) {}
impl Resolve for (String, u16) {
    fn resolve(&self, here: Here<'_>) -> io::Result<Vec<SocketAddr>> {
        lookup(here, &self.0, self.1)
    }
}

macro_rules! one_address {
    ($($from:ty),*) => {$(
        impl ToSocketAddrs for $from {}
        impl Resolve for $from {
            fn resolve(&self, _: Here<'_>) -> io::Result<Vec<SocketAddr>> {
                Ok(vec![SocketAddr::from(*self)])
            }
        }
    )*};
}

one_address!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16)
);
