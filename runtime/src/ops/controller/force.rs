//! `force_*`: takes an edge that otherwise a review, the seller or the clock takes.

use serde_json::{Map, Value, json};

use super::super::creatives::{Library, wake_buys};
use super::super::records::{self, ForcedArm};
use super::super::request::Fill;
use super::super::{Call, scope};
use super::{Answer, Failure, Params, Refusal};
use crate::domain::{
    AccountRecord, AccountStatus, Cancellation, Creative, CreativeStatus, MediaBuy, MediaBuyStatus,
};
use crate::store::Batch;

/// The longest task handle (`comply-test-controller-request.json`).
const LONGEST_TASK_ID: usize = 128;

pub(super) fn transition(from: &str, to: &str) -> Map<String, Value> {
    let mut body = Map::new();
    body.put("previous_state", from);
    body.put("current_state", to);
    body
}

pub(super) async fn creative(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let creative_id = params.text("creative_id")?;
    let next = params.status(CreativeStatus::from_wire)?;
    let reason = params.optional("rejection_reason")?;
    let scope = scope::shared(call.context);
    let mut stored = records::find::<Creative>(&call.services.store, &scope, creative_id)
        .await?
        .ok_or_else(|| Refusal::missing("creative"))?;
    let from = stored.value.status;
    let mut batch = Batch::new();
    if from != next {
        if !from.may_become(next) {
            return Err(Refusal::transition(from.as_str(), next.as_str()));
        }
        stored.value.status = next;
        stored.value.updated_at = call.context.now;
        stored.value.rejection_reason = reason
            .filter(|_| next == CreativeStatus::Rejected)
            .map(str::to_owned);
        stored.save(&mut batch)?;
        if next.is_usable() && !from.is_usable() {
            let waiting = records::tagged::<MediaBuy>(
                &call.services.store,
                &scope,
                Some(records::of_creative(creative_id)),
            )
            .await?;
            let mut library = Library::new(call, &stored.value.account_id);
            library.restate(stored.value.clone());
            wake_buys(call, &library, waiting, &mut batch).await?;
        }
    }
    Ok((transition(from.as_str(), next.as_str()), batch))
}

pub(super) async fn account(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let account_id = params.text("account_id")?;
    let next = params.status(AccountStatus::from_wire)?;
    let scope = scope::of_principal(call.context);
    let mut stored = records::find::<AccountRecord>(&call.services.store, &scope, account_id)
        .await?
        .ok_or_else(|| Refusal::missing("account"))?;
    let from = stored.value.status;
    let mut batch = Batch::new();
    if from != next {
        if !from.may_become(next) {
            return Err(Refusal::transition(from.as_str(), next.as_str()));
        }
        stored.value.status = next;
        stored.save(&mut batch)?;
    }
    Ok((transition(from.as_str(), next.as_str()), batch))
}

pub(super) async fn media_buy(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let media_buy_id = params.text("media_buy_id")?;
    let next = params.status(MediaBuyStatus::from_wire)?;
    let reason = params.optional("rejection_reason")?;
    let scope = scope::shared(call.context);
    let mut stored = records::find::<MediaBuy>(&call.services.store, &scope, media_buy_id)
        .await?
        .ok_or_else(|| Refusal::missing("media buy"))?;
    let now = call.context.now;
    stored.value.settle(now);
    let from = stored.value.status;
    let mut batch = Batch::new();
    if from != next {
        if !from.may_become(next) {
            return Err(Refusal::transition(from.as_str(), next.as_str()));
        }
        let buy = &mut stored.value;
        buy.status = next;
        buy.held = next == MediaBuyStatus::Paused;
        if next == MediaBuyStatus::Canceled {
            let cancellation = Cancellation {
                canceled_at: now,
                canceled_by: "seller".to_owned(),
                reason: reason.map(str::to_owned),
            };
            for package in buy
                .packages
                .iter_mut()
                .filter(|package| package.cancellation.is_none())
            {
                package.cancellation = Some(cancellation.clone());
            }
            buy.cancellation = Some(cancellation);
        }
        let action = match next {
            MediaBuyStatus::Active if from == MediaBuyStatus::Paused => "resumed",
            MediaBuyStatus::Active => "activated",
            other => other.as_str(),
        };
        buy.record(
            now,
            None,
            action,
            None,
            reason.map(|reason| reason.chars().take(500).collect()),
        );
        stored.save(&mut batch)?;
    }
    Ok((transition(from.as_str(), next.as_str()), batch))
}

/// Registers how the next `create_media_buy` is answered.
pub(super) async fn arm(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let arm = params.text("arm")?;
    if !["submitted", "input-required"].contains(&arm) {
        return Err(Refusal::params(format!("`arm` can't be {arm}")));
    }
    let task_id = if arm == "submitted" {
        Some(params.text("task_id")?)
    } else {
        None
    };
    if task_id.is_some_and(|task_id| task_id.chars().count() > LONGEST_TASK_ID) {
        return Err(Refusal::params(format!(
            "`task_id` has at most {LONGEST_TASK_ID} characters"
        )));
    }
    let message = params.optional("message")?;
    let directive = ForcedArm {
        arm: arm.to_owned(),
        task_id: task_id.map(str::to_owned),
        message: message.map(str::to_owned),
    };
    let mut batch = Batch::new();
    records::seed(&mut batch, &scope::shared(call.context), &directive).map_err(Failure::Broken)?;
    let mut forced = json!({ "arm": arm });
    if let Some(task_id) = task_id {
        forced["task_id"] = json!(task_id);
    }
    let mut body = Map::new();
    body.put("forced", forced);
    Ok((body, batch))
}
