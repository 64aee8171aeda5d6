//! What one AdCP line says: its schemas, tools, error codes and specialisms.
//!
//! A line comes from an official bundle, which `spec add` imports; the lines that we support are
//! imported beforehand and built into the tool. What differs between lines is data (schemas,
//! `schemas/names.toml`), never code here.
//!
//! In reading order: errors, reading a bundle, references, names, descriptions of tools,
//! definitions, the manifest's facts, the import that puts them together, and the store.

pub mod error;
pub mod bundle;
pub mod reference;
pub mod names;
pub mod descriptions;
pub mod definitions;
pub mod facts;
pub mod import;
pub mod store;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use definitions::{Definitions, Keep};
pub use error::SpecError;
pub use facts::{Facts, SpecialismFacts, ToolFacts};
pub use names::Names;

/// One AdCP line, as the generator sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct SpecLine {
    /// `3.0`.
    pub line: String,
    /// Tools, error codes, specialisms, exact version.
    pub facts: Facts,
    /// All schemas in one document.
    pub definitions: Definitions,
    /// Names that people chose.
    pub names: Names,
    /// What the tools do, in our own words, by wire name; the schemas of a line that brings its
    /// own descriptions come before them.
    pub descriptions: BTreeMap<String, String>,
    /// Where all this comes from.
    pub source: Source,
}

/// Where a line comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The package or file it was imported from.
    pub label: String,
    /// SHA-256 over names and contents of the imported files, in hexadecimal.
    pub sha256: String,
    /// How many schema files were imported.
    pub files: usize,
    /// Folders and files that were left out on purpose: copies and registers.
    pub left_out: Vec<String>,
    /// What was found wanting: a tool whose schema the bundle lacks.
    pub findings: Vec<String>,
}

impl SpecLine {
    /// The exact version: `3.0.18`.
    pub fn version(&self) -> &str {
        &self.facts.version
    }

    /// The slugs of all specialisms, sorted: those of the vocabulary (`enums/specialism.json`) and
    /// those that the manifest describes.
    pub fn specialisms(&self) -> Vec<String> {
        let mut slugs = self.words("enums/specialism.json");
        slugs.extend(self.facts.specialisms.keys().cloned());
        slugs.sort();
        slugs.dedup();
        slugs
    }

    /// A schema by the file it came from.
    pub fn schema(&self, file: &str) -> Option<&serde_json::Value> {
        let sources = &self.definitions.sources;
        let (name, _) = sources.iter().find(|(_, source)| *source == file)?;
        self.definitions.schemas.get(name)
    }

    /// The words of an enum schema, by the file it came from, in the spec's order.
    pub fn words(&self, file: &str) -> Vec<String> {
        let schema = self.schema(file);
        let words = schema.and_then(|schema| schema.get("enum")?.as_array());
        words
            .into_iter()
            .flatten()
            .filter_map(|word| Some(word.as_str()?.to_owned()))
            .collect()
    }

    /// What a buyer sends as `adcp_major_version`.
    pub fn major(&self) -> u32 {
        self.line
            .split('.')
            .next()
            .and_then(|major| major.parse().ok())
            .unwrap_or_default()
    }
}

/// Whether a line is another or a later one, both as `3.2`.
pub fn is_from(line: &str, other: &str) -> bool {
    let numbers = |line: &str| {
        let mut numbers = line.split('.').map(|number| number.parse::<u32>().ok());
        (numbers.next().flatten(), numbers.next().flatten())
    };
    numbers(line) >= numbers(other)
}

/// One row of `spec list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `3.0`.
    pub line: String,
    /// `3.0.18`.
    pub version: String,
    /// Number of tools.
    pub tools: usize,
    /// Slugs of the specialisms, sorted.
    pub specialisms: Vec<String>,
    /// Number of schema definitions.
    pub definitions: usize,
    /// Whether it is built in; a user's own line of the same name hides a built-in one.
    pub embedded: bool,
    /// Where it comes from.
    pub source: Source,
}

/// A built-in line, whatever the user's own lines are.
///
/// # Errors
/// When there is none of that name, or what is built in is damaged.
pub fn embedded(line: &str) -> Result<SpecLine, SpecError> {
    if let Some(embedded) = store::embedded(line)? {
        return Ok(embedded);
    }
    Err(SpecError::Unknown {
        line: line.to_owned(),
        known: names()?.join(", "),
    })
}

/// A line by name: the user's own first, then the built-in one.
///
/// # Errors
/// When there is none, or the user's own can't be read.
pub fn find(line: &str) -> Result<SpecLine, SpecError> {
    let home = store::home().ok();
    if let Some(home) = &home
        && let Some(own) = store::own(line, home)?
    {
        return Ok(own);
    }
    embedded(line)
}

/// The names of all lines there are, sorted: `3.0`.
///
/// # Errors
/// When the folder of the user's own can't be read.
pub fn names() -> Result<Vec<String>, SpecError> {
    let mut names: Vec<String> = store::embedded_lines().map(str::to_owned).collect();
    if let Ok(home) = store::home() {
        names.extend(store::own_lines(&home)?);
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// All lines there are, sorted by name.
///
/// # Errors
/// When one of the user's own can't be read.
pub fn list() -> Result<Vec<Listed>, SpecError> {
    let own = match store::home() {
        Ok(home) => store::own_lines(&home)?,
        Err(_) => Vec::new(),
    };
    let row = |name: String| {
        let line = find(&name)?;
        Ok(Listed {
            version: line.facts.version.clone(),
            tools: line.facts.tools.len(),
            specialisms: line.specialisms(),
            definitions: line.definitions.schemas.len(),
            embedded: !own.contains(&name),
            source: line.source,
            line: name,
        })
    };
    names()?.into_iter().map(row).collect()
}
