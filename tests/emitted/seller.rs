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
        let runtime = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime");
        let manifest = format!(
            "name = {name:?}\nadcp = \"3.0\"\nspecialisms = [\"sales-non-guaranteed\"]\n{more}\n\
             [pricing]\n{pricing}\n\n[runtime]\npath = {runtime:?}\n"
        );
        Seller::from_manifest(name, &manifest)
    }

    /// `adcp-scaffold new NAME --manifest FILE`.
    pub(crate) fn from_manifest(name: &str, manifest: &str) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), manifest).expect("the manifest is written");
        Seller::generate(
            name,
            &["--manifest", file.path().to_str().expect("a path in UTF-8")],
        )
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

    /// Runs `cargo` in the seller's folder; it must succeed.
    pub(crate) fn cargo(&self, arguments: &[&str]) {
        let output = shared(
            Command::new(env!("CARGO"))
                .args(arguments)
                .current_dir(&self.folder),
        );
        assert!(
            output.status.success(),
            "cargo {arguments:?}: {}",
            said(&output)
        );
    }
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
