/// The same file against tokio's sockets and against ours: it compiles with both, or a name or signature is different.
mod with_tokio {
    use tokio::net;
    include!("parity/surface.rs");
}

/// See above.
mod with_halfopen {
    use halfopen::net;
    include!("parity/surface.rs");
}

/// That both compile is the test; that the functions are there to be called makes them compile.
#[test]
fn the_surface_is_tokios() {
    let tokio: fn() = with_tokio::surface;
    let halfopen: fn() = with_halfopen::surface;
    assert_ne!(tokio as usize, halfopen as usize);
}
