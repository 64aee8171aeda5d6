//! What is made up, for sandboxes and for sellers whose own systems are not connected yet: the
//! delivery of an ad server, and the proposals of a planner.
//!
//! The same calls at the same times give the same results: nothing here is random and nothing reads
//! a clock.

mod delivery;
pub mod planner;

pub use delivery::SimulatedLine;
