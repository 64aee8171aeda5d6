//! A seller that takes signatures, and a buyer who signs.

use std::sync::Arc;

use adcp_seller::auth::{Keys, Signer, Signers};
use adcp_seller::clock::ManualClock;
use adcp_seller::identity::Principal;
use adcp_seller::outbound::Reach;
use adcp_seller::profile::{DigestPolicy, Profile, RequestSigning};
use adcp_seller::seller::{Seller, Setting, Trust};
use adcp_seller::signing::KeySet;
use adcp_seller::store::SharedStore;
use adcp_seller::store::memory::MemoryStore;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::pen::{Headers, Letter, Pen};
use crate::support::desk::Desk;
use crate::support::http::{Client, Response};
use crate::support::mirror::Mirror;
use crate::support::{NOW, callers, line, operators, rpc};

/// The plain binding, below which operations lie.
pub(crate) const PLAIN: &str = "/mcp/adcp/";

/// The policy of most sellers.
pub(crate) const VERIFIES: RequestSigning = RequestSigning {
    supported: true,
    digest: DigestPolicy::Either,
    required_for: &[],
    warn_for: &[],
};

/// A seller that verifies signatures.
pub(crate) static VERIFIER: Profile = Profile {
    request_signing: VERIFIES,
    ..line::PROFILE
};

/// A seller under test.
pub(crate) struct Shop {
    pub(crate) client: Client,
    pub(crate) clock: ManualClock,
    pub(crate) store: Arc<Mirror>,
    pub(crate) desk: Desk,
    home: String,
}

/// What a shop is made of.
pub(crate) struct Plan {
    pub(crate) profile: &'static Profile,
    pub(crate) signers: Signers,
    pub(crate) store: SharedStore,
    pub(crate) sandbox: bool,
    pub(crate) trust: Trust,
}

impl Plan {
    /// A sandbox that knows these signers, over a store in memory.
    pub(crate) fn of(signers: impl IntoIterator<Item = Signer>) -> Self {
        let mut known = Signers::default();
        for signer in signers {
            known.add(signer);
        }
        Plan {
            profile: &VERIFIER,
            signers: known,
            store: Arc::new(MemoryStore::new()),
            sandbox: true,
            trust: Trust::default(),
        }
    }

    pub(crate) async fn open(self) -> Shop {
        let store = Arc::new(Mirror::new(self.store.clone()));
        let kept: SharedStore = store.clone();
        self.over(kept, store).await
    }

    /// The same without a copy of what the store holds.
    pub(crate) async fn open_bare(self) -> Shop {
        let mirror = Arc::new(Mirror::new(Arc::new(MemoryStore::new())));
        let store = self.store.clone();
        self.over(store, mirror).await
    }

    async fn over(self, kept: SharedStore, store: Arc<Mirror>) -> Shop {
        let clock = ManualClock::new(NOW.parse().expect("an instant"));
        let desk = Desk::default();
        let setting = Setting {
            store: kept,
            clock: Arc::new(clock.clone()),
            callers: callers(),
            catalog: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seller/support/catalog").into(),
            sandbox: self.sandbox,
            operators: operators(),
            operator_addr: None,
            development: true,
            trust: Trust {
                reach: Reach::AndLoopback,
                signers: self.signers,
                ..self.trust
            },
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        Seller::new(line::spec(), self.profile, desk.clone())
            .start(listener, setting)
            .await
            .expect("the seller starts");
        Shop {
            client: Client::new(address),
            clock,
            store,
            desk,
            home: format!("http://{address}"),
        }
    }
}

/// A signer with the keys of these pens, made for requests.
pub(crate) fn signer(principal: &str, pens: &[&Pen]) -> Signer {
    let keys = pens.iter().map(|pen| pen.jwk("request-signing"));
    with_keys(principal, keys)
}

/// A signer with these public keys.
pub(crate) fn with_keys(principal: &str, keys: impl Iterator<Item = Value>) -> Signer {
    let document = json!({ "keys": keys.collect::<Vec<_>>() }).to_string();
    let keys = KeySet::parse(document.as_bytes()).expect("a set of keys");
    Signer::new(Principal(principal.into()), Keys::Known(Arc::new(keys)))
}

impl Shop {
    /// The present second.
    pub(crate) fn now(&self) -> i64 {
        use adcp_seller::clock::Clock;
        self.clock.now().timestamp()
    }

    /// A call of an operation over the plain binding, to be signed.
    pub(crate) fn letter(&self, operation: &str, arguments: &Value) -> Letter {
        let url = format!("{}{PLAIN}{operation}", self.home);
        Letter::post(url, arguments, self.now())
    }

    /// A call of a tool over MCP, to be signed.
    pub(crate) fn tool_letter(&self, tool: &str, arguments: &Value) -> Letter {
        let body = rpc(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        );
        Letter::post(format!("{}/mcp", self.home), &body, self.now())
    }

    /// A method of A2A, to be signed.
    pub(crate) fn agent_letter(&self, method: &str, params: &Value) -> Letter {
        let body = rpc(method, params.clone());
        Letter::post(format!("{}/a2a", self.home), &body, self.now())
    }

    /// Signs a letter and sends it.
    pub(crate) async fn send(&self, pen: &Pen, letter: &Letter) -> Response {
        self.post(letter, pen.sign(letter)).await
    }

    /// Sends a letter with these headers.
    pub(crate) async fn post(&self, letter: &Letter, headers: Headers) -> Response {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let path = letter
            .url
            .strip_prefix(&self.home)
            .expect("a letter to this seller");
        self.client
            .send(&letter.method, path, &headers, &letter.body)
            .await
    }
}

/// Asserts that a request was turned away for a fault of its signature, and returns the answer.
#[track_caller]
pub(crate) fn assert_turned(response: &Response, code: &str) {
    assert_eq!(response.status, 401, "{code}: {}", response.text());
    let challenges: Vec<&str> = response
        .headers
        .iter()
        .filter(|(name, _)| name == "www-authenticate")
        .map(|(_, value)| value.as_str())
        .collect();
    let wanted = format!("Signature error=\"{code}\"");
    assert!(
        challenges.contains(&wanted.as_str()),
        "{code}: {challenges:?}"
    );
}
