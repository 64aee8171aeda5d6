//! Records as they will be once a batch is committed.
//!
//! A call that publishes a change may itself be about to write the record that the change moves. A
//! batch names a key once, so the move has to go into what is written there already.

use crate::error::{Error, Result};
use crate::identity::Scope;
use crate::ops::records::{self, Kept, Stored};
use crate::store::{Batch, Change, Key, Record, SharedStore};

/// The record of that id: as the batch writes it, else as the store has it.
pub(super) async fn find<T: Kept>(
    store: &SharedStore,
    batch: &Batch,
    scope: &Scope,
    id: &str,
) -> Result<Option<Stored<T>>> {
    let key = Key::new(scope.clone(), T::KIND, id);
    match batch.writes.iter().find(|(written, ..)| *written == key) {
        Some((_, _, Change::Delete)) => Ok(None),
        Some((_, _, Change::Put(draft))) => {
            let draft = draft.clone();
            // Its revision is never compared: `save` leaves the batch's own expectation in place.
            let record = Record {
                key,
                revision: 1,
                body: draft.body.into(),
                sort: draft.sort,
                tags: draft.tags,
                due: draft.due,
            };
            Stored::from_record(record).map(Some)
        }
        Some((_, _, Change::Keep)) | None => records::find(store, scope, id).await,
    }
}

/// Writes a record that [`find`] returned.
pub(super) fn save<T: Kept>(batch: &mut Batch, stored: &Stored<T>) -> Result<()> {
    let written = batch.writes.iter_mut().find(|(key, ..)| *key == stored.key);
    match written {
        Some((_, _, change)) => {
            let draft = records::draft(&stored.value, stored.seeded)?;
            *change = Change::Put(draft);
            Ok(())
        }
        None => stored.save(batch),
    }
}

/// Removes a record that was read from the store, whatever the batch does to it otherwise.
pub(super) fn remove<T: Kept>(batch: &mut Batch, stored: &Stored<T>) {
    match batch.writes.iter_mut().find(|(key, ..)| *key == stored.key) {
        Some((_, _, change)) => *change = Change::Delete,
        None => stored.remove(batch),
    }
}

/// What goes wrong with the store, as an error of publishing.
pub(super) fn unkept(error: Error) -> super::PublishError {
    super::PublishError::Store(error.cause.unwrap_or_else(|| error.message.into()))
}
