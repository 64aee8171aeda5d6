//! What becomes of a media buy as time passes, and how its history is written.

use serde_json::json;

use super::super::media_buy::{HistoryEntry, MediaBuy, MediaBuyStatus};
use crate::clock::Timestamp;

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

    /// Moves a buy on that waited for a creative and now has one.
    pub fn has_creatives(&mut self, now: Timestamp) {
        let next = self.ready_status(now);
        let action = match next {
            MediaBuyStatus::Active => "activated",
            _ => "creatives_received",
        };
        self.advance(next, now, action);
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
            proposal_id: None,
            recipes: std::collections::BTreeMap::new(),
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
