//! What a seller may be called: the name becomes a crate, a binary, a folder and an identifier.

use heck::ToKebabCase as _;

/// The longest name, in bytes. Registries of crates and of container images allow no more.
pub const MAX_LENGTH: usize = 64;

/// Why a name can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// There is none.
    Empty,
    /// It isn't in kebab-case.
    Form,
    /// It is longer than [`MAX_LENGTH`].
    Length,
    /// It is a keyword of Rust (edition 2024), so `use NAME` would not compile.
    Keyword,
    /// It is the name of something that the seller's workspace or the compiler already has.
    Reserved(&'static str),
}

/// Keywords of edition 2024, strict and reserved (Rust reference, "Keywords").
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Names that are taken, with by what.
const TAKEN: &[(&str, &str)] = &[
    ("adcp-scaffold", "the name of this tool"),
    ("adcp-seller", "the name of the runtime crate"),
    ("alloc", "a crate of Rust itself"),
    ("aux", "a device name on Windows"),
    ("build", "a folder of Cargo's own"),
    ("chrono", "a crate that the seller depends on"),
    ("con", "a device name on Windows"),
    ("core", "a crate of Rust itself"),
    ("deps", "a folder of Cargo's own"),
    ("examples", "a folder of Cargo's own"),
    ("incremental", "a folder of Cargo's own"),
    ("nul", "a device name on Windows"),
    ("prn", "a device name on Windows"),
    ("proc-macro", "a crate of Rust itself"),
    ("runtime", "a folder of the generated workspace"),
    ("serde", "a crate that the seller depends on"),
    ("serde-json", "a crate that the seller depends on"),
    ("std", "a crate of Rust itself"),
    ("test", "a crate of Rust itself"),
    ("tokio", "a crate that the seller depends on"),
    ("toml", "a crate that the seller depends on"),
    ("ureq", "a crate that the seller depends on"),
    ("wire", "the generated crate of the workspace"),
];

/// Whether a seller may be called that.
///
/// # Errors
/// The first reason why not.
pub fn check(name: &str) -> Result<(), Unusable> {
    if name.is_empty() {
        return Err(Unusable::Empty);
    }
    if name.len() > MAX_LENGTH {
        return Err(Unusable::Length);
    }
    let parts_fit = name.split('-').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    if !parts_fit || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Err(Unusable::Form);
    }
    if KEYWORDS.contains(&name) {
        return Err(Unusable::Keyword);
    }
    if is_numbered_device(name) {
        return Err(Unusable::Reserved("a device name on Windows"));
    }
    match TAKEN.iter().find(|(taken, _)| *taken == name) {
        Some((_, by)) => Err(Unusable::Reserved(by)),
        None => Ok(()),
    }
}

/// Serial and parallel ports, `com1` to `com9` and `lpt1` to `lpt9`.
fn is_numbered_device(name: &str) -> bool {
    ["com", "lpt"].iter().any(|port| {
        name.strip_prefix(port)
            .is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']))
    })
}

/// A usable name as near as possible to the one given, if there is one.
pub fn suggest(name: &str) -> Option<String> {
    let ascii: String = name
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                ' '
            }
        })
        .collect();
    let kebab: String = ascii
        .to_kebab_case()
        .trim_start_matches(|first: char| first.is_ascii_digit() || first == '-')
        .chars()
        .take(MAX_LENGTH)
        .collect();
    let kebab = kebab.trim_end_matches('-').to_owned();
    let fitting = if matches!(
        check(&kebab),
        Err(Unusable::Keyword | Unusable::Reserved(_))
    ) {
        format!("{kebab}-media")
    } else {
        kebab
    };
    check(&fitting).ok().map(|()| fitting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_crate_names() {
        assert_eq!(check("acme-media"), Ok(()));
        assert_eq!(check("a1"), Ok(()));
        assert_eq!(check(""), Err(Unusable::Empty));
        for wrong in [
            "Acme",
            "acme_media",
            "-acme",
            "acme-",
            "a--b",
            "1acme",
            "acmé",
            "a b",
        ] {
            assert_eq!(check(wrong), Err(Unusable::Form), "{wrong:?}");
        }
        assert_eq!(check("match"), Err(Unusable::Keyword));
        for taken in ["wire", "chrono", "ureq", "com1", "lpt9"] {
            assert!(
                matches!(check(taken), Err(Unusable::Reserved(_))),
                "{taken}"
            );
        }
        for free in ["com", "com0", "com10", "lpt1-media"] {
            assert_eq!(check(free), Ok(()), "{free}");
        }
        assert_eq!(check(&"a".repeat(65)), Err(Unusable::Length));
    }

    #[test]
    fn a_suggestion_is_usable() {
        assert_eq!(suggest("Acme Media"), Some("acme-media".to_owned()));
        assert_eq!(suggest("acme_media"), Some("acme-media".to_owned()));
        assert_eq!(suggest("3rd Party"), Some("rd-party".to_owned()));
        assert_eq!(suggest("match"), Some("match-media".to_owned()));
        assert_eq!(suggest("日本"), None);
    }
}
