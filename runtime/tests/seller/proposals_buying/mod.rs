//! Buying a proposal: `create_media_buy` with `proposal_id`, and what it leads to.

mod packages;
mod money;
mod terms;
mod states;
mod unowned;
mod standing;
mod failures;
mod booker;
mod recipes;
mod approval;
mod defects;

use adcp_seller::domain::Draft;
use adcp_seller::identity::{Scope, TenantId};
use adcp_seller::profile::Profile;
use adcp_seller::store::{self, Batch, Key, SharedStore};
use serde_json::{Value, json};

use crate::market::{Market, Parts, account, order};
use crate::support::planner::Planner;

/// A seller in earnest with a proposal manager, whose buyer has the usual account.
struct Shop {
    market: Market,
    planner: Planner,
    store: SharedStore,
    /// The usual account, as the seller calls it.
    account_id: String,
}

async fn shop(profile: &'static Profile) -> Shop {
    open(Parts::of(profile)).await
}

async fn open(parts: Parts) -> Shop {
    let planner = Planner::default();
    let store = parts.store.clone();
    let market = parts.open(planner.clone(), planner.ad_server.clone()).await;
    let account_id = open_account(&market, "nova").await;
    Shop {
        market,
        planner,
        store,
        account_id,
    }
}

/// Opens an account for a brand; its id.
async fn open_account(market: &Market, brand: &str) -> String {
    let mut wanted = account(brand);
    wanted["billing"] = json!("operator");
    let synced = market
        .call("sync_accounts", json!({ "accounts": [wanted] }))
        .await;
    let account_id = &synced["accounts"][0]["account_id"];
    account_id.as_str().expect("an account").to_owned()
}

impl Shop {
    /// Where something of the usual account's lies.
    fn key_of(&self, kind: &'static str, id: &str) -> Key {
        let tenant = TenantId(TenantId::SINGLE.to_owned());
        Key::new(Scope::account(&tenant, self.account_id.as_str()), kind, id)
    }

    /// Where a proposal lies.
    fn key(&self, proposal_id: &str) -> Key {
        self.key_of("proposal", proposal_id)
    }

    /// What the store has under a key.
    async fn read(&self, key: &Key) -> Value {
        let found = self.store.get(key).await.expect("the store answers");
        found.expect("it is kept").body.as_ref().clone()
    }

    /// Writes into the store what a test can't bring about by calls.
    async fn write(&self, key: Key, members: Value) {
        let body = with(self.read(&key).await, members);
        let mut batch = Batch::new();
        batch.put(key, store::Draft::new(body));
        self.store.commit(batch).await.expect("it is written");
    }

    /// What the ledger has of a proposal.
    async fn kept(&self, proposal_id: &str) -> Value {
        self.read(&self.key(proposal_id)).await
    }

    /// Has a proposal drafted; its id.
    async fn draft(&self, draft: Draft) -> String {
        self.planner.offers(vec![draft]);
        let found = self.market.call("get_products", brief()).await;
        let id = &found["proposals"][0]["proposal_id"];
        id.as_str().expect("a proposal").to_owned()
    }

    /// Has a proposal drafted and finalized; its id.
    async fn firm(&self, draft: Draft) -> String {
        let id = self.draft(draft).await;
        self.finalize(&id).await;
        id
    }

    async fn finalize(&self, proposal_id: &str) -> Value {
        let found = self
            .market
            .call("get_products", finalize(proposal_id))
            .await;
        assert_eq!(
            found["proposals"][0]["proposal_status"], "committed",
            "{found}"
        );
        found["proposals"][0].clone()
    }

    async fn buy(&self, request: Value) -> Value {
        self.market.call("create_media_buy", request).await
    }

    /// Expects to be refused: code and field.
    async fn refused(&self, request: Value) -> (String, Option<String>) {
        self.market.refused("create_media_buy", request).await
    }
}

/// Asks for proposals for the usual account.
fn brief() -> Value {
    json!({ "buying_mode": "brief", "brief": "banners and video about sports", "account": account("nova") })
}

/// Has a proposal of the usual account finalized.
fn finalize(proposal_id: &str) -> Value {
    let wish = json!({ "scope": "proposal", "proposal_id": proposal_id, "action": "finalize" });
    json!({ "buying_mode": "refine", "refine": [wish], "account": account("nova") })
}

/// Buys a proposal for the usual account in April.
fn accept(proposal_id: &str, amount: f64) -> Value {
    let mut request = order(json!([]));
    let members = request.as_object_mut().expect("an object");
    members.remove("packages");
    members.insert("proposal_id".to_owned(), json!(proposal_id));
    members.insert(
        "total_budget".to_owned(),
        json!({ "amount": amount, "currency": "USD" }),
    );
    request
}

/// The same request with some members changed.
fn with(mut request: Value, members: Value) -> Value {
    for (name, value) in members.as_object().expect("members") {
        request[name] = value.clone();
    }
    request
}

/// A proposal with these allocations.
fn proposing(proposal_id: &str, allocations: Value) -> Draft {
    Draft::new(json!({ "proposal_id": proposal_id, "name": "A plan", "allocations": allocations }))
}

/// What was refused: code and field.
fn at(code: &str, field: &str) -> (String, Option<String>) {
    (code.to_owned(), Some(field.to_owned()))
}
