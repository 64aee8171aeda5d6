//! Words in a catalogue's entries that nobody knows: members that no schema names, and promises that
//! a recipe can't make.
//!
//! AdCP lets objects have further members, so a slip would pass every schema and reach buyers.

use serde_json::Value;

use super::load::CatalogError;
use crate::ops::overlap;
use crate::schema::Schemas;

/// The definition whose members are the dimensions of targeting (`core/targeting.json`).
const TARGETING: &str = "Targeting";
/// So much of a word is compared: the distance is quadratic.
const LONGEST_WORD: usize = 64;

/// Refuses an entry that says what its schema does not name. `private` are members that the
/// catalogue takes out of it.
pub(super) fn check_members(
    kind: &'static str,
    name: &str,
    (definition, private): (&str, &[&str]),
    entry: &Value,
    schemas: &Schemas,
) -> Result<(), CatalogError> {
    let Some(stranger) = schemas.stranger(definition, entry) else {
        return Ok(());
    };
    let known = stranger.known.iter().map(String::as_str);
    let at_the_top = stranger.pointer.matches('/').count() == 1;
    let own = private.iter().copied().filter(|_| at_the_top);
    let near = nearest(&stranger.member, known.chain(own))
        .map(|near| format!("did you mean `{near}`? Otherwise "))
        .unwrap_or_default();
    let extensible = stranger.known.iter().any(|known| known == "ext");
    let remedy = if extensible {
        "put it below `ext`, or remove it"
    } else {
        "remove it"
    };
    let message = format!(
        "AdCP knows no member `{}` here, and buyers would see it; {near}{remedy}",
        stranger.member
    );
    Err(CatalogError::entry(kind, name, stranger.pointer, message))
}

/// Refuses a recipe that lets buyers target by what is no dimension of targeting, or that promises
/// what its product does not offer.
pub(super) fn check_promises(
    kind: &'static str,
    name: &str,
    recipe: &Value,
    product: Option<&Value>,
    schemas: &Schemas,
) -> Result<(), CatalogError> {
    let wrong = |axis: &str, message: String| {
        let place = format!("/recipe/{}/{axis}", overlap::OVERLAP);
        Err(CatalogError::entry(kind, name, place, message))
    };
    let of_the_line = schemas.members(TARGETING);
    let known = of_the_line.iter().copied();
    let dimensions: Vec<&str> = known.chain(overlap::judged_dimensions()).collect();
    let promised = overlap::allowed(recipe, overlap::TARGETING_DIMENSIONS).unwrap_or_default();
    if !of_the_line.is_empty()
        && let Some(word) = promised.iter().find(|word| !dimensions.contains(word))
    {
        let near = nearest(word, dimensions.iter().copied());
        let remedy = near.map_or_else(
            || format!("there are {}", of_the_line.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        return wrong(
            overlap::TARGETING_DIMENSIONS,
            format!("nothing can be targeted by `{word}`; {remedy}"),
        );
    }
    match product.and_then(|product| overlap::contradiction(recipe, product)) {
        Some(found) => wrong(
            found.axis,
            format!(
                "it promises {}, but {}; correct the recipe or the product",
                found.word, found.why
            ),
        ),
        None => Ok(()),
    }
}

/// The known word that a mistyped one most likely meant: it shares most of its letters.
fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let word: String = word.chars().take(LONGEST_WORD).collect();
    known
        .map(|known| (strsim::damerau_levenshtein(&word, known), known))
        .filter(|(distance, known)| distance * 3 <= known.len().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
