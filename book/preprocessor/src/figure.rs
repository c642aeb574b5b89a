//! Pictures and tables that the library draws.

use crate::table;
use halfopen::diagram;
use halfopen::plan::Plan;
use halfopen::reference::Part;

/// The ladder diagram of a case.
pub(crate) fn diagram(plan: &Plan) -> String {
    scrolled(&diagram::inline(plan, &table::run(plan)))
}

/// A part of the reference.
pub(crate) fn reference(part: &str) -> Result<String, String> {
    let part = Part::from_name(part).map_err(|nearest| match nearest {
        Some(nearest) => format!("there is no such part; did you mean `{nearest}`?"),
        None => "there is no such part".to_owned(),
    })?;
    Ok(match part {
        Part::GiveUpChart => scrolled(&part.markdown()),
        _ => part.markdown(),
    })
}

/// A picture that a narrow page scrolls.
fn scrolled(picture: &str) -> String {
    format!("<div class=\"ho-scroll\">\n{}\n</div>", picture.trim_end())
}
