//! Starts the seller as buyers meet it: the built program, on a free port, with an empty store.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The built program.
const PROGRAM: &str = env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME")));

/// The sandbox token that the tests start the seller with.
const TOKEN: &str = "smoke-test-token";
/// The operator's token of that sandbox.
const OPERATOR: &str = "smoke-test-operator";

/// A running seller. Dropping it stops it.
pub struct Seller {
    process: Child,
    url: String,
    /// Where its operator API is.
    operators: String,
}

impl Seller {
    /// Starts a seller that forgets everything at its end, and waits until it is ready.
    pub fn start() -> Self {
        Seller::start_with(&[("SELLER_STORE", "memory:")])
    }

    /// Starts a seller with these environment variables and waits until it is ready.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let addr = free_address();
        let operators = free_address();
        let process = Command::new(PROGRAM)
            .arg("serve")
            .env("SELLER_ADDR", addr.to_string())
            .env("SELLER_SANDBOX", "1")
            .env("SELLER_TOKEN", TOKEN)
            .env("SELLER_OPERATOR_ADDR", operators.to_string())
            .env("SELLER_OPERATOR_TOKEN", OPERATOR)
            .env("SELLER_DEVELOPMENT", "1")
            .env("SELLER_LOG", "warn")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .expect("the seller starts");
        let mut seller = Seller {
            process,
            url: format!("http://{addr}"),
            operators: format!("http://{operators}"),
        };
        let patience = Instant::now() + Duration::from_secs(30);
        while ureq::get(format!("{}/readyz", seller.url)).call().is_err() {
            let ended = seller.process.try_wait().expect("the seller's state");
            assert!(ended.is_none(), "the seller ended at start-up: {ended:?}");
            assert!(
                Instant::now() < patience,
                "the seller is not ready after 30 seconds"
            );
            sleep(Duration::from_millis(20));
        }
        seller
    }

    /// Calls a tool and answers its structured content, also that of an error.
    pub fn call(&self, tool: &str, arguments: Value) -> Value {
        let mut result = self.request(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        );
        result["structuredContent"].take()
    }

    /// The names of the tools on offer.
    pub fn tools(&self) -> Vec<String> {
        let listed = self.request("tools/list", json!({}));
        names(&listed["tools"])
    }

    /// The answer itself, or what becomes of it once somebody has agreed, where somebody has to.
    pub fn settled(&self, answer: Value) -> Value {
        if answer["status"] != "submitted" {
            return answer;
        }
        let patience = Instant::now() + Duration::from_secs(30);
        loop {
            self.approve_all();
            let task = json!({ "task_id": answer["task_id"], "include_result": true });
            let mut task = self.call("tasks/get", task);
            if task["status"] == "completed" {
                return task["result"].take();
            }
            assert!(Instant::now() < patience, "nothing comes of it: {task}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Agrees to whatever waits for a person.
    fn approve_all(&self) {
        let authorization = format!("Bearer {OPERATOR}");
        let waiting: Value = ureq::get(format!("{}/tasks?awaiting=true", self.operators))
            .header("authorization", &authorization)
            .call()
            .expect("an answer")
            .body_mut()
            .read_json()
            .expect("a JSON answer");
        for task in waiting["tasks"].as_array().expect("a list of tasks") {
            let id = task["task_id"].as_str().expect("an id");
            ureq::post(format!("{}/tasks/{id}/approve", self.operators))
                .header("authorization", &authorization)
                .send_empty()
                .expect("the operator may");
        }
    }

    /// Sends one MCP request and answers its result.
    fn request(&self, method: &str, params: Value) -> Value {
        let mut answer: Value = ureq::post(format!("{}/mcp", self.url))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("accept", "application/json, text/event-stream")
            .send_json(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
            .expect("an answer")
            .body_mut()
            .read_json()
            .expect("a JSON answer");
        assert!(
            answer["error"].is_null(),
            "{method} failed: {}",
            answer["error"]
        );
        answer["result"].take()
    }
}

/// The names of things that have one.
fn names(things: &Value) -> Vec<String> {
    let things = things.as_array().expect("a list").iter();
    things
        .map(|thing| thing["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// An address of this machine that nobody listens on.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
}

impl Drop for Seller {
    fn drop(&mut self) {
        // It may have ended already; either way it has to be reaped.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
