//! One run of the official runner against a seller.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::boot::{Seller, TOKEN};
use super::install::Runner;
use super::process::Group;
use super::{Files, Options, VerifyError};

/// What the runner allows itself, in seconds. Webhook storyboards wait two minutes by design.
const RUNNER_TIMEOUT: u64 = 600;
/// When the runner is stopped from outside: it has overrun its own limit.
const PATIENCE: Duration = Duration::from_secs(RUNNER_TIMEOUT + 120);

/// Runs a bundle or storyboard, or without a name all that the seller's capabilities call for,
/// and answers the runner's report.
pub(super) fn run(
    runner: &Runner,
    seller: &Seller,
    name: Option<&str>,
    options: &Options,
    files: &Files,
) -> Result<String, VerifyError> {
    let create = |path| File::create(path).map_err(|source| VerifyError::unwritable(path, source));
    let mut command = Command::new("node");
    if let Some(clock) = &options.clock {
        // The seller's clock has run since it was started.
        let elapsed = seller.started.elapsed().as_millis().to_string();
        command.arg("--require").arg(&runner.clock);
        command
            .env("ADCP_SCAFFOLD_CLOCK", clock.as_str())
            .env("ADCP_SCAFFOLD_CLOCK_ELAPSED", elapsed);
    }
    command
        .arg(&runner.script)
        .args(["storyboard", "run", &seller.url])
        .args(name)
        .args(["--protocol", options.transport.word()])
        .args(["--auth", TOKEN, "--allow-http"])
        .args([
            "--timeout",
            &RUNNER_TIMEOUT.to_string(),
            "--json",
            "--summary-output",
        ])
        .arg(&files.summary)
        // Last: a word after it would be taken for its mode.
        .arg("--webhook-receiver")
        .env("NO_COLOR", "1")
        .env("NO_PROXY", no_proxy())
        .stdin(Stdio::null())
        .stdout(create(&files.report)?)
        .stderr(create(&files.runner_log)?);
    let mut process = Group::spawn(command)?;
    if process.wait(PATIENCE)?.is_none() {
        return Err(VerifyError::RunnerTimeout {
            seconds: PATIENCE.as_secs(),
            log: files.runner_log.clone(),
        });
    }
    std::fs::read_to_string(&files.report)
        .map_err(|error| VerifyError::no_report(error, &files.runner_log))
}

/// Seller and runner are both on this machine, whatever proxy the user has.
fn no_proxy() -> OsString {
    let mut list = OsString::from("127.0.0.1,localhost");
    if let Some(more) = env::var_os("NO_PROXY").filter(|more| !more.is_empty()) {
        list.push(",");
        list.push(more);
    }
    list
}
