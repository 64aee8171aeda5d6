//! Keys on reads: ignored where the line's schema has none, taken where it has one.

use std::sync::{Arc, LazyLock};

use adcp_seller::spec::Spec;
use serde_json::{Value, json};

use crate::market::{self, AdServer, Parts};
use crate::support::line;
use crate::support::mirror::Mirror;

/// The line as it is from 3.1 on in this respect: `get_products` may have a key.
fn later() -> &'static Spec {
    static SPEC: LazyLock<Spec> = LazyLock::new(|| {
        let spec = line::spec();
        let tool = spec.tool("get_products").expect("the tool");
        let mut document: Value = serde_json::from_str(spec.schemas).expect("JSON");
        document["definitions"][tool.request]["properties"]["idempotency_key"] = json!({
            "type": "string", "minLength": 16, "maxLength": 255, "pattern": "^[A-Za-z0-9_.:-]{16,255}$",
        });
        Spec {
            schemas: String::leak(document.to_string()),
            ..*spec
        }
    });
    &SPEC
}

fn question(key: &str, brief: &str) -> Value {
    json!({ "buying_mode": "brief", "brief": brief, "idempotency_key": key, "context": { "trace": brief } })
}

async fn open(spec: &'static Spec) -> (market::Market, Arc<Mirror>) {
    let store = Arc::new(Mirror::new(Arc::new(
        adcp_seller::store::memory::MemoryStore::new(),
    )));
    let ad_server = AdServer::default();
    let parts = Parts {
        spec,
        store: store.clone(),
        ..Parts::of(&market::EXPLICIT)
    };
    (parts.open(ad_server.clone(), ad_server).await, store)
}

#[tokio::test]
async fn where_the_line_has_no_key_for_a_read_it_is_ignored() {
    let (market, store) = open(line::spec()).await;
    for brief in ["banners", "films"] {
        let answer = market
            .call("get_products", question("one-key-for-two-reads", brief))
            .await;
        assert_eq!(answer.get("replayed"), None);
        assert_eq!(answer.get("idempotency_key"), None);
    }
    // Not even its form is judged.
    market
        .call("get_products", question("short", "banners"))
        .await;
    assert_eq!(store.count("idempotency"), 0);
}

#[tokio::test]
async fn where_the_line_has_one_it_is_kept_like_that_of_a_change() {
    let (market, store) = open(later()).await;
    let key = "one-key-for-two-reads";
    let first = market.call("get_products", question(key, "banners")).await;
    assert_eq!(first["idempotency_key"], key);
    let mut again = question(key, "banners");
    again["context"] = json!({ "trace": "anew" });
    let again = market.call("get_products", again).await;
    assert_eq!(again["replayed"], true);
    assert_eq!(again["context"], json!({ "trace": "anew" }));
    assert_eq!(again["products"], first["products"]);
    let conflict = market.refused("get_products", question(key, "films")).await;
    assert_eq!(conflict, ("IDEMPOTENCY_CONFLICT".to_owned(), None));
    let unfit = market
        .refused("get_products", question("short", "films"))
        .await;
    assert_eq!(
        unfit,
        (
            "INVALID_REQUEST".to_owned(),
            Some("idempotency_key".to_owned())
        )
    );
    assert_eq!(store.count("idempotency"), 1);
    // It stays optional.
    let without = json!({ "buying_mode": "brief", "brief": "films" });
    market.call("get_products", without).await;
    assert_eq!(store.count("idempotency"), 1);
}
