//! What may become what: the states of media buys, creatives and accounts, each as one table.
//!
//! The edges are those of the specification's lifecycle pages for line 3.x (media buy lifecycle,
//! creative library, accounts). Who may take an edge (buyer, seller, the passing of time, the test
//! controller) is decided where it is taken; that an edge exists is decided here only.

use serde_json::json;

use super::media_buy::{HistoryEntry, MediaBuy, MediaBuyStatus};
use super::{AccountStatus, CreativeStatus};
use crate::clock::Timestamp;

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

impl MediaBuy {
    /// Brings the buy up to an instant: a flight that has begun makes it active, or paused where
    /// the buyer holds it; one that is over completes it.
    ///
    /// Nothing runs in the background for this. The same buy settles to the same result whoever
    /// asks, because each step carries the instant of the flight, not that of the question; so a
    /// read may answer with it and the next write stores it. A buy that never got a creative stays
    /// in `pending_creatives`: no edge leads from there to an end of its flight.
    pub fn settle(&mut self, now: Timestamp) {
        if self.status == MediaBuyStatus::PendingStart && self.start_time <= now {
            let at = self.start_time.max(self.updated_at);
            let next = self.running_status();
            let action = if next == MediaBuyStatus::Active {
                "activated"
            } else {
                "paused"
            };
            self.advance(next, at, action);
        }
        if matches!(self.status, MediaBuyStatus::Active | MediaBuyStatus::Paused)
            && self.end_time <= now
        {
            let at = self.end_time.max(self.updated_at);
            self.advance(MediaBuyStatus::Completed, at, "completed");
        }
    }

    /// Where the buy stands once it has something to show: waiting for its flight, or in it.
    pub fn ready_status(&self, now: Timestamp) -> MediaBuyStatus {
        if self.start_time <= now {
            self.running_status()
        } else {
            MediaBuyStatus::PendingStart
        }
    }

    /// Where the buy stands once nothing is in the way of its delivery but the buyer.
    fn running_status(&self) -> MediaBuyStatus {
        if self.is_held() {
            MediaBuyStatus::Paused
        } else {
            MediaBuyStatus::Active
        }
    }

    /// Pauses the whole buy. Says whether that changed anything.
    pub fn hold(&mut self) -> bool {
        if self.is_held() || self.status.is_terminal() {
            return false;
        }
        self.held = true;
        if self.status == MediaBuyStatus::Active {
            self.status = MediaBuyStatus::Paused;
        }
        true
    }

    /// Lets the whole buy run again. Says whether that changed anything.
    pub fn release(&mut self) -> bool {
        if !self.is_held() {
            return false;
        }
        self.held = false;
        if self.status == MediaBuyStatus::Paused {
            self.status = MediaBuyStatus::Active;
        }
        true
    }

    /// What a buyer may do to the buy as it stands (`enums/media-buy-valid-action.json`).
    pub fn valid_actions(&self) -> &'static [&'static str] {
        if self.is_held() && !self.status.is_terminal() {
            MediaBuyStatus::Paused.valid_actions()
        } else {
            self.status.valid_actions()
        }
    }

    /// Moves the buy to a state and writes that into its history.
    pub fn advance(&mut self, status: MediaBuyStatus, at: Timestamp, action: &str) {
        self.status = status;
        self.record(at, None, action, None, None);
    }

    /// Counts one change and writes it into the history.
    pub fn record(
        &mut self,
        at: Timestamp,
        actor: Option<&str>,
        action: &str,
        package_id: Option<&str>,
        summary: Option<String>,
    ) {
        self.revision += 1;
        self.updated_at = at;
        self.note(at, actor, action, package_id, summary);
    }

    /// Writes an entry into the history under the present revision.
    pub fn note(
        &mut self,
        at: Timestamp,
        actor: Option<&str>,
        action: &str,
        package_id: Option<&str>,
        summary: Option<String>,
    ) {
        self.history.push(HistoryEntry {
            revision: self.revision,
            timestamp: at,
            actor: actor.unwrap_or("seller").to_owned(),
            action: action.to_owned(),
            package_id: package_id.map(str::to_owned),
            summary,
        });
        // The wire can ask for at most 1000 entries; what lies further back could never be read.
        let excess = self.history.len().saturating_sub(MediaBuy::MOST_HISTORY);
        self.history.drain(..excess);
    }
}

impl HistoryEntry {
    /// The entry as `get_media_buys` shows it.
    pub fn to_wire(&self) -> serde_json::Value {
        let mut entry = json!({
            "revision": self.revision,
            "timestamp": crate::clock::to_wire(self.timestamp),
            "actor": self.actor,
            "action": self.action,
        });
        if let Some(package_id) = &self.package_id {
            entry["package_id"] = json!(package_id);
        }
        if let Some(summary) = &self.summary {
            entry["summary"] = json!(summary);
        }
        entry
    }
}

#[cfg(test)]
mod tests {
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

    fn buy(status: MediaBuyStatus) -> MediaBuy {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        MediaBuy {
            media_buy_id: "mb_1".to_owned(),
            account_id: "acct_1".to_owned(),
            status,
            currency: "USD".to_owned(),
            start_time: at("2026-04-01T00:00:00Z"),
            end_time: at("2026-05-01T00:00:00Z"),
            packages: Vec::new(),
            held: false,
            revision: 1,
            confirmed_at: None,
            created_at: at("2026-03-01T00:00:00Z"),
            updated_at: at("2026-03-01T00:00:00Z"),
            cancellation: None,
            order_ref: None,
            history: Vec::new(),
            extra: serde_json::Map::new(),
        }
    }

    #[test]
    fn time_begins_and_ends_a_flight() {
        let cases = [
            (
                MediaBuyStatus::PendingStart,
                "2026-03-31T23:59:59Z",
                MediaBuyStatus::PendingStart,
                1,
            ),
            (
                MediaBuyStatus::PendingStart,
                "2026-04-01T00:00:00Z",
                MediaBuyStatus::Active,
                2,
            ),
            (
                MediaBuyStatus::PendingStart,
                "2026-05-01T00:00:00Z",
                MediaBuyStatus::Completed,
                3,
            ),
            (
                MediaBuyStatus::Active,
                "2026-04-30T00:00:00Z",
                MediaBuyStatus::Active,
                1,
            ),
            (
                MediaBuyStatus::Active,
                "2026-05-02T00:00:00Z",
                MediaBuyStatus::Completed,
                2,
            ),
            (
                MediaBuyStatus::Paused,
                "2026-05-02T00:00:00Z",
                MediaBuyStatus::Completed,
                2,
            ),
            (
                MediaBuyStatus::PendingCreatives,
                "2026-05-02T00:00:00Z",
                MediaBuyStatus::PendingCreatives,
                1,
            ),
            (
                MediaBuyStatus::Canceled,
                "2026-05-02T00:00:00Z",
                MediaBuyStatus::Canceled,
                1,
            ),
            (
                MediaBuyStatus::Rejected,
                "2026-05-02T00:00:00Z",
                MediaBuyStatus::Rejected,
                1,
            ),
        ];
        for (from, now, to, revision) in cases {
            let mut settled = buy(from);
            settled.settle(now.parse().expect("an instant"));
            assert_eq!(
                (settled.status, settled.revision),
                (to, revision),
                "{from:?} at {now}"
            );
            let once = settled.clone();
            settled.settle(now.parse().expect("an instant"));
            assert_eq!(settled, once, "settling twice changes nothing");
        }
    }

    #[test]
    fn a_step_that_time_takes_carries_the_instant_of_the_flight() {
        let mut settled = buy(MediaBuyStatus::PendingStart);
        settled.settle("2026-06-01T00:00:00Z".parse().expect("an instant"));
        let steps: Vec<_> = settled
            .history
            .iter()
            .map(|entry| (entry.action.as_str(), entry.timestamp))
            .collect();
        assert_eq!(
            steps,
            [
                ("activated", settled.start_time),
                ("completed", settled.end_time)
            ]
        );
        assert_eq!(settled.updated_at, settled.end_time);
    }
}
