//! What a seller keeps about its products that buyers never see: where its type comes from.
//!
//! Whether a schema can be typed is [`crate::wire`]'s judgement; what may be called a recipe kind
//! and where its file may lie is decided here.

use serde_json::Value;

use super::runtime;
use crate::workspace;

/// A recipe: its kind, its schema and its keeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipePlan {
    /// The value of `recipe_kind` in every recipe; a preset's own name: `gam`.
    pub kind: String,
    /// Where its members are described.
    pub source: RecipeSource,
    /// Who keeps recipes.
    pub owner: RecipeOwner,
}

/// Where a recipe's members are described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipeSource {
    /// In a schema that comes with this tool, by its name.
    Preset(String),
    /// In a file of the adopter.
    File {
        /// Below the manifest's folder, with `/` between its parts.
        path: String,
        /// The file as it is, for a folder that has yet to get it.
        text: String,
        /// What it says.
        schema: Value,
    },
}

/// Who keeps recipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipeOwner {
    /// The runtime: in the catalogue, in the proposal and in the media buy.
    Framework,
    /// The adopter, who is asked on every call. The runtime stores none.
    Adopter,
}

impl RecipeOwner {
    /// The manifest's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Framework => "framework",
            Self::Adopter => "adopter",
        }
    }
}

/// The longest kind, in bytes.
pub const MAX_KIND: usize = 64;

/// Whether a word can be a kind: lower-case words of letters and digits with single `_` or `-`
/// between them, as the wire's own discriminators are written.
pub fn is_kind(word: &str) -> bool {
    word.len() <= MAX_KIND
        && word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.split(['_', '-']).all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

/// Why a schema's path can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is absolute or goes up: `regenerate` on another machine would not find it.
    Outside,
    /// It doesn't end in `.json`.
    Ending,
    /// It is in a folder of the seller's that is something else: what that is.
    Taken(&'static str),
    /// It has a part that some platform reads differently or refuses.
    Form,
}

/// Whether an adopter's schema may lie there: below the manifest's folder and out of the way of
/// what is emitted.
///
/// # Errors
/// The first reason why not.
pub fn check_path(path: &str) -> Result<(), Unusable> {
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with(['/', '\\', '~'])
        || drive
        || path.split(['/', '\\']).any(|part| part == "..")
    {
        return Err(Unusable::Outside);
    }
    if !path.ends_with(".json") {
        return Err(Unusable::Ending);
    }
    if !workspace::is_portable(path) {
        return Err(Unusable::Form);
    }
    let (folder, _) = path.split_once('/').unwrap_or_default();
    match runtime::taken(&folder.to_lowercase()) {
        Some(what) => Err(Unusable::Taken(what)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_words_as_the_wire_writes_them() {
        for fine in ["gam", "acme_media", "acme-2", "a"] {
            assert!(is_kind(fine), "{fine}");
        }
        for wrong in [
            "",
            "Acme",
            "2acme",
            "_acme",
            "acme-",
            "acme--x",
            "acme x",
            "acm\u{e9}",
        ] {
            assert!(!is_kind(wrong), "{wrong:?}");
        }
        assert!(is_kind(&"a".repeat(MAX_KIND)));
        assert!(!is_kind(&"a".repeat(MAX_KIND + 1)));
    }

    #[test]
    fn schemas_lie_below_the_manifest_and_out_of_the_way() {
        for fine in [
            "recipe.schema.json",
            "schemas/recipe.json",
            "a b.json",
            "wire.json",
            "schemas/wire/a.json",
        ] {
            assert_eq!(check_path(fine), Ok(()), "{fine}");
        }
        for outside in [
            "/etc/recipe.json",
            "../recipe.json",
            "a/../recipe.json",
            "a\\..\\recipe.json",
            "C:\\recipe.json",
            "~/recipe.json",
        ] {
            assert_eq!(check_path(outside), Err(Unusable::Outside), "{outside}");
        }
        for wrong in ["", ".", "recipe", "recipe.toml", "recipe.JSON"] {
            assert_eq!(check_path(wrong), Err(Unusable::Ending), "{wrong:?}");
        }
        for odd in [
            "a\\b.json",
            "./a.json",
            "a//b.json",
            "nul.json",
            "a\nb.json",
        ] {
            assert_eq!(check_path(odd), Err(Unusable::Form), "{odd:?}");
        }
        for taken in [
            "wire/a.json",
            "runtime/a.json",
            ".adcp/a.json",
            "Target/a.json",
        ] {
            assert!(
                matches!(check_path(taken), Err(Unusable::Taken(_))),
                "{taken}"
            );
        }
    }
}
