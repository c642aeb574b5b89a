//! Gives everything its place. Columns are fixed by the hosts; rows are pushed down until no text stands on another.

mod path;
mod placing;
mod text;

pub(super) use path::Path;
pub(crate) use text::{Anchor, Text, direction};

use super::story::Story;
use super::words::{FONT, Ink, LINE, Line, SMALL, clip, columns, width, wrap};
use crate::plan::{HostIndex, Plan};
use placing::Placing;
use text::overlap;

/// The places, in pixels.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) width: i32,
    pub(super) height: i32,
    /// The right end of the times.
    times: i32,
    /// The hosts' lines, from left to right.
    pub(super) hosts: Vec<i32>,
    /// Where the lines begin and end.
    pub(super) top: i32,
    pub(super) bottom: i32,
    /// The row of each of the story's moments.
    pub(super) rows: Vec<i32>,
    /// The arrows, each with one path for each of its ends.
    pub(super) arrows: Vec<Vec<Path>>,
    /// Where a wait is left out: the row of the gap's middle.
    pub(super) gaps: Vec<i32>,
    /// The faults' bands: top and height.
    pub(super) bands: Vec<(i32, i32)>,
    pub(super) texts: Vec<Text>,
}

/// Lays the story out.
pub(super) fn lay_out(plan: &Plan, story: &Story) -> Layout {
    let mut extra = vec![0; story.moments.len()];
    for _ in 0..ROUNDS_MAX {
        let layout = Placing::new(plan, story, &extra).place();
        let crowded = layout.crowded();
        if crowded.is_empty() {
            return layout;
        }
        for moment in crowded {
            extra[moment] += STEP;
        }
    }
    Placing::new(plan, story, &extra).place()
}

impl Layout {
    /// The page with the hosts at its top.
    fn new(plan: &Plan, story: &Story) -> Self {
        let count = plan.hosts.len();
        let span = span(count);
        let times = times(story);
        let left = times + MARGIN;
        let hosts = (0..count).map(|host| left + span * i32::try_from(host).unwrap_or(0));
        let hosts: Vec<i32> = hosts.collect();
        let mut layout = Self {
            width: hosts.last().copied().unwrap_or(left) + right_margin(count),
            height: 0,
            times,
            hosts,
            top: 0,
            bottom: 0,
            rows: Vec::new(),
            arrows: story.arrows.iter().map(|_| Vec::new()).collect(),
            gaps: Vec::new(),
            bands: Vec::new(),
            texts: Vec::new(),
        };
        layout.head(plan, span);
        layout
    }

    pub(super) fn column(&self, host: HostIndex) -> i32 {
        self.hosts[host]
    }

    /// The first and the last host's line.
    pub(super) fn ends(&self) -> (i32, i32) {
        let first = self.hosts.first().copied().unwrap_or(0);
        let last = self.hosts.last().copied().unwrap_or(0);
        let alone = self.hosts.len() < 2;
        (first, if alone { first + MARGIN } else { last })
    }

    /// The hosts' names, their systems, and the settings that are not as by default.
    fn head(&mut self, plan: &Plan, span: i32) {
        let room = columns(span - GUTTER, SMALL);
        let mut tallest = 0;
        for (host, x) in plan.hosts.iter().zip(self.hosts.clone()) {
            let mut names = wrap(&[(Ink::Plain, &host.name)], columns(span - GUTTER, FONT));
            clip(&mut names, 1);
            self.texts.push(Text {
                bold: true,
                ..Text::alone(names, (x, 16), Anchor::Middle)
            });
            let mut lines = wrap(&[(Ink::Dim, &host.profile.name)], room);
            for (name, value) in &host.settings {
                lines.extend(wrap(&[(Ink::Dim, &format!("{name} = {value}"))], room));
            }
            clip(&mut lines, SETTINGS_MAX);
            tallest = tallest.max(rows(&lines));
            let base = 16 + rows(&lines);
            self.texts.push(Text {
                font: SMALL,
                ..Text::alone(lines, (x, base), Anchor::Middle)
            });
        }
        self.top = 16 + tallest + 8;
    }

    /// The moments that must move down, because their texts stand on others. Of two the later gives way.
    fn crowded(&self) -> Vec<usize> {
        let boxes: Vec<_> = self.texts.iter().map(Text::corners).collect();
        let mut crowded = Vec::new();
        for (index, text) in self.texts.iter().enumerate() {
            for (other, before) in self.texts[..index].iter().enumerate() {
                if overlap(&boxes[other], &boxes[index]) {
                    crowded.extend(text.owner.max(before.owner));
                }
            }
        }
        crowded.sort_unstable();
        crowded.dedup();
        crowded
    }
}

/// The height of lines.
fn rows(lines: &[Line]) -> i32 {
    LINE * i32::try_from(lines.len()).unwrap_or(0)
}

/// The column of the times, as wide as the last needs.
fn times(story: &Story) -> i32 {
    let last = story.moments.last();
    let letters = last.map_or(0, |moment| moment.at.to_string().chars().count());
    TIMES_LEAST.max(width(letters, SMALL) + 6)
}

/// From one host's line to the next.
fn span(hosts: usize) -> i32 {
    match hosts {
        0..=2 => 290,
        3 => 240,
        4 | 5 => 200,
        _ => 150,
    }
}

/// Calls of several hosts stand in the right margin under their hosts' names, which takes more room.
fn right_margin(hosts: usize) -> i32 {
    if hosts > 2 { 240 } else { MARGIN }
}

/// The least column of the times, and that of the calls.
const TIMES_LEAST: i32 = 70;
const MARGIN: i32 = 200;
/// Between a line and what is written beside it.
const GUTTER: i32 = 9;
/// The most lines of one text, and of one host's settings.
const LINES_MAX: usize = 8;
const SETTINGS_MAX: usize = 8;
/// How often texts are pushed apart, and how far each time.
const ROUNDS_MAX: usize = 60;
const STEP: i32 = 6;
