//! Proposals that were made for no account: each account of the caller goes on with its own.

use std::collections::BTreeSet;

use adcp_seller::identity::{Principal, Scope, TenantId};
use adcp_seller::store::{Batch, Change, Expect, Key};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Shop, accept, at, finalize, open_account, shop, with};
use crate::market::account;
use crate::support::line;
use crate::support::planner::plan;

/// A shop with a second account, which is returned too.
async fn two_accounts(profile: &'static adcp_seller::profile::Profile) -> (Shop, String) {
    let shop = shop(profile).await;
    let other = open_account(&shop.market, "acme").await;
    (shop, other)
}

impl Shop {
    /// Has a proposal drafted for no account; its id.
    async fn draft_for_nobody(&self) -> String {
        self.planner.offers(vec![plan("plan", 60.0)]);
        let brief = json!({ "buying_mode": "brief", "brief": "banners and video" });
        let found = self.market.call("get_products", brief).await;
        let id = &found["proposals"][0]["proposal_id"];
        id.as_str().expect("a proposal").to_owned()
    }

    /// What the ledger has of a proposal of another account.
    async fn kept_for(&self, account_id: &str, proposal_id: &str) -> Value {
        let tenant = TenantId(TenantId::SINGLE.to_owned());
        let scope = Scope::account(&tenant, account_id);
        self.read(&Key::new(scope, "proposal", proposal_id)).await
    }

    /// What the ledger has of a proposal that is no account's.
    async fn kept_for_nobody(&self, proposal_id: &str) -> Value {
        self.read(&key_of_nobodys(proposal_id)).await
    }
}

/// Where a proposal lies that is no account's.
fn key_of_nobodys(proposal_id: &str) -> Key {
    let tenant = TenantId(TenantId::SINGLE.to_owned());
    let scope = Scope::principal(&tenant, &Principal("first".to_owned()));
    Key::new(scope, "proposal", proposal_id)
}

fn acme(request: Value) -> Value {
    with(request, json!({ "account": account("acme") }))
}

fn nobody(mut request: Value) -> Value {
    request
        .as_object_mut()
        .expect("an object")
        .remove("account");
    request
}

#[tokio::test]
async fn what_one_account_has_finalized_no_other_can_buy() {
    let (shop, other) = two_accounts(&line::PROPOSALS).await;
    let id = shop.draft_for_nobody().await;
    shop.finalize(&id).await;
    assert_eq!(
        shop.refused(acme(accept(&id, 1000.0))).await,
        at("PROPOSAL_NOT_COMMITTED", "proposal_id"),
        "the other account has a draft"
    );
    shop.market.call("get_products", acme(finalize(&id))).await;
    shop.buy(accept(&id, 1000.0)).await;
    shop.buy(acme(accept(&id, 1000.0))).await;
    assert_eq!(
        shop.refused(accept(&id, 1000.0)).await,
        at("PROPOSAL_NOT_COMMITTED", "proposal_id"),
        "once each"
    );
    let holds: BTreeSet<String> = shop.planner.finalized().into_iter().collect();
    assert_eq!(holds.len(), 2, "each account has a hold of its own");
    for (account_id, kept) in [
        (&shop.account_id, shop.kept(&id).await),
        (&other, shop.kept_for(&other, &id).await),
    ] {
        assert_eq!(
            (&kept["state"], &kept["account_id"]),
            (&json!("consumed"), &json!(account_id))
        );
    }
    assert_eq!(shop.kept_for_nobody(&id).await["state"], "draft");
}

#[tokio::test]
async fn two_accounts_wait_for_two_decisions() {
    let (shop, _) = two_accounts(&line::PROPOSALS_WITH_APPROVAL).await;
    let id = shop.draft_for_nobody().await;
    let ours = shop.market.call("get_products", finalize(&id)).await;
    let theirs = shop.market.call("get_products", acme(finalize(&id))).await;
    assert_eq!(ours["status"], "submitted", "{ours}");
    assert_eq!(theirs["status"], "submitted", "{theirs}");
    assert_ne!(ours["task_id"], theirs["task_id"]);
    let again = shop.market.call("get_products", finalize(&id)).await;
    assert_eq!(again["task_id"], ours["task_id"]);
}

#[tokio::test]
async fn what_was_finalized_for_no_account_is_bought_for_one_of_them() {
    let (shop, other) = two_accounts(&line::PROPOSALS).await;
    let id = shop.draft_for_nobody().await;
    let firm = shop
        .market
        .call("get_products", nobody(finalize(&id)))
        .await;
    let seen = shop.market.call("get_products", finalize(&id)).await;
    assert_eq!(seen, firm, "it is firm for every account");
    assert_eq!(shop.planner.finalized().len(), 1);
    shop.buy(acme(accept(&id, 1000.0))).await;
    assert_eq!(
        shop.refused(accept(&id, 1000.0)).await,
        at("PROPOSAL_NOT_COMMITTED", "proposal_id")
    );
    let kept = shop.kept_for_nobody(&id).await;
    assert_eq!(
        (&kept["state"], &kept["account_id"]),
        (&json!("consumed"), &json!(other))
    );
}

#[tokio::test]
async fn a_draft_that_is_ready_to_buy_is_bought_once_for_each_account() {
    let (shop, _) = two_accounts(&line::PROPOSALS_WITHOUT_FINALIZE).await;
    let id = shop.draft_for_nobody().await;
    shop.buy(accept(&id, 1000.0)).await;
    assert_eq!(
        shop.refused(accept(&id, 1000.0)).await,
        at("PROPOSAL_NOT_COMMITTED", "proposal_id")
    );
    shop.buy(acme(accept(&id, 1000.0))).await;
    assert_eq!(shop.kept_for_nobody(&id).await["state"], "draft");
}

#[tokio::test]
async fn what_one_account_has_changed_is_its_own() {
    let (shop, other) = two_accounts(&line::PROPOSALS).await;
    let id = shop.draft_for_nobody().await;
    let drafted = shop.kept_for_nobody(&id).await;
    shop.market.clock.advance(TimeDelta::hours(1));
    let change = json!({ "scope": "proposal", "proposal_id": id, "ask": "more banners" });
    let request = with(finalize(&id), json!({ "refine": [change] }));
    let refined = shop.market.call("get_products", request).await;
    assert_eq!(refined["proposals"][0]["proposal_id"], json!(id));
    let share = |kept: &Value| kept["proposal"]["allocations"][0]["allocation_percentage"].clone();
    let ours = shop.kept(&id).await;
    assert_eq!(share(&ours), 80.0);
    assert_eq!(ours["account_id"], json!(shop.account_id));
    assert_eq!(
        ours["keep_until"], drafted["keep_until"],
        "refining keeps it no longer"
    );
    assert_eq!(share(&shop.kept_for_nobody(&id).await), 60.0);
    shop.market.call("get_products", acme(finalize(&id))).await;
    assert_eq!(share(&shop.kept_for(&other, &id).await), 60.0);
}

#[tokio::test]
async fn what_is_proposed_to_nobody_again_can_be_had_again() {
    let (shop, _) = two_accounts(&line::PROPOSALS).await;
    let first = shop.draft_for_nobody().await;
    shop.finalize(&first).await;
    shop.buy(accept(&first, 1000.0)).await;
    let second = shop.draft_for_nobody().await;
    assert_ne!(first, second, "the account has used the first one up");
    shop.finalize(&second).await;
    shop.buy(accept(&second, 1000.0)).await;

    // Once the draft has been swept away, its name is free again.
    shop.market.clock.advance(TimeDelta::days(2));
    let mut swept = Batch::new();
    swept.push(key_of_nobodys(&first), Expect::Anything, Change::Delete);
    shop.store.commit(swept).await.expect("it is swept");
    assert_eq!(shop.draft_for_nobody().await, first);
    shop.finalize(&first).await;
    shop.buy(accept(&first, 1000.0)).await;
    assert_eq!(shop.planner.ad_server.orders().len(), 3);
}
