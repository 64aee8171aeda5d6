//! `cargo build` in the seller's folder.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use super::VerifyError;
use super::error::tail;
use super::process::Group;

/// Longer than any build that ends.
const PATIENCE: Duration = Duration::from_secs(3600);

/// One line of `cargo build --message-format=json`, as far as it concerns us.
#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
}

/// Builds the seller and answers where the program is.
pub(super) fn build(seller: &Path, release: bool) -> Result<PathBuf, VerifyError> {
    let seller = seller
        .canonicalize()
        .map_err(|source| VerifyError::program("cargo", source))?;
    let unwritable = |source| VerifyError::unwritable(&env::temp_dir(), source);
    // Files rather than pipes: nothing has to be read while the compiler works.
    let mut messages = tempfile::tempfile().map_err(unwritable)?;
    let mut complaints = tempfile::tempfile().map_err(unwritable)?;
    // Within `cargo run` or `cargo test`, `CARGO` is the cargo that started us.
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(&cargo);
    command
        .args([
            "build",
            "--bins",
            "--message-format=json-render-diagnostics",
        ])
        .args(release.then_some("--release"))
        .current_dir(&seller)
        .stdin(Stdio::null())
        .stdout(messages.try_clone().map_err(unwritable)?)
        .stderr(complaints.try_clone().map_err(unwritable)?);
    let status = match Group::spawn(command) {
        Ok(mut group) => group.wait(PATIENCE)?,
        Err(VerifyError::Program { source, .. })
            if source.kind() == std::io::ErrorKind::NotFound =>
        {
            return Err(VerifyError::Missing {
                what: "cargo is not on the path".to_owned(),
                remedy: "install Rust with rustup (https://rustup.rs), then try again",
            });
        }
        Err(error) => return Err(error),
    };
    if !status.is_some_and(|status| status.success()) {
        return Err(VerifyError::Build(tail(
            &text(&mut complaints).map_err(unwritable)?,
        )));
    }
    let messages = text(&mut messages).map_err(unwritable)?;
    let own = seller.join("Cargo.toml");
    let mut programs = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| {
            message.reason == "compiler-artifact" && message.manifest_path.as_ref() == Some(&own)
        })
        .filter_map(|message| message.executable);
    programs.next().ok_or(VerifyError::NoProgram(seller))
}

fn text(file: &mut File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
