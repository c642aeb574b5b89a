//! Finding and loading scenario files.

use halfopen::plan::ExpectTime;
use halfopen::scenario::{discover, load};
use halfopen_tcp::profile::settings::SettingValue;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A folder of the test's own with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("files")
        .join(name);
    for (file, text) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const SMALL: &str = "title = \"x\"\nhost.a.os = \"linux\"\n";

#[test]
fn folders_are_searched_in_sorted_order_and_files_are_found_once() {
    let folder = folder(
        "search",
        &[
            ("cases/reset/b.toml", SMALL),
            ("cases/reset/a.toml", SMALL),
            ("cases/connect.toml", SMALL),
            ("cases/connect/z.toml", SMALL),
            ("cases/my-os.toml", "base = \"linux\"\n"),
            ("cases/.hidden/x.toml", SMALL),
            ("cases/notes.txt", "not a scenario"),
            ("other/scenarios/deep/c.toml", SMALL),
        ],
    );
    let names = |paths: &[&str]| -> Vec<String> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| folder.join(path)).collect();
        let found = discover(&paths).unwrap();
        assert!(found.iter().all(|found| found.load().is_ok()));
        found.into_iter().map(|found| found.name).collect()
    };
    let all = ["connect/z", "connect", "reset/a", "reset/b"];
    assert_eq!(names(&["cases"]), all);
    assert_eq!(names(&["cases", "cases/reset/a.toml"]), all);
    assert_eq!(names(&["cases", "other/../cases"]), all);
    assert_eq!(names(&["cases/reset/b.toml", "cases/reset"]), ["b", "a"]);
    assert_eq!(names(&["other/scenarios/deep/c.toml"]), ["deep/c"]);
    assert_eq!(names(&[]), [""; 0]);
}

#[test]
fn a_profile_file_is_an_os_of_its_own() {
    let scenario = "
        title = \"x\"
        matrix.client = [\"linux\", \"./os/patient.toml\", \"os/named.toml\"]
        [host.client]
        settings.linux = { \"net.ipv4.tcp_retries2\" = 4 }
        steps = [ { connect = \"client:80\", expect = { after = { linux = \"1s\", patient = \"9s\" } } } ]
    ";
    let patient = "base = \"linux\"\nsettings = { \"net.ipv4.tcp_syn_retries\" = 9 }\n";
    let named = "base = \"windows-xp\"\nname = \"mill-pc\"\n";
    let folder = folder(
        "profiles",
        &[
            ("main.toml", scenario),
            ("os/patient.toml", patient),
            ("os/named.toml", named),
        ],
    );
    let scenario = load(folder.join("main.toml")).unwrap();
    assert_eq!(scenario.name(), "main");
    let systems = [(
        "client".to_owned(),
        ["linux", "patient", "mill-pc"].map(str::to_owned).to_vec(),
    )];
    assert_eq!(scenario.matrix(), systems);
    let cases: Vec<_> = scenario.cases().collect();
    let host = |case: usize| &cases[case].hosts[0];
    let after = |case: usize| {
        let expect = host(case).programs[0].steps[0].expect.clone();
        expect
            .and_then(|expect| expect.time)
            .map(|ExpectTime { to, .. }| to)
    };
    assert_eq!(after(0), Some(Duration::from_secs(1)));
    assert_eq!(after(1), Some(Duration::from_secs(9)));
    assert_eq!(after(2), None);
    let settings = [
        ("net.ipv4.tcp_syn_retries", 9),
        ("net.ipv4.tcp_retries2", 4),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), SettingValue::Integer(value)));
    assert_eq!(host(1).settings, settings);
    assert_eq!(host(1).profile.name, "patient");
    assert_eq!(host(2).profile.name, "mill-pc");
}
