//! Runs the official AdCP storyboards of the specialisms that this seller claims.
//!
//! `cargo test --features storyboards` needs `adcp-scaffold` on the path and Node.js 20 or newer;
//! plain `cargo test` leaves this out.

#![cfg(feature = "storyboards")]

use std::process::Command;

#[test]
fn claimed_specialisms_pass_their_storyboards() {
    let status = Command::new("adcp-scaffold")
        .args(["verify", env!("CARGO_MANIFEST_DIR")])
        .status()
        .expect("adcp-scaffold runs; install it, and Node.js, or leave the feature out");
    assert!(
        status.success(),
        "a storyboard failed; the report above says which and why"
    );
}
