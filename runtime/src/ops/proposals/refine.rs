//! What a refinement may ask of proposals, and where the ones that it names stand.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::super::Call;
use super::super::request::Members;
use super::record::{Proposal, State};
use super::{ledger, wire};
use crate::domain::{Applied, Draft};
use crate::error::{Error, Result};
use crate::profile::Proposals;

/// The code for more than one proposal to be made firm at once. Lines before 3.1 lack it.
const MULTI_FINALIZE: &str = "MULTI_FINALIZE_UNSUPPORTED";

/// A proposal that a request wants firm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct ToFirm {
    /// Its id.
    pub(super) proposal_id: String,
    /// What the buyer says to it.
    pub(super) ask: Option<String>,
}

/// A proposal that an entry names, as the ledger has it.
#[derive(Debug)]
pub(in super::super) enum Standing {
    /// This seller makes no proposals.
    None,
    /// It is there.
    Here {
        /// The proposal, read once for all entries that name it.
        record: Arc<Proposal>,
        /// Whether the buyer wants it left out of the answer.
        omit: bool,
        /// Whether the buyer wants something done to it.
        asks: bool,
        /// Whether it was firm, and can no longer be bought.
        expired: bool,
        /// The seller's rules.
        rules: Proposals,
    },
}

/// The one proposal that a refinement makes firm; `None` of a refinement that makes none firm.
///
/// # Errors
///
/// `INVALID_REQUEST` for anything beside a finalize: the buyer commits, or it refines. More than one
/// finalize is refused, because holds at an inventory system can't be made and undone as one.
/// `UNSUPPORTED_FEATURE` in a seller without finalize.
pub(in super::super) fn finalize_of(call: &Call<'_>, entries: &[Value]) -> Result<Option<ToFirm>> {
    let finalizes = |entry: &Value| entry.text("action") == Some("finalize");
    let Some(first) = entries.iter().position(finalizes) else {
        return Ok(None);
    };
    if let Some(stranger) = entries.iter().position(|entry| !finalizes(entry)) {
        return Err(Error::invalid_request(
            "a finalize stands alone: nothing else can be refined in the same request",
        )
        .at(format!("refine[{stranger}]"))
        .suggest("refine first, then finalize in a request of its own"));
    }
    if !call
        .services
        .profile
        .proposals
        .is_some_and(|rules| rules.finalize)
    {
        return Err(Error::unsupported("this seller finalizes no proposals")
            .at(format!("refine[{first}].action")));
    }
    if entries.len() > 1 {
        let mut known = call.services.spec.errors.iter().map(|(code, _)| *code);
        let code = known
            .find(|code| *code == MULTI_FINALIZE)
            .unwrap_or("INVALID_REQUEST");
        return Err(
            Error::new(code, "this seller finalizes one proposal at a time")
                .at("refine[1]")
                .suggest("finalize each proposal in a request of its own"),
        );
    }
    Ok(entries.first().map(|entry| ToFirm {
        proposal_id: entry.text("proposal_id").unwrap_or_default().to_owned(),
        ask: entry.text("ask").map(str::to_owned),
    }))
}

/// The proposals that a refinement has read, by id.
pub(in super::super) type Known = BTreeMap<String, Arc<Proposal>>;

/// Where the proposal of an entry stands.
///
/// # Errors
///
/// `PROPOSAL_NOT_FOUND` when the account has none of that id.
pub(in super::super) async fn standing(
    call: &Call<'_>,
    at: usize,
    entry: &Value,
    proposal_id: &str,
    known: &mut Known,
) -> Result<Standing> {
    let Some(rules) = call.services.profile.proposals else {
        return Ok(Standing::None);
    };
    let record = match known.get(proposal_id) {
        Some(record) => record.clone(),
        None => {
            let store = &call.services.store;
            let found = ledger::find(store, Some(&rules), call.context, proposal_id).await?;
            let found = found.ok_or_else(|| ledger::not_found(field(at)))?;
            let record = Arc::new(found.record.value);
            known.insert(proposal_id.to_owned(), record.clone());
            record
        }
    };
    let expired = record.state == State::Committed && record.has_expired(&rules, call.context.now);
    Ok(Standing::Here {
        record,
        omit: entry.text("action") == Some("omit"),
        asks: entry.text("ask").is_some(),
        expired,
        rules,
    })
}

/// Where an entry names its proposal.
pub(super) fn field(at: usize) -> String {
    format!("refine[{at}].proposal_id")
}

impl Standing {
    /// The proposal as a manager may change it; `None` where it can't be, or is left out.
    pub(in super::super) fn as_draft(&self) -> Option<Draft> {
        match self {
            Standing::Here { record, rules, .. } if self.is_open() => Some(Draft {
                proposal: wire::shown(record, rules),
                recipes: record.content.recipes.clone(),
            }),
            _ => None,
        }
    }

    /// Whether it is a draft, and not left out.
    fn is_open(&self) -> bool {
        match self {
            Standing::Here { record, omit, .. } => !omit && record.state == State::Draft,
            Standing::None => false,
        }
    }

    /// The proposal as it stands, for the answer; `None` where it is left out, or no longer on offer.
    pub(in super::super) fn offered(&self) -> Option<&Proposal> {
        match self {
            Standing::Here {
                record,
                omit: false,
                expired: false,
                ..
            } => Some(record),
            _ => None,
        }
    }

    /// What became of the entry, as far as can be seen, when the proposal was not changed. One that
    /// asks for nothing has what it wants when the proposal is in the answer and can still be had.
    pub(in super::super) fn verdict(&self) -> Applied {
        let unable = |why: &str| Applied::Unable(why.to_owned());
        let Standing::Here {
            record,
            omit,
            asks,
            expired,
            rules,
        } = self
        else {
            return unable("this seller has no such proposal");
        };
        match record.state {
            _ if *omit => Applied::Applied,
            State::Committed if *expired => unable("the proposal has expired; ask for a fresh one"),
            State::Consumed => unable("the proposal has been bought and can't be changed any more"),
            State::Consuming => {
                unable("the proposal is being bought and can't be changed; it may come free again")
            }
            State::Draft | State::Finalizing | State::Committed if !asks => Applied::Applied,
            State::Draft if rules.refine => unable("the proposal stands as it was"),
            State::Draft => unable("this seller's proposals can't be changed"),
            State::Finalizing => {
                unable("the proposal is being finalized and can't be changed any more")
            }
            State::Committed => unable("the proposal is firm and can't be changed any more"),
        }
    }
}
