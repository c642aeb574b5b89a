//! Draws what has its place.

use super::canvas::{Canvas, identifier};
use super::layout::{Layout, Path};
use super::story::{Arrow, ArrowKind, Beat, CallState, Ending, Origin, Story};
use super::{Surroundings, alt};
use crate::outcome::Outcome;
use crate::plan::{Fault, HostIndex, Plan};

pub(super) fn draw(
    plan: &Plan,
    outcome: &Outcome,
    story: &Story,
    layout: &Layout,
    surroundings: Surroundings,
) -> String {
    let size = (layout.width, layout.height);
    let title = alt::title(plan);
    let description = alt::description(plan, outcome);
    let id = identifier(&plan.case_name());
    let mut canvas = Canvas::new(&id, size, &title, &description, surroundings);
    let picture = Picture {
        plan,
        story,
        layout,
    };
    picture.bands(&mut canvas);
    picture.lines(&mut canvas);
    picture.walls(&mut canvas);
    picture.waits(&mut canvas);
    picture.arrows(&mut canvas);
    for text in &layout.texts {
        canvas.text(text);
    }
    canvas.finish()
}

struct Picture<'a> {
    plan: &'a Plan,
    story: &'a Story,
    layout: &'a Layout,
}

impl Picture<'_> {
    fn bands(&self, canvas: &mut Canvas) {
        let (left, right) = self.layout.ends();
        for &(top, height) in &self.layout.bands {
            let (x, width) = (left - 6, right - left + 12);
            canvas.band((x, top), (width, height));
        }
    }

    /// The hosts' lines, broken where a wait is left out and dotted while the machine is off.
    fn lines(&self, canvas: &mut Canvas) {
        for (host, &x) in self.layout.hosts.iter().enumerate() {
            let mut from = self.layout.top;
            let mut off = false;
            let mut cuts: Vec<(i32, Option<bool>)> =
                self.layout.gaps.iter().map(|gap| (*gap, None)).collect();
            cuts.extend(self.power(host).map(|(row, off)| (row, Some(off))));
            cuts.sort_unstable();
            for (row, power) in cuts {
                if let Some(power) = power {
                    canvas.line((x, from), (x, row), life(off));
                    (from, off) = (row, power);
                    continue;
                }
                canvas.line((x, from), (x, row - 9), life(off));
                // The sign that time is left out.
                canvas.path(
                    &format!("M{x} {} l-5 3 l10 4 l-10 4 l10 4 l-5 3", row - 9),
                    "ho-life",
                );
                from = row + 9;
            }
            canvas.line((x, from), (x, self.layout.bottom), life(off));
        }
    }

    /// When the host is switched off and on: the rows.
    fn power(&self, host: HostIndex) -> impl Iterator<Item = (i32, bool)> {
        self.faults().filter_map(move |(row, fault)| match fault {
            Fault::PowerOff(off) if *off == host => Some((row, true)),
            Fault::Boot(on) if *on == host => Some((row, false)),
            _ => None,
        })
    }

    fn faults(&self) -> impl Iterator<Item = (i32, &Fault)> {
        let moments = self.story.moments.iter().zip(&self.layout.rows);
        moments.filter_map(|(moment, row)| match moment.what {
            Beat::Fault(index) => Some((*row, &self.plan.timeline[index].fault)),
            _ => None,
        })
    }

    /// A wall between two neighbours while nothing gets through.
    fn walls(&self, canvas: &mut Canvas) {
        let pairs = self.layout.hosts.windows(2).enumerate();
        for (left, columns) in pairs {
            let x = columns[0].midpoint(columns[1]);
            let mut since = None;
            for (row, fault) in self.faults() {
                let between =
                    |a: &HostIndex, b: &HostIndex| a.min(b) == &left && *a.max(b) == left + 1;
                match fault {
                    Fault::Partition(a, b) | Fault::Hold(a, b) if between(a, b) => {
                        since = since.or(Some(row));
                    }
                    Fault::Block { from, to } if between(from, to) => since = since.or(Some(row)),
                    Fault::Heal(a, b) | Fault::Release(a, b) if between(a, b) => {
                        if let Some(since) = since.take() {
                            self.upright(canvas, x, (since + 11, row - 11), "ho-wall");
                        }
                    }
                    _ => {}
                }
            }
            if let Some(since) = since {
                self.upright(canvas, x, (since + 11, self.layout.bottom), "ho-wall");
            }
        }
    }

    /// A vertical line that leaves out the gaps, where their lengths are written.
    fn upright(&self, canvas: &mut Canvas, x: i32, (from, to): (i32, i32), class: &str) {
        let mut start = from;
        let gaps = self.layout.gaps.iter();
        for gap in gaps.filter(|gap| (from..to).contains(gap)) {
            canvas.line((x, start), (x, gap - 9), class);
            start = gap + 8;
        }
        canvas.line((x, start), (x, to), class);
    }

    /// The calls that take time, beside their host's line.
    fn waits(&self, canvas: &mut Canvas) {
        let mut begun = vec![None; self.story.calls.len()];
        for (moment, &row) in self.story.moments.iter().zip(&self.layout.rows) {
            let (call, ends) = match moment.what {
                Beat::Begin(call) => (call, false),
                Beat::End(call) => (call, true),
                Beat::Fault(_) | Beat::Land(..) | Beat::Launch(_) | Beat::Close => continue,
            };
            let told = &self.story.calls[call];
            if !ends {
                begun[call] = Some(row);
                continue;
            }
            let beside = if told.host == 0 { -4 } else { 4 };
            let x = self.layout.column(told.host);
            let class = match told.state {
                CallState::Succeeded => "ho-wait",
                CallState::Failed => "ho-wait ho-bad",
                CallState::Waits => "ho-wait ho-retry",
                CallState::Slept => "ho-wait ho-dim ho-dots",
            };
            if let Some(from) = begun[call] {
                canvas.line((x + beside, from), (x + beside, row), class);
            }
            let (_, right) = self.layout.ends();
            if told.host != 0 && x != right && told.end.is_some() {
                canvas.line((x + beside, row), (right + 4, row), "ho-life ho-dots");
            }
        }
    }

    fn arrows(&self, canvas: &mut Canvas) {
        for (arrow, paths) in self.story.arrows.iter().zip(&self.layout.arrows) {
            for (index, (path, end)) in paths.iter().zip(&arrow.ends).enumerate() {
                self.arrow(canvas, arrow, path, *end, index > 0);
            }
        }
    }

    fn arrow(&self, canvas: &mut Canvas, arrow: &Arrow, path: &Path, end: Ending, copy: bool) {
        let class = match arrow.kind {
            ArrowKind::Segment => "",
            ArrowKind::Retry => "ho-retry",
            ArrowKind::Reset => "ho-bad ho-reset",
            ArrowKind::Icmp => "ho-icmp",
            ArrowKind::Several => "ho-several",
        };
        let dotted = if copy { " ho-dots" } else { "" };
        let class = format!("{class}{dotted}");
        let class = class.trim();
        let (from, to) = (path.from, path.to);
        if arrow.origin != Origin::Host {
            let d = format!("M{} {} h7 v7 h-7 z", from.0 - 3, from.1 - 3);
            canvas.path(&d, &format!("ho-head {class}"));
        }
        if arrow.from == arrow.to {
            let d = format!("M{} {} h34 V{} H{}", from.0, from.1, to.1, to.0);
            canvas.path(&d, class);
        } else if let Some((x, first, last)) = path.waits {
            canvas.line(from, (x, first), class);
            self.upright(canvas, x, (first, last), &format!("{class} ho-dots"));
            canvas.line((x, last), to, class);
        } else {
            canvas.line(from, to, class);
        }
        let last = match path.waits {
            Some((x, _, last)) => (x, last),
            None if arrow.from == arrow.to => (to.0 + 34, to.1),
            None => from,
        };
        match end {
            Ending::Arrives(_) | Ending::Flat => canvas.head(last, to, class),
            Ending::Lost(..) => {
                canvas.cross(to);
            }
            Ending::Held => canvas.path(&format!("M{} {} v10 m4 -10 v10", to.0, to.1 - 5), class),
            Ending::UnderWay => {}
        }
    }
}

fn life(off: bool) -> &'static str {
    if off { "ho-life ho-off" } else { "ho-life" }
}
