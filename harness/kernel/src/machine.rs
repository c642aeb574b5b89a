//! One host's kernel: a network namespace and our end of its TUN device.

use crate::KernelError;
use crate::namespace;
use crate::netlink::Netlink;
use crate::sysctl;
use crate::tap::Tap;
use halfopen::tcp::profile::settings::SettingValue;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::net::if_::if_nametoindex;
use nix::sys::stat::Mode;
use nix::unistd::{read, write};
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// A namespace with one device. Dropping it takes the device away.
pub(crate) struct Machine {
    tun: OwnedFd,
    tap: Tap,
    netlink: Netlink,
    interface: u32,
}

/// Another host as this one sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: Ipv4Addr,
    /// The MTU of the link to it.
    pub(crate) mtu: u16,
}

impl Machine {
    /// Moves this process to a fresh namespace and sets it up. Children forked before the next call are programs of this
    /// machine.
    pub(crate) fn create(
        address: Ipv4Addr,
        peers: &[Peer],
        settings: &[(String, SettingValue)],
    ) -> Result<Self, KernelError> {
        namespace::enter_fresh()?;
        sysctl::apply(settings)?;
        let tun = open_tun()?;
        let interface = if_nametoindex(INTERFACE)
            .map_err(|error| KernelError::system("look the TUN device up", error))?;
        let netlink = Netlink::open()?;
        let mtu = peers.iter().map(|peer| peer.mtu).max().unwrap_or(1500);
        netlink.bring_up(LOOPBACK, None)?;
        netlink.bring_up(interface, Some(mtu))?;
        netlink.add_address(interface, address)?;
        let machine = Self {
            tun,
            tap: Tap::open(interface)?,
            netlink,
            interface,
        };
        for peer in peers {
            machine.add_route(*peer)?;
        }
        Ok(machine)
    }

    /// Gives the machine a route to a peer.
    pub(crate) fn add_route(&self, to: Peer) -> Result<(), KernelError> {
        self.netlink.add_route(self.interface, to.address, to.mtu)
    }

    /// Takes it away.
    pub(crate) fn remove_route(&self, to: Ipv4Addr) -> Result<(), KernelError> {
        self.netlink.remove_route(self.interface, to)
    }

    /// The next packet that the machine sent, if there is one.
    pub(crate) fn receive(&self) -> Result<Option<Vec<u8>>, KernelError> {
        let mut buffer = [0; PACKET_MAX];
        loop {
            match read(&self.tun, &mut buffer) {
                Ok(len) => return Ok(Some(buffer[..len].to_vec())),
                Err(Errno::EAGAIN) => return Ok(None),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(KernelError::system("read from a TUN device", error)),
            }
        }
    }

    /// When the kernel sent the packet that [`receive`](Self::receive) gave last, by the wall clock, if it is known.
    pub(crate) fn sent_at(&self, packet: &[u8]) -> Option<Duration> {
        self.tap.sent_at(packet)
    }

    /// Hands the machine a packet.
    pub(crate) fn send(&self, packet: &[u8]) -> Result<(), KernelError> {
        match write(&self.tun, packet) {
            Ok(_) => Ok(()),
            Err(error) => Err(KernelError::system("write to a TUN device", error)),
        }
    }
}

impl AsFd for Machine {
    /// Readable when the machine has sent a packet.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tun.as_fd()
    }
}

nix::ioctl_write_ptr_bad!(
    /// Makes the open file a TUN device of the namespace in which it was opened.
    set_interface,
    libc::TUNSETIFF,
    libc::ifreq
);

/// Makes a TUN device in the current namespace.
pub(crate) fn open_tun() -> Result<OwnedFd, KernelError> {
    let flags = OFlag::O_RDWR | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let tun = open(DEVICE, flags, Mode::empty()).map_err(|error| {
        KernelError::NotPermitted(match error {
            Errno::ENOENT => format!("no {DEVICE}: load the module (`modprobe tun`)"),
            Errno::EACCES | Errno::EPERM => {
                format!(
                    "cannot open {DEVICE}: {error}; run as root, or let this user read and write it"
                )
            }
            _ => format!("cannot open {DEVICE}: {error}"),
        })
    })?;
    let mut name = [0; libc::IFNAMSIZ];
    for (slot, byte) in name.iter_mut().zip(INTERFACE.bytes()) {
        *slot = byte as libc::c_char;
    }
    let request = libc::ifreq {
        ifr_name: name,
        ifr_ifru: libc::__c_anonymous_ifr_ifru {
            ifru_flags: (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short,
        },
    };
    // SAFETY: `request` is a whole ifreq with a terminated name, and TUNSETIFF reads and writes nothing beyond it.
    #[expect(unsafe_code, reason = "there is no safe wrapper of this ioctl")]
    let result = unsafe { set_interface(tun.as_raw_fd(), &raw const request) };
    match result {
        Ok(_) => Ok(tun),
        Err(error) => Err(KernelError::system(
            "make a TUN device",
            io::Error::from(error),
        )),
    }
}

const DEVICE: &str = "/dev/net/tun";
/// Every namespace has just one, so that they may all be called the same.
const INTERFACE: &str = "link0";
/// The loopback device is the first one of every namespace.
const LOOPBACK: u32 = 1;
/// The largest IP packet.
const PACKET_MAX: usize = 65_535;
