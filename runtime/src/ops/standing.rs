//! How a thing stands, in the form of the answer to the call that made it: what followers of its
//! status are told.

use serde_json::{Map, Value, json};

use super::request::Fill;
use super::{Services, accounts, media_buys};
use crate::domain::{AccountRecord, Creative, CreativeStatus, MediaBuy};

/// As `create_media_buy` answers.
pub(crate) fn media_buy(services: &Services, buy: &MediaBuy) -> Value {
    let mut body = media_buys::standing(services, buy);
    body.put_some(
        "cancellation",
        buy.cancellation.as_ref().map(media_buys::cancellation),
    );
    Value::Object(body)
}

/// As `sync_creatives` answers.
pub(crate) fn creative(creative: &Creative) -> Value {
    let mut line = Map::new();
    line.put("creative_id", creative.creative_id.as_str());
    line.put("action", "updated");
    line.put("status", creative.status.as_str());
    line.put_some("platform_id", creative.creative_ref.clone());
    line.put("changes", vec!["status"]);
    if let (CreativeStatus::Rejected, Some(reason)) = (creative.status, &creative.rejection_reason)
    {
        line.put("warnings", vec![format!("rejected: {reason}")]);
    }
    json!({ "creatives": [line] })
}

/// As `sync_accounts` answers.
pub(crate) fn account(services: &Services, record: &AccountRecord) -> Value {
    json!({ "accounts": [accounts::result(services, record, "updated")] })
}
