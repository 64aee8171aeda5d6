//! The moves that a proposal allows.
//!
//! They are pure: they change the record in memory or say why not. Who calls them writes the record
//! over the revision that was read.

use std::collections::BTreeMap;

use serde_json::Value;

use super::record::{Content, Making, Proposal, Redrafted, Reservation, State, stated_expiry};
use crate::clock::{Timestamp, after};
use crate::error::{Error, Result};
use crate::identity::Principal;
use crate::profile::Proposals;

impl Proposal {
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

#[cfg(test)]
mod tests;
