//! A text with its place, and whether it stands on another.

use super::rows;
use crate::diagram::words::{FONT, Line, length, width};

/// Some lines of text.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) lines: Vec<Line>,
    /// The base line of the last line: its left end, middle or right end.
    pub(crate) at: (i32, i32),
    pub(crate) anchor: Anchor,
    /// The direction that it is written in.
    pub(crate) slope: (i32, i32),
    pub(crate) font: i32,
    pub(crate) bold: bool,
    /// The moment that it belongs to, if any.
    pub(crate) owner: Option<usize>,
}

/// Which end of a text is at its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Anchor {
    Left,
    Middle,
    Right,
}

impl Text {
    /// A text of a moment.
    pub(super) fn new(lines: Vec<Line>, at: (i32, i32), anchor: Anchor, owner: usize) -> Self {
        Self {
            owner: Some(owner),
            ..Self::alone(lines, at, anchor)
        }
    }

    /// A text that has its place whatever happens.
    pub(crate) fn alone(lines: Vec<Line>, at: (i32, i32), anchor: Anchor) -> Self {
        Self {
            lines,
            at,
            anchor,
            slope: (1, 0),
            font: FONT,
            bold: false,
            owner: None,
        }
    }

    /// The corners of the box around it.
    pub(super) fn corners(&self) -> [(f64, f64); 4] {
        let longest = self.lines.iter().map(length).max().unwrap_or(0);
        let wide = f64::from(width(longest, self.font));
        let tall = f64::from(rows(&self.lines));
        let left = match self.anchor {
            Anchor::Left => 0.0,
            Anchor::Middle => -wide / 2.0,
            Anchor::Right => -wide,
        };
        let (cos, sin) = direction(self.slope);
        let (x, y) = (f64::from(self.at.0), f64::from(self.at.1));
        // Letters reach a little below the base line.
        let (top, bottom) = (-tall + 3.0, 2.0);
        let corner =
            |along: f64, down: f64| (x + along * cos - down * sin, y + along * sin + down * cos);
        [
            corner(left, top),
            corner(left + wide, top),
            corner(left + wide, bottom),
            corner(left, bottom),
        ]
    }
}

/// Cosine and sine, from operations that give the same bits everywhere.
pub(crate) fn direction((dx, dy): (i32, i32)) -> (f64, f64) {
    let (dx, dy) = (f64::from(dx), f64::from(dy));
    let length = (dx * dx + dy * dy).sqrt();
    if length == 0.0 {
        (1.0, 0.0)
    } else {
        (dx / length, dy / length)
    }
}

/// Whether two boxes have a point in common: no side of either parts them.
pub(super) fn overlap(a: &[(f64, f64); 4], b: &[(f64, f64); 4]) -> bool {
    !parted(a, b) && !parted(b, a)
}

/// Whether a line along a side of `a` parts them.
fn parted(a: &[(f64, f64); 4], b: &[(f64, f64); 4]) -> bool {
    [(a[0], a[1]), (a[1], a[2])].iter().any(|(from, to)| {
        let axis = (to.0 - from.0, to.1 - from.1);
        let reach = |points: &[(f64, f64); 4]| {
            let places = points.map(|point| point.0 * axis.0 + point.1 * axis.1);
            let least = places.iter().copied().fold(f64::INFINITY, f64::min);
            let most = places.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (least, most)
        };
        let (a, b) = (reach(a), reach(b));
        a.1 <= b.0 || b.1 <= a.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagram::words::Ink;

    fn text(at: (i32, i32), slope: (i32, i32)) -> Text {
        let lines = vec![vec![(Ink::Plain, "SYN retry 1".to_owned())]];
        Text {
            slope,
            ..Text::alone(lines, at, Anchor::Left)
        }
    }

    #[track_caller]
    fn check(a: &Text, b: &Text, expected: bool) {
        assert_eq!(overlap(&a.corners(), &b.corners()), expected);
        assert_eq!(overlap(&b.corners(), &a.corners()), expected);
    }

    #[test]
    fn texts_overlap_or_not() {
        let level = text((0, 100), (1, 0));
        check(&level, &text((0, 113), (1, 0)), false);
        check(&level, &text((0, 110), (1, 0)), true);
        check(&level, &text((200, 100), (1, 0)), false);
        // Side by side, a text that falls steeply leaves room for one below its beginning.
        check(&text((0, 100), (1, 1)), &text((0, 160), (1, 0)), true);
        check(&text((0, 100), (1, 1)), &text((70, 100), (1, 0)), false);
    }

    #[test]
    fn directions_are_of_length_one() {
        assert_eq!(direction((3, 4)), (0.6, 0.8));
        assert_eq!(direction((0, 0)), (1.0, 0.0));
    }
}
