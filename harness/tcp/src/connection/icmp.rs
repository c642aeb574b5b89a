//! ICMP errors about this connection's segments (RFC 5461, RFC 5927).

use super::{Connection, Context, Origin, State};
use crate::profile::IcmpEffect;
use crate::wire::{Icmp, IcmpKind};

impl Connection {
    /// An ICMP error quotes a segment of ours.
    pub(crate) fn on_icmp(&mut self, cx: &mut Context<'_>, icmp: &Icmp) {
        let outstanding = self.send.nxt.since(self.send.una);
        if self.state == State::Closed || icmp.quoted_seq.since(self.send.una) > outstanding {
            // RFC 5927 section 4.1: it is about nothing that is in flight. A keepalive probe is one of these.
            return;
        }
        let rules = &cx.profile.icmp;
        let half_open = self.state == State::SynReceived && self.origin == Origin::Passive;
        let effects = match self.state {
            _ if half_open => rules.half_open,
            State::SynSent | State::SynReceived => rules.connecting,
            State::Established => rules.established,
            _ => rules.closing,
        };
        let fails = match effects.of(icmp.kind) {
            IcmpEffect::Ignore => false,
            IcmpEffect::Fail => true,
            IcmpEffect::Soft => {
                self.soft_error = Some(icmp.kind.cause());
                false
            }
            IcmpEffect::SoftThenFail { retransmits } => {
                let again = self.soft_error.is_some();
                self.soft_error = Some(icmp.kind.cause());
                again && self.timers.syn_retransmissions() >= retransmits
            }
        };
        if fails && half_open {
            self.end(cx);
            return;
        }
        if fails {
            self.fail(cx, icmp.kind.cause());
            return;
        }
        let transient = matches!(
            icmp.kind,
            IcmpKind::NetUnreachable | IcmpKind::HostUnreachable
        );
        if rules.revert_backoff && transient && icmp.quoted_seq == self.send.una {
            self.revert_backoff(cx);
        }
    }

    /// RFC 6069: an unreachable network says that the segment was lost on the way and not to congestion, so one
    /// doubling is taken back. If the shorter timeout is over by now, the segment goes out at once.
    fn revert_backoff(&mut self, cx: &mut Context<'_>) {
        let Some(head) = self.send.flight.head() else {
            return;
        };
        let since_sent = cx.now.since(head.at);
        if self.timers.revert_backoff(&self.rtt, cx, since_sent) {
            self.on_retransmission_timeout(cx);
        }
    }
}
