//! What each tool does, in our own words.
//!
//! The lines that are built in carry no prose of the specification; `schemas/tools.toml` has a
//! sentence or two for each tool instead. A line that brings its own descriptions never needs
//! them.

use std::collections::BTreeMap;

use super::SpecError;

/// The file that is built into the tool.
const EMBEDDED: &str = include_str!("../../schemas/tools.toml");

/// The descriptions, by wire name of the tool.
///
/// # Errors
/// When the built-in file is damaged.
pub fn read() -> Result<BTreeMap<String, String>, SpecError> {
    toml::from_str(EMBEDDED).map_err(|error| SpecError::built_in("schemas/tools.toml", &error))
}
