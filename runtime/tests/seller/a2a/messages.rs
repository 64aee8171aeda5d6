//! Calls: the same answers as over MCP, in the envelope of either version.

use serde_json::{Value, json};

use super::{BOTH, OPEN, WATCHED, Wire, agent, payload};
use crate::support::{TOKEN, rpc};

fn wholesale() -> Value {
    json!({ "buying_mode": "wholesale", "context": { "trace": "a2a", "n": 2 } })
}

#[tokio::test]
async fn a_call_is_answered_with_what_mcp_answers() {
    let agent = agent(&OPEN).await;
    let body = rpc(
        "tools/call",
        json!({ "name": "get_products", "arguments": wholesale() }),
    );
    let over_mcp = agent
        .client
        .post(TOKEN, body.to_string().as_bytes())
        .await
        .json()["result"]["structuredContent"]
        .clone();
    for wire in BOTH {
        let task = agent.send(wire, "get_products", wholesale()).await;
        assert_eq!(payload(&task), over_mcp, "{wire:?}");
        assert_eq!(task["status"]["state"], wire.state("completed"));
        assert!(
            task["id"].is_string() && task["contextId"].is_string(),
            "{task}"
        );
        assert_eq!(task.get("kind").is_some(), wire == Wire::Older);
        let parts = task["artifacts"][0]["parts"].as_array().expect("parts");
        assert_eq!(parts.len(), 2);
        assert!(
            parts
                .iter()
                .all(|part| part.get("kind").is_some() == (wire == Wire::Older))
        );
        assert!(task["artifacts"][0]["artifactId"].is_string());
    }
}

#[tokio::test]
async fn arguments_may_be_called_parameters_and_be_left_out() {
    let agent = agent(&OPEN).await;
    for wire in BOTH {
        let method = wire.method("message/send", "SendMessage");
        for data in [
            json!({ "skill": "get_products", "parameters": wholesale() }),
            json!({ "skill": "get_products", "input": wholesale() }),
        ] {
            let parts = json!([wire.text("for people"), wire.data(data)]);
            let result = agent
                .ask(wire, method, json!({ "message": wire.message(parts) }))
                .await;
            assert_eq!(payload(&wire.task(&result))["context"]["trace"], "a2a");
        }
        let parts = json!([wire.data(json!({ "skill": "get_adcp_capabilities" }))]);
        let result = agent
            .ask(wire, method, json!({ "message": wire.message(parts) }))
            .await;
        assert_eq!(
            payload(&wire.task(&result))["adcp"]["major_versions"],
            json!([3])
        );
    }
}

#[tokio::test]
async fn an_error_of_adcp_is_in_the_payload_and_echoes_the_context() {
    let agent = agent(&OPEN).await;
    let unfit = json!({ "buying_mode": 7, "context": { "trace": "a2a" } });
    for (wire, state) in [(Wire::Older, "completed"), (Wire::Newer, "failed")] {
        let task = agent.send(wire, "get_products", unfit.clone()).await;
        // The official client of the older version reads the payload of completed tasks only.
        assert_eq!(task["status"]["state"], wire.state(state));
        let payload = payload(&task);
        assert_eq!(payload["adcp_error"]["code"], "INVALID_REQUEST");
        assert_eq!(payload["adcp_error"]["field"], "buying_mode");
        assert_eq!(payload["context"], json!({ "trace": "a2a" }));
        assert_eq!(task["artifacts"][0]["name"], "error");
    }
}

#[tokio::test]
async fn a_key_is_the_same_key_over_every_transport() {
    let agent = agent(&OPEN).await;
    let order = agent.order();
    let first = agent
        .call(Wire::Older, "create_media_buy", order.clone())
        .await;
    assert!(first["media_buy_id"].is_string(), "{first}");
    // Protocol Buffers make a double of every number.
    let doubled: Value =
        serde_json::from_str(&order.to_string().replace("500.0", "5e2")).expect("JSON");
    let again = agent.call(Wire::Newer, "create_media_buy", doubled).await;
    assert_eq!(again["replayed"], true, "{again}");
    assert_eq!(again["media_buy_id"], first["media_buy_id"]);
    assert_eq!(agent.planner.asked().len(), 1);
}

#[tokio::test]
async fn whole_numbers_that_came_as_doubles_are_whole_again() {
    let agent = agent(&OPEN).await;
    let text = json!({ "context": { "n": 2 }, "adcp_major_version": 3 })
        .to_string()
        .replace(":2", ":2.0")
        .replace(":3", ":3.0");
    let input: Value = serde_json::from_str(&text).expect("JSON");
    let answer = agent
        .call(Wire::Newer, "get_adcp_capabilities", input)
        .await;
    assert_eq!(answer["context"].to_string(), r#"{"n":2}"#);
    let error = agent
        .fault(
            Wire::Newer,
            "SendMessage",
            Wire::Newer.call(
                "get_adcp_capabilities",
                json!({ "context": { "n": 9_007_199_254_740_993_u64 } }),
            ),
        )
        .await;
    assert_eq!(error["code"], -32602, "{error}");
}

#[tokio::test]
async fn a_conversation_is_the_clients_or_a_new_one() {
    let agent = agent(&OPEN).await;
    for wire in BOTH {
        let method = wire.method("message/send", "SendMessage");
        let mut params = wire.call("get_adcp_capabilities", json!({}));
        params["message"]["contextId"] = json!("conversation-7");
        let task = wire.task(&agent.ask(wire, method, params).await);
        assert_eq!(task["contextId"], "conversation-7");
        let one = agent.send(wire, "get_adcp_capabilities", json!({})).await;
        let other = agent.send(wire, "get_adcp_capabilities", json!({})).await;
        assert_ne!(one["contextId"], other["contextId"]);
        assert_ne!(one["id"], other["id"]);
    }
}

#[tokio::test]
async fn what_goes_on_is_a_call_that_is_over_and_a_task_that_is_not() {
    let agent = agent(&WATCHED).await;
    for wire in BOTH {
        let task = agent.send(wire, "create_media_buy", agent.order()).await;
        assert_eq!(task["status"]["state"], wire.state("completed"), "{task}");
        let artifact = &task["artifacts"][0];
        // The official storyboards look for it in the first part.
        let submitted = &artifact["parts"][0]["data"];
        assert_eq!(submitted["status"], "submitted");
        assert_eq!(artifact["metadata"]["adcp_task_id"], submitted["task_id"]);
        assert_ne!(task["id"], submitted["task_id"]);
        assert_eq!(artifact["name"], "submitted");

        let id = submitted["task_id"].as_str().expect("an id");
        let going_on = agent.task(wire, id).await;
        assert_eq!(going_on["status"]["state"], wire.state("submitted"));
        assert_eq!(
            going_on["contextId"], task["contextId"],
            "the same conversation"
        );
        assert!(going_on.get("artifacts").is_none());
    }
}
