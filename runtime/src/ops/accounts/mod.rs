//! Accounts: which one a call acts for, `sync_accounts`, `list_accounts`.
//!
//! An account belongs to the caller that synced it, and its id follows from what names it, so that
//! syncing twice never makes two. Two callers who act for the same brand have two accounts.

mod name;
mod resolve;
mod wire;
mod sync;
mod list;

pub(super) use list::list;
pub(super) use name::named;
pub(crate) use resolve::judge_standing;
pub(crate) use resolve::own_account;
pub use resolve::resolve_account;
pub(super) use sync::{BILLING, result, sync};
pub(super) use wire::without_bank;
