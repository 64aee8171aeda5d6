//! What is sent satisfies the line's own schema of a payload.

use adcp_seller::identity::Principal;
use adcp_seller::schema::Schemas;
use adcp_seller::store::{Batch, Store as _};
use adcp_seller::tasks::TaskStatus;
use adcp_seller::webhooks::{self, Event, Form, Subscription, TaskEvent};
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{FREE, NOW, WATCHED, line, post, tenant};
use crate::market::account;

/// The definition of a payload (`core/mcp-webhook-payload.json`).
const PAYLOAD: &str = "McpWebhookPayload";

#[track_caller]
fn assert_fits(schemas: &Schemas, body: &Value) {
    if let Err(violations) = schemas.check(PAYLOAD, body) {
        panic!("{body}: {violations:?}");
    }
}

#[tokio::test]
async fn every_payload_fits_its_schema() {
    let schemas = Schemas::new(line::spec()).expect("the schemas");
    let broken = json!({ "idempotency_key": "short", "task_id": "t" });
    assert!(schemas.check(PAYLOAD, &broken).is_err(), "it is a schema");
    let (watched, free) = (post(&WATCHED).await, post(&FREE).await);
    let buyer = Receiver::well().await;
    let config =
        json!({ "url": buyer.url("/"), "token": "a-token-of-the-buyer", "operation_id": "op-1" });
    // Answered at once.
    free.call("create_media_buy", free.order(config.clone()))
        .await;
    let mut nova = account("nova");
    nova["billing"] = json!("operator");
    let accounts = json!({
        "idempotency_key": "accounts-with-a-webhook",
        "accounts": [nova],
        "push_notification_config": config,
    });
    free.call("sync_accounts", accounts).await;
    // Approved and done; rejected.
    for approved in [true, false] {
        let task_id = watched.submit(&buyer.url("/")).await;
        watched.decide(&task_id, approved).await;
    }
    let received = buyer.once(5).await;
    for told in &received {
        assert_fits(&schemas, &told.json());
    }
    let statuses: Vec<Value> = received
        .iter()
        .map(|told| told.json()["status"].clone())
        .collect();
    for status in ["completed", "working", "rejected"] {
        assert!(statuses.contains(&json!(status)), "{status}: {statuses:?}");
    }
}

/// A receiver that a client of A2A registered.
fn of_a2a(url: &str, form: Form) -> Subscription {
    Subscription {
        form,
        context_id: Some("a-conversation".to_owned()),
        token: Some("a-token-of-a2a".to_owned()),
        ..Subscription::of_config(&json!({ "url": url })).expect("a receiver")
    }
}

/// Where a task stands: at work, or done.
fn event(status: TaskStatus, result: Value) -> Event {
    let task = TaskEvent {
        task_id: "task_1".to_owned(),
        tool: "get_products".to_owned(),
        status,
        message: Some("so it stands".to_owned()),
        result: Some(result),
    };
    Event::task(task, NOW.parse().expect("an instant"))
}

async fn sent(form: Form, event: &Event) -> (Value, Option<String>) {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let mut batch = Batch::new();
    webhooks::enqueue(
        post.services(),
        &mut batch,
        &tenant(),
        &Principal("first".to_owned()),
        &of_a2a(&buyer.url("/"), form),
        event,
    )
    .expect("it is written")
    .expect("A2A names every tool");
    post.store.commit(batch).await.expect("a commit");
    let [told] = buyer.once(1).await.try_into().expect("one");
    let token = told.header("x-a2a-notification-token").map(str::to_owned);
    (told.json(), token)
}

#[tokio::test]
async fn a_client_of_a2a_0_3_is_sent_tasks_and_updates() {
    let result = json!({ "products": [] });
    let (body, token) = sent(Form::A2aV03, &event(TaskStatus::Completed, result.clone())).await;
    assert_eq!(token.as_deref(), Some("a-token-of-a2a"));
    assert_eq!(
        (
            &body["kind"],
            &body["id"],
            &body["contextId"],
            &body["status"]["state"],
        ),
        (
            &json!("task"),
            &json!("task_1"),
            &json!("a-conversation"),
            &json!("completed"),
        )
    );
    let parts = body["artifacts"][0]["parts"].as_array().expect("parts");
    assert!(
        parts.contains(&json!({ "kind": "data", "data": result })),
        "{body}"
    );
    assert!(body["idempotency_key"].is_string());
    let progress = json!({ "percentage": 25 });
    let (body, _) = sent(Form::A2aV03, &event(TaskStatus::Working, progress.clone())).await;
    assert_eq!(
        (&body["kind"], &body["taskId"], &body["final"]),
        (&json!("status-update"), &json!("task_1"), &json!(false))
    );
    let parts = body["status"]["message"]["parts"]
        .as_array()
        .expect("parts");
    assert!(
        parts.contains(&json!({ "kind": "data", "data": progress })),
        "{body}"
    );
}

#[tokio::test]
async fn a_client_of_a2a_1_0_is_sent_stream_responses() {
    let result = json!({ "products": [] });
    let (body, token) = sent(Form::A2aV10, &event(TaskStatus::Rejected, result.clone())).await;
    assert_eq!(token.as_deref(), Some("a-token-of-a2a"));
    let task = &body["task"];
    assert_eq!(task["status"]["state"], "TASK_STATE_REJECTED");
    assert!(task["metadata"]["idempotency_key"].is_string());
    let parts = task["artifacts"][0]["parts"].as_array().expect("parts");
    assert!(parts.contains(&json!({ "data": result })), "{body}");
    let progress = json!({ "percentage": 25 });
    let (body, _) = sent(Form::A2aV10, &event(TaskStatus::Working, progress.clone())).await;
    let update = &body["statusUpdate"];
    assert_eq!(update["status"]["state"], "TASK_STATE_WORKING");
    assert!(update.get("kind").is_none() && update.get("final").is_none());
    let parts = update["status"]["message"]["parts"]
        .as_array()
        .expect("parts");
    assert!(parts.contains(&json!({ "data": progress })), "{body}");
}
