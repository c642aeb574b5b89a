//! A ladder diagram of a run: hosts as lines, virtual time down the page, packets as arrows.
//!
//! The picture shows what the [report](crate::report) says, in its words: each packet with its flags and numbers, where
//! it was lost and why, each call with its result, each fault. Rows stand as far apart as reading needs, not as time
//! went by: a wait that is long beside the others is a gap in the lines with its length written into it.
//!
//! - `story` says what is drawn, in the order of time;
//! - `layout` gives everything its place, so that no text stands on another;
//! - `draw` draws it on a `canvas`, `paint` has the colours, `alt` the text for who cannot see the picture.
//!
//! The same run gives the same bytes.

mod alt;
pub(crate) mod canvas;
mod draw;
pub(crate) mod layout;
mod paint;
mod story;
pub(crate) mod words;

use crate::outcome::Outcome;
use crate::plan::Plan;

/// The picture as a document of its own, which brings its colours for light and dark surroundings and for print.
///
/// The run must have recorded its packets: without them only calls and faults are drawn.
///
/// ```
/// # use halfopen::{diagram, engine::{Options, event}, scenario};
/// # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/connect/timed-out.toml");
/// let scenario = scenario::load(file).expect("a file without mistakes");
/// let plan = scenario.cases().next().expect("a scenario has a case");
/// let outcome = event::run(&plan, 0, &Options { packets: true });
/// assert!(diagram::svg(&plan, &outcome).starts_with("<svg xmlns="));
/// ```
pub fn svg(plan: &Plan, outcome: &Outcome) -> String {
    render(plan, outcome, Surroundings::Document)
}

/// The picture for the middle of a web page, which brings the colours: see [`css`]. It has no empty line, so that it
/// can stand in Markdown, and its ids begin with the case's name, so that several can stand on a page.
pub fn inline(plan: &Plan, outcome: &Outcome) -> String {
    render(plan, outcome, Surroundings::Page)
}

/// The colours of all [`inline`] pictures in the themes of an mdBook, and in print.
pub fn css() -> String {
    paint::page_css()
}

/// Where a picture stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Surroundings {
    /// In a file of its own.
    Document,
    /// In a page that has [`css`].
    Page,
}

fn render(plan: &Plan, outcome: &Outcome, surroundings: Surroundings) -> String {
    let story = story::tell(plan, outcome);
    let layout = layout::lay_out(plan, &story);
    draw::draw(plan, outcome, &story, &layout, surroundings)
}
