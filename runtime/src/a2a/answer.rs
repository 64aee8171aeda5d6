//! One call: carried out by dispatch, answered as a task that is over.
//!
//! A2A's task says how the call went, AdCP's payload says how the work goes. So an operation that goes
//! on as an AdCP task is answered by a completed A2A task whose payload says `submitted`; what
//! becomes of it is asked under the AdCP task's id.

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::calls::{Calls, Name, Over};
use super::invocation::Invocation;
use super::shape::{Artifact, Event, Named, Payload, Status, Task};
use super::version::{Manner, Version};
use crate::clock::Timestamp;
use crate::dispatch::{Answer, Caller, Dispatcher};
use crate::spec::Tool;
use crate::tasks::TaskStatus;

/// The member by which an answer tells of some task (`core/tasks-get-response.json`).
const TASK_TYPE: &str = "task_type";

/// A call that is over.
#[derive(Debug)]
pub(super) struct Answered {
    id: String,
    tool: &'static str,
    context_id: String,
    status: TaskStatus,
    at: Timestamp,
    name: Name,
    text: String,
    data: Box<RawValue>,
    submitted: Option<String>,
}

/// How a call of A2A stands, in the word that clients of the version read.
///
/// AdCP has a failed call answered with a failed task. The official client for version 0.3 throws the
/// payload of every task away that is not `completed`, and with it the error, so there the payload
/// alone says that the call failed.
pub(super) fn standing(version: Version, status: TaskStatus) -> TaskStatus {
    match (version, status) {
        (Version::V03, TaskStatus::Failed) => TaskStatus::Completed,
        (_, status) => status,
    }
}

/// Carries a call out and keeps what was answered.
///
/// # Errors
///
/// When the answer can't be written.
pub(super) async fn carry_out(
    dispatcher: &Dispatcher,
    calls: &Calls,
    caller: Caller,
    tool: &'static Tool,
    (named, invocation): (Named<'_>, Invocation),
) -> serde_json::Result<Answered> {
    let services = dispatcher.services();
    let answer = dispatcher
        .call(
            caller.clone(),
            tool,
            invocation.arguments,
            invocation.defect,
        )
        .await;
    let mut out = BytesMut::new();
    answer.write(services.spec, &mut out)?;
    let data = RawValue::from_string(String::from_utf8_lossy(&out).into_owned())?;
    let submitted = submitted(&answer);
    let (status, name) = match (&answer.result, &submitted) {
        (Err(_), _) => (TaskStatus::Failed, Name::Error),
        (Ok(_), Some(_)) => (TaskStatus::Completed, Name::Submitted),
        (Ok(success), None) => {
            let about_task = success.body.get(TASK_TYPE).is_some();
            let name = if about_task { Name::Task } else { Name::Result };
            (TaskStatus::Completed, name)
        }
    };
    let answered = Answered {
        id: named.id.to_owned(),
        tool: tool.name,
        context_id: named.context_id.to_owned(),
        status,
        at: services.clock.now(),
        name,
        text: answer.in_words(),
        data,
        submitted,
    };
    calls.keep(services, &caller, answered.over()).await;
    Ok(answered)
}

/// The AdCP task that an operation goes on as. An answer that tells of some task, whose type it then
/// says, goes on as none itself.
fn submitted(answer: &Answer) -> Option<String> {
    let body = &answer.result.as_ref().ok()?.body;
    let text = |name: &str| body.get(name)?.as_str();
    (body.get(TASK_TYPE).is_none() && text("status") == Some(TaskStatus::Submitted.as_str()))
        .then(|| text("task_id").map(str::to_owned))
        .flatten()
}

impl Answered {
    fn over(&self) -> Over<'_> {
        Over {
            id: &self.id,
            tool: self.tool,
            context_id: &self.context_id,
            status: self.status,
            name: self.name,
            text: &self.text,
            data: self.data.get(),
            adcp_task_id: self.submitted.as_deref(),
        }
    }

    fn named(&self) -> Named<'_> {
        Named {
            id: &self.id,
            context_id: &self.context_id,
        }
    }

    fn artifact(&self, manner: Manner) -> Artifact<'_> {
        let payload = Payload {
            name: self.name.as_str(),
            data: &self.data,
            text: &self.text,
            submitted: self.submitted.as_deref(),
        };
        Artifact::new(manner.version, payload, manner.profile)
    }

    fn status(&self, version: Version) -> Status<'_> {
        Status::new(version, standing(version, self.status), self.at)
    }

    /// The call as a task.
    pub(super) fn task(&self, manner: Manner) -> Event<'_> {
        Event::Task(Task::new(
            manner.version,
            self.named(),
            self.status(manner.version),
            Some(self.artifact(manner)),
        ))
    }

    /// The call as what follows on a task that was announced to be worked on.
    pub(super) fn updates(&self, manner: Manner) -> [Event<'_>; 2] {
        [
            Event::Artifact {
                of: self.named(),
                artifact: self.artifact(manner),
            },
            Event::Status {
                of: self.named(),
                status: self.status(manner.version),
                last: true,
            },
        ]
    }
}
