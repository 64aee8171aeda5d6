//! `seed_*`: objects that a test wants to find under names of its own.
//!
//! A fixture says only what matters to the test. What it leaves out is completed from the seller's
//! own catalogue, and an optional member that the line's schema refuses is left out, so that what
//! buyers read afterwards is always valid.

mod shelf;
mod booked;

pub(super) use booked::{creative, media_buy};
pub(super) use shelf::{format, pricing_option, product};
