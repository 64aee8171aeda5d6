//! A seller with several products, prices and formats, for tests of what operations decide.
//!
//! Everything goes through the whole way of a call, so that each answer in these tests has also
//! passed the line's own response schema: one that had not would be an internal error.

pub(crate) mod altered;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use adcp_seller::clock::ManualClock;
use adcp_seller::domain::{
    Booking, BuyDelivery, Creative, CreativeReview, DeliveryQuery, MediaBuy, MediaBuyChange,
    Metrics, PackageDelivery,
};
use adcp_seller::platform::{Answer, Context, Outcome, Platform, Products};
use adcp_seller::profile::{AccountMode, Profile};
use adcp_seller::seller::{Seller, Setting};
use adcp_seller::spec::Spec;
use adcp_seller::status::Publisher;
use adcp_seller::store::SharedStore;
use adcp_seller::store::memory::MemoryStore;
use axum::Router;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::planner::Planner;
use crate::support::{NOW, TOKEN, callers, line, operators, rpc};

/// Where the seller says it is.
pub(crate) const AGENT_URL: &str = "http://127.0.0.1/mcp";

/// What a seller declares whose buyers name their accounts.
pub(crate) static EXPLICIT: Profile = Profile {
    name: "market",
    pricing_models: &["cpm", "cpc", "cpcv"],
    accounts: AccountMode::Explicit,
    ..line::PROFILE
};
/// What a seller declares whose callers are their accounts.
pub(crate) static FROM_AUTH: Profile = Profile {
    accounts: AccountMode::FromAuth,
    ..EXPLICIT
};
static SINGLETON: Profile = Profile {
    accounts: AccountMode::Singleton,
    ..EXPLICIT
};

/// An ad server that keeps what it was told and reports a steady daily delivery.
#[derive(Clone, Debug, Default)]
pub(crate) struct AdServer(Arc<Mutex<Told>>);

/// What an ad server was told.
#[derive(Debug, Default)]
struct Told {
    orders: BTreeMap<String, MediaBuy>,
    changes: Vec<MediaBuyChange>,
    reviewed: Vec<String>,
}

impl AdServer {
    /// The orders that were booked, by operation id.
    pub(crate) fn orders(&self) -> BTreeMap<String, MediaBuy> {
        self.0.lock().expect("a lock").orders.clone()
    }

    /// The changes that were made, oldest first.
    pub(crate) fn changes(&self) -> Vec<MediaBuyChange> {
        self.0.lock().expect("a lock").changes.clone()
    }

    /// The creatives that were handed over, oldest first.
    pub(crate) fn reviewed(&self) -> Vec<String> {
        self.0.lock().expect("a lock").reviewed.clone()
    }
}

impl Platform for AdServer {
    fn get_products<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
    ) -> Answer<'a, Outcome<Products>> {
        Box::pin(async move {
            Ok(Outcome::Done(context.catalog.matching(
                request["brief"].as_str(),
                request.get("filters"),
            )))
        })
    }

    fn create_media_buy<'a>(
        &'a self,
        context: &'a Context,
        _request: Value,
        buy: &'a MediaBuy,
    ) -> Answer<'a, Outcome<Booking>> {
        Box::pin(async move {
            self.0
                .lock()
                .expect("a lock")
                .orders
                .insert(context.operation_id.clone(), buy.clone());
            let line_refs = buy
                .packages
                .iter()
                .map(|package| {
                    (
                        package.package_id.clone(),
                        format!("line-{}", package.product_id),
                    )
                })
                .collect();
            Ok(Outcome::Done(Booking {
                order_ref: Some("order-1".to_owned()),
                line_refs,
                ..Booking::default()
            }))
        })
    }

    fn update_media_buy<'a>(
        &'a self,
        _context: &'a Context,
        _request: Value,
        change: &'a MediaBuyChange,
    ) -> Answer<'a, Booking> {
        Box::pin(async move {
            self.0.lock().expect("a lock").changes.push(change.clone());
            Ok(Booking::default())
        })
    }

    fn get_media_buy_delivery<'a>(
        &'a self,
        _context: &'a Context,
        _request: Value,
        query: &'a DeliveryQuery,
    ) -> Answer<'a, Vec<BuyDelivery>> {
        Box::pin(async move {
            let day = Metrics {
                spend: 10.1,
                impressions: 1000.0,
                clicks: Some(3.0),
                ..Metrics::default()
            };
            let deliver = |buy: &MediaBuy| {
                let packages = buy.packages.iter().rev().map(|package| {
                    let days: BTreeMap<_, _> = query
                        .period
                        .start
                        .iter_days()
                        .take_while(|day| *day <= query.period.end)
                        .take(3)
                        .map(|at| (at, day.clone()))
                        .collect();
                    PackageDelivery {
                        package_id: package.package_id.clone(),
                        totals: Metrics::total(days.values()),
                        daily: days,
                    }
                });
                BuyDelivery {
                    media_buy_id: buy.media_buy_id.clone(),
                    packages: packages.collect(),
                }
            };
            Ok(query.media_buys.iter().map(deliver).collect())
        })
    }

    fn sync_creatives<'a>(
        &'a self,
        _context: &'a Context,
        _request: Value,
        creatives: &'a [Creative],
    ) -> Answer<'a, Vec<CreativeReview>> {
        Box::pin(async move {
            self.0.lock().expect("a lock").reviewed.extend(
                creatives
                    .iter()
                    .map(|creative| creative.creative_id.clone()),
            );
            Ok(Vec::new())
        })
    }
}

/// The seller.
pub(crate) struct Market {
    router: Router,
    pub(crate) clock: ManualClock,
    pub(crate) ad_server: AdServer,
    /// Publishes status changes from beside the server.
    pub(crate) publisher: Publisher,
    keys: AtomicU64,
}

/// A sandbox.
pub(crate) async fn sandbox() -> Market {
    market(&EXPLICIT, true).await
}

/// A seller in earnest, whose buyers name their accounts.
pub(crate) async fn in_earnest() -> Market {
    market(&EXPLICIT, false).await
}

/// A seller in earnest, whose callers are their accounts.
pub(crate) async fn from_auth() -> Market {
    market(&FROM_AUTH, false).await
}

/// A seller in earnest with one account for everybody.
pub(crate) async fn singleton() -> Market {
    market(&SINGLETON, false).await
}

async fn market(profile: &'static Profile, sandbox: bool) -> Market {
    let ad_server = AdServer::default();
    let parts = Parts {
        sandbox,
        ..Parts::of(profile)
    };
    parts.open(ad_server.clone(), ad_server).await
}

/// A seller in earnest with a proposal manager; see [`line::PROPOSALS`] and its neighbours.
pub(crate) async fn planned(profile: &'static Profile, planner: &Planner) -> Market {
    let parts = Parts::of(profile);
    parts.open(planner.clone(), planner.ad_server.clone()).await
}

/// A sandbox with a proposal manager.
pub(crate) async fn planned_sandbox(profile: &'static Profile, planner: &Planner) -> Market {
    let parts = Parts {
        sandbox: true,
        ..Parts::of(profile)
    };
    parts.open(planner.clone(), planner.ad_server.clone()).await
}

/// Puts the market's catalogue into a folder, with lines of TOML added to each product.
pub(crate) fn catalogue(folder: &Path, members: impl Fn(&str) -> String) {
    let market = Parts::of(&line::PROPOSALS).catalog;
    let products = std::fs::read_to_string(market.join("products.toml")).expect("products");
    let mut text = String::new();
    for line in products.lines() {
        text.push_str(line);
        text.push('\n');
        if let Some(name) = line.strip_prefix("product_id = ") {
            text.push_str(&members(name.trim_matches('"')));
        }
    }
    std::fs::write(folder.join("products.toml"), text).expect("written");
    std::fs::copy(market.join("formats.toml"), folder.join("formats.toml")).expect("copied");
}

/// What a market is put together from.
pub(crate) struct Parts {
    pub(crate) spec: &'static Spec,
    pub(crate) profile: &'static Profile,
    pub(crate) sandbox: bool,
    pub(crate) store: SharedStore,
    pub(crate) catalog: PathBuf,
}

impl Parts {
    /// A seller in earnest over a store in memory, with the market's catalogue.
    pub(crate) fn of(profile: &'static Profile) -> Self {
        Parts {
            spec: line::spec(),
            profile,
            sandbox: false,
            store: Arc::new(MemoryStore::new()),
            catalog: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seller/market/catalog").into(),
        }
    }

    /// Puts it together around an adapter, whose ad server is `ad_server`.
    pub(crate) async fn open(self, platform: impl Platform, ad_server: AdServer) -> Market {
        let clock = ManualClock::new(NOW.parse().expect("an instant"));
        let callers = callers();
        let setting = Setting {
            store: self.store,
            clock: Arc::new(clock.clone()),
            callers,
            catalog: self.catalog,
            sandbox: self.sandbox,
            operators: operators(),
            operator_addr: None,
            development: true,
            trust: Default::default(),
        };
        let seller = Seller::new(self.spec, self.profile, platform);
        let publisher = seller.publisher();
        let router = seller
            .router(setting, AGENT_URL)
            .await
            .expect("the seller is put together");
        Market {
            router,
            publisher,
            clock,
            ad_server,
            keys: AtomicU64::new(0),
        }
    }
}

impl Market {
    /// A key that no other request of the test has.
    pub(crate) fn key(&self) -> String {
        format!("test-key-{:08}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    /// Calls a tool as the first buyer; what succeeds is returned, what fails fails the test.
    #[track_caller]
    pub(crate) fn call(&self, tool: &str, arguments: Value) -> impl Future<Output = Value> {
        self.call_as(TOKEN, tool, arguments)
    }

    /// Calls a tool as somebody.
    pub(crate) async fn call_as(&self, token: &str, tool: &str, arguments: Value) -> Value {
        let result = self.send(token, tool, arguments).await;
        assert_eq!(
            result["isError"], false,
            "{tool}: {}",
            result["structuredContent"]
        );
        result["structuredContent"].clone()
    }

    /// Calls a tool as the first buyer and expects to be refused: code and field.
    pub(crate) async fn refused(&self, tool: &str, arguments: Value) -> (String, Option<String>) {
        self.refused_as(TOKEN, tool, arguments).await
    }

    /// Calls a tool as somebody and expects to be refused: code and field.
    pub(crate) async fn refused_as(
        &self,
        token: &str,
        tool: &str,
        arguments: Value,
    ) -> (String, Option<String>) {
        let error = self.error_as(token, tool, arguments).await;
        (
            error["code"].as_str().expect("a code").to_owned(),
            error["field"].as_str().map(str::to_owned),
        )
    }

    /// Calls a tool as the first buyer and expects to be refused: the whole error.
    pub(crate) async fn error(&self, tool: &str, arguments: Value) -> Value {
        self.error_as(TOKEN, tool, arguments).await
    }

    async fn error_as(&self, token: &str, tool: &str, arguments: Value) -> Value {
        let result = self.send(token, tool, arguments).await;
        assert_eq!(
            result["isError"], true,
            "{tool} should be refused: {}",
            result["structuredContent"]
        );
        result["structuredContent"]["adcp_error"].clone()
    }

    /// Calls a tool as the first buyer: the result of the call, whatever it is.
    pub(crate) async fn answer(&self, tool: &str, arguments: Value) -> Value {
        self.send(TOKEN, tool, arguments).await
    }

    /// Calls a tool as somebody: the result of the call, whatever it is.
    pub(crate) async fn send(&self, token: &str, tool: &str, mut arguments: Value) -> Value {
        const KEYED: [&str; 4] = [
            "create_media_buy",
            "update_media_buy",
            "sync_creatives",
            "sync_accounts",
        ];
        if KEYED.contains(&tool) && arguments.get("idempotency_key").is_none() {
            arguments["idempotency_key"] = json!(self.key());
        }
        let body = rpc(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        )
        .to_string();
        let request = axum::http::Request::post("/mcp")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(axum::body::Body::from(body))
            .expect("a request");
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("an answer");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .expect("a body");
        serde_json::from_slice::<Value>(&body).expect("JSON")["result"].clone()
    }

    /// Steers the sandbox; the answer, whatever it is.
    pub(crate) async fn controller(&self, scenario: &str, params: Value) -> Value {
        let request = json!({ "scenario": scenario, "params": params, "account": account("nova") });
        self.send(TOKEN, "comply_test_controller", request).await["structuredContent"].clone()
    }

    /// Steers the sandbox and expects that to work.
    pub(crate) async fn steer(&self, scenario: &str, params: Value) -> Value {
        let answer = self.controller(scenario, params).await;
        assert_eq!(answer["success"], true, "{scenario}: {answer}");
        answer
    }

    /// Books packages for the usual account in April.
    pub(crate) async fn book(&self, packages: Value) -> Value {
        self.call("create_media_buy", order(packages)).await
    }

    /// Changes a buy of the usual account.
    pub(crate) async fn change(&self, media_buy_id: &Value, mut change: Value) -> Value {
        change["media_buy_id"] = media_buy_id.clone();
        change["account"] = account("nova");
        self.call("update_media_buy", change).await
    }

    /// Changes a buy of the usual account and expects to be refused.
    pub(crate) async fn change_refused(
        &self,
        media_buy_id: &Value,
        mut change: Value,
    ) -> (String, Option<String>) {
        change["media_buy_id"] = media_buy_id.clone();
        change["account"] = account("nova");
        self.refused("update_media_buy", change).await
    }

    /// One buy as it stands.
    pub(crate) async fn read(&self, media_buy_id: &Value) -> Value {
        let found = self.call("get_media_buys", json!({ "media_buy_ids": [media_buy_id], "account": account("nova"), "include_history": 100 })).await;
        found["media_buys"][0].clone()
    }

    /// Puts a creative into the library of the usual account.
    pub(crate) async fn sync(&self, creatives: Value) -> Value {
        self.call(
            "sync_creatives",
            json!({ "account": account("nova"), "creatives": creatives }),
        )
        .await
    }
}

/// The account of a brand with its agency.
pub(crate) fn account(brand: &str) -> Value {
    json!({ "brand": { "domain": format!("{brand}.example") }, "operator": "agency.example" })
}

/// A `create_media_buy` for the usual account in April.
pub(crate) fn order(packages: Value) -> Value {
    json!({
        "account": account("nova"),
        "brand": { "domain": "nova.example" },
        "start_time": "2026-04-01T00:00:00Z",
        "end_time": "2026-05-01T00:00:00Z",
        "packages": packages,
    })
}

/// A package of banners at the fixed price.
pub(crate) fn banner(budget: f64) -> Value {
    json!({ "product_id": "banner", "pricing_option_id": "fixed", "budget": budget })
}

/// A creative of one of the seller's formats.
pub(crate) fn creative(creative_id: &str, format: &str) -> Value {
    let assets = match format {
        "spot" => {
            json!({ "video": { "asset_type": "video", "url": "https://cdn.nova.example/a.mp4", "width": 1920, "height": 1080 } })
        }
        _ => {
            json!({ "image": { "asset_type": "image", "url": "https://cdn.nova.example/a.png", "width": 300, "height": 250 } })
        }
    };
    json!({
        "creative_id": creative_id,
        "name": format!("Creative {creative_id}"),
        "format_id": { "agent_url": AGENT_URL, "id": format },
        "assets": assets,
    })
}
