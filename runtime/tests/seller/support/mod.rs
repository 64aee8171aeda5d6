//! A seller under test: the line's real schemas, a small catalogue, an ad server that counts, a
//! store whose contents can be compared, and a client that says exactly what is put on the wire.

pub(crate) mod desk;
pub(crate) mod http;
pub(crate) mod line;
pub(crate) mod log;
pub(crate) mod mirror;
pub(crate) mod planner;

use std::sync::Arc;

use adcp_seller::auth::{Callers, Operator, Operators};
use adcp_seller::clock::ManualClock;
use adcp_seller::identity::Principal;
use adcp_seller::seller::{Running, Seller, Setting};
use adcp_seller::store::SharedStore;
use adcp_seller::store::memory::MemoryStore;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;

use desk::Desk;
use http::{Client, Response};
use mirror::Mirror;

/// The token of the caller that most tests are.
pub(crate) const TOKEN: &str = "token-of-the-first-buyer";
/// The token of somebody else.
pub(crate) const OTHER_TOKEN: &str = "token-of-the-second-buyer";
/// The token of the operator who may decide everything.
pub(crate) const OPERATOR_TOKEN: &str = "token-of-the-approver";
/// The instant at which the clock of a test stands.
pub(crate) const NOW: &str = "2026-03-10T12:00:00Z";

/// A seller under test.
pub(crate) struct Bench {
    pub(crate) running: Running,
    pub(crate) client: Client,
    pub(crate) clock: ManualClock,
    pub(crate) desk: Desk,
    pub(crate) store: Arc<Mirror>,
}

/// A sandbox with a store in memory.
pub(crate) async fn sandbox() -> Bench {
    start(Arc::new(MemoryStore::new()), true, Desk::default()).await
}

/// A seller over a store, with an ad server.
pub(crate) async fn start(store: SharedStore, sandbox: bool, desk: Desk) -> Bench {
    let clock = ManualClock::new(NOW.parse().expect("an instant"));
    let store = Arc::new(Mirror::new(store));
    let setting = setting(store.clone(), &clock, sandbox);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let running = Seller::new(line::spec(), &line::PROFILE, desk.clone())
        .start(listener, setting)
        .await
        .expect("the seller starts");
    Bench {
        running,
        client: Client::new(address),
        clock,
        desk,
        store,
    }
}

/// A seller without a network, for tests in which time stands still.
pub(crate) struct Offline {
    router: axum::Router,
    pub(crate) clock: ManualClock,
}

/// A sandbox without a network.
pub(crate) async fn offline(store: SharedStore, desk: Desk) -> Offline {
    let clock = ManualClock::new(NOW.parse().expect("an instant"));
    let setting = setting(store, &clock, true);
    let router = Seller::new(line::spec(), &line::PROFILE, desk)
        .router(setting, "http://127.0.0.1/mcp")
        .await
        .expect("the seller is put together");
    Offline { router, clock }
}

impl Offline {
    /// Sends a body as the first buyer.
    pub(crate) async fn post(&self, body: axum::body::Body) -> axum::response::Response {
        let request = axum::http::Request::post("/mcp")
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .body(body)
            .expect("a request");
        self.router
            .clone()
            .oneshot(request)
            .await
            .expect("an answer")
    }

    /// Calls a tool as the first buyer and returns the result of the JSON-RPC message.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        let body = rpc(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        )
        .to_string();
        let response = self.post(body.into()).await;
        let body = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .expect("a body");
        serde_json::from_slice::<Value>(&body).expect("JSON")["result"].clone()
    }
}

/// Who decides in tests: one operator who may decide everything.
pub(crate) fn operators() -> Operators {
    let mut operators = Operators::default();
    operators.allow(OPERATOR_TOKEN, Operator::new("approver"));
    operators
}

/// The two buyers that every process of a seller under test knows.
pub(crate) fn callers() -> Callers {
    let mut callers = Callers::default();
    callers.allow(TOKEN, Principal("first".into()));
    callers.allow(OTHER_TOKEN, Principal("second".into()));
    callers
}

pub(crate) fn setting(store: SharedStore, clock: &ManualClock, sandbox: bool) -> Setting {
    let callers = callers();
    let catalog = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seller/support/catalog").into();
    Setting {
        store,
        clock: Arc::new(clock.clone()),
        callers,
        catalog,
        sandbox,
        operators: operators(),
        operator_addr: None,
        development: true,
        trust: Default::default(),
    }
}

impl Bench {
    /// Sends a body to `/mcp` as the first buyer.
    pub(crate) async fn post(&self, body: impl AsRef<[u8]>) -> Response {
        self.client.post(TOKEN, body.as_ref()).await
    }

    /// Calls a tool as the first buyer and returns the result of the JSON-RPC message.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.call_as(TOKEN, tool, arguments).await
    }

    /// Calls a tool.
    pub(crate) async fn call_as(&self, token: &str, tool: &str, arguments: Value) -> Value {
        let body = rpc(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        )
        .to_string();
        let response = self.client.post(token, body.as_bytes()).await;
        assert_eq!(response.status, 200, "{}", response.text());
        let message = response.json();
        assert_eq!(message["id"], 1, "{message}");
        message["result"].clone()
    }
}

/// A JSON-RPC request.
pub(crate) fn rpc(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

/// A `create_media_buy` that succeeds.
pub(crate) fn booking(key: &str) -> Value {
    json!({
        "adcp_major_version": 3,
        "idempotency_key": key,
        "account": { "brand": { "domain": "nova.example" }, "operator": "agency.example", "sandbox": true },
        "brand": { "domain": "nova.example" },
        "start_time": "2026-04-01T00:00:00Z",
        "end_time": "2026-04-30T00:00:00Z",
        "packages": [{ "product_id": "banner", "pricing_option_id": "fixed", "budget": 5000 }],
        "context": { "trace": "abc", "nested": { "n": [1, 2.5, null] } },
    })
}

/// The context that [`booking`] carries.
pub(crate) fn context() -> Value {
    booking("")["context"].clone()
}

/// Asserts that a tool call failed with one of these codes and echoed the context.
#[track_caller]
pub(crate) fn assert_refused(result: &Value, codes: &[&str]) {
    assert_eq!(result["isError"], true, "{result}");
    let structured = &result["structuredContent"];
    let code = structured["adcp_error"]["code"]
        .as_str()
        .unwrap_or_default();
    assert!(codes.contains(&code), "{codes:?} expected: {result}");
    assert_eq!(
        structured["context"],
        context(),
        "the context is echoed: {result}"
    );
    let text = result["content"][0]["text"].as_str().expect("text");
    assert_eq!(
        &serde_json::from_str::<Value>(text).expect("the text is the JSON"),
        structured
    );
}
