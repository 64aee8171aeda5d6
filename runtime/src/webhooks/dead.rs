//! Notifications as operators look at them, and have them tried again.

use serde_json::Value;

use super::Scheme;
use super::record::{Delivery, Parcel, Standing, of_caller, of_standing, remove};
use crate::error::{Error, Result};
use crate::identity::{Scope, TenantId};
use crate::ops::records::{self, Stored};
use crate::ops::{Services, work};
use crate::store::Batch;
use crate::tasks::{self, AuditEntry, without_secrets};

/// The right to have a notification tried again, as the operators' file says it.
pub const REPLAY: &str = "webhooks";
/// So many that were set aside are kept for one caller; beyond it the oldest are removed.
pub const MOST_DEAD: usize = 200;
/// How often a replay is tried anew because something else about the notification changed meanwhile.
const ATTEMPTS: usize = 8;

/// One page of notifications, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryPage {
    /// The notifications.
    pub deliveries: Vec<Delivery>,
    /// The cursor of the next page, where there is one.
    pub next: Option<String>,
}

/// What a notification says, without anything secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    /// How it is proved who sends: `signature`, `bearer` or `hmac-sha256`.
    pub proof: &'static str,
    /// The payload.
    pub payload: Value,
}

/// Why a notification was not tried again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such notification.
    #[error("there is no notification of that id; it may have been delivered")]
    Unknown,
    /// It is not set aside.
    #[error("the notification is waiting to be delivered already")]
    Waiting,
    /// The store failed, or something else kept changing it.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Notifications of all callers that are not delivered, newest first; with `standing` those that are
/// so far. `after` is the cursor of the page before; a page has at most `limit`, and never more than
/// 100.
///
/// # Errors
///
/// `INVALID_REQUEST` at `pagination.cursor` when the cursor was not issued for this list;
/// `SERVICE_UNAVAILABLE` when the store can't be read.
pub async fn list(
    services: &Services,
    tenant: &TenantId,
    standing: Option<Standing>,
    after: Option<&str>,
    limit: usize,
) -> Result<DeliveryPage> {
    let tag = standing.map(of_standing);
    let purpose = format!(
        "operator/webhooks/{}/{}",
        tenant.0,
        tag.as_deref().unwrap_or_default()
    );
    let scope = Scope::seller(tenant);
    let (deliveries, next) = tasks::page(services, &scope, tag, &purpose, after, limit).await?;
    Ok(DeliveryPage { deliveries, next })
}

/// The notification of that id, and what it says.
///
/// # Errors
///
/// `SERVICE_UNAVAILABLE` when the store can't be read; `INTERNAL_ERROR` when what it says can't.
pub async fn open(
    services: &Services,
    tenant: &TenantId,
    webhook_id: &str,
) -> Result<Option<(Delivery, Contents)>> {
    let scope = Scope::seller(tenant);
    let row = records::find::<Delivery>(&services.store, &scope, webhook_id).await?;
    let parcel = records::find::<Parcel>(&services.store, &scope, webhook_id).await?;
    let (Some(row), Some(parcel)) = (row, parcel) else {
        return Ok(None);
    };
    let payload: Value = serde_json::from_str(&parcel.value.body).map_err(Error::internal)?;
    let scheme = parcel.value.subscription.authentication.as_ref();
    let contents = Contents {
        proof: match scheme.map(|authentication| authentication.scheme) {
            None => "signature",
            Some(Scheme::Bearer) => "bearer",
            Some(Scheme::HmacSha256) => "hmac-sha256",
        },
        payload: without_secrets(&payload),
    };
    Ok(Some((row.value, contents)))
}

/// Has a notification that was set aside tried again: the same bytes under the same key. That it was
/// replayed, and by whom, is in the audit.
///
/// # Errors
///
/// When there is nothing to try again.
pub async fn replay(
    services: &Services,
    tenant: &TenantId,
    webhook_id: &str,
    operator: &str,
) -> Result<Delivery, ReplayError> {
    let scope = Scope::seller(tenant);
    for _ in 0..ATTEMPTS {
        let mut row = records::find::<Delivery>(&services.store, &scope, webhook_id)
            .await?
            .ok_or(ReplayError::Unknown)?;
        if row.value.standing != Standing::Dead {
            return Err(ReplayError::Waiting);
        }
        let now = services.clock.now();
        let mut batch = Batch::new();
        let entry = AuditEntry {
            audit_id: format!("{webhook_id}:{}", now.timestamp_micros()),
            at: now,
            operator: operator.to_owned(),
            action: "replay".to_owned(),
            task_id: row.value.task_id.clone(),
            webhook_id: Some(webhook_id.to_owned()),
            tool: row.value.topic.clone(),
            principal: row.value.principal.clone(),
            account_id: None,
            reason: row.value.reason.clone(),
        };
        records::insert(&mut batch, &scope, &entry)?;
        row.value
            .revive(now, services.profile.webhooks.retry_seconds);
        row.save(&mut batch)?;
        if work::commit(services, batch).await? {
            return Ok(row.value);
        }
    }
    let changing = "the notification kept changing while it was to be tried again";
    Err(Error::unavailable(changing).into())
}

/// Removes the oldest notifications of a caller that were set aside, where there are too many, so that
/// receivers that never were don't fill the store.
pub(super) async fn thin_out(services: &Services, latest: &Stored<Delivery>) -> Result<()> {
    let tag = of_caller(Standing::Dead, &latest.value.principal);
    let scope = &latest.key.scope;
    let dead: Vec<Stored<Delivery>> = records::tagged(&services.store, scope, Some(tag)).await?;
    for row in dead.iter().skip(MOST_DEAD) {
        let mut batch = Batch::new();
        remove(&mut batch, row);
        if work::commit(services, batch).await? {
            tracing::warn!(
                webhook_id = row.value.webhook_id,
                topic = row.value.topic,
                principal = row.value.principal.0,
                "a notification that was set aside is removed: there are newer ones"
            );
        }
    }
    Ok(())
}
