//! Why a schema can't be a recipe's.

use crate::wire::WireError;
use crate::wire::error::{values, values_remedy};

/// What is wrong with a recipe's schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}; {remedy}", self.place())]
pub struct RecipeError {
    /// Where, as a JSON Pointer into the schema: `/properties/line_item`. Empty for all of it.
    pub pointer: String,
    /// What is wrong there.
    pub reason: String,
    /// What to write instead.
    pub remedy: String,
}

impl RecipeError {
    pub(super) fn new(
        pointer: impl Into<String>,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }

    /// What the passes and the resolver refuse, which is rare: the schema has been judged before.
    pub(super) fn of(error: WireError) -> Self {
        match error {
            WireError::Undigestible { place, reason, .. } => {
                Self::new(pointer_of(&place), reason, "write it in a simpler form")
            }
            WireError::Collision {
                name,
                first,
                second,
                ..
            } => Self::new(
                pointer_of(&second),
                format!(
                    "its type would be called {name}, like that of {}",
                    shown(pointer_of(&first))
                ),
                "rename one of the two",
            ),
            WireError::Values {
                place,
                name,
                first,
                second,
            } => Self::new(
                pointer_of(&place),
                values(&name, &first, &second),
                values_remedy(&first, &second),
            ),
            other => Self::new("", other.to_string(), "please report this with the schema"),
        }
    }

    /// The place as a reader looks for it.
    fn place(&self) -> &str {
        shown(&self.pointer)
    }
}

pub(super) fn shown(pointer: &str) -> &str {
    if pointer.is_empty() {
        "the schema"
    } else {
        pointer
    }
}

/// The pointer of a place, which is `recipe#/properties/…`.
pub(super) fn pointer_of(place: &str) -> &str {
    place.split_once('#').map_or("", |(_, pointer)| pointer)
}
