//! What a recipe's types, fields and variants are called: each a name that Rust takes, and no two in
//! one place the same. Members that differ on the wire, such as `a-b` and `a_b`, may not in Rust.

use std::collections::BTreeMap;

use heck::ToUpperCamelCase;

use super::error::{RecipeError, pointer_of, shown};
use crate::wire::model::{Definition, Model, Shape};
use crate::wire::passes::hoist::escaped;
use crate::wire::print::types::identifier;
use crate::wire::resolve::Spellings;
use crate::wire::variants;

/// Whether the types can be told apart by name. To be asked before they are resolved, since the
/// resolver would take one for the other.
pub(super) fn check_types(model: &Model) -> Result<(), RecipeError> {
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for (name, definition) in model {
        let pointer = pointer_of(&definition.source);
        let spelled = name.to_upper_camel_case();
        if !is_name(&spelled) {
            return Err(unspeakable(pointer, "type", &spelled));
        }
        if let Some(first) = taken.insert(spelled.clone(), pointer) {
            return Err(RecipeError::new(
                pointer,
                format!(
                    "its type would be called {spelled}, like that of {}",
                    shown(first)
                ),
                "rename one of the two",
            ));
        }
    }
    Ok(())
}

/// Whether fields and variants can be told apart by name.
pub(super) fn check_members(model: &Model, spellings: &Spellings) -> Result<(), RecipeError> {
    for (name, definition) in model {
        match &definition.shape {
            Shape::Object(object) => {
                let members = object.fields.iter().map(|field| field.name.as_str());
                check_fields(name, definition, members, spellings)?;
            }
            Shape::Choice(choice) => {
                let names =
                    variants::names(&choice.values, &definition.source).map_err(RecipeError::of)?;
                check_variants(definition, names.iter().map(String::as_str))?;
            }
            Shape::Union(union) => {
                let names = union.variants.iter().map(|variant| variant.name.as_str());
                check_variants(definition, names)?;
            }
            Shape::Alias(_) => {}
        }
    }
    Ok(())
}

fn check_fields<'a>(
    name: &str,
    definition: &Definition,
    members: impl Iterator<Item = &'a str>,
    spellings: &Spellings,
) -> Result<(), RecipeError> {
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for member in members {
        let field = identifier(spellings, name, member);
        let pointer = format!(
            "{}/properties/{}",
            pointer_of(&definition.source),
            escaped(member)
        );
        if !is_name(&field) {
            return Err(unspeakable(&pointer, "field", &field));
        }
        if let Some(first) = taken.insert(field.clone(), member) {
            return Err(RecipeError::new(
                pointer,
                format!("the members {first:?} and {member:?} would both be the field {field}"),
                "rename one of the two",
            ));
        }
    }
    Ok(())
}

fn check_variants<'a>(
    definition: &Definition,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), RecipeError> {
    let pointer = pointer_of(&definition.source);
    let mut taken: Vec<&str> = Vec::new();
    for name in names {
        if !is_name(name) {
            return Err(unspeakable(pointer, "variant", name));
        }
        if taken.contains(&name) {
            return Err(RecipeError::new(
                pointer,
                format!("two of its branches would both be the variant {name}"),
                "give each branch a title of its own",
            ));
        }
        taken.push(name);
    }
    Ok(())
}

/// Whether Rust takes a word for a name. No word here is one of Rust's own: the resolver sees to it
/// for fields, and types and variants begin with a capital letter.
fn is_name(word: &str) -> bool {
    let mut letters = word.chars();
    letters
        .next()
        .is_some_and(|first| unicode_ident::is_xid_start(first) || first == '_')
        && letters.all(unicode_ident::is_xid_continue)
}

fn unspeakable(pointer: &str, what: &str, name: &str) -> RecipeError {
    RecipeError::new(
        pointer,
        format!("{name:?} can't be the name of a {what}"),
        "use letters, digits and underscores",
    )
}
