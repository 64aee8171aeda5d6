//! Idempotency keys: what they are for, and what they are bounded by.

mod replays;
mod keys;
mod limits;
mod reads;
mod purge;
