//! What a buyer may expect of proposals, in a few lines: the model that the seller is compared with.

use std::collections::BTreeMap;

/// In seconds after the test's first instant.
pub(super) type Instant = i64;

/// Where a proposal stands, as far as buyers can tell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stand {
    Draft,
    /// An operation has it, which goes on by itself.
    Reserved {
        buying: bool,
        /// What becomes of it next: the worker carries it out, or a person decides until then.
        until: Option<Instant>,
        task: Option<String>,
        /// Where it goes back to: firm until this instant, or a draft.
        firm_until: Option<Instant>,
    },
    Committed {
        expires_at: Instant,
    },
    Consumed {
        media_buy_id: Option<String>,
    },
}

/// One proposal.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Known {
    pub(super) stand: Stand,
    /// What part of the budget goes into banners.
    pub(super) banner: f64,
    /// When it was drafted, or last proposed anew with less than half of its time left.
    pub(super) made_at: Instant,
    /// Whether a buyer has had it changed.
    pub(super) refined: bool,
    /// The key under which it was, or is being, bought.
    pub(super) key: Option<String>,
}

/// All proposals, by account and id.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) now: Instant,
    pub(super) proposals: BTreeMap<(usize, String), Known>,
}

/// Of the profiles that are used.
pub(super) const DRAFTS: Instant = 86_400;
pub(super) const HOLD: Instant = 86_400;
pub(super) const GRACE: Instant = 60;
pub(super) const EXPIRED: Instant = 604_800;
pub(super) const DECIDED_WITHIN: Instant = 259_200;

impl Known {
    /// The word for it in the ledger.
    pub(super) fn state(&self) -> &'static str {
        match self.stand {
            Stand::Draft => "draft",
            Stand::Reserved { buying: false, .. } => "finalizing",
            Stand::Committed { .. } => "committed",
            Stand::Reserved { buying: true, .. } => "consuming",
            Stand::Consumed { .. } => "consumed",
        }
    }

    /// Whether what the manager proposes next may be written over it.
    pub(super) fn is_free(&self) -> bool {
        self.stand == Stand::Draft && !self.refined
    }

    /// It is proposed anew.
    pub(super) fn propose(&mut self, banner: f64, now: Instant) {
        self.banner = banner;
        if now > self.made_at + DRAFTS / 2 {
            self.made_at = now;
        }
    }

    /// Gives it back.
    pub(super) fn give_back(&mut self) {
        if let Stand::Reserved { firm_until, .. } = self.stand {
            self.stand = match firm_until {
                Some(expires_at) => Stand::Committed { expires_at },
                None => Stand::Draft,
            };
        }
    }

    /// The operation that has it succeeds.
    pub(super) fn succeed(&mut self, now: Instant) {
        if let Stand::Reserved { buying, .. } = self.stand {
            self.stand = if buying {
                Stand::Consumed { media_buy_id: None }
            } else {
                Stand::Committed {
                    expires_at: now + HOLD,
                }
            };
        }
    }
}

impl Model {
    /// Why a proposal can't be bought, if so.
    pub(super) fn refuses_to_sell(&self, key: &(usize, String)) -> Option<&'static str> {
        match self.proposals.get(key).map(|known| &known.stand) {
            None => Some("PROPOSAL_NOT_FOUND"),
            Some(Stand::Committed { expires_at }) if self.now > expires_at + GRACE => {
                Some("PROPOSAL_EXPIRED")
            }
            Some(Stand::Committed { .. }) => None,
            Some(_) => Some("PROPOSAL_NOT_COMMITTED"),
        }
    }

    /// Why a proposal can't be made firm, if so. One that is firm already can.
    pub(super) fn refuses_to_finalize(&self, key: &(usize, String)) -> Option<&'static str> {
        match self.proposals.get(key).map(|known| &known.stand) {
            Some(Stand::Draft | Stand::Reserved { buying: false, .. }) => None,
            Some(Stand::Committed { .. }) => self.refuses_to_sell(key),
            _ => self.refuses_to_sell(key),
        }
    }

    /// Lets time pass: everything that goes on by itself ends, and what nobody wants goes.
    pub(super) fn pass(&mut self, seconds: Instant) {
        self.now += seconds;
        let now = self.now;
        for known in self.proposals.values_mut() {
            if let Stand::Reserved { until, .. } = known.stand {
                match until {
                    Some(until) if now > until => known.give_back(),
                    Some(_) => {}
                    None => known.succeed(now),
                }
            }
        }
    }

    /// The sweeper has come by.
    pub(super) fn sweep(&mut self) {
        let now = self.now;
        self.proposals.retain(|_, known| match known.stand {
            Stand::Draft => now < known.made_at + DRAFTS,
            Stand::Committed { expires_at } => now < expires_at + GRACE + EXPIRED,
            Stand::Reserved { .. } | Stand::Consumed { .. } => true,
        });
    }
}
