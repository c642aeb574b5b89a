use super::*;

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn expanded(text: &str) -> Result<String, String> {
    expand(Path::new(ROOT), "page.md", text).map_err(|wrong| {
        let lines: Vec<String> = wrong.iter().map(Mistake::to_string).collect();
        lines.join("\n")
    })
}

#[test]
fn figures_stand_in_sentences() {
    let text = "On XP after {{halfopen after scenarios/connect/timed-out.toml windows-xp client}}, for \
                {{halfopen default windows-xp TcpMaxConnectRetransmissions}} retries.\n";
    assert_eq!(
        expanded(text).unwrap(),
        "On XP after 21\u{a0}s, for 2 retries.\n"
    );
}

#[test]
fn a_table_has_a_row_for_each_way_of_doing_it() {
    let table = expanded("{{halfopen cases scenarios/connect/timed-out.toml client syn}}").unwrap();
    let row = "| `windows-article`, `windows-xp`, `windows-7`, `windows-10` | 0, 3, 9 | 21\u{a0}s | `WSAETIMEDOUT` (10060) |";
    assert!(table.lines().any(|line| line == row), "{table}");
    assert!(
        table.contains("| `linux-6.4` | 0, 1, 3, 7, 15, 31, 63 | 127\u{a0}s |"),
        "{table}"
    );
}

#[test]
fn a_call_returns_each_system_s_own_error() {
    let list = expanded("{{halfopen sees refused-by-peer connect}}").unwrap();
    assert_eq!(
        list,
        "- **Windows**: `WSAECONNREFUSED` (10061), `ErrorKind::ConnectionRefused`\\\n  \
         *No connection could be made because the target machine actively refused it. (os error 10061)*\n\
         - **Linux**: `ECONNREFUSED` (111), `ErrorKind::ConnectionRefused`\\\n  *Connection refused (os error 111)*\n\
         - **macOS and FreeBSD**: `ECONNREFUSED` (61), `ErrorKind::ConnectionRefused`\\\n  \
         *Connection refused (os error 61)*\n"
    );
}

#[test]
fn defaults_stand_release_by_release() {
    let table = expanded("{{halfopen settings InitialRto}}").unwrap();
    assert!(
        table.contains(
            "**3000\u{a0}ms** on `windows-7`, `windows-10`; **1000\u{a0}ms** on `windows-11`"
        ),
        "{table}"
    );
}

#[test]
fn a_directive_that_is_wrong_is_named_with_its_place() {
    let wrong = |directive: &str| expanded(&format!("one\n\n{directive}\n")).unwrap_err();
    for (directive, message) in [
        ("{{halfopen cases}}", "there is no such directive"),
        (
            "{{halfopen sees boredom connect}}",
            "there is no such cause",
        ),
        (
            "{{halfopen default linux tcp_patience}}",
            "it has no such setting",
        ),
        (
            "{{halfopen steps scenarios/connect/timed-out.toml}}",
            "has 9 cases",
        ),
        (
            "{{halfopen steps scenarios/none.toml}}",
            "the scenario has mistakes",
        ),
        ("see {{halfopen settings InitialRto}}", "a line of its own"),
        ("{{halfopen steps x", "without `}}`"),
    ] {
        let wrong = wrong(directive);
        assert!(wrong.starts_with("page.md:3: "), "{wrong}");
        assert!(wrong.contains(message), "{wrong}");
    }
}

#[test]
fn the_pictures_have_their_colours() {
    let theme = std::fs::read_to_string(Path::new(ROOT).join("book/theme/diagram.css")).unwrap();
    assert!(
        theme == halfopen::diagram::css(),
        "run: cargo run -p halfopen-book -- css > book/theme/diagram.css"
    );
}
