//! `comply_test_controller`: puts a sandbox into the state that a test needs.
//!
//! It takes the same edges as everybody else (`domain::lifecycle`), only at a test's word instead
//! of a review's or the clock's. Its refusals are answers of its own shape
//! (`comply-test-controller-response.json`), not task errors.

mod force;
mod complete;
mod seed;
mod simulate;

use serde_json::{Map, Value};

use super::request::{Fill, Members};
use super::{Call, Outcome};
use crate::catalog::private_member;
use crate::error::{Error, Result};
use crate::store::Batch;

/// The scenarios that capabilities may declare: the line's list there is closed and shorter.
pub(super) const DECLARED: [&str; 5] = [
    "force_creative_status",
    "force_account_status",
    "force_media_buy_status",
    "simulate_delivery",
    "simulate_budget_spend",
];

/// The scenarios that this seller can carry.
const SCENARIOS: [&str; 12] = [
    DECLARED[0],
    DECLARED[1],
    DECLARED[2],
    "force_create_media_buy_arm",
    "force_task_completion",
    DECLARED[3],
    DECLARED[4],
    "seed_product",
    "seed_pricing_option",
    "seed_creative",
    "seed_media_buy",
    "seed_creative_format",
];

/// Why a scenario was not carried out.
pub(super) struct Refusal {
    code: &'static str,
    detail: String,
    current_state: Option<&'static str>,
}

impl Refusal {
    fn params(detail: impl Into<String>) -> Failure {
        Failure::Refused(Refusal {
            code: "INVALID_PARAMS",
            detail: detail.into(),
            current_state: None,
        })
    }

    fn missing(what: &str) -> Failure {
        Failure::Refused(Refusal {
            code: "NOT_FOUND",
            detail: format!("there is no such {what}"),
            current_state: None,
        })
    }

    fn transition(from: &'static str, to: &str) -> Failure {
        let detail = format!("nothing leads from {from} to {to}");
        Failure::Refused(Refusal {
            code: "INVALID_TRANSITION",
            detail,
            current_state: Some(from),
        })
    }
}

/// How a scenario can fail.
pub(super) enum Failure {
    /// The test asked for something that can't be.
    Refused(Refusal),
    /// The seller itself failed.
    Broken(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Broken(error)
    }
}

type Answer = Result<(Map<String, Value>, Batch), Failure>;

pub(super) async fn run(call: &Call<'_>) -> Result<Outcome> {
    match scenario(call).await {
        Ok((mut body, batch)) => {
            body.shift_insert(0, "success".to_owned(), Value::Bool(true));
            Ok(Outcome::write(body, batch))
        }
        Err(Failure::Refused(refusal)) => {
            let mut body = Map::new();
            body.put("success", false);
            body.put("error", refusal.code);
            body.put("error_detail", refusal.detail);
            body.put_some("current_state", refusal.current_state);
            Ok(Outcome::read(body))
        }
        Err(Failure::Broken(error)) => Err(error),
    }
}

async fn scenario(call: &Call<'_>) -> Answer {
    let refuse = |code: &'static str, detail: String| {
        Err(Failure::Refused(Refusal {
            code,
            detail,
            current_state: None,
        }))
    };
    let Some(name) = call.request.text("scenario") else {
        return Err(Refusal::params("`scenario` is required"));
    };
    if name != "list_scenarios" && !SCENARIOS.contains(&name) {
        return refuse(
            "UNKNOWN_SCENARIO",
            format!("this seller has no scenario {name}; list_scenarios tells which there are"),
        );
    }
    if !call.services.sandbox {
        return refuse(
            "FORBIDDEN",
            "the test controller works only in a sandbox".to_owned(),
        );
    }
    let empty = Map::new();
    let params = Params {
        members: call.request.object("params").unwrap_or(&empty),
    };
    match name {
        "list_scenarios" => {
            let mut body = Map::new();
            body.put("scenarios", SCENARIOS.to_vec());
            Ok((body, Batch::new()))
        }
        "force_creative_status" => force::creative(call, &params).await,
        "force_account_status" => force::account(call, &params).await,
        "force_media_buy_status" => force::media_buy(call, &params).await,
        "force_create_media_buy_arm" => force::arm(call, &params).await,
        "force_task_completion" => complete::task(call, &params).await,
        "simulate_delivery" => simulate::delivery(call, &params).await,
        "simulate_budget_spend" => simulate::spend(call, &params).await,
        "seed_product" => seed::product(call, &params).await,
        "seed_pricing_option" => seed::pricing_option(call, &params).await,
        "seed_creative" => seed::creative(call, &params).await,
        "seed_media_buy" => seed::media_buy(call, &params).await,
        _ => seed::format(call, &params).await,
    }
}

/// The parameters of a scenario. Unlike other requests they are judged here: the schema can't tell
/// a test which of the controller's codes applies.
struct Params<'a> {
    members: &'a Map<String, Value>,
}

impl<'a> Params<'a> {
    /// A text that the scenario needs.
    fn text(&self, name: &str) -> Result<&'a str, Failure> {
        let text = self
            .members
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty() && text.len() <= 255);
        text.ok_or_else(|| {
            Refusal::params(format!(
                "`{name}` is required: a text of at most 255 characters"
            ))
        })
    }

    /// A text that may be left out.
    fn optional(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::params(format!("`{name}` is a text"))),
        }
    }

    /// A count that may be left out.
    fn count(&self, name: &str) -> Result<Option<f64>, Failure> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_u64()
                .map(|count| Some(count as f64))
                .ok_or_else(|| {
                    Refusal::params(format!("`{name}` is a whole number of at least 0"))
                }),
        }
    }

    /// An object that the scenario needs.
    fn object(&self, name: &str) -> Result<&'a Map<String, Value>, Failure> {
        self.members
            .get(name)
            .and_then(Value::as_object)
            .ok_or_else(|| Refusal::params(format!("`{name}` is required: an object")))
    }

    /// A target state.
    fn status<T>(&self, from_wire: impl Fn(&str) -> Option<T>) -> Result<T, Failure> {
        let word = self.text("status")?;
        from_wire(word).ok_or_else(|| Refusal::params(format!("`status` can't be {word}")))
    }

    /// The object to seed, empty when nothing is said about it.
    fn fixture(&self) -> Result<Map<String, Value>, Failure> {
        match self.members.get("fixture") {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(shown @ Value::Object(fixture)) => match private_member(shown) {
                Some(name) => Err(Refusal::params(format!(
                    "`fixture` has a member `{name}`, which buyers must not see; what the seller keeps about seeded products is written in its catalogue, under [[seeded]]"
                ))),
                None => Ok(fixture.clone()),
            },
            Some(_) => Err(Refusal::params("`fixture` is an object")),
        }
    }
}
