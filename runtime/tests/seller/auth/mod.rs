//! Who comes in: keys that change, access tokens good and bad, the documents about them, what a
//! caller may do and how often, and what slow or oversized requests are worth.

mod issuer;
mod tokens;
mod authorization_server;
mod keys;
mod rate;
mod limits;
mod secrets;

use std::sync::Arc;

use adcp_seller::clock::ManualClock;
use adcp_seller::outbound::Reach;
use adcp_seller::profile::{Entry, OAuth, Profile};
use adcp_seller::seller::{Running, Seller, Setting};
use adcp_seller::store::memory::MemoryStore;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::desk::Desk;
use crate::support::http::{Client, Response};
use crate::support::{NOW, line, rpc, setting};

/// A seller at whose door a test stands.
struct Door {
    running: Running,
    client: Client,
    clock: ManualClock,
}

/// A live seller of a profile, in a setting that a test changes.
async fn open(profile: &'static Profile, change: impl FnOnce(&mut Setting)) -> Door {
    let clock = ManualClock::new(NOW.parse().expect("an instant"));
    let mut setting = setting(Arc::new(MemoryStore::new()), &clock, false);
    setting.trust.reach = Reach::AndLoopback;
    change(&mut setting);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let running = Seller::new(line::spec(), profile, Desk::default())
        .start(listener, setting)
        .await
        .expect("the seller starts");
    Door {
        running,
        client: Client::new(address),
        clock,
    }
}

/// A profile of this test's own, for as long as the process lives.
fn profile(entry: Entry) -> &'static Profile {
    Box::leak(Box::new(Profile {
        entry,
        ..line::PROFILE
    }))
}

/// A seller that takes the tokens of an issuer.
fn taking(issuer: &str, scopes: &'static [(&'static str, &'static [&'static str])]) -> Entry {
    Entry {
        oauth: Some(OAuth {
            issuer: Box::leak(issuer.to_owned().into_boxed_str()),
            audience: None,
            scopes,
        }),
        ..Entry::PLAIN
    }
}

impl Door {
    /// Where the seller is at home.
    fn home(&self) -> String {
        format!("http://{}", self.client.address())
    }

    /// The URL of the MCP endpoint.
    fn url(&self) -> String {
        self.home() + "/mcp"
    }

    /// Calls a tool with a token.
    async fn call(&self, token: &str, tool: &str, arguments: Value) -> Response {
        let message = rpc(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        );
        self.client
            .post(token, message.to_string().as_bytes())
            .await
    }

    /// The status of a call that anybody may make who comes in.
    async fn knock(&self, token: &str) -> u16 {
        let arguments = json!({ "buying_mode": "wholesale" });
        self.call(token, "get_products", arguments).await.status
    }

    async fn get(&self, path: &str) -> Response {
        self.client.send("GET", path, &[], b"").await
    }
}

/// Asserts that an answer is a refusal with this one challenge.
#[track_caller]
fn assert_challenged(response: &Response, status: u16, challenge: &str) {
    assert_eq!(response.status, status, "{}", response.text());
    assert_eq!(response.header("www-authenticate"), Some(challenge));
    let code = if status == 403 {
        "PERMISSION_DENIED"
    } else {
        "AUTH_REQUIRED"
    };
    let error = &response.json()["error"]["data"]["adcp_error"];
    assert_eq!(error["code"], code);
    assert_eq!(error["recovery"], "correctable");
}
