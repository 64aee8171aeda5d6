//! A proposal as a buyer sees it (`core/proposal.json`).

use serde_json::Value;

use super::record::{Proposal, State};
use crate::profile::Proposals;

/// A proposal as a buyer sees it. A seller whose proposals are ready to buy as they are made states
/// no status, as the line has it.
pub(in super::super) fn shown(proposal: &Proposal, rules: &Proposals) -> Value {
    let mut shown = proposal.content.proposal.clone();
    if let Some(members) = shown.as_object_mut()
        && rules.finalize
    {
        let status = match proposal.state {
            State::Draft | State::Finalizing => "draft",
            State::Committed | State::Consuming | State::Consumed => "committed",
        };
        members.insert("proposal_status".to_owned(), Value::from(status));
    }
    shown
}
