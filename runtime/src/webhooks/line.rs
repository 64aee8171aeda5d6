//! What an AdCP line says about webhooks: the one place that knows how the lines differ.
//!
//! What the line's schemas say is read from them. What only its prose says stands here, by the name of
//! the oldest line; a line that is not named is taken to be newer.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::Subscription;
use crate::error::{Error, Result};
use crate::ops::Services;
use crate::signing::Usage;

/// The oldest line. Its conformance suite wants a webhook for what was answered at once as well
/// (3.0.6, `universal/webhook-emission.yaml`); from 3.1 on the guide to webhooks says that there is
/// none, since the buyer has the answer. It also has no way to say an `operation_id` at registration.
const OLDEST: &str = "3.0";
/// The lines in which it can't be said for how long a notification is tried.
const WITHOUT_HORIZON: [&str; 2] = [OLDEST, "3.1"];
/// How long that may be where it can, in seconds.
const HORIZONS: RangeInclusive<u64> = 86_400..=604_800;
/// The definition that lists the types of tasks (`enums/task-type.json`).
const TASK_TYPES: &str = "TaskType";
/// The definition of what a payload may hold as `result` (`core/async-response-data.json`).
const RESULTS: &str = "AsyncResponseData";

/// Whether an operation that was answered at once, and well, is told of by webhook, too.
pub(super) fn tells_what_was_answered_at_once(services: &Services) -> bool {
    services.spec.line == OLDEST
}

/// Whether a payload can name tasks of that tool. AdCP 3.0 has no type for `get_products`, although
/// its schemas let that be answered `submitted`: what becomes of such a task is found by polling.
pub(super) fn names(services: &Services, tool: &str) -> bool {
    services.schemas.check(TASK_TYPES, &tool.into()).is_ok()
}

/// Whether a payload can hold this as its `result`, which is optional.
pub(super) fn takes(services: &Services, result: &Value) -> bool {
    services.schemas.check(RESULTS, result).is_ok()
}

/// Whether the receiver that a call of that tool names is told when the status of what the call made
/// changes later on.
///
/// Of accounts every line says so (`account/sync-accounts-request.json`, `push_notification_config`).
/// For media buys and creatives only the oldest has no other way than the receiver of the call that
/// made them, whose task goes on to say how they stand; from 3.1 on that receiver is for the task
/// alone (`enums/notification-type.json`), and creatives have types and subscriptions of their own.
pub(crate) fn tells_of_changes(services: &Services, tool: &str) -> bool {
    match tool {
        "sync_accounts" => true,
        "create_media_buy" | "sync_creatives" => services.spec.line == OLDEST,
        _ => false,
    }
}

/// Refuses a registration that no payload could be sent for: from 3.1 on each has the `operation_id`
/// that the buyer gave when it registered (`core/mcp-webhook-payload.json`, `required`).
///
/// # Errors
///
/// `INVALID_REQUEST` at the member that is missing; `UNSUPPORTED_FEATURE` where the seller can't prove
/// who sends.
pub(super) fn judge(services: &Services, subscription: &Subscription) -> Result<()> {
    if subscription.authentication.is_none() && services.webhook_key.is_none() {
        return Err(Error::unsupported(
            "this seller has no key to sign webhooks with, and the receiver takes nothing else",
        )
        .at("push_notification_config")
        .suggest(
            "register it with `authentication`, or leave push_notification_config out and poll",
        ));
    }
    if services.spec.line == OLDEST || subscription.operation_id.is_some() {
        return Ok(());
    }
    Err(Error::invalid_request(
        "a webhook needs an `operation_id`, which every notification repeats",
    )
    .at("push_notification_config.operation_id")
    .suggest("send push_notification_config.operation_id with a name of your own for the operation, or leave push_notification_config out and poll"))
}

/// What the seller says about how it proves who sends (`protocol/get-adcp-capabilities-response.json`,
/// `webhook_signing`). For how long it tries a notification can be said from 3.2 on, in bounds.
pub(crate) fn signing_declared(services: &Services) -> Value {
    let Some(key) = &services.webhook_key else {
        return json!({ "supported": false, "legacy_hmac_fallback": true });
    };
    let mut declared = json!({
        "supported": true,
        "profile": Usage::Webhook.tag(),
        "algorithms": [key.algorithm().name()],
        "legacy_hmac_fallback": true,
    });
    let horizon = services.profile.webhooks.retry_seconds;
    if !WITHOUT_HORIZON.contains(&services.spec.line) && HORIZONS.contains(&horizon) {
        declared["delivery_retry_horizon_seconds"] = horizon.into();
    }
    declared
}
