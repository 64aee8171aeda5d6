//! How a task moves.
//!
//! The moves are pure: they change the record in memory. Who calls them writes the record over the
//! revision that was read.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Map, Value};

use super::{Approval, Asked, Decision, Failure, Task, TaskStatus, id_of};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::platform::{Context, HandOff, Progress, Work};

/// How long a task can be looked at after it ended.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(30);
/// How long an adapter may go on handing a task off, counted from its beginning or, where a person
/// had to agree, from then.
pub const LONGEST: TimeDelta = TimeDelta::days(30);
/// The longest message, in characters.
pub const LONGEST_MESSAGE: usize = 2000;
/// The largest state that an adapter may leave for itself, in bytes of JSON.
pub const LARGEST_STATE: usize = 64 * 1024;
/// How long whoever works on an operation is left alone. The lease is renewed while the work goes on,
/// so only a process that died lets it run out.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How soon and how late an adapter is called again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));
/// How often work whose outcome nobody knows is tried again before it is given up, and how many
/// deaths of whoever was at it are put up with.
const MOST_FAILURES: u32 = 8;
/// So many notifications tell of the progress of a task. How it ends is told of in any case.
const MOST_TOLD: u32 = 100;
/// The pause after the first such failure; each further one doubles it, up to the second value.
const BACKOFF: (TimeDelta, TimeDelta) = (TimeDelta::seconds(5), TimeDelta::seconds(300));

impl Task {
    /// The journal of an operation that begins.
    pub(crate) fn journal(context: &Context, tool: &str, request: &Value, now: Timestamp) -> Self {
        Task {
            task_id: id_of(&context.operation_id),
            tool: tool.to_owned(),
            operation_id: context.operation_id.clone(),
            principal: context.principal.clone(),
            account_id: context
                .account
                .as_ref()
                .map(|account| account.account_id.clone()),
            request: request.clone(),
            announced: false,
            status: TaskStatus::Working,
            message: None,
            progress: None,
            state: None,
            approval: None,
            asked: Asked::Never,
            attempt: 1,
            failures: 0,
            crashes: 0,
            leased_until: None,
            due: None,
            proposals: Vec::new(),
            subscriptions: Vec::new(),
            told: 0,
            result: None,
            error: None,
            created_at: now,
            updated_at: now,
            completed_at: None,
        }
    }

    /// Whether it waits for a person.
    pub fn is_awaiting(&self) -> bool {
        !self.status.is_terminal() && self.undecided().is_some()
    }

    /// Whether an adapter has work to do on it, and not a person, the buyer or nobody.
    pub(crate) fn is_work(&self) -> bool {
        !self.status.is_terminal() && self.undecided().is_none()
    }

    /// Whether the buyer asked to be called back.
    pub fn has_webhook(&self) -> bool {
        let asked = self.request.get("push_notification_config");
        !self.subscriptions.is_empty() || asked.is_some_and(Value::is_object)
    }

    /// Whether somebody is at work on it.
    pub(crate) fn is_leased(&self, now: Timestamp) -> bool {
        self.leased_until.is_some_and(|until| until > now)
    }

    /// What an adapter is told about it by a worker that has taken it up.
    pub(crate) fn work(&self) -> Work {
        Work {
            task_id: self.task_id.clone(),
            attempt: self.attempt.saturating_sub(1),
            state: self.state.clone(),
            approved_by: self
                .approval
                .as_ref()
                .and_then(|approval| approval.decision.as_ref())
                .filter(|decision| decision.approved)
                .map(|decision| decision.operator.clone()),
        }
    }

    /// Takes or renews the lease.
    pub(crate) fn lease(&mut self, now: Timestamp) {
        self.leased_until = Some(now + LEASE);
        self.due = self.leased_until;
    }

    /// A worker takes it up.
    pub(crate) fn take_up(&mut self, now: Timestamp) {
        self.take_over(now);
        self.failures += 1;
        self.status = TaskStatus::Working;
    }

    /// Somebody goes on with what another has left. A lease that nobody gave back is that of a
    /// process that died.
    pub(crate) fn take_over(&mut self, now: Timestamp) {
        self.attempt += 1;
        self.crashes += u32::from(self.leased_until.is_some());
        self.lease(now);
    }

    /// Lets go of it, without knowing how the work went. `asked` is how far the adapter was asked.
    pub(crate) fn park(&mut self, asked: Asked, now: Timestamp) {
        self.asked = asked;
        let doubled = BACKOFF.0 * 2_i32.pow(self.failures.min(MOST_FAILURES));
        self.leased_until = None;
        self.due = Some(now + doubled.min(BACKOFF.1));
    }

    /// Whether it has failed too often to be tried again. An ad server that has said it is at work is
    /// asked how far it is however often it can't be asked, unless processes die of it.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.crashes >= MOST_FAILURES
            || (self.asked != Asked::Working && self.failures >= MOST_FAILURES)
    }

    /// Whether an ad server has been at work on it for longer than it may.
    pub(crate) fn is_overdue(&self, now: Timestamp) -> bool {
        now - self.begun_at() > LONGEST
    }

    /// When it could be begun: at once, or when a person had decided.
    pub(crate) fn begun_at(&self) -> Timestamp {
        let decided = self
            .approval
            .as_ref()
            .and_then(|approval| approval.decision.as_ref());
        decided.map_or(self.created_at, |decision| decision.at)
    }

    /// Whether its id was chosen by a test and not derived from its operation. Nobody works on it.
    pub(crate) fn is_made_up(&self) -> bool {
        self.task_id != id_of(&self.operation_id)
    }

    /// Has it wait for a person.
    pub(crate) fn await_approval(&mut self, operation: &str, until: Timestamp, now: Timestamp) {
        self.announced = true;
        self.updated_at = now;
        self.status = TaskStatus::Submitted;
        self.approval = Some(Approval {
            operation: operation.to_owned(),
            until,
            decision: None,
        });
        // The adapter has not been called yet.
        self.asked = Asked::Never;
        self.attempt = 0;
        self.failures = 0;
        self.crashes = 0;
        self.leased_until = None;
        // The last instant still counts.
        self.due = until.checked_add_signed(TimeDelta::microseconds(1));
    }

    /// Has it wait for the adapter's next turn.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the adapter leaves too much state, or has been at it for too long.
    pub(crate) fn hand_off(&mut self, hand_off: &HandOff, now: Timestamp) -> Result<()> {
        if let Some(state) = &hand_off.state {
            let size = state.to_string().len();
            if size > LARGEST_STATE {
                return Err(Error::internal(format!(
                    "the adapter leaves {size} bytes of state with a task; at most {LARGEST_STATE} are kept"
                )));
            }
        }
        if self.is_overdue(now) {
            return Err(Error::internal(format!(
                "the adapter has handed the work off for more than {} days",
                LONGEST.num_days()
            )));
        }
        self.status = if self.announced {
            TaskStatus::Working
        } else {
            TaskStatus::Submitted
        };
        self.announced = true;
        self.updated_at = now;
        self.message = Some(shorten(&hand_off.message));
        self.progress = hand_off.progress.as_ref().and_then(sane);
        self.state = hand_off.state.clone();
        self.failures = 0;
        self.crashes = 0;
        self.leased_until = None;
        let pause = hand_off.again_in.clamp(PAUSES.0, PAUSES.1);
        self.due = Some(now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::hours(1)));
        Ok(())
    }

    /// Whether its subscribers are told how far it is, as they were when it was `before`: not of what
    /// its buyer is answered anyhow, not of the same twice, and not without end.
    pub(crate) fn tells_of_progress(&mut self, before: Option<&Task>) -> bool {
        let seen = |task: &Task| (task.status, task.message.clone(), task.progress.clone());
        let news = before
            .filter(|before| before.announced)
            .is_some_and(|before| seen(before) != seen(self));
        let tells = news && self.told < MOST_TOLD;
        self.told += u32::from(tells);
        tells
    }

    /// It is done.
    pub(crate) fn complete(&mut self, result: Map<String, Value>, now: Timestamp) {
        self.result = Some(result);
        self.message = None;
        self.progress = None;
        self.end(TaskStatus::Completed, now);
    }

    /// It can't be done.
    pub(crate) fn fail(&mut self, failure: Failure, now: Timestamp) {
        self.error = Some(failure);
        self.message = None;
        self.end(TaskStatus::Failed, now);
    }

    /// Its buyer wants it no longer.
    pub(crate) fn call_off(&mut self, now: Timestamp) {
        self.message = Some("called off by the buyer".to_owned());
        self.end(TaskStatus::Canceled, now);
    }

    /// Writes down what a person decided, or that nobody did, and acts on it.
    pub(crate) fn decide(&mut self, decision: Decision) {
        let now = decision.at;
        if decision.approved {
            self.status = TaskStatus::Working;
            self.message = None;
            self.due = Some(now);
            self.updated_at = now;
        } else {
            self.error = Some(Failure {
                code: "APPROVAL_REJECTED".to_owned(),
                message: decision
                    .reason
                    .clone()
                    .unwrap_or_else(|| "the seller decided against it".to_owned()),
                field: None,
                suggestion: None,
            });
            self.message = None;
            self.end(TaskStatus::Rejected, now);
        }
        if let Some(approval) = &mut self.approval {
            approval.decision = Some(decision);
        }
    }

    /// The approval that nobody has decided about.
    pub(crate) fn undecided(&self) -> Option<&Approval> {
        self.approval
            .as_ref()
            .filter(|approval| approval.decision.is_none())
    }

    fn end(&mut self, status: TaskStatus, now: Timestamp) {
        self.status = status;
        self.state = None;
        self.leased_until = None;
        self.updated_at = now;
        self.completed_at = Some(now);
        self.due = Some(now + KEPT_FOR);
    }
}

impl From<&Error> for Failure {
    /// What of an error the buyer may see.
    fn from(error: &Error) -> Self {
        Failure {
            code: error.code.to_owned(),
            message: error.message.clone(),
            field: error.field.clone(),
            suggestion: error
                .particulars
                .as_ref()
                .and_then(|particulars| particulars.suggestion.clone()),
        }
    }
}

/// A message within the limit.
pub(crate) fn shorten(message: &str) -> String {
    message.chars().take(LONGEST_MESSAGE).collect()
}

/// What of an adapter's progress fits the schema: a percentage within bounds, steps from 1.
fn sane(progress: &Progress) -> Option<Progress> {
    let progress = Progress {
        percentage: progress
            .percentage
            .filter(|percentage| percentage.is_finite())
            .map(|percentage| percentage.clamp(0.0, 100.0)),
        current_step: progress.current_step.as_deref().map(shorten),
        total_steps: progress.total_steps.filter(|steps| *steps > 0),
        step_number: progress.step_number.filter(|step| *step > 0),
    };
    (progress != Progress::default()).then_some(progress)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn task() -> Task {
        serde_json::from_value(json!({
            "task_id": "task_1", "tool": "create_media_buy", "operation_id": "op_1",
            "principal": "nova", "request": {}, "announced": true, "status": "working",
            "attempt": 1, "created_at": "2026-03-10T12:00:00Z", "updated_at": "2026-03-10T12:00:00Z",
        }))
        .expect("a task")
    }

    #[test]
    fn progress_is_told_of_when_there_is_news_and_never_without_end() {
        let mut before = task();
        let mut same = before.clone();
        assert!(!same.tells_of_progress(Some(&before)), "nothing is new");
        assert!(!same.tells_of_progress(None), "its buyer is answered");
        before.announced = false;
        same.message = Some("at it".to_owned());
        assert!(
            !same.tells_of_progress(Some(&before)),
            "its buyer is answered"
        );
        let mut now = task();
        let mut told = 0;
        for turn in 0..250 {
            let before = now.clone();
            now.message = Some(format!("turn {turn}"));
            told += u32::from(now.tells_of_progress(Some(&before)));
        }
        assert_eq!((told, now.told), (MOST_TOLD, MOST_TOLD));
    }
}
