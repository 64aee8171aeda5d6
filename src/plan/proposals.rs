//! How a seller makes proposals, and what waits for a person.
//!
//! What the words of `[proposals]` and `[approval]` mean once they are checked; the bounds that
//! they are checked against stand beside them. Nothing here reads a manifest.

use std::ops::RangeInclusive;

/// How proposals are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposalsPlan {
    /// Whether buyers may have a proposal changed.
    pub refine: bool,
    /// Whether a proposal has to be finalized before it can be bought. Without it a proposal is
    /// ready to buy as it is made.
    pub finalize: bool,
    /// How long a finalized proposal holds its inventory when the manager names no instant, in
    /// seconds: within [`HOLD`].
    pub hold_seconds: u64,
    /// How long after `expires_at` a proposal is still taken, in seconds: within [`GRACE`].
    pub grace_seconds: u64,
    /// How long a draft is kept, in seconds: within [`KEPT`].
    pub draft_ttl_seconds: u64,
    /// How long a finalized proposal that nobody bought is kept after it expired, in seconds:
    /// within [`KEPT`].
    pub expired_ttl_seconds: u64,
}

/// What a person has to agree to before it takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovalPlan {
    /// Finalizing a proposal.
    pub finalize: bool,
    /// Buying a product, unless the catalogue exempts it.
    pub create_media_buy: bool,
    /// How long an operation waits for its decision, in seconds: within [`WITHIN`]. 0 when nothing
    /// waits.
    pub within_seconds: u64,
}

impl ApprovalPlan {
    /// Nothing waits for a person.
    pub const NONE: Self = Self {
        finalize: false,
        create_media_buy: false,
        within_seconds: 0,
    };

    /// Whether anything waits for a person.
    pub const fn is_needed(&self) -> bool {
        self.finalize || self.create_media_buy
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// How long inventory may be held, in seconds. Below a minute no buyer can accept in time; above a
/// quarter of a year it is not a hold but a booking.
pub const HOLD: RangeInclusive<u64> = MINUTE..=90 * DAY;

/// How late a proposal may be taken, in seconds. Grace is for clocks that differ and for calls on
/// their way; whoever wants longer wants a longer hold.
pub const GRACE: RangeInclusive<u64> = 0..=HOUR;

/// How long drafts and expired proposals may be kept, in seconds.
pub const KEPT: RangeInclusive<u64> = MINUTE..=365 * DAY;

/// How long a person may take to decide, in seconds.
pub const WITHIN: RangeInclusive<u64> = MINUTE..=30 * DAY;
