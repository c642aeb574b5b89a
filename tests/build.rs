//! Test cases come from files that are listed when the tests are compiled.

fn main() {
    for folder in ["diagnostics", "../scenarios"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
