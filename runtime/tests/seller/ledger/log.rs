//! What the log is told of a proposal's life: names and fields are what operators build alerts on.

use std::collections::BTreeMap;

use adcp_seller::platform::Outcome;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::process::{accept, brief, finalize, provision};
use crate::market::{Market, planned};
use crate::support::line;
use crate::support::log::Ear;
use crate::support::planner::{Planner, plan};

type Fields = BTreeMap<String, String>;

/// Hears the events of proposals.
struct Log(Ear);

impl Log {
    /// What has been logged of them since this was last asked.
    fn take(&self) -> Vec<Fields> {
        let heard = self.0.take();
        let events = heard
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .filter(|event| event["target"] == "adcp_seller::proposals");
        events
            .map(|event| {
                assert_eq!(event["level"], "INFO");
                let fields = event["fields"].as_object().expect("fields");
                let said = fields.iter().filter(|(name, _)| *name != "message");
                said.map(|(name, value)| {
                    let text = value.as_str().map(str::to_owned);
                    (name.clone(), text.unwrap_or_else(|| value.to_string()))
                })
                .collect()
            })
            .collect()
    }
}

fn event(name: &str, fields: &[(&str, &str)]) -> Fields {
    let named = [("event", name)];
    let all = named.iter().chain(fields);
    all.map(|(field, value)| ((*field).to_owned(), (*value).to_owned()))
        .collect()
}

/// A seller, what it logs, and the id of the account that everything is for.
async fn watched(planner: &Planner) -> (Market, Log, String) {
    let market = planned(&line::PROPOSALS, planner).await;
    provision(&market).await;
    let listed = market.call("list_accounts", json!({})).await;
    let account_id = listed["accounts"][0]["account_id"].as_str();
    (
        market,
        Log(Ear::open()),
        account_id.expect("an id").to_owned(),
    )
}

#[tokio::test]
async fn each_step_of_a_proposals_life_is_one_event() {
    let planner = Planner::default();
    let (market, log, account_id) = watched(&planner).await;
    let of = [("proposal_id", "plan"), ("account_id", &account_id)];
    let with = |fields: &[(&'static str, &'static str)]| [of.as_slice(), fields].concat();

    market.call("get_products", brief("banners")).await;
    let drafted = event("proposal.draft_persisted", &with(&[("recipes_count", "0")]));
    assert_eq!(log.take(), [drafted]);
    market.call("get_products", brief("banners")).await;
    assert_eq!(log.take(), [], "nothing has been written");

    market.call("get_products", finalize("plan")).await;
    let firm = [("expires_at", "2026-03-11T12:00:00Z"), ("path", "inline")];
    assert_eq!(log.take(), [event("proposal.finalized", &with(&firm))]);
    market.call("get_products", finalize("plan")).await;
    assert_eq!(log.take(), [], "the same answer once more is no event");

    let request = accept("plan", &market.key());
    let bought = market.call("create_media_buy", request.clone()).await;
    let media_buy_id = bought["media_buy_id"].as_str().expect("an id");
    let mut consumed = event("proposal.consumed", &of);
    consumed.insert("media_buy_id".to_owned(), media_buy_id.to_owned());
    assert_eq!(log.take(), [consumed]);
    market.call("create_media_buy", request).await;
    assert_eq!(log.take(), []);
}

#[tokio::test]
async fn what_was_proposed_to_nobody_is_logged_for_the_account_that_takes_it() {
    let planner = Planner::default();
    let (market, log, account_id) = watched(&planner).await;
    let account_of = |events: &[Fields]| -> Vec<(String, String)> {
        let of = |fields: &Fields| (fields["event"].clone(), fields["account_id"].clone());
        events.iter().map(of).collect()
    };
    let told = |event: &str| vec![(event.to_owned(), account_id.clone())];
    let nameless = |mut request: Value| {
        let members = request.as_object_mut().expect("an object");
        members.remove("account");
        request
    };
    market
        .call("get_products", nameless(brief("banners")))
        .await;
    log.take();
    market.call("get_products", finalize("plan")).await;
    assert_eq!(account_of(&log.take()), told("proposal.finalized"));
    let request = accept("plan", &market.key());
    market.call("create_media_buy", request).await;
    assert_eq!(account_of(&log.take()), told("proposal.consumed"));

    // Made firm for nobody, and bought or missed by an account.
    planner.offers(vec![plan("other", 60.0), plan("late", 60.0)]);
    market
        .call("get_products", nameless(brief("banners")))
        .await;
    market
        .call("get_products", nameless(finalize("other")))
        .await;
    market
        .call("get_products", nameless(finalize("late")))
        .await;
    log.take();
    let request = accept("other", &market.key());
    market.call("create_media_buy", request).await;
    assert_eq!(account_of(&log.take()), told("proposal.consumed"));
    market.clock.advance(TimeDelta::seconds(86_400 + 61));
    let request = accept("late", &market.key());
    market.refused("create_media_buy", request).await;
    assert_eq!(account_of(&log.take()), told("proposal.expired"));
}

#[tokio::test]
async fn an_expiry_is_an_event_each_time_somebody_comes_too_late() {
    let planner = Planner::default();
    let (market, log, account_id) = watched(&planner).await;
    market.call("get_products", brief("banners")).await;
    market.call("get_products", finalize("plan")).await;
    market.clock.advance(TimeDelta::seconds(86_400 + 61));
    log.take();
    let expired = event(
        "proposal.expired",
        &[
            ("proposal_id", "plan"),
            ("account_id", &account_id),
            ("now", "2026-03-11T12:01:01Z"),
            ("expires_at", "2026-03-11T12:00:00Z"),
            ("grace_seconds", "60"),
        ],
    );
    let request = accept("plan", &market.key());
    market.refused("create_media_buy", request).await;
    assert_eq!(log.take(), std::slice::from_ref(&expired));
    market.refused("get_products", finalize("plan")).await;
    assert_eq!(log.take(), [expired]);
}

#[tokio::test(start_paused = true)]
async fn what_became_firm_as_a_task_says_so() {
    let planner = Planner::default();
    planner.offers(vec![plan("plan", 60.0)]);
    let firm = |draft: adcp_seller::domain::ToFinalize| {
        adcp_seller::domain::Finalized::new(draft.proposal, draft.hold_until)
    };
    planner.on_finalize(move |context, draft| {
        Ok(match context.work {
            None => context.hand_off("the ad server is at it").into(),
            Some(_) => Outcome::Done(firm(draft)),
        })
    });
    let (market, log, _) = watched(&planner).await;
    market.call("get_products", brief("banners")).await;
    market.call("get_products", finalize("plan")).await;
    market.clock.advance(TimeDelta::seconds(60));
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    let events = log.take();
    let paths: Vec<_> = events
        .iter()
        .filter_map(|fields| fields.get("path"))
        .collect();
    assert_eq!(paths, ["task"], "{events:?}");
}
