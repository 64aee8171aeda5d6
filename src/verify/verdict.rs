//! What the runner found, storyboard by storyboard.
//!
//! Serialised, a [`Verdict`] is what `adcp-scaffold verify --json` prints.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::report::{Answer, Failed, Step};
use super::{Options, install};

/// The result of `verify`.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The seller's folder.
    pub seller: PathBuf,
    /// The runner: `@adcp/sdk 6.11.0`.
    pub runner: String,
    /// How the runner called the seller: `mcp`.
    pub transport: &'static str,
    /// The instant at which runner and seller started; `null` is the machine's time.
    pub clock: Option<String>,
    /// Steps over all runs.
    #[serde(flatten)]
    pub steps: Tally,
    /// One entry for each fresh process.
    pub runs: Vec<Run>,
}

/// Numbers of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Did what the storyboard asks.
    pub passed: usize,
    /// Did not.
    pub failed: usize,
    /// Was not tried.
    pub skipped: usize,
}

/// One run on a fresh process and store.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// The bundle or storyboard, or `all`.
    pub name: String,
    /// The runner's own count.
    #[serde(flatten)]
    pub steps: Tally,
    /// In the order in which they ran.
    pub storyboards: Vec<Storyboard>,
    /// What the runner counted but does not list step by step.
    pub unlisted: Option<Unlisted>,
    /// How many tasks that waited for a person were approved; `null` where nothing waits for one.
    pub approved: Option<usize>,
    /// Every failed step.
    pub failures: Vec<Failure>,
    /// The runner's raw report.
    pub report: PathBuf,
}

/// One storyboard of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Storyboard {
    /// Its id: `sales_non_guaranteed`.
    pub id: String,
    /// Its steps.
    #[serde(flatten)]
    pub steps: Tally,
    /// Which were skipped, and why.
    pub skips: Vec<Skip>,
}

/// Storyboards whose steps the runner counts in its summary only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unlisted {
    /// Their ids.
    pub storyboards: Vec<String>,
    /// Their steps, all together: the summary less what is listed.
    #[serde(flatten)]
    pub steps: Tally,
}

/// A step that was not tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skip {
    /// The phase within the storyboard.
    pub phase: String,
    /// The step's title.
    pub step: String,
    /// The runner's word for why: `not_applicable`.
    pub reason: String,
    /// The runner's explanation, if it has one.
    pub detail: Option<String>,
}

/// A step that did not do what the storyboard asks.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The storyboard's id.
    pub storyboard: String,
    /// The step's id.
    pub step: String,
    /// The step's title.
    pub title: String,
    /// The AdCP task that was called.
    pub task: String,
    /// What is wrong.
    pub error: String,
    /// Where in the answer, as the runner names it.
    pub pointer: Option<String>,
    /// What the storyboard asks.
    pub expected: Option<Value>,
    /// What came.
    pub actual: Option<Value>,
}

impl Verdict {
    pub(super) fn new(options: &Options, runs: Vec<Run>) -> Self {
        let steps = runs
            .iter()
            .fold(Tally::default(), |sum, run| sum.plus(run.steps));
        Verdict {
            seller: options.seller.clone(),
            runner: install::version(),
            transport: options.transport.word(),
            clock: options.clock.as_ref().map(ToString::to_string),
            steps,
            runs,
        }
    }

    /// Whether no step failed. Skipped steps are listed, not held against the seller.
    pub fn passes(&self) -> bool {
        self.steps.failed == 0 && self.runs.iter().all(|run| run.failures.is_empty())
    }
}

impl Tally {
    fn plus(self, other: Tally) -> Tally {
        Tally {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }

    fn minus(self, other: Tally) -> Tally {
        Tally {
            passed: self.passed.saturating_sub(other.passed),
            failed: self.failed.saturating_sub(other.failed),
            skipped: self.skipped.saturating_sub(other.skipped),
        }
    }
}

/// Puts one report in order.
pub(super) fn judge(name: &str, answer: Answer, report: &Path) -> Run {
    let mut storyboards: Vec<Storyboard> = Vec::new();
    for scenario in answer.tracks.into_iter().flat_map(|track| track.scenarios) {
        // Ids may hold slashes themselves (`media_buy_seller/delivery_reporting/setup`).
        let (id, phase) = scenario
            .scenario
            .rsplit_once('/')
            .unwrap_or((&scenario.scenario, ""));
        let at = storyboards
            .iter()
            .position(|storyboard| storyboard.id == id)
            .unwrap_or_else(|| {
                storyboards.push(Storyboard {
                    id: id.to_owned(),
                    steps: Tally::default(),
                    skips: Vec::new(),
                });
                storyboards.len() - 1
            });
        for step in scenario.steps {
            storyboards[at].count(phase, step);
        }
    }
    let executed = &answer.storyboards_executed;
    storyboards.sort_by_key(|storyboard| {
        executed
            .iter()
            .position(|id| *id == storyboard.id)
            .unwrap_or(usize::MAX)
    });
    let summary = answer.summary;
    let steps = Tally {
        passed: summary.steps_passed,
        failed: summary.steps_failed,
        skipped: summary.steps_skipped,
    };
    let listed = storyboards
        .iter()
        .fold(Tally::default(), |sum, storyboard| {
            sum.plus(storyboard.steps)
        });
    let unlisted: Vec<String> = executed
        .iter()
        .filter(|id| storyboards.iter().all(|storyboard| storyboard.id != **id))
        .cloned()
        .collect();
    let rest = steps.minus(listed);
    Run {
        name: name.to_owned(),
        steps,
        unlisted: (!unlisted.is_empty() || rest != Tally::default()).then_some(Unlisted {
            storyboards: unlisted,
            steps: rest,
        }),
        storyboards,
        approved: None,
        failures: answer.failures.into_iter().map(failure).collect(),
        report: report.to_owned(),
    }
}

impl Storyboard {
    fn count(&mut self, phase: &str, step: Step) {
        if step.skipped {
            self.steps.skipped += 1;
            let reason = step.skip_reason.unwrap_or_else(|| "unknown".to_owned());
            self.skips.push(Skip {
                phase: phase.to_owned(),
                step: step.step,
                reason,
                detail: step.error,
            });
        } else if step.passed {
            self.steps.passed += 1;
        } else {
            self.steps.failed += 1;
        }
    }
}

fn failure(failed: Failed) -> Failure {
    let words = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let validation = failed.validation;
    let described = validation.as_ref().and_then(|it| it.description.clone());
    let (pointer, expected, actual) = validation.map_or((None, None, None), |it| {
        (it.json_pointer, it.expected, it.actual)
    });
    Failure {
        storyboard: failed.storyboard_id,
        step: failed.step_id,
        title: failed.step_title,
        task: failed.task,
        error: failed
            .error
            .map(words)
            .or(described)
            .unwrap_or_else(|| "the runner gives no reason".to_owned()),
        pointer: pointer.filter(|pointer| !pointer.is_null()).map(words),
        expected: expected
            .or(failed.expected)
            .filter(|value| !value.is_null()),
        actual: actual.filter(|value| !value.is_null()),
    }
}
