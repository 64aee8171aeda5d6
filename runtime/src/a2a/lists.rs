//! `ListTasks`: the caller's AdCP tasks and the calls that are still kept, of the tools that its
//! credential opens, newest first (A2A 1.0, section 9.4.4). Version 0.3 has no such method.

use serde_json::{Map, Value, json};

use super::calls;
use super::fault::Fault;
use super::found::{self, Found};
use super::params;
use super::shape::status_of;
use super::version::Manner;
use crate::dispatch::Caller;
use crate::ops::Services;
use crate::ops::records::newest_first;
use crate::tasks;

/// How many tasks a page has where nothing is said.
const PAGE: u64 = 50;
/// The most tasks of one page.
const MOST: u64 = 100;

/// Answers `ListTasks`.
pub(super) async fn list(
    services: &Services,
    caller: &Caller,
    manner: Manner,
    params: &Map<String, Value>,
) -> Result<Value, Fault> {
    let size = params::number(params, "pageSize")?.unwrap_or(PAGE);
    if !(1..=MOST).contains(&size) {
        return Err(Fault::params(format!(
            "`params.pageSize` must be between 1 and {MOST}"
        )));
    }
    let after = params::instant(params, "statusTimestampAfter")?;
    let status = params::text(params, "status")?
        .map(|word| {
            status_of(word).ok_or_else(|| Fault::params("`params.status` is no state of a task"))
        })
        .transpose()?;
    let context_id = params::text(params, "contextId")?;
    let whole = params.get("includeArtifacts") == Some(&Value::Bool(true));

    let mut found = everything(services, caller).await?;
    found.retain(|task| {
        context_id.is_none_or(|wanted| wanted == task.context_id)
            && status.is_none_or(|wanted| wanted == task.standing(manner.version))
            && after.is_none_or(|bound| task.at > bound)
    });
    found.sort_by_cached_key(position);
    let total = found.len();
    let purpose = format!("a2a/tasks/{}/{}", caller.tenant.0, caller.principal.0);
    if let Some(cursor) = params::text(params, "pageToken")? {
        let last = services
            .cursors
            .open(&purpose, cursor)
            .map_err(|_| Fault::params("`params.pageToken` was not issued for this list"))?;
        found.retain(|task| position(task) > last);
    }
    let more = found.len() as u64 > size;
    found.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| services.cursors.seal(&purpose, &position(last)));
    let mut listed = Vec::with_capacity(found.len());
    for task in &mut found {
        if whole && !task.is_call {
            // The entries of a list are small; what came of a task lies with it.
            if let Ok(stored) = found::task(services, caller, &task.id).await {
                let conversation = Some(task.context_id.clone());
                *task = Found::of_task(services, &stored.value, conversation)?;
            }
        }
        listed.push(serde_json::to_value(task.shape(manner, whole)).map_err(Fault::internal)?);
    }
    Ok(json!({
        "tasks": listed,
        "nextPageToken": next.unwrap_or_default(),
        "pageSize": size,
        "totalSize": total,
    }))
}

async fn everything(services: &Services, caller: &Caller) -> Result<Vec<Found>, Fault> {
    let conversations = calls::conversations(services, caller).await?;
    let entries = tasks::of_buyer(services, &caller.tenant, &caller.principal).await?;
    let mut found = Vec::with_capacity(entries.len());
    for entry in entries
        .into_iter()
        .filter(|entry| caller.rights.allow(&entry.tool))
    {
        let conversation = conversations
            .iter()
            .find(|conversation| conversation.task_id == entry.task_id)
            .map(|conversation| conversation.context_id.clone());
        found.push(Found::of_entry(entry, conversation));
    }
    for call in calls::all(services, caller).await? {
        found.push(Found::of_call(call)?);
    }
    Ok(found)
}

fn position(task: &Found) -> (String, String) {
    (newest_first(task.at), task.id.clone())
}
