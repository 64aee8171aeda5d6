//! How the generated wire types are read from JSON and written to it.
//!
//! The types are plain structs and enums; this module holds what all of them share, so that each
//! costs the compiler a table and not a parser. Everything goes through [`serde_json::Value`]:
//! that keeps numbers as they were written, tells an absent member from an explicit `null`, and
//! lets a union look at a value before it chooses a branch.
//!
//! It never checks bounds, patterns or conditionals: the schema validator does, before a value
//! arrives here. It needs only serde and serde_json.
//!
//! In reading order: the trait, errors, objects, string enums, unions, and the macros that the
//! generated tables are written in.

mod mismatch;
mod values;
mod members;
mod choice;
mod union;
mod macros;

pub use choice::{Choice, read as read_choice};
pub use members::{Constant, Members, Writer};
pub use mismatch::Mismatch;
pub use union::{Branch, Kind, Reader, Test, read as read_union, select};

/// For the macros, so that a generated crate needs no dependencies but this one.
#[doc(hidden)]
pub use {serde, serde_json};

/// What a generated module imports.
pub mod prelude {
    pub use super::union::{
        FLAG, INTEGER, LIST, NUMBER, OBJECT, TEXT, denies, has, holds, lacks, says,
    };
    pub use super::{Constant, Wire};
    pub use crate::{wire_choice as choice, wire_object as object, wire_union as union};
    pub use serde_json::{Map, Number, Value};
    pub use std::collections::BTreeMap;
}

/// A type that has exactly one JSON form, and loses nothing of it.
///
/// `T::read(value)?.write() == value` holds for every value that the type's schema accepts.
pub trait Wire: Sized {
    /// Takes a JSON value apart.
    ///
    /// # Errors
    /// A [`Mismatch`] that says where in the value, and why.
    fn read(value: serde_json::Value) -> Result<Self, Mismatch>;

    /// Puts the JSON value together again.
    fn write(&self) -> serde_json::Value;
}

/// What the generated `Serialize` implementations call.
///
/// # Errors
/// Whatever the serializer says.
pub fn serialize<T: Wire, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&value.write(), serializer)
}

/// What the generated `Deserialize` implementations call.
///
/// # Errors
/// Malformed JSON, or a [`Mismatch`] as a custom error.
pub fn deserialize<'de, T: Wire, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = <serde_json::Value as serde::Deserialize>::deserialize(deserializer)?;
    T::read(value).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests;
