//! Proposals: the ledger that says where each one stands, and the rules of moving it.
//!
//! A proposal is drafted, perhaps refined, finalized, bought. Each step is one write over the
//! revision that was read, so of two requests that race for a proposal one gets it. While an adapter
//! works, the proposal is reserved for the operation that it works for; see [`super::hold`].

mod record;
mod moves;
pub(super) mod ledger;
mod wire;
pub(super) mod drafts;
pub(super) mod refine;
pub(super) mod finalize;
pub(crate) mod events;

pub(crate) use events::Event;
pub(crate) use ledger::{release, spend};
pub(crate) use record::{Making, Proposal, State};
pub(super) use wire::shown;
