//! The kept verdicts of the suite: every case has one, and the simulation still agrees with what the kernel did then.
//! Needs no kernel and no privileges: `halfopen verify scenarios/linux --format json > scenarios/linux/verified.jsonl`
//! measures anew.

use halfopen::scenario;
use halfopen_kernel::verify::{Verdict, Verified, compare, courses, read_records};
use std::path::Path;

fn suite() -> String {
    format!("{}/../../scenarios/linux", env!("CARGO_MANIFEST_DIR"))
}

fn kept() -> Vec<Verified> {
    let file = Path::new(&suite()).join("verified.jsonl");
    let text = std::fs::read_to_string(file).expect("the kept verdicts are in the tree");
    read_records(&text).expect("they are as `verify` printed them")
}

/// `REASON: scenario` for every case that does not stand.
fn complaints() -> (usize, Vec<String>) {
    let kept = kept();
    let (mut cases, mut complaints) = (0, Vec::new());
    for found in scenario::discover(&[suite()]).expect("the suite is in the tree") {
        for plan in found.load().expect("the suite has no mistakes").cases() {
            cases += 1;
            let Some(record) = kept.iter().find(|record| record.is_of(&plan)) else {
                complaints.push(format!("no kept verdict: {}", plan.case_name()));
                continue;
            };
            let (Verdict::Agrees, Some(run)) = (&record.verdict, &record.run) else {
                complaints.push(format!("did not agree: {}", plan.case_name()));
                continue;
            };
            let courses = courses(&plan, record.seed, record.kernel.hz);
            if !compare(&courses, &run.seen, run.end).is_empty() {
                complaints.push(format!(
                    "the simulation has moved away: {}",
                    plan.case_name()
                ));
            }
        }
    }
    (cases, complaints)
}

#[test]
fn the_simulation_still_agrees_with_the_kept_measurements() {
    let (cases, complaints) = complaints();
    assert!(cases >= 60, "{cases} cases");
    assert!(
        complaints.is_empty(),
        "verify again, or mend:\n{}",
        complaints.join("\n")
    );
}

#[test]
fn no_kept_verdict_is_left_over() {
    let found = scenario::discover(&[suite()]).expect("the suite is in the tree");
    let plans: Vec<_> = found
        .iter()
        .flat_map(|file| {
            file.load()
                .expect("the suite has no mistakes")
                .cases()
                .collect::<Vec<_>>()
        })
        .collect();
    for record in kept() {
        let known = plans.iter().any(|plan| record.is_of(plan));
        assert!(known, "{}: no such case", record.scenario);
    }
}
