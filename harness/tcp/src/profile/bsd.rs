//! macOS and FreeBSD.
