//! How buyers come in, and how much the seller takes from one of them.
//!
//! What the words of `[auth]`, `[limits]` and `[idempotency]` mean once they are checked; the bounds
//! that they are checked against stand beside them. Nothing here reads a manifest.

use std::ops::RangeInclusive;

/// How buyers come in, and how much the seller takes from one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPlan {
    /// Where access tokens come from, beside API keys.
    pub oauth: Option<OAuthPlan>,
    /// How many calls one buyer may make; `None` for no limit.
    pub rate: Option<RatePlan>,
    /// How many new idempotency keys one buyer may use for one account.
    pub fresh_keys: RatePlan,
    /// The largest request that is kept for replays, in bytes of JSON: within [`LARGEST`].
    pub largest_request: u64,
}

/// Where access tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthPlan {
    /// The issuer, as its tokens have it.
    pub issuer: String,
    /// What the `aud` of a token must hold; the endpoint's own URL when `None`.
    pub audience: Option<String>,
    /// What each scope lets a caller do, by the names of tools, sorted by scope; everything when
    /// there is none.
    pub scopes: Vec<(String, Vec<String>)>,
}

/// How many one buyer may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatePlan {
    /// So many a minute, evenly spread: within [`CALLS`].
    pub per_minute: u32,
    /// So many at once beyond that: within [`CALLS`].
    pub burst: u32,
}

/// How large a request that is kept for replays may be, in bytes. Below 64 KiB orders of many
/// packages would not fit; above 4 MiB no request is read at all.
pub const LARGEST: RangeInclusive<u64> = 64 << 10..=4 << 20;

/// How many calls may be allowed. Nobody could call with none.
pub const CALLS: RangeInclusive<i64> = 1..=1_000_000;

/// The calls at once where the manifest names none: a tenth of those of a minute.
pub fn burst(per_minute: u32) -> u32 {
    (per_minute / 10).max(1)
}

/// New idempotency keys, of which five sixths may come at once: AdCP recommends 3600 a minute and 300 a
/// second for ten seconds (security implementation guide, idempotency, cache growth).
pub fn fresh_keys(per_minute: u32) -> RatePlan {
    RatePlan {
        per_minute,
        burst: (per_minute / 6 * 5).max(1),
    }
}
