//! The types that will be printed, before they have Rust spellings.

use std::collections::BTreeMap;

use serde_json::Value;

/// All types to be printed, by name.
pub type Model = BTreeMap<String, Definition>;

/// One type.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Where it comes from: file and JSON Pointer.
    pub source: String,
    /// The schema's description, for lines that carry one.
    pub description: Option<String>,
    /// What it is.
    pub shape: Shape,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// An object with named members.
    Object(Object),
    /// An enum of strings.
    Choice(Choice),
    /// One of several types.
    Union(Union),
    /// Another name for something simpler.
    Alias(TypeRef),
}

/// An object with named members.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    /// Members with a field, in the order of the schema.
    pub fields: Vec<Field>,
    /// Required members with only one possible value, which need no field.
    pub constants: Vec<(String, Value)>,
    /// Members that must not be there.
    pub lacks: Vec<String>,
    /// Members that must not have these values.
    pub denies: Vec<(String, Value)>,
    /// Whether other members than these are refused.
    pub closed: bool,
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// As on the wire.
    pub name: String,
    /// Its type, without the `Option` of an optional member.
    pub kind: TypeRef,
    /// Whether it must be there.
    pub required: bool,
    /// The only value it may have, if it is there at all.
    pub constant: Option<Value>,
    /// The schema's description, for lines that carry one.
    pub description: Option<String>,
}

/// An enum of strings.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The values as on the wire, in the order of the schema.
    pub values: Vec<String>,
    /// Whether other strings are allowed too.
    pub open: bool,
}

/// One of several types.
#[derive(Clone, Debug, PartialEq)]
pub struct Union {
    /// The variants in the order in which they are tried.
    pub variants: Vec<Variant>,
}

/// One variant of a union.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// UpperCamelCase.
    pub name: String,
    /// What it holds.
    pub kind: TypeRef,
    /// What tells it from the other variants.
    pub tests: Vec<Test>,
    /// Its place among the branches of the schema.
    pub branch: usize,
}

/// Something to look at before a value is read as a variant.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// The JSON kind.
    Kind(Kind),
    /// The object has this member.
    Has(String),
    /// The object does not have this member.
    Lacks(String),
    /// The object has this member, with one of these values.
    Says(String, Vec<Value>),
    /// The object's member, if it is there, has one of these values.
    Holds(String, Vec<Value>),
    /// The object's member, if it is there, has none of these values.
    Denies(String, Vec<Value>),
}

/// JSON kinds as far as unions tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An object.
    Object,
    /// An array.
    List,
    /// A string.
    Text,
    /// A number.
    Number,
    /// A number without a fraction.
    Integer,
    /// A boolean.
    Flag,
}

/// How a type is referred to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeRef {
    /// Another definition.
    Named(String),
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// A number, in the form in which it was written.
    Number,
    /// A boolean.
    Flag,
    /// Any JSON value.
    Anything,
    /// An object of which nothing is known.
    AnyObject,
    /// An array.
    List(Box<TypeRef>),
    /// An object whose members all have the same type.
    Map(Box<TypeRef>),
    /// A value that may be `null`.
    Nullable(Box<TypeRef>),
}

impl TypeRef {
    /// The definitions that it names.
    pub fn named(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::List(inner) | Self::Map(inner) | Self::Nullable(inner) => inner.named(),
            _ => None,
        }
    }
}

impl Definition {
    /// The definitions that it uses directly.
    pub fn uses(&self) -> Vec<&str> {
        match &self.shape {
            Shape::Object(object) => object
                .fields
                .iter()
                .filter_map(|field| field.kind.named())
                .collect(),
            Shape::Choice(_) => Vec::new(),
            Shape::Union(union) => union
                .variants
                .iter()
                .filter_map(|variant| variant.kind.named())
                .collect(),
            Shape::Alias(kind) => kind.named().into_iter().collect(),
        }
    }
}
