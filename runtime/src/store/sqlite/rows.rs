//! Between rows and records, reading.

use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::Value;

use super::{failed, schema};
use crate::clock::Timestamp;
use crate::identity::{Owner, Scope, TenantId};
use crate::store::{Key, LeaseRequest, MAX_LIST, Query, Record, StoreError};

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("the record with number {number} can't be understood: {cause}")]
    Damaged { number: i64, cause: String },
    #[error("the store is closed")]
    Closed,
}

impl ReadError {
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, ReadError::Sqlite(error) if schema::is_busy(error))
    }

    pub(super) fn into_store_error(self) -> StoreError {
        match self {
            ReadError::Sqlite(error) => failed("read", error),
            other => StoreError::backend("the store could not read", other),
        }
    }
}

/// The columns that [`record`] reads, in its order.
const COLUMNS: &str = "number, revision, sort, tags, due, body";

/// The record under a key.
pub(super) fn get(connection: &Connection, key: &Key) -> Result<Option<Record>, ReadError> {
    let mut statement =
        connection.prepare_cached("SELECT number, revision, sort, tags, due, body FROM record WHERE tenant = ?1 AND owner = ?2 AND kind = ?3 AND id = ?4")?;
    let mut rows = statement.query(params![
        key.scope.tenant.0,
        key.scope.owner.to_string(),
        key.kind,
        key.id
    ])?;
    rows.next()?.map(|row| record(row, key.clone())).transpose()
}

/// The records that a query asks for, in order.
pub(super) fn list(connection: &Connection, query: &Query) -> Result<Vec<Record>, ReadError> {
    let limit = i64::try_from(query.limit.min(MAX_LIST)).unwrap_or(i64::MAX);
    // Every (sort, id) is greater than this pair, since no id is empty.
    let (sort, id) = query
        .after
        .as_ref()
        .map_or(("", ""), |(sort, id)| (sort.as_str(), id.as_str()));
    let owner = query.scope.owner.to_string();
    let (tenant, kind) = (&query.scope.tenant.0, query.kind);
    let mut statement;
    let mut rows = match &query.tag {
        None => {
            statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS}, id FROM record
                 WHERE tenant = ?1 AND owner = ?2 AND kind = ?3 AND (sort, id) > (?4, ?5) ORDER BY sort, id LIMIT ?6"
            ))?;
            statement.query(params![tenant, owner, kind, sort, id, limit])?
        }
        Some(tag) => {
            statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS}, id FROM (
                     SELECT record AS number, sort AS tag_sort, id AS tag_id FROM tag
                     WHERE tenant = ?1 AND owner = ?2 AND kind = ?3 AND tag = ?7 AND (sort, id) > (?4, ?5) ORDER BY sort, id LIMIT ?6
                 ) JOIN record USING (number) ORDER BY tag_sort, tag_id"
            ))?;
            statement.query(params![tenant, owner, kind, sort, id, limit, tag])?
        }
    };
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(record(
            row,
            Key::new(query.scope.clone(), query.kind, row.get::<_, String>(6)?),
        )?);
    }
    Ok(records)
}

/// Whether [`due`] would find anything.
pub(super) fn any_due(connection: &Connection, request: &LeaseRequest) -> Result<bool, ReadError> {
    if request.limit == 0 {
        return Ok(false);
    }
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM record WHERE kind = ?1 AND due <= ?2 AND (leased_until IS NULL OR leased_until <= ?2) LIMIT 1")?;
    Ok(statement
        .query_row(
            params![request.kind, request.now.timestamp_micros()],
            |_| Ok(()),
        )
        .optional()?
        .is_some())
}

/// The records that may be leased, those due longest first, with their numbers.
pub(super) fn due(
    connection: &Connection,
    request: &LeaseRequest,
) -> Result<Vec<(i64, Record)>, ReadError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}, tenant, owner, id FROM record
         WHERE kind = ?1 AND due <= ?2 AND (leased_until IS NULL OR leased_until <= ?2) ORDER BY due, tenant, owner, id LIMIT ?3"
    ))?;
    let limit = i64::try_from(request.limit.min(MAX_LIST)).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![request.kind, request.now.timestamp_micros(), limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let number = row.get(0)?;
        let tenant = TenantId(row.get(6)?);
        let owner = row
            .get_ref(7)?
            .as_str()
            .ok()
            .and_then(Owner::parse)
            .ok_or_else(|| damaged(number, "its owner is of no known form"))?;
        found.push((
            number,
            record(
                row,
                Key::new(
                    Scope { tenant, owner },
                    request.kind,
                    row.get::<_, String>(8)?,
                ),
            )?,
        ));
    }
    Ok(found)
}

fn record(row: &Row<'_>, key: Key) -> Result<Record, ReadError> {
    let number: i64 = row.get(0)?;
    let revision: i64 = row.get(1)?;
    let due: Option<i64> = row.get(4)?;
    Ok(Record {
        key,
        revision: u64::try_from(revision)
            .map_err(|_| damaged(number, "its revision is negative"))?,
        body: Arc::new(json::<Value>(number, row.get_ref(5)?)?),
        sort: row.get(2)?,
        tags: json(number, row.get_ref(3)?)?,
        due: due
            .map(|due| {
                Timestamp::from_timestamp_micros(due)
                    .ok_or_else(|| damaged(number, "its due instant is out of range"))
            })
            .transpose()?,
    })
}

fn json<T: serde::de::DeserializeOwned>(number: i64, text: ValueRef<'_>) -> Result<T, ReadError> {
    let text = text.as_bytes().map_err(|error| damaged(number, error))?;
    serde_json::from_slice(text).map_err(|error| damaged(number, error))
}

fn damaged(number: i64, cause: impl ToString) -> ReadError {
    ReadError::Damaged {
        number,
        cause: cause.to_string(),
    }
}
