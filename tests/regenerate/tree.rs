//! Folders as data: reading and writing small trees, and rendered files made from them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use adcp_scaffold::render::{RenderedFile, Zone};
use adcp_scaffold::workspace::{Disk, LocalDisk, Mode, Stamp};

/// Contents by path, `/` between segments.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

/// Every file below `root`, without the tool's own folder. A link is read as `link to TARGET`.
pub(crate) fn read(root: &Path) -> Tree {
    let mut tree = Tree::new();
    if root.exists() {
        collect(root, "", &mut tree);
    }
    tree
}

fn collect(folder: &Path, prefix: &str, tree: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        let kind = entry.file_type().unwrap();
        if kind.is_symlink() {
            let target = fs::read_link(entry.path()).unwrap();
            tree.insert(path, format!("link to {}", target.display()).into_bytes());
        } else if kind.is_dir() {
            if path != ".adcp" && path != "target" {
                collect(&entry.path(), &format!("{path}/"), tree);
            }
        } else {
            tree.insert(path, fs::read(entry.path()).unwrap());
        }
    }
}

/// Makes the files below `root` be `tree`: others are removed, the tool's own folder stays.
pub(crate) fn write(root: &Path, tree: &Tree) {
    for path in read(root).keys().filter(|path| !tree.contains_key(*path)) {
        fs::remove_file(root.join(path)).unwrap();
    }
    for (path, contents) in tree {
        let place = root.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, contents).unwrap();
    }
}

/// The tree as if a template had emitted it: `wire/` and `runtime/` are generated.
pub(crate) fn rendered(tree: &Tree) -> Vec<RenderedFile> {
    tree.iter()
        .map(|(path, contents)| RenderedFile {
            path: path.clone(),
            zone: if path.starts_with("wire/") || path.starts_with("runtime/") {
                Zone::Generated
            } else {
                Zone::Seeded
            },
            contents: String::from_utf8(contents.clone()).unwrap(),
            executable: contents.starts_with(b"#!"),
        })
        .collect()
}

/// A stamp that differs from others by its manifest.
pub(crate) fn stamp(manifest_hash: &str) -> Stamp {
    Stamp {
        tool: "0.1.0".to_owned(),
        runtime: "0.1.0".to_owned(),
        spec: "3.0".to_owned(),
        spec_version: "3.0.18".to_owned(),
        spec_hash: "spec".to_owned(),
        manifest_hash: manifest_hash.to_owned(),
    }
}

/// The tree as text, for assertions that show what differs.
pub(crate) fn shown(tree: &Tree) -> BTreeMap<&str, String> {
    tree.iter()
        .map(|(path, contents)| {
            (
                path.as_str(),
                String::from_utf8_lossy(contents).into_owned(),
            )
        })
        .collect()
}

/// The disk of this machine without waiting for it: tests do not outlive a loss of power.
pub(crate) struct Hasty;

impl Disk for Hasty {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        LocalDisk.create_directory(path)
    }
    fn write(&self, path: &Path, contents: &[u8], mode: &Mode, _durable: bool) -> io::Result<()> {
        LocalDisk.write(path, contents, mode, false)
    }
    fn sync_directory(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        LocalDisk.rename(from, to)
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        LocalDisk.remove_file(path)
    }
    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        LocalDisk.remove_directory(path)
    }
}
