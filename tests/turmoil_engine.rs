use halfopen::engine::{Options, event, turmoil};
use halfopen::outcome::{Outcome, PacketRecord, StepOutcome};
use halfopen::plan::Plan;
use halfopen::scenario;
use rstest::rstest;
use std::path::PathBuf;

/// What the programs of a case saw, in an order that does not depend on the engine.
fn steps(outcome: &Outcome) -> Vec<StepOutcome> {
    let mut steps = outcome.steps.clone();
    steps.sort_by_key(|step| (step.host, step.program, step.run, step.step));
    steps
}

/// The packets. What several hosts send at one instant has no order that means anything.
fn packets(outcome: &Outcome) -> Vec<PacketRecord> {
    let mut packets = outcome.packets.clone();
    packets.sort_by_key(|packet| (packet.at, packet.from));
    packets
}

/// Code, cause, order and time of every step, to the nanosecond: this engine's steps wait for the machine's own clock,
/// so that they are exact even between two milliseconds. Faults, packets, verdict and end are the same, too.
#[rstest]
fn a_scenario_gives_what_the_event_engine_gives(
    #[base_dir = "../scenarios"]
    #[files("**/*.toml")]
    path: PathBuf,
) {
    let scenario = scenario::load(&path).expect("the file has no mistakes");
    let differ: Vec<String> = scenario
        .cases()
        .filter_map(|plan| difference(&plan))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// What is different between the two engines.
fn difference(plan: &Plan) -> Option<String> {
    let options = Options { packets: true };
    let expected = event::run(plan, 0, &options);
    let seen = turmoil::run(plan, 0, &options);
    let name = format!("{} {:?}", plan.scenario, plan.case);
    let (expected_steps, seen_steps) = (steps(&expected), steps(&seen));
    let pair = expected_steps.iter().zip(&seen_steps).find(|(a, b)| a != b);
    if let Some((expected, seen)) = pair {
        Some(format!(
            "{name}\n  event   {expected:?}\n  turmoil {seen:?}"
        ))
    } else if expected_steps.len() != seen_steps.len() {
        let (expected, seen) = (expected_steps.len(), seen_steps.len());
        Some(format!("{name}: {expected} steps, {seen} on turmoil"))
    } else if (&expected.verdict, expected.end) != (&seen.verdict, seen.end) {
        let (was, is) = (&expected.verdict, &seen.verdict);
        Some(format!(
            "{name}: {was:?} at {}, {is:?} at {} on turmoil",
            expected.end, seen.end
        ))
    } else if expected.faults != seen.faults || packets(&expected) != packets(&seen) {
        Some(format!("{name}: other faults or packets"))
    } else {
        None
    }
}
