use halfopen::diagram;
use halfopen::engine::{Options, event};
use halfopen::outcome::{Outcome, StepResult};
use halfopen::plan::Plan;
use halfopen::scenario::{self, Scenario};
use roxmltree::{Document, Node};
use rstest::rstest;
use std::path::{Path, PathBuf};

fn load(path: impl AsRef<Path>) -> Scenario {
    let path = path.as_ref();
    scenario::load(path).unwrap_or_else(|_| panic!("{} has mistakes", path.display()))
}

fn run(plan: &Plan) -> Outcome {
    event::run(plan, 0, &Options { packets: true })
}

/// A line of text with the corners of the box around it.
struct Placed {
    text: String,
    corners: [(f64, f64); 4],
}

/// Letters of the fonts that the picture asks for take 0.55 to 0.62 of their size.
const WIDEST: f64 = 0.62;

fn placed(node: Node<'_, '_>) -> Placed {
    let text: String = node
        .descendants()
        .filter_map(|n| n.text().filter(|_| n.is_text()))
        .collect();
    let number = |name| {
        node.attribute(name)
            .map(|value| value.parse::<f64>().unwrap())
    };
    let font = if node.attribute("class") == Some("ho-small") {
        10.0
    } else {
        11.0
    };
    let wide = WIDEST * font * text.chars().count() as f64;
    let left = match node.attribute("text-anchor") {
        None => 0.0,
        Some("middle") => -wide / 2.0,
        Some("end") => -wide,
        Some(other) => panic!("{other}"),
    };
    let matrix: Vec<f64> = match node.attribute("transform") {
        None => vec![
            1.0,
            0.0,
            0.0,
            1.0,
            number("x").unwrap(),
            number("y").unwrap(),
        ],
        Some(matrix) => {
            let numbers = matrix
                .strip_prefix("matrix(")
                .unwrap()
                .strip_suffix(')')
                .unwrap();
            numbers
                .split(' ')
                .map(|number| number.parse().unwrap())
                .collect()
        }
    };
    // From a little below the capitals' height to a little below the base line.
    let (top, bottom) = (-0.75 * font, 0.15 * font);
    let corner = |x: f64, y: f64| {
        (
            matrix[0] * x + matrix[2] * y + matrix[4],
            matrix[1] * x + matrix[3] * y + matrix[5],
        )
    };
    let right = left + wide;
    Placed {
        text,
        corners: [
            corner(left, top),
            corner(right, top),
            corner(right, bottom),
            corner(left, bottom),
        ],
    }
}

fn overlap(a: &Placed, b: &Placed) -> bool {
    let parted = |a: &[(f64, f64); 4], b: &[(f64, f64); 4]| {
        [(a[0], a[1]), (a[1], a[2])].iter().any(|(from, to)| {
            let along = |p: &(f64, f64)| p.0 * (to.0 - from.0) + p.1 * (to.1 - from.1);
            let most = |p: &[(f64, f64); 4]| p.iter().map(along).fold(f64::NEG_INFINITY, f64::max);
            let least = |p: &[(f64, f64); 4]| p.iter().map(along).fold(f64::INFINITY, f64::min);
            most(a) <= least(b) || most(b) <= least(a)
        })
    };
    !parted(&a.corners, &b.corners) && !parted(&b.corners, &a.corners)
}

/// What holds of every picture.
fn check(plan: &Plan) {
    let name = plan.case_name();
    let outcome = run(plan);
    let svg = diagram::svg(plan, &outcome);
    assert_eq!(svg, diagram::svg(plan, &outcome), "{name}");
    assert!(svg.len() < 400_000, "{name}: {} bytes", svg.len());
    assert!(!svg.contains("NaN") && !svg.contains("inf "), "{name}");
    assert!(!diagram::inline(plan, &outcome).contains("\n\n"), "{name}");
    let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}"));
    let root = document.root_element();
    let size = |side| root.attribute(side).unwrap().parse::<f64>().unwrap();
    let (width, height) = (size("width"), size("height"));
    let texts: Vec<Placed> = document
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .map(placed)
        .collect();
    for (index, text) in texts.iter().enumerate() {
        for (x, y) in text.corners {
            let inside = (-1.0..=width + 1.0).contains(&x) && (0.0..=height).contains(&y);
            assert!(
                inside,
                "{name}: {:?} leaves the page at {x}, {y}",
                text.text
            );
        }
        for other in &texts[..index] {
            assert!(
                !overlap(text, other),
                "{name}: {:?} on {:?}",
                text.text,
                other.text
            );
        }
    }
    shows_everything(plan, &outcome, &document, &texts);
    described(&root);
}

/// Every packet that is not one of many has its label, and every failed call its error.
fn shows_everything(plan: &Plan, outcome: &Outcome, document: &Document<'_>, texts: &[Placed]) {
    let name = plan.case_name();
    let all: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
    let all = all.join(" ");
    for step in &outcome.steps {
        if let Some((
            _,
            StepResult::Failed {
                error: Some(error), ..
            },
        )) = step.end
        {
            assert!(all.contains(error.name), "{name}: no {}", error.name);
        }
    }
    let drawn = document
        .descendants()
        .filter(|node| node.has_tag_name("path"));
    let crosses = drawn
        .filter(|node| node.attribute("class") == Some("ho-lost ho-bad"))
        .count();
    let lost = |packet: &&halfopen::outcome::PacketRecord| {
        matches!(packet.fate, halfopen::outcome::Fate::Lost(..))
    };
    let lost = outcome.packets.iter().filter(lost).count();
    // A picture that leaves events out says so.
    let whole = !all.contains("more events");
    assert!(
        crosses == lost || (!whole && crosses < lost),
        "{name}: {crosses} of {lost}"
    );
    if !whole {
        return;
    }
    // `8 x data` stands for eight packets.
    let packets: usize = texts.iter().map(|text| packets(&text.text)).sum();
    assert_eq!(packets, outcome.packets.len(), "{name}");
}

/// How many packets a label stands for.
fn packets(label: &str) -> usize {
    let first = label.split(' ').next().unwrap_or_default();
    let flags = ["SYN", "FIN", "RST", "PSH", "ACK", "ICMP", "none"];
    if first.split('-').all(|word| flags.contains(&word)) {
        return 1;
    }
    match label.split_once(" x ") {
        Some((count, _)) => count.parse().unwrap_or(0),
        None => 0,
    }
}

fn described(root: &Node<'_, '_>) {
    assert_eq!(root.attribute("role"), Some("img"));
    let ids = root.attribute("aria-labelledby").unwrap();
    for id in ids.split(' ') {
        let named = root
            .children()
            .find(|child| child.attribute("id") == Some(id));
        assert!(
            named
                .and_then(|node| node.text())
                .is_some_and(|text| text.len() > 10),
            "{id}"
        );
    }
}

#[rstest]
fn every_case_can_be_drawn(#[files("../scenarios/**/*.toml")] path: PathBuf) {
    for plan in load(path).cases() {
        check(&plan);
    }
}

/// What a file can have in it that a picture of it must not have as it is.
#[test]
fn names_and_texts_are_escaped() {
    let text = r#"
title = "<b> & \"quotes\""
[host.client]
os = "linux"
steps = [{ connect = "server:80" }, { send = "<script> & \u0007", note = "]]>" }]
[host.server]
os = "linux"
steps = [{ listen = 80 }]
"#;
    let scenario = scenario::parse("a<b", text).unwrap_or_else(|_| panic!("it has mistakes"));
    check(&scenario.cases().next().unwrap());
}

/// A long run ends in a picture of bounded size.
#[test]
fn what_is_too_much_is_left_out() {
    let text = r#"
title = "Many packets are lost"
[link]
loss = 0.05
latency = "2ms"
[host.client]
os = "linux"
steps = [{ connect = "server:80" }, { send = { bytes = 2_000_000, all = true } }, { shutdown = "write" }]
[host.server]
os = "linux"
steps = [{ listen = 80 }, { accept = 80 }, { recv = "eof" }]
"#;
    let scenario = scenario::parse("lossy", text).unwrap_or_else(|_| panic!("it has mistakes"));
    let plan = scenario.cases().next().unwrap();
    let outcome = run(&plan);
    assert!(outcome.packets.len() > 1_000);
    assert!(diagram::svg(&plan, &outcome).contains("more events"));
    check(&plan);
}

/// Pictures that were looked at, in light and in dark.
#[rstest]
#[case::timed_out("connect/timed-out", "client=windows-10")]
#[case::reset("reset/peer-killed-with-unread-data", "client=linux")]
#[case::middlebox("reset/middlebox", "client=linux")]
#[case::rejected("firewall/host-unreachable", "client=linux")]
#[case::power("power/reboots-while-we-retransmit", "client=windows-10")]
#[case::held("partition/held-syns-arrive-after-the-timeout", "client=windows-10")]
#[case::transfer("data/black-hole-mid-transfer", "client=windows-10")]
#[case::three_hosts("accept/backlog-drains", "client=linux")]
fn pictures(#[case] name: &str, #[case] case: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../scenarios/{name}.toml"));
    let plan = load(path).case_named(case).unwrap();
    let outcome = run(&plan);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/diagram");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let file = name.replace('/', "-");
    settings.bind(|| insta::assert_snapshot!(file, diagram::inline(&plan, &outcome)));
}
