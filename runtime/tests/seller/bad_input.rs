//! What a seller does with input that it can't accept: the right code, the context echoed, and
//! nothing changed in the store.

use std::time::Duration;

use crate::support::{
    self, Bench, OTHER_TOKEN, TOKEN, assert_refused, booking, context, rpc, sandbox,
};
use futures_util::StreamExt;
use serde_json::{Value, json};

/// Carries a test out and asserts that the store is as it was.
async fn unchanged<T>(bench: &Bench, test: impl Future<Output = T>) -> T {
    let before = bench.store.contents();
    let outcome = test.await;
    assert_eq!(bench.store.contents(), before, "the store has changed");
    assert!(bench.desk.booked().is_empty(), "something was booked");
    outcome
}

/// A `create_media_buy` with one thing changed.
fn spoiled(change: impl FnOnce(&mut Value)) -> Value {
    let mut request = booking("bad-input-0000000001");
    change(&mut request);
    request
}

fn call(arguments: &Value) -> String {
    rpc(
        "tools/call",
        json!({ "name": "create_media_buy", "arguments": arguments }),
    )
    .to_string()
}

#[tokio::test]
async fn without_a_valid_token_nothing_else_is_looked_at() {
    let bench = sandbox().await;
    unchanged(&bench, async {
        let good = call(&booking("bad-input-0000000001"));
        let json = ("content-type", "application/json");
        for headers in [
            &[json][..],
            &[json, ("authorization", "Bearer not-a-known-token")],
            &[json, ("authorization", "Basic dXNlcjpwYXNz")],
            &[json, ("authorization", "Bearer ")],
            &[("content-type", "text/plain")],
        ] {
            for (method, body) in [
                ("POST", good.as_str()),
                ("POST", "not json"),
                ("GET", ""),
                ("DELETE", ""),
            ] {
                let response = bench
                    .client
                    .send(method, "/mcp", headers, body.as_bytes())
                    .await;
                assert_eq!(response.status, 401, "{method} {headers:?}");
                let challenge = response.header("www-authenticate").expect("a challenge");
                // Who sent no credentials is told of no error (RFC 6750, section 3.1).
                let sent = headers.iter().any(|(name, _)| *name == "authorization");
                assert!(
                    challenge.starts_with("Bearer realm=\"http://127.0.0.1:")
                        && challenge.contains(", error=\"invalid_token\", ") == sent,
                    "{challenge}"
                );
                assert_eq!(
                    response.json()["error"]["data"]["adcp_error"]["code"],
                    "AUTH_REQUIRED"
                );
            }
        }
        // A stranger's body is not even waited for.
        let announced = [json, ("content-length", "1000000")];
        let response = tokio::time::timeout(
            Duration::from_secs(5),
            bench.client.raw("POST", "/mcp", &announced, b"{"),
        )
        .await
        .expect("an answer at once");
        assert_eq!(response.status, 401);
    })
    .await;
}

#[tokio::test]
async fn the_older_header_of_adcp_clients_is_taken_too() {
    let bench = sandbox().await;
    let body = rpc("ping", json!({})).to_string();
    for (headers, status) in [
        (
            &[("content-type", "application/json"), ("x-adcp-auth", TOKEN)][..],
            200,
        ),
        (
            &[
                ("content-type", "application/json"),
                ("x-adcp-auth", "nonsense"),
            ],
            401,
        ),
    ] {
        assert_eq!(
            bench
                .client
                .send("POST", "/mcp", headers, body.as_bytes())
                .await
                .status,
            status
        );
    }
}

#[tokio::test]
async fn http_that_is_not_a_json_post_is_turned_away() {
    let bench = sandbox().await;
    unchanged(&bench, async {
        let bearer = format!("Bearer {TOKEN}");
        let (auth, json) = (
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        );
        let body = call(&booking("bad-input-0000000001"));
        for method in ["GET", "DELETE", "PUT", "PATCH"] {
            let response = bench
                .client
                .send(method, "/mcp", &[auth, json], body.as_bytes())
                .await;
            assert_eq!(
                (response.status, response.header("allow")),
                (405, Some("POST")),
                "{method}"
            );
        }
        for content_type in [
            "text/plain",
            "application/xml",
            "application/jsonx",
            "multipart/form-data",
            "application/json; charset=iso-8859-1",
            "",
        ] {
            let response = bench
                .client
                .send(
                    "POST",
                    "/mcp",
                    &[auth, ("content-type", content_type)],
                    body.as_bytes(),
                )
                .await;
            assert_eq!(response.status, 415, "{content_type}");
        }
        assert_eq!(
            bench
                .client
                .send("POST", "/mcp", &[auth], body.as_bytes())
                .await
                .status,
            415
        );
        assert_eq!(
            bench
                .client
                .send(
                    "POST",
                    "/mcp",
                    &[auth, json, ("content-encoding", "gzip")],
                    body.as_bytes()
                )
                .await
                .status,
            415
        );
        assert_eq!(
            bench
                .client
                .send(
                    "POST",
                    "/mcp",
                    &[auth, json, ("origin", "https://evil.example")],
                    body.as_bytes()
                )
                .await
                .status,
            403
        );
        assert_eq!(
            bench
                .client
                .send("GET", "/elsewhere", &[auth], b"")
                .await
                .status,
            404
        );
    })
    .await;
    // The content type may carry a charset, and any accept header will do.
    let bearer = format!("Bearer {TOKEN}");
    for accept in ["application/json", "text/event-stream", "*/*"] {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "Application/JSON; charset=utf-8"),
            ("accept", accept),
        ];
        let response = bench
            .client
            .send(
                "POST",
                "/mcp",
                &headers,
                rpc("ping", json!({})).to_string().as_bytes(),
            )
            .await;
        assert_eq!(
            (response.status, response.header("content-type")),
            (200, Some("application/json")),
            "{accept}"
        );
    }
}

#[tokio::test]
async fn a_body_beyond_four_megabytes_is_cut_off() {
    let bench = sandbox().await;
    unchanged(&bench, async {
        let padding = "x".repeat(4 * 1024 * 1024);
        let body = call(&spoiled(|request| {
            request["ext"] = json!({ "padding": padding })
        }));
        assert_eq!(bench.post(&body).await.status, 413);
        // Without an announced length, too.
        let bearer = format!("Bearer {TOKEN}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("transfer-encoding", "chunked"),
        ];
        let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        assert_eq!(
            bench
                .client
                .raw("POST", "/mcp", &headers, chunked.as_bytes())
                .await
                .status,
            413
        );
    })
    .await;
    // Just below the limit the body is read, here to the end that it is not JSON.
    let response = bench.post("x".repeat(4 * 1024 * 1024)).await;
    assert_eq!(
        (response.status, response.json()["error"]["code"].as_i64()),
        (400, Some(-32700))
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let seller = support::offline(
        std::sync::Arc::new(adcp_seller::store::memory::MemoryStore::new()),
        support::desk::Desk::default(),
    )
    .await;
    let stalled = futures_util::stream::iter([Ok::<_, std::io::Error>("{")])
        .chain(futures_util::stream::pending());
    assert_eq!(
        seller
            .post(axum::body::Body::from_stream(stalled))
            .await
            .status(),
        408
    );
    let broken = futures_util::stream::iter([Ok("{"), Err(std::io::Error::other("reset"))]);
    assert_eq!(
        seller
            .post(axum::body::Body::from_stream(broken))
            .await
            .status(),
        400
    );
}

#[tokio::test]
async fn heads_beyond_the_limits_are_refused() {
    let bench = sandbox().await;
    let bearer = format!("Bearer {TOKEN}");
    let many: Vec<(String, String)> = (0..80)
        .map(|at| (format!("x-header-{at}"), "x".to_owned()))
        .collect();
    let mut headers = vec![
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    headers.extend(
        many.iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    assert_eq!(
        bench
            .client
            .send("POST", "/mcp", &headers, b"{}")
            .await
            .status,
        431
    );
    let long = "x".repeat(64 * 1024);
    assert_eq!(
        bench
            .client
            .send("POST", "/mcp", &[("x-long", &long)], b"{}")
            .await
            .status,
        431
    );
}

#[tokio::test]
async fn what_is_not_json_is_a_parse_error() {
    let bench = sandbox().await;
    unchanged(&bench, async {
        let good = call(&booking("bad-input-0000000001"));
        for body in [
            "",
            "{",
            "not json",
            "{\"jsonrpc\":\"2.0\",}",
            &good[..good.len() - 1],
            &format!("{good}{good}"),
            "{\"a\":NaN}",
            "{\"a\":1e999}",
        ] {
            let response = bench.post(body).await;
            assert_eq!(response.status, 400, "{body}");
            let message = response.json();
            assert_eq!(
                (message["error"]["code"].as_i64(), &message["id"]),
                (Some(-32700), &Value::Null),
                "{body}"
            );
        }
        assert_eq!(
            bench.post(b"{\"a\":\"\xff\"}").await.json()["error"]["code"],
            -32700
        );
    })
    .await;
}

#[tokio::test]
async fn a_member_that_occurs_twice_is_refused_by_name() {
    let bench = sandbox().await;
    unchanged(&bench, async {
        let good = call(&booking("bad-input-0000000001"));
        let twice = good.replacen("\"budget\":5000", "\"budget\":5000,\"budget\":1", 1);
        assert_ne!(twice, good);
        let result = bench.post(&twice).await.json()["result"].clone();
        assert_refused(&result, &["INVALID_REQUEST"]);
        assert_eq!(
            result["structuredContent"]["adcp_error"]["field"],
            "packages[0].budget"
        );
        // A context that occurs twice can't be echoed unchanged, so it is not echoed.
        let twice = good.replacen(
            "\"context\":",
            "\"context\":{\"trace\":\"other\"},\"context\":",
            1,
        );
        let structured = bench.post(&twice).await.json()["result"]["structuredContent"].clone();
        assert_eq!(
            (&structured["adcp_error"]["code"], structured.get("context")),
            (&json!("INVALID_REQUEST"), None)
        );
        // Outside a tool's arguments it is a matter of JSON-RPC.
        let twice =
            rpc("tools/list", json!({}))
                .to_string()
                .replacen("\"id\":1", "\"id\":1,\"id\":2", 1);
        assert_eq!(bench.post(&twice).await.json()["error"]["code"], -32600);
        let batch = format!(
            "[{}]",
            good.replacen("\"budget\":5000", "\"budget\":5000,\"budget\":1", 1)
        );
        assert_eq!(bench.post(&batch).await.json()["error"]["code"], -32600);
    })
    .await;
}

#[tokio::test]
async fn nesting_without_end_is_refused() {
    let bench = sandbox().await;
    unchanged(&bench, async {
        for depth in [100, 100_000] {
            let good = call(&spoiled(|request| request["ext"] = json!("DEEP")));
            let deep = good.replace(
                "\"DEEP\"",
                &format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)),
            );
            let result = bench.post(&deep).await.json()["result"].clone();
            assert_refused(&result, &["INVALID_REQUEST"]);
            let field = result["structuredContent"]["adcp_error"]["field"]
                .as_str()
                .expect("a field")
                .to_owned();
            assert!(field.starts_with("ext.a.a"), "{field}");
        }
        let bare = format!("{}1{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(bench.post(&bare).await.json()["error"]["code"], -32600);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_tool_is_a_failure_of_the_protocol_that_echoes_the_context() {
    let bench = sandbox().await;
    unchanged(&bench, async {
        for name in ["book_everything", "Create_Media_Buy", "", "sync_audiences"] {
            let body = rpc(
                "tools/call",
                json!({ "name": name, "arguments": booking("bad-input-0000000001") }),
            )
            .to_string();
            let error = bench.post(&body).await.json()["error"].clone();
            assert_eq!(error["code"], -32602, "{error}");
            assert_eq!(error["message"], format!("Unknown tool: {name}"));
            assert_eq!(
                (
                    &error["data"]["adcp_error"]["code"],
                    &error["data"]["context"]
                ),
                (&json!("UNSUPPORTED_FEATURE"), &context())
            );
        }
        for params in [
            json!({}),
            json!({ "name": 7 }),
            json!({ "name": "get_products", "arguments": [] }),
        ] {
            assert_eq!(
                bench
                    .post(rpc("tools/call", params).to_string())
                    .await
                    .json()["error"]["code"],
                -32602
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_unsupported_version_is_named_together_with_the_supported_one() {
    let bench = sandbox().await;
    unchanged(&bench, async {
        for major in [json!(1), json!(2), json!(4), json!(99), json!(4.0)] {
            let result = bench
                .call(
                    "create_media_buy",
                    spoiled(|request| request["adcp_major_version"] = major),
                )
                .await;
            assert_refused(&result, &["VERSION_UNSUPPORTED"]);
            let error = &result["structuredContent"]["adcp_error"];
            assert_eq!(
                (&error["details"]["supported_versions"], &error["recovery"]),
                (&json!([3]), &json!("correctable"))
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_that_breaks_its_schema_is_told_where() {
    let bench = sandbox().await;
    unchanged(&bench, async {
        type Spoil = fn(&mut Value);
        let cases: [(&str, Spoil); 9] = [
            ("packages[0].budget", |request| {
                request["packages"][0]["budget"] = json!(-1)
            }),
            ("packages[0].budget", |request| {
                request["packages"][0]["budget"] = json!("5000")
            }),
            ("packages[0].bid_price", |request| {
                request["packages"][0]["bid_price"] = json!(-0.01)
            }),
            ("packages[0].pricing_option_id", |request| {
                request["packages"][0]
                    .as_object_mut()
                    .expect("an object")
                    .remove("pricing_option_id");
            }),
            ("packages", |request| request["packages"] = json!([])),
            ("end_time", |request| {
                request["end_time"] = json!("30 April")
            }),
            ("idempotency_key", |request| {
                request
                    .as_object_mut()
                    .expect("an object")
                    .remove("idempotency_key");
            }),
            ("idempotency_key", |request| {
                request["idempotency_key"] = json!("short")
            }),
            ("adcp_major_version", |request| {
                request["adcp_major_version"] = json!("three")
            }),
        ];
        for (field, spoil) in cases {
            let result = bench.call("create_media_buy", spoiled(spoil)).await;
            assert_refused(&result, &["INVALID_REQUEST"]);
            let error = &result["structuredContent"]["adcp_error"];
            assert_eq!(error["field"], field, "{error}");
            assert_eq!(error["recovery"], "correctable");
            assert!(
                error["message"]
                    .as_str()
                    .expect("a message")
                    .contains(field),
                "{error}"
            );
            assert!(error["issues"][0]["pointer"].is_string(), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_that_contradicts_itself_or_the_catalogue_is_refused() {
    let bench = sandbox().await;
    unchanged(&bench, async {
        type Spoil = fn(&mut Value);
        let cases: [(&[&str], Spoil); 4] = [
            (&["INVALID_REQUEST", "VALIDATION_ERROR"], |request| request["end_time"] = json!("2026-03-20T00:00:00Z")),
            (&["INVALID_REQUEST"], |request| {
                request["start_time"] = json!("2020-01-01T00:00:00Z");
                request["end_time"] = json!("2020-02-01T00:00:00Z");
            }),
            (&["PRODUCT_NOT_FOUND"], |request| request["packages"][0]["product_id"] = json!("no-such-product")),
            (&["REFERENCE_NOT_FOUND"], |request| request["packages"][0]["pricing_option_id"] = json!("no-such-price")),
        ];
        for (codes, spoil) in cases {
            assert_refused(&bench.call("create_media_buy", spoiled(spoil)).await, codes);
        }
        let unknown = json!({ "idempotency_key": "bad-input-0000000002", "account": booking("")["account"], "media_buy_id": "mb_unknown", "paused": true, "context": context() });
        assert_refused(&bench.call("update_media_buy", unknown).await, &["MEDIA_BUY_NOT_FOUND"]);
    })
    .await;
}

#[tokio::test]
async fn a_cursor_that_was_tampered_with_or_belongs_elsewhere_is_refused() {
    let bench = sandbox().await;
    let page = |cursor: Option<&str>| {
        let mut pagination = json!({ "max_results": 1 });
        if let Some(cursor) = cursor {
            pagination["cursor"] = json!(cursor);
        }
        json!({ "buying_mode": "wholesale", "pagination": pagination, "context": context() })
    };
    let first = bench.call("get_products", page(None)).await["structuredContent"].clone();
    let cursor = first["pagination"]["cursor"]
        .as_str()
        .expect("there is another page")
        .to_owned();
    let second = bench.call("get_products", page(Some(&cursor))).await["structuredContent"].clone();
    assert_ne!(
        first["products"][0]["product_id"],
        second["products"][0]["product_id"]
    );
    unchanged(&bench, async {
        let mut flipped = cursor.clone().into_bytes();
        flipped[3] = if flipped[3] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(flipped).expect("ASCII");
        for cursor in [
            flipped.as_str(),
            "",
            "AAAA",
            "1",
            &cursor[..cursor.len() - 4],
        ] {
            let result = bench.call("get_products", page(Some(cursor))).await;
            assert_refused(&result, &["INVALID_REQUEST"]);
            assert_eq!(
                result["structuredContent"]["adcp_error"]["field"],
                "pagination.cursor"
            );
        }
        let elsewhere = bench
            .call(
                "list_creatives",
                json!({ "pagination": { "cursor": cursor }, "context": context() }),
            )
            .await;
        assert_refused(&elsewhere, &["INVALID_REQUEST"]);
    })
    .await;
}

#[tokio::test]
async fn the_test_controller_does_not_exist_outside_a_sandbox() {
    let bench = support::start(
        std::sync::Arc::new(adcp_seller::store::memory::MemoryStore::new()),
        false,
        support::desk::Desk::default(),
    )
    .await;
    unchanged(&bench, async {
        let tools = bench.post(rpc("tools/list", json!({})).to_string()).await.json()["result"]["tools"].clone();
        let names: Vec<&str> = tools.as_array().expect("a list").iter().filter_map(|tool| tool["name"].as_str()).collect();
        assert!(names.contains(&"get_products") && !names.contains(&"comply_test_controller"), "{names:?}");
        let body = rpc("tools/call", json!({ "name": "comply_test_controller", "arguments": { "scenario": "list_scenarios", "context": context() } }));
        assert_eq!(bench.post(body.to_string()).await.json()["error"]["message"], "Unknown tool: comply_test_controller");
    })
    .await;
    let sandbox = sandbox().await;
    let listed = sandbox
        .call(
            "comply_test_controller",
            json!({ "scenario": "list_scenarios" }),
        )
        .await;
    assert_eq!(listed["structuredContent"]["success"], true, "{listed}");
    assert_eq!(
        listed["content"][0]["text"]
            .as_str()
            .map(|text| serde_json::from_str::<Value>(text).expect("JSON")),
        Some(listed["structuredContent"].clone())
    );
}

#[tokio::test]
async fn a_fault_of_the_seller_tells_the_buyer_nothing_of_its_inside() {
    use crate::support::desk::Mood;
    let bench = sandbox().await;
    for (mood, code) in [
        (Mood::Down, "SERVICE_UNAVAILABLE"),
        (Mood::Panicking, "INTERNAL_ERROR"),
    ] {
        let before = bench.store.contents();
        bench.desk.mood(mood);
        let result = bench
            .call("create_media_buy", booking("bad-input-0000000003"))
            .await;
        assert_refused(&result, &[code]);
        let text = result.to_string();
        assert!(
            !text.contains("10.0.0.7") && !text.contains("bug"),
            "{text}"
        );
        assert_eq!(bench.store.contents(), before);
    }
    bench.desk.mood(Mood::Confused);
    let result = bench
        .call(
            "get_products",
            json!({ "buying_mode": "wholesale", "context": context() }),
        )
        .await;
    assert_refused(&result, &["INTERNAL_ERROR"]);
    // The seller is none the worse for it.
    bench.desk.mood(Mood::Well);
    let result = bench
        .call_as(
            OTHER_TOKEN,
            "create_media_buy",
            booking("bad-input-0000000003"),
        )
        .await;
    assert_eq!(result["isError"], false, "{result}");
}
