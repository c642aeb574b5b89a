//! The queue of events, and wake-ups that move.

use crate::network::Flight;
use crate::plan::HostIndex;
use halfopen_tcp::Instant;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that happens at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// A program of a machine starts.
    Start(HostIndex, usize),
    /// A packet arrives: the slot that holds it.
    Arrival(u32),
    /// A machine's kernel has a timer.
    Timer(HostIndex),
    /// A program wakes up.
    Alarm(HostIndex, usize),
}

/// What will happen, in order of time; at one instant in the order of [`Event`]'s variants, and among those of one
/// kind by number: packets by when they were sent, the others by machine and program.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: BinaryHeap<Reverse<Entry>>,
    /// Packets under way. An entry has only the number of a slot, because the heap moves entries about.
    slots: Vec<Option<Flight>>,
    free: Vec<u32>,
    packets: u64,
}

/// The fields are in the order in which they are compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Entry {
    at: Instant,
    /// The kind in the upper bits, the number in the others.
    order: u64,
    slot: u32,
}

impl Queue {
    pub(super) fn push(&mut self, at: Instant, event: Event) {
        let (kind, number, slot) = match event {
            Event::Start(host, program) => (START, program_number(host, program), 0),
            Event::Arrival(slot) => {
                self.packets += 1;
                (ARRIVAL, self.packets, slot)
            }
            Event::Timer(host) => (TIMER, host as u64, 0),
            Event::Alarm(host, program) => (ALARM, program_number(host, program), 0),
        };
        let order = (kind << KIND_SHIFT) | number;
        self.entries.push(Reverse(Entry { at, order, slot }));
    }

    pub(super) fn push_flight(&mut self, at: Instant, flight: Flight) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(flight);
                slot
            }
            None => {
                self.slots.push(Some(flight));
                self.slots.len() as u32 - 1
            }
        };
        self.push(at, Event::Arrival(slot));
    }

    /// The packet of an arrival that has come up.
    pub(super) fn land(&mut self, slot: u32) -> Flight {
        self.free.push(slot);
        self.slots[slot as usize]
            .take()
            .expect("every arrival has its own slot and comes up once")
    }

    pub(super) fn peek(&self) -> Option<(Instant, Event)> {
        let Reverse(Entry { at, order, slot }) = *self.entries.peek()?;
        let number = order & ((1 << KIND_SHIFT) - 1);
        let host = (number >> PROGRAM_BITS) as HostIndex;
        let program = (number & ((1 << PROGRAM_BITS) - 1)) as usize;
        let event = match order >> KIND_SHIFT {
            START => Event::Start(host, program),
            ARRIVAL => Event::Arrival(slot),
            TIMER => Event::Timer(number as HostIndex),
            _ => Event::Alarm(host, program),
        };
        Some((at, event))
    }

    pub(super) fn pop(&mut self) {
        self.entries.pop();
    }

    /// How many packets are under way.
    pub(super) fn under_way(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// The packets under way.
    pub(super) fn flights(&self) -> impl Iterator<Item = &Flight> {
        self.slots.iter().flatten()
    }
}

fn program_number(host: HostIndex, program: usize) -> u64 {
    ((host as u64) << PROGRAM_BITS) | program as u64
}

/// One wake-up that may move. Its entry stays in the queue when it moves to a later time, and is put right when it
/// comes up: most deadlines of TCP move on and on and are never reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Alarm {
    /// When it is due.
    due: Option<Instant>,
    /// When the entry that counts comes up; never later than `due`.
    queued: Option<Instant>,
}

/// What an entry that comes up means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ring {
    /// It is due.
    Now,
    /// It has moved: queue it again for then.
    Later(Instant),
    /// Another entry counts, or none.
    Stale,
}

impl Alarm {
    /// Moves it. `Some`: an entry has to be queued for then.
    pub(super) fn set(&mut self, due: Option<Instant>) -> Option<Instant> {
        self.due = due;
        let due = due?;
        if self.queued.is_some_and(|queued| queued <= due) {
            return None;
        }
        self.queued = Some(due);
        Some(due)
    }

    /// Its entry for `at` has come up.
    pub(super) fn ring(&mut self, at: Instant) -> Ring {
        if self.queued != Some(at) {
            return Ring::Stale;
        }
        self.queued = None;
        match self.due {
            None => Ring::Stale,
            Some(due) if due <= at => {
                self.due = None;
                Ring::Now
            }
            Some(due) => {
                self.queued = Some(due);
                Ring::Later(due)
            }
        }
    }
}

const KIND_SHIFT: u32 = 62;
const START: u64 = 0;
const ARRIVAL: u64 = 1;
const TIMER: u64 = 2;
const ALARM: u64 = 3;

/// Half of the bits of a number are for the host, half for the program.
const PROGRAM_BITS: u32 = KIND_SHIFT / 2;

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    fn drain(mut queue: Queue) -> Vec<(u64, Event)> {
        std::iter::from_fn(|| {
            let (at, event) = queue.peek()?;
            queue.pop();
            Some((at.as_nanos(), event))
        })
        .collect()
    }

    #[test]
    fn order_is_time_then_kind_then_number() {
        let mut queue = Queue::default();
        let last = (1 << PROGRAM_BITS) - 1;
        for event in [
            Event::Alarm(last, last),
            Event::Alarm(0, 0),
            Event::Timer(2),
            Event::Timer(1),
            Event::Arrival(7),
            Event::Arrival(3),
            Event::Start(1, 0),
            Event::Start(0, 1),
        ] {
            queue.push(at(5), event);
        }
        queue.push(at(4), Event::Alarm(9, 9));
        assert_eq!(
            drain(queue),
            [
                (4, Event::Alarm(9, 9)),
                (5, Event::Start(0, 1)),
                (5, Event::Start(1, 0)),
                (5, Event::Arrival(7)),
                (5, Event::Arrival(3)),
                (5, Event::Timer(1)),
                (5, Event::Timer(2)),
                (5, Event::Alarm(0, 0)),
                (5, Event::Alarm(last, last)),
            ]
        );
    }

    #[test]
    fn an_alarm_rings_when_it_is_due() {
        let mut alarm = Alarm::default();
        assert_eq!(alarm.set(Some(at(5))), Some(at(5)));
        assert_eq!(alarm.ring(at(5)), Ring::Now);
        assert_eq!(alarm.ring(at(5)), Ring::Stale);
    }

    #[test]
    fn an_alarm_that_moves_on_keeps_its_entry() {
        let mut alarm = Alarm::default();
        alarm.set(Some(at(5)));
        assert_eq!(alarm.set(Some(at(7))), None);
        assert_eq!(alarm.set(Some(at(9))), None);
        assert_eq!(alarm.ring(at(5)), Ring::Later(at(9)));
        assert_eq!(alarm.ring(at(9)), Ring::Now);
    }

    #[test]
    fn an_alarm_that_moves_forward_leaves_a_stale_entry() {
        let mut alarm = Alarm::default();
        alarm.set(Some(at(9)));
        assert_eq!(alarm.set(Some(at(5))), Some(at(5)));
        assert_eq!(alarm.set(Some(at(9))), None);
        assert_eq!(alarm.ring(at(5)), Ring::Later(at(9)));
        assert_eq!(alarm.ring(at(9)), Ring::Now);
        assert_eq!(
            alarm.ring(at(9)),
            Ring::Stale,
            "the entry of the first move"
        );
    }

    #[test]
    fn an_alarm_that_is_off_does_not_ring() {
        let mut alarm = Alarm::default();
        alarm.set(Some(at(5)));
        assert_eq!(alarm.set(None), None);
        assert_eq!(alarm.ring(at(5)), Ring::Stale);
    }
}
