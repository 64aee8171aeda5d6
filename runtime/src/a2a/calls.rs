//! Calls that are over, kept for a little while, so that `tasks/get` finds what was just answered.
//!
//! Every answer over A2A is a task with an id. What lasts is elsewhere: changes are kept under their
//! idempotency keys, operations that go on as AdCP tasks. So a call is kept for minutes only, in one of
//! a few places of its caller that are used in turn: nobody can pile anything up, and no call has to
//! count what is there. Beside that, the conversation in which an AdCP task began is kept as long as
//! the task.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::shape::ABOUT_TASK;
use crate::clock::Timestamp;
use crate::dispatch::Caller;
use crate::error::Result;
use crate::identity::Scope;
use crate::ops::Services;
use crate::ops::records::{self, Kept, in_order_of};
use crate::store::Batch;
use crate::tasks::{KEPT_FOR, LONGEST, TaskStatus};

/// How many calls of one caller are kept.
const PLACES: u32 = 32;
/// The largest answer that is kept, in bytes of JSON.
const LARGEST: usize = 512 * 1024;
/// How long a call is kept.
const FOR: TimeDelta = TimeDelta::minutes(10);
/// What the id of a call begins with.
const PREFIX: &str = "call";

/// A call that is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    /// Where it is kept.
    place: String,
    pub(super) call_id: String,
    /// The tool that was called.
    #[serde(default)]
    tool: String,
    pub(super) context_id: String,
    pub(super) status: TaskStatus,
    pub(super) at: Timestamp,
    /// The name of the artifact.
    pub(super) name: Name,
    pub(super) text: String,
    /// The AdCP payload; `None` where it was too large to be kept.
    pub(super) data: Option<Value>,
    pub(super) adcp_task_id: Option<String>,
    until: Timestamp,
}

/// What an artifact is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Name {
    Result,
    Submitted,
    /// What is told of a task: where it stands and what came of it.
    Task,
    Error,
}

impl Name {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Name::Result => "result",
            Name::Submitted => "submitted",
            Name::Task => ABOUT_TASK,
            Name::Error => "error",
        }
    }
}

impl Kept for Call {
    const KIND: &'static str = "a2a_call";

    fn id(&self) -> &str {
        // It is kept by its place; its own `id` is what the buyer calls it by.
        let Call { place, .. } = self;
        place
    }

    fn sort(&self) -> String {
        in_order_of(self.at)
    }

    fn due(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// In which conversation an AdCP task began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Conversation {
    pub(super) task_id: String,
    pub(super) context_id: String,
    until: Timestamp,
}

impl Kept for Conversation {
    const KIND: &'static str = "a2a_conversation";

    fn id(&self) -> &str {
        &self.task_id
    }

    fn sort(&self) -> String {
        String::new()
    }

    fn due(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// Names calls and keeps them.
#[derive(Debug, Default)]
pub(super) struct Calls {
    next: AtomicU32,
}

/// The answer to a call, as it is kept.
pub(super) struct Over<'a> {
    pub(super) id: &'a str,
    pub(super) tool: &'a str,
    pub(super) context_id: &'a str,
    pub(super) status: TaskStatus,
    pub(super) name: Name,
    pub(super) text: &'a str,
    pub(super) data: &'a str,
    pub(super) adcp_task_id: Option<&'a str>,
}

impl Calls {
    /// A new id, which says where the call will be kept.
    pub(super) fn name(&self) -> String {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % PLACES;
        format!("{PREFIX}-{place}-{}", Uuid::new_v4().simple())
    }

    /// Keeps a call. What goes wrong is only logged: the caller has its answer.
    pub(super) async fn keep(&self, services: &Services, caller: &Caller, over: Over<'_>) {
        if let Err(error) = self.try_keep(services, caller, over).await {
            tracing::warn!(%error, request = caller.request_id, "an A2A call could not be kept");
        }
    }

    async fn try_keep(&self, services: &Services, caller: &Caller, over: Over<'_>) -> Result<()> {
        let now = services.clock.now();
        let mut batch = Batch::new();
        let scope = Scope::principal(&caller.tenant, &caller.principal);
        let data = (over.data.len() <= LARGEST)
            .then(|| serde_json::from_str(over.data))
            .transpose()
            .map_err(crate::error::Error::internal)?;
        let call = Call {
            place: place_of(over.id).unwrap_or_default().to_owned(),
            call_id: over.id.to_owned(),
            tool: over.tool.to_owned(),
            context_id: over.context_id.to_owned(),
            status: over.status,
            at: now,
            name: over.name,
            text: over.text.to_owned(),
            data,
            adcp_task_id: over.adcp_task_id.map(str::to_owned),
            until: now + FOR,
        };
        records::put(&mut batch, &scope, &call)?;
        if let Some(task_id) = over.adcp_task_id {
            let conversation = Conversation {
                task_id: task_id.to_owned(),
                context_id: over.context_id.to_owned(),
                until: now + LONGEST + KEPT_FOR,
            };
            records::put(&mut batch, &scope, &conversation)?;
        }
        services
            .store
            .commit(batch)
            .await
            .map_err(crate::error::Error::unavailable)
    }
}

/// The call of that id, if it is the caller's and still kept, and of a tool that the caller may use.
pub(super) async fn find(services: &Services, caller: &Caller, id: &str) -> Result<Option<Call>> {
    let Some(place) = place_of(id) else {
        return Ok(None);
    };
    let scope = Scope::principal(&caller.tenant, &caller.principal);
    let found = records::find::<Call>(&services.store, &scope, place).await?;
    let now = services.clock.now();
    Ok(found
        .map(|stored| stored.value)
        .filter(|call| call.call_id == id && call.until > now && caller.rights.allow(&call.tool)))
}

/// The calls of a caller that are kept, of tools that it may use.
pub(super) async fn all(services: &Services, caller: &Caller) -> Result<Vec<Call>> {
    let scope = Scope::principal(&caller.tenant, &caller.principal);
    let now = services.clock.now();
    let found = records::tagged::<Call>(&services.store, &scope, None).await?;
    Ok(found
        .into_iter()
        .map(|stored| stored.value)
        .filter(|call| call.until > now && caller.rights.allow(&call.tool))
        .collect())
}

/// The conversation in which an AdCP task began, if that was over A2A.
pub(super) async fn conversation_of(
    services: &Services,
    caller: &Caller,
    task_id: &str,
) -> Result<Option<String>> {
    let scope = Scope::principal(&caller.tenant, &caller.principal);
    let found = records::find::<Conversation>(&services.store, &scope, task_id).await?;
    Ok(found.map(|stored| stored.value.context_id))
}

/// All conversations of a caller in which AdCP tasks began.
pub(super) async fn conversations(
    services: &Services,
    caller: &Caller,
) -> Result<Vec<Conversation>> {
    let scope = Scope::principal(&caller.tenant, &caller.principal);
    let found = records::tagged::<Conversation>(&services.store, &scope, None).await?;
    Ok(found.into_iter().map(|stored| stored.value).collect())
}

/// Where the call of that id is kept.
fn place_of(id: &str) -> Option<&str> {
    let (place, _) = id
        .strip_prefix(PREFIX)?
        .strip_prefix('-')?
        .split_once('-')?;
    let number: u32 = place.parse().ok()?;
    (number < PLACES && number.to_string() == place).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_where_its_call_is_kept() {
        let calls = Calls::default();
        for place in (0..PLACES).chain(0..3) {
            assert_eq!(place_of(&calls.name()), Some(place.to_string().as_str()));
        }
        for id in [
            "",
            "call-",
            "call-32-x",
            "call-01-x",
            "call-+1-x",
            "task_1",
            "call-1",
        ] {
            assert_eq!(place_of(id), None, "{id}");
        }
    }
}
