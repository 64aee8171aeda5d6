//! Files that a manifest names and that lie beside it, such as the schema of a recipe.
//!
//! A plan is made without touching a disk, so whoever asks for one says where such files come from.
//! What may be named is the plan's rule; nothing here judges a path or what a file says.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The largest companion that is read, in bytes: the same as for the manifest, for the same reason.
pub const MAX_BYTES: u64 = super::source::MAX_BYTES as u64;

/// Where the files come from that a manifest names.
pub trait Companions {
    /// The text of one, without a byte order mark. `path` is relative to the manifest, with `/`
    /// between its parts and without steps back.
    ///
    /// # Errors
    /// Why it can't be used as text.
    fn read(&self, path: &str) -> Result<String, Unreadable>;
}

/// Why a companion can't be read.
#[derive(Debug)]
pub enum Unreadable {
    /// There is no such file.
    Absent,
    /// It is a link, or below one, that leads out of the folder.
    Outside,
    /// There is something else of that name: a folder, a pipe.
    NotFile,
    /// It is larger than [`MAX_BYTES`].
    TooLarge,
    /// It is not UTF-8.
    NotText,
    /// What the operating system said.
    Io(io::Error),
}

/// The files in one folder, the manifest's.
#[derive(Clone, Debug)]
pub struct Beside(PathBuf);

impl Beside {
    /// Files below this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }
}

impl Companions for Beside {
    fn read(&self, path: &str) -> Result<String, Unreadable> {
        let mut place = self.0.clone();
        place.extend(path.split('/'));
        // Asked before opening: a pipe that nobody writes to would never open.
        let found = fs::metadata(&place).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unreadable::Absent,
            _ => Unreadable::Io(error),
        })?;
        if !found.is_file() {
            return Err(Unreadable::NotFile);
        }
        let folder = match self.0.as_os_str().is_empty() {
            true => Path::new("."),
            false => self.0.as_path(),
        };
        let (folder, target) = (fs::canonicalize(folder), fs::canonicalize(&place));
        if !target
            .map_err(Unreadable::Io)?
            .starts_with(folder.map_err(Unreadable::Io)?)
        {
            return Err(Unreadable::Outside);
        }
        let mut bytes = Vec::new();
        File::open(&place)
            .map_err(Unreadable::Io)?
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(Unreadable::Io)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Unreadable::TooLarge);
        }
        let text = String::from_utf8(bytes).map_err(|_| Unreadable::NotText)?;
        Ok(match text.strip_prefix('\u{feff}') {
            Some(text) => text.to_owned(),
            None => text,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_small_files_of_text_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let beside = Beside::new(folder.path());
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        fs::create_dir(folder.path().join("schemas")).unwrap();
        write("schemas/a.json", b"\xEF\xBB\xBF{}");
        write("latin.json", b"\xE9");
        write("fits.json", &vec![b' '; MAX_BYTES as usize]);
        write("large.json", &vec![b' '; MAX_BYTES as usize + 1]);
        assert_eq!(beside.read("schemas/a.json").unwrap(), "{}");
        assert!(beside.read("fits.json").is_ok());
        assert!(matches!(beside.read("b.json"), Err(Unreadable::Absent)));
        assert!(matches!(
            beside.read("fits.json/b.json"),
            Err(Unreadable::Absent)
        ));
        assert!(matches!(beside.read("schemas"), Err(Unreadable::NotFile)));
        #[cfg(unix)]
        {
            let elsewhere = tempfile::tempdir().unwrap();
            fs::write(elsewhere.path().join("a.json"), "{}").unwrap();
            let link = |target: &Path, name: &str| {
                std::os::unix::fs::symlink(target, folder.path().join(name)).unwrap();
            };
            link(Path::new("schemas/a.json"), "inside.json");
            link(&elsewhere.path().join("a.json"), "outside.json");
            link(elsewhere.path(), "folder");
            assert!(beside.read("inside.json").is_ok());
            for outside in ["outside.json", "folder/a.json"] {
                assert!(matches!(beside.read(outside), Err(Unreadable::Outside)));
            }
        }
        assert!(matches!(
            beside.read("latin.json"),
            Err(Unreadable::NotText)
        ));
        assert!(matches!(
            beside.read("large.json"),
            Err(Unreadable::TooLarge)
        ));
    }
}
