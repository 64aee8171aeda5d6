//! `src/recipe.rs`: the types of a seller's recipe.

use super::HEAD;
use super::text::quoted;
use super::types::{Printer, choice_type};
use crate::wire::error::WireError;
use crate::wire::model::{Choice, Model};
use crate::wire::recipe::RecipeSchema;
use crate::wire::resolve::Spellings;

/// Prints the file.
///
/// Types of a recipe begin with `Recipe`, and nothing that the file uses by its bare name does; that
/// is why the trait stands with its path: a member called `type` has a type of the trait's name.
///
/// # Errors
/// Values of an enum that can't be told apart as variants.
pub fn print(
    model: &Model,
    spellings: &Spellings,
    kind: &str,
    axes: &[String],
) -> Result<String, WireError> {
    let types = model
        .iter()
        .map(|(name, definition)| (name.as_str(), definition))
        .collect();
    let body = Printer::with_constructors(model, spellings).definitions(&types)?;
    Ok(format!(
        "{HEAD}\n//! What this seller knows about a product that no buyer may see: its recipe, of the kind\n\
         //! `{kind}`.\n\n\
         // Names and sizes of variants are the schema's, and so is how much has to be there.\n\
         #![allow(\n    clippy::enum_variant_names,\n    clippy::large_enum_variant,\n    \
         clippy::too_many_arguments\n)]\n\n\
         use adcp_seller::codec::prelude::*;\n\
         {}\n\
         impl adcp_seller::domain::RecipeType for {} {{\n    const KIND: &'static str = {};\n}}\n{}",
        body.text,
        RecipeSchema::TYPE,
        quoted(kind),
        axis(axes)?,
    ))
}

/// The adopter's own axes as an enum, if there are any.
fn axis(axes: &[String]) -> Result<String, WireError> {
    let mut text = String::new();
    if axes.is_empty() {
        return Ok(text);
    }
    text.push_str("\n/// The axes of capability that only this seller has.\n");
    let choice = Choice {
        values: axes.to_vec(),
        open: false,
    };
    choice_type(RecipeSchema::AXIS, &choice, SOURCE, &mut text)?;
    Ok(text)
}

/// Where axes come from, for errors.
const SOURCE: &str = "recipe#/properties/capability_overlap";
