//! What the values of a string enum are called in Rust.

use std::collections::BTreeMap;

use heck::ToUpperCamelCase;

use super::error::WireError;

/// One UpperCamelCase name per value. Values that differ only in case or punctuation keep the
/// case they are written in, so that `clickTag` and `clickTAG` stay two.
///
/// # Errors
/// When two values still get the same name, or one has no letter or digit.
pub fn names(values: &[String], source: &str) -> Result<Vec<String>, WireError> {
    let plain: Vec<String> = values
        .iter()
        .map(|value| identifier(&value.to_upper_camel_case()))
        .collect();
    let mut taken: BTreeMap<String, &String> = BTreeMap::new();
    let mut names = Vec::with_capacity(values.len());
    for (value, name) in values.iter().zip(&plain) {
        let shared = plain.iter().filter(|other| *other == name).count() > 1;
        let name = if shared {
            identifier(&as_written(value))
        } else {
            name.clone()
        };
        if name.is_empty() {
            return Err(WireError::Undigestible {
                place: source.to_owned(),
                reason: format!("the value {value:?} has no letter to name a variant by"),
                remedy: "rename it, or please report this line and bundle".into(),
            });
        }
        if let Some(first) = taken.insert(name.clone(), value) {
            return Err(WireError::Values {
                place: source.to_owned(),
                name,
                first: first.clone(),
                second: value.clone(),
            });
        }
        names.push(name);
    }
    Ok(names)
}

/// The variant that keeps values which the schema does not list.
pub fn other(names: &[String]) -> &'static str {
    let free = |name: &&str| !names.iter().any(|known| known == name);
    ["Other", "Unlisted", "Unknown"]
        .into_iter()
        .find(free)
        .unwrap_or("NotListed")
}

fn identifier(name: &str) -> String {
    match name {
        "Self" => "Itself".into(),
        name if name.starts_with(|first: char| first.is_ascii_digit()) => format!("N{name}"),
        name => name.to_owned(),
    }
}

/// Every word with its own case, its first letter raised.
fn as_written(value: &str) -> String {
    let words = value
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words
        .map(|word| {
            let mut letters = word.chars();
            let first = letters
                .next()
                .map(|first| first.to_uppercase().collect::<String>());
            first.unwrap_or_default() + letters.as_str()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::names;

    fn of(values: &[&str]) -> Vec<String> {
        names(
            &values
                .iter()
                .map(|value| (*value).to_owned())
                .collect::<Vec<_>>(),
            "x.json",
        )
        .unwrap()
    }

    #[test]
    fn values_become_names() {
        assert_eq!(
            of(&["pending_start", "linear_tv", "3d"]),
            ["PendingStart", "LinearTv", "N3d"]
        );
        assert_eq!(
            of(&["clickTag", "clickTAG", "other"]),
            ["ClickTag", "ClickTAG", "Other"]
        );
    }

    #[test]
    fn values_that_cannot_be_told_apart_are_an_error() {
        let values = ["a-b".to_owned(), "a_b".to_owned()];
        assert!(names(&values, "x.json").is_err());
    }
}
