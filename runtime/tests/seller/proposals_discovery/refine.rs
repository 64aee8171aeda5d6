//! Changing drafts.

use adcp_seller::domain::{Applied, Subject};
use adcp_seller::error::Error;
use adcp_seller::platform::Outcome;
use serde_json::json;

use super::{
    applied, brief, change, finalize, refinement, refusal, refused, seller, seller_of, shares,
};
use crate::support::line;
use crate::support::planner::{Asked, offer, plan};

#[tokio::test]
async fn a_refined_draft_is_written_over() {
    let (market, planner) = seller().await;
    market.call("get_products", brief("nova")).await;
    let request = refinement(
        "nova",
        json!([change("plan", "more banners"), { "scope": "request", "ask": "cheaper" }]),
    );
    let answer = market.call("get_products", request).await;
    assert_eq!(
        applied(&answer),
        [("proposal", "applied"), ("request", "applied")]
    );
    assert_eq!(answer["proposals"][0]["proposal_status"], "draft");
    assert_eq!(shares(&answer["proposals"][0]), [80.0, 20.0]);
    let firm = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(
        shares(&firm["proposals"][0]),
        [80.0, 20.0],
        "what was refined is made firm"
    );
    let Some(Asked::Refine(wishes)) = planner.asked().get(1).cloned() else {
        panic!("the manager refines");
    };
    assert_eq!(wishes[0].ask.as_deref(), Some("more banners"));
    let Subject::Proposal(draft) = &wishes[0].subject else {
        panic!("the wish is about a proposal");
    };
    assert_eq!(draft.proposal["proposal_status"], "draft");
}

#[tokio::test]
async fn what_is_left_out_is_not_the_managers_affair() {
    let (market, planner) = seller().await;
    planner.offers(vec![plan("plan", 60.0), plan("other", 30.0)]);
    market.call("get_products", brief("nova")).await;
    let request = refinement(
        "nova",
        json!([
            { "scope": "proposal", "proposal_id": "other", "action": "omit" },
            { "scope": "product", "product_id": "sold_out", "action": "omit" },
            change("plan", "more banners"),
        ]),
    );
    // The manager offers it all the same.
    planner.on_refine(|context, request, _| {
        Ok(Outcome::Done(offer(
            context,
            request,
            vec![plan("other", 10.0), plan("plan", 90.0)],
        )))
    });
    let answer = market.call("get_products", request).await;
    assert_eq!(
        applied(&answer),
        [
            ("proposal", "applied"),
            ("product", "applied"),
            ("proposal", "applied")
        ]
    );
    let ids: Vec<_> = answer["proposals"]
        .as_array()
        .expect("proposals")
        .iter()
        .map(|proposal| proposal["proposal_id"].clone())
        .collect();
    assert_eq!(ids, [json!("plan")]);
    assert!(!answer["products"].to_string().contains("sold_out"));
    let Some(Asked::Refine(wishes)) = planner.asked().last().cloned() else {
        panic!("the manager refines");
    };
    assert_eq!(wishes.len(), 1);
    let firm = market.call("get_products", finalize("nova", "other")).await;
    assert_eq!(
        shares(&firm["proposals"][0]),
        [30.0, 70.0],
        "what is left out stays as it was"
    );
}

#[tokio::test]
async fn what_the_manager_does_not_say_is_worked_out() {
    let (market, planner) = seller().await;
    planner.offers(vec![plan("plan", 60.0), plan("other", 30.0)]);
    market.call("get_products", brief("nova")).await;
    planner.on_refine(|context, request, _| {
        let mut found = offer(context, request, vec![plan("plan", 90.0)]);
        found.applied = vec![None, Some(Applied::Partial("half of it".to_owned()))];
        Ok(Outcome::Done(found))
    });
    let request = refinement(
        "nova",
        json!([
            change("plan", "more banners"),
            { "scope": "product", "product_id": "video", "ask": "longer" },
            change("other", "more video"),
            { "scope": "product", "product_id": "nobody" },
            { "scope": "request", "ask": "cheaper" },
        ]),
    );
    let answer = market.call("get_products", request).await;
    assert_eq!(
        applied(&answer),
        [
            ("proposal", "applied"),
            ("product", "partial"),
            ("proposal", "unable"),
            ("product", "unable"),
            ("request", "unable"),
        ]
    );
    assert_eq!(answer["refinement_applied"][1]["notes"], "half of it");
    assert_eq!(
        answer["proposals"][1]["proposal_id"], "other",
        "what was named is answered with"
    );
    assert_eq!(shares(&answer["proposals"][1]), [30.0, 70.0]);
}

#[tokio::test]
async fn each_entry_about_one_proposal_is_a_wish_of_its_own() {
    let (market, planner) = seller().await;
    market.call("get_products", brief("nova")).await;
    planner.on_refine(|context, request, wishes| {
        let drafts = (70..)
            .zip(&wishes)
            .map(|(share, _)| plan("plan", f64::from(share)));
        let mut found = offer(context, request, drafts.collect());
        found.applied = vec![
            Some(Applied::Applied),
            Some(Applied::Partial("half of it".to_owned())),
            Some(Applied::Unable("not in May".to_owned())),
        ];
        Ok(Outcome::Done(found))
    });
    let request = refinement(
        "nova",
        json!([
            change("plan", "more banners"),
            change("plan", "no video"),
            change("plan", "in May"),
        ]),
    );
    let answer = market.call("get_products", request).await;
    let entry =
        |status: &str| json!({ "scope": "proposal", "proposal_id": "plan", "status": status });
    let mut expected = [entry("applied"), entry("partial"), entry("unable")];
    expected[1]["notes"] = json!("half of it");
    expected[2]["notes"] = json!("not in May");
    assert_eq!(answer["refinement_applied"], json!(expected));
    let Some(Asked::Refine(wishes)) = planner.asked().last().cloned() else {
        panic!("the manager refines");
    };
    let asks: Vec<_> = wishes.iter().map(|wish| wish.ask.as_deref()).collect();
    assert_eq!(
        asks,
        [Some("more banners"), Some("no video"), Some("in May")]
    );
    assert_eq!(answer["proposals"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        shares(&answer["proposals"][0]),
        [72.0, 28.0],
        "the last draft is what became of it"
    );
}

/// An entry that names a proposal and asks for nothing.
fn include(proposal_id: &str) -> serde_json::Value {
    json!({ "scope": "proposal", "proposal_id": proposal_id, "action": "include" })
}

#[tokio::test]
async fn who_asks_for_nothing_has_what_there_is() {
    let (market, planner) = seller().await;
    market.call("get_products", brief("nova")).await;
    let firm = market.call("get_products", finalize("nova", "plan")).await;
    planner.on_refine(|context, request, _| Ok(Outcome::Done(offer(context, request, Vec::new()))));
    let answer = market
        .call("get_products", refinement("nova", json!([include("plan")])))
        .await;
    assert_eq!(applied(&answer), [("proposal", "applied")]);
    assert_eq!(answer["proposals"], firm["proposals"]);

    let (market, planner) = seller().await;
    let drafted = market.call("get_products", brief("nova")).await;
    planner.on_refine(|context, request, _| Ok(Outcome::Done(offer(context, request, Vec::new()))));
    let answer = market
        .call("get_products", refinement("nova", json!([include("plan")])))
        .await;
    assert_eq!(applied(&answer), [("proposal", "applied")]);
    assert_eq!(answer["proposals"], drafted["proposals"]);
}

#[tokio::test]
async fn what_has_expired_is_said_to_have_and_is_not_offered() {
    let (market, planner) = seller().await;
    market.call("get_products", brief("nova")).await;
    market.call("get_products", finalize("nova", "plan")).await;
    // A day of hold and a minute of grace.
    market.clock.advance(chrono::TimeDelta::seconds(86_460));
    let asked = |entry| market.call("get_products", refinement("nova", json!([entry])));
    let answer = asked(include("plan")).await;
    assert_eq!(
        applied(&answer),
        [("proposal", "applied")],
        "the boundary still counts"
    );
    market.clock.advance(chrono::TimeDelta::milliseconds(1));
    for entry in [include("plan"), change("plan", "more banners")] {
        let answer = asked(entry).await;
        assert_eq!(applied(&answer), [("proposal", "unable")]);
        let notes = &answer["refinement_applied"][0]["notes"];
        assert_eq!(notes, "the proposal has expired; ask for a fresh one");
        assert!(answer.get("proposals").is_none(), "{answer}");
    }
    planner.on_refine(|context, _, _| Ok(Outcome::HandedOff(context.hand_off("A person looks"))));
    let answer = asked(include("plan")).await;
    assert!(answer.get("proposals").is_none(), "{answer}");
}

#[tokio::test]
async fn what_is_firm_is_not_changed_any_more() {
    let (market, planner) = seller().await;
    market.call("get_products", brief("nova")).await;
    let firm = market.call("get_products", finalize("nova", "plan")).await;
    let answer = market
        .call(
            "get_products",
            refinement("nova", json!([change("plan", "more banners")])),
        )
        .await;
    assert_eq!(applied(&answer), [("proposal", "unable")]);
    assert_eq!(answer["proposals"], firm["proposals"]);
    let Some(Asked::Refine(wishes)) = planner.asked().last().cloned() else {
        panic!("the manager refines");
    };
    assert!(wishes.is_empty());
    // A manager that answers with its id all the same makes another draft of it.
    planner.on_refine(|context, request, _| {
        Ok(Outcome::Done(offer(
            context,
            request,
            vec![plan("plan", 90.0)],
        )))
    });
    let answer = market
        .call(
            "get_products",
            refinement("nova", json!([change("plan", "more banners")])),
        )
        .await;
    assert_eq!(answer["proposals"][0]["proposal_id"], "plan_2");
    assert_eq!(
        market.call("get_products", finalize("nova", "plan")).await,
        firm
    );
}

#[tokio::test]
async fn unknown_proposals_are_refused_where_they_are_named() {
    let (market, planner) = seller().await;
    market.call("get_products", brief("nova")).await;
    let long = "x".repeat(10_000);
    for id in ["nobody", long.as_str(), "plan\u{0}", "PLAN"] {
        for action in ["include", "omit"] {
            let entry = json!({ "scope": "proposal", "proposal_id": id, "action": action });
            let request = refinement("nova", json!([change("plan", "x"), entry]));
            let error = market.error("get_products", request).await;
            assert_eq!(
                (&error["code"], &error["field"], &error["recovery"]),
                (
                    &json!("PROPOSAL_NOT_FOUND"),
                    &json!("refine[1].proposal_id"),
                    &json!("correctable")
                )
            );
            assert!(
                !error.to_string().contains("xxxx"),
                "the id is not repeated"
            );
        }
    }
    assert!(planner.asked().iter().all(|asked| *asked == Asked::Brief));
}

#[tokio::test]
async fn a_seller_that_refines_nothing_says_so() {
    let (market, planner) = seller_of(&line::PROPOSALS_WITHOUT_REFINE).await;
    let drafted = market.call("get_products", brief("nova")).await;
    planner.offers(Vec::new());
    let answer = market
        .call(
            "get_products",
            refinement("nova", json!([change("plan", "more banners")])),
        )
        .await;
    assert_eq!(applied(&answer), [("proposal", "unable")]);
    assert_eq!(answer["proposals"], drafted["proposals"]);
    assert!(planner.asked().iter().all(|asked| *asked == Asked::Brief));
    assert_eq!(
        refused(&market, refinement("nova", json!([change("nobody", "x")]))).await,
        refusal("PROPOSAL_NOT_FOUND", "refine[0].proposal_id")
    );
}

#[tokio::test]
async fn a_manager_that_fails_changes_nothing() {
    let (market, planner) = seller().await;
    let drafted = market.call("get_products", brief("nova")).await;
    planner.on_refine(|_, _, _| Err(Error::unavailable("the planner at 10.0.0.9 is down")));
    let error = market
        .error(
            "get_products",
            refinement("nova", json!([change("plan", "x")])),
        )
        .await;
    assert_eq!(error["code"], "SERVICE_UNAVAILABLE");
    assert!(!error.to_string().contains("10.0.0.9"));
    planner.on_refine(|_, _, _| panic!("the manager has a bug"));
    let error = market
        .error(
            "get_products",
            refinement("nova", json!([change("plan", "x")])),
        )
        .await;
    assert_eq!(error["code"], "INTERNAL_ERROR");
    let firm = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(
        shares(&firm["proposals"][0]),
        shares(&drafted["proposals"][0])
    );
}
