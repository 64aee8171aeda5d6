//! Why there is no verdict.

use std::io;
use std::path::{Path, PathBuf};

/// Why there is no verdict. A failed step is not among the reasons.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A program that is needed is not there, or too old.
    #[error("{what}; {remedy}")]
    Missing {
        /// What is missing.
        what: String,
        /// What to install, and how.
        remedy: &'static str,
    },
    /// A program could not be started or waited for.
    #[error("can't run {program}")]
    Program {
        /// Which.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder could not be written.
    #[error("can't write {path}")]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The start instant is not one.
    #[error(
        "{0:?} is no instant; write one like 2026-03-10T00:00:00Z, or `system` for the machine's time"
    )]
    Clock(String),
    /// The seller does not compile.
    #[error("the seller does not build; the compiler says:\n{0}")]
    Build(String),
    /// `cargo build` made no program of the package's name.
    #[error("`cargo build` in {0} made no program; is there a src/main.rs?")]
    NoProgram(PathBuf),
    /// The seller ended before it was ready.
    #[error("the seller ended at start-up ({status}); its log, {log}, ends with:\n{tail}")]
    Crashed {
        /// How it ended.
        status: String,
        /// Where its log is.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// The seller runs but does not get ready.
    #[error(
        "the seller at {address} is not ready after {seconds} s; its log, {log}, ends with:\n{tail}"
    )]
    NotReady {
        /// Where it listens, or should.
        address: String,
        /// How long we waited.
        seconds: u64,
        /// Where its log is.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// npm could not install the runner.
    #[error(
        "npm can't install the storyboard runner into {folder}; it says:\n{tail}\n\ncheck that npm reaches its registry, then try again"
    )]
    Install {
        /// Where to.
        folder: PathBuf,
        /// npm's last lines.
        tail: String,
    },
    /// The runner did not end in time.
    #[error(
        "the storyboard runner has not ended after {seconds} s and was stopped; its log is {log}"
    )]
    RunnerTimeout {
        /// How long we waited.
        seconds: u64,
        /// Where its log is.
        log: PathBuf,
    },
    /// The runner ended without a report.
    #[error("the storyboard runner left no report ({reason}); its log, {log}, ends with:\n{tail}")]
    NoReport {
        /// What is wrong with what it left.
        reason: String,
        /// Where its log is.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// The runner graded nothing.
    #[error("the storyboard runner graded nothing: {headline}; its report is {report}")]
    NothingGraded {
        /// The runner's own words.
        headline: String,
        /// Where the report is.
        report: PathBuf,
    },
    /// Somebody pressed Ctrl-C.
    #[error("interrupted; everything that was started has been stopped")]
    Interrupted,
}

impl VerifyError {
    pub(super) fn unwritable(path: &Path, source: io::Error) -> Self {
        VerifyError::Unwritable {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn no_report(reason: impl ToString, log: &Path) -> Self {
        let said = std::fs::read_to_string(log).unwrap_or_default();
        VerifyError::NoReport {
            reason: reason.to_string(),
            log: log.to_owned(),
            tail: tail(&said),
        }
    }

    pub(super) fn program(program: impl Into<String>, source: io::Error) -> Self {
        VerifyError::Program {
            program: program.into(),
            source,
        }
    }
}

/// The last lines of a text, for a message.
pub(super) fn tail(text: &str) -> String {
    const LINES: usize = 25;
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
