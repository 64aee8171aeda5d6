//! One proposal of one account, and the moves that it allows.
//!
//! The moves are pure: they change the record in memory or say why not. Who calls them writes the
//! record over the revision that was read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::records::Kept;
use crate::clock::{Timestamp, after};
use crate::error::{Error, Result};
use crate::identity::Principal;
use crate::profile::Proposals;

/// Where a proposal stands. That it has expired is no state: it follows from the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Indicative; refining changes it.
    Draft,
    /// Being made firm by the operation in [`Proposal::reservation`].
    Finalizing,
    /// Firm, its inventory held until it expires.
    Committed,
    /// Being bought by the operation in [`Proposal::reservation`].
    Consuming,
    /// Bought.
    Consumed,
}

/// What a proposal says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// What the buyer sees (`core/proposal.json`), without `proposal_status`.
    pub(crate) proposal: Value,
    /// The products of its allocations as they were offered, by id (`core/product.json`).
    pub(crate) products: BTreeMap<String, Value>,
    /// How each product is booked, by product id, where the runtime keeps recipes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) recipes: BTreeMap<String, Value>,
}

/// How the manager came to make a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Making {
    /// For a buyer who asked for proposals.
    Afresh,
    /// By changing the draft that a buyer named.
    Refined,
}

/// What writing over a draft changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redrafted {
    /// Nothing: it need not be written.
    Nothing,
    /// Only how long it is kept.
    Time,
    /// What it says.
    Content,
}

/// The operation that a proposal is reserved for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reservation {
    /// The operation, the same on every attempt.
    pub(crate) operation_id: String,
    /// Where the proposal goes back to when the operation fails.
    pub(crate) from: State,
    /// Since when.
    pub(crate) since: Timestamp,
    /// With which caller the operation's journal lies, where callers share an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<Principal>,
}

/// One proposal of one account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Proposal {
    /// Its id, unique within the account.
    pub(crate) proposal_id: String,
    /// The account that it was made for, or has been bought for; the caller's name while that is
    /// none.
    pub(crate) account_id: String,
    /// Where it stands.
    pub(crate) state: State,
    /// What it says.
    #[serde(flatten)]
    pub(crate) content: Content,
    /// Names this state of it, for the operation that makes it firm. Grows with every change of
    /// what it says, and when that operation was refused by the adapter, or ended without success
    /// after the buyer was told of it.
    pub(crate) version: u32,
    /// Whether a buyer has had it changed, or an account has taken a copy of it: what is proposed
    /// next then gets another id.
    #[serde(default)]
    pub(crate) refined: bool,
    /// The version of the recipe's form that its recipes were written in.
    pub(crate) recipe_schema_version: u32,
    /// When it was drafted, or was last proposed anew with little of its time left.
    pub(crate) created_at: Timestamp,
    /// When it last changed.
    pub(crate) updated_at: Timestamp,
    /// Until when it can be bought, or, for a draft, until when its prices are a fair guess.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Timestamp>,
    /// The operation that it is reserved for, while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reservation: Option<Reservation>,
    /// The media buy that it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media_buy_id: Option<String>,
    /// When the sweep may remove it, unless an operation has it by then; never, once it is bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) keep_until: Option<Timestamp>,
}

impl Kept for Proposal {
    const KIND: &'static str = "proposal";

    fn id(&self) -> &str {
        &self.proposal_id
    }

    fn sort(&self) -> String {
        String::new()
    }

    fn due(&self) -> Option<Timestamp> {
        match self.state {
            State::Draft | State::Committed => self.keep_until,
            // The operation's own record is due instead, so that nothing stays reserved.
            State::Finalizing | State::Consuming | State::Consumed => None,
        }
    }
}

impl Proposal {
    /// The form of recipes that is written now.
    pub(crate) const RECIPE_SCHEMA_VERSION: u32 = 1;

    /// A new draft.
    pub(crate) fn draft(
        proposal_id: impl Into<String>,
        account_id: impl Into<String>,
        content: Content,
        making: Making,
        rules: &Proposals,
        now: Timestamp,
    ) -> Self {
        Proposal {
            proposal_id: proposal_id.into(),
            account_id: account_id.into(),
            state: State::Draft,
            expires_at: stated_expiry(&content.proposal),
            content,
            version: 1,
            refined: making == Making::Refined,
            recipe_schema_version: Self::RECIPE_SCHEMA_VERSION,
            created_at: now,
            updated_at: now,
            reservation: None,
            media_buy_id: None,
            keep_until: Some(after(now, rules.draft_ttl_seconds)),
        }
    }

    /// The same draft as an account's own, which goes its own way from here on.
    pub(crate) fn copy_for(&self, account_id: &str) -> Self {
        Proposal {
            account_id: account_id.to_owned(),
            ..self.clone()
        }
    }

    /// Writes over a draft. Says what that changes.
    ///
    /// Refining does not keep a draft any longer. One that is proposed anew is kept for its full
    /// time again once less than half of that is left: whoever has just been shown it can still buy
    /// it, and a popular brief does not write on every request.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when it is no draft: the caller must not get here.
    pub(crate) fn redraft(
        &mut self,
        content: Content,
        making: Making,
        rules: &Proposals,
        now: Timestamp,
    ) -> Result<Redrafted> {
        if self.state != State::Draft {
            return Err(Error::internal(format!(
                "the proposal {} is {:?} and can't be written over",
                self.proposal_id, self.state
            )));
        }
        let half = after(now, rules.draft_ttl_seconds / 2);
        let renewed =
            making == Making::Afresh && self.keep_until.is_some_and(|kept_until| kept_until < half);
        let changed = self.content != content;
        if renewed {
            self.created_at = now;
            self.keep_until = Some(after(now, rules.draft_ttl_seconds));
        }
        if changed {
            self.expires_at = stated_expiry(&content.proposal);
            self.content = content;
            self.version += 1;
            self.refined |= making == Making::Refined;
        }
        if !renewed && !changed {
            return Ok(Redrafted::Nothing);
        }
        self.updated_at = now;
        Ok(if changed {
            Redrafted::Content
        } else {
            Redrafted::Time
        })
    }

    /// Reserves a draft for an operation that makes it firm. Says whether that changes anything: it
    /// does not, where the operation has it already.
    ///
    /// # Errors
    ///
    /// `PROPOSAL_NOT_COMMITTED` when it is no draft.
    pub(crate) fn begin_finalize(&mut self, operation_id: &str, now: Timestamp) -> Result<bool> {
        if self.state == State::Finalizing && self.is_held_by(operation_id) {
            return Ok(false);
        }
        if self.state != State::Draft {
            return Err(not_committed("only a draft can be finalized"));
        }
        self.reserve(State::Finalizing, operation_id, now);
        Ok(true)
    }

    /// Makes it firm, for the operation that it is reserved for. Doing it again with the same
    /// content changes nothing.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when it is not reserved for that operation.
    pub(crate) fn commit(
        &mut self,
        operation_id: &str,
        content: Content,
        expires_at: Timestamp,
        rules: &Proposals,
        now: Timestamp,
    ) -> Result<()> {
        if self.state == State::Committed
            && self.content == content
            && self.expires_at == Some(expires_at)
        {
            return Ok(());
        }
        self.owned(State::Finalizing, operation_id)?;
        self.state = State::Committed;
        self.reservation = None;
        if self.content != content {
            self.version += 1;
        }
        self.content = content;
        self.expires_at = Some(expires_at);
        self.updated_at = now;
        self.keep_until = Some(after(
            after(expires_at, rules.grace_seconds),
            rules.expired_ttl_seconds,
        ));
        Ok(())
    }

    /// Whether it can no longer be bought: later than `expires_at` and the grace after it. The
    /// boundary itself still counts.
    pub(crate) fn has_expired(&self, rules: &Proposals, now: Timestamp) -> bool {
        self.expires_at
            .is_some_and(|expires_at| now > after(expires_at, rules.grace_seconds))
    }

    /// Reserves it for an operation that buys it. Expiry is looked at first, so that what has
    /// expired is never reserved; what was reserved in time stays so, however long a person takes to
    /// agree. Says whether that changes anything: it does not, where the operation has it already.
    ///
    /// # Errors
    ///
    /// `PROPOSAL_NOT_COMMITTED` when it can't be bought as it stands, `PROPOSAL_EXPIRED` when it no
    /// longer can be; both at `proposal_id`.
    pub(crate) fn begin_consume(
        &mut self,
        operation_id: &str,
        rules: &Proposals,
        now: Timestamp,
    ) -> Result<bool> {
        let refusal = match self.state {
            State::Consuming if self.is_held_by(operation_id) => return Ok(false),
            State::Committed => None,
            State::Draft if !rules.finalize => None,
            State::Draft => Some("the proposal is a draft; finalize it first"),
            State::Finalizing => Some("the proposal is being finalized; wait for that to end"),
            State::Consuming => {
                Some("another request is buying the proposal; it comes free again if that fails")
            }
            State::Consumed => Some("the proposal has been bought already"),
        };
        if let Some(refusal) = refusal {
            return Err(not_committed(refusal).at("proposal_id"));
        }
        if self.has_expired(rules, now) {
            return Err(
                Error::new("PROPOSAL_EXPIRED", "the proposal can no longer be bought")
                    .at("proposal_id")
                    .suggest("ask for a fresh proposal with get_products"),
            );
        }
        self.reserve(State::Consuming, operation_id, now);
        Ok(true)
    }

    /// Makes it a media buy, for the operation that it is reserved for. From here on the media buy
    /// keeps the recipes.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when it is not reserved for that operation, or became another media buy.
    pub(crate) fn consume(
        &mut self,
        operation_id: &str,
        media_buy_id: &str,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Value>> {
        self.owned(State::Consuming, operation_id)?;
        self.state = State::Consumed;
        self.reservation = None;
        self.media_buy_id = Some(media_buy_id.to_owned());
        self.updated_at = now;
        self.keep_until = None;
        Ok(std::mem::take(&mut self.content.recipes))
    }

    /// Gives it back, for an operation that failed. Says whether there was anything to give back.
    ///
    /// `anew` says that finalizing it another time is another operation: the adapter has refused this
    /// one, and may remember by its id that it did, or the buyer knows it as a task that has ended.
    /// The proposal then counts as changed.
    pub(crate) fn release(&mut self, operation_id: &str, anew: bool, now: Timestamp) -> bool {
        match &self.reservation {
            Some(reservation) if reservation.operation_id == operation_id => {
                self.version += u32::from(anew);
                self.state = reservation.from;
                self.reservation = None;
                self.updated_at = now;
                true
            }
            _ => false,
        }
    }

    /// Takes it off the market for an operation whose order the ad server has, but of which no media
    /// buy came about. Says whether that is so. Its recipes stay, for whoever cleans up.
    pub(crate) fn spend(&mut self, operation_id: &str, now: Timestamp) -> bool {
        let spent = self.owned(State::Consuming, operation_id).is_ok();
        if spent {
            self.state = State::Consumed;
            self.reservation = None;
            self.updated_at = now;
            self.keep_until = None;
        }
        spent
    }

    /// Notes with which caller the journal lies of the operation that it is reserved for.
    pub(crate) fn held_with(&mut self, holder: &Principal) {
        if let Some(reservation) = &mut self.reservation {
            reservation.holder = Some(holder.clone());
        }
    }

    /// Whether it is reserved for that operation.
    pub(crate) fn is_held_by(&self, operation_id: &str) -> bool {
        self.reservation
            .as_ref()
            .is_some_and(|reservation| reservation.operation_id == operation_id)
    }

    fn reserve(&mut self, state: State, operation_id: &str, now: Timestamp) {
        self.reservation = Some(Reservation {
            operation_id: operation_id.to_owned(),
            from: self.state,
            since: now,
            holder: None,
        });
        self.state = state;
        self.updated_at = now;
    }

    fn owned(&self, state: State, operation_id: &str) -> Result<()> {
        if self.state == state && self.is_held_by(operation_id) {
            return Ok(());
        }
        Err(Error::internal(format!(
            "the proposal {} is {:?} and not reserved for {operation_id}",
            self.proposal_id, self.state
        )))
    }
}

fn not_committed(message: &str) -> Error {
    Error::new("PROPOSAL_NOT_COMMITTED", message)
}

/// `expires_at` as the proposal itself states it.
fn stated_expiry(proposal: &Value) -> Option<Timestamp> {
    proposal.get("expires_at")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests;
