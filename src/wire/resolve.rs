//! typify decides how types and members are spelled in Rust, and where recursion needs a box.
//!
//! typify gets the model in the one form of schema that it renders without surprises: objects of
//! required properties. A union becomes an object with one property per variant, so that circles
//! through unions are found too. Its own printer is not used: it would lose what the wire types
//! must keep (absent against `null`, empty arrays, the form of numbers), and its code costs twice
//! the compile time.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use heck::ToSnakeCase;
use schemars08::schema::{
    ArrayValidation, InstanceType, Metadata, ObjectValidation, Schema, SchemaObject, SingleOrVec,
};
use typify_impl::{TypeDetails, TypeSpace, TypeSpaceSettings};

use super::error::WireError;
use super::model::{Definition, Model, Shape, TypeRef};

/// Rust spellings, by definition.
#[derive(Debug, Default)]
pub struct Spellings {
    types: BTreeMap<String, Spelling>,
}

/// One type's spellings.
#[derive(Debug, Default)]
struct Spelling {
    name: String,
    /// By member on the wire, or variant.
    members: BTreeMap<String, Member>,
}

#[derive(Debug)]
struct Member {
    identifier: String,
    boxed: bool,
}

impl Spellings {
    /// The Rust name of a definition.
    pub fn type_name<'a>(&'a self, definition: &'a str) -> &'a str {
        self.types
            .get(definition)
            .map_or(definition, |spelling| &spelling.name)
    }

    /// The Rust name of an object's member.
    pub fn field<'a>(&'a self, definition: &str, member: &'a str) -> &'a str {
        self.member(definition, member)
            .map_or(member, |member| &member.identifier)
    }

    /// Whether a member, or variant, must be boxed.
    pub fn is_boxed(&self, definition: &str, member: &str) -> bool {
        self.member(definition, member)
            .is_some_and(|member| member.boxed)
    }

    fn member(&self, definition: &str, member: &str) -> Option<&Member> {
        self.types.get(definition)?.members.get(member)
    }
}

/// Has typify resolve the whole model.
///
/// # Errors
/// When typify refuses it or panics.
pub fn resolve(model: &Model, line: &str) -> Result<Spellings, WireError> {
    let refused = |reason: String| WireError::Resolver {
        line: line.to_owned(),
        reason,
    };
    match catch_unwind(AssertUnwindSafe(|| spellings(model))) {
        Ok(result) => result.map_err(|error| refused(error.to_string())),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(refused(format!(
                "panic: {}",
                said.unwrap_or("without a message")
            )))
        }
    }
}

fn spellings(model: &Model) -> Result<Spellings, typify_impl::Error> {
    let mut space = TypeSpace::new(&TypeSpaceSettings::default());
    space.add_ref_types(
        model
            .iter()
            .map(|(name, definition)| (name.clone(), schema_of(definition))),
    )?;
    let mut by_rust_name: BTreeMap<String, &String> = BTreeMap::new();
    for name in model.keys() {
        by_rust_name.insert(
            heck::ToUpperCamelCase::to_upper_camel_case(name.as_str()),
            name,
        );
    }
    let mut spellings = Spellings::default();
    for found in space.iter_types() {
        let rust_name = found.name();
        let Some(name) = by_rust_name.get(&rust_name) else {
            continue;
        };
        let mut members = BTreeMap::new();
        if let TypeDetails::Struct(details) = found.details() {
            for property in details.properties_info() {
                // Each property carries its name on the wire as its description.
                let Some(wire_name) = property.description else {
                    continue;
                };
                let boxed = space
                    .get_type(&property.type_id)
                    .is_ok_and(|kind| matches!(kind.details(), TypeDetails::Box(_)));
                let member = Member {
                    identifier: property.name.to_owned(),
                    boxed,
                };
                members.insert(wire_name.to_owned(), member);
            }
        }
        spellings.types.insert(
            (*name).clone(),
            Spelling {
                name: rust_name,
                members,
            },
        );
    }
    Ok(spellings)
}

fn schema_of(definition: &Definition) -> Schema {
    match &definition.shape {
        Shape::Object(object) => object_schema(
            object
                .fields
                .iter()
                .map(|field| (field.name.as_str(), field.name.clone(), &field.kind)),
        ),
        Shape::Union(union) => object_schema(union.variants.iter().map(|variant| {
            (
                variant.name.as_str(),
                variant.name.to_snake_case(),
                &variant.kind,
            )
        })),
        // Values become variants by our own rule, since some differ only in case.
        Shape::Choice(_) => object_schema(std::iter::empty()),
        Shape::Alias(kind) => object_schema(std::iter::once(("alias", "alias".to_owned(), kind))),
    }
}

fn object_schema<'a>(members: impl Iterator<Item = (&'a str, String, &'a TypeRef)>) -> Schema {
    let mut validation = ObjectValidation {
        additional_properties: Some(Box::new(Schema::Bool(false))),
        ..ObjectValidation::default()
    };
    for (wire_name, property, kind) in members {
        let mut schema = kind_schema(kind);
        schema.metadata = Some(Box::new(Metadata {
            description: Some(wire_name.to_owned()),
            ..Metadata::default()
        }));
        validation.required.insert(property.clone());
        validation
            .properties
            .insert(property, Schema::Object(schema));
    }
    Schema::Object(SchemaObject {
        instance_type: Some(SingleOrVec::Single(Box::new(InstanceType::Object))),
        object: Some(Box::new(validation)),
        ..SchemaObject::default()
    })
}

fn kind_schema(kind: &TypeRef) -> SchemaObject {
    let of = |instance: InstanceType| SchemaObject {
        instance_type: Some(SingleOrVec::Single(Box::new(instance))),
        ..SchemaObject::default()
    };
    match kind {
        TypeRef::Named(name) => SchemaObject {
            reference: Some(format!("#/definitions/{name}")),
            ..SchemaObject::default()
        },
        TypeRef::Text => of(InstanceType::String),
        TypeRef::Integer => of(InstanceType::Integer),
        TypeRef::Number => of(InstanceType::Number),
        TypeRef::Flag => of(InstanceType::Boolean),
        TypeRef::Anything => SchemaObject::default(),
        TypeRef::AnyObject => of(InstanceType::Object),
        TypeRef::List(item) => SchemaObject {
            array: Some(Box::new(ArrayValidation {
                items: Some(SingleOrVec::Single(Box::new(Schema::Object(kind_schema(
                    item,
                ))))),
                ..ArrayValidation::default()
            })),
            ..of(InstanceType::Array)
        },
        TypeRef::Map(value) => SchemaObject {
            object: Some(Box::new(ObjectValidation {
                additional_properties: Some(Box::new(Schema::Object(kind_schema(value)))),
                ..ObjectValidation::default()
            })),
            ..of(InstanceType::Object)
        },
        TypeRef::Nullable(inner) => kind_schema(inner),
    }
}
