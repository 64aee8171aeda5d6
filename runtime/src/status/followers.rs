//! Who is told when something changes.
//!
//! A buyer says so with the call that makes a thing: the `push_notification_config` of
//! `create_media_buy`, `sync_creatives` and `sync_accounts`. It is kept beside what the call made, in
//! the same commit, and a later call that names the same thing takes its place.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;
use crate::identity::{Principal, Scope};
use crate::jcs;
use crate::ops::Services;
use crate::ops::records::{self, Kept, Stored};
use crate::platform::Context;
use crate::store::{Batch, SharedStore};
use crate::tasks;
use crate::webhooks::{Subscription, tells_of_changes};

/// Who follows one thing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Follower {
    id: String,
    /// Who asked for it.
    pub(super) principal: Principal,
    /// The tool whose call asked for it: payloads name it, since a line has no types of its own for
    /// changes of a status.
    pub(super) tool: String,
    /// The task that the call was, or would have been.
    pub(super) task_id: String,
    /// Where to send.
    pub(super) subscription: Subscription,
}

impl Kept for Follower {
    const KIND: &'static str = "status_follower";

    fn id(&self) -> &str {
        &self.id
    }

    fn sort(&self) -> String {
        String::new()
    }
}

/// The record's name, which follows from that of the thing: its part of the store, its kind, its id.
fn name(scope: &Scope, kind: &str, id: &str) -> String {
    jcs::name_of([scope.owner.to_string().as_str(), kind, id])
}

/// Adds to the batch of a call that its caller follows the things of type `T` that it made or named,
/// where the call asks for it and the line has notifications of such changes.
pub(crate) fn follow<'a, T: Kept>(
    services: &Services,
    context: &Context,
    (tool, request): (&str, &Value),
    scope: &Scope,
    ids: impl IntoIterator<Item = &'a str>,
    batch: &mut Batch,
) -> Result<()> {
    let Some(subscription) = Subscription::of_request(request) else {
        return Ok(());
    };
    if !tells_of_changes(services, tool) {
        return Ok(());
    }
    let seller = Scope::seller(&context.tenant);
    for id in ids {
        let follower = Follower {
            id: name(scope, T::KIND, id),
            principal: context.principal.clone(),
            tool: tool.to_owned(),
            task_id: tasks::id_of(&context.operation_id),
            subscription: subscription.clone(),
        };
        records::put(batch, &seller, &follower)?;
    }
    Ok(())
}

/// Who follows a thing.
pub(super) async fn of<T: Kept>(
    store: &SharedStore,
    scope: &Scope,
    value: &T,
) -> Result<Option<Stored<Follower>>> {
    let id = name(scope, T::KIND, value.id());
    records::find(store, &Scope::seller(&scope.tenant), &id).await
}
