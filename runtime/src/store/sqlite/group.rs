//! Between batches and rows, writing. Runs inside the writer's transaction.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::rows;
use crate::clock::Timestamp;
use crate::store::{Batch, Change, Expect, Key, LeaseRequest, Record, StoreError, limits};

/// One write as it goes to SQLite. Made on the caller's thread, so that the only writer does not
/// serialise everybody's JSON.
#[derive(Debug)]
pub(super) struct Write {
    key: Key,
    owner: String,
    expect: Expect,
    action: Action,
}

#[derive(Debug)]
enum Action {
    Keep,
    Delete,
    Put {
        body: String,
        sort: String,
        tags: Vec<String>,
        due: Option<i64>,
    },
}

/// A row as it stands before a batch.
struct Row {
    number: i64,
    revision: i64,
    sort: String,
    tags: String,
}

/// Why a batch was not carried out.
pub(super) enum Refusal {
    /// An expectation did not hold; nothing was written.
    Conflict(Box<Key>),
    /// SQLite failed, perhaps half way.
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Refusal::Failed(error)
    }
}

/// Checks a batch against the limits and brings it into the form in which it is written.
pub(super) fn prepare(batch: Batch) -> Result<Vec<Write>, StoreError> {
    limits::check(&batch)?;
    batch
        .writes
        .into_iter()
        .map(|(key, expect, change)| prepare_write(key, expect, change))
        .collect()
}

fn prepare_write(key: Key, expect: Expect, change: Change) -> Result<Write, StoreError> {
    let action = match change {
        Change::Keep => Action::Keep,
        Change::Delete => Action::Delete,
        Change::Put(draft) => Action::Put {
            body: limits::serialise(&key, &draft.body)?,
            sort: draft.sort,
            tags: draft.tags,
            due: draft.due.as_ref().map(Timestamp::timestamp_micros),
        },
    };
    Ok(Write {
        owner: key.scope.owner.to_string(),
        key,
        expect,
        action,
    })
}

/// Carries out one batch. On an error the caller rolls back to where it began.
pub(super) fn apply(connection: &Connection, writes: &[Write]) -> Result<(), Refusal> {
    let mut rows = Vec::with_capacity(writes.len());
    for write in writes {
        let row = find(connection, write)?;
        let holds = match write.expect {
            Expect::Anything => true,
            Expect::Absent => row.is_none(),
            Expect::Revision(expected) => row
                .as_ref()
                .is_some_and(|row| u64::try_from(row.revision) == Ok(expected)),
        };
        if !holds {
            return Err(Refusal::Conflict(Box::new(write.key.clone())));
        }
        rows.push(row);
    }
    for (write, row) in writes.iter().zip(rows) {
        match (&write.action, row) {
            (Action::Keep, _) | (Action::Delete, None) => {}
            (Action::Delete, Some(row)) => {
                connection
                    .prepare_cached("DELETE FROM record WHERE number = ?1")?
                    .execute([row.number])?;
                remove_tags(connection, write, &row)?;
            }
            (
                Action::Put {
                    body,
                    sort,
                    tags,
                    due,
                },
                row,
            ) => put(connection, write, row, (body, sort, tags, *due))?,
        }
    }
    Ok(())
}

/// Leases what is due. The lease is part of the writer's transaction, so no other process can
/// hand out the same record.
pub(super) fn lease(
    connection: &Connection,
    request: &LeaseRequest,
) -> Result<Vec<Record>, rows::ReadError> {
    let found = rows::due(connection, request)?;
    let mut statement =
        connection.prepare_cached("UPDATE record SET leased_until = ?2 WHERE number = ?1")?;
    for (number, _) in &found {
        statement.execute(params![number, request.until.timestamp_micros()])?;
    }
    Ok(found.into_iter().map(|(_, record)| record).collect())
}

fn find(connection: &Connection, write: &Write) -> rusqlite::Result<Option<Row>> {
    connection
        .prepare_cached("SELECT number, revision, sort, tags FROM record WHERE tenant = ?1 AND owner = ?2 AND kind = ?3 AND id = ?4")?
        .query_row(params![write.key.scope.tenant.0, write.owner, write.key.kind, write.key.id], |row| {
            Ok(Row { number: row.get(0)?, revision: row.get(1)?, sort: row.get(2)?, tags: row.get(3)? })
        })
        .optional()
}

fn put(
    connection: &Connection,
    write: &Write,
    row: Option<Row>,
    (body, sort, tags, due): (&str, &str, &[String], Option<i64>),
) -> rusqlite::Result<()> {
    let tag_list = serde_json::to_string(tags)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let Some(row) = row else {
        connection
            .prepare_cached(
                "INSERT INTO record (tenant, owner, kind, id, revision, sort, tags, due, body) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![write.key.scope.tenant.0, write.owner, write.key.kind, write.key.id, sort, tag_list, due, body])?;
        return add_tags(
            connection,
            write,
            connection.last_insert_rowid(),
            sort,
            tags,
        );
    };
    connection
        .prepare_cached("UPDATE record SET revision = ?2, sort = ?3, tags = ?4, due = ?5, leased_until = NULL, body = ?6 WHERE number = ?1")?
        .execute(params![row.number, row.revision + 1, sort, tag_list, due, body])?;
    if row.tags == tag_list && row.sort == sort {
        return Ok(());
    }
    remove_tags(connection, write, &row)?;
    add_tags(connection, write, row.number, sort, tags)
}

fn add_tags(
    connection: &Connection,
    write: &Write,
    number: i64,
    sort: &str,
    tags: &[String],
) -> rusqlite::Result<()> {
    let key = &write.key;
    for tag in tags {
        // A tag that is there twice finds its record once.
        connection
            .prepare_cached("INSERT OR IGNORE INTO tag (tenant, owner, kind, tag, sort, id, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute(params![key.scope.tenant.0, write.owner, key.kind, tag, sort, key.id, number])?;
    }
    Ok(())
}

fn remove_tags(connection: &Connection, write: &Write, row: &Row) -> rusqlite::Result<()> {
    let key = &write.key;
    connection
        .prepare_cached(
            "DELETE FROM tag WHERE tenant = ?1 AND owner = ?2 AND kind = ?3 AND tag IN (SELECT value FROM json_each(?4)) AND sort = ?5 AND id = ?6",
        )?
        .execute(params![key.scope.tenant.0, write.owner, key.kind, row.tags, row.sort, key.id])?;
    Ok(())
}
