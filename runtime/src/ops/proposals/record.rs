//! One proposal of one account: what is kept of it, and what follows from that and the clock.
//!
//! How it moves is in [`super::moves`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::records::Kept;
use crate::clock::{Timestamp, after};
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

    /// Whether it can no longer be bought: later than `expires_at` and the grace after it. The
    /// boundary itself still counts.
    pub(crate) fn has_expired(&self, rules: &Proposals, now: Timestamp) -> bool {
        self.expires_at
            .is_some_and(|expires_at| now > after(expires_at, rules.grace_seconds))
    }

    /// Whether it is reserved for that operation.
    pub(crate) fn is_held_by(&self, operation_id: &str) -> bool {
        self.reservation
            .as_ref()
            .is_some_and(|reservation| reservation.operation_id == operation_id)
    }
}

/// `expires_at` as the proposal itself states it.
pub(super) fn stated_expiry(proposal: &Value) -> Option<Timestamp> {
    proposal.get("expires_at")?.as_str()?.parse().ok()
}
