//! Waiting for due work inside one process: what [`Store::wake`](super::Store::wake) rests on.
//!
//! A wake is a hint. Commits of other processes are not seen here, which is why every wait ends
//! after a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Batch, Change};

/// The longest wait; another process's commit is noticed no later than this.
const AT_THE_LATEST: Duration = Duration::from_secs(1);

/// One bell for each kind of work.
#[derive(Debug, Default)]
pub(super) struct Bells(Mutex<HashMap<&'static str, Arc<Notify>>>);

impl Bells {
    /// Waits until work of that kind was written, or for a second.
    pub(super) async fn wait(&self, kind: &'static str) {
        let bell = self.bell(kind);
        // Running out of time is one of the two ways in which a wait is meant to end.
        let _ = tokio::time::timeout(AT_THE_LATEST, bell.notified()).await;
    }

    /// Wakes everybody who waits for one of those kinds.
    pub(super) fn ring(&self, kinds: &[&'static str]) {
        for kind in kinds {
            let bell = self.bell(kind);
            bell.notify_waiters();
            // Somebody between looking and waiting must not miss it: this leaves a permit.
            bell.notify_one();
        }
    }

    fn bell(&self, kind: &'static str) -> Arc<Notify> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells.entry(kind).or_default().clone()
    }
}

/// The kinds for which a batch makes work due.
pub(super) fn kinds(batch: &Batch) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    for (key, _, change) in &batch.writes {
        if matches!(change, Change::Put(draft) if draft.due.is_some()) && !kinds.contains(&key.kind)
        {
            kinds.push(key.kind);
        }
    }
    kinds
}
