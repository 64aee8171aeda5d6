//! The states and the edges between them.

use super::super::{AccountStatus, CreativeStatus, MediaBuyStatus};

impl MediaBuyStatus {
    /// Every state, in the order of the schema.
    pub const ALL: [MediaBuyStatus; 7] = [
        MediaBuyStatus::PendingCreatives,
        MediaBuyStatus::PendingStart,
        MediaBuyStatus::Active,
        MediaBuyStatus::Paused,
        MediaBuyStatus::Completed,
        MediaBuyStatus::Rejected,
        MediaBuyStatus::Canceled,
    ];

    /// The states that may follow directly.
    pub fn successors(self) -> &'static [MediaBuyStatus] {
        use MediaBuyStatus::{
            Active, Canceled, Completed, Paused, PendingCreatives, PendingStart, Rejected,
        };
        match self {
            PendingCreatives => &[PendingStart, Active, Paused, Canceled, Rejected],
            PendingStart => &[Active, Paused, Canceled, Rejected],
            Active => &[Paused, Completed, Canceled],
            Paused => &[Active, Completed, Canceled],
            Completed | Rejected | Canceled => &[],
        }
    }

    /// Whether `next` may follow directly.
    pub fn may_become(self, next: MediaBuyStatus) -> bool {
        self.successors().contains(&next)
    }

    /// Whether nothing may follow.
    pub fn is_terminal(self) -> bool {
        self.successors().is_empty()
    }

    /// What a buyer may do to a buy in this state (`enums/media-buy-valid-action.json`).
    pub fn valid_actions(self) -> &'static [&'static str] {
        const CHANGES: [&str; 5] = [
            "update_budget",
            "update_dates",
            "update_packages",
            "add_packages",
            "sync_creatives",
        ];
        const RUNNING: [&str; 7] = [
            "pause", "cancel", CHANGES[0], CHANGES[1], CHANGES[2], CHANGES[3], CHANGES[4],
        ];
        const HELD: [&str; 7] = [
            "resume", "cancel", CHANGES[0], CHANGES[1], CHANGES[2], CHANGES[3], CHANGES[4],
        ];
        match self {
            MediaBuyStatus::PendingCreatives
            | MediaBuyStatus::PendingStart
            | MediaBuyStatus::Active => &RUNNING,
            MediaBuyStatus::Paused => &HELD,
            MediaBuyStatus::Completed | MediaBuyStatus::Rejected | MediaBuyStatus::Canceled => &[],
        }
    }

    /// The word that goes on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            MediaBuyStatus::PendingCreatives => "pending_creatives",
            MediaBuyStatus::PendingStart => "pending_start",
            MediaBuyStatus::Active => "active",
            MediaBuyStatus::Paused => "paused",
            MediaBuyStatus::Completed => "completed",
            MediaBuyStatus::Rejected => "rejected",
            MediaBuyStatus::Canceled => "canceled",
        }
    }

    /// The state of that name.
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl CreativeStatus {
    /// Every state, in the order of the schema.
    pub const ALL: [CreativeStatus; 5] = [
        CreativeStatus::Processing,
        CreativeStatus::PendingReview,
        CreativeStatus::Approved,
        CreativeStatus::Rejected,
        CreativeStatus::Archived,
    ];

    /// The states that may follow directly.
    pub fn successors(self) -> &'static [CreativeStatus] {
        use CreativeStatus::{Approved, Archived, PendingReview, Processing, Rejected};
        match self {
            Processing => &[PendingReview, Rejected],
            PendingReview => &[Approved, Rejected],
            Approved => &[Archived, Rejected],
            Archived => &[Approved],
            Rejected => &[Processing, PendingReview],
        }
    }

    /// Whether `next` may follow directly.
    pub fn may_become(self, next: CreativeStatus) -> bool {
        self.successors().contains(&next)
    }

    /// Whether a package can be shown with it, now or once its review is over.
    ///
    /// A creative that is still under review counts, because `pending_creatives` means that none is
    /// assigned (`enums/media-buy-status.json`), and the official storyboards ask that assigning
    /// one ends it. So a buy whose only creative waits for review can be `active`; nothing is
    /// served before the review, and `creative_approvals` of `get_media_buys` says so.
    pub fn is_usable(self) -> bool {
        matches!(
            self,
            CreativeStatus::Processing | CreativeStatus::PendingReview | CreativeStatus::Approved
        )
    }

    /// The word that goes on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            CreativeStatus::Processing => "processing",
            CreativeStatus::PendingReview => "pending_review",
            CreativeStatus::Approved => "approved",
            CreativeStatus::Rejected => "rejected",
            CreativeStatus::Archived => "archived",
        }
    }

    /// The state of that name.
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl AccountStatus {
    /// Every state, in the order of the schema.
    pub const ALL: [AccountStatus; 6] = [
        AccountStatus::Active,
        AccountStatus::PendingApproval,
        AccountStatus::Rejected,
        AccountStatus::PaymentRequired,
        AccountStatus::Suspended,
        AccountStatus::Closed,
    ];

    /// The states that may follow directly.
    pub fn successors(self) -> &'static [AccountStatus] {
        use AccountStatus::{
            Active, Closed, PaymentRequired, PendingApproval, Rejected, Suspended,
        };
        match self {
            PendingApproval => &[Active, Rejected],
            Active => &[Suspended, PaymentRequired, Closed],
            Suspended => &[Active, PaymentRequired, Closed],
            PaymentRequired => &[Active, Suspended, Closed],
            Rejected | Closed => &[],
        }
    }

    /// Whether `next` may follow directly.
    pub fn may_become(self, next: AccountStatus) -> bool {
        self.successors().contains(&next)
    }

    /// Whether nothing may follow.
    pub fn is_terminal(self) -> bool {
        self.successors().is_empty()
    }

    /// The word that goes on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            AccountStatus::Active => "active",
            AccountStatus::PendingApproval => "pending_approval",
            AccountStatus::Rejected => "rejected",
            AccountStatus::PaymentRequired => "payment_required",
            AccountStatus::Suspended => "suspended",
            AccountStatus::Closed => "closed",
        }
    }

    /// The state of that name.
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `media_buy_lifecycle`: rows from, columns to, in the order of [`MediaBuyStatus::ALL`].
    const MEDIA_BUY: [[u8; 7]; 7] = [
        [0, 1, 1, 1, 0, 1, 1],
        [0, 0, 1, 1, 0, 1, 1],
        [0, 0, 0, 1, 1, 0, 1],
        [0, 0, 1, 0, 1, 0, 1],
        [0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ];

    #[test]
    fn media_buy_edges_are_those_of_the_specification() {
        for (row, from) in MediaBuyStatus::ALL.into_iter().enumerate() {
            for (column, to) in MediaBuyStatus::ALL.into_iter().enumerate() {
                assert_eq!(
                    from.may_become(to),
                    MEDIA_BUY[row][column] == 1,
                    "{from:?} to {to:?}"
                );
            }
            assert_eq!(
                from.is_terminal(),
                MEDIA_BUY[row].iter().all(|edge| *edge == 0),
                "{from:?}"
            );
            assert_eq!(
                from.valid_actions().is_empty(),
                from.is_terminal(),
                "{from:?}"
            );
            assert_eq!(
                from.valid_actions().contains(&"pause"),
                from.may_become(MediaBuyStatus::Paused),
                "{from:?}"
            );
        }
    }

    /// Rows from, columns to, in the order of [`CreativeStatus::ALL`].
    const CREATIVE: [[u8; 5]; 5] = [
        [0, 1, 0, 1, 0],
        [0, 0, 1, 1, 0],
        [0, 0, 0, 1, 1],
        [1, 1, 0, 0, 0],
        [0, 0, 1, 0, 0],
    ];

    #[test]
    fn creative_edges_are_those_of_the_specification() {
        for (row, from) in CreativeStatus::ALL.into_iter().enumerate() {
            for (column, to) in CreativeStatus::ALL.into_iter().enumerate() {
                assert_eq!(
                    from.may_become(to),
                    CREATIVE[row][column] == 1,
                    "{from:?} to {to:?}"
                );
            }
        }
    }

    /// Rows from, columns to, in the order of [`AccountStatus::ALL`].
    const ACCOUNT: [[u8; 6]; 6] = [
        [0, 0, 0, 1, 1, 1],
        [1, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 1, 1],
        [1, 0, 0, 1, 0, 1],
        [0, 0, 0, 0, 0, 0],
    ];

    #[test]
    fn account_edges_are_those_of_the_specification() {
        for (row, from) in AccountStatus::ALL.into_iter().enumerate() {
            for (column, to) in AccountStatus::ALL.into_iter().enumerate() {
                assert_eq!(
                    from.may_become(to),
                    ACCOUNT[row][column] == 1,
                    "{from:?} to {to:?}"
                );
            }
        }
    }

    #[test]
    fn wire_words_are_those_of_serde() {
        for status in MediaBuyStatus::ALL {
            assert_eq!(json!(status), json!(status.as_str()));
            assert_eq!(MediaBuyStatus::from_wire(status.as_str()), Some(status));
        }
        for status in CreativeStatus::ALL {
            assert_eq!(json!(status), json!(status.as_str()));
        }
        for status in AccountStatus::ALL {
            assert_eq!(json!(status), json!(status.as_str()));
        }
        assert_eq!(MediaBuyStatus::from_wire("pending"), None);
    }
}
