//! The creative library: `sync_creatives`, `list_creatives`, and what media buys need of it.

mod specification;
mod library;
mod traffic;
mod sync;
mod list;

pub(super) use library::{Library, checked_assignment};
pub(super) use list::list;
pub(super) use sync::sync;
