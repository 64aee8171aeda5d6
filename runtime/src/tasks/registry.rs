//! Where tasks lie, and how they are found.
//!
//! A task lies with the caller whose request it is, since `tasks/get` names no account. Its entry
//! lies in the seller's own part of the store, so that an operator finds it without knowing the
//! caller, and lists are made without reading the tasks themselves.

use super::entry::{awaiting, of_caller, of_status};
use super::{Task, TaskEntry, TaskStatus, id_of};
use crate::error::Result;
use crate::identity::{Principal, Scope, TenantId};
use crate::ops::Services;
use crate::ops::records::{self, Kept, Stored};
use crate::store::{Batch, Change, Expect, Key};

/// The most tasks of one page.
const MOST: usize = 100;

/// Which tasks an operator wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only those in this status.
    pub status: Option<TaskStatus>,
    /// Only those that wait for a person.
    pub awaiting: bool,
}

/// One page of tasks, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskPage {
    /// The tasks.
    pub tasks: Vec<TaskEntry>,
    /// The cursor of the next page, where there is one.
    pub next: Option<String>,
}

/// The task of that id, of whichever caller, if its buyer knows of it.
///
/// # Errors
///
/// `SERVICE_UNAVAILABLE` when the store can't be read.
pub async fn open(services: &Services, tenant: &TenantId, task_id: &str) -> Result<Option<Task>> {
    Ok(find(services, tenant, task_id)
        .await?
        .map(|stored| stored.value))
}

/// Tasks of all callers, newest first. `after` is the cursor of the page before; a page has at most
/// `limit` tasks, and never more than 100.
///
/// # Errors
///
/// `INVALID_REQUEST` at `pagination.cursor` when the cursor was not issued for this list;
/// `SERVICE_UNAVAILABLE` when the store can't be read.
pub async fn list(
    services: &Services,
    tenant: &TenantId,
    filter: TaskFilter,
    after: Option<&str>,
    limit: usize,
) -> Result<TaskPage> {
    let tag = match (filter.status, filter.awaiting) {
        (None, false) => None,
        (Some(status), false) => Some(of_status(status)),
        (status, true) => Some(awaiting(status)),
    };
    let purpose = format!(
        "operator/tasks/{}/{}",
        tenant.0,
        tag.as_deref().unwrap_or_default()
    );
    let scope = Scope::seller(tenant);
    let (tasks, next) = page(services, &scope, tag, &purpose, after, limit).await?;
    Ok(TaskPage { tasks, next })
}

/// The tasks of one caller that it knows of, in no order that means anything.
///
/// # Errors
///
/// `SERVICE_UNAVAILABLE` when the store can't be read.
pub(crate) async fn of_buyer(
    services: &Services,
    tenant: &TenantId,
    principal: &Principal,
) -> Result<Vec<TaskEntry>> {
    tagged(services, tenant, principal, of_caller(principal)).await
}

/// The entries of one caller under one of its tags.
pub(super) async fn tagged(
    services: &Services,
    tenant: &TenantId,
    principal: &Principal,
    tag: String,
) -> Result<Vec<TaskEntry>> {
    let found = records::tagged(&services.store, &Scope::seller(tenant), Some(tag)).await?;
    Ok(found
        .into_iter()
        .map(|stored: Stored<TaskEntry>| stored.value)
        .filter(|entry| entry.principal == *principal)
        .collect())
}

/// One page of a list of the seller's own, with the cursor of the next.
pub(crate) async fn page<T: Kept>(
    services: &Services,
    scope: &Scope,
    tag: Option<String>,
    purpose: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<T>, Option<String>)> {
    let limit = limit.clamp(1, MOST);
    let after = after
        .map(|cursor| services.cursors.open(purpose, cursor))
        .transpose()?;
    let mut found: Vec<Stored<T>> = records::chunk(&services.store, scope, tag, after).await?;
    let next = (found.len() > limit).then(|| {
        let last = &found[limit - 1];
        services
            .cursors
            .seal(purpose, &(last.sort.clone(), last.key.id.clone()))
    });
    found.truncate(limit);
    Ok((found.into_iter().map(|stored| stored.value).collect(), next))
}

/// The task of that id as it was read.
pub(super) async fn find(
    services: &Services,
    tenant: &TenantId,
    task_id: &str,
) -> Result<Option<Stored<Task>>> {
    let entry =
        records::find::<TaskEntry>(&services.store, &Scope::seller(tenant), task_id).await?;
    match entry {
        Some(entry) => of_principal(services, tenant, &entry.value.principal, task_id).await,
        None => Ok(None),
    }
}

/// The task of that id and caller as it was read.
pub(super) async fn of_principal(
    services: &Services,
    tenant: &TenantId,
    principal: &Principal,
    task_id: &str,
) -> Result<Option<Stored<Task>>> {
    records::find(
        &services.store,
        &Scope::principal(tenant, principal),
        task_id,
    )
    .await
}

/// The task of a caller's operation, whether its buyer knows of it or not, as it was read.
///
/// # Errors
///
/// `SERVICE_UNAVAILABLE` when the store can't be read.
pub(crate) async fn of_operation(
    services: &Services,
    tenant: &TenantId,
    principal: &Principal,
    operation_id: &str,
) -> Result<Option<Stored<Task>>> {
    of_principal(services, tenant, principal, &id_of(operation_id)).await
}

/// Writes a task that is new, and its entry.
pub(crate) fn insert(batch: &mut Batch, tenant: &TenantId, task: &Task) -> Result<()> {
    records::insert(batch, &Scope::principal(tenant, &task.principal), task)?;
    enter(batch, tenant, task)
}

/// Writes a task over what was read, and its entry.
pub(crate) fn save(batch: &mut Batch, stored: &Stored<Task>) -> Result<()> {
    stored.save(batch)?;
    enter(batch, &stored.key.scope.tenant, &stored.value)
}

/// Removes a task and its entry.
pub(super) fn remove(batch: &mut Batch, stored: &Stored<Task>) {
    stored.remove(batch);
    forget(batch, stored);
}

/// Removes the entry of a task that is no longer what its buyer knows.
pub(crate) fn forget(batch: &mut Batch, stored: &Stored<Task>) {
    let key = Key::new(
        Scope::seller(&stored.key.scope.tenant),
        TaskEntry::KIND,
        stored.value.task_id.clone(),
    );
    batch.push(key, Expect::Anything, Change::Delete);
}

fn enter(batch: &mut Batch, tenant: &TenantId, task: &Task) -> Result<()> {
    if !task.announced {
        return Ok(());
    }
    records::put(batch, &Scope::seller(tenant), &TaskEntry::of(task))
}
