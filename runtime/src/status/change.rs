//! One change of a status, as whoever publishes it says it.

use std::fmt;

use crate::clock::Timestamp;
use crate::domain::{AccountStatus, CreativeStatus, MediaBuyStatus};

/// What has a status of its own, and what the status is now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// A media buy (`enums/media-buy-status.json`).
    MediaBuy {
        /// Which.
        media_buy_id: String,
        /// Its new status.
        to: MediaBuyStatus,
    },
    /// A creative (`enums/creative-status.json`).
    Creative {
        /// Which, as its buyer calls it.
        creative_id: String,
        /// Its new status.
        to: CreativeStatus,
    },
    /// The account itself (`enums/account-status.json`).
    Account {
        /// Its new status.
        to: AccountStatus,
    },
}

/// One change of a status.
///
/// ```
/// use adcp_seller::domain::CreativeStatus;
/// use adcp_seller::status::StatusChange;
///
/// let change = StatusChange::creative("acct_1", "banner-7", CreativeStatus::Rejected)
///     .because("the landing page is not reachable");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// The account that it belongs to.
    pub account_id: String,
    /// What changed, and into what.
    pub subject: Subject,
    /// Why, in a sentence that the buyer may read.
    pub reason: Option<String>,
    /// When it happened at the ad server; the instant of publishing when `None`, or when it would
    /// lie in the future or before what is known already.
    pub at: Option<Timestamp>,
}

impl StatusChange {
    /// A media buy stands somewhere else.
    pub fn media_buy(
        account_id: impl Into<String>,
        media_buy_id: impl Into<String>,
        to: MediaBuyStatus,
    ) -> Self {
        let media_buy_id = media_buy_id.into();
        StatusChange::of(account_id, Subject::MediaBuy { media_buy_id, to })
    }

    /// A creative stands somewhere else.
    pub fn creative(
        account_id: impl Into<String>,
        creative_id: impl Into<String>,
        to: CreativeStatus,
    ) -> Self {
        let creative_id = creative_id.into();
        StatusChange::of(account_id, Subject::Creative { creative_id, to })
    }

    /// An account stands somewhere else.
    pub fn account(account_id: impl Into<String>, to: AccountStatus) -> Self {
        StatusChange::of(account_id, Subject::Account { to })
    }

    /// Says why.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Says when.
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    fn of(account_id: impl Into<String>, subject: Subject) -> Self {
        StatusChange {
            account_id: account_id.into(),
            subject,
            reason: None,
            at: None,
        }
    }
}

impl fmt::Display for StatusChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::MediaBuy { media_buy_id, .. } => {
                write!(f, "media buy {media_buy_id} of account {}", self.account_id)
            }
            Subject::Creative { creative_id, .. } => {
                write!(f, "creative {creative_id} of account {}", self.account_id)
            }
            Subject::Account { .. } => write!(f, "account {}", self.account_id),
        }
    }
}

/// What publishing a change led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// How many records moved: the one named, and the media buys that waited for it. None when
    /// everything stood there already.
    pub moved: usize,
    /// How many notifications were written into the outbox.
    pub told: usize,
}

/// Why a change was not published. Nothing was changed then, and nobody told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The tenant has no such account, or the account has nothing of that id.
    #[error("the tenant `{tenant}` has no {what}")]
    Unknown {
        /// The tenant.
        tenant: String,
        /// What was looked for, in words.
        what: String,
    },
    /// The life cycle has no such step.
    #[error("{what} is {from}, from which nothing leads to {to}")]
    Illegal {
        /// What was to move, in words.
        what: String,
        /// Where it stands.
        from: &'static str,
        /// Where it was to go.
        to: &'static str,
    },
    /// One call publishes more than it may.
    #[error("one call may publish at most {0} status changes")]
    TooMany(usize),
    /// The seller does not serve: it never started, or it was stopped.
    #[error("the seller is not running, so nothing can be published")]
    NotServing,
    /// The state could not be read or written. Publish again.
    #[error("the status change could not be kept")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<PublishError> for crate::error::Error {
    /// For handlers that can't go on without the change: an internal error, which names it in the
    /// log only.
    fn from(error: PublishError) -> Self {
        crate::error::Error::internal(error)
    }
}
