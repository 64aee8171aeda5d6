//! The people who decide: the operator API over HTTP, the command line that calls it, and what is
//! refused at start-up because nobody could decide.

mod access;
mod asking;
mod deciding;
mod command;
mod starting;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adcp_seller::auth::{Callers, Operator, Operators};
use adcp_seller::clock::ManualClock;
use adcp_seller::identity::Principal;
use adcp_seller::profile::{Approval, Profile};
use adcp_seller::seller::{Running, Seller, Setting};
use adcp_seller::spec::Spec;
use adcp_seller::store::memory::MemoryStore;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::market::{account, banner, order};
use crate::support::http::{Client, Response};
use crate::support::planner::Planner;
use crate::support::{NOW, OPERATOR_TOKEN, OTHER_TOKEN, TOKEN, line, rpc};

/// The token of an operator who only looks.
const VIEWER_TOKEN: &str = "token-of-the-viewer";
/// The token of an operator who decides something else than what is asked here.
const FINALIZER_TOKEN: &str = "token-of-the-finalizer";
/// A secret that a buyer sends along.
const SECRET: &str = "the-buyer-s-webhook-secret-0123456789";

/// A seller whose media buys need a person's word.
static APPROVED: Profile = Profile {
    pricing_models: &["cpm", "cpc", "cpcv"],
    approval: Approval {
        finalize: false,
        create_media_buy: true,
        within_seconds: 3600,
    },
    ..line::PROFILE
};

/// A seller that asks nobody.
static NO_APPROVAL: Profile = Profile {
    approval: Approval::NONE,
    ..APPROVED
};

/// A seller whose proposals need a person's word to become firm.
static FINALIZED: Profile = Profile {
    approval: Approval {
        finalize: true,
        create_media_buy: false,
        within_seconds: 3600,
    },
    ..line::PROPOSALS
};

/// A seller with recipes, whose proposals need a person's word to become firm and to be bought.
static WITH_RECIPES: Profile = Profile {
    approval: Approval {
        finalize: true,
        create_media_buy: true,
        within_seconds: 3600,
    },
    ..line::PROPOSALS_WITH_RECIPES
};

/// A seller with its two listeners.
struct Office {
    running: Running,
    buyers: Client,
    operators: Client,
    clock: ManualClock,
    planner: Planner,
    orders: AtomicU64,
}

/// The surroundings of a seller: a sandbox with a store in memory.
fn setting(clock: &ManualClock) -> Setting {
    let mut callers = Callers::default();
    callers.allow(TOKEN, Principal("first".into()));
    callers.allow(OTHER_TOKEN, Principal("second".into()));
    let mut operators = Operators::default();
    operators.allow(OPERATOR_TOKEN, Operator::new("approver"));
    operators.allow(VIEWER_TOKEN, Operator::new("viewer").only([]));
    operators.allow(
        FINALIZER_TOKEN,
        Operator::new("finalizer").only(["finalize"]),
    );
    Setting {
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(clock.clone()),
        callers,
        catalog: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seller/market/catalog").into(),
        sandbox: true,
        operators,
        operator_addr: Some(([127, 0, 0, 1], 0).into()),
        development: false,
        trust: Default::default(),
    }
}

fn clock() -> ManualClock {
    ManualClock::new(NOW.parse().expect("an instant"))
}

async fn office() -> Office {
    office_of(&APPROVED).await
}

async fn office_of(profile: &'static Profile) -> Office {
    office_with(line::spec(), profile, None).await
}

/// An office with another catalogue than the market's.
async fn office_with(
    spec: &'static Spec,
    profile: &'static Profile,
    catalog: Option<&Path>,
) -> Office {
    let (clock, planner) = (clock(), Planner::default());
    let setting = setting(&clock);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let buyers = Client::new(listener.local_addr().expect("an address"));
    let setting = Setting {
        development: true,
        catalog: catalog.map_or(setting.catalog, Path::to_owned),
        ..setting
    };
    let running = Seller::new(spec, profile, planner.clone())
        .start(listener, setting)
        .await
        .expect("the seller starts");
    let url = running.operator_url().expect("operators are served");
    let address = url.strip_prefix("http://").expect("plain HTTP");
    let operators = Client::new(address.parse().expect("an address"));
    Office {
        running,
        buyers,
        operators,
        clock,
        planner,
        orders: AtomicU64::new(0),
    }
}

impl Office {
    /// Sends a request as an operator.
    async fn send(&self, token: &str, method: &str, path: &str, body: &[u8]) -> Response {
        let authorization = format!("Bearer {token}");
        let mut headers = vec![("authorization", authorization.as_str())];
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        self.operators.send(method, path, &headers, body).await
    }

    /// Reads something as the operator who may do everything, and expects that to work.
    async fn get(&self, path: &str) -> Value {
        let response = self.send(OPERATOR_TOKEN, "GET", path, b"").await;
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(response.header("cache-control"), Some("no-store"));
        response.json()
    }

    /// Decides as somebody.
    async fn decide(&self, token: &str, task_id: &str, word: &str, body: Value) -> Response {
        let path = format!("/tasks/{task_id}/{word}");
        self.send(token, "POST", &path, body.to_string().as_bytes())
            .await
    }

    /// Calls a tool as the first buyer.
    async fn call(&self, tool: &str, arguments: Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments });
        let body = rpc("tools/call", params).to_string();
        let response = self.buyers.post(TOKEN, body.as_bytes()).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["result"]["structuredContent"].clone()
    }

    /// A media buy that is answered `submitted`: the id of its task.
    async fn submit(&self) -> String {
        let mut request = order(json!([banner(5000.0)]));
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        request["idempotency_key"] = json!(format!("order-number-{number:08}"));
        request["push_notification_config"] = json!({
            "url": format!("https://user:{SECRET}@hooks.nova.example/{SECRET}?sig={SECRET}"),
            "token": SECRET,
            "authentication": { "schemes": ["Bearer"], "credentials": SECRET },
        });
        let answer = self.call("create_media_buy", request).await;
        assert_eq!(answer["status"], "submitted", "{answer}");
        answer["task_id"].as_str().expect("a task").to_owned()
    }

    /// The task as soon as it has this status.
    async fn once(&self, task_id: &str, status: &str) -> Value {
        for _ in 0..200 {
            let task = self.get(&format!("/tasks/{task_id}")).await;
            if task["status"] == status {
                return task;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!(
            "{task_id} never is {status}: {}",
            self.get(&format!("/tasks/{task_id}")).await
        );
    }
}

/// Asserts that a request was refused as RFC 9457 has it, and returns the problem.
#[track_caller]
fn assert_problem(response: &Response, status: u16, kind: &str) -> Value {
    assert_eq!(response.status, status, "{}", response.text());
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let problem = response.json();
    assert_eq!(
        problem["type"],
        format!("urn:adcp-seller:{kind}"),
        "{problem}"
    );
    assert_eq!(problem["status"], status);
    for member in ["title", "detail", "remedy"] {
        assert!(
            problem[member]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{member}: {problem}"
        );
    }
    problem
}
