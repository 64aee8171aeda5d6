//! Webhooks: how buyers are told of what happens while nobody is calling.
//!
//! What is to be told is written to the outbox in the same commit as the change that it tells of,
//! and delivered by workers of its own, so that no receiver can hold a request.

mod subscription;
mod line;
mod event;
mod native;
mod payload;
mod record;
mod outbox;
mod schedule;
mod breaker;
mod crowd;
mod queue;
mod proof;
mod worker;
mod dead;

pub use dead::{Contents, DeliveryPage, MOST_DEAD, REPLAY, ReplayError, list, open, replay};
pub use event::{Event, TaskEvent};
pub use outbox::{LARGEST_BODY, LARGEST_WAITING, MOST_WAITING, enqueue};
pub use record::{Delivery, Standing, Try};
pub use subscription::{Authentication, Form, Scheme, Subscription};

pub(crate) use line::{signing_declared, tells_of_changes};
pub(crate) use outbox::{admit, announce, announce_answer, registered};
pub(crate) use worker::deliver;
