//! What an account in bad standing may do with a proposal, and what buyers are told of one that is
//! being bought.

use adcp_seller::identity::{Principal, Scope, TenantId};
use adcp_seller::store::Key;
use serde_json::{Value, json};

use super::{Shop, accept, at, brief, finalize, shop, with};
use crate::support::line;
use crate::support::planner::plan;

impl Shop {
    /// Gives the usual account another status.
    pub(super) async fn put_account(&self, status: &str) {
        let tenant = TenantId(TenantId::SINGLE.to_owned());
        let scope = Scope::principal(&tenant, &Principal("first".to_owned()));
        let key = Key::new(scope, "account", self.account_id.clone());
        self.write(key, json!({ "status": status })).await;
    }

    /// What becomes of an entry about a proposal: status and notes.
    async fn told(&self, entry: Value) -> (Value, String) {
        let request = with(finalize(""), json!({ "refine": [entry] }));
        let answer = self.market.call("get_products", request).await;
        let entry = &answer["refinement_applied"][0];
        let notes = entry["notes"].as_str().unwrap_or_default();
        (entry["status"].clone(), notes.to_owned())
    }
}

#[tokio::test]
async fn an_account_that_may_not_buy_may_not_finalize() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.draft(plan("plan", 60.0)).await;
    for (status, code) in [
        ("suspended", "ACCOUNT_SUSPENDED"),
        ("payment_required", "ACCOUNT_PAYMENT_REQUIRED"),
        ("pending_approval", "ACCOUNT_SETUP_REQUIRED"),
        ("closed", "ACCOUNT_NOT_FOUND"),
    ] {
        shop.put_account(status).await;
        let finalized = shop.market.refused("get_products", finalize(&id)).await;
        assert_eq!(finalized, at(code, "account"));
        let bought = shop.refused(accept(&id, 1000.0)).await;
        assert_eq!(finalized, bought, "the rule is the same");
        shop.market.call("get_products", brief()).await;
    }
    assert!(shop.planner.finalized().is_empty());
    shop.put_account("active").await;
    shop.finalize(&id).await;
}

#[tokio::test]
async fn a_proposal_that_is_being_bought_is_said_to_be() {
    let shop = shop(&line::PROPOSALS_WITH_APPROVAL).await;
    let id = shop.draft(plan("plan", 60.0)).await;
    let firm = json!({ "state": "committed", "expires_at": "2026-03-11T12:00:00Z" });
    shop.write(shop.key(&id), firm).await;
    let ask = json!({ "scope": "proposal", "proposal_id": id, "ask": "more banners" });
    let waits = shop.buy(accept(&id, 1000.0)).await;
    assert_eq!(waits["status"], "submitted", "{waits}");

    let (status, notes) = shop.told(ask.clone()).await;
    assert_eq!(status, "unable");
    assert!(notes.contains("being bought"), "{notes}");
    let error = shop.market.error("get_products", finalize(&id)).await;
    assert_eq!(error["code"], "PROPOSAL_NOT_COMMITTED");
    let words = error.to_string();
    assert!(
        words.contains("another request is buying it") && words.contains("free again"),
        "{words}"
    );

    shop.write(shop.key(&id), json!({ "state": "consumed" }))
        .await;
    let (status, notes) = shop.told(ask).await;
    assert_eq!(status, "unable");
    assert!(notes.contains("has been bought"), "{notes}");
    let error = shop.market.error("get_products", finalize(&id)).await;
    assert!(error.to_string().contains("bought already"), "{error}");
}
