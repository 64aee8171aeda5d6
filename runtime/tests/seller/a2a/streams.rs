//! Answers in pieces.

use std::time::Duration;

use serde_json::{Value, json};

use super::{BOTH, OPEN, WATCHED, Wire, agent, events, payload};
use crate::support::{TOKEN, rpc};

/// The inner object of an event, and what it is.
fn inner(wire: Wire, event: &Value) -> (String, Value) {
    let result = &event["result"];
    match wire {
        Wire::Older => (
            result["kind"].as_str().expect("a kind").to_owned(),
            result.clone(),
        ),
        Wire::Newer => {
            let (name, value) = result
                .as_object()
                .and_then(|members| members.iter().next())
                .expect("one branch");
            let name = match name.as_str() {
                "statusUpdate" => "status-update",
                "artifactUpdate" => "artifact-update",
                other => other,
            };
            (name.to_owned(), value.clone())
        }
    }
}

#[tokio::test]
async fn a_call_is_begun_answered_and_over() {
    let agent = agent(&OPEN).await;
    for wire in BOTH {
        let method = wire.method("message/stream", "SendStreamingMessage");
        let params = wire.call("get_products", json!({ "buying_mode": "wholesale" }));
        let body = rpc(method, params).to_string();
        let response = agent.post(TOKEN, &wire.headers(), body.as_bytes()).await;
        let events = events(&response);
        assert!(
            events
                .iter()
                .all(|event| event["id"] == 1 && event["jsonrpc"] == "2.0")
        );
        let seen: Vec<(String, Value)> = events.iter().map(|event| inner(wire, event)).collect();
        let kinds: Vec<&str> = seen.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["task", "artifact-update", "status-update"]);
        assert_eq!(seen[0].1["status"]["state"], wire.state("working"));
        let artifact = &seen[1].1["artifact"];
        let answer = payload(&json!({ "artifacts": [artifact] }));
        assert!(answer["products"].is_array());
        assert_eq!(seen[2].1["status"]["state"], wire.state("completed"));
        assert_eq!(
            seen[2].1.get("final"),
            (wire == Wire::Older).then_some(&json!(true))
        );
        let id = &seen[0].1["id"];
        assert!(seen[1..].iter().all(|(_, event)| event["taskId"] == *id));
        let kept = agent.task(wire, id.as_str().expect("an id")).await;
        assert_eq!(payload(&kept), answer, "it can be asked for afterwards");
    }
}

#[tokio::test]
async fn a_task_is_followed_until_it_is_over() {
    let agent = agent(&WATCHED).await;
    for wire in BOTH {
        let id = agent.submit(wire).await;
        let method = wire.method("tasks/resubscribe", "SubscribeToTask");
        let body = rpc(method, json!({ "id": id })).to_string();
        let headers = wire.headers();
        let (response, ()) = tokio::join!(agent.post(TOKEN, &headers, body.as_bytes()), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            agent.decide(&id, true).await;
        });
        let seen: Vec<(String, Value)> = events(&response)
            .iter()
            .map(|event| inner(wire, event))
            .collect();
        let (first, last) = (seen.first().expect("events"), seen.last().expect("events"));
        assert_eq!(first.0, "task");
        assert_eq!(first.1["status"]["state"], wire.state("submitted"));
        assert_eq!(last.1["status"]["state"], wire.state("completed"));
        assert!(
            seen.iter().any(|(kind, event)| kind == "artifact-update"
                && payload(&json!({ "artifacts": [event["artifact"]] }))["media_buy_id"]
                    .is_string()),
            "{seen:?}"
        );

        // Once it is over there is nothing to follow. Version 0.3 says how it ended all the same.
        let response = agent.post(TOKEN, &wire.headers(), body.as_bytes()).await;
        let event = events(&response).remove(0);
        match wire {
            Wire::Older => assert_eq!(event["result"]["status"]["state"], "completed"),
            Wire::Newer => assert_eq!(event["error"]["code"], -32004),
        }
    }
}

#[tokio::test]
async fn a_caller_has_so_many_streams_and_gets_them_back() {
    let agent = agent(&WATCHED).await;
    let id = agent.submit(Wire::Older).await;
    let body = rpc("tasks/resubscribe", json!({ "id": id })).to_string();
    let mut open = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (client, body) = (agent.client, body.clone());
        open.spawn(async move {
            let bearer = format!("Bearer {TOKEN}");
            let headers = [
                ("authorization", bearer.as_str()),
                ("content-type", "application/json"),
            ];
            client.send("POST", "/a2a", &headers, body.as_bytes()).await
        });
    }
    let mut refused = false;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let over = rpc(
            "message/stream",
            Wire::Older.call("get_adcp_capabilities", json!({})),
        );
        let response = agent.post(TOKEN, &[], over.to_string().as_bytes()).await;
        if events(&response)[0]["error"]["data"]["adcp_error"]["code"] == "RATE_LIMITED" {
            refused = true;
            break;
        }
    }
    assert!(refused, "the seventeenth stream is refused");
    let plain = agent
        .send(Wire::Older, "get_adcp_capabilities", json!({}))
        .await;
    assert_eq!(plain["status"]["state"], "completed", "calls go on");
    agent.decide(&id, false).await;
    while let Some(ended) = open.join_next().await {
        let events = events(&ended.expect("it ends"));
        assert_eq!(
            events.last().expect("events")["result"]["status"]["state"],
            "rejected"
        );
    }
    let over = rpc(
        "message/stream",
        Wire::Older.call("get_adcp_capabilities", json!({})),
    );
    let response = agent.post(TOKEN, &[], over.to_string().as_bytes()).await;
    assert_eq!(events(&response).len(), 3, "places are free again");
}

#[tokio::test]
async fn streams_that_follow_something_end_when_the_seller_stops() {
    let agent = agent(&WATCHED).await;
    let id = agent.submit(Wire::Newer).await;
    let body = rpc("SubscribeToTask", json!({ "id": id })).to_string();
    let client = agent.client;
    let following = tokio::spawn(async move {
        let bearer = format!("Bearer {TOKEN}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("a2a-version", "1.0"),
        ];
        client.send("POST", "/a2a", &headers, body.as_bytes()).await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    agent.running.stop().await;
    let response = tokio::time::timeout(Duration::from_secs(2), following)
        .await
        .expect("the stream ends with the seller")
        .expect("it ends well");
    assert_eq!(
        events(&response).len(),
        1,
        "what was known, and nothing more"
    );
}
