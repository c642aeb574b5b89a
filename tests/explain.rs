//! `explain`, as a reader sees it.

use halfopen::explain::{Page, explain};
use halfopen_tcp::profile::Os;
use halfopen_tcp::profile::errors::all;
use halfopen_tcp::{Cause, Profile};
use rstest::rstest;

#[rstest]
#[case::a_code_of_one_system("10053")]
#[case::a_code_of_several_systems("64")]
#[case::a_name_that_systems_share("ETIMEDOUT")]
#[case::an_error_that_hides_others("EPIPE")]
#[case::a_cause("reset-by-peer")]
#[case::an_error_without_a_cause("EMFILE")]
fn explanation(#[case] query: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots/explain");
    settings.set_omit_expression(true);
    let text = explain(query, &[]).unwrap().to_string();
    settings.bind(|| insta::assert_snapshot!(query, text));
}

/// The first lines of the pages, which name what they are about.
fn subjects(query: &str) -> Vec<String> {
    let explanation = explain(query, &[]).expect(query);
    let pages = explanation.pages.iter();
    pages
        .map(|page| {
            let text = page.to_string();
            text.lines().next().expect("a heading").to_owned()
        })
        .collect()
}

#[rstest]
#[case::case_does_not_matter("wsaetimedout", "WSAETIMEDOUT (10060) on Windows")]
#[case::copied_from_a_panic("(os error 10054)", "WSAECONNRESET (10054) on Windows")]
#[case::copied_from_a_log("errno=104", "ECONNRESET (104) on Linux")]
#[case::an_hresult("0x8007274C", "WSAETIMEDOUT (10060) on Windows")]
#[case::another_name(
    "ewouldblock",
    "WSAEWOULDBLOCK (10035) on Windows, EAGAIN (11) on Linux, EAGAIN (35) on macOS and FreeBSD"
)]
#[case::a_kind("ErrorKind::BrokenPipe", "WSAESHUTDOWN (10058) on Windows")]
#[case::a_part_of_the_text("forcibly closed", "WSAECONNRESET (10054) on Windows")]
#[case::a_cause_in_capitals("Syn-Unanswered", "syn-unanswered")]
fn ways_of_asking(#[case] query: &str, #[case] subject: &str) {
    assert_eq!(subjects(query)[0], subject);
}

#[rstest]
#[case::a_typo("WSAETIMEOUT", &["WSAETIMEDOUT", "ETIMEDOUT", "user-timeout"])]
#[case::a_cause_with_a_typo("syn-unanswerd", &["syn-unanswered"])]
#[case::the_kernels_sign("-110", &["110", "11", "11001"])]
#[case::a_digit_too_few("1006", &["10060", "10061", "10062"])]
#[case::nothing_like_it("qqq", &[])]
#[case::nothing("", &[])]
#[case::too_large_for_a_code("99999999999999", &[])]
#[case::not_a_character_boundary("os errö", &[])]
fn unknown(#[case] query: &str, #[case] nearest: &[&str]) {
    assert_eq!(explain(query, &[]).unwrap_err().nearest, nearest);
}

#[test]
fn every_code_name_and_cause_is_found() {
    for os in Os::ALL {
        for error in all(*os) {
            for query in [error.code.to_string(), error.name.to_owned()] {
                let found = subjects(&query);
                let name = format!("{} ({})", error.name, error.code);
                assert!(
                    found.iter().any(|s| s.contains(&name)),
                    "{os:?} {query}: {found:?}"
                );
            }
        }
    }
    for cause in Cause::ALL {
        assert_eq!(subjects(cause.name()), [cause.name()]);
    }
}

/// Whoever has the error of a cause in hand finds the cause.
#[test]
fn the_error_of_a_cause_leads_back_to_it() {
    for cause in Cause::ALL.iter().filter(|cause| **cause != Cause::Killed) {
        let Page::Cause(why) = &explain(cause.name(), &[]).unwrap().pages[0] else {
            panic!("{cause} is a cause");
        };
        for os in Os::ALL {
            let own = why
                .returns
                .iter()
                .find(|returns| returns.os == *os)
                .unwrap();
            let halfopen::explain::Returned::Error(error) = own.what else {
                panic!("{cause} on {os:?} has an error");
            };
            let explanation = explain(error.name, &[]).unwrap();
            let found = explanation.pages.iter().any(|page| match page {
                Page::Error(page) => page.why.iter().any(|why| why.cause == *cause),
                Page::Cause(_) => false,
            });
            assert!(found, "{cause} on {os:?}: {}", error.name);
        }
    }
}

/// The times of the articles and tables that people compare with.
#[test]
fn times_come_from_running() {
    let Page::Cause(why) = &explain("syn-unanswered", &[]).unwrap().pages[0] else {
        panic!("it is a cause");
    };
    let when = why.when.as_ref().unwrap();
    let time = |profile: &str| {
        let time = when
            .times
            .iter()
            .find(|time| time.profiles.iter().any(|p| p == profile));
        time.unwrap().learned.map(|(after, _)| after.as_secs())
    };
    assert_eq!(time("windows-xp"), Some(21));
    assert_eq!(time("linux"), Some(131));
    assert_eq!(time("linux-6.4"), Some(127));
    assert_eq!(time("macos"), Some(75));
}

#[test]
fn examples_are_the_scenarios_that_show_it() {
    let shows = |name: &str, client: &str| {
        let file = format!(
            "title = 'Closed port'\n[host.server]\nos = 'linux'\n[host.client]\nos = '{client}'\n\
             steps = [{{ connect = 'server:80' }}]\n"
        );
        let scenario = halfopen::scenario::parse(name, &file).unwrap();
        scenario.cases().next().unwrap()
    };
    let plans = [
        shows("a", "windows-10"),
        shows("b", "linux"),
        shows("a", "macos"),
    ];
    let examples = |query: &str| {
        let explanation = explain(query, &plans).unwrap();
        let why = match &explanation.pages[0] {
            Page::Error(page) => page.why[0].clone(),
            Page::Cause(why) => why.clone(),
        };
        let examples = why.examples.iter();
        examples
            .map(|e| format!("{} {}", e.scenario, e.cases))
            .collect::<Vec<_>>()
    };
    assert_eq!(examples("refused-by-peer"), ["a 2", "b 1"]);
    assert_eq!(examples("10061"), ["a 1"]);
    assert_eq!(examples("111"), ["b 1"]);
    assert_eq!(examples("10060"), Vec::<String>::new());
}

#[test]
fn prose_is_complete_and_clean() {
    for cause in Cause::ALL {
        let prose = halfopen::explain::causes::prose(*cause);
        assert!(
            !prose.reasons.is_empty() && !prose.remedies.is_empty(),
            "{cause}"
        );
        let lists = [prose.reasons, prose.remedies, prose.misreadings];
        for text in lists.concat().into_iter().chain([prose.meaning]) {
            let clean = text.ends_with(['.', '?']) && !text.contains("  ") && !text.contains('\n');
            assert!(clean, "{cause}: {text}");
        }
    }
}

/// Codes and names of errors are the tables' business. In prose they would go stale.
#[test]
fn prose_names_no_error_that_a_table_has() {
    let known: Vec<_> = Os::ALL
        .iter()
        .flat_map(|os| all(*os))
        .map(|error| error.name)
        .collect();
    for cause in Cause::ALL {
        let prose = halfopen::explain::causes::prose(*cause);
        let lists = [prose.reasons, prose.remedies, prose.misreadings];
        for text in lists.concat().into_iter().chain([prose.meaning]) {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let named: Vec<_> = words.filter(|word| known.contains(word)).collect();
            assert!(named.is_empty(), "{cause}: {named:?} in {text}");
        }
    }
    assert!(!Profile::ALL.is_empty() && !known.is_empty());
}
