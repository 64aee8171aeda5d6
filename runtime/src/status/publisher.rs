//! Publishing from code beside the server: a poller of the ad server, a job, a console.

use std::sync::{Arc, Weak};

use tokio::sync::watch;

use super::collected::refused;
use super::moves::{Moves, Sight};
use super::{PublishError, Published, StatusChange, ledger, notice};
use crate::identity::TenantId;
use crate::ops::Services;
use crate::store::{Batch, StoreError};

/// How often a change is worked out anew because a record changed meanwhile.
const ATTEMPTS: usize = 16;

/// What the server publishes with, once it serves.
type Serving = Option<Weak<Services>>;

/// Publishes status changes for one tenant. Cheap to clone, and as long-lived as need be: what is
/// published before the seller serves waits until it does.
///
/// ```no_run
/// use adcp_seller::Seller;
/// use adcp_seller::domain::MediaBuyStatus;
/// use adcp_seller::status::{Publisher, StatusChange};
///
/// async fn watch_orders(publisher: Publisher) {
///     // Ask the ad server what changed; then, for each order:
///     let change = StatusChange::media_buy("acct_1", "mb_1", MediaBuyStatus::Active);
///     if let Err(error) = publisher.publish(change).await {
///         eprintln!("not published: {error}");
///     }
/// }
///
/// # async fn main_of(seller: Seller) {
/// tokio::spawn(watch_orders(seller.publisher()));
/// seller.run().await;
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Publisher {
    serving: watch::Receiver<Serving>,
    tenant: TenantId,
}

/// The server's end of publishers: says when they may begin.
#[derive(Debug)]
pub(crate) struct Bell(watch::Sender<Serving>);

impl Bell {
    /// Of a seller that does not serve yet.
    pub(crate) fn new() -> Self {
        Bell(watch::Sender::new(None))
    }

    /// A publisher for the tenant of a seller that is alone.
    pub(crate) fn publisher(&self) -> Publisher {
        Publisher {
            serving: self.0.subscribe(),
            tenant: TenantId(TenantId::SINGLE.to_owned()),
        }
    }

    /// Lets publishers begin.
    pub(crate) fn ring(&self, services: &Arc<Services>) {
        self.0.send_replace(Some(Arc::downgrade(services)));
    }
}

impl Publisher {
    /// Publishes for another tenant. Whether there is one shows when something is published.
    pub fn for_tenant(&self, tenant: TenantId) -> Publisher {
        Publisher {
            tenant,
            ..self.clone()
        }
    }

    /// Publishes a change: moves our record, and writes the notifications of those who follow it
    /// into the outbox, in one commit. Publishing what is known already does nothing.
    ///
    /// # Errors
    ///
    /// When the tenant has no such thing, when its life cycle has no such step, and when the state
    /// can't be reached. Nothing has changed then, and nobody is told; the log has a line.
    pub async fn publish(&self, change: StatusChange) -> Result<Published, PublishError> {
        let mut serving = self.serving.clone();
        let services = serving
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|services| services.as_ref()?.upgrade())
            .ok_or(PublishError::NotServing)
            .map_err(refused)?;
        for _ in 0..ATTEMPTS {
            let (batch, published) = self.work_out(&services, &change).await.map_err(refused)?;
            match services.store.commit(batch).await {
                Ok(()) => {
                    tracing::info!(
                        tenant = self.tenant.0,
                        change = %change,
                        told = published.told,
                        "a status change is published"
                    );
                    return Ok(published);
                }
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(refused(PublishError::Store(Box::new(error)))),
            }
        }
        let busy = "what it changes was changed again and again at the same time";
        Err(refused(PublishError::Store(busy.into())))
    }

    async fn work_out(
        &self,
        services: &Services,
        change: &StatusChange,
    ) -> Result<(Batch, Published), PublishError> {
        let now = services.clock.now();
        let mut batch = Batch::new();
        let sight = Sight::of(services, &self.tenant, now);
        let mut moves = Moves::new(sight, &mut batch);
        moves.apply(change).await?;
        let moved = moves.moved;
        let count = moved.len();
        let told = notice::tell(services, moved, now, &mut batch)
            .await
            .map_err(ledger::unkept)?;
        Ok((batch, Published { moved: count, told }))
    }
}
