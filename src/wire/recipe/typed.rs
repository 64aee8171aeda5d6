//! From a recipe's definitions to its types, and the last look at both.

use serde_json::{Map, Value, json};

use super::error::{RecipeError, pointer_of};
use super::{RecipeSchema, spelled};
use crate::spec::{Definitions, Names};
use crate::wire::model::{Model, Shape, TypeRef};
use crate::wire::{discriminate, lower, passes, print, pruned, resolve};

/// A recipe's types.
pub(super) struct Types {
    pub(super) model: Model,
    /// As Rust.
    pub(super) source: String,
}

/// The definitions that a recipe uses; a library of others may stand beside them.
pub(super) fn reached(definitions: &Definitions) -> Definitions {
    let reached = definitions.reachable([RecipeSchema::TYPE]);
    let mut kept = definitions.clone();
    kept.schemas.retain(|name, _| reached.contains(name));
    kept.sources.retain(|name, _| reached.contains(name));
    kept
}

/// Compiles the definitions as the runtime will, so that a pattern that is none is found now.
pub(super) fn check_validator(definitions: &Definitions) -> Result<(), RecipeError> {
    let schemas: Map<String, Value> = definitions.schemas.clone().into_iter().collect();
    let document = json!({
        "$ref": format!("#/definitions/{}", RecipeSchema::TYPE),
        "definitions": schemas,
    });
    jsonschema::draft7::options()
        .offline()
        .build(&document)
        .map(|_| ())
        .map_err(|error| {
            let place = error.instance_path().to_string();
            RecipeError::new(
                original(&place, definitions),
                format!("this can't be checked: {error}"),
                "correct the schema",
            )
        })
}

/// A pointer into the definitions as one into the adopter's file.
fn original(pointer: &str, definitions: &Definitions) -> String {
    let Some(inside) = pointer.strip_prefix("/definitions/") else {
        return pointer.to_owned();
    };
    let (name, rest) = match inside.find('/') {
        Some(at) => inside.split_at(at),
        None => (inside, ""),
    };
    let source = definitions.sources.get(name).map_or("", String::as_str);
    format!("{}{rest}", pointer_of(source))
}

/// Makes the types.
pub(super) fn types(
    definitions: &Definitions,
    kind: &str,
    axes: &[String],
) -> Result<Types, RecipeError> {
    let roots = [RecipeSchema::TYPE];
    let names = Names::default();
    let normal = passes::normalise(definitions, &names, &roots).map_err(RecipeError::of)?;
    let mut report = normal.report.clone();
    let mut model = lower::lower(&normal, &roots).map_err(RecipeError::of)?;
    discriminate::discriminate(&mut model, &mut report);
    if let Some((name, reason)) = report.kept_as_json.first_key_value() {
        let source = normal.sources.get(name).map_or("", String::as_str);
        return Err(RecipeError::new(
            pointer_of(source),
            format!("the branches of this union can't be told apart: {reason}"),
            "give each branch a required member with one value of its own",
        ));
    }
    let model = pruned(model, &roots);
    check_typed(&model)?;
    spelled::check_types(&model)?;
    let spellings = resolve::resolve(&model, kind).map_err(RecipeError::of)?;
    spelled::check_members(&model, &spellings)?;
    let source = print::recipe::print(&model, &spellings, kind, axes).map_err(RecipeError::of)?;
    Ok(Types { model, source })
}

/// Nothing in a recipe is untyped. The schema has been judged for that before; this holds whatever
/// the passes do.
fn check_typed(model: &Model) -> Result<(), RecipeError> {
    for definition in model.values() {
        let pointer = pointer_of(&definition.source);
        let kinds: Vec<(&str, &TypeRef)> = match &definition.shape {
            Shape::Object(object) => object
                .fields
                .iter()
                .map(|field| (field.name.as_str(), &field.kind))
                .collect(),
            Shape::Union(union) => union
                .variants
                .iter()
                .map(|variant| (variant.name.as_str(), &variant.kind))
                .collect(),
            Shape::Alias(kind) => vec![("", kind)],
            Shape::Choice(_) => Vec::new(),
        };
        let open = matches!(&definition.shape, Shape::Object(object) if !object.closed);
        let untyped = kinds.iter().find(|(_, kind)| is_untyped(kind));
        if let Some((name, _)) = untyped {
            return Err(RecipeError::new(
                pointer,
                format!("{name} would take any value"),
                "say which type it has",
            ));
        }
        if open {
            return Err(RecipeError::new(
                pointer,
                "members that nobody has described would be let through",
                "add \"additionalProperties\": false",
            ));
        }
    }
    Ok(())
}

fn is_untyped(kind: &TypeRef) -> bool {
    match kind {
        TypeRef::Anything | TypeRef::AnyObject => true,
        TypeRef::List(inner) | TypeRef::Map(inner) | TypeRef::Nullable(inner) => is_untyped(inner),
        _ => false,
    }
}
