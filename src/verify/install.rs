//! The official runner: `@adcp/sdk` from npm, pinned, installed once for each user.
//!
//! The package list and its lock are built into the tool, so that everybody runs the same code;
//! the lock names no registry, so that npm uses the one that it is configured for.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::VerifyError;
use super::error::tail;
use super::process::Group;

const PACKAGE: &str = include_str!("../../tests/storyboards/package.json");
const LOCK: &str = include_str!("../../tests/storyboards/package-lock.json");
const CLOCK: &str = include_str!("../../tests/storyboards/clock.cjs");

/// The oldest Node.js that the runner is run with.
const NODE: u32 = 20;
const PATIENCE: Duration = Duration::from_secs(600);
const INSTALL_NODE: &str = "install Node.js 20 or newer, with npm (https://nodejs.org, or your system's package manager), then try again";

/// The installed runner.
pub(super) struct Runner {
    /// The script that Node.js runs.
    pub(super) script: PathBuf,
    /// The script that moves Node's clock.
    pub(super) clock: PathBuf,
}

/// The runner's name and version, as the package list pins it: `@adcp/sdk 6.11.0`.
pub(super) fn version() -> String {
    let package: Value = serde_json::from_str(PACKAGE).unwrap_or_default();
    let pinned = package["dependencies"]["@adcp/sdk"]
        .as_str()
        .unwrap_or_default();
    format!("@adcp/sdk {pinned}")
}

/// Finds the runner, and installs it if this user has not run it before.
pub(super) fn runner(progress: &dyn Fn(&str)) -> Result<Runner, VerifyError> {
    check_node()?;
    let folder = cache()?.join(format!("runner-{}", fingerprint()));
    if !folder.exists() {
        progress("installing the storyboard runner");
        install(&folder)?;
    }
    let script = folder.join("node_modules/@adcp/sdk/bin/adcp.js");
    Ok(Runner {
        script,
        clock: folder.join("clock.cjs"),
    })
}

fn check_node() -> Result<(), VerifyError> {
    let missing = |what: String| VerifyError::Missing {
        what,
        remedy: INSTALL_NODE,
    };
    let Ok(node) = Command::new("node")
        .arg("--version")
        .stderr(Stdio::null())
        .output()
    else {
        return Err(missing(
            "the storyboard runner needs Node.js, and `node` is not on the path".to_owned(),
        ));
    };
    let version = String::from_utf8_lossy(&node.stdout).trim().to_owned();
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= NODE => Ok(()),
        _ => Err(missing(format!(
            "the storyboard runner needs Node.js {NODE} or newer, and `node --version` says {version:?}"
        ))),
    }
}

/// `$ADCP_SCAFFOLD_CACHE`, or `adcp-scaffold` in the XDG cache folder.
fn cache() -> Result<PathBuf, VerifyError> {
    let variable = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(cache) = variable("ADCP_SCAFFOLD_CACHE") {
        return Ok(cache);
    }
    let base =
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    let base = base
        .or_else(|| variable("LOCALAPPDATA"))
        .ok_or(VerifyError::Missing {
            what: "there is no folder to install the storyboard runner into".to_owned(),
            remedy: "set ADCP_SCAFFOLD_CACHE to one",
        })?;
    Ok(base.join("adcp-scaffold"))
}

/// Changes whenever what is installed changes.
fn fingerprint() -> String {
    let digest = Sha256::new()
        .chain_update(PACKAGE)
        .chain_update(LOCK)
        .chain_update(CLOCK)
        .finalize();
    digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Installs beside the folder and renames, so that the folder is whole or not there.
fn install(folder: &Path) -> Result<(), VerifyError> {
    let unwritable = |source| VerifyError::unwritable(folder, source);
    let parent = folder.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(unwritable)?;
    let staged = tempfile::Builder::new()
        .prefix("installing-")
        .tempdir_in(parent)
        .map_err(unwritable)?;
    for (name, text) in [
        ("package.json", PACKAGE),
        ("package-lock.json", LOCK),
        ("clock.cjs", CLOCK),
    ] {
        std::fs::write(staged.path().join(name), text).map_err(unwritable)?;
    }
    let log = staged.path().join("npm.log");
    let output = std::fs::File::create(&log).map_err(unwritable)?;
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command
        .args([
            "ci",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefer-offline",
        ])
        .current_dir(staged.path())
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(unwritable)?)
        .stderr(output);
    let status = match Group::spawn(command) {
        Ok(mut group) => group.wait(PATIENCE)?,
        Err(VerifyError::Program { source, .. })
            if source.kind() == std::io::ErrorKind::NotFound =>
        {
            return Err(VerifyError::Missing {
                what: "the storyboard runner is installed by npm, and `npm` is not on the path"
                    .to_owned(),
                remedy: INSTALL_NODE,
            });
        }
        Err(error) => return Err(error),
    };
    if !status.is_some_and(|status| status.success()) {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        return Err(VerifyError::Install {
            folder: folder.to_owned(),
            tail: tail(&said),
        });
    }
    match std::fs::rename(staged.path(), folder) {
        // Another run was faster, with the same content.
        Err(_) if folder.exists() => Ok(()),
        renamed => renamed.map_err(unwritable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_pins_the_version_of_the_package_list_and_names_no_registry() {
        let lock: Value = serde_json::from_str(LOCK).expect("JSON");
        let locked = &lock["packages"]["node_modules/@adcp/sdk"]["version"];
        assert_eq!(
            format!("@adcp/sdk {}", locked.as_str().expect("a version")),
            version()
        );
        assert!(
            !LOCK.contains("\"resolved\""),
            "regenerate with omit-lockfile-registry-resolved=true"
        );
    }
}
