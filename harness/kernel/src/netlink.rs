//! Interfaces, addresses and routes of one namespace, through rtnetlink.

use crate::KernelError;
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage,
    NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteMetric, RouteProtocol,
    RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::net::{IpAddr, Ipv4Addr};

/// A socket to the namespace in which it was opened, whichever namespace the process is in later.
pub(crate) struct Netlink(Socket);

impl Netlink {
    /// Opens a socket to the current namespace.
    pub(crate) fn open() -> Result<Self, KernelError> {
        let open = || {
            let mut socket = Socket::new(NETLINK_ROUTE)?;
            socket.bind_auto()?;
            socket.connect(&SocketAddr::new(0, 0))?;
            Ok(socket)
        };
        open()
            .map(Self)
            .map_err(|error: std::io::Error| KernelError::system("open a netlink socket", error))
    }

    /// Brings an interface up, with that MTU if one is given.
    pub(crate) fn bring_up(&self, interface: u32, mtu: Option<u16>) -> Result<(), KernelError> {
        let mut message = LinkMessage::default();
        message.header.index = interface;
        message.header.flags = LinkFlags::Up;
        message.header.change_mask = LinkFlags::Up;
        message
            .attributes
            .extend(mtu.map(|mtu| LinkAttribute::Mtu(mtu.into())));
        let message = RouteNetlinkMessage::SetLink(message);
        self.request("bring an interface up", message, 0)
    }

    /// Gives an interface an address without a network around it: what it reaches, routes say.
    pub(crate) fn add_address(&self, interface: u32, address: Ipv4Addr) -> Result<(), KernelError> {
        let mut message = AddressMessage::default();
        message.header.family = AddressFamily::Inet;
        message.header.prefix_len = 32;
        message.header.index = interface;
        message.attributes = vec![
            AddressAttribute::Local(IpAddr::V4(address)),
            AddressAttribute::Address(IpAddr::V4(address)),
        ];
        let message = RouteNetlinkMessage::NewAddress(message);
        self.request("set an address", message, NLM_F_CREATE)
    }

    /// Adds or replaces the route to one host.
    pub(crate) fn add_route(
        &self,
        interface: u32,
        to: Ipv4Addr,
        mtu: u16,
    ) -> Result<(), KernelError> {
        let mut message = route(interface, to);
        let metrics = vec![RouteMetric::Mtu(mtu.into())];
        message.attributes.push(RouteAttribute::Metrics(metrics));
        let message = RouteNetlinkMessage::NewRoute(message);
        self.request("add a route", message, NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Removes the route to one host.
    pub(crate) fn remove_route(&self, interface: u32, to: Ipv4Addr) -> Result<(), KernelError> {
        let message = RouteNetlinkMessage::DelRoute(route(interface, to));
        self.request("remove a route", message, 0)
    }

    fn request(
        &self,
        what: &str,
        message: RouteNetlinkMessage,
        flags: u16,
    ) -> Result<(), KernelError> {
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        let mut request = NetlinkMessage::new(header, NetlinkPayload::from(message));
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);

        let exchange = || {
            self.0.send(&bytes, 0)?;
            self.0.recv_from_full()
        };
        let (answer, _) = exchange().map_err(|error| KernelError::system(what, error))?;
        let answer = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&answer)
            .map_err(|error| KernelError::system(what, error))?;
        match answer.payload {
            NetlinkPayload::Error(error) if error.code.is_some() => {
                Err(KernelError::system(what, error.to_io()))
            }
            _ => Ok(()),
        }
    }
}

fn route(interface: u32, to: Ipv4Addr) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header = RouteHeader {
        address_family: AddressFamily::Inet,
        destination_prefix_length: 32,
        table: RouteHeader::RT_TABLE_MAIN,
        protocol: RouteProtocol::Static,
        scope: RouteScope::Link,
        kind: RouteType::Unicast,
        ..RouteHeader::default()
    };
    message.attributes = vec![
        RouteAttribute::Destination(RouteAddress::Inet(to)),
        RouteAttribute::Oif(interface),
    ];
    message
}
