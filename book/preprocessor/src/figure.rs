//! Pictures and tables that the library draws.

use crate::table;
use halfopen::diagram;
use halfopen::plan::Plan;

/// The ladder diagram of a case. A narrow page scrolls it.
pub(crate) fn diagram(plan: &Plan) -> String {
    let picture = diagram::inline(plan, &table::run(plan));
    format!("<div class=\"ho-scroll\">\n{}\n</div>", picture.trim_end())
}

/// A part of the reference.
pub(crate) fn reference(_part: &[&str]) -> Result<String, String> {
    Ok(String::new())
}
