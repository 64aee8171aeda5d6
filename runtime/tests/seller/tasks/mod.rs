//! Operations that outlive their call: handed off, waiting for a person, or left behind by a process
//! that died.

mod approval;
mod bounds;
mod finalizing;
mod hand_off;
mod reading;
mod recovery;
mod unknown;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adcp_seller::auth::Callers;
use adcp_seller::clock::ManualClock;
use adcp_seller::identity::{Principal, TenantId};
use adcp_seller::ops::Services;
use adcp_seller::profile::{AccountMode, Approval, Profile};
use adcp_seller::seller::{Running, Seller, Setting};
use adcp_seller::store::memory::MemoryStore;
use adcp_seller::store::{Batch, Change, Expect, SharedStore, Store};
use adcp_seller::tasks::{DecideError, Task, Verdict, decide};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::market::{account, banner, order};
use crate::support::http::Client;
use crate::support::mirror::Mirror;
use crate::support::planner::Planner;
use crate::support::{NOW, OTHER_TOKEN, TOKEN, line, operators, rpc};

/// Nobody has to agree.
static FREE: Profile = Profile {
    name: "stage",
    ..line::PROPOSALS
};
/// Nobody has to agree, and all buyers share one account.
static SHARED: Profile = Profile {
    accounts: AccountMode::Singleton,
    ..FREE
};
/// A person has to agree to every buy within an hour.
static WATCHED: Profile = Profile {
    approval: Approval {
        finalize: true,
        create_media_buy: true,
        within_seconds: 3600,
    },
    ..FREE
};

/// A seller of one process over a store that other processes may share.
struct Stage {
    running: Running,
    client: Client,
    planner: Planner,
    clock: ManualClock,
    store: Arc<Mirror>,
    keys: AtomicU64,
}

/// What outlives a process.
#[derive(Clone)]
struct World {
    store: Arc<Mirror>,
    clock: ManualClock,
}

impl World {
    fn new() -> Self {
        World::over(Arc::new(MemoryStore::new()))
    }

    fn over(store: SharedStore) -> Self {
        World {
            store: Arc::new(Mirror::new(store)),
            clock: ManualClock::new(NOW.parse().expect("an instant")),
        }
    }

    /// The same time and another way to the store.
    fn with(&self, store: SharedStore) -> Self {
        World {
            clock: self.clock.clone(),
            ..World::over(store)
        }
    }

    /// A process of the seller.
    async fn process(&self, profile: &'static Profile, planner: &Planner) -> Stage {
        let mut callers = Callers::default();
        callers.allow(TOKEN, Principal("first".into()));
        callers.allow(OTHER_TOKEN, Principal("second".into()));
        self.process_of(profile, planner, callers).await
    }

    /// A process that knows these callers.
    async fn process_of(
        &self,
        profile: &'static Profile,
        planner: &Planner,
        callers: Callers,
    ) -> Stage {
        let setting = Setting {
            store: self.store.clone(),
            clock: Arc::new(self.clock.clone()),
            callers,
            catalog: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seller/market/catalog").into(),
            sandbox: false,
            operators: operators(),
            operator_addr: None,
            development: true,
            trust: Default::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let running = Seller::new(line::spec(), profile, planner.clone())
            .start(listener, setting)
            .await
            .expect("the seller starts");
        Stage {
            running,
            client: Client::new(address),
            planner: planner.clone(),
            clock: self.clock.clone(),
            store: self.store.clone(),
            keys: AtomicU64::default(),
        }
    }
}

/// A process with a store of its own, whose buyers have their accounts.
async fn stage(profile: &'static Profile) -> Stage {
    let stage = World::new().process(profile, &Planner::default()).await;
    stage.sync_accounts().await;
    stage
}

impl Stage {
    fn services(&self) -> &Services {
        self.running.services()
    }

    /// Both buyers act for the same brand, each with an account of its own.
    async fn sync_accounts(&self) {
        let mut nova = account("nova");
        nova["billing"] = json!("operator");
        for token in [TOKEN, OTHER_TOKEN] {
            let request = json!({ "idempotency_key": "accounts-of-the-stage", "accounts": [nova] });
            self.call_as(token, "sync_accounts", request).await;
        }
    }

    /// The structured content of an answer, or the error in it.
    async fn send_as(&self, token: &str, tool: &str, arguments: Value) -> Result<Value, Value> {
        let body = rpc(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        );
        let response = self.client.post(token, body.to_string().as_bytes()).await;
        let result = response.json()["result"].clone();
        let mut structured = result["structuredContent"].clone();
        if result["isError"] == false {
            Ok(structured)
        } else {
            Err(structured["adcp_error"].take())
        }
    }

    async fn call_as(&self, token: &str, tool: &str, arguments: Value) -> Value {
        self.send_as(token, tool, arguments)
            .await
            .unwrap_or_else(|error| panic!("{tool}: {error}"))
    }

    async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.call_as(TOKEN, tool, arguments).await
    }

    async fn error(&self, tool: &str, arguments: Value) -> Value {
        match self.send_as(TOKEN, tool, arguments).await {
            Ok(answer) => panic!("{tool} should be refused: {answer}"),
            Err(error) => error,
        }
    }

    /// An order that nothing else in the test has a key in common with.
    fn order(&self) -> Value {
        let mut order = order(json!([banner(500.0)]));
        let key = self.keys.fetch_add(1, Ordering::Relaxed);
        order["idempotency_key"] = json!(format!("stage-key-{key:08}"));
        order
    }

    /// Sends an order that is answered `submitted`, and returns the task's id.
    async fn submit(&self) -> String {
        let answer = self.call("create_media_buy", self.order()).await;
        submitted(&answer)
    }

    /// A task as its buyer sees it.
    async fn task(&self, task_id: &str) -> Value {
        self.call("tasks/get", json!({ "task_id": task_id })).await
    }

    /// The task once it is in that status. The worker looks at the latest after a second.
    async fn task_once(&self, task_id: &str, status: &str) -> Value {
        let mut task = Value::Null;
        for _ in 0..500 {
            task = self.task(task_id).await;
            if task["status"] == status {
                return task;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the task should be {status}: {task}");
    }

    async fn decide(&self, task_id: &str, approved: bool) -> Result<Task, DecideError> {
        let verdict = Verdict {
            approved,
            operator: "ada".to_owned(),
            reason: Some("because of the season".to_owned()),
        };
        decide(self.services(), &tenant(), task_id, verdict).await
    }

    /// The buys of the first buyer.
    async fn buys(&self) -> Vec<Value> {
        let found = self
            .call("get_media_buys", json!({ "account": account("nova"), "status_filter": ["pending_creatives", "pending_start", "active"] }))
            .await;
        found["media_buys"].as_array().expect("a list").clone()
    }
}

fn tenant() -> TenantId {
    TenantId(TenantId::SINGLE.to_owned())
}

#[track_caller]
fn submitted(answer: &Value) -> String {
    assert_eq!(answer["status"], "submitted", "{answer}");
    assert!(
        answer.get("media_buy_id").is_none() && answer["message"].is_string(),
        "{answer}"
    );
    answer["task_id"].as_str().expect("a task").to_owned()
}

impl Stage {
    /// A draft of the first buyer, and its id.
    async fn draft(&self) -> Value {
        let request =
            json!({ "buying_mode": "brief", "brief": "news", "account": account("nova") });
        let answer = self.call("get_products", request).await;
        answer["proposals"][0]["proposal_id"].clone()
    }

    /// A firm proposal of the first buyer, and its id.
    async fn firm(&self) -> Value {
        let proposal_id = self.draft().await;
        let answer = self.call("get_products", finalize(&proposal_id)).await;
        assert_eq!(
            answer["proposals"][0]["proposal_status"], "committed",
            "{answer}"
        );
        proposal_id
    }

    /// An order of a proposal.
    fn accept(&self, proposal_id: &Value) -> Value {
        let mut order = self.order();
        order["proposal_id"] = proposal_id.clone();
        order["total_budget"] = json!({ "amount": 1000.0, "currency": "USD" });
        order.as_object_mut().expect("an object").remove("packages");
        order
    }

    /// Where the one proposal in the store stands.
    fn state(&self) -> String {
        let contents = self.store.contents();
        let mut states = contents
            .iter()
            .filter(|(key, _)| key.kind == "proposal")
            .map(|(_, body)| body["state"].as_str().expect("a state").to_owned());
        let state = states.next().expect("a proposal");
        assert_eq!(states.next(), None, "there is one proposal");
        state
    }

    /// Removes every record of a sort, as the sweep does in time.
    async fn forget(&self, kind: &str) {
        let mut batch = Batch::new();
        for key in self
            .store
            .contents()
            .into_keys()
            .filter(|key| key.kind == kind)
        {
            batch.push(key, Expect::Anything, Change::Delete);
        }
        self.store.commit(batch).await.expect("the store commits");
    }

    /// Waits until nothing is left of what was begun.
    async fn settled(&self, state: &str) {
        for _ in 0..500 {
            if self.store.count("task") == 0 && self.state() == state {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!(
            "{state} expected: {} with {} journals",
            self.state(),
            self.store.count("task")
        );
    }
}

fn finalize(proposal_id: &Value) -> Value {
    json!({
        "buying_mode": "refine",
        "account": account("nova"),
        "refine": [{ "scope": "proposal", "proposal_id": proposal_id, "action": "finalize" }],
    })
}
