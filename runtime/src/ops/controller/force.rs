//! `force_*`: takes an edge that otherwise a review, the seller or the clock takes.

use serde_json::{Map, Value, json};

use super::super::records::{self, ForcedArm};
use super::super::request::Fill;
use super::super::{Call, scope};
use super::{Answer, Failure, Params, Refusal};
use crate::domain::{AccountStatus, CreativeStatus, MediaBuyStatus};
use crate::status::{self, Moved, Moves, Sight, Step, Stuck};
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
    let mut batch = Batch::new();
    let mut moves = Moves::new(sight(call), &mut batch);
    let step = moves
        .creative(&scope, None, creative_id, next, reason, None)
        .await;
    let moved = moves.moved;
    answer(call, step, moved, "creative", batch).await
}

pub(super) async fn account(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let account_id = params.text("account_id")?;
    let next = params.status(AccountStatus::from_wire)?;
    let mut batch = Batch::new();
    let mut moves = Moves::new(sight(call), &mut batch);
    let step = moves
        .account(&call.context.principal, account_id, next)
        .await;
    let moved = moves.moved;
    answer(call, step, moved, "account", batch).await
}

pub(super) async fn media_buy(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let media_buy_id = params.text("media_buy_id")?;
    let next = params.status(MediaBuyStatus::from_wire)?;
    let reason = params.optional("rejection_reason")?;
    let scope = scope::shared(call.context);
    let mut batch = Batch::new();
    let mut moves = Moves::new(sight(call), &mut batch);
    let step = moves
        .media_buy(&scope, None, media_buy_id, next, reason, None)
        .await;
    let moved = moves.moved;
    answer(call, step, moved, "media buy", batch).await
}

fn sight<'a>(call: &'a Call<'_>) -> Sight<'a> {
    Sight::of(call.services, &call.context.tenant, call.context.now)
}

/// Answers with the step that was taken, and tells those who follow what moved.
async fn answer(
    call: &Call<'_>,
    step: Result<Step, Stuck>,
    moved: Vec<Moved>,
    what: &str,
    mut batch: Batch,
) -> Answer {
    let (from, to) = step.map_err(|stuck| match stuck {
        Stuck::Missing => Refusal::missing(what),
        Stuck::Illegal { from, to } => Refusal::transition(from, to),
        Stuck::Failed(error) => Failure::Broken(error),
    })?;
    status::tell(call.services, moved, call.context.now, &mut batch).await?;
    Ok((transition(from, to), batch))
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
