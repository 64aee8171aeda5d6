//! Starts the seller as buyers meet it: the built program, on a free port, with an empty store.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The built program.
const PROGRAM: &str = env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME")));

/// The sandbox token that the tests start the seller with.
const TOKEN: &str = "smoke-test-token";

/// A running seller. Dropping it stops it.
pub struct Seller {
    process: Child,
    url: String,
}

impl Seller {
    /// Starts a seller that forgets everything at its end, and waits until it is ready.
    pub fn start() -> Self {
        Seller::start_with(&[("SELLER_STORE", "memory:")])
    }

    /// Starts a seller with these environment variables and waits until it is ready.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = free.local_addr().expect("the port's address");
        drop(free);
        let process = Command::new(PROGRAM)
            .arg("serve")
            .env("SELLER_ADDR", addr.to_string())
            .env("SELLER_SANDBOX", "1")
            .env("SELLER_TOKEN", TOKEN)
            .env("SELLER_LOG", "warn")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .expect("the seller starts");
        let mut seller = Seller {
            process,
            url: format!("http://{addr}"),
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

    /// Sends one MCP request and answers its result.
    pub fn request(&self, method: &str, params: Value) -> Value {
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

impl Drop for Seller {
    fn drop(&mut self) {
        // It may have ended already; either way it has to be reaped.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
