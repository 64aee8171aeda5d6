//! What a credential opens holds for the tasks of its caller as well, and for as long as it is good.

use std::path::Path;
use std::time::Duration;

use adcp_seller::auth::Callers;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Agent, WATCHED, Wire, agent_of, events};
use crate::support::{OTHER_TOKEN, TOKEN, line, rpc};

/// A key of the first buyer that opens one tool.
const NARROW: &str = "a-key-of-the-first-buyer-for-reading";
/// How long a changed file may go unnoticed.
const NOTICED: Duration = Duration::from_secs(20);

fn entry(principal: &str, key: &str, rest: &str) -> String {
    let digest: String = Sha256::digest(key)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("[[key]]\nprincipal = \"{principal}\"\nsha256 = \"{digest}\"\n{rest}\n")
}

/// Replaces the file in one step.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).expect("written");
    std::fs::rename(beside, path).expect("moved");
}

async fn over(path: &Path) -> Agent {
    let mut callers = Callers::default();
    callers
        .read(path.to_owned(), line::spec())
        .expect("a good file");
    agent_of(&WATCHED, callers).await
}

#[tokio::test]
async fn a_key_for_some_tools_finds_no_task_of_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.toml");
    let text = [
        entry("first", TOKEN, ""),
        entry("first", NARROW, "tools = [\"get_products\"]"),
        entry("second", OTHER_TOKEN, ""),
    ];
    replace(&path, &text.concat());
    let agent = over(&path).await;
    let wire = Wire::Newer;
    let task = agent.submit(wire).await;
    let booked = agent.send(wire, "get_media_buys", json!({})).await;
    let read = json!({ "buying_mode": "wholesale" });
    let offered = agent.send(wire, "get_products", read).await;
    let config = json!({ "taskId": task, "id": "mine", "url": "https://buyer.example/hook" });
    agent
        .ask(wire, "CreateTaskPushNotificationConfig", config.clone())
        .await;

    let named = json!({ "taskId": task, "id": "mine" });
    for (method, params) in [
        ("GetTask", json!({ "id": task })),
        ("GetTask", json!({ "id": booked["id"] })),
        ("CancelTask", json!({ "id": task })),
        ("CreateTaskPushNotificationConfig", config),
        ("GetTaskPushNotificationConfig", named.clone()),
        ("ListTaskPushNotificationConfigs", json!({ "taskId": task })),
        ("DeleteTaskPushNotificationConfig", named),
    ] {
        let answer = agent.ask_as(NARROW, wire, method, params.clone()).await;
        assert_eq!(answer["error"]["code"], -32001, "{method} {params}");
    }
    let body = rpc("SubscribeToTask", json!({ "id": task })).to_string();
    let response = agent.post(NARROW, &wire.headers(), body.as_bytes()).await;
    assert_eq!(events(&response)[0]["error"]["code"], -32001);

    let ids = |list: &Value| -> Vec<Value> {
        let tasks = list["tasks"].as_array().expect("tasks");
        tasks.iter().map(|task| task["id"].clone()).collect()
    };
    let all = agent.ask(wire, "ListTasks", json!({})).await;
    assert!(ids(&all).contains(&json!(task)) && ids(&all).contains(&booked["id"]));
    let some = agent.ask_as(NARROW, wire, "ListTasks", json!({})).await;
    assert_eq!(ids(&some["result"]), [offered["id"].clone()], "{some}");
    assert_eq!(some["result"]["totalSize"], 1);
    let still = agent.task(wire, &task).await;
    assert_eq!(still["status"]["state"], wire.state("submitted"));
}

#[tokio::test]
async fn a_stream_ends_when_its_caller_is_no_longer_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.toml");
    let other = entry("second", OTHER_TOKEN, "");
    replace(&path, &(entry("first", TOKEN, "") + &other));
    let agent = over(&path).await;
    let task = agent.submit(Wire::Newer).await;
    let body = rpc("SubscribeToTask", json!({ "id": task })).to_string();
    let headers = Wire::Newer.headers();
    let following = agent.post(TOKEN, &headers, body.as_bytes());
    let (response, ()) = tokio::join!(following, async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        replace(&path, &other);
        let gone = async {
            while agent.post(TOKEN, &[], b"{}").await.status != 401 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(NOTICED, gone)
            .await
            .expect("the change is noticed");
        agent.decide(&task, false).await;
    });
    let events = events(&response);
    assert_eq!(events.len(), 2, "what was known, and the end: {events:?}");
    assert_eq!(events[1]["error"]["code"], -32004, "{events:?}");
}
