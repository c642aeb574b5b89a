use super::*;
use std::collections::BTreeSet;

#[test]
fn codes_ascend_and_names_are_unique() {
    for os in Os::ALL {
        let errors = all(*os);
        assert!(
            errors.windows(2).all(|pair| pair[0].code < pair[1].code),
            "{os:?}"
        );
        let names: BTreeSet<_> = errors.iter().map(|error| error.name).collect();
        assert_eq!(names.len(), errors.len(), "{os:?}");
    }
}

#[test]
fn every_failure_that_can_come_up_has_a_row_in_every_profile() {
    for profile in Profile::ALL {
        for &cause in Cause::ALL {
            for &call in calls(profile.os, cause) {
                for when in [Occurrence::First, Occurrence::Again] {
                    assert!(
                        profile
                            .errors
                            .iter()
                            .any(|rule| rule.fits(cause, call, when)),
                        "{}: {cause} in {call}, {when:?}",
                        profile.name
                    );
                }
            }
        }
    }
}

/// A row that earlier rows shadow entirely would be a claim that nothing checks.
#[test]
fn every_row_answers_something() {
    for profile in Profile::ALL {
        for (index, rule) in profile.errors.iter().enumerate() {
            let mut pairs = Cause::ALL.iter().flat_map(|&cause| {
                calls(profile.os, cause)
                    .iter()
                    .map(move |&call| (cause, call))
            });
            let answers = pairs.any(|(cause, call)| {
                [Occurrence::First, Occurrence::Again].iter().any(|&when| {
                    profile
                        .errors
                        .iter()
                        .position(|rule| rule.fits(cause, call, when))
                        == Some(index)
                })
            });
            assert!(answers, "{}: row {index}: {rule:?}", profile.name);
        }
    }
}
