//! The runner's JSON report, as far as it counts.
//!
//! `tracks[].scenarios[]` has one entry for each phase, named `storyboard/phase`. Storyboards of
//! some tracks (security, transport) are never listed there but do count in `summary`.

use serde::Deserialize;
use serde_json::Value;

use super::{Files, VerifyError};

/// A whole report.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) overall_status: String,
    #[serde(default)]
    pub(super) tracks: Vec<Track>,
    pub(super) summary: Summary,
    #[serde(default)]
    pub(super) failures: Vec<Failed>,
    #[serde(default)]
    pub(super) storyboards_executed: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Track {
    #[serde(default)]
    pub(super) scenarios: Vec<Scenario>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Scenario {
    pub(super) scenario: String,
    #[serde(default)]
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Step {
    pub(super) step: String,
    #[serde(default)]
    pub(super) passed: bool,
    #[serde(default)]
    pub(super) skipped: bool,
    pub(super) skip_reason: Option<String>,
    /// Why it failed, or why it was skipped.
    pub(super) error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Summary {
    #[serde(default)]
    pub(super) headline: String,
    #[serde(default)]
    pub(super) steps_passed: usize,
    #[serde(default)]
    pub(super) steps_failed: usize,
    #[serde(default)]
    pub(super) steps_skipped: usize,
}

#[derive(Debug, Deserialize)]
pub(super) struct Failed {
    pub(super) storyboard_id: String,
    #[serde(default)]
    pub(super) step_id: String,
    #[serde(default)]
    pub(super) step_title: String,
    #[serde(default)]
    pub(super) task: String,
    pub(super) error: Option<Value>,
    pub(super) expected: Option<Value>,
    pub(super) validation: Option<Validation>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Validation {
    pub(super) description: Option<String>,
    pub(super) json_pointer: Option<Value>,
    pub(super) expected: Option<Value>,
    pub(super) actual: Option<Value>,
}

/// Reads a report, and makes sure that it grades something.
pub(super) fn read(text: &str, files: &Files) -> Result<Answer, VerifyError> {
    let answer: Answer = serde_json::from_str(text)
        .map_err(|error| VerifyError::no_report(error, &files.runner_log))?;
    let counted = answer.summary.steps_passed + answer.summary.steps_failed;
    if counted == 0 {
        let headline = match answer.summary.headline.lines().next() {
            Some(line) if !line.is_empty() => line.to_owned(),
            _ => answer.overall_status,
        };
        let report = files.report.clone();
        return Err(VerifyError::NothingGraded { headline, report });
    }
    Ok(answer)
}
