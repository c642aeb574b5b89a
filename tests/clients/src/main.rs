//! Prints what the users of real clients see: a table for each system that is named, or for Linux.

use halfopen_clients::table;

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() {
    let systems: Vec<String> = std::env::args().skip(1).collect();
    match systems.is_empty() {
        true => println!("{}", table("linux")),
        false => systems.iter().for_each(|os| println!("{}", table(os))),
    }
}
