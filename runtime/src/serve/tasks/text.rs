//! Tasks and decisions for people.

use serde_json::Value;

use super::super::text::{self, document, harmless, minute, second, table};
use crate::operator::{AllocationView, ProposalView, TaskView};
use crate::tasks::{About, AuditEntry, Decision, NOBODY, in_words};

/// A table of tasks.
pub(super) fn tasks(tasks: &[TaskView], width: Option<usize>) -> String {
    let rows = tasks
        .iter()
        .map(|task| {
            let until = task.decide_until.filter(|_| task.awaiting);
            [
                task.task_id.clone(),
                standing(task),
                until.map(minute).unwrap_or_default(),
                task.principal.clone(),
                task.account_id.clone().unwrap_or_default(),
                about(task),
            ]
        })
        .collect();
    table(
        [
            "TASK",
            "STATUS",
            "DECIDE UNTIL",
            "BUYER",
            "ACCOUNT",
            "ABOUT",
        ],
        rows,
        width,
    )
}

/// A table of decisions.
pub(super) fn audit(entries: &[AuditEntry], width: Option<usize>) -> String {
    let rows = entries
        .iter()
        .map(|entry| {
            [
                minute(entry.at),
                entry.operator.clone(),
                entry.action.clone(),
                entry
                    .webhook_id
                    .as_ref()
                    .or(entry.task_id.as_ref())
                    .cloned()
                    .unwrap_or_default(),
                entry.tool.clone(),
                entry.reason.clone().unwrap_or_default(),
            ]
        })
        .collect();
    table(
        ["WHEN", "WHO", "DID", "WHAT", "TOOL", "REASON"],
        rows,
        width,
    )
}

/// Everything about a task.
pub(super) fn task(task: &TaskView) -> String {
    let mut lines = vec![
        ("task", task.task_id.clone()),
        ("status", standing(task)),
        ("about", about(task)),
        ("tool", task.tool.clone()),
        ("buyer", task.principal.clone()),
    ];
    let account = task.account_id.clone();
    let moments = [
        ("created", Some(task.created_at)),
        ("changed", Some(task.updated_at)),
        ("ended", task.completed_at),
        ("decide until", task.decide_until.filter(|_| task.awaiting)),
    ];
    lines.extend(account.map(|account| ("account", account)));
    lines.extend(task.proposals.iter().flat_map(proposal));
    lines.extend(
        moments
            .into_iter()
            .filter_map(|(name, at)| Some((name, second(at?)))),
    );
    lines.extend(
        task.decision
            .as_ref()
            .map(|decision| ("decision", word_on(decision))),
    );
    lines.extend(task.message.clone().map(|message| ("message", message)));
    if let Some(progress) = &task.progress {
        let percentage = progress
            .percentage
            .map(|percentage| format!("{percentage} %"));
        let said = [percentage, progress.current_step.clone()];
        lines.push((
            "progress",
            said.into_iter().flatten().collect::<Vec<_>>().join(", "),
        ));
    }
    lines.push(("attempts", task.attempts.to_string()));
    lines.extend(
        task.error
            .as_ref()
            .map(|error| ("error", format!("{}: {}", error.code, error.message))),
    );
    let mut text = text::lines(&lines);
    if let Some(request) = &task.request {
        text.push_str(&document("request", request));
    }
    text
}

/// What has just been decided.
pub(super) fn decided(task: &TaskView) -> String {
    let word = task.decision.as_ref().map(word_on).unwrap_or_default();
    format!("{}: {}", harmless(&task.task_id), harmless(&word))
}

/// What to do next.
pub(super) fn how_to_decide(name: &str, id: &str) -> String {
    format!(
        "\ndecide with\n  {name} tasks show {id}\n  {name} tasks approve {id}\n  {name} tasks reject {id} --reason 'why not'"
    )
}

fn standing(task: &TaskView) -> String {
    match (&task.operation, task.awaiting) {
        (Some(operation), true) => format!("waits: {operation}"),
        _ => task.status.as_str().to_owned(),
    }
}

fn word_on(decision: &Decision) -> String {
    let words = in_words(&decision.operator, decision.approved);
    let mut text = format!("{words} at {}", minute(decision.at));
    // When the time ran out, the words are the reason.
    let reason = decision.reason.as_ref();
    if let Some(reason) = reason.filter(|_| decision.operator != NOBODY) {
        text.push_str(&format!(" ({reason})"));
    }
    text
}

/// What a task is about, in a line.
fn about(task: &TaskView) -> String {
    let About {
        proposal_ids,
        packages,
        more_packages,
        total_budget,
        start_time,
        end_time,
    } = &task.about;
    let mut parts = Vec::new();
    if !proposal_ids.is_empty() {
        parts.push(format!("proposal {}", proposal_ids.join(", ")));
    }
    parts.extend(packages.iter().map(|package| {
        let budget = package.budget.map(|budget| format!(" {budget}"));
        format!("{}{}", package.product_id, budget.unwrap_or_default())
    }));
    if *more_packages > 0 {
        parts.push(format!("{more_packages} more"));
    }
    parts.extend(total_budget.as_ref().map(in_all));
    if let (Some(start), Some(end)) = (start_time, end_time) {
        parts.push(format!("{start} to {end}"));
    }
    if parts.is_empty() {
        task.tool.clone()
    } else {
        parts.join("; ")
    }
}

/// A proposal in a line, and its parts in a line each.
fn proposal(proposal: &ProposalView) -> Vec<(&'static str, String)> {
    let name = proposal.name.as_deref().unwrap_or(&proposal.proposal_id);
    let state = serde_json::to_value(proposal.state).unwrap_or_default();
    let state = state.as_str().unwrap_or_default();
    let until = proposal.expires_at;
    let said = [
        Some(format!("{name} ({})", proposal.proposal_id)),
        Some(state.to_owned()),
        proposal.total_budget.as_ref().map(in_all),
        until.map(|until| format!("expires {}", minute(until))),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    let mut lines = vec![("proposal", said.join("; "))];
    lines.extend(
        proposal
            .allocations
            .iter()
            .map(|part| ("", allocation(part))),
    );
    lines
}

fn allocation(part: &AllocationView) -> String {
    let share = part.percentage.map(|share| format!("{share} % "));
    let name = part.product.as_ref().map(|name| format!(" ({name})"));
    let price = part
        .pricing_option_id
        .as_ref()
        .map(|id| format!(" at {id}"));
    let mut text = [share, Some(part.product_id.clone()), name, price]
        .into_iter()
        .flatten()
        .collect::<String>();
    if !part.price.is_empty() {
        let said = part.price.iter().map(|(name, value)| match value {
            Value::String(word) => format!("{name} {word}"),
            other => format!("{name} {other}"),
        });
        text.push_str(&format!(": {}", said.collect::<Vec<_>>().join(", ")));
    }
    text
}

fn in_all(total: &Value) -> String {
    let currency = total["currency"].as_str().unwrap_or_default();
    format!("in all {} {currency}", total["amount"])
}
