//! Which local ports are free.

use crate::rng::Rng;
use std::collections::BTreeMap;

/// The local ports of a host.
#[derive(Clone, Debug)]
pub(super) struct Ports {
    ephemeral: (u16, u16),
    /// Where the next search for an ephemeral port begins.
    next: u16,
    listeners: BTreeMap<u16, u32>,
    /// How many sockets are bound to a port and neither listen nor are connected.
    bound: BTreeMap<u16, u32>,
    /// How many connections use a port.
    connections: BTreeMap<u16, u32>,
}

impl Ports {
    pub(super) fn new(ephemeral: (u16, u16), rng: &mut Rng) -> Self {
        let (first, last) = (ephemeral.0.min(ephemeral.1), ephemeral.1.max(ephemeral.0));
        let start = rng.below(u64::from(last - first) + 1) as u16;
        Self {
            ephemeral: (first, last),
            next: first + start,
            listeners: BTreeMap::new(),
            bound: BTreeMap::new(),
            connections: BTreeMap::new(),
        }
    }

    pub(super) fn listener(&self, port: u16) -> Option<u32> {
        self.listeners.get(&port).copied()
    }

    pub(super) fn add_listener(&mut self, port: u16, index: u32) {
        self.listeners.insert(port, index);
    }

    pub(super) fn release_listener(&mut self, port: u16) {
        self.listeners.remove(&port);
    }

    pub(super) fn add_bound(&mut self, port: u16) {
        *self.bound.entry(port).or_default() += 1;
    }

    pub(super) fn release_bound(&mut self, port: u16) {
        decrement(&mut self.bound, port);
    }

    pub(super) fn add_connection(&mut self, port: u16) {
        *self.connections.entry(port).or_default() += 1;
    }

    pub(super) fn release_connection(&mut self, port: u16) {
        decrement(&mut self.connections, port);
    }

    /// Whether a socket may be bound to the port. Connections that are still there, in TIME-WAIT for example, stand in
    /// the way unless `SO_REUSEADDR` is set; a listener or another bound socket always does.
    pub(super) fn is_free(&self, port: u16, reuse: bool) -> bool {
        !self.listeners.contains_key(&port)
            && !self.bound.contains_key(&port)
            && (reuse || !self.connections.contains_key(&port))
    }

    /// The first ephemeral port that `usable` accepts. Searches the whole range once, from where the last search
    /// ended, so that a port is not used again at once.
    pub(super) fn ephemeral(&mut self, usable: impl Fn(&Self, u16) -> bool) -> Option<u16> {
        let (first, last) = self.ephemeral;
        let count = u32::from(last - first) + 1;
        for offset in 0..count {
            let place = (u32::from(self.next - first) + offset) % count;
            let port = first + place as u16;
            if usable(self, port) {
                self.next = if port == last { first } else { port + 1 };
                return Some(port);
            }
        }
        None
    }
}

fn decrement(counts: &mut BTreeMap<u16, u32>, port: u16) {
    if let Some(count) = counts.get_mut(&port) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&port);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ephemeral_ports_run_out_and_come_back() {
        let mut ports = Ports::new((5000, 5002), &mut Rng::stream(0, "test"));
        for _ in 0..3 {
            let port = ports
                .ephemeral(|ports, port| ports.is_free(port, false))
                .unwrap();
            ports.add_connection(port);
        }
        assert_eq!(
            ports.ephemeral(|ports, port| ports.is_free(port, false)),
            None
        );
        ports.release_connection(5001);
        assert_eq!(
            ports.ephemeral(|ports, port| ports.is_free(port, false)),
            Some(5001)
        );
    }

    #[test]
    fn reuse_helps_against_connections_only() {
        let mut ports = Ports::new((5000, 5002), &mut Rng::stream(0, "test"));
        ports.add_connection(80);
        assert!(!ports.is_free(80, false));
        assert!(ports.is_free(80, true));
        ports.add_listener(80, 0);
        assert!(!ports.is_free(80, true));
    }
}
