//! The types themselves: a declaration and a codec table for each.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;

use super::HEAD;
use super::constructor::{Parameter, constructor};
use super::tables::{constant, filled, lines, test};
use super::text::{WIDTH, code, doc, item, quoted};
use crate::wire::error::WireError;
use crate::wire::model::{Choice, Definition, Field, Model, Object, Shape, TypeRef, Union};
use crate::wire::resolve::Spellings;
use crate::wire::variants;

/// The files below `src/types/`, by name.
///
/// # Errors
/// A type name that Rust or the codec already uses.
pub fn print(model: &Model, spellings: &Spellings) -> Result<BTreeMap<String, String>, WireError> {
    let printer = Printer::new(model, spellings);
    let mut modules: BTreeMap<String, BTreeMap<&str, &Definition>> = BTreeMap::new();
    for (name, definition) in model {
        refuse_reserved(spellings.type_name(name), definition)?;
        modules
            .entry(module_of(&definition.source))
            .or_default()
            .insert(name, definition);
    }
    let mut files = BTreeMap::new();
    for (module, types) in &modules {
        files.insert(format!("{module}.rs"), printer.module(module, types)?);
    }
    files.insert("mod.rs".into(), index(modules.keys()));
    Ok(files)
}

/// The module for a definition: the folder of its file. `core` would hide Rust's own crate.
fn module_of(source: &str) -> String {
    let file = source.split('#').next().unwrap_or_default();
    match file.rsplit_once('/') {
        None => "documents".into(),
        Some(("core", _)) => "shared".into(),
        Some((folder, _)) => folder
            .to_snake_case()
            .replace('/', "_")
            .replacen("core_", "shared_", 1),
    }
}

fn refuse_reserved(name: &str, definition: &Definition) -> Result<(), WireError> {
    const RESERVED: &[&str] = &[
        "BTreeMap", "Box", "Clone", "Constant", "Copy", "Default", "Err", "Fn", "From", "Into",
        "Iterator", "Map", "None", "Number", "Ok", "Option", "Result", "Self", "Send", "Some",
        "String", "Sync", "ToString", "Value", "Vec", "Wire",
    ];
    if !RESERVED.contains(&name) {
        return Ok(());
    }
    Err(WireError::Undigestible {
        place: definition.source.clone(),
        reason: format!("`{name}` already means something in the generated code"),
        remedy: format!(
            "name it in names.toml: under [files] add \"{}\" = \"…\"",
            definition.source
        ),
    })
}

fn index<'a>(modules: impl Iterator<Item = &'a String> + Clone) -> String {
    let mut text = String::from(HEAD);
    text.push_str(
        "\n//! The wire types that this seller's tools reach, one module per folder of the schemas.\n\
         //!\n\
         //! Numbers keep the form in which they were written, members that are absent differ from\n\
         //! members that are `null` (`None` and `Some(None)`), and members that the schemas do not name\n\
         //! are kept in `extra`. Dates and times stay strings, since no date type keeps every form of\n\
         //! offset and fraction.\n\n\
         // Names and sizes of variants are the specification's.\n\
         #![allow(clippy::enum_variant_names, clippy::large_enum_variant)]\n\n",
    );
    for module in modules.clone() {
        text.push_str(&format!("mod {module};\n"));
    }
    text.push('\n');
    for module in modules {
        text.push_str(&format!("pub use {module}::*;\n"));
    }
    text
}

/// What the field of a member is called.
pub fn identifier(spellings: &Spellings, definition: &str, member: &str) -> String {
    match spellings.field(definition, member) {
        // The field for members that the schema does not name.
        "extra" => "extra_".into(),
        identifier => identifier.to_owned(),
    }
}

/// Prints types.
pub(super) struct Printer<'a> {
    spellings: &'a Spellings,
    /// Structs that have an honest default.
    defaults: BTreeSet<&'a str>,
    /// Whether structs get a `new`.
    constructors: bool,
}

/// Types that stand in one file.
pub(super) struct Body {
    /// The types, each after an empty line.
    pub(super) text: String,
    /// Whether one of them needs the codec.
    codec: bool,
    /// Whether one of them uses a type of another file.
    neighbours: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(model: &'a Model, spellings: &'a Spellings) -> Self {
        Printer {
            spellings,
            defaults: defaults(model),
            constructors: false,
        }
    }

    /// The same, with a `new` for each struct: for types that people write by hand.
    pub(super) fn with_constructors(model: &'a Model, spellings: &'a Spellings) -> Self {
        Printer {
            constructors: true,
            ..Printer::new(model, spellings)
        }
    }

    /// The types of one file.
    pub(super) fn definitions(
        &self,
        types: &BTreeMap<&str, &Definition>,
    ) -> Result<Body, WireError> {
        let mut body = Body {
            text: String::new(),
            codec: false,
            neighbours: false,
        };
        for (name, definition) in types {
            body.text.push('\n');
            body.text.push_str(&self.definition(name, definition)?);
            body.codec |= match &definition.shape {
                Shape::Alias(kind) => uses_codec(kind),
                _ => true,
            };
            body.neighbours |= definition
                .uses()
                .iter()
                .any(|used| !types.contains_key(used));
        }
        Ok(body)
    }

    fn module(
        &self,
        module: &str,
        types: &BTreeMap<&str, &Definition>,
    ) -> Result<String, WireError> {
        let body = self.definitions(types)?;
        let mut text = format!(
            "{HEAD}\n//! Types of the schemas' `{}` folder.\n",
            folder_of(module)
        );
        if body.codec || body.neighbours {
            text.push('\n');
        }
        if body.neighbours {
            text.push_str("use super::*;\n");
        }
        if body.codec {
            text.push_str("use adcp_seller::codec::prelude::*;\n");
        }
        text.push_str(&body.text);
        Ok(text)
    }

    fn definition(&self, name: &str, definition: &Definition) -> Result<String, WireError> {
        let rust_name = self.spellings.type_name(name);
        let mut text = String::new();
        let described = definition.description.as_deref().map(|text| doc(0, text));
        if let Some(described) = described.filter(|described| !described.is_empty()) {
            text.push_str(&described);
            text.push_str("///\n");
        }
        text.push_str(&format!("/// {}\n", code(&definition.source)));
        match &definition.shape {
            Shape::Object(object) => self.object(name, rust_name, object, &mut text),
            Shape::Choice(choice) => {
                choice_type(rust_name, choice, &definition.source, &mut text)?;
            }
            Shape::Union(union) => self.union(name, rust_name, union, &mut text),
            Shape::Alias(kind) => {
                let kind = self.kind(kind);
                text.push_str(&item(0, &format!("pub type {rust_name} ="), &kind, ";"));
            }
        }
        Ok(text)
    }

    fn object(&self, name: &str, rust_name: &str, object: &Object, text: &mut String) {
        let default = if self.defaults.contains(name) {
            ", Default"
        } else {
            ""
        };
        text.push_str(&format!("#[derive(Clone, Debug{default}, PartialEq)]\n"));
        if object.fields.is_empty() && object.closed {
            text.push_str(&format!("pub struct {rust_name} {{}}\n"));
        } else {
            text.push_str(&format!("pub struct {rust_name} {{\n"));
            for field in &object.fields {
                if let Some(description) = &field.description {
                    text.push_str(&doc(4, description));
                }
                let kind = self.field_kind(name, field);
                let identifier = self.identifier(name, &field.name);
                text.push_str(&item(4, &format!("pub {identifier}:"), &kind, ","));
            }
            if !object.closed {
                text.push_str("    pub extra: Map<String, Value>,\n");
            }
            text.push_str("}\n");
        }
        let openness = if object.closed { "closed" } else { "open" };
        let constants: Vec<String> = object
            .constants
            .iter()
            .map(|(name, value)| format!("{}: {},", quoted(name), constant(value)))
            .collect();
        let entries = |required: bool| -> Vec<String> {
            let fields = object
                .fields
                .iter()
                .filter(|field| field.required == required);
            fields
                .map(|field| {
                    format!(
                        "{}: {},",
                        quoted(&field.name),
                        self.identifier(name, &field.name)
                    )
                })
                .collect()
        };
        let tables = [
            ("constant", constants),
            ("required", entries(true)),
            ("optional", entries(false)),
        ];
        text.push_str(&format!("\nobject! {{ {openness} {rust_name} {{\n"));
        for (table, entries) in tables {
            if !entries.is_empty() {
                text.push_str(&filled(&format!("    {table} {{"), &entries, "    }"));
            }
        }
        text.push_str("} }\n");
        if self.constructors && object.closed {
            let parameters = object.fields.iter().map(|field| Parameter {
                identifier: self.identifier(name, &field.name),
                kind: field.required.then(|| self.field_kind(name, field)),
            });
            text.push_str(&constructor(rust_name, &parameters.collect::<Vec<_>>()));
        }
    }

    fn field_kind(&self, name: &str, field: &Field) -> String {
        let mut kind = self.kind(&field.kind);
        if self.spellings.is_boxed(name, &field.name) {
            kind = format!("Box<{kind}>");
        }
        if !field.required {
            kind = format!("Option<{kind}>");
        }
        kind
    }

    fn union(&self, name: &str, rust_name: &str, union: &Union, text: &mut String) {
        text.push_str(&format!(
            "#[derive(Clone, Debug, PartialEq)]\npub enum {rust_name} {{\n"
        ));
        let kinds: Vec<String> = union
            .variants
            .iter()
            .map(|variant| {
                let kind = self.kind(&variant.kind);
                if self.spellings.is_boxed(name, &variant.name) {
                    format!("Box<{kind}>")
                } else {
                    kind
                }
            })
            .collect();
        for (variant, kind) in union.variants.iter().zip(&kinds) {
            let line = format!("    {}({kind}),", variant.name);
            if line.chars().count() <= WIDTH {
                text.push_str(&line);
                text.push('\n');
            } else {
                text.push_str(&format!("    {}(\n        {kind},\n    ),\n", variant.name));
            }
        }
        text.push_str(&format!("}}\n\nunion! {{ {rust_name} {{\n"));
        for (variant, kind) in union.variants.iter().zip(&kinds) {
            let tests: Vec<String> = variant.tests.iter().map(test).collect();
            text.push_str(&format!(
                "    {}({kind}): [{}],\n",
                variant.name,
                tests.join(", ")
            ));
        }
        text.push_str("} }\n");
    }

    fn identifier(&self, name: &str, member: &str) -> String {
        identifier(self.spellings, name, member)
    }

    fn kind(&self, kind: &TypeRef) -> String {
        match kind {
            TypeRef::Named(name) => self.spellings.type_name(name).to_owned(),
            TypeRef::Text => "String".into(),
            TypeRef::Integer => "i64".into(),
            TypeRef::Number => "Number".into(),
            TypeRef::Flag => "bool".into(),
            TypeRef::Anything => "Value".into(),
            TypeRef::AnyObject => "Map<String, Value>".into(),
            TypeRef::List(item) => format!("Vec<{}>", self.kind(item)),
            TypeRef::Map(value) => format!("BTreeMap<String, {}>", self.kind(value)),
            TypeRef::Nullable(inner) => format!("Option<{}>", self.kind(inner)),
        }
    }
}

fn folder_of(module: &str) -> String {
    module.replacen("shared", "core", 1)
}

fn uses_codec(kind: &TypeRef) -> bool {
    match kind {
        TypeRef::Number | TypeRef::Anything | TypeRef::AnyObject | TypeRef::Map(_) => true,
        TypeRef::List(inner) | TypeRef::Nullable(inner) => uses_codec(inner),
        _ => false,
    }
}

pub(super) fn choice_type(
    rust_name: &str,
    choice: &Choice,
    source: &str,
    text: &mut String,
) -> Result<(), WireError> {
    let names = variants::names(&choice.values, source)?;
    let other = variants::other(&names);
    let copy = if choice.open { "" } else { "Copy, " };
    text.push_str(&format!(
        "#[derive(Clone, {copy}Debug, PartialEq, Eq)]\npub enum {rust_name} {{\n"
    ));
    names
        .iter()
        .for_each(|name| text.push_str(&format!("    {name},\n")));
    if choice.open {
        text.push_str(&format!(
            "    /// A value that the schema does not list.\n    {other}(String),\n"
        ));
    }
    text.push_str(&format!("}}\n\nchoice! {{ {rust_name} {{\n"));
    let entries: Vec<String> = names
        .iter()
        .zip(&choice.values)
        .map(|(name, value)| format!("{name}: {},", quoted(value)))
        .collect();
    text.push_str(&lines(4, &entries));
    if choice.open {
        text.push_str(&format!("    ..{other}\n"));
    }
    text.push_str("} }\n");
    Ok(())
}

/// The objects all of whose required members have an honest default: an empty list or map,
/// `null`, or an object that has one itself.
fn defaults(model: &Model) -> BTreeSet<&str> {
    let mut defaults = BTreeSet::new();
    loop {
        let before = defaults.len();
        for (name, definition) in model {
            let Shape::Object(object) = &definition.shape else {
                continue;
            };
            let honest = |kind: &TypeRef| match kind {
                TypeRef::List(_) | TypeRef::Map(_) | TypeRef::AnyObject | TypeRef::Nullable(_) => {
                    true
                }
                TypeRef::Named(name) => defaults.contains(name.as_str()),
                _ => false,
            };
            if object
                .fields
                .iter()
                .all(|field| !field.required || honest(&field.kind))
            {
                defaults.insert(name.as_str());
            }
        }
        if defaults.len() == before {
            return defaults;
        }
    }
}
