//! The ledger of proposals under load, over time and through crashes.
//!
//! What single calls answer is tested beside the operations; here it is what holds whatever comes
//! in whatever order: one proposal becomes one media buy, nothing stays reserved, and nothing of a
//! recipe gets out.

mod bureau;
mod process;
mod unhurried;
mod model;
mod random;
mod expiry;
mod log;
mod races;
mod crashes;
mod scale;
