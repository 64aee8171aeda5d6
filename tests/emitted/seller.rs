//! Sellers that tests generate and compile, with the program as users run it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A generated seller in a folder of its own.
pub(crate) struct Seller {
    folder: PathBuf,
    _parent: tempfile::TempDir,
}

impl Seller {
    /// `adcp-scaffold new NAME FLAGS…`.
    pub(crate) fn generate(name: &str, flags: &[&str]) -> Self {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = parent.path().join(name);
        let seller = Seller {
            folder,
            _parent: parent,
        };
        let folder = seller.folder.to_str().expect("a path in UTF-8");
        let output = scaffold(seller._parent.path(), &[&["new", folder], flags].concat());
        assert!(output.status.success(), "{}", said(&output));
        seller
    }

    /// A seller on this checkout's runtime instead of a copy, so that all such sellers share one
    /// compiled runtime. `pricing` is the table of that name, `more` are further keys.
    pub(crate) fn on_this_runtime(name: &str, pricing: &str, more: &str) -> Self {
        let manifest = format!(
            "name = {name:?}\nadcp = \"3.0\"\nspecialisms = [\"sales-non-guaranteed\"]\n{more}\n\
             [pricing]\n{pricing}\n"
        );
        Seller::from_manifest(name, &with_this_runtime(&manifest))
    }

    /// The seller of a manifest in `tests/matrix/`, on this checkout's runtime.
    pub(crate) fn of_matrix(name: &str) -> Self {
        let file = matrix().join(format!("{name}.toml"));
        let manifest = std::fs::read_to_string(file).expect("a manifest of the matrix");
        Seller::from_manifest(name, &with_this_runtime(&manifest))
    }

    /// `adcp-scaffold new NAME --manifest FILE`.
    pub(crate) fn from_manifest(name: &str, manifest: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("seller.toml");
        std::fs::write(&file, manifest).expect("the manifest is written");
        // What manifests of the matrix name lies beside them.
        for entry in std::fs::read_dir(matrix()).expect("the matrix") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|ending| ending == "json") {
                let name = path.file_name().expect("a name");
                std::fs::copy(&path, folder.path().join(name)).expect("a copy");
            }
        }
        let file = file.to_str().expect("a path in UTF-8");
        Seller::generate(name, &["--manifest", file])
    }

    /// Where it lies.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs `adcp-scaffold` in the seller's folder and answers what it printed; it must succeed.
    pub(crate) fn scaffold(&self, arguments: &[&str]) -> String {
        let (code, printed) = self.run(arguments);
        assert!(
            code == Some(0) || code == Some(1),
            "{arguments:?} ended with {code:?}"
        );
        printed
    }

    /// Runs `adcp-scaffold` in the seller's folder and answers its exit code and what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = scaffold(&self.folder, arguments);
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    }

    /// Runs `cargo` in the seller's folder, whatever becomes of it.
    pub(crate) fn try_cargo(&self, arguments: &[&str]) -> Output {
        shared(
            Command::new(env!("CARGO"))
                .args(arguments)
                .current_dir(&self.folder),
        )
    }

    /// Runs `cargo` in the seller's folder; it must succeed.
    pub(crate) fn cargo(&self, arguments: &[&str]) {
        let output = self.try_cargo(arguments);
        assert!(
            output.status.success(),
            "cargo {arguments:?}: {}",
            said(&output)
        );
    }
}

/// A manifest whose seller is built on this checkout's runtime.
pub(crate) fn with_this_runtime(manifest: &str) -> String {
    let runtime = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime");
    format!("{manifest}\n[runtime]\npath = {runtime:?}\n")
}

/// The folder with a manifest for each kind of seller.
pub(crate) fn matrix() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matrix")
}

/// The names of the manifests in it.
pub(crate) fn names_of_matrix() -> Vec<String> {
    let entries = std::fs::read_dir(matrix()).expect("the matrix");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let manifests = paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    let name = |path: PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    let mut names: Vec<String> = manifests.filter_map(name).collect();
    names.sort();
    names
}

fn scaffold(folder: &Path, arguments: &[&str]) -> Output {
    shared(
        Command::new(env!("CARGO_BIN_EXE_adcp-scaffold"))
            .args(arguments)
            .current_dir(folder),
    )
}

/// Runs a command that may compile: everything that tests compile goes to one folder, so that
/// dependencies are built once, and the storyboard runner is installed once beside it.
fn shared(command: &mut Command) -> Output {
    let target = target();
    command
        .env("CARGO_TARGET_DIR", &target)
        .env("ADCP_SCAFFOLD_CACHE", target.join("storyboard-runner"))
        .output()
        .expect("the command starts")
}

/// The folder to which everything that tests compile or install goes.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("ADCP_TEST_TARGET").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/emitted"),
        PathBuf::from,
    )
}

pub(crate) fn said(output: &Output) -> String {
    format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
