//! The envelope of MCP and A2A: whatever a body holds, a seller answers it, and every answer is
//! JSON that carries the id of its question.
//!
//! The bodies go through the routes of a whole seller, which knows a buyer's token and has a store
//! in memory, and whose tasks are all refused: what is tried here is what lies around them.
#![no_main]

use std::sync::{Arc, LazyLock};

use adcp_seller::auth::{Callers, Operators};
use adcp_seller::clock::ManualClock;
use adcp_seller::identity::Principal;
use adcp_seller::json;
use adcp_seller::platform::Platform;
use adcp_seller::profile::{AccountMode, Approval, Entry, Profile, RequestSigning, Webhooks};
use adcp_seller::seller::{Seller, Setting, Trust};
use adcp_seller::spec::{Spec, Tool};
use adcp_seller::store::memory::MemoryStore;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const TOKEN: &str = "token-of-a-buyer";
/// 2026-04-18T14:00:00Z.
const NOW: i64 = 1_776_520_800;
/// Where a body can go in, and the version of A2A that is asked for there.
const DOORS: [(&str, Option<&str>); 3] = [("/mcp", None), ("/a2a", None), ("/a2a", Some("1.0"))];

/// A line of two tools, with its real schemas.
static SPEC: Spec = Spec {
    line: "3.0",
    version: "3.0.18",
    major: 3,
    tools: &[
        Tool {
            name: "get_adcp_capabilities",
            mutating: false,
            request: "GetAdcpCapabilitiesRequest",
            response: "GetAdcpCapabilitiesResponse",
        },
        Tool {
            name: "get_products",
            mutating: false,
            request: "GetProductsRequest",
            response: "GetProductsResponse",
        },
    ],
    errors: &[],
    schemas: include_str!("../../../schemas/3.0/definitions.json"),
    tool_list: r#"[{"name":"get_adcp_capabilities"},{"name":"get_products"}]"#,
};

static PROFILE: Profile = Profile {
    name: "fuzzed",
    url: None,
    specialisms: &["sales-non-guaranteed"],
    protocols: &["media_buy"],
    pricing_models: &["cpm"],
    accounts: AccountMode::Explicit,
    store: "memory:",
    idempotency_ttl_seconds: 86_400,
    proposals: None,
    approval: Approval::NONE,
    recipe: None,
    entry: Entry {
        a2a: true,
        ..Entry::PLAIN
    },
    request_signing: RequestSigning::NONE,
    webhooks: Webhooks::PLAIN,
};

/// An adopter who has written nothing.
struct Nothing;

impl Platform for Nothing {}

static SELLER: LazyLock<(Runtime, Router)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut callers = Callers::default();
    callers.allow(TOKEN, Principal("buyer".to_owned()));
    let now = DateTime::from_timestamp(NOW, 0).expect("an instant");
    let setting = Setting {
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(ManualClock::new(now)),
        callers,
        catalog: concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/seller/support/catalog"
        )
        .into(),
        sandbox: false,
        operators: Operators::default(),
        operator_addr: None,
        development: true,
        trust: Trust::default(),
    };
    let seller = Seller::new(&SPEC, &PROFILE, Nothing);
    let router = runtime.block_on(seller.router(setting, "http://127.0.0.1/mcp"));
    (runtime, router.expect("the seller is put together"))
});

fuzz_target!(|body: &[u8]| {
    let (runtime, router) = &*SELLER;
    for (path, version) in DOORS {
        runtime.block_on(knock(router.clone(), path, version, body));
    }
});

/// Sends a body and looks at what comes back.
async fn knock(router: Router, path: &str, version: Option<&str>, body: &[u8]) {
    let mut request = Request::post(path)
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .header("host", "127.0.0.1");
    if let Some(version) = version {
        request = request.header("a2a-version", version);
    }
    let request = request.body(Body::from(body.to_vec())).expect("a request");
    let response = router.oneshot(request).await.expect("an answer");
    let status = response.status();
    assert!(!status.is_server_error(), "{status}");
    let kind = response.headers().get("content-type");
    let streamed = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let answer = to_bytes(response.into_body(), usize::MAX).await;
    let answer = answer.expect("a body");
    let asked = json::parse(body).ok().map(|document| document.value);
    if answer.is_empty() {
        assert_eq!(status, 202, "an answer without a body");
        return;
    }
    let answers: Vec<&[u8]> = if streamed {
        let lines = answer.split(|&byte| byte == b'\n');
        lines
            .filter_map(|line| line.strip_prefix(b"data: "))
            .collect()
    } else {
        vec![&answer]
    };
    for answer in answers {
        match serde_json::from_slice(answer).expect("JSON") {
            Value::Array(answers) => {
                let questions = asked.as_ref().and_then(Value::as_array);
                let questions = questions.expect("a batch answers a batch");
                assert!(answers.len() <= questions.len());
                for answer in &answers {
                    assert!(
                        questions
                            .iter()
                            .any(|asked| answers_to(answer, Some(asked)))
                    );
                }
            }
            answer => assert!(answers_to(&answer, asked.as_ref()), "{answer}"),
        }
    }
}

/// Whether a message is an answer to another one: a result or an error, with the id as it came if
/// that is a string or an integer, and `null` if not.
fn answers_to(answer: &Value, asked: Option<&Value>) -> bool {
    let id = asked.and_then(|asked| asked.get("id"));
    let id = id.filter(|id| id.is_string() || id.is_i64() || id.is_u64());
    answer["jsonrpc"] == "2.0"
        && answer.get("result").is_some() != answer.get("error").is_some()
        && &answer["id"] == id.unwrap_or(&Value::Null)
}
