//! Prints what the users of real clients see, on each system that is named, or on Linux.

use halfopen_clients::Table;

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() {
    let mut systems: Vec<String> = std::env::args().skip(1).collect();
    if systems.is_empty() {
        systems.push("linux".to_owned());
    }
    for os in systems {
        let table = Table::of(&os);
        println!("{}\n{}", table.overview(), table.details());
    }
}
