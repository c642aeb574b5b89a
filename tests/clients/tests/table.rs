use halfopen_clients::Table;
use rstest::rstest;

#[rstest]
fn what_users_see(#[values("linux", "windows-10", "windows-11", "macos", "freebsd")] os: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        let table = Table::of(os);
        insta::assert_snapshot!(format!("overview@{os}"), table.overview());
        insta::assert_snapshot!(format!("clients@{os}"), table.details());
    });
}
