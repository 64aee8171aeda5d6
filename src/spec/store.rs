//! Where imported lines are kept: built into the tool, and in the user's data folder.
//!
//! A built-in line is three files: `source.toml` (where it comes from), `facts.json` (tools, error
//! codes, specialisms) and `definitions.json` (schemas and their origin). One of the user's own is
//! one file with the same three parts, `3.1.json`, so that one rename replaces it: whatever stops
//! the work, the old line is there or the new one, whole. It carries a hash of its contents, which
//! is compared on reading. All are sorted and indented, so that two versions can be compared with
//! diff.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::bundle::hexadecimal;
use super::definitions::{Definitions, Keep};
use super::names::Names;
use super::{Facts, Source, SpecError, SpecLine, descriptions, import};

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

/// `definitions.json`.
#[derive(Serialize, Deserialize)]
struct Document {
    sources: BTreeMap<String, String>,
    definitions: BTreeMap<String, Value>,
}

/// The three parts of a line.
#[derive(Serialize, Deserialize)]
struct Contents {
    source: Source,
    facts: Facts,
    definitions: Document,
}

/// The file of one of the user's own lines.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// SHA-256 of the contents as [`pretty`] writes them, in hexadecimal.
    sha256: String,
    contents: Contents,
}

/// What [`add`] has done.
#[derive(Clone, Debug, PartialEq)]
pub struct Added {
    /// The line as it is now.
    pub line: SpecLine,
    /// What answered to its name before: the user's own, or a built-in one.
    pub replaced: Option<Replaced>,
}

/// A line that another one takes the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The exact version: `3.0.18`.
    pub version: String,
    /// Whether it is built in, and so comes back when the user's own is removed.
    pub embedded: bool,
    /// Whether it is a later version than the new one.
    pub newer: bool,
    /// Tools that it had and the new one has not.
    pub lost_tools: Vec<String>,
}

/// Whether a text is written like the name of a line: two numbers and a dot.
pub fn is_line(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.')
        .is_some_and(|(major, minor)| number(major) && number(minor))
}

/// The lines that are built in, oldest first.
pub fn embedded_lines() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|stored| stored.line)
}

/// A built-in line.
///
/// # Errors
/// When its files are damaged, which would be our fault; a test reads every built-in line.
pub fn embedded(line: &str) -> Result<Option<SpecLine>, SpecError> {
    EMBEDDED
        .iter()
        .find(|stored| stored.line == line)
        .map(|stored| read(stored, None).map_err(ours))
        .transpose()
}

/// What is built in can't be added again.
fn ours(error: SpecError) -> SpecError {
    match error {
        SpecError::Stored { line, reason } => {
            SpecError::built_in(format!("schemas/{line}"), &reason)
        }
        other => other,
    }
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

/// Imports a bundle and keeps it below `home`, replacing what was there for its line. `label` says
/// where it comes from; the path by default.
///
/// # Errors
/// What [`import::import`] refuses, and what the file system refuses; the line is then as it was.
pub fn add(path: &Path, home: &Path, label: Option<&str>) -> Result<Added, SpecError> {
    let own_names = optional(&home.join(NAMES))?;
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let label = label.map_or_else(|| place.display().to_string(), str::to_owned);
    let line = import::import(path, Keep::Descriptions, Some(&label), own_names.as_deref())?;
    let replaced = replaced(&line, home);
    keep(&line, home)?;
    Ok(Added { line, replaced })
}

/// What answers to the line's name before it is added. A damaged one is replaced without a word.
fn replaced(line: &SpecLine, home: &Path) -> Option<Replaced> {
    let own = own(&line.line, home).ok().flatten();
    let embedded = own.is_none();
    let before = own.or_else(|| self::embedded(&line.line).ok().flatten())?;
    let lost = |tool: &String| !line.facts.tools.contains_key(tool);
    Some(Replaced {
        lost_tools: before
            .facts
            .tools
            .keys()
            .filter(|tool| lost(tool))
            .cloned()
            .collect(),
        newer: age(&before.facts.version) > age(&line.facts.version),
        version: before.facts.version,
        embedded,
    })
}

/// Orders exact versions: by their numbers, and a pre-release before its release.
fn age(version: &str) -> (Vec<u64>, bool) {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers = core.split('.').map(|part| part.parse().unwrap_or_default());
    (numbers.collect(), !version.contains('-'))
}

fn keep(line: &SpecLine, home: &Path) -> Result<(), SpecError> {
    let contents = Contents {
        source: line.source.clone(),
        facts: line.facts.clone(),
        definitions: document(line),
    };
    let kept = Kept {
        sha256: hash(&contents).map_err(|error| damaged(&line.line, &error))?,
        contents,
    };
    let text = pretty(&kept).map_err(|error| damaged(&line.line, &error))?;
    let path = file_of(&line.line, home);
    let unwritable = |source| SpecError::Unwritable {
        path: path.clone(),
        source,
    };
    fs::create_dir_all(home).map_err(unwritable)?;
    // Dropped, and so removed, when anything below fails.
    let mut beside = tempfile::NamedTempFile::new_in(home).map_err(unwritable)?;
    io::Write::write_all(&mut beside, text.as_bytes()).map_err(unwritable)?;
    beside.as_file().sync_all().map_err(unwritable)?;
    beside
        .persist(&path)
        .map_err(|refused| unwritable(refused.error))?;
    Ok(())
}

/// Removes the user's line of that name from below `home`, damaged or not. `false` when there is
/// none.
///
/// # Errors
/// What the file system refuses.
pub fn remove(line: &str, home: &Path) -> Result<bool, SpecError> {
    if !is_line(line) {
        return Ok(false);
    }
    let path = file_of(line, home);
    match fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(SpecError::Unwritable { path, source }),
    }
}

fn file_of(line: &str, home: &Path) -> PathBuf {
    home.join(format!("{line}.json"))
}

/// Writes a line's three files into a folder, for building it in.
///
/// # Errors
/// What the file system refuses.
pub fn save(line: &SpecLine, folder: &Path) -> Result<(), SpecError> {
    let unwritable = |path: &Path, source| SpecError::Unwritable {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))?;
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
            pretty(&document(line)).map_err(|error| damaged(&line.line, &error))?,
        ),
    ];
    // All are written beside before the first is renamed: a full disk leaves the old ones.
    let beside = |name: &str| folder.join(format!("{name}.new"));
    for (name, text) in files {
        fs::write(beside(name), text).map_err(|source| unwritable(&beside(name), source))?;
    }
    for name in [SOURCE, FACTS, DEFINITIONS] {
        let path = folder.join(name);
        fs::rename(beside(name), &path).map_err(|source| unwritable(&path, source))?;
    }
    Ok(())
}

/// The user's line of that name below `home`, if there is one.
///
/// # Errors
/// When it can't be read, was changed by hand, or is another line under that name.
pub fn own(line: &str, home: &Path) -> Result<Option<SpecLine>, SpecError> {
    let Some(text) = optional(&file_of(line, home))? else {
        return Ok(None);
    };
    let kept: Kept = serde_json::from_str(&text).map_err(|error| damaged(line, &error))?;
    if hash(&kept.contents).map_err(|error| damaged(line, &error))? != kept.sha256 {
        return Err(damaged(line, "its contents are not those that were added"));
    }
    let version = &kept.contents.facts.version;
    if import::line_of(version)? != line {
        return Err(damaged(line, format!("it holds AdCP {version}")));
    }
    let own_names = optional(&home.join(NAMES))?;
    assemble(line, kept.contents, own_names.as_deref()).map(Some)
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
        let name = entry.map_err(unreadable)?.file_name();
        if let Some(line) = name.to_string_lossy().strip_suffix(".json")
            && is_line(line)
        {
            lines.push(line.to_owned());
        }
    }
    lines.sort();
    Ok(lines)
}

fn read(stored: &Stored<'_>, own_names: Option<&str>) -> Result<SpecLine, SpecError> {
    let line = stored.line;
    let contents = Contents {
        source: toml::from_str(stored.source).map_err(|error| damaged(line, &error))?,
        facts: serde_json::from_str(stored.facts).map_err(|error| damaged(line, &error))?,
        definitions: serde_json::from_str(stored.definitions)
            .map_err(|error| damaged(line, &error))?,
    };
    assemble(line, contents, own_names)
}

fn assemble(
    line: &str,
    contents: Contents,
    own_names: Option<&str>,
) -> Result<SpecLine, SpecError> {
    Ok(SpecLine {
        line: line.to_owned(),
        facts: contents.facts,
        definitions: Definitions {
            schemas: contents.definitions.definitions,
            sources: contents.definitions.sources,
        },
        names: Names::for_line(line, own_names)?,
        descriptions: descriptions::read()?,
        source: contents.source,
    })
}

fn document(line: &SpecLine) -> Document {
    Document {
        sources: line.definitions.sources.clone(),
        definitions: line.definitions.schemas.clone(),
    }
}

fn hash(contents: &Contents) -> Result<String, serde_json::Error> {
    Ok(hexadecimal(&Sha256::digest(pretty(contents)?.as_bytes())))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number_and_release() {
        let ordered = ["3.0.0-rc.1", "3.0.0", "3.0.6", "3.0.18", "3.1.0"];
        for pair in ordered.windows(2) {
            assert!(age(pair[0]) < age(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn a_damaged_built_in_line_is_said_to_be_our_fault() {
        let damaged = Stored {
            line: "3.0",
            source: EMBEDDED[0].source,
            facts: "{",
            definitions: EMBEDDED[0].definitions,
        };
        let error = read(&damaged, None).map_err(ours).expect_err("damaged");
        let said = error.to_string();
        assert!(matches!(error, SpecError::BuiltIn { .. }), "{said}");
        assert!(
            said.starts_with("adcp-scaffold's own schemas/3.0 is damaged: EOF while parsing"),
            "{said}"
        );
    }
}
