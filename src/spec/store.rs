//! Where imported lines are kept: built into the tool, and in the user's data folder.
//!
//! A line is three files: `source.toml` (where it comes from), `facts.json` (tools, error codes,
//! specialisms) and `definitions.json` (schemas and their origin). They are the same in both
//! places, sorted and indented, so that two versions can be compared with diff.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::definitions::{Definitions, Keep};
use super::names::Names;
use super::{Facts, Source, SpecError, SpecLine, import};

/// The files of one stored line.
struct Stored<'a> {
    line: &'a str,
    source: &'a str,
    facts: &'a str,
    definitions: &'a str,
}

/// What is built in.
const EMBEDDED: &[Stored<'static>] = &[Stored {
    line: "3.0",
    source: include_str!("../../schemas/3.0/source.toml"),
    facts: include_str!("../../schemas/3.0/facts.json"),
    definitions: include_str!("../../schemas/3.0/definitions.json"),
}];

const SOURCE: &str = "source.toml";
const FACTS: &str = "facts.json";
const DEFINITIONS: &str = "definitions.json";
const NAMES: &str = "names.toml";

#[derive(Serialize, Deserialize)]
struct Document {
    sources: std::collections::BTreeMap<String, String>,
    definitions: std::collections::BTreeMap<String, Value>,
}

/// The lines that are built in, oldest first.
pub fn embedded_lines() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|stored| stored.line)
}

/// A built-in line.
///
/// # Errors
/// Never for what we ship; a test reads every built-in line.
pub fn embedded(line: &str) -> Result<Option<SpecLine>, SpecError> {
    EMBEDDED
        .iter()
        .find(|stored| stored.line == line)
        .map(|stored| read(stored, None))
        .transpose()
}

/// The folder in which the user's own lines lie: `$ADCP_SCAFFOLD_HOME`, or `adcp-scaffold/specs`
/// in the XDG data folder.
///
/// # Errors
/// When none of the environment variables is set.
pub fn home() -> Result<PathBuf, SpecError> {
    let variable = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(home) = variable("ADCP_SCAFFOLD_HOME") {
        return Ok(home);
    }
    let data = variable("XDG_DATA_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("adcp-scaffold").join("specs"))
        .ok_or(SpecError::NoHome)
}

/// Imports a bundle and keeps it below `home`, replacing what was there for its line.
///
/// # Errors
/// What [`import::import`] refuses, and what the file system refuses.
pub fn add(path: &Path, home: &Path) -> Result<SpecLine, SpecError> {
    let own_names = optional(&home.join(NAMES))?;
    let line = import::import(path, Keep::Descriptions, None, own_names.as_deref())?;
    save(&line, &home.join(&line.line))?;
    Ok(line)
}

/// Writes a line's three files into a folder.
///
/// # Errors
/// What the file system refuses.
pub fn save(line: &SpecLine, folder: &Path) -> Result<(), SpecError> {
    let unwritable = |path: &Path, source| SpecError::Unwritable {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))?;
    let document = Document {
        sources: line.definitions.sources.clone(),
        definitions: line.definitions.schemas.clone(),
    };
    let files = [
        (
            SOURCE,
            toml::to_string(&line.source).map_err(|error| damaged(&line.line, &error))?,
        ),
        (
            FACTS,
            pretty(&line.facts).map_err(|error| damaged(&line.line, &error))?,
        ),
        (
            DEFINITIONS,
            pretty(&document).map_err(|error| damaged(&line.line, &error))?,
        ),
    ];
    for (name, text) in files {
        // Written beside and renamed, so that a crash leaves the old file or the new one.
        let path = folder.join(name);
        let beside = folder.join(format!("{name}.new"));
        fs::write(&beside, text).map_err(|source| unwritable(&beside, source))?;
        fs::rename(&beside, &path).map_err(|source| unwritable(&path, source))?;
    }
    Ok(())
}

/// The user's line of that name below `home`, if there is one.
///
/// # Errors
/// When it can't be read or is damaged.
pub fn own(line: &str, home: &Path) -> Result<Option<SpecLine>, SpecError> {
    let folder = home.join(line);
    let Some(source) = optional(&folder.join(SOURCE))? else {
        return Ok(None);
    };
    let facts = optional(&folder.join(FACTS))?.ok_or_else(|| damaged(line, "no facts.json"))?;
    let definitions =
        optional(&folder.join(DEFINITIONS))?.ok_or_else(|| damaged(line, "no definitions.json"))?;
    let own_names = optional(&home.join(NAMES))?;
    let stored = Stored {
        line,
        source: &source,
        facts: &facts,
        definitions: &definitions,
    };
    read(&stored, own_names.as_deref()).map(Some)
}

/// The names of the user's lines below `home`, sorted.
///
/// # Errors
/// When the folder exists and can't be read.
pub fn own_lines(home: &Path) -> Result<Vec<String>, SpecError> {
    let unreadable = |source| SpecError::Unreadable {
        path: home.to_owned(),
        source,
    };
    let entries = match fs::read_dir(home) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut lines = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        if entry.path().join(SOURCE).is_file() {
            lines.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    lines.sort();
    Ok(lines)
}

fn read(stored: &Stored<'_>, own_names: Option<&str>) -> Result<SpecLine, SpecError> {
    let line = stored.line;
    let source: Source = toml::from_str(stored.source).map_err(|error| damaged(line, &error))?;
    let facts: Facts = serde_json::from_str(stored.facts).map_err(|error| damaged(line, &error))?;
    let document: Document =
        serde_json::from_str(stored.definitions).map_err(|error| damaged(line, &error))?;
    let definitions = Definitions {
        schemas: document.definitions,
        sources: document.sources,
    };
    Ok(SpecLine {
        line: line.to_owned(),
        facts,
        definitions,
        names: Names::for_line(line, own_names)?,
        source,
    })
}

fn optional(path: &Path) -> Result<Option<String>, SpecError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SpecError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

fn damaged(line: &str, reason: impl ToString) -> SpecError {
    SpecError::Stored {
        line: line.to_owned(),
        reason: reason.to_string(),
    }
}

/// JSON with one space of indentation: a megabyte of schemas would double with more.
fn pretty(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut bytes, formatter,
    ))?;
    bytes.push(b'\n');
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
