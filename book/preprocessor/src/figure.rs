//! Pictures and tables that the library draws.

use halfopen::plan::Plan;

/// The ladder diagram of a case.
pub(crate) fn diagram(_plan: &Plan) -> Result<String, String> {
    Ok(String::new())
}

/// A part of the reference.
pub(crate) fn reference(_part: &[&str]) -> Result<String, String> {
    Ok(String::new())
}
