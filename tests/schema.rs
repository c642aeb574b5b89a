//! The JSON schema that editors read.

use halfopen::scenario::schema;

#[test]
fn the_committed_schema_is_current() {
    let committed = include_str!("../scenarios/schema.json");
    let current = format!("{:#}\n", schema());
    assert!(
        committed == current,
        "scenarios/schema.json is out of date: `cargo run -- schema > scenarios/schema.json`"
    );
}
