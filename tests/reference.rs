use halfopen::reference::Part;

/// A changed number shows up here, and in the book, which has the same tables.
#[test]
fn parts_are_as_reviewed() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/reference");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for part in Part::ALL {
        settings.bind(|| insta::assert_snapshot!(part.name(), part.markdown()));
    }
}
