//! Paths from which the seller may take its runtime crate: any folder but the seller's own.

/// Folders of the seller that are something else already, with what they are.
const OWN_FOLDERS: &[(&str, &str)] = &[
    (".adcp", "the tool's own folder"),
    ("catalog", "the seller's products"),
    ("runtime", "where a vendored copy is written and removed"),
    ("src", "the seller's own code"),
    ("target", "where Cargo builds"),
    ("tests", "the seller's own tests"),
    ("wire", "the generated crate"),
];

/// Why a path can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// There is none.
    Empty,
    /// It has a control character, which no manifest of Cargo takes.
    Control,
    /// It is the seller's folder itself.
    Seller,
    /// It is the root of the file system.
    Root,
    /// It is in a folder of the seller's that is something else.
    Taken(&'static str),
}

/// What a folder of the seller's top level already is, in lower case; `None` when it is free.
pub fn taken(folder: &str) -> Option<&'static str> {
    OWN_FOLDERS
        .iter()
        .find(|(own, _)| *own == folder)
        .map(|(_, what)| *what)
}

/// Whether a runtime crate could be there, as far as the text tells.
///
/// # Errors
/// The first reason why not.
pub fn check(path: &str) -> Result<(), Unusable> {
    if path.trim().is_empty() {
        return Err(Unusable::Empty);
    }
    if path.contains(char::is_control) {
        return Err(Unusable::Control);
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let absolute = path.starts_with(['/', '\\']);
    match parts.first() {
        None if absolute => Err(Unusable::Root),
        None => Err(Unusable::Seller),
        Some(_) if absolute => Ok(()),
        Some(first) => match taken(first) {
            Some(what) => Err(Unusable::Taken(what)),
            None => Ok(()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_seller_are_taken_and_others_are_not() {
        for fine in [
            "../adcp-seller",
            "..",
            "/opt/adcp-seller",
            "/src/seller",
            "C:\\runtime",
            "vendor/adcp-seller",
            "../src",
        ] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
        for (wrong, why) in [
            ("", Unusable::Empty),
            (" ", Unusable::Empty),
            ("a\nb", Unusable::Control),
            (".", Unusable::Seller),
            ("./vendor/..", Unusable::Seller),
            ("/", Unusable::Root),
            ("/opt/..", Unusable::Root),
        ] {
            assert_eq!(check(wrong), Err(why), "{wrong:?}");
        }
        for taken in ["wire", "./src", "runtime/", "vendor/../tests/x", "src\\x"] {
            assert!(matches!(check(taken), Err(Unusable::Taken(_))), "{taken}");
        }
    }
}
