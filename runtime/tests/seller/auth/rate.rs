//! How many calls a caller may make.

use std::time::Duration;

use adcp_seller::profile::{Entry, Rate};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{open, profile};
use crate::support::{OTHER_TOKEN, TOKEN};

#[tokio::test]
async fn one_caller_is_slowed_down_and_no_other() {
    let entry = Entry {
        rate: Some(Rate {
            per_minute: 30,
            burst: 2,
        }),
        ..Entry::PLAIN
    };
    let door = open(profile(entry), |_| {}).await;
    let call = |token: &'static str| {
        let arguments = json!({ "buying_mode": "wholesale", "context": { "id": "c" } });
        let response = door.call(token, "get_products", arguments);
        async move { response.await.json()["result"]["structuredContent"].clone() }
    };
    let answers = join_all((0..8).map(|_| call(TOKEN))).await;
    let (refused, answered): (Vec<Value>, Vec<Value>) = answers
        .into_iter()
        .partition(|answer| answer.get("adcp_error").is_some());
    assert!((2..=4).contains(&answered.len()), "{}", answered.len());
    let mut longest = 0;
    for answer in &refused {
        let error = &answer["adcp_error"];
        assert_eq!(error["code"], "RATE_LIMITED");
        assert_eq!(error["recovery"], "transient");
        assert_eq!(answer["context"], json!({ "id": "c" }));
        let seconds = error["retry_after"].as_u64().expect("seconds");
        assert!((1..=2).contains(&seconds), "{answer}");
        longest = longest.max(seconds);
    }
    assert!(call(OTHER_TOKEN).await.get("products").is_some());
    tokio::time::sleep(Duration::from_secs(longest)).await;
    assert!(call(TOKEN).await.get("products").is_some());
    door.running.stop().await;
}
