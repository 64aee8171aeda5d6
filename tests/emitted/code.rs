//! What is emitted is code that its owner can be proud of: formatted, free of lints, small where
//! it has to be read, and tested.

use std::fs;
use std::path::{Path, PathBuf};

use crate::seller::{self, Seller};

/// So much seeded Rust may an adopter have to read, in lines without blanks and comments.
const BUDGET: usize = 350;
/// So wide may a line of it be, in characters. What rustfmt does not break is a comment.
const WIDTH: usize = 104;

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
fn sellers_of_proposals_pass_their_own_tests() {
    for name in [
        "proposals-with-approval",
        "proposals-as-they-are",
        "own-recipe-schema",
        "proposals-in-memory",
    ] {
        Seller::of_matrix(name).cargo(&["test", "--test", "smoke"]);
    }
}

/// Its tests call it over the transport that it has.
#[test]
fn a_seller_without_mcp_passes_its_own_tests() {
    Seller::of_matrix("a2a-alone").cargo(&["test", "--test", "smoke"]);
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
    for name in seller::names_of_matrix() {
        let lines = count(&Seller::of_matrix(&name).folder().join("src"));
        assert!(
            lines > 100 && lines <= BUDGET,
            "{lines} lines of seeded Rust in {name}, allowed are {BUDGET}"
        );
    }
}

#[test]
fn seeded_rust_is_no_wider_than_a_screen() {
    for name in seller::names_of_matrix() {
        for path in rust_below(&Seller::of_matrix(&name).folder().join("src")) {
            let text = fs::read_to_string(&path).expect("text");
            for (at, line) in text.lines().enumerate() {
                assert!(
                    line.chars().count() <= WIDTH,
                    "{name}, {}:{}: {line}",
                    path.display(),
                    at + 1
                );
            }
        }
    }
}

/// Lines of Rust in a folder, without blanks and comments.
fn count(folder: &Path) -> usize {
    let code = |text: String| {
        text.lines()
            .filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//"))
            .count()
    };
    rust_below(folder)
        .iter()
        .map(|path| code(fs::read_to_string(path).expect("text")))
        .sum()
}

/// The files of Rust in a folder and the folders in it.
fn rust_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => rust_below(&path),
            Some(ending) if ending == "rs" => vec![path],
            _ => Vec::new(),
        })
        .collect()
}
