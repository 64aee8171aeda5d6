//! Status changes that a handler publishes, until its call is committed.
//!
//! Each is tried out at once, over what the handler published before, so that the handler learns
//! whether it stands. What it changes is worked out anew for the commit, since the records may have
//! moved by then.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::moves::{Moves, Sight};
use super::{PublishError, StatusChange, notice};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::identity::TenantId;
use crate::ops::Services;
use crate::profile::Profile;
use crate::store::{Batch, SharedStore};

/// The most changes that one call may publish.
const MOST: usize = 1000;

/// What the handlers of one call publish. A context that no server made publishes nowhere.
#[derive(Clone, Default)]
pub(crate) struct Collected(Option<Arc<Inner>>);

struct Inner {
    store: SharedStore,
    clock: Arc<dyn Clock>,
    profile: &'static Profile,
    sandbox: bool,
    pending: Mutex<Pending>,
}

#[derive(Default)]
struct Pending {
    changes: Vec<StatusChange>,
    /// What they come to so far.
    tried: Batch,
    /// Whether something else may be in there: a change that was tried and does not stand.
    spoilt: bool,
}

impl Collected {
    /// For one call.
    pub(crate) fn new(services: &Services) -> Self {
        Collected(Some(Arc::new(Inner {
            store: services.store.clone(),
            clock: Arc::clone(&services.clock),
            profile: services.profile,
            sandbox: services.sandbox,
            pending: Mutex::default(),
        })))
    }

    /// Forgets what an attempt published that is made anew.
    pub(crate) async fn clear(&self) {
        if let Some(inner) = &self.0 {
            *inner.pending.lock().await = Pending::default();
        }
    }

    /// Takes a change in.
    pub(crate) async fn publish(
        &self,
        tenant: &TenantId,
        change: StatusChange,
    ) -> Result<(), PublishError> {
        let inner = self.0.as_ref().ok_or(PublishError::NotServing)?;
        let mut pending = inner.pending.lock().await;
        if pending.changes.len() == MOST {
            return Err(refused(PublishError::TooMany(MOST)));
        }
        let sight = Sight {
            store: &inner.store,
            profile: inner.profile,
            sandbox: inner.sandbox,
            tenant,
            now: inner.clock.now(),
        };
        pending.try_out(sight, &change).await.map_err(refused)?;
        pending.changes.push(change);
        Ok(())
    }

    /// Adds what was published to the batch of its call. What does not stand any more is left out,
    /// and logged.
    pub(crate) async fn add_to(
        &self,
        services: &Services,
        tenant: &TenantId,
        batch: &mut Batch,
    ) -> Result<()> {
        let Some(inner) = &self.0 else { return Ok(()) };
        let changes = std::mem::take(&mut *inner.pending.lock().await).changes;
        let now = services.clock.now();
        let mut moves = Moves::new(Sight::of(services, tenant, now), batch);
        for change in &changes {
            match moves.apply(change).await {
                Ok(()) => {}
                Err(error @ PublishError::Store(_)) => {
                    return Err(Error::unavailable(error));
                }
                Err(error) => {
                    refused(error);
                }
            }
        }
        let moved = moves.moved;
        notice::tell(services, moved, now, batch).await?;
        Ok(())
    }
}

impl Pending {
    /// Tries a change out over what was published before.
    async fn try_out(
        &mut self,
        sight: Sight<'_>,
        change: &StatusChange,
    ) -> Result<(), PublishError> {
        if self.spoilt {
            let mut tried = Batch::new();
            for change in &self.changes {
                Moves::new(sight, &mut tried).apply(change).await?;
            }
            self.tried = tried;
        }
        // Said before, since a handler may give up while it waits here.
        self.spoilt = true;
        let mut moves = Moves::new(sight, &mut self.tried);
        let stands = moves.apply(change).await;
        // A change that moves several records may fall at the second.
        self.spoilt = stands.is_err() && !moves.moved.is_empty();
        stands
    }
}

/// Logs that a change is not published.
pub(super) fn refused(error: PublishError) -> PublishError {
    tracing::warn!(%error, "a status change is not published");
    error
}

impl fmt::Debug for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collected")
    }
}
