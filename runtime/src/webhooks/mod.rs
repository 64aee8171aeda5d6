//! Webhooks: how buyers are told of what happens while nobody is calling.
//!
//! What is to be told is written to the outbox in the same commit as the change that it tells of,
//! and delivered by workers of its own, so that no receiver can hold a request.

mod subscription;

pub use subscription::{Authentication, Form, Scheme, Subscription};
