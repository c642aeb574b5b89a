//! What is drawn, in the order of time.

use super::words::{Ink, unbroken};
use crate::outcome::{Fate, LossReason, Outcome, PacketKind, PacketRecord, StepResult};
use crate::plan::{Action, HostIndex, Plan};
use crate::report::collapse::{self, Summary};
use crate::report::faults::FaultTexts;
use crate::report::frame;
use crate::report::packets::PacketTexts;
use crate::report::steps;
use crate::report::timeline::{self, Event, What};
use halfopen_tcp::Instant;
use halfopen_tcp::wire::Flags;

/// Everything that is drawn.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// What happens, in the order of time.
    pub(super) moments: Vec<Moment>,
    pub(super) arrows: Vec<Arrow>,
    pub(super) calls: Vec<Call>,
    /// The texts of the faults, by their index in the plan's timeline.
    pub(super) faults: Vec<String>,
    /// What was run.
    pub(super) footer: Vec<String>,
    /// How many events are not drawn.
    pub(super) hidden: usize,
}

/// Something with a time and a place on the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) at: Instant,
    pub(super) what: Beat,
}

/// Indices into the story's lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Beat {
    Fault(usize),
    /// An arrow arrives, or is lost under way: the arrow and which of its ends.
    Land(usize, usize),
    Begin(usize),
    End(usize),
    Launch(usize),
    /// The run's end.
    Close,
}

/// A packet, or several.
#[derive(Debug)]
pub(super) struct Arrow {
    pub(super) from: HostIndex,
    pub(super) to: HostIndex,
    pub(super) kind: ArrowKind,
    pub(super) sent: Instant,
    pub(super) origin: Origin,
    pub(super) label: Vec<(Ink, String)>,
    /// What became of it, if that has to be said.
    pub(super) fate: Option<(Ink, String)>,
    /// At least one.
    pub(super) ends: Vec<Ending>,
}

/// Who sent a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    Host,
    /// Something between the two.
    Middlebox,
    /// Something in front of the host whose address it uses.
    Firewall,
}

/// What an arrow looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ArrowKind {
    Segment,
    Retry,
    Reset,
    Icmp,
    /// Several packets that the report takes together.
    Several,
}

/// Where an arrow ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    /// At the receiver, at that time.
    Arrives(Instant),
    /// At the receiver; when is in the label.
    Flat,
    /// Somewhere, at that time.
    Lost(Instant, LossReason),
    /// Nowhere yet.
    UnderWay,
    /// On a held link.
    Held,
}

/// A call of a program.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) host: HostIndex,
    /// What is written where it begins, if it takes time.
    pub(super) begin: Option<Vec<(Ink, String)>>,
    /// What is written where it ends; a wait of the program's own choice ends without a word.
    pub(super) end: Option<Vec<(Ink, String)>>,
    pub(super) state: CallState,
}

/// How a call went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CallState {
    Succeeded,
    Failed,
    Waits,
    /// It slept, and no call of the system waited.
    Slept,
}

/// The story of a run.
pub(super) fn tell(plan: &Plan, outcome: &Outcome) -> Story {
    let mut teller = Teller {
        plan,
        outcome,
        packets: PacketTexts::new(plan, &outcome.packets),
        story: Story::default(),
        keys: Vec::new(),
        drawn: 0,
    };
    let faults = FaultTexts::new(plan);
    let texts = (0..plan.timeline.len()).map(|index| faults.text(index).to_owned());
    teller.story.faults = texts.collect();
    teller.story.footer = frame::caption(plan, outcome);
    teller.events();
    teller.waiting();
    teller.finish()
}

struct Teller<'a> {
    plan: &'a Plan,
    outcome: &'a Outcome,
    packets: PacketTexts<'a>,
    story: Story,
    /// What the moments are sorted by, beside their times.
    keys: Vec<Key>,
    drawn: usize,
}

/// At one time: faults, then what arrives, then calls, then what is sent, with what arrives without delay behind it.
type Key = (u8, usize, usize);

impl Teller<'_> {
    fn events(&mut self) {
        let events = timeline::events(self.outcome, &self.outcome.packets);
        let mut rest = events.as_slice();
        while let [event, after @ ..] = rest {
            let quiet = collapse::quiet_run(rest, &self.packets);
            if quiet == 0 {
                if self.room(event) {
                    self.event(event);
                }
                rest = after;
                continue;
            }
            for summary in collapse::summaries(&rest[..quiet], &self.packets) {
                if !self.room(event) {
                    continue;
                }
                match summary.count {
                    1 => self.packet(summary.index),
                    _ => self.several(&summary),
                }
            }
            rest = &rest[quiet..];
        }
    }

    /// Whether there is room for the event. Beyond a certain size only what failed is drawn.
    fn room(&mut self, event: &Event) -> bool {
        let failed = |index: usize| {
            let end = self.outcome.steps[index].end;
            matches!(end, Some((_, StepResult::Failed { .. })))
        };
        let most = match event.what {
            What::Step(index) if failed(index) => 2 * EVENTS_MAX,
            What::Step(_) | What::Fault(_) | What::Packet(_) => EVENTS_MAX,
        };
        let drawn = self.drawn < most;
        if drawn {
            self.drawn += 1;
        } else {
            self.story.hidden += 1;
        }
        drawn
    }

    fn event(&mut self, event: &Event) {
        match event.what {
            What::Fault(index) => self.push(event.at, Beat::Fault(index), (0, index, 0)),
            What::Step(index) => self.step(index),
            What::Packet(index) => self.packet(index),
        }
    }

    fn push(&mut self, at: Instant, what: Beat, key: Key) {
        self.story.moments.push(Moment { at, what });
        self.keys.push(key);
    }

    fn packet(&mut self, index: usize) {
        let packet = self.packets.record(index);
        let kind = match packet.kind {
            PacketKind::Icmp(_) => ArrowKind::Icmp,
            PacketKind::Tcp { flags, .. } if flags.contains(Flags::RST) => ArrowKind::Reset,
            PacketKind::Tcp { retransmission, .. } if retransmission > 0 => ArrowKind::Retry,
            PacketKind::Tcp { .. } => ArrowKind::Segment,
        };
        let (ends, fate) = match packet.fate {
            Fate::Delivered(at) => (vec![Ending::Arrives(at)], String::new()),
            Fate::Duplicated(at, again) => (
                vec![Ending::Arrives(at), Ending::Arrives(again)],
                "twice".to_owned(),
            ),
            Fate::Lost(at, reason) => (
                vec![Ending::Lost(at, reason)],
                unbroken(&format!("lost: {}", reason.name())),
            ),
            Fate::InFlight => (vec![Ending::UnderWay], unbroken("under way")),
            Fate::Held => (vec![Ending::Held], "held".to_owned()),
        };
        let words = self.packets.words(index);
        let fate_ink = match packet.fate {
            Fate::Lost(..) => Ink::Bad,
            Fate::Delivered(_) | Fate::Duplicated(..) | Fate::InFlight | Fate::Held => Ink::Dim,
        };
        let remark_ink = match kind {
            ArrowKind::Segment => Ink::Dim,
            kind => kind.ink(),
        };
        let label = vec![
            (kind.ink(), words.name),
            (kind.ink(), pairs(&words.numbers)),
            (remark_ink, unbroken(&words.remark)),
            (Ink::Dim, self.connection(index)),
        ];
        let arrow = Arrow {
            from: packet.from,
            to: packet.to,
            kind,
            sent: packet.at,
            origin: self.origin(packet),
            label,
            fate: (!fate.is_empty()).then_some((fate_ink, fate)),
            ends,
        };
        self.arrow(arrow);
    }

    /// A firewall answers what it rejects, there and then.
    fn origin(&self, packet: &PacketRecord) -> Origin {
        let rejected = Fate::Lost(packet.at, LossReason::Reject);
        let mut records = self.outcome.packets.iter();
        if !packet.forged {
            Origin::Host
        } else if records.any(|other| other.fate == rejected && other.to == packet.from) {
            Origin::Firewall
        } else {
            Origin::Middlebox
        }
    }

    fn several(&mut self, summary: &Summary) {
        let packet = self.packets.record(summary.index);
        let label = vec![
            (Ink::Plain, summary.what()),
            (Ink::Dim, self.connection(summary.index)),
            (Ink::Dim, unbroken_parts(&summary.when())),
        ];
        let arrow = Arrow {
            from: packet.from,
            to: packet.to,
            kind: ArrowKind::Several,
            sent: summary.first,
            origin: Origin::Host,
            label,
            fate: None,
            ends: vec![Ending::Flat],
        };
        self.arrow(arrow);
    }

    fn connection(&self, index: usize) -> String {
        let number = self.packets.connection(index);
        number.map_or_else(String::new, |number| format!("#{number}"))
    }

    fn arrow(&mut self, mut arrow: Arrow) {
        let at = arrow.sent;
        arrow.label.retain(|(_, text)| !text.is_empty());
        let index = self.story.arrows.len();
        self.push(at, Beat::Launch(index), (3, index, 0));
        for (end, ending) in arrow.ends.iter().enumerate() {
            let lands = match *ending {
                Ending::Arrives(lands) => lands,
                Ending::Lost(lands, _) if lands > at => lands,
                Ending::Lost(..) | Ending::Flat | Ending::Held | Ending::UnderWay => continue,
            };
            let key = if lands == at {
                (3, index, 1 + end)
            } else {
                (1, index, end)
            };
            self.push(lands, Beat::Land(index, end), key);
        }
        self.story.arrows.push(arrow);
    }

    fn step(&mut self, index: usize) {
        let step = &self.outcome.steps[index];
        let place = (step.host, step.program, step.step);
        let planned = &self.plan.hosts[step.host].programs[step.program].steps[step.step];
        let what = format!("{}{}", self.who(index), steps::what(self.plan, place));
        let sleeps = matches!(planned.action, Action::Sleep(_));
        let (at, result, state) = match step.end {
            None => {
                let text = (Ink::Retry, "→ still waiting".to_owned());
                (self.outcome.end, text, CallState::Waits)
            }
            Some((at, result)) => {
                let took = steps::took(&planned.action, at.since(step.start));
                let took = unbroken_parts(&took);
                let text = format!("→\u{a0}{}{took}", steps::result_text(result));
                match result {
                    StepResult::Failed { .. } => (at, (Ink::Bad, text), CallState::Failed),
                    _ if sleeps => (at, (Ink::Dim, text), CallState::Slept),
                    _ => (at, (Ink::Plain, text), CallState::Succeeded),
                }
            }
        };
        let takes_time = step.start < at;
        let names_it = !takes_time || self.crowded(step.host);
        let what = (Ink::Plain, what);
        let mut end = vec![result];
        if names_it {
            end.insert(0, what.clone());
        }
        if let Some(mismatch) = &step.mismatch {
            end.push((Ink::Bad, format!("mismatch: {mismatch}")));
        }
        let silent = state == CallState::Slept && step.mismatch.is_none() && takes_time;
        let call = Call {
            host: step.host,
            begin: takes_time.then(|| vec![what]),
            end: (!silent).then_some(end),
            state,
        };
        let number = self.story.calls.len();
        if call.begin.is_some() {
            self.push(step.start, Beat::Begin(number), (2, index, 0));
        }
        self.push(at, Beat::End(number), (2, index, 1));
        self.story.calls.push(call);
    }

    /// Whose call it is, where that has to be said.
    fn who(&self, index: usize) -> String {
        let step = &self.outcome.steps[index];
        if self.crowded(step.host) || step.run > 0 {
            let who = steps::who(self.plan, (step.host, step.program), step.run);
            format!("{who}: ")
        } else {
            String::new()
        }
    }

    /// Whether calls of several programs stand in the margin of the host's calls: the first host has one for itself.
    fn crowded(&self, host: HostIndex) -> bool {
        let hosts = if host == 0 {
            &self.plan.hosts[..1]
        } else {
            &self.plan.hosts[1..]
        };
        let programs: usize = hosts.iter().map(|host| host.programs.len()).sum();
        programs > 1
    }

    fn waiting(&mut self) {
        for (index, step) in self.outcome.steps.iter().enumerate() {
            let event = Event {
                at: self.outcome.end,
                what: What::Step(index),
            };
            if step.end.is_none() && self.room(&event) {
                self.step(index);
            }
        }
    }

    fn finish(mut self) -> Story {
        self.push(self.outcome.end, Beat::Close, (4, 0, 0));
        let mut order: Vec<usize> = (0..self.keys.len()).collect();
        order.sort_by_key(|&index| (self.story.moments[index].at, self.keys[index]));
        let moments = &self.story.moments;
        self.story.moments = order.iter().map(|&index| moments[index]).collect();
        self.story
    }
}

/// `seq 1..6 ack 1`, broken between its two parts only.
fn pairs(numbers: &str) -> String {
    numbers
        .replace("seq ", "seq\u{a0}")
        .replace("ack ", "ack\u{a0}")
}

/// `until 0.050 832, arrives 0.196 152`, broken at the commas only.
fn unbroken_parts(text: &str) -> String {
    let parts: Vec<_> = text.split(", ").map(unbroken).collect();
    parts.join(", ")
}

impl Arrow {
    /// Whether it ends half way, so that there is room behind its end for what became of it.
    pub(super) fn ends_midway(&self) -> bool {
        self.ends.iter().any(|end| match *end {
            Ending::Held => true,
            Ending::Lost(_, reason) => is_midway(reason),
            Ending::Arrives(_) | Ending::Flat | Ending::UnderWay => false,
        })
    }

    /// Whether it ends half way, and some time after it was sent.
    pub(super) fn falls_midway(&self) -> bool {
        let sent = self.sent;
        self.ends.iter().any(|end| match *end {
            Ending::Lost(at, reason) => at > sent && is_midway(reason),
            Ending::Arrives(_) | Ending::Flat | Ending::Held | Ending::UnderWay => false,
        })
    }
}

const fn is_midway(reason: LossReason) -> bool {
    match reason {
        LossReason::Partition | LossReason::Block | LossReason::Loss | LossReason::Drop => true,
        LossReason::Corrupt
        | LossReason::Queue
        | LossReason::Mtu
        | LossReason::Reject
        | LossReason::PowerOff
        | LossReason::NoRoute => false,
    }
}

impl ArrowKind {
    pub(super) const fn ink(self) -> Ink {
        match self {
            Self::Segment | Self::Several => Ink::Plain,
            Self::Retry => Ink::Retry,
            Self::Reset => Ink::Bad,
            Self::Icmp => Ink::Icmp,
        }
    }
}

/// The most events that are drawn; of what failed, twice as many.
const EVENTS_MAX: usize = 160;
