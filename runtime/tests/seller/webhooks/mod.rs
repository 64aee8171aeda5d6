//! Webhooks, end to end: a seller over HTTP on one side, receivers on loopback on the other.

pub(crate) mod receiver;

mod emitted;
mod tasks;
mod bodies;
mod retried;
mod hostile;
mod proved;
mod limits;
mod desk;
mod crashes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adcp_seller::auth::{Operator, Operators};
use adcp_seller::clock::{Clock, ManualClock, ShiftedClock};
use adcp_seller::identity::TenantId;
use adcp_seller::ops::Services;
use adcp_seller::outbound::Reach;
use adcp_seller::profile::{Approval, Profile, Webhooks};
use adcp_seller::seller::{Running, Seller, Setting, Trust};
use adcp_seller::signing::SigningKey;
use adcp_seller::spec::Spec;
use adcp_seller::store::SharedStore;
use adcp_seller::store::memory::MemoryStore;
use adcp_seller::tasks::{Verdict, decide};
use adcp_seller::webhooks::{self, Delivery, Standing};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::market::{account, banner, order};
use crate::support::http::Client;
use crate::support::mirror::Mirror;
use crate::support::planner::Planner;
use crate::support::{NOW, OPERATOR_TOKEN, OTHER_TOKEN, TOKEN, callers, line, rpc};

/// The token of an operator who only looks.
const VIEWER_TOKEN: &str = "token-of-the-viewer";

/// Nobody has to agree to a buy.
static FREE: Profile = Profile {
    name: "post",
    pricing_models: &["cpm", "cpc", "cpcv"],
    webhooks: Webhooks {
        retry_seconds: 3600,
    },
    ..line::PROFILE
};
/// The same with proposals, which can be finalized.
static PROPOSING: Profile = Profile {
    name: "post",
    ..line::PROPOSALS
};
/// A person has to agree to every buy within two hours.
static WATCHED: Profile = Profile {
    approval: Approval {
        finalize: false,
        create_media_buy: true,
        within_seconds: 7200,
    },
    ..FREE
};

/// A seller and what tests look at.
struct Post {
    running: Running,
    client: Client,
    operators: Client,
    planner: Planner,
    clock: ManualClock,
    store: Arc<Mirror>,
    orders: AtomicU64,
}

/// How a seller under test differs from the usual one.
struct Parts {
    spec: &'static Spec,
    profile: &'static Profile,
    store: SharedStore,
    trust: Trust,
    sandbox: bool,
}

impl Parts {
    /// A sandbox that signs, over a store in memory.
    fn of(profile: &'static Profile) -> Self {
        let key = SigningKey::generate().expect("a key");
        Parts {
            spec: line::spec(),
            profile,
            store: Arc::new(MemoryStore::new()),
            trust: Trust {
                reach: Reach::AndLoopback,
                webhook_key: Some(Arc::new(key)),
                ..Trust::default()
            },
            sandbox: true,
        }
    }

    /// A seller whose time stands still until a test moves it on.
    async fn open(self) -> Post {
        let clock = ManualClock::new(NOW.parse().expect("an instant"));
        self.assemble(clock.clone(), Arc::new(clock)).await
    }

    /// A seller whose time runs on.
    async fn open_at(self, time: ShiftedClock) -> Post {
        let unused = ManualClock::new(NOW.parse().expect("an instant"));
        self.assemble(unused, Arc::new(time)).await
    }

    async fn assemble(self, clock: ManualClock, time: Arc<dyn Clock>) -> Post {
        let mut operators = Operators::default();
        operators.allow(OPERATOR_TOKEN, Operator::new("ada"));
        operators.allow(VIEWER_TOKEN, Operator::new("viewer").only([]));
        let store = Arc::new(Mirror::new(self.store));
        let setting = Setting {
            store: store.clone(),
            clock: time,
            callers: callers(),
            catalog: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seller/market/catalog").into(),
            sandbox: self.sandbox,
            operators,
            operator_addr: Some(([127, 0, 0, 1], 0).into()),
            development: true,
            trust: self.trust,
        };
        let planner = Planner::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let client = Client::new(listener.local_addr().expect("an address"));
        let running = Seller::new(self.spec, self.profile, planner.clone())
            .start(listener, setting)
            .await
            .expect("the seller starts");
        let url = running.operator_url().expect("operators are served");
        let address = url.strip_prefix("http://").expect("plain HTTP");
        let post = Post {
            operators: Client::new(address.parse().expect("an address")),
            running,
            client,
            planner,
            clock,
            store,
            orders: AtomicU64::default(),
        };
        post.sync_accounts().await;
        post
    }
}

/// A seller of its own.
async fn post(profile: &'static Profile) -> Post {
    Parts::of(profile).open().await
}

/// Where a buyer wants to be told.
fn config(url: &str) -> Value {
    json!({ "url": url })
}

fn tenant() -> TenantId {
    TenantId(TenantId::SINGLE.to_owned())
}

impl Post {
    fn services(&self) -> &Services {
        self.running.services()
    }

    async fn sync_accounts(&self) {
        let mut nova = account("nova");
        nova["billing"] = json!("operator");
        for token in [TOKEN, OTHER_TOKEN] {
            let request = json!({ "idempotency_key": "accounts-of-the-post", "accounts": [nova] });
            self.send_as(token, "sync_accounts", request)
                .await
                .expect("the account");
        }
    }

    /// The structured content of an answer, or the error in it.
    async fn send_as(&self, token: &str, tool: &str, arguments: Value) -> Result<Value, Value> {
        let params = json!({ "name": tool, "arguments": arguments });
        let body = rpc("tools/call", params).to_string();
        let response = self.client.post(token, body.as_bytes()).await;
        let result = response.json()["result"].clone();
        let mut structured = result["structuredContent"].clone();
        if result["isError"] == false {
            Ok(structured)
        } else {
            Err(structured["adcp_error"].take())
        }
    }

    async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.send_as(TOKEN, tool, arguments)
            .await
            .unwrap_or_else(|error| panic!("{tool}: {error}"))
    }

    /// An order that nothing else in the test has a key in common with, told of there unless that is
    /// null.
    fn order(&self, config: Value) -> Value {
        let mut order = order(json!([banner(500.0)]));
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        order["idempotency_key"] = json!(format!("order-number-{number:08}"));
        if !config.is_null() {
            order["push_notification_config"] = config;
        }
        order
    }

    /// Buys, and has it told there.
    async fn buy(&self, url: &str) -> Value {
        self.call("create_media_buy", self.order(config(url))).await
    }

    /// A buy that waits for a person: the id of its task.
    async fn submit(&self, url: &str) -> String {
        let answer = self.buy(url).await;
        assert_eq!(answer["status"], "submitted", "{answer}");
        answer["task_id"].as_str().expect("a task").to_owned()
    }

    async fn decide(&self, task_id: &str, approved: bool) {
        let verdict = Verdict {
            approved,
            operator: "ada".to_owned(),
            reason: Some("because of the season".to_owned()),
        };
        decide(self.services(), &tenant(), task_id, verdict)
            .await
            .expect("it is decided");
    }

    /// What is not delivered, newest first.
    async fn deliveries(&self) -> Vec<Delivery> {
        webhooks::list(self.services(), &tenant(), None, None, 100)
            .await
            .expect("a list")
            .deliveries
    }

    /// The one notification that there is, as soon as it is as it should be.
    async fn delivery_once(&self, fits: impl Fn(&Delivery) -> bool) -> Delivery {
        let mut found = Vec::new();
        for _ in 0..1000 {
            found = self.deliveries().await;
            if let [delivery] = found.as_slice()
                && fits(delivery)
            {
                return delivery.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never comes to that: {found:?}");
    }

    /// The one notification that there is, as soon as it was set aside.
    async fn dead(&self) -> Delivery {
        self.delivery_once(|delivery| delivery.standing == Standing::Dead)
            .await
    }

    /// Waits until everything is delivered.
    async fn all_delivered(&self) {
        for _ in 0..1000 {
            if self.deliveries().await.is_empty() {
                assert_eq!(
                    self.store.count("webhook_parcel"),
                    0,
                    "nothing is left over"
                );
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not delivered: {:?}", self.deliveries().await);
    }

    /// Moves time on, past the pause after any attempt.
    fn later(&self) {
        self.clock.advance(TimeDelta::minutes(7));
    }
}
