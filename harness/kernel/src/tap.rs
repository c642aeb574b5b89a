//! When a machine's kernel sent each of its packets.
//!
//! A TUN device does not say. A packet socket gets a copy of every packet on the way into the device, with the time at
//! which the kernel put it there (`dev_queue_xmit_nit`), in the same order.

use crate::KernelError;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType,
    recvmsg, setsockopt, socket, sockopt,
};
use nix::sys::time::TimeSpec;
use std::io::IoSliceMut;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

/// A packet socket of one namespace.
pub(crate) struct Tap {
    socket: OwnedFd,
    /// The device whose packets count.
    interface: u32,
}

impl Tap {
    /// Opens it in the current namespace.
    pub(crate) fn open(interface: u32) -> Result<Self, KernelError> {
        let failed = |error| KernelError::system("open a packet socket", error);
        let socket = socket(
            AddressFamily::Packet,
            // Without the link layer, which a TUN device does not have anyway.
            SockType::Datagram,
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
            SockProtocol::EthAll,
        )
        .map_err(failed)?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true).map_err(failed)?;
        Ok(Self { socket, interface })
    }

    /// The wall-clock time at which the kernel sent the packet that was just read from the device. `None` if the copy was
    /// lost: the socket's buffer has an end, as the device's queue has.
    pub(crate) fn sent_at(&self, packet: &[u8]) -> Option<Duration> {
        let begin = &packet[..packet.len().min(COMPARED)];
        // Copies before the packet's own are of packets that the device's queue had no room for.
        loop {
            let (copy, at) = self.next()?;
            if copy == begin {
                return at;
            }
        }
    }

    /// The beginning of the next packet that was sent, and when. `None` if there is none.
    fn next(&self) -> Option<(Vec<u8>, Option<Duration>)> {
        loop {
            let mut bytes = [0; COMPARED];
            let mut control = nix::cmsg_space!(TimeSpec);
            let mut parts = [IoSliceMut::new(&mut bytes)];
            let received = recvmsg::<LinkAddr>(
                self.socket.as_raw_fd(),
                &mut parts,
                Some(&mut control),
                MsgFlags::MSG_DONTWAIT,
            )
            .ok()?;
            let from = received.address?;
            let ours = from.ifindex() == self.interface as usize;
            let len = received.bytes;
            let at = received.cmsgs().ok()?.find_map(|message| match message {
                ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
                _ => None,
            });
            if ours && from.pkttype() == PACKET_OUTGOING {
                return Some((bytes[..len].to_vec(), at));
            }
        }
    }
}

/// Enough for the headers, by which packets differ.
const COMPARED: usize = 128;
/// `PACKET_OUTGOING` in packet(7).
const PACKET_OUTGOING: u8 = nix::libc::PACKET_OUTGOING;
