//! The four events of a proposal's life, for the seller's log.
//!
//! Each is one line at level `INFO` under the target [`TARGET`], told apart by the field `event`.
//! Operators build alerts on names and fields, so both are stable. Only what has happened is
//! logged: what changes a proposal travels with the operation's outcome, and dispatch logs it once
//! the commit has made it true; an expiry is logged where the refusal is decided. Nothing of a
//! proposal's content gets into the log.

use super::record::Proposal;
use crate::clock::{Timestamp, to_wire};
use crate::platform::Context;
use crate::profile::Proposals;

/// The target that the events are logged under.
const TARGET: &str = "adcp_seller::proposals";

/// Something that an operation does to a proposal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    proposal_id: String,
    account_id: String,
    happened: Happened,
}

#[derive(Clone, Debug, PartialEq)]
enum Happened {
    DraftPersisted {
        recipes_count: usize,
    },
    Finalized {
        expires_at: Option<Timestamp>,
        path: &'static str,
    },
    Consumed {
        media_buy_id: Option<String>,
    },
}

impl Event {
    /// A draft is made or changed.
    pub(crate) fn draft_persisted(proposal: &Proposal) -> Self {
        let recipes_count = proposal.content.recipes.len();
        Event::of(proposal, Happened::DraftPersisted { recipes_count })
    }

    /// A proposal becomes firm: while the buyer waits, or in a call that is carried out as a task.
    pub(crate) fn finalized(proposal: &Proposal, context: &Context) -> Self {
        let path = match context.work {
            None => "inline",
            Some(_) => "task",
        };
        let expires_at = proposal.expires_at;
        Event::of(proposal, Happened::Finalized { expires_at, path })
    }

    /// A proposal becomes a media buy.
    pub(crate) fn consumed(proposal: &Proposal) -> Self {
        let media_buy_id = proposal.media_buy_id.clone();
        Event::of(proposal, Happened::Consumed { media_buy_id })
    }

    fn of(proposal: &Proposal, happened: Happened) -> Self {
        Event {
            proposal_id: proposal.proposal_id.clone(),
            account_id: proposal.account_id.clone(),
            happened,
        }
    }

    /// Logs it. Dispatch does, after the commit.
    pub(crate) fn log(&self) {
        let Event {
            proposal_id,
            account_id,
            happened,
        } = self;
        match happened {
            Happened::DraftPersisted { recipes_count } => tracing::info!(
                target: TARGET,
                event = "proposal.draft_persisted",
                proposal_id,
                account_id,
                recipes_count,
                "a draft is kept"
            ),
            Happened::Finalized { expires_at, path } => tracing::info!(
                target: TARGET,
                event = "proposal.finalized",
                proposal_id,
                account_id,
                expires_at = expires_at.map(to_wire),
                path,
                "a proposal is firm"
            ),
            Happened::Consumed { media_buy_id } => tracing::info!(
                target: TARGET,
                event = "proposal.consumed",
                proposal_id,
                account_id,
                media_buy_id,
                "a proposal has been bought"
            ),
        }
    }
}

/// A request is refused because its proposal has expired. The account is the one that came too late.
pub(crate) fn expired(proposal: &Proposal, rules: &Proposals, context: &Context) {
    let account = context.account.as_ref();
    let account_id = account.map_or(&proposal.account_id, |account| &account.account_id);
    tracing::info!(
        target: TARGET,
        event = "proposal.expired",
        proposal_id = proposal.proposal_id,
        account_id,
        now = to_wire(context.now),
        expires_at = proposal.expires_at.map(to_wire),
        grace_seconds = rules.grace_seconds,
        "a proposal has expired"
    );
}
