//! A2A as its clients speak it, in both versions, over the same dispatch as MCP.

mod cards;
mod messages;
mod refusals;
mod tasks;
mod streams;
mod configs;
mod rights;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adcp_seller::auth::Callers;
use adcp_seller::clock::ManualClock;
use adcp_seller::identity::TenantId;
use adcp_seller::profile::{Approval, Entry, Profile};
use adcp_seller::seller::{Running, Seller, Setting};
use adcp_seller::store::memory::MemoryStore;
use adcp_seller::tasks::{Verdict, decide};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::market::{account, banner, order};
use crate::support::http::{Client, Response};
use crate::support::mirror::Mirror;
use crate::support::planner::Planner;
use crate::support::{self, NOW, OTHER_TOKEN, TOKEN, line, rpc};

/// Nobody has to agree.
static OPEN: Profile = Profile {
    name: "agency-desk",
    entry: Entry {
        a2a: true,
        ..Entry::PLAIN
    },
    ..line::PROPOSALS
};
/// A person has to agree to every buy.
static WATCHED: Profile = Profile {
    approval: Approval {
        finalize: true,
        create_media_buy: true,
        within_seconds: 3600,
    },
    ..OPEN
};

/// A version of A2A, with what its clients call things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Older,
    Newer,
}

const BOTH: [Wire; 2] = [Wire::Older, Wire::Newer];

impl Wire {
    fn method<'m>(self, older: &'m str, newer: &'m str) -> &'m str {
        match self {
            Wire::Older => older,
            Wire::Newer => newer,
        }
    }

    /// A message with these parts.
    fn message(self, parts: Value) -> Value {
        match self {
            Wire::Older => {
                json!({ "kind": "message", "messageId": "message-1", "role": "user", "parts": parts })
            }
            Wire::Newer => json!({ "messageId": "message-1", "role": "ROLE_USER", "parts": parts }),
        }
    }

    fn data(self, data: Value) -> Value {
        match self {
            Wire::Older => json!({ "kind": "data", "data": data }),
            Wire::Newer => json!({ "data": data }),
        }
    }

    fn text(self, text: &str) -> Value {
        match self {
            Wire::Older => json!({ "kind": "text", "text": text }),
            Wire::Newer => json!({ "text": text }),
        }
    }

    /// The parameters of a call.
    fn call(self, skill: &str, input: Value) -> Value {
        let part = self.data(json!({ "skill": skill, "input": input }));
        json!({ "message": self.message(json!([part])) })
    }

    /// The word for a state.
    fn state(self, state: &str) -> String {
        match self {
            Wire::Older => state.to_owned(),
            Wire::Newer => format!("TASK_STATE_{}", state.to_uppercase().replace('-', "_")),
        }
    }

    /// The task in the result of a message.
    fn task(self, result: &Value) -> Value {
        match self {
            Wire::Older => result.clone(),
            Wire::Newer => result["task"].clone(),
        }
    }

    fn headers(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Wire::Older => Vec::new(),
            Wire::Newer => vec![("a2a-version", "1.0")],
        }
    }
}

/// A seller that serves A2A.
struct Agent {
    running: Running,
    client: Client,
    planner: Planner,
    clock: ManualClock,
    store: Arc<Mirror>,
    keys: AtomicU64,
}

async fn agent(profile: &'static Profile) -> Agent {
    agent_of(profile, support::callers()).await
}

/// A seller that knows these callers.
async fn agent_of(profile: &'static Profile, callers: Callers) -> Agent {
    let clock = ManualClock::new(NOW.parse().expect("an instant"));
    let store = Arc::new(Mirror::new(Arc::new(MemoryStore::new())));
    let planner = Planner::default();
    let setting = Setting {
        catalog: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seller/market/catalog").into(),
        callers,
        ..support::setting(store.clone(), &clock, false)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let running = Seller::new(line::spec(), profile, planner.clone())
        .start(listener, setting)
        .await
        .expect("the seller starts");
    let agent = Agent {
        running,
        client: Client::new(address),
        planner,
        clock,
        store,
        keys: AtomicU64::default(),
    };
    let mut nova = account("nova");
    nova["billing"] = json!("operator");
    for token in [TOKEN, OTHER_TOKEN] {
        let accounts = json!({ "idempotency_key": "accounts-of-the-agency", "accounts": [nova] });
        agent
            .call_as(token, Wire::Older, "sync_accounts", accounts)
            .await;
    }
    agent
}

impl Agent {
    async fn post(&self, token: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let bearer = format!("Bearer {token}");
        let mut all = vec![
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        all.extend_from_slice(headers);
        self.client.send("POST", "/a2a", &all, body).await
    }

    /// The answer to a method, as JSON-RPC has it.
    async fn ask_as(&self, token: &str, wire: Wire, method: &str, params: Value) -> Value {
        let body = rpc(method, params).to_string();
        let response = self.post(token, &wire.headers(), body.as_bytes()).await;
        assert_eq!(response.status, 200, "{}", response.text());
        let answer = response.json();
        assert_eq!(
            (&answer["jsonrpc"], &answer["id"]),
            (&json!("2.0"), &json!(1))
        );
        answer
    }

    async fn ask(&self, wire: Wire, method: &str, params: Value) -> Value {
        let answer = self.ask_as(TOKEN, wire, method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    async fn fault(&self, wire: Wire, method: &str, params: Value) -> Value {
        let answer = self.ask_as(TOKEN, wire, method, params).await;
        assert!(answer.get("result").is_none(), "{method}: {answer}");
        answer["error"].clone()
    }

    /// The task that a call is answered with.
    async fn send(&self, wire: Wire, skill: &str, input: Value) -> Value {
        let method = wire.method("message/send", "SendMessage");
        wire.task(&self.ask(wire, method, wire.call(skill, input)).await)
    }

    /// The AdCP payload that a call is answered with.
    async fn call_as(&self, token: &str, wire: Wire, skill: &str, input: Value) -> Value {
        let method = wire.method("message/send", "SendMessage");
        let answer = self
            .ask_as(token, wire, method, wire.call(skill, input))
            .await;
        payload(&wire.task(&answer["result"]))
    }

    async fn call(&self, wire: Wire, skill: &str, input: Value) -> Value {
        self.call_as(TOKEN, wire, skill, input).await
    }

    /// A task by its id.
    async fn task(&self, wire: Wire, id: &str) -> Value {
        let method = wire.method("tasks/get", "GetTask");
        self.ask(wire, method, json!({ "id": id })).await
    }

    /// A task once it is in that state.
    async fn task_once(&self, wire: Wire, id: &str, state: &str) -> Value {
        for _ in 0..500 {
            let task = self.task(wire, id).await;
            if task["status"]["state"] == wire.state(state) {
                return task;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the task should be {state}");
    }

    /// An order that nothing else in the test has a key in common with.
    fn order(&self) -> Value {
        let mut order = order(json!([banner(500.0)]));
        let key = self.keys.fetch_add(1, Ordering::Relaxed);
        order["idempotency_key"] = json!(format!("agency-key-{key:08}"));
        order
    }

    /// Sends an order that a person has to agree to, and returns the AdCP task's id.
    async fn submit(&self, wire: Wire) -> String {
        let answer = self.call(wire, "create_media_buy", self.order()).await;
        assert_eq!(answer["status"], "submitted", "{answer}");
        answer["task_id"].as_str().expect("a task").to_owned()
    }

    async fn decide(&self, task_id: &str, approved: bool) {
        let verdict = Verdict {
            approved,
            operator: "ada".to_owned(),
            reason: Some("because of the season".to_owned()),
        };
        let tenant = TenantId(TenantId::SINGLE.to_owned());
        decide(self.running.services(), &tenant, task_id, verdict)
            .await
            .expect("it is decided");
    }
}

/// The AdCP payload of a task: the last data part of its artifact.
#[track_caller]
fn payload(task: &Value) -> Value {
    let parts = task["artifacts"][0]["parts"].as_array();
    parts
        .and_then(|parts| parts.iter().rev().find(|part| part.get("data").is_some()))
        .unwrap_or_else(|| panic!("a data part expected: {task}"))["data"]
        .clone()
}

/// A body that came in chunks (RFC 9112, section 7.1).
fn whole(response: &Response) -> String {
    if response.header("transfer-encoding") != Some("chunked") {
        return response.text();
    }
    let (text, mut rest) = (response.text(), String::new());
    let mut left = text.as_str();
    while let Some((size, after)) = left.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("the size of a chunk");
        rest.push_str(&after[..size]);
        left = after[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    rest
}

/// The events of a stream, and how often it said that it goes on.
fn events(response: &Response) -> Vec<Value> {
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    whole(response)
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .map(|event| serde_json::from_str(event).expect("JSON"))
        .collect()
}
