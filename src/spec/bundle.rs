//! Reading an official bundle into memory: a folder or a gzipped tar archive.
//!
//! Nothing is ever unpacked to disk, no link is followed, and every size is limited before it is
//! read, so a hostile archive can do no more than be refused.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::SpecError;

/// No schema file is anywhere near this large.
const FILE_LIMIT: u64 = 8 * 1024 * 1024;
/// Nor any bundle, unpacked.
const TOTAL_LIMIT: u64 = 256 * 1024 * 1024;
/// Nor has any this many files.
const COUNT_LIMIT: usize = 40_000;
/// How much an archive may hold behind its last entry; tar fills its last record with zeros, in
/// practice 10 KiB at most.
const MOST_PADDING: u64 = 1024 * 1024;
/// Folders of the schema root that hold copies or leftovers of what lies beside them.
const LEFT_OUT: &[&str] = &["mcp", "tmp"];
/// The folder of copies with all references written out: a hundred times as large as the rest,
/// so it is not even read.
const COPIES: &str = "bundled";

/// The schema files of one AdCP version.
#[derive(Debug)]
pub struct Bundle {
    /// Parsed files by their path below the schema root, with `/` on every system.
    pub files: BTreeMap<String, Value>,
    /// The bundle's `manifest.json`.
    pub manifest: Value,
    /// SHA-256 over names and contents of the files, in hexadecimal.
    pub sha256: String,
    /// Folders that were left out on purpose, and files that are no schemas.
    pub left_out: Vec<String>,
}

/// Reads the bundle at `path`, which may also be a package that holds one further down.
///
/// # Errors
/// Everything that [`SpecError`] says about bundles.
pub fn read(path: &Path) -> Result<Bundle, SpecError> {
    let meta = fs::metadata(path).map_err(|source| unreadable(path, source))?;
    let raw = if meta.is_dir() {
        let mut raw = Raw::new(path);
        raw.folder(path, "")?;
        raw
    } else {
        verify_checksum(path)?;
        archive(path)?
    };
    let root = schema_root(path, &raw.files)?;
    assemble(&root, raw)
}

fn unreadable(path: &Path, source: io::Error) -> SpecError {
    SpecError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

/// File contents by path, while they are collected.
struct Raw<'a> {
    origin: &'a Path,
    files: BTreeMap<String, Vec<u8>>,
    total: u64,
    /// Whether the folder of copies was there.
    copies: bool,
}

impl<'a> Raw<'a> {
    fn new(origin: &'a Path) -> Self {
        Self {
            origin,
            files: BTreeMap::new(),
            total: 0,
            copies: false,
        }
    }

    fn folder(&mut self, folder: &Path, below: &str) -> Result<(), SpecError> {
        let entries = fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
        for entry in entries {
            let entry = entry.map_err(|source| unreadable(folder, source))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            // `file_type` does not follow links, so a loop of them can't be entered.
            let kind = entry
                .file_type()
                .map_err(|source| unreadable(&path, source))?;
            let inner = if below.is_empty() {
                name.clone()
            } else {
                format!("{below}/{name}")
            };
            if kind.is_dir() && name == COPIES {
                self.copies = true;
            } else if kind.is_dir() && !matches!(name.as_str(), "node_modules" | ".git") {
                self.folder(&path, &inner)?;
            } else if kind.is_file() && is_json(&inner) {
                let file = fs::File::open(&path).map_err(|source| unreadable(&path, source))?;
                self.add(inner, file)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, name: String, reader: impl Read) -> Result<(), SpecError> {
        let too_large = |what: String, limit: String| SpecError::TooLarge {
            path: self.origin.to_owned(),
            what,
            limit,
        };
        let mut contents = Vec::new();
        reader
            .take(FILE_LIMIT + 1)
            .read_to_end(&mut contents)
            .map_err(|source| unreadable(&self.origin.join(&name), source))?;
        if contents.len() as u64 > FILE_LIMIT {
            return Err(too_large(format!("file {name}"), "8 MiB".into()));
        }
        self.total += contents.len() as u64;
        if self.total > TOTAL_LIMIT {
            return Err(too_large("the bundle".into(), "256 MiB".into()));
        }
        if self.files.len() >= COUNT_LIMIT {
            return Err(too_large(
                "the number of files".into(),
                format!("{COUNT_LIMIT}"),
            ));
        }
        self.files.insert(name, contents);
        Ok(())
    }
}

fn is_json(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "json")
}

fn archive(path: &Path) -> Result<Raw<'_>, SpecError> {
    let broken = |source: &io::Error| SpecError::Archive {
        path: path.to_owned(),
        reason: source.to_string(),
    };
    let file = fs::File::open(path).map_err(|source| unreadable(path, source))?;
    let mut unpacked = tar::Archive::new(flate2::read::GzDecoder::new(io::BufReader::new(file)));
    let mut raw = Raw::new(path);
    for entry in unpacked.entries().map_err(|source| broken(&source))? {
        let entry = entry.map_err(|source| broken(&source))?;
        let name = entry.path().map_err(|source| broken(&source))?.into_owned();
        let name = safe_name(path, &name)?;
        let unsafe_entry = |reason| SpecError::UnsafeEntry {
            path: path.to_owned(),
            entry: name.clone(),
            reason,
        };
        match entry.header().entry_type() {
            _ if name.split('/').any(|part| part == COPIES) => raw.copies = true,
            tar::EntryType::Regular if is_json(&name) => {
                raw.add(name, entry).map_err(|error| match error {
                    SpecError::Unreadable { source, .. } => broken(&source),
                    other => other,
                })?
            }
            tar::EntryType::Symlink | tar::EntryType::Link if is_json(&name) => {
                return Err(unsafe_entry("is a link"));
            }
            _ => {}
        }
    }
    // The checksum of the compressed stream stands at its very end, so read on to there: an archive
    // that was cut short behind its last entry is damaged too.
    let mut rest = unpacked.into_inner().take(MOST_PADDING);
    io::copy(&mut rest, &mut io::sink()).map_err(|source| broken(&source))?;
    if rest.limit() == 0 {
        return Err(broken(&io::Error::other("it goes on behind its end")));
    }
    Ok(raw)
}

/// The entry's path with `/`, refused if it could leave the folder it is unpacked into.
fn safe_name(archive: &Path, name: &Path) -> Result<String, SpecError> {
    let mut parts = Vec::new();
    for part in name.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::CurDir => {}
            _ => {
                return Err(SpecError::UnsafeEntry {
                    path: archive.to_owned(),
                    entry: name.display().to_string(),
                    reason: "points outside of the archive",
                });
            }
        }
    }
    Ok(parts.join("/"))
}

/// If a file `<archive>.sha256` lies beside the archive, it must agree.
fn verify_checksum(path: &Path) -> Result<(), SpecError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".sha256");
    let beside = PathBuf::from(beside);
    let expected = match fs::read_to_string(&beside) {
        Ok(text) => text
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase(),
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(unreadable(&beside, source)),
    };
    if expected.len() != 64 || !expected.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(SpecError::NoChecksum {
            path: path.to_owned(),
        });
    }
    let mut file = fs::File::open(path).map_err(|source| unreadable(path, source))?;
    let mut digest = Sha256::new();
    let mut block = vec![0; 64 * 1024];
    loop {
        let read = file
            .read(&mut block)
            .map_err(|source| unreadable(path, source))?;
        if read == 0 {
            break;
        }
        digest.update(&block[..read]);
    }
    let found = hexadecimal(&digest.finalize());
    if found == expected {
        return Ok(());
    }
    Err(SpecError::Checksum {
        path: path.to_owned(),
        expected,
        found,
    })
}

/// The folder, as a prefix ending in `/` or empty, that holds the manifest.
fn schema_root(path: &Path, raw: &BTreeMap<String, Vec<u8>>) -> Result<String, SpecError> {
    let mut roots: Vec<&str> = raw
        .iter()
        .filter(|(name, contents)| {
            (*name == "manifest.json" || name.ends_with("/manifest.json")) && is_manifest(contents)
        })
        .map(|(name, _)| name.trim_end_matches("manifest.json"))
        .collect();
    // A root inside another root is a copy, not a second version.
    let all = roots.clone();
    roots.retain(|root| {
        !all.iter()
            .any(|other| other != root && root.starts_with(other))
    });
    match roots.as_slice() {
        [] => Err(SpecError::NotABundle {
            path: path.to_owned(),
        }),
        [root] => Ok((*root).to_owned()),
        several => Err(SpecError::Ambiguous {
            path: path.to_owned(),
            found: several
                .iter()
                .map(|root| root.trim_end_matches('/'))
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

fn is_manifest(contents: &[u8]) -> bool {
    serde_json::from_slice::<Value>(contents)
        .is_ok_and(|value| value.get("adcp_version").is_some() && value.get("tools").is_some())
}

fn assemble(root: &str, raw: Raw<'_>) -> Result<Bundle, SpecError> {
    let mut digest = Sha256::new();
    let mut files = BTreeMap::new();
    let mut manifest = Value::Null;
    let mut left_out: Vec<String> = raw
        .copies
        .then(|| format!("{COPIES}/"))
        .into_iter()
        .collect();
    for (name, contents) in raw.files {
        let Some(name) = name.strip_prefix(root) else {
            continue;
        };
        let folder = name.split('/').next().unwrap_or_default();
        if LEFT_OUT.contains(&folder) && name.contains('/') {
            let folder = format!("{folder}/");
            if !left_out.contains(&folder) {
                left_out.push(folder);
            }
            continue;
        }
        digest.update(name.as_bytes());
        digest.update([0]);
        digest.update(&contents);
        digest.update([0]);
        let value: Value = serde_json::from_slice(&contents).map_err(|error| SpecError::Json {
            file: name.to_owned(),
            line: error.line(),
            column: error.column(),
            reason: without_place(&error),
        })?;
        match name.rsplit('/').next() {
            Some("manifest.json") if name == "manifest.json" => manifest = value,
            Some("index.json" | "manifest.schema.json") => left_out.push(name.to_owned()),
            _ if value.is_object() => {
                files.insert(name.to_owned(), value);
            }
            _ => {
                return Err(SpecError::schema(
                    name,
                    "",
                    "a schema file must hold a JSON object",
                    "the bundle is damaged, fetch it again",
                ));
            }
        }
    }
    Ok(Bundle {
        files,
        manifest,
        sha256: hexadecimal(&digest.finalize()),
        left_out,
    })
}

/// What serde_json says, without the line and column, which stand before it.
fn without_place(error: &serde_json::Error) -> String {
    let said = error.to_string();
    said.split(" at line ").next().unwrap_or(&said).to_owned()
}

/// Lower-case hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
