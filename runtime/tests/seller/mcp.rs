//! MCP as its clients speak it, in both eras.

use crate::support::http::Response;
use crate::support::{self, Bench, TOKEN, rpc, sandbox};
use serde_json::{Value, json};

const MODERN: &str = "2026-07-28";

async fn send(bench: &Bench, headers: &[(&str, &str)], body: &Value) -> Response {
    let bearer = format!("Bearer {TOKEN}");
    let mut all = vec![
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
    ];
    all.extend_from_slice(headers);
    bench
        .client
        .send("POST", "/mcp", &all, body.to_string().as_bytes())
        .await
}

/// A request that says everything that the modern era wants said.
fn modern(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
    });
    rpc(method, params)
}

#[tokio::test]
async fn initialize_agrees_on_a_revision_that_has_it() {
    let bench = sandbox().await;
    for (requested, agreed) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        (MODERN, "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let params = json!({ "protocolVersion": requested, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } });
        let response = send(&bench, &[], &rpc("initialize", params)).await;
        let result = response.json()["result"].clone();
        assert_eq!(result["protocolVersion"], agreed);
        assert_eq!(result["serverInfo"]["name"], "press-desk");
        assert!(result["capabilities"]["tools"].is_object());
        assert_eq!(
            response.header("mcp-session-id"),
            None,
            "there are no sessions"
        );
    }
    assert_eq!(
        send(&bench, &[], &rpc("initialize", json!({})))
            .await
            .json()["error"]["code"],
        -32602
    );
}

#[tokio::test]
async fn what_takes_no_answer_is_accepted_in_silence() {
    let bench = sandbox().await;
    for message in [
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "method": "tools/call", "params": { "name": "get_products", "arguments": {} } }),
        json!({ "jsonrpc": "2.0", "id": 4, "result": {} }),
        json!([{ "jsonrpc": "2.0", "method": "notifications/cancelled" }]),
    ] {
        let response = send(&bench, &[], &message).await;
        assert_eq!(
            (response.status, response.body.len()),
            (202, 0),
            "{message}"
        );
    }
}

#[tokio::test]
async fn what_is_not_json_rpc_is_an_invalid_request() {
    let bench = sandbox().await;
    for (message, id) in [
        (json!(7), Value::Null),
        (json!([]), Value::Null),
        (json!({}), Value::Null),
        (
            json!({ "jsonrpc": "1.0", "id": 1, "method": "ping" }),
            json!(1),
        ),
        (
            json!({ "jsonrpc": "2.0", "id": "a", "method": 7 }),
            json!("a"),
        ),
        (
            json!({ "jsonrpc": "2.0", "id": null, "method": "ping" }),
            Value::Null,
        ),
        (
            json!({ "jsonrpc": "2.0", "id": {}, "method": "ping" }),
            Value::Null,
        ),
        (
            json!({ "jsonrpc": "2.0", "id": 1e30, "method": "ping" }),
            Value::Null,
        ),
        (
            json!(
                (0..33)
                    .map(|id| json!({ "jsonrpc": "2.0", "id": id, "method": "ping" }))
                    .collect::<Vec<_>>()
            ),
            Value::Null,
        ),
    ] {
        let response = send(&bench, &[], &message).await;
        let answer = response.json();
        assert_eq!(
            (
                response.status,
                answer["error"]["code"].as_i64(),
                &answer["id"]
            ),
            (400, Some(-32600), &id),
            "{message}"
        );
    }
    let params = send(
        &bench,
        &[],
        &json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": [] }),
    )
    .await;
    assert_eq!(params.json()["error"]["code"], -32602);
    let unknown = send(&bench, &[], &rpc("resources/list", json!({}))).await;
    assert_eq!(
        (unknown.status, unknown.json()["error"]["code"].as_i64()),
        (200, Some(-32601))
    );
}

#[tokio::test]
async fn a_batch_is_answered_message_by_message() {
    let bench = sandbox().await;
    let batch = json!([
        { "jsonrpc": "2.0", "method": "notifications/initialized" },
        { "jsonrpc": "2.0", "id": "one", "method": "ping" },
        { "jsonrpc": "2.0", "id": 2, "method": "nonsense" },
        7,
        { "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": { "name": "get_products", "arguments": { "buying_mode": "wholesale" } } },
        { "jsonrpc": "2.0", "method": "notifications/initialized" },
    ]);
    let answers = send(&bench, &[], &batch).await.json();
    let ids: Vec<&Value> = answers
        .as_array()
        .expect("a batch")
        .iter()
        .map(|answer| &answer["id"])
        .collect();
    assert_eq!(ids, [&json!("one"), &json!(2), &Value::Null, &json!(3)]);
    assert_eq!(
        (
            &answers[0]["result"],
            &answers[1]["error"]["code"],
            &answers[2]["error"]["code"]
        ),
        (&json!({}), &json!(-32601), &json!(-32600))
    );
    assert_eq!(answers[3]["result"]["isError"], false);
}

#[tokio::test]
async fn tools_are_listed_with_their_request_schemas() {
    let bench = sandbox().await;
    let tools = send(&bench, &[], &rpc("tools/list", json!({})))
        .await
        .json()["result"]["tools"]
        .clone();
    let tools = tools.as_array().expect("a list");
    assert_eq!(tools.len(), 14);
    for tool in tools {
        assert!(
            tool["inputSchema"]["properties"]["context"].is_object(),
            "{}",
            tool["name"]
        );
    }
    let cursor = send(
        &bench,
        &[],
        &rpc("tools/list", json!({ "cursor": "made-up" })),
    )
    .await;
    assert_eq!(cursor.json()["error"]["code"], -32602);
}

#[tokio::test]
async fn the_text_is_the_whole_answer_only_for_clients_that_read_nothing_else() {
    let bench = sandbox().await;
    let call = rpc(
        "tools/call",
        json!({ "name": "get_products", "arguments": { "buying_mode": "wholesale", "context": { "a": 1 } } }),
    );
    for (revision, whole) in [
        (None, true),
        (Some("2025-03-26"), true),
        (Some("2025-06-18"), false),
        (Some("2025-11-25"), false),
    ] {
        let headers: Vec<(&str, &str)> = revision
            .map(|revision| ("mcp-protocol-version", revision))
            .into_iter()
            .collect();
        let result = send(&bench, &headers, &call).await.json()["result"].clone();
        let structured = &result["structuredContent"];
        assert_eq!(
            (&structured["context"], &structured["status"]),
            (&json!({ "a": 1 }), &json!("completed"))
        );
        assert_eq!(structured["products"].as_array().map(Vec::len), Some(2));
        let text = result["content"][0]["text"].as_str().expect("text");
        if whole {
            assert_eq!(
                &serde_json::from_str::<Value>(text).expect("JSON"),
                structured
            );
        } else {
            assert_eq!(text, "get_products: 2 products");
        }
    }
}

#[tokio::test]
async fn modern_clients_discover_and_call_without_an_opening() {
    let bench = sandbox().await;
    let version = ("mcp-protocol-version", MODERN);
    let discovered = send(
        &bench,
        &[version, ("mcp-method", "server/discover")],
        &modern("server/discover", json!({})),
    )
    .await
    .json()["result"]
        .clone();
    assert_eq!(discovered["resultType"], "complete");
    assert!(
        discovered["supportedVersions"]
            .as_array()
            .expect("a list")
            .contains(&json!(MODERN))
    );
    assert!(discovered["ttlMs"].is_u64() && discovered["cacheScope"] == "private");

    let listed = send(
        &bench,
        &[version, ("mcp-method", "tools/list")],
        &modern("tools/list", json!({})),
    )
    .await
    .json()["result"]
        .clone();
    assert_eq!(
        (
            &listed["resultType"],
            listed["tools"].as_array().map(Vec::len)
        ),
        (&json!("complete"), Some(14))
    );
    assert!(listed["ttlMs"].is_u64());

    let call = modern(
        "tools/call",
        json!({ "name": "get_products", "arguments": { "buying_mode": "wholesale" } }),
    );
    for name in ["get_products", "=?base64?Z2V0X3Byb2R1Y3Rz?="] {
        let called = send(
            &bench,
            &[version, ("mcp-method", "tools/call"), ("mcp-name", name)],
            &call,
        )
        .await;
        assert_eq!(
            (called.status, &called.json()["result"]["resultType"]),
            (200, &json!("complete")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn headers_that_contradict_the_body_are_refused() {
    let bench = sandbox().await;
    let call = modern(
        "tools/call",
        json!({ "name": "get_products", "arguments": { "buying_mode": "wholesale" } }),
    );
    let (version, method, name) = (
        ("mcp-protocol-version", MODERN),
        ("mcp-method", "tools/call"),
        ("mcp-name", "get_products"),
    );
    let cases: [(&[(&str, &str)], i64); 8] = [
        (&[method, name], -32020),
        (
            &[("mcp-protocol-version", "2025-11-25"), method, name],
            -32020,
        ),
        (&[version, version, method, name], -32020),
        (&[version, name], -32020),
        (&[version, method], -32020),
        (&[version, ("mcp-method", "tools/list"), name], -32020),
        (&[version, method, ("mcp-name", "create_media_buy")], -32020),
        (&[version, method, ("mcp-name", "=?base64?!?=")], -32020),
    ];
    for (headers, code) in cases {
        let response = send(&bench, headers, &call).await;
        assert_eq!(
            (response.status, response.json()["error"]["code"].as_i64()),
            (400, Some(code)),
            "{headers:?}"
        );
    }
    let without_meta = send(
        &bench,
        &[version, method, name],
        &rpc("tools/call", json!({ "name": "get_products" })),
    )
    .await;
    assert_eq!(
        (
            without_meta.status,
            without_meta.json()["error"]["code"].as_i64()
        ),
        (400, Some(-32602))
    );
    let unknown = send(
        &bench,
        &[("mcp-protocol-version", "1999-01-01")],
        &rpc("tools/list", json!({})),
    )
    .await;
    let answer = unknown.json();
    assert_eq!(
        (
            unknown.status,
            answer["error"]["code"].as_i64(),
            &answer["error"]["data"]["requested"]
        ),
        (400, Some(-32022), &json!("1999-01-01"))
    );
    let ping = send(
        &bench,
        &[version, ("mcp-method", "ping")],
        &modern("ping", json!({})),
    )
    .await;
    assert_eq!(
        (ping.status, ping.json()["error"]["code"].as_i64()),
        (404, Some(-32601))
    );
}

#[tokio::test]
async fn every_answer_names_its_request_for_the_log() {
    let bench = sandbox().await;
    let one = send(&bench, &[], &rpc("ping", json!({}))).await;
    let other = send(&bench, &[], &rpc("ping", json!({}))).await;
    assert!(one.header("x-request-id").is_some());
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

#[tokio::test]
async fn probes_need_no_token_and_turn_away_when_the_seller_stops() {
    let bench = sandbox().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(
            bench.client.send("GET", path, &[], b"").await.status,
            200,
            "{path}"
        );
    }
    let slow = {
        bench.desk.mood(support::desk::Mood::Slow);
        let client = bench.client;
        let body = rpc("tools/call", json!({ "name": "create_media_buy", "arguments": support::booking("shutdown-test-00001") })).to_string();
        tokio::spawn(async move { client.post(TOKEN, body.as_bytes()).await })
    };
    while bench.desk.booked().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    bench.running.stop().await;
    let answer = slow.await.expect("the call was let finish");
    assert_eq!(answer.json()["result"]["isError"], false);
    assert!(
        tokio::net::TcpStream::connect(bench.client.address())
            .await
            .is_err(),
        "nobody listens any more"
    );
}
