//! Requests to addresses that a buyer has named: one client, behind one guard.
//!
//! A buyer names where notifications go, where its keys are and where it revokes them. Such an
//! address may point into the seller's own network, may answer with something else the second time
//! it is looked up, may redirect, hang, or send without end. Every request of that kind goes through
//! [`Client`], which judges the URL before anything is looked up ([`Target`]), judges every address
//! that the name stands for and connects to nothing else ([`Lookup`]), and reads no more and waits
//! no longer than it was told ([`Limits`]).
//!
//! What goes wrong is a value ([`Failed`]) for logs and operators. It is never shown to the buyer
//! that named the address: the difference between refused, closed and silent would map the seller's
//! network for it (AdCP security, "Webhook URL validation").

mod reach;
mod failure;
mod target;
mod address;
mod lookup;
mod trust;
mod client;

pub use address::Block;
pub use client::{Answer, Builder, Client, Limits};
pub use failure::{Failed, Refused, Rule};
pub use lookup::{Addresses, Lookup, SystemLookup};
pub use reach::Reach;
pub use target::Target;
pub(crate) use target::is_this_machine;
pub use trust::SetupError;
