//! Status changes: three ways to publish one, and the one effect.

mod publishing;
mod handlers;
mod following;

use std::sync::Arc;

use adcp_seller::profile::Profile;
use adcp_seller::schema::Schemas;
use adcp_seller::store::memory::MemoryStore;
use serde_json::{Value, json};

use crate::market::{self, AdServer, Market, Parts, account, banner, creative};
use crate::support::line;
use crate::support::mirror::Mirror;

/// A seller under test, and everything that it keeps.
struct Stage {
    market: Market,
    store: Arc<Mirror>,
}

/// A seller over a store that can be looked into.
async fn stage(profile: &'static Profile, sandbox: bool) -> Stage {
    let ad_server = AdServer::default();
    staged(profile, sandbox, ad_server.clone(), ad_server).await
}

async fn staged(
    profile: &'static Profile,
    sandbox: bool,
    platform: impl adcp_seller::platform::Platform,
    ad_server: AdServer,
) -> Stage {
    let store = Arc::new(Mirror::new(Arc::new(MemoryStore::new())));
    let parts = Parts {
        sandbox,
        store: store.clone(),
        ..Parts::of(profile)
    };
    let market = parts.open(platform, ad_server).await;
    Stage { market, store }
}

/// Where notifications of one sort go.
fn hook(path: &str) -> Value {
    json!({
        "url": format!("https://hooks.nova.example/{path}"),
        "token": "a-token-of-16-bytes",
        "authentication": { "schemes": ["Bearer"], "credentials": "c".repeat(32) },
    })
}

impl Stage {
    /// What waits to be delivered to that path, oldest first; each body has been held against the
    /// line's schema of payloads.
    fn waiting(&self, path: &str) -> Vec<Value> {
        let schemas = Schemas::new(line::spec()).expect("the line's schemas");
        let mut bodies: Vec<Value> = self
            .store
            .contents()
            .into_iter()
            .filter(|(key, _)| key.kind == "webhook_parcel")
            .filter(|(_, parcel)| {
                let url = parcel["subscription"]["url"].as_str().expect("a URL");
                url.ends_with(&format!("/{path}"))
            })
            .map(|(_, parcel)| parcel["body"].as_str().expect("a body").to_owned())
            .map(|body| serde_json::from_str(&body).expect("JSON"))
            .collect();
        for body in &bodies {
            assert_eq!(schemas.check("McpWebhookPayload", body), Ok(()), "{body}");
            assert_eq!(body["token"], "a-token-of-16-bytes");
        }
        bodies.sort_by_key(|body| body["timestamp"].as_str().map(str::to_owned));
        bodies
    }

    /// The usual account, set up; its id.
    async fn account(&self, receiver: Option<&str>) -> String {
        let mut entry = account("nova");
        entry["billing"] = json!("operator");
        let mut request = json!({ "accounts": [entry] });
        if let Some(path) = receiver {
            request["push_notification_config"] = hook(path);
        }
        let synced = self.market.call("sync_accounts", request).await;
        let id = synced["accounts"][0]["account_id"].as_str();
        id.expect("an id").to_owned()
    }

    /// Books a banner for the usual account; its id. `receiver` follows it.
    async fn booked(&self, receiver: Option<&str>) -> String {
        let mut order = market::order(json!([banner(5000.0)]));
        if let Some(path) = receiver {
            order["push_notification_config"] = hook(path);
        }
        let booked = self.market.call("create_media_buy", order).await;
        booked["media_buy_id"].as_str().expect("an id").to_owned()
    }

    /// Puts a creative into the library of the usual account.
    async fn synced(&self, creative_id: &str, receiver: Option<&str>) {
        let mut request = json!({ "account": account("nova"), "creatives": [creative(creative_id, "rectangle")] });
        if let Some(path) = receiver {
            request["push_notification_config"] = hook(path);
        }
        self.market.call("sync_creatives", request).await;
    }

    /// Where a media buy stands.
    async fn status_of(&self, media_buy_id: &str) -> Value {
        self.market.read(&json!(media_buy_id)).await["status"].clone()
    }
}
