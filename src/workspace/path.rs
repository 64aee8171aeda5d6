//! Which paths the tool may touch. Lock and journal are input that anybody can edit, so a path
//! from there is checked exactly like one from a template.

use std::path::{Path, PathBuf};

use crate::manifest::{FILE_NAME, SCHEMA_PATH};

/// The only thing that a folder may hold before it becomes a seller.
pub(super) const VERSION_CONTROL: &str = ".git";
/// The tool's own folder inside a seller.
pub(super) const OWN: &str = ".adcp";
/// What the tool wrote last: versions, zones and hashes.
pub(super) const LOCK: &str = ".adcp/lock.toml";
/// Pristine renders of the seeded zone, mirrored path by path so that a review shows them as files.
pub(super) const BASE: &str = ".adcp/base";
/// Where new contents wait for their rename.
pub(super) const STAGING: &str = ".adcp/staging";
/// The committed list of renames that a run still owes; it exists only while a swap is under way.
pub(super) const JOURNAL: &str = ".adcp/staging/journal.json";
/// Held locked by the running process, so that two runs do not interleave.
pub(super) const BUSY: &str = ".adcp/busy";
/// Keeps the two transient entries out of version control.
pub(super) const IGNORE: &str = ".adcp/.gitignore";
/// The adopter's manifest: written by `new`, never again.
pub(super) const MANIFEST: &str = FILE_NAME;

/// Device names that Windows reserves in every folder, with any ending.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Whether `path` is a plain relative path that means the same file on every platform: segments
/// separated by `/`, none empty, `.`, `..`, reserved or with characters that Windows refuses.
pub fn is_portable(path: &str) -> bool {
    !path.is_empty() && path.len() <= 400 && path.split('/').all(is_portable_segment)
}

fn is_portable_segment(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default();
    !segment.is_empty()
        && !segment.ends_with(['.', ' '])
        && !segment
            .chars()
            .any(|character| character.is_control() || "\\:*?\"<>|".contains(character))
        && !RESERVED.contains(&stem.to_ascii_lowercase().as_str())
}

/// Whether a rendered file may have this path: portable, not the manifest and not the tool's own,
/// save the manifest's schema, which lies where the adopter does not have to look at it.
pub(super) fn is_emittable(path: &str) -> bool {
    if path == SCHEMA_PATH {
        return true;
    }
    let lower = path.to_lowercase();
    is_portable(path) && lower != MANIFEST && lower.split('/').next() != Some(OWN)
}

/// Where the pristine render of a seeded file lies.
pub(super) fn base_of(path: &str) -> String {
    format!("{BASE}/{path}")
}

/// The place of a checked path on this machine.
pub(super) fn locate(root: &Path, path: &str) -> PathBuf {
    let mut place = root.to_path_buf();
    place.extend(path.split('/'));
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_leaves_the_folder_or_differs_between_platforms() {
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "a\\b",
            "C:/x",
            "a/con.rs",
            "nul",
            "a./b",
            "a\0b",
            "a\nb",
            "what?.rs",
        ] {
            assert!(!is_portable(path), "{path:?}");
        }
        for path in [
            "Cargo.toml",
            "src/main.rs",
            ".github/workflows/ci.yml",
            "a b/c-d_e.f.g",
        ] {
            assert!(is_portable(path), "{path:?}");
        }
    }

    #[test]
    fn keeps_rendered_files_out_of_the_tools_folder_and_off_the_manifest() {
        for path in [".adcp/lock.toml", ".ADCP/x", "seller.toml", "Seller.toml"] {
            assert!(!is_emittable(path), "{path:?}");
        }
        assert!(is_emittable("src/seller.toml"));
        assert!(is_emittable(SCHEMA_PATH));
    }
}
