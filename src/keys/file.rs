//! A private key's file: made once, for its owner's eyes only.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::{KeyError, Private};

/// Writes a private key to a file that is not there yet, readable by its owner alone (mode 0600, where
/// the system knows modes).
///
/// # Errors
/// The file is there, its folder is not, or it can't be written; then nothing is left of it.
pub fn write(path: &Path, key: &Private) -> Result<(), KeyError> {
    let shown = || path.display().to_string();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => KeyError::Occupied(shown()),
        // Some file systems say of a folder that takes no files that the file is not there.
        ErrorKind::NotFound | ErrorKind::NotADirectory if !folder_of(path).is_dir() => {
            KeyError::NoFolder(shown())
        }
        _ => KeyError::Io {
            what: "write",
            path: shown(),
            source,
        },
    })?;
    let written = file
        .write_all(key.text().as_bytes())
        .and_then(|()| file.sync_all());
    written.map_err(|source| {
        // Half a key is none, and would be in the way of the next attempt.
        let _ = std::fs::remove_file(path);
        KeyError::Io {
            what: "write",
            path: shown(),
            source,
        }
    })
}

/// The folder that a file is to lie in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::keys::{Algorithm, Purpose, make};

    #[test]
    fn a_key_is_its_owners_and_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let key = make(Algorithm::Ed25519, Purpose::Webhook, Some("key-1")).unwrap();
        let path = folder.path().join("key.json");
        write(&path, &key.private).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let before = std::fs::read(&path).unwrap();
        let again = write(&path, &key.private).unwrap_err();
        assert!(matches!(again, KeyError::Occupied(_)), "{again}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        for nowhere in [folder.path().join("no/key.json"), path.join("key.json")] {
            let refused = write(&nowhere, &key.private).unwrap_err();
            assert!(matches!(refused, KeyError::NoFolder(_)), "{refused}");
        }
        #[cfg(target_os = "linux")]
        {
            let refused = write(Path::new("/proc/key.json"), &key.private).unwrap_err();
            assert!(matches!(refused, KeyError::Io { .. }), "{refused}");
        }
        for wrong in ["", "a key", "k\u{e9}y", "a\"b", &"k".repeat(129)] {
            let refused = make(Algorithm::Ed25519, Purpose::Webhook, Some(wrong)).err();
            assert!(matches!(refused, Some(KeyError::Kid(_))), "{wrong:?}");
        }
    }
}
