//! Tasks: operations that outlive the call that began them.
//!
//! A task is the record of one operation: the request, who sent it, and how far it is. It comes
//! about in two ways. As a *journal* it is written before an adapter is asked for something that
//! can't be asked twice, and goes when the answer is committed; nobody hears of it unless the
//! process dies in between. *Announced*, it is what a buyer was answered `submitted` with: the
//! adapter goes on with it, or a person has to agree to it.
//!
//! Either way the work is done by sending the same request down the same path again, under the same
//! operation id, so that there is one completion and not two.

mod record;
mod moves;
mod about;
mod entry;
mod registry;
mod admission;
mod secrets;
mod audit;
mod decide;
mod call_off;
mod worker;
mod housekeeping;

pub use about::{About, AboutPackage};
pub use admission::{LARGEST_OPEN, MOST_OPEN};
pub use audit::{AuditEntry, AuditPage, audit};
pub use decide::{DecideError, LONGEST_REASON, NOBODY, Verdict, decide};
pub use entry::TaskEntry;
pub use moves::{KEPT_FOR, LARGEST_STATE, LONGEST, LONGEST_MESSAGE};
pub use record::{Approval, Asked, Decision, Failure, Reserved, Task, TaskStatus, id_of};
pub use registry::{TaskFilter, TaskPage, list, open};

pub(crate) use admission::admit;
pub(crate) use call_off::{CallOffError, call_off};
pub(crate) use decide::in_words;
pub(crate) use housekeeping::keep_house;
pub(crate) use moves::{LEASE, shorten};
pub(crate) use record::operation_of;
pub(crate) use registry::{forget, insert, of_buyer, of_operation, page, save};
pub(crate) use secrets::without_secrets;
pub(crate) use worker::work;
