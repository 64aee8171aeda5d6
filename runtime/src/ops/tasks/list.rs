//! `tasks/list`: a caller's tasks, page by page.
//!
//! A list is made of entries, which are small. A task itself is read only where the question is about
//! its content, one at a time, or where the page shows its history.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::page::Page;
use super::super::records;
use super::super::request::{Fill, Members};
use super::super::{Call, Outcome, scope};
use super::{PROTOCOL, history, is_in_view, summary};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::tasks::{self, Task, TaskEntry, without_secrets};

pub(in super::super) async fn list(call: &Call<'_>) -> Result<Outcome> {
    let page = Page::of(call, "tasks")?;
    let order = Order::of(&call.request);
    let empty = Map::new();
    let filters = call.request.object("filters").unwrap_or(&empty);
    let mut tasks = found(call, filters).await?;
    tasks.sort_by(|one, other| order.compare(&order.position(one), &order.position(other)));

    let total = tasks.len();
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for task in &tasks {
        *statuses.entry(task.status.as_str()).or_default() += 1;
    }
    let statuses = json!(statuses);
    if let Some(after) = &page.after {
        tasks.retain(|task| order.compare(&order.position(task), after) == Ordering::Greater);
    }
    let resume = (tasks.len() > page.size).then(|| order.position(&tasks[page.size - 1]));
    tasks.truncate(page.size);

    let applied: Vec<&String> = filters.keys().collect();
    let mut body = Map::new();
    body.put(
        "query_summary",
        json!({
            "total_matching": total,
            "returned": tasks.len(),
            "domain_breakdown": { PROTOCOL: total },
            "status_breakdown": statuses,
            "filters_applied": applied,
            "sort_applied": { "field": order.field, "direction": order.direction() },
        }),
    );
    let with_history = call.request.truth("include_history") == Some(true);
    let mut listed = Vec::with_capacity(tasks.len());
    for task in &tasks {
        let mut item = summary(task);
        item.shift_insert(2, "domain".to_owned(), PROTOCOL.into());
        if with_history {
            let whole = whole(call, task).await?;
            let history = whole.as_ref().map(|task| history(call.services, task));
            item.put_some("history", history);
        }
        listed.push(Value::Object(item));
    }
    body.put("tasks", listed);
    body.put("pagination", page.answer(call, resume, Some(total)));
    Ok(Outcome::read(body))
}

/// The caller's tasks that the filters let through.
async fn found(call: &Call<'_>, filters: &Map<String, Value>) -> Result<Vec<TaskEntry>> {
    let context = call.context;
    let mut tasks = tasks::of_buyer(call.services, &context.tenant, &context.principal).await?;
    tasks.retain(|task| is_in_view(call, task) && passes(task, filters));
    let Some(text) = filters.text("context_contains") else {
        return Ok(tasks);
    };
    let mut concerned = Vec::new();
    for entry in tasks {
        if let Some(task) = whole(call, &entry).await?
            && concerns(&task, text)
        {
            concerned.push(entry);
        }
    }
    Ok(concerned)
}

/// The task itself; `None` of one that is no longer kept.
async fn whole(call: &Call<'_>, entry: &TaskEntry) -> Result<Option<Task>> {
    let scope = scope::of_principal(call.context);
    let stored = records::find::<Task>(&call.services.store, &scope, &entry.task_id).await?;
    Ok(stored.map(|stored| stored.value))
}

fn passes(task: &TaskEntry, filters: &Map<String, Value>) -> bool {
    let one_of = |single: &str, several: &str, value: &str| {
        filters.text(single).is_none_or(|wanted| wanted == value)
            && (filters.member(several).is_none()
                || filters.texts(several).any(|wanted| wanted == value))
    };
    let after = |name: &str, at: Timestamp| filters.instant(name).is_none_or(|bound| at > bound);
    let before = |name: &str, at: Timestamp| filters.instant(name).is_none_or(|bound| at < bound);
    one_of("protocol", "protocols", PROTOCOL)
        && one_of("status", "statuses", task.status.as_str())
        && one_of("task_type", "task_types", &task.tool)
        && after("created_after", task.created_at)
        && before("created_before", task.created_at)
        && after("updated_after", task.updated_at)
        && before("updated_before", task.updated_at)
        && (filters.member("task_ids").is_none()
            || filters.texts("task_ids").any(|id| id == task.task_id))
        && filters
            .truth("has_webhook")
            .is_none_or(|wanted| wanted == task.has_webhook)
}

/// Whether a text occurs in what the task is about: the values of its request or its result. What
/// is secret in the request is nobody's to find out.
fn concerns(task: &Task, text: &str) -> bool {
    contains(&without_secrets(&task.request), text)
        || task
            .result
            .iter()
            .flatten()
            .any(|(_, value)| contains(value, text))
}

fn contains(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value.contains(text),
        Value::Array(items) => items.iter().any(|item| contains(item, text)),
        Value::Object(members) => members
            .iter()
            // Where an answer goes is not what it is about.
            .filter(|(name, _)| *name != "push_notification_config")
            .any(|(_, value)| contains(value, text)),
        _ => false,
    }
}

/// In which order tasks are listed.
struct Order<'a> {
    field: &'a str,
    ascending: bool,
}

impl<'a> Order<'a> {
    fn of(request: &'a Value) -> Self {
        let sort = request.object("sort");
        Order {
            field: sort
                .and_then(|sort| sort.text("field"))
                .unwrap_or("created_at"),
            ascending: sort.and_then(|sort| sort.text("direction")) == Some("asc"),
        }
    }

    fn direction(&self) -> &'static str {
        if self.ascending { "asc" } else { "desc" }
    }

    /// The place of a task, the same from page to page while the task stays as it is.
    fn position(&self, task: &TaskEntry) -> (String, String) {
        let sort = match self.field {
            "updated_at" => records::in_order_of(task.updated_at),
            "status" => task.status.as_str().to_owned(),
            "task_type" => task.tool.clone(),
            "protocol" => PROTOCOL.to_owned(),
            _ => records::in_order_of(task.created_at),
        };
        (sort, task.task_id.clone())
    }

    fn compare(&self, one: &(String, String), other: &(String, String)) -> Ordering {
        let order = one.cmp(other);
        if self.ascending {
            order
        } else {
            order.reverse()
        }
    }
}
