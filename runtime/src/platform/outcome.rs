//! What an adapter's work comes to: done, or handed to a task.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an adapter's work comes to. An `Err` beside it refuses the request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<T> {
    /// It is done.
    Done(T),
    /// It goes on as a task, and the buyer is answered `submitted`.
    HandedOff(HandOff),
}

impl<T> Outcome<T> {
    /// Changes what was done.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Outcome::Done(done) => Outcome::Done(change(done)),
            Outcome::HandedOff(hand_off) => Outcome::HandedOff(hand_off),
        }
    }
}

impl<T> From<HandOff> for Outcome<T> {
    fn from(hand_off: HandOff) -> Self {
        Outcome::HandedOff(hand_off)
    }
}

/// Work that takes longer than a buyer should wait.
///
/// The runtime calls the same method again after [`HandOff::again_in`], with the same request and
/// the same [`super::Context::operation_id`], until it is done or refused: after a restart, too, and
/// in whichever process is free. So a method that hands off starts the work at the ad server under
/// the operation id, and looks there how far it is when it is called again. Nothing of it has to
/// be kept in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct HandOff {
    /// What the buyer is told, at most 2000 characters; more is cut off.
    pub message: String,
    /// When the method is called again.
    pub again_in: Duration,
    /// How far the work is.
    pub progress: Option<Progress>,
    /// What the method wants to find in [`super::Work::state`] the next time, at most 64 KiB of
    /// JSON.
    pub state: Option<Value>,
}

impl HandOff {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        HandOff {
            message: crate::tasks::shorten(&message.into()),
            again_in: Duration::from_secs(5),
            progress: None,
            state: None,
        }
    }

    /// When the method is called again. Default: 5 seconds.
    pub fn again_in(mut self, pause: Duration) -> Self {
        self.again_in = pause;
        self
    }

    /// How far the work is.
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// What the method wants to find the next time.
    pub fn state(mut self, state: Value) -> Self {
        self.state = Some(state);
        self
    }
}

/// How far a task is (`core/tasks-get-response.json`, `progress`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// In per cent, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<f64>,
    /// What is being done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_step: Option<String>,
    /// Of how many steps, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_steps: Option<u32>,
    /// Which of them it is, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_number: Option<u32>,
}
