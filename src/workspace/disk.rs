//! The steps by which the workspace changes a disk, as a trait, so that tests can fail or tear any
//! one of them. Reading goes straight to `std::fs`: it cannot harm a tree.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::Path;

/// Which permissions a written file gets.
#[derive(Debug, Clone)]
pub enum Mode {
    /// What the system gives a new file.
    Plain,
    /// The same, and executable by whoever may read it.
    Executable,
    /// Those of the file that it will replace.
    Like(Permissions),
}

/// Every step that changes a disk. A step either happens or fails; only [`Disk::write`] may be torn.
pub trait Disk {
    /// Makes one folder; one that exists already is fine.
    fn create_directory(&self, path: &Path) -> io::Result<()>;
    /// Writes a whole new file; with `durable`, returns when it has reached the disk.
    fn write(&self, path: &Path, contents: &[u8], mode: &Mode, durable: bool) -> io::Result<()>;
    /// Makes the entries of a folder durable.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
    /// Puts a file in the place of another, atomically.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes one file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes one empty folder.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            done => done,
        }
    }

    fn write(&self, path: &Path, contents: &[u8], mode: &Mode, durable: bool) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        file.write_all(contents)?;
        match mode {
            Mode::Plain => {}
            Mode::Executable => set_executable(&file)?,
            Mode::Like(permissions) => file.set_permissions(permissions.clone())?,
        }
        if durable {
            file.sync_all()?;
        }
        Ok(())
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        // Windows cannot open a folder as a file; its renames are journalled by the file system.
        if cfg!(unix) {
            File::open(path)?.sync_all()?;
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }
}

#[cfg(unix)]
fn set_executable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata()?.permissions().mode();
    file.set_permissions(Permissions::from_mode(mode | ((mode & 0o444) >> 2)))
}

#[cfg(not(unix))]
fn set_executable(_file: &File) -> io::Result<()> {
    Ok(())
}
