//! The runtime crate as the tool carries it, emitted into a seller so that nothing needs to be
//! published for it to build.

use include_dir::{Dir, DirEntry, include_dir};

use super::RenderError;
use super::file::{RenderedFile, Zone};

/// Where a seller keeps its copy.
pub(super) const FOLDER: &str = "runtime";

static SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runtime/src");
static MANIFEST: &str = include_str!("../../runtime/Cargo.toml");
/// Modules of the runtime stand in reading order, which `cargo fmt` in a seller has to know.
static FORMAT: &str = include_str!("../../rustfmt.toml");

/// The version of the runtime that the templates are written for.
pub(super) fn version() -> Result<String, RenderError> {
    MANIFEST
        .parse::<toml::Table>()
        .ok()
        .and_then(|manifest| {
            Some(
                manifest
                    .get("package")?
                    .get("version")?
                    .as_str()?
                    .to_owned(),
            )
        })
        .ok_or(RenderError::NoRuntimeVersion)
}

/// Every file of the crate, below [`FOLDER`].
pub(super) fn files() -> Result<Vec<RenderedFile>, RenderError> {
    let mut files = vec![
        file("Cargo.toml", MANIFEST.to_owned()),
        file("rustfmt.toml", FORMAT.to_owned()),
    ];
    collect(&SOURCES, &mut files)?;
    Ok(files)
}

fn collect(folder: &Dir<'_>, files: &mut Vec<RenderedFile>) -> Result<(), RenderError> {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) => collect(inner, files)?,
            DirEntry::File(source) => {
                let path = super::templates::portable(source.path());
                let text = source.contents_utf8().ok_or_else(|| RenderError::NotText {
                    template: path.clone(),
                })?;
                files.push(file(&format!("src/{path}"), text.to_owned()));
            }
        }
    }
    Ok(())
}

fn file(path: &str, contents: String) -> RenderedFile {
    RenderedFile {
        path: format!("{FOLDER}/{path}"),
        zone: Zone::Generated,
        contents,
        executable: false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_copy_stands_alone() {
        let manifest: toml::Table = MANIFEST.parse().unwrap();
        assert!(
            !MANIFEST.contains("workspace = true"),
            "a copy has no workspace to inherit from"
        );
        for section in ["test", "bench", "example", "bin"] {
            assert!(
                !manifest.contains_key(section),
                "[[{section}]] names a file that is not copied"
            );
        }
        for (name, dependency) in manifest["dependencies"].as_table().unwrap() {
            assert!(
                dependency.get("path").is_none(),
                "{name} points outside the copy"
            );
        }
        let files = files().unwrap();
        assert!(files.iter().any(|file| file.path == "runtime/src/lib.rs"));
    }
}
