//! What is emitted is code that its owner can be proud of: formatted, free of lints, small where
//! it has to be read, and tested.

use std::fs;
use std::path::Path;

use crate::seller::Seller;

/// So much seeded Rust may an adopter have to read, in lines without blanks and comments.
const BUDGET: usize = 350;

#[test]
fn an_emitted_seller_is_formatted_linted_and_passes_its_own_tests() {
    let seller = Seller::generate("acme-media", &["--yes"]);
    seller.cargo(&["fmt", "--all", "--check"]);
    seller.cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        "storyboards",
        "--",
        "-D",
        "warnings",
    ]);
    seller.cargo(&["test"]);
}

#[test]
fn the_longest_name_is_formatted_as_well() {
    let name = "a-name-of-sixty-four-letters-which-is-the-longest-one-that-is-ok";
    assert_eq!(name.len(), 64);
    // The runtime does not depend on the name.
    Seller::generate(name, &["--yes"]).cargo(&[
        "fmt",
        "--package",
        name,
        "--package",
        &format!("{name}-wire"),
        "--check",
    ]);
}

#[test]
fn seeded_rust_stays_within_its_budget() {
    let seller = Seller::generate("acme-media", &["--yes"]);
    let lines = count(&seller.folder().join("src"));
    assert!(
        lines > 0 && lines <= BUDGET,
        "{lines} lines of seeded Rust, allowed are {BUDGET}"
    );
}

/// Lines of Rust in a folder, without blanks and comments.
fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let code = |text: String| {
        text.lines()
            .filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//"))
            .count()
    };
    paths
        .map(|path| match path.extension() {
            _ if path.is_dir() => count(&path),
            Some(ending) if ending == "rs" => code(fs::read_to_string(&path).expect("text")),
            _ => 0,
        })
        .sum()
}
