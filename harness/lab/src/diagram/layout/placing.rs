//! A pass over the moments, from the top of the page down.

use super::path::SLANT;
use super::{Anchor, GUTTER, LINES_MAX, Layout, MARGIN, Path, Text, right_margin, rows};
use crate::diagram::story::{Beat, Ending, Moment, Origin, Story};
use crate::diagram::words::{FONT, Ink, LINE, Line, SMALL, clip, columns, wrap};
use crate::plan::Plan;
use halfopen_tcp::Instant;
use std::time::Duration;

pub(super) struct Placing<'a> {
    story: &'a Story,
    /// What each moment is pushed down by.
    extra: &'a [i32],
    layout: Layout,
    /// From which length on a wait is left out.
    threshold: Duration,
    /// The time of the row, and where it begins.
    time: Option<Instant>,
    time_top: i32,
    /// The lowest row so far.
    floor: i32,
    /// The last row of each host's line.
    host_floor: Vec<i32>,
    /// Where something last arrived at the host at this time.
    landed: Vec<Option<i32>>,
    /// The last base line in the left and the right margin.
    margins: [i32; 2],
    /// The bottom of the last text across the page.
    clear: i32,
    /// The last row of what is lost under way.
    lost_floor: i32,
    /// Each arrow's start: its row and its time.
    launched: Vec<(i32, Instant)>,
}

impl<'a> Placing<'a> {
    pub(super) fn new(plan: &Plan, story: &'a Story, extra: &'a [i32]) -> Self {
        let layout = Layout::new(plan, story);
        let top = layout.top;
        Self {
            story,
            extra,
            layout,
            threshold: threshold(story),
            time: None,
            time_top: top,
            floor: top,
            host_floor: vec![top - 6; plan.hosts.len()],
            landed: vec![None; plan.hosts.len()],
            margins: [top - 4; 2],
            clear: top,
            lost_floor: top,
            launched: vec![(0, Instant::ZERO); story.arrows.len()],
        }
    }

    pub(super) fn place(mut self) -> Layout {
        for (index, moment) in self.story.moments.iter().enumerate() {
            let least = self.turn_to(index, moment);
            let row = match moment.what {
                Beat::Fault(fault) => self.fault(index, fault, least),
                Beat::Launch(arrow) => self.launch(index, arrow, least, moment.at),
                Beat::Land(arrow, end) => self.land(index, arrow, end, least),
                Beat::Begin(call) => {
                    let text = self.story.calls[call].begin.as_deref();
                    self.call(index, call, text, least)
                }
                Beat::End(call) => {
                    let text = self.story.calls[call].end.as_deref();
                    self.call(index, call, text, least)
                }
                Beat::Close => least + self.extra[index],
            };
            self.floor = self.floor.max(row);
            self.layout.rows.push(row);
        }
        self.arrows();
        self.labels();
        self.times();
        self.finish()
    }

    /// The least row for a moment, after the gap that its time asks for.
    fn turn_to(&mut self, index: usize, moment: &Moment) -> i32 {
        if self.time == Some(moment.at) {
            return self.time_top;
        }
        let waited = moment.at.since(self.time.unwrap_or(Instant::ZERO));
        self.time = Some(moment.at);
        self.landed.fill(None);
        self.time_top = if waited >= self.threshold {
            let middle = self.floor.max(self.clear) + GAP / 2 + self.extra[index];
            self.layout.gaps.push(middle);
            let lines = vec![vec![(Ink::Dim, lasted(waited))]];
            let at = (self.centre(), middle + 4);
            let text = Text::new(lines, at, Anchor::Middle, index);
            self.layout.texts.push(text);
            self.clear = middle + 8;
            middle + GAP / 2
        } else {
            self.floor + small_gap(waited)
        };
        self.time_top
    }

    /// Where it is written how long a gap is.
    fn centre(&self) -> i32 {
        match self.layout.hosts.as_slice() {
            [first, second, ..] => first.midpoint(*second),
            _ => self.layout.width - MARGIN / 2,
        }
    }

    /// A band from the first host's line to the last.
    fn fault(&mut self, index: usize, fault: usize, least: i32) -> i32 {
        let (left, right) = self.layout.ends();
        let pieces = [(Ink::Fault, self.story.faults[fault].as_str())];
        let mut lines = wrap(&pieces, columns(right - left - 16, FONT));
        clip(&mut lines, LINES_MAX);
        let height = rows(&lines) + 7;
        let lowest = self.host_floor.iter().copied().max().unwrap_or(0);
        let least = (least - 7).max(lowest + 8).max(self.clear + 4);
        let top = least + self.extra[index];
        self.layout.bands.push((top, height));
        let at = (left.midpoint(right), top + height - 7);
        let text = Text::new(lines, at, Anchor::Middle, index);
        self.layout.texts.push(text);
        self.host_floor.fill(top + height);
        self.clear = top + height;
        self.floor = self.floor.max(self.clear);
        top + height / 2
    }

    fn launch(&mut self, index: usize, arrow: usize, least: i32, at: Instant) -> i32 {
        let told = &self.story.arrows[arrow];
        let above = rows(&self.label(arrow)) + 8;
        let floor = match told.origin {
            Origin::Host => self.host_floor[told.from],
            // It begins where something else may have been lost.
            Origin::Middlebox | Origin::Firewall => self.host_floor[told.from].max(self.lost_floor),
        };
        let floor = floor.max(self.clear);
        let row = least.max(floor + above) + self.extra[index];
        self.host_floor[told.from] = row;
        self.launched[arrow] = (row, at);
        for end in &told.ends {
            // What ends at no time of its own needs room to slope.
            let slopes = match *end {
                Ending::Flat => {
                    self.host_floor[told.to] = self.host_floor[told.to].max(row + SLANT);
                    true
                }
                Ending::Held | Ending::UnderWay => true,
                Ending::Lost(lost, _) => lost == at,
                Ending::Arrives(_) => false,
            };
            if slopes {
                self.floor = self.floor.max(row + SLANT);
            }
        }
        row
    }

    fn land(&mut self, index: usize, arrow: usize, end: usize, least: i32) -> i32 {
        let launched = self.launched[arrow].0;
        let arrow = &self.story.arrows[arrow];
        let least = least.max(launched + SLANT).max(self.clear + 6);
        if let Ending::Arrives(_) = arrow.ends[end] {
            let row = least.max(self.host_floor[arrow.to] + SLANT) + self.extra[index];
            self.host_floor[arrow.to] = row;
            self.landed[arrow.to] = Some(row);
            row
        } else {
            let row = least.max(self.lost_floor + LINE) + self.extra[index];
            self.lost_floor = row;
            row
        }
    }

    /// A call's beginning or end, in the margin of its host.
    fn call(
        &mut self,
        index: usize,
        call: usize,
        text: Option<&[(Ink, String)]>,
        least: i32,
    ) -> i32 {
        let host = self.story.calls[call].host;
        let beside = self.landed[host].unwrap_or(least).max(least);
        let Some(text) = text else {
            return beside;
        };
        let pieces: Vec<_> = text
            .iter()
            .map(|(ink, text)| (*ink, text.as_str()))
            .collect();
        let (left, right) = self.layout.ends();
        let (side, x, anchor, room) = if host == 0 {
            (0, left - GUTTER, Anchor::Right, MARGIN)
        } else {
            let room = right_margin(self.layout.hosts.len());
            (1, right + GUTTER, Anchor::Left, room)
        };
        let mut lines = wrap(&pieces, columns(room - 2 * GUTTER, FONT));
        clip(&mut lines, LINES_MAX);
        let row = beside.max(self.margins[side] + LINE - 1) + self.extra[index];
        let base = row + 4 + rows(&lines) - LINE;
        let text = Text::new(lines, (x, base), anchor, index);
        self.layout.texts.push(text);
        self.margins[side] = base;
        row
    }

    /// What is written along an arrow: up to the next host's line, or to where it ends.
    fn label(&self, arrow: usize) -> Vec<Line> {
        let arrow = &self.story.arrows[arrow];
        let fate = arrow.fate.iter().filter(|_| !arrow.ends_midway());
        let pieces = arrow.label.iter().chain(fate);
        let pieces: Vec<_> = pieces.map(|(ink, text)| (*ink, text.as_str())).collect();
        let way = (self.layout.column(arrow.to) - self.layout.column(arrow.from)).abs();
        let room = match arrow.origin {
            _ if way == 0 => LOOP_LABEL,
            Origin::Middlebox => way / 2,
            Origin::Firewall => way * 3 / 4,
            Origin::Host if arrow.falls_midway() => way / 2,
            Origin::Host => way,
        };
        let room = room.min(super::span(self.layout.hosts.len()));
        let mut lines = wrap(&pieces, columns(room - 2 * GUTTER, FONT));
        clip(&mut lines, LINES_MAX);
        lines
    }

    /// The arrows' paths, once all rows are known.
    fn arrows(&mut self) {
        for (arrow, told) in self.story.arrows.iter().enumerate() {
            let row = self.launched[arrow].0;
            let ends = told.ends.iter();
            let paths = ends.map(|end| Path::flat(&self.layout, row, told, *end));
            self.layout.arrows[arrow] = paths.collect();
        }
        for (index, moment) in self.story.moments.iter().enumerate() {
            if let Beat::Land(arrow, end) = moment.what {
                let flight = moment.at.since(self.launched[arrow].1);
                let row = self.layout.rows[index];
                self.layout.arrows[arrow][end].land(row, flight >= self.threshold);
            }
        }
    }

    fn labels(&mut self) {
        for (index, moment) in self.story.moments.iter().enumerate() {
            match moment.what {
                Beat::Launch(arrow) => {
                    let label = self.label_text(arrow, index);
                    self.layout.texts.push(label);
                    if !self.story.arrows[arrow].falls_midway() {
                        self.fate(arrow, index);
                    }
                }
                Beat::Land(arrow, 0) if self.story.arrows[arrow].falls_midway() => {
                    self.fate(arrow, index);
                }
                _ => {}
            }
        }
    }

    /// An arrow's label, at its sender's end and above it. Beside an arrow that falls half way down it is level, for
    /// it may be longer.
    fn label_text(&self, arrow: usize, owner: usize) -> Text {
        let told = &self.story.arrows[arrow];
        let path = self.layout.arrows[arrow][0];
        let (from, to) = (path.from, path.first_end());
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let leftwards = self.layout.column(told.to) < self.layout.column(told.from);
        let (gutter, anchor) = if leftwards {
            (-GUTTER, Anchor::Right)
        } else {
            (GUTTER, Anchor::Left)
        };
        let level = dx == 0 || told.from == told.to || (told.ends_midway() && !told.falls_midway());
        let (slope, down) = if level {
            ((1, 0), 0)
        } else {
            let slope = if dx < 0 { (-dx, -dy) } else { (dx, dy) };
            (slope, gutter * dy / dx)
        };
        let at = (from.0 + gutter, from.1 + down - 5);
        let text = Text::new(self.label(arrow), at, anchor, owner);
        Text { slope, ..text }
    }

    /// What became of an arrow that ends half way, behind its end.
    fn fate(&mut self, arrow: usize, owner: usize) {
        let told = &self.story.arrows[arrow];
        let Some(fate) = told.fate.clone().filter(|_| told.ends_midway()) else {
            return;
        };
        let path = self.layout.arrows[arrow][0];
        let (x, anchor) = if path.to.0 >= path.from.0 {
            (path.to.0 + GUTTER, Anchor::Left)
        } else {
            (path.to.0 - GUTTER, Anchor::Right)
        };
        let text = Text::new(vec![vec![fate]], (x, path.to.1 + 5), anchor, owner);
        self.layout.texts.push(text);
    }

    fn times(&mut self) {
        let mut last = None;
        for (index, moment) in self.story.moments.iter().enumerate() {
            if last == Some(moment.at) {
                continue;
            }
            last = Some(moment.at);
            let lines = vec![vec![(Ink::Dim, moment.at.to_string())]];
            let at = (self.layout.times, self.layout.rows[index] + 3);
            let text = Text::new(lines, at, Anchor::Right, index);
            self.layout.texts.push(Text {
                font: SMALL,
                ..text
            });
        }
    }

    /// What is left out, and what was run.
    fn finish(mut self) -> Layout {
        let layout = &mut self.layout;
        layout.bottom = self.floor + 10;
        let lowest = layout.texts.iter().map(|text| text.at.1).max().unwrap_or(0);
        let mut base = layout.bottom.max(lowest) + 22;
        if self.story.hidden > 0 {
            let what = format!("… {} more events", self.story.hidden);
            let lines = vec![vec![(Ink::Plain, what)]];
            let at = (layout.ends().0, base);
            layout.texts.push(Text::alone(lines, at, Anchor::Left));
            base += LINE + 4;
        }
        for line in &self.story.footer {
            let mut lines = wrap(&[(Ink::Dim, line)], columns(layout.width - 16, SMALL));
            clip(&mut lines, LINES_MAX);
            base += rows(&lines) - LINE;
            let text = Text::alone(lines, (8, base), Anchor::Left);
            layout.texts.push(Text {
                font: SMALL,
                ..text
            });
            base += LINE;
        }
        layout.height = base - 4;
        self.layout
    }
}

/// From which length on a wait is left out: longer than what packets take, so that arrows keep their slope.
fn threshold(story: &Story) -> Duration {
    let mut sent = vec![Instant::ZERO; story.arrows.len()];
    let mut flights = Vec::new();
    for moment in &story.moments {
        match moment.what {
            Beat::Launch(arrow) => sent[arrow] = moment.at,
            Beat::Land(arrow, _) => flights.push(moment.at.since(sent[arrow])),
            Beat::Fault(_) | Beat::Begin(_) | Beat::End(_) | Beat::Close => {}
        }
    }
    flights.sort_unstable();
    let typical = flights.get(flights.len() / 2);
    let typical = typical.copied().unwrap_or(Duration::ZERO);
    (typical * 2).clamp(GAP_LEAST, GAP_MOST)
}

/// The room for a time that is not left out: more for longer ones, as far as a page allows.
fn small_gap(waited: Duration) -> i32 {
    let units = waited.as_micros() / 250 + 1;
    let doublings = i32::try_from(units.ilog2()).unwrap_or(0);
    14 + doublings * 3 / 2
}

/// How long something lasted, to the millisecond.
fn lasted(time: Duration) -> String {
    let seconds = time.as_secs();
    let millis = time.subsec_millis();
    if millis == 0 {
        return format!("{seconds} s");
    }
    let digits = format!("{millis:03}");
    format!("{seconds}.{} s", digits.trim_end_matches('0'))
}

/// The height of a gap.
const GAP: i32 = 46;
/// Waits that are shorter are drawn, and waits that are longer left out, whatever packets take.
const GAP_LEAST: Duration = Duration::from_millis(120);
const GAP_MOST: Duration = Duration::from_secs(5);
/// The room for the label of what a host sends to itself.
const LOOP_LABEL: i32 = 130;
