//! What every store refuses before it writes, so that a seller behaves the same on each backend.
//!
//! The limits are what the narrowest backend can keep: PostgreSQL has no NUL in text and bounded
//! index entries, and a body must be readable again by a JSON parser with a depth limit.

use std::collections::HashSet;

use serde_json::Value;

use super::{Batch, Change, Draft, Key, StoreError};

/// Checks the names, tags and depth of a whole batch, and that no key is in it twice.
pub(super) fn check(batch: &Batch) -> Result<(), StoreError> {
    let mut seen = HashSet::with_capacity(batch.writes.len());
    for (key, _, change) in &batch.writes {
        check_key(key)?;
        if !seen.insert(key) {
            return Err(limit(key, "is in the batch twice"));
        }
        if let Change::Put(draft) = change {
            check_draft(key, draft)?;
        }
    }
    Ok(())
}

/// The body as it is kept.
pub(super) fn serialise(key: &Key, body: &Value) -> Result<String, StoreError> {
    let text = serde_json::to_string(body)
        .map_err(|error| StoreError::backend("a record's body can't be written as JSON", error))?;
    if text.len() > Draft::MAX_BODY {
        return Err(limit(
            key,
            &format!(
                "has a body of {} bytes; at most {} can be kept",
                text.len(),
                Draft::MAX_BODY
            ),
        ));
    }
    Ok(text)
}

fn check_key(key: &Key) -> Result<(), StoreError> {
    let owner = key.scope.owner.to_string();
    let names = [
        ("tenant", key.scope.tenant.0.as_str()),
        ("owner", owner.get(2..).unwrap_or_default()),
        ("kind", key.kind),
        ("id", key.id.as_str()),
    ];
    for (what, name) in names {
        if name.is_empty()
            && !(what == "owner" && key.scope.owner == crate::identity::Owner::Seller)
        {
            return Err(limit(key, &format!("has an empty {what}")));
        }
        check_name(key, what, name)?;
    }
    Ok(())
}

fn check_draft(key: &Key, draft: &Draft) -> Result<(), StoreError> {
    check_name(key, "sort", &draft.sort)?;
    for tag in &draft.tags {
        check_name(key, "tag", tag)?;
    }
    if deeper_than(&draft.body, Draft::MAX_DEPTH) {
        return Err(limit(
            key,
            &format!("has a body nested deeper than {}", Draft::MAX_DEPTH),
        ));
    }
    Ok(())
}

fn check_name(key: &Key, what: &str, name: &str) -> Result<(), StoreError> {
    if name.len() > Key::MAX_ID {
        return Err(limit(
            key,
            &format!(
                "has a {what} of {} bytes; at most {} can be kept",
                name.len(),
                Key::MAX_ID
            ),
        ));
    }
    if name.contains('\0') {
        return Err(limit(
            key,
            &format!("has a {what} with a NUL character in it"),
        ));
    }
    Ok(())
}

fn limit(key: &Key, what: &str) -> StoreError {
    // The id is cut, because a refused one may be megabytes long and ends up in a log.
    let id: String = key.id.chars().take(64).collect();
    StoreError::Limit(format!("the record {}/{id:?} {what}", key.kind))
}

/// Whether arrays and objects are nested more than `depth` deep.
fn deeper_than(value: &Value, depth: usize) -> bool {
    let mut open = vec![(value, 1)];
    while let Some((value, level)) = open.pop() {
        match value {
            Value::Array(items) if level <= depth => {
                open.extend(items.iter().map(|item| (item, level + 1)))
            }
            Value::Object(members) if level <= depth => {
                open.extend(members.values().map(|member| (member, level + 1)))
            }
            Value::Array(_) | Value::Object(_) => return true,
            _ => {}
        }
    }
    false
}
