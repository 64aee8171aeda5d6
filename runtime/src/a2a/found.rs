//! What a task id stands for: a call that is over, or an AdCP task.
//!
//! A caller finds its own, of tools that its credential opens, and of AdCP tasks those that it was
//! told of. Anything else is answered like an id that was never given out.

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::answer::standing;
use super::calls::{self, Call, Name};
use super::fault::Fault;
use super::shape::{Artifact, Event, Named, Payload, Status, Task as Shape};
use super::version::{Manner, Version};
use crate::clock::Timestamp;
use crate::dispatch::Caller;
use crate::identity::Scope;
use crate::ops::records::{self, Stored};
use crate::ops::{self, Services};
use crate::tasks::{Task, TaskEntry, TaskStatus};

/// What is said where an answer is no longer there.
const TOO_LARGE: &str = "the answer was too large to be kept; call the skill again";

/// A task of A2A.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) context_id: String,
    /// Where it stands; of a call, how it went.
    status: TaskStatus,
    /// When it came to stand there.
    pub(super) at: Timestamp,
    /// Whether it is a call, whose standing is said as its version has it.
    pub(super) is_call: bool,
    name: Name,
    text: String,
    /// What is said about where it stands.
    saying: Option<String>,
    data: Option<Box<RawValue>>,
    submitted: Option<String>,
}

/// The task of that id.
///
/// # Errors
///
/// When there is none that the caller knows of.
pub(super) async fn find(services: &Services, caller: &Caller, id: &str) -> Result<Found, Fault> {
    if let Some(call) = calls::find(services, caller, id).await? {
        return Found::of_call(call);
    }
    let stored = task(services, caller, id).await?;
    let conversation = calls::conversation_of(services, caller, id).await?;
    Found::of_task(services, &stored.value, conversation)
}

/// The AdCP task of that id.
///
/// # Errors
///
/// When there is none that the caller knows of.
pub(super) async fn task(
    services: &Services,
    caller: &Caller,
    id: &str,
) -> Result<Stored<Task>, Fault> {
    let scope = Scope::principal(&caller.tenant, &caller.principal);
    records::find::<Task>(&services.store, &scope, id)
        .await?
        .filter(|stored| stored.value.announced && caller.rights.allow(&stored.value.tool))
        .ok_or_else(Fault::no_task)
}

impl Found {
    pub(super) fn of_call(call: Call) -> Result<Self, Fault> {
        let data = call
            .data
            .map(|data| to_raw_value(&data))
            .transpose()
            .map_err(Fault::internal)?;
        Ok(Found {
            saying: data.is_none().then(|| TOO_LARGE.to_owned()),
            id: call.call_id,
            context_id: call.context_id,
            status: call.status,
            at: call.at,
            is_call: true,
            name: call.name,
            text: call.text,
            data,
            submitted: call.adcp_task_id,
        })
    }

    /// An AdCP task. One that did not begin over A2A is a conversation of its own.
    pub(super) fn of_task(
        services: &Services,
        task: &Task,
        conversation: Option<String>,
    ) -> Result<Self, Fault> {
        let (name, data) = match (&task.result, &task.error) {
            (Some(result), _) => (Name::Result, Some(to_raw_value(result))),
            (None, Some(failure)) => {
                let error = json!({ "adcp_error": ops::reason(services, failure) });
                (Name::Error, Some(to_raw_value(&error)))
            }
            (None, None) => (Name::Result, None),
        };
        let failure = task.error.as_ref().map(|failure| failure.message.clone());
        Ok(Found {
            context_id: conversation.unwrap_or_else(|| task.task_id.clone()),
            id: task.task_id.clone(),
            status: task.status,
            at: task.updated_at,
            is_call: false,
            name,
            text: failure
                .clone()
                .unwrap_or_else(|| format!("{}: {}", task.tool, task.status.as_str())),
            saying: task.message.clone().or(failure),
            data: data.transpose().map_err(Fault::internal)?,
            submitted: None,
        })
    }

    /// An AdCP task as lists show it, without what came of it.
    pub(super) fn of_entry(entry: TaskEntry, conversation: Option<String>) -> Self {
        let failure = entry.error.map(|failure| failure.message);
        Found {
            context_id: conversation.unwrap_or_else(|| entry.task_id.clone()),
            id: entry.task_id,
            status: entry.status,
            at: entry.updated_at,
            is_call: false,
            name: Name::Result,
            text: String::new(),
            saying: entry.message.or(failure),
            data: None,
            submitted: None,
        }
    }

    /// Where it stands, for a client of the version.
    pub(super) fn standing(&self, version: Version) -> TaskStatus {
        if self.is_call {
            standing(version, self.status)
        } else {
            self.status
        }
    }

    pub(super) fn named(&self) -> Named<'_> {
        Named {
            id: &self.id,
            context_id: &self.context_id,
        }
    }

    fn status(&self, version: Version) -> Status<'_> {
        let status = Status::new(version, self.standing(version), self.at);
        status.saying(version, self.named(), self.at, self.saying.as_deref())
    }

    fn artifact(&self, manner: Manner) -> Option<Artifact<'_>> {
        let payload = Payload {
            name: self.name.as_str(),
            data: self.data.as_deref()?,
            text: &self.text,
            submitted: self.submitted.as_deref(),
        };
        Some(Artifact::new(manner.version, payload, manner.profile))
    }

    /// The task as it stands, with or without what came of it.
    pub(super) fn shape(&self, manner: Manner, whole: bool) -> Shape<'_> {
        let artifact = whole.then(|| self.artifact(manner)).flatten();
        Shape::new(
            manner.version,
            self.named(),
            self.status(manner.version),
            artifact,
        )
    }

    /// The task as it stands, as an event.
    pub(super) fn event(&self, manner: Manner) -> Event<'_> {
        Event::Task(self.shape(manner, true))
    }

    /// What follows on a task that a client has seen already: what came of it, if it is over, and where
    /// it stands.
    pub(super) fn updates(&self, manner: Manner) -> Vec<Event<'_>> {
        let artifact = self.artifact(manner).map(|artifact| Event::Artifact {
            of: self.named(),
            artifact,
        });
        let status = Event::Status {
            of: self.named(),
            status: self.status(manner.version),
            last: self.status.is_terminal(),
        };
        artifact.into_iter().chain([status]).collect()
    }

    /// Whether something has happened since.
    pub(super) fn differs(&self, before: &Found) -> bool {
        (self.status, self.at, &self.saying) != (before.status, before.at, &before.saying)
    }

    /// Whether nothing follows.
    pub(super) fn is_over(&self) -> bool {
        self.status.is_terminal()
    }
}
