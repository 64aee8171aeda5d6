//! A creative in the library (`core/creative-asset.json`, `creative/list-creatives-response.json`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::clock::Timestamp;

/// Where a creative stands (`enums/creative-status.json`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreativeStatus {
    /// Being ingested.
    Processing,
    /// Waiting for the seller's review.
    PendingReview,
    /// Fit to serve.
    Approved,
    /// Not fit to serve.
    Rejected,
    /// Put away by the buyer.
    Archived,
}

/// A creative format's name: the agent that defines it, and its id there (`core/format-id.json`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FormatId {
    /// The URL of the agent that defines the format.
    pub agent_url: String,
    /// Its id at that agent.
    pub id: String,
    /// Width in pixels, where the format takes it as a parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<Number>,
    /// Height in pixels, where the format takes it as a parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<Number>,
    /// Duration in milliseconds, where the format takes it as a parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<Number>,
}

impl FormatId {
    /// A format without parameters.
    pub fn new(agent_url: impl Into<String>, id: impl Into<String>) -> Self {
        FormatId {
            agent_url: agent_url.into(),
            id: id.into(),
            width: None,
            height: None,
            duration_ms: None,
        }
    }

    /// Whether both name the same format, whatever the parameters. Agent URLs are the same when
    /// they differ only in a trailing slash.
    pub fn names_same(&self, other: &FormatId) -> bool {
        self.id == other.id && same_agent(&self.agent_url, &other.agent_url)
    }
}

/// Whether two agent URLs name one agent.
pub fn same_agent(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// A creative in the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Creative {
    /// The buyer's id for it.
    pub creative_id: String,
    /// The account that it belongs to.
    pub account_id: String,
    /// What the buyer calls it.
    pub name: String,
    /// The format that it is made for.
    pub format_id: FormatId,
    /// Where it stands.
    pub status: CreativeStatus,
    /// Where it stood when it was put away, if not `Approved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_from: Option<CreativeStatus>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection_reason: Option<String>,
    /// When it was first synced.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The ad server's own id for it, as [`CreativeReview::creative_ref`] gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creative_ref: Option<String>,
    /// The rest of what the buyer sent: `assets`, `tags`, ….
    #[serde(default)]
    pub extra: Map<String, Value>,
}

impl Creative {
    /// Puts it away, whatever its state: `delete_missing` archives what a sync leaves out
    /// (`creative/sync-creatives-request.json`), reviewed or not.
    pub fn archive(&mut self) {
        let status = std::mem::replace(&mut self.status, CreativeStatus::Archived);
        self.archived_from = Some(status).filter(|status| {
            !matches!(status, CreativeStatus::Approved | CreativeStatus::Archived)
        });
    }

    /// Takes it out of the archive as what it was, so that no way through the archive leads past
    /// the review. Without effect on one that is not archived.
    pub fn restore(&mut self) {
        let known = self.archived_from.take();
        if self.status == CreativeStatus::Archived {
            self.status = known.unwrap_or(CreativeStatus::Approved);
        }
    }
}

/// What the seller decided about a creative.
#[derive(Clone, Debug, PartialEq)]
pub struct CreativeReview {
    /// Which creative.
    pub creative_id: String,
    /// The decision: `PendingReview`, `Approved` or `Rejected`.
    pub status: CreativeStatus,
    /// Why it was rejected.
    pub rejection_reason: Option<String>,
    /// The ad server's id for it.
    pub creative_ref: Option<String>,
}
