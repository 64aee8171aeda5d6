//! Paths of a SQLite file that the seller's runtime opens (`adcp_seller::store::open`).
//!
//! The runtime refuses the same ones at start; here they are refused while somebody looks at the
//! manifest. A test holds the two together.

/// Why a path can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// There is none.
    Empty,
    /// SQLite's own word for a database without a file.
    InMemory,
    /// It has a `?`, after which SQLite addresses carry options.
    Options,
    /// It ends like a folder.
    Folder,
    /// It starts at `~`, which only a shell replaces.
    Home,
    /// A quote or a control character.
    Letter,
}

/// Whether the runtime can open that path, as far as the text tells.
///
/// # Errors
/// The first reason why not.
pub fn check(path: &str) -> Result<(), Unusable> {
    // `sqlite:seller.db` and `sqlite:///var/lib/seller.db` are both common.
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.trim().is_empty() {
        return Err(Unusable::Empty);
    }
    if path.contains(|letter: char| letter.is_control() || matches!(letter, '"' | '\'' | '`')) {
        return Err(Unusable::Letter);
    }
    if path == ":memory:" {
        return Err(Unusable::InMemory);
    }
    if path.contains('?') {
        return Err(Unusable::Options);
    }
    if path.starts_with('~') {
        return Err(Unusable::Home);
    }
    if matches!(path.rsplit(['/', '\\']).next(), Some("" | "." | "..")) {
        return Err(Unusable::Folder);
    }
    Ok(())
}
