//! Status changes: what happens to a media buy, a creative or an account while nobody is calling.
//!
//! There are three ways to publish one, and one effect. A handler of the adopter's says
//! [`Context::publish`](crate::platform::Context::publish), and the change is committed with its
//! call. Code beside the server holds a [`Publisher`], and [`Publisher::for_tenant`] gives one that
//! speaks for another tenant. Each way moves our own record by the rules of its life cycle and
//! writes the notifications of those who follow it into the outbox, in one commit; a change that
//! the rules forbid, or of what the tenant does not have, changes nothing and tells nobody.
//!
//! What a buyer does itself is not published: the answer to its call says it.

mod change;
mod ledger;
mod holders;
mod followers;
mod moves;
mod notice;
mod collected;
mod publisher;

pub use change::{PublishError, Published, StatusChange, Subject};
pub use publisher::Publisher;

pub(crate) use collected::Collected;
pub(crate) use followers::follow;
pub(crate) use holders::note as note_holder;
pub(crate) use moves::{Moved, Moves, Sight, Step, Stuck};
pub(crate) use notice::tell;
pub(crate) use publisher::Bell;
