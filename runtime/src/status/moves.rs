//! What a status change does to our own records.
//!
//! The edges are those of the life cycles in `domain`, whoever takes them: an adopter's handler, a
//! poller beside the server, or the test controller.

use super::{PublishError, StatusChange, Subject, holders, ledger};
use crate::clock::Timestamp;
use crate::domain::{
    AccountRecord, AccountStatus, Cancellation, Creative, CreativeStatus, MediaBuy, MediaBuyStatus,
};
use crate::error::{Error, Result};
use crate::identity::{Principal, Scope, TenantId};
use crate::ops::records::{self, Stored};
use crate::ops::{Services, own_account, resource_scope};
use crate::profile::Profile;
use crate::store::{Batch, SharedStore};

/// The longest summary in the history of a media buy, in characters
/// (`media-buy/get-media-buys-response.json`, `history`).
const LONGEST_SUMMARY: usize = 500;

/// Changes of status that are being added to a batch.
#[derive(Debug)]
pub(crate) struct Moves<'a> {
    pub(super) seller: Sight<'a>,
    pub(super) batch: &'a mut Batch,
    /// What has moved.
    pub(crate) moved: Vec<Moved>,
}

/// What moves need to know of the seller.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) store: &'a SharedStore,
    pub(crate) profile: &'static Profile,
    pub(crate) sandbox: bool,
    pub(crate) tenant: &'a TenantId,
    pub(crate) now: Timestamp,
}

impl<'a> Sight<'a> {
    /// What services tell of the seller.
    pub(crate) fn of(services: &'a Services, tenant: &'a TenantId, now: Timestamp) -> Self {
        Sight {
            store: &services.store,
            profile: services.profile,
            sandbox: services.sandbox,
            tenant,
            now,
        }
    }
}

impl std::fmt::Debug for Sight<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sight")
            .field("tenant", self.tenant)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// A record that has moved, as it will be.
#[derive(Debug)]
pub(crate) struct Moved {
    /// Where it lies.
    pub(super) scope: Scope,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    MediaBuy(MediaBuy),
    Creative(Creative),
    Account(AccountRecord),
}

impl Moved {
    /// A media buy that an operation of ours has moved itself.
    pub(crate) fn buy(scope: &Scope, buy: &MediaBuy) -> Self {
        Moved {
            scope: scope.clone(),
            what: What::MediaBuy(buy.clone()),
        }
    }
}

/// Why a record did not move.
#[derive(Debug)]
pub(crate) enum Stuck {
    /// There is none of that id.
    Missing,
    /// No edge leads there.
    Illegal {
        from: &'static str,
        to: &'static str,
    },
    /// The store failed.
    Failed(Error),
}

impl From<Error> for Stuck {
    fn from(error: Error) -> Self {
        Stuck::Failed(error)
    }
}

/// The states before and after, in the words of the wire.
pub(crate) type Step = (&'static str, &'static str);

impl<'a> Moves<'a> {
    /// Adds to a batch.
    pub(crate) fn new(seller: Sight<'a>, batch: &'a mut Batch) -> Self {
        Moves {
            seller,
            batch,
            moved: Vec::new(),
        }
    }

    /// Takes over one published change.
    pub(super) async fn apply(&mut self, change: &StatusChange) -> Result<(), PublishError> {
        let Sight {
            store,
            tenant,
            sandbox,
            ..
        } = self.seller;
        let holders = holders::of(store, tenant, &change.account_id)
            .await
            .map_err(ledger::unkept)?;
        let at = change.at;
        let reason = change.reason.as_deref();
        let mut found = false;
        for principal in &holders {
            let scope = resource_scope(sandbox, tenant, principal, &change.account_id);
            let account_id = Some(change.account_id.as_str());
            let step = match &change.subject {
                // Outside a sandbox the holders of one account see the same records.
                Subject::MediaBuy { .. } | Subject::Creative { .. } if found && !sandbox => break,
                Subject::MediaBuy { media_buy_id, to } => {
                    self.media_buy(&scope, account_id, media_buy_id, *to, reason, at)
                        .await
                }
                Subject::Creative { creative_id, to } => {
                    self.creative(&scope, account_id, creative_id, *to, reason, at)
                        .await
                }
                Subject::Account { to } => self.account(principal, &change.account_id, *to).await,
            };
            match step {
                Ok(_) => found = true,
                Err(Stuck::Missing) => {}
                Err(Stuck::Illegal { from, to }) => {
                    let what = change.to_string();
                    return Err(PublishError::Illegal { what, from, to });
                }
                Err(Stuck::Failed(error)) => return Err(ledger::unkept(error)),
            }
        }
        if found {
            return Ok(());
        }
        Err(PublishError::Unknown {
            tenant: tenant.0.clone(),
            what: change.to_string(),
        })
    }

    /// Moves a media buy: by the clock first, then as asked. `account_id` limits the search, in a
    /// sandbox, where accounts share a scope.
    pub(crate) async fn media_buy(
        &mut self,
        scope: &Scope,
        account_id: Option<&str>,
        media_buy_id: &str,
        to: MediaBuyStatus,
        reason: Option<&str>,
        at: Option<Timestamp>,
    ) -> Result<Step, Stuck> {
        let mut stored = self.find::<MediaBuy>(scope, media_buy_id).await?;
        if account_id.is_some_and(|account_id| account_id != stored.value.account_id) {
            return Err(Stuck::Missing);
        }
        let known = stored.value.status;
        let buy = &mut stored.value;
        buy.settle(self.seller.now);
        let from = buy.status;
        let step = (from.as_str(), to.as_str());
        if from != to {
            if !from.may_become(to) {
                let (from, to) = step;
                return Err(Stuck::Illegal { from, to });
            }
            let at = self.instant(at, buy.updated_at);
            take(buy, from, to, reason, at);
        }
        if known != to {
            ledger::save(self.batch, &stored)?;
            self.push(stored.key.scope, What::MediaBuy(stored.value));
        }
        Ok(step)
    }

    /// Moves a creative, and the media buys that waited for one and now have it.
    pub(crate) async fn creative(
        &mut self,
        scope: &Scope,
        account_id: Option<&str>,
        creative_id: &str,
        to: CreativeStatus,
        reason: Option<&str>,
        at: Option<Timestamp>,
    ) -> Result<Step, Stuck> {
        let mut stored = self.find::<Creative>(scope, creative_id).await?;
        if account_id.is_some_and(|account_id| account_id != stored.value.account_id) {
            return Err(Stuck::Missing);
        }
        let from = stored.value.status;
        let step = (from.as_str(), to.as_str());
        if from == to {
            return Ok(step);
        }
        if !from.may_become(to) {
            let (from, to) = step;
            return Err(Stuck::Illegal { from, to });
        }
        let creative = &mut stored.value;
        creative.updated_at = self.instant(at, creative.updated_at);
        creative.status = to;
        creative.rejection_reason = reason
            .filter(|_| to == CreativeStatus::Rejected)
            .map(str::to_owned);
        ledger::save(self.batch, &stored)?;
        self.push(stored.key.scope, What::Creative(stored.value));
        if to.is_usable() && !from.is_usable() {
            self.wake(scope, creative_id).await?;
        }
        Ok(step)
    }

    /// Moves an account of a caller's.
    pub(crate) async fn account(
        &mut self,
        principal: &Principal,
        account_id: &str,
        to: AccountStatus,
    ) -> Result<Step, Stuck> {
        let Sight {
            tenant, profile, ..
        } = self.seller;
        let scope = Scope::principal(tenant, principal);
        let mut stored = match self.find::<AccountRecord>(&scope, account_id).await {
            // The one account that a caller has without having synced it.
            Err(Stuck::Missing) => {
                let own = own_account(profile, tenant, principal)
                    .filter(|own| own.account_id == account_id)
                    .ok_or(Stuck::Missing)?;
                Stored::unwritten(&scope, own)
            }
            found => found?,
        };
        let from = stored.value.status;
        let step = (from.as_str(), to.as_str());
        if from == to {
            return Ok(step);
        }
        if !from.may_become(to) {
            let (from, to) = step;
            return Err(Stuck::Illegal { from, to });
        }
        stored.value.status = to;
        ledger::save(self.batch, &stored)?;
        self.push(stored.key.scope, What::Account(stored.value));
        Ok(step)
    }

    /// Moves those buys on that waited for a creative, and of which a package has this one.
    async fn wake(&mut self, scope: &Scope, creative_id: &str) -> Result<(), Stuck> {
        let tag = Some(records::of_creative(creative_id));
        let waiting = records::tagged::<MediaBuy>(self.seller.store, scope, tag).await?;
        for stored in waiting {
            let media_buy_id = stored.value.media_buy_id;
            let mut stored = self.find::<MediaBuy>(scope, &media_buy_id).await?;
            let buy = &mut stored.value;
            let shows = buy
                .live_packages()
                .any(|package| package.creative_ids.iter().any(|id| id == creative_id));
            if buy.status != MediaBuyStatus::PendingCreatives || !shows {
                continue;
            }
            buy.has_creatives(self.seller.now);
            ledger::save(self.batch, &stored)?;
            self.push(stored.key.scope, What::MediaBuy(stored.value));
        }
        Ok(())
    }

    fn push(&mut self, scope: Scope, what: What) {
        self.moved.push(Moved { scope, what });
    }

    async fn find<T: records::Kept>(&self, scope: &Scope, id: &str) -> Result<Stored<T>, Stuck> {
        ledger::find(self.seller.store, self.batch, scope, id)
            .await?
            .ok_or(Stuck::Missing)
    }

    /// When something happened: no later than now, and not before what is known already.
    fn instant(&self, at: Option<Timestamp>, known: Timestamp) -> Timestamp {
        at.unwrap_or(self.seller.now)
            .max(known)
            .min(self.seller.now)
    }
}

/// Takes an edge that the life cycle has.
fn take(
    buy: &mut MediaBuy,
    from: MediaBuyStatus,
    to: MediaBuyStatus,
    reason: Option<&str>,
    at: Timestamp,
) {
    buy.status = to;
    buy.held = to == MediaBuyStatus::Paused;
    if to == MediaBuyStatus::Canceled {
        let cancellation = Cancellation {
            canceled_at: at,
            canceled_by: "seller".to_owned(),
            reason: reason.map(str::to_owned),
        };
        for package in &mut buy.packages {
            package
                .cancellation
                .get_or_insert_with(|| cancellation.clone());
        }
        buy.cancellation = Some(cancellation);
    }
    let action = match to {
        MediaBuyStatus::Active if from == MediaBuyStatus::Paused => "resumed",
        MediaBuyStatus::Active => "activated",
        other => other.as_str(),
    };
    let summary = reason.map(|reason| reason.chars().take(LONGEST_SUMMARY).collect());
    buy.record(at, None, action, None, summary);
}
