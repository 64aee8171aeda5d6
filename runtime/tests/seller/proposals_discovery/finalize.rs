//! Making drafts firm.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use adcp_seller::domain::Finalized;
use adcp_seller::error::Error;
use adcp_seller::platform::Outcome;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    applied, brief, change, finalize, refinement, refusal, refused, seller, seller_of, shares,
};
use crate::market::{Market, account};
use crate::support::planner::{Asked, Planner, plan};
use crate::support::{OTHER_TOKEN, line};

async fn drafted() -> (Market, Planner) {
    let (market, planner) = seller().await;
    market.call("get_products", brief("nova")).await;
    (market, planner)
}

#[tokio::test]
async fn a_draft_becomes_firm_until_it_expires() {
    let (market, planner) = drafted().await;
    let answer = market.call("get_products", finalize("nova", "plan")).await;
    let proposal = &answer["proposals"][0];
    assert_eq!(
        (&proposal["proposal_status"], &proposal["expires_at"]),
        (&json!("committed"), &json!("2026-03-11T12:00:00Z")),
        "the manifest holds for a day"
    );
    assert_eq!(applied(&answer), [("proposal", "applied")]);
    assert_eq!(answer["products"].as_array().map(Vec::len), Some(2));
    let Some(Asked::Finalize(_, draft)) = planner.asked().last().cloned() else {
        panic!("the manager finalizes");
    };
    assert_eq!(draft.ask, None);
    assert_eq!(draft.proposal["proposal_id"], "plan");
}

#[tokio::test]
async fn a_replay_is_given_the_same_answer() {
    let (market, planner) = drafted().await;
    let first = market.call("get_products", finalize("nova", "plan")).await;
    market.clock.advance(TimeDelta::hours(1));
    let again = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(first, again);
    assert_eq!(planner.finalized().len(), 1);
}

#[tokio::test]
async fn concurrent_finalizes_are_one() {
    let (market, planner) = drafted().await;
    planner.takes(Duration::from_millis(50));
    let calls = (0..50).map(|_| market.call("get_products", finalize("nova", "plan")));
    let answers: Vec<Value> = futures_util::future::join_all(calls).await;
    assert_eq!(planner.finalized().len(), 1, "the manager is asked once");
    assert!(answers.iter().all(|answer| answer == &answers[0]));
    assert_eq!(answers[0]["proposals"][0]["proposal_status"], "committed");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let (market, planner) = drafted().await;
    planner.takes(Duration::from_secs(60));
    let (first, second) = tokio::join!(
        market.call("get_products", finalize("nova", "plan")),
        market.error("get_products", finalize("nova", "plan"))
    );
    assert_eq!(first["proposals"][0]["proposal_status"], "committed");
    assert_eq!(
        (&second["code"], &second["retry_after"]),
        (&json!("SERVICE_UNAVAILABLE"), &json!(5))
    );
    assert_eq!(planner.finalized().len(), 1);
}

#[tokio::test]
async fn callers_of_one_account_do_not_hold_twice() {
    static SHARED: adcp_seller::profile::Profile = adcp_seller::profile::Profile {
        accounts: adcp_seller::profile::AccountMode::Singleton,
        ..line::PROPOSALS
    };
    let planner = Planner::default();
    let market = crate::market::planned(&SHARED, &planner).await;
    planner.takes(Duration::from_millis(50));
    let brief = json!({ "buying_mode": "brief", "brief": "x" });
    let firm = json!({ "scope": "proposal", "proposal_id": "plan", "action": "finalize" });
    let firm = json!({ "buying_mode": "refine", "refine": [firm] });
    market.call("get_products", brief).await;
    let (first, second) = tokio::join!(
        market.call("get_products", firm.clone()),
        market.call_as(OTHER_TOKEN, "get_products", firm.clone())
    );
    assert_eq!(first, second);
    assert_eq!(planner.finalized().len(), 1);
}

#[tokio::test]
async fn firm_products_are_what_is_answered_and_kept() {
    let (market, planner) = drafted().await;
    planner.on_finalize(|context, draft| {
        let banner = context.catalog.product("banner").expect("a product");
        let mut firm = banner.value.clone();
        firm["pricing_options"][0]["fixed_price"] = json!(4.5);
        let mut finalized = Finalized::new(draft.proposal, draft.hold_until);
        finalized.proposal["insertion_order"] =
            json!({ "io_id": "io-1", "requires_signature": true });
        finalized.products.push(firm);
        Ok(Outcome::Done(finalized))
    });
    let answer = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(
        answer["products"][0]["pricing_options"][0]["fixed_price"],
        4.5
    );
    assert_eq!(answer["proposals"][0]["insertion_order"]["io_id"], "io-1");
    let replayed = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(answer, replayed);
}

#[tokio::test]
async fn prices_become_firm_option_by_option() {
    let (market, planner) = drafted().await;
    planner.on_finalize(|context, draft| {
        let catalog = &context.catalog;
        let firm = || Finalized::new(draft.proposal.clone(), draft.hold_until);
        for (product, option, named) in [
            ("nobody's", "fixed", "nobody's"),
            ("banner", "of nobody", "of nobody"),
        ] {
            let firm: Finalized = firm();
            let error = firm
                .with_price(catalog, product, option, 1.0)
                .expect_err("unknown");
            let cause = error.cause.expect("a cause for the log").to_string();
            assert_eq!(error.code, "INTERNAL_ERROR");
            assert!(cause.contains(named), "{cause}");
        }
        let firm = firm()
            .with_price(catalog, "banner", "fixed", 4.5)?
            .with_price(catalog, "video", "fixed", 0.01)?
            .with_price(catalog, "banner", "floor", 3.0)?;
        Ok(Outcome::Done(firm))
    });
    let answer = market.call("get_products", finalize("nova", "plan")).await;
    let option =
        |product: usize, option: usize| &answer["products"][product]["pricing_options"][option];
    assert_eq!(option(0, 0)["fixed_price"], 4.5);
    assert_eq!(option(0, 1)["fixed_price"], 3.0);
    assert_eq!(option(0, 1)["floor_price"], Value::Null, "no auction");
    assert_eq!(option(0, 1)["min_spend_per_package"], 100.0);
    assert_eq!(option(0, 3)["fixed_price"], 0.4, "as the catalogue has it");
    assert_eq!(option(1, 0)["fixed_price"], 0.01);
    assert_eq!(planner.finalized().len(), 1);
}

#[tokio::test]
async fn a_finalize_stands_alone() {
    let (market, planner) = drafted().await;
    let firm = json!({ "scope": "proposal", "proposal_id": "plan", "action": "finalize" });
    let cases = [
        (
            json!([change("plan", "x"), firm]),
            "INVALID_REQUEST",
            "refine[0]",
        ),
        (
            json!([firm, { "scope": "request", "ask": "x" }]),
            "INVALID_REQUEST",
            "refine[1]",
        ),
        (
            json!([firm, { "scope": "product", "product_id": "banner" }]),
            "INVALID_REQUEST",
            "refine[1]",
        ),
        (
            json!([firm, { "scope": "proposal", "proposal_id": "plan", "action": "omit" }]),
            "INVALID_REQUEST",
            "refine[1]",
        ),
        // 3.0 has no code of its own for it.
        (json!([firm, firm]), "INVALID_REQUEST", "refine[1]"),
        // Nothing of this is looked at before the rule.
        (
            json!([firm, { "scope": "proposal", "proposal_id": "nobody", "action": "finalize" }]),
            "INVALID_REQUEST",
            "refine[1]",
        ),
    ];
    for (entries, code, field) in cases {
        assert_eq!(
            refused(&market, refinement("nova", entries)).await,
            refusal(code, field)
        );
    }
    // A product can't be finalized: the schema refuses it.
    let product = json!({ "scope": "product", "product_id": "banner", "action": "finalize" });
    assert_eq!(
        refused(&market, refinement("nova", json!([product])))
            .await
            .0,
        "INVALID_REQUEST"
    );
    assert!(planner.finalized().is_empty());
}

#[tokio::test]
async fn a_later_line_has_a_code_for_several() {
    let planner = Planner::default();
    let parts = crate::market::Parts {
        spec: line::spec_with_later_codes(),
        ..crate::market::Parts::of(&line::PROPOSALS)
    };
    let market = parts.open(planner.clone(), planner.ad_server.clone()).await;
    let firm = json!({ "scope": "proposal", "proposal_id": "plan", "action": "finalize" });
    let request = json!({ "buying_mode": "refine", "refine": [firm, firm] });
    assert_eq!(
        refused(&market, request).await,
        refusal("MULTI_FINALIZE_UNSUPPORTED", "refine[1]")
    );
}

#[tokio::test]
async fn a_seller_without_finalize_says_so() {
    let (market, _) = seller_of(&line::PROPOSALS_WITHOUT_FINALIZE).await;
    market.call("get_products", brief("nova")).await;
    assert_eq!(
        refused(&market, finalize("nova", "plan")).await,
        refusal("UNSUPPORTED_FEATURE", "refine[0].action")
    );
}

#[tokio::test]
async fn unknown_proposals_are_not_found() {
    let (market, _) = drafted().await;
    let long = "x".repeat(10_000);
    for id in ["nobody", long.as_str()] {
        let error = market.error("get_products", finalize("nova", id)).await;
        assert_eq!(
            (&error["code"], &error["field"], &error["recovery"]),
            (
                &json!("PROPOSAL_NOT_FOUND"),
                &json!("refine[0].proposal_id"),
                &json!("correctable")
            )
        );
        assert!(!error.to_string().contains("xxxx"));
    }
}

#[tokio::test]
async fn the_boundary_of_expiry_and_grace_still_counts() {
    let (market, planner) = drafted().await;
    let first = market.call("get_products", finalize("nova", "plan")).await;
    // A day of hold and a minute of grace.
    market.clock.advance(TimeDelta::seconds(86_460));
    assert_eq!(
        market.call("get_products", finalize("nova", "plan")).await,
        first
    );
    market.clock.advance(TimeDelta::milliseconds(1));
    let error = market.error("get_products", finalize("nova", "plan")).await;
    assert_eq!(
        (&error["code"], &error["field"], &error["recovery"]),
        (
            &json!("PROPOSAL_EXPIRED"),
            &json!("refine[0].proposal_id"),
            &json!("correctable")
        )
    );
    assert_eq!(planner.finalized().len(), 1);
}

#[tokio::test]
async fn an_expired_draft_is_not_made_firm() {
    let (market, planner) = seller().await;
    let mut draft = plan("plan", 60.0);
    draft.proposal["expires_at"] = json!("2026-03-10T13:00:00Z");
    planner.offers(vec![draft]);
    market.call("get_products", brief("nova")).await;
    market.clock.advance(TimeDelta::minutes(62));
    assert_eq!(
        refused(&market, finalize("nova", "plan")).await,
        refusal("PROPOSAL_EXPIRED", "refine[0].proposal_id")
    );
    assert!(planner.finalized().is_empty());
}

#[tokio::test]
async fn a_refused_finalize_leaves_a_draft() {
    let (market, planner) = drafted().await;
    planner.on_finalize(|_, _| {
        Err(Error::new("PRODUCT_UNAVAILABLE", "the inventory is gone").at("refine[0].proposal_id"))
    });
    assert_eq!(
        refused(&market, finalize("nova", "plan")).await.0,
        "PRODUCT_UNAVAILABLE"
    );
    let refined = market
        .call(
            "get_products",
            refinement("nova", json!([change("plan", "x")])),
        )
        .await;
    assert_eq!(applied(&refined), [("proposal", "applied")]);
    planner.on_finalize(|_, draft| {
        Ok(Outcome::Done(Finalized::new(
            draft.proposal,
            draft.hold_until,
        )))
    });
    let firm = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(shares(&firm["proposals"][0]), [80.0, 20.0]);
    let operations = planner.finalized();
    assert_ne!(
        operations[0], operations[1],
        "what was refused is another operation now"
    );
}

#[tokio::test]
async fn every_one_of_several_waiting_finalizes_gets_an_answer_when_the_first_is_refused() {
    let (market, planner) = drafted().await;
    planner.takes(Duration::from_millis(20));
    let turn = Arc::new(AtomicUsize::new(0));
    planner.on_finalize(move |_, draft| match turn.fetch_add(1, Ordering::SeqCst) {
        0 => Err(Error::new("PRODUCT_UNAVAILABLE", "not just now")),
        _ => Ok(Outcome::Done(Finalized::new(
            draft.proposal,
            draft.hold_until,
        ))),
    });
    let other = async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        market.call("get_products", finalize("nova", "plan")).await
    };
    let (first, second) = tokio::join!(refused(&market, finalize("nova", "plan")), other);
    assert_eq!(first.0, "PRODUCT_UNAVAILABLE");
    assert_eq!(second["proposals"][0]["proposal_status"], "committed");
}

/// What a manager must not answer: each is an internal error, and the proposal is not firm.
#[tokio::test]
async fn firm_proposals_that_break_a_rule_are_the_sellers_fault() {
    type Break = fn(&mut Finalized);
    let cases: [(&str, Break); 10] = [
        ("another id", |firm| {
            firm.proposal["proposal_id"] = json!("other")
        }),
        ("expired at once", |firm| {
            firm.expires_at = "2026-03-10T12:00:00Z".parse().expect("an instant")
        }),
        ("expired long ago", |firm| {
            firm.expires_at = "2020-01-01T00:00:00Z".parse().expect("an instant")
        }),
        ("an unknown product", |firm| {
            firm.proposal["allocations"][0]["product_id"] = json!("nobody")
        }),
        ("a product that was not proposed", |firm| {
            firm.proposal["allocations"][0]["product_id"] = json!("sponsorship")
        }),
        ("shares that are off", |firm| {
            firm.proposal["allocations"][0]["allocation_percentage"] = json!(10)
        }),
        ("an unknown price", |firm| {
            firm.proposal["allocations"][0]["pricing_option_id"] = json!("dear")
        }),
        ("no allocations", |firm| {
            firm.proposal["allocations"] = json!([])
        }),
        ("a product that is none", |firm| {
            firm.products.push(json!({ "product_id": "banner" }))
        }),
        ("a recipe on the wire", |firm| {
            firm.proposal["recipes"] = json!({ "banner": { "line_item": "LI-1" } })
        }),
    ];
    for (what, spoil) in cases {
        let (market, planner) = drafted().await;
        planner.on_finalize(move |_, draft| {
            let mut firm = Finalized::new(draft.proposal, draft.hold_until);
            spoil(&mut firm);
            Ok(Outcome::Done(firm))
        });
        let error = market.error("get_products", finalize("nova", "plan")).await;
        assert_eq!(error["code"], "INTERNAL_ERROR", "{what}");
        assert!(!error.to_string().contains("LI-1"), "{what}");
        let standing = market
            .call(
                "get_products",
                refinement(
                    "nova",
                    json!([{ "scope": "proposal", "proposal_id": "plan" }]),
                ),
            )
            .await;
        assert_eq!(
            standing["proposals"][0]["proposal_status"], "draft",
            "{what}"
        );
    }
}

#[tokio::test]
async fn what_a_manager_that_dies_was_asked_is_not_asked_under_another_name() {
    let (market, planner) = drafted().await;
    planner.on_finalize(|_, _| panic!("the manager has a bug"));
    assert_eq!(
        refused(&market, finalize("nova", "plan")).await.0,
        "INTERNAL_ERROR"
    );
    // The outcome is not known, so the draft stays reserved for that one operation.
    let refined = market
        .call(
            "get_products",
            refinement("nova", json!([change("plan", "x")])),
        )
        .await;
    assert_eq!(applied(&refined), [("proposal", "unable")]);
    planner.on_finalize(|_, draft| {
        Ok(Outcome::Done(Finalized::new(
            draft.proposal,
            draft.hold_until,
        )))
    });
    // By then a worker would have taken it up.
    market.clock.advance(TimeDelta::hours(1));
    let firm = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(firm["proposals"][0]["proposal_status"], "committed");
    let operations = planner.finalized();
    assert!(
        operations
            .iter()
            .all(|operation| *operation == operations[0])
    );
}

#[tokio::test]
async fn a_bought_proposal_is_not_made_firm_again() {
    let (market, _) = drafted().await;
    market.call("get_products", finalize("nova", "plan")).await;
    let accept = json!({
        "account": account("nova"),
        "brand": { "domain": "nova.example" },
        "proposal_id": "plan",
        "total_budget": { "amount": 10_000, "currency": "USD" },
        "start_time": "2026-04-01T00:00:00Z",
        "end_time": "2026-05-01T00:00:00Z",
    });
    market.call("create_media_buy", accept).await;
    let error = market.error("get_products", finalize("nova", "plan")).await;
    assert_eq!(
        (&error["code"], &error["field"], &error["recovery"]),
        (
            &json!("PROPOSAL_NOT_COMMITTED"),
            &json!("refine[0].proposal_id"),
            &json!("correctable")
        )
    );
    let refined = market
        .call(
            "get_products",
            refinement("nova", json!([change("plan", "x")])),
        )
        .await;
    assert_eq!(applied(&refined), [("proposal", "unable")]);
    assert_eq!(refined["proposals"][0]["proposal_status"], "committed");
}
