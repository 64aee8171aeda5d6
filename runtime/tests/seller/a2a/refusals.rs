//! What no call is made of.

use adcp_seller::profile::{Entry, Profile, Rate};
use serde_json::{Value, json};

use super::{BOTH, OPEN, Wire, agent};
use crate::support::{OTHER_TOKEN, TOKEN, rpc};

#[tokio::test]
async fn a_stranger_is_turned_away_before_anything_is_read() {
    let agent = agent(&OPEN).await;
    let json = ("content-type", "application/json");
    for headers in [vec![json], vec![json, ("authorization", "Bearer nobody")]] {
        let response = agent.client.send("POST", "/a2a", &headers, b"{").await;
        assert_eq!(response.status, 401);
        let challenge = response.header("www-authenticate").expect("a challenge");
        assert!(
            challenge.starts_with("Bearer realm=") && challenge.contains("/a2a"),
            "{challenge}"
        );
    }
    let bearer = format!("Bearer {TOKEN}");
    let response = agent
        .client
        .send("GET", "/a2a", &[("authorization", &bearer)], b"")
        .await;
    assert_eq!(response.status, 405);
}

#[tokio::test]
async fn what_is_not_one_request_is_refused() {
    let agent = agent(&OPEN).await;
    let one = rpc("tasks/get", json!({ "id": "x" }));
    for (body, code, id) in [
        ("{".to_owned(), -32700, Value::Null),
        (json!([one]).to_string(), -32600, Value::Null),
        (json!([]).to_string(), -32600, Value::Null),
        (
            json!({ "jsonrpc": "1.0", "id": 3, "method": "tasks/get" }).to_string(),
            -32600,
            json!(3),
        ),
        (
            json!({ "jsonrpc": "2.0", "id": 3 }).to_string(),
            -32600,
            json!(3),
        ),
        (
            json!({ "jsonrpc": "2.0", "id": 3, "method": "x", "params": [] }).to_string(),
            -32602,
            json!(3),
        ),
    ] {
        let response = agent.post(TOKEN, &[], body.as_bytes()).await;
        assert_eq!(response.status, 400, "{body}");
        let answer = response.json();
        assert_eq!(
            (&answer["error"]["code"], &answer["id"]),
            (&json!(code), &id),
            "{body}"
        );
    }
    let silent = json!({ "jsonrpc": "2.0", "method": "message/send" }).to_string();
    let response = agent.post(TOKEN, &[], silent.as_bytes()).await;
    assert_eq!((response.status, response.body.len()), (202, 0));
}

#[tokio::test]
async fn methods_belong_to_their_version() {
    let agent = agent(&OPEN).await;
    let ask = async |version: Option<&str>, method: &str| {
        let headers: Vec<(&str, &str)> =
            version.map(|it| ("a2a-version", it)).into_iter().collect();
        let body = rpc(method, json!({ "id": "x" })).to_string();
        let response = agent.post(TOKEN, &headers, body.as_bytes()).await;
        response.json()["error"]["code"].clone()
    };
    for (version, method, code) in [
        (None, "tasks/get", -32001),
        (Some(""), "tasks/get", -32001),
        (Some("0.3"), "tasks/get", -32001),
        (Some("0.3.0"), "tasks/get", -32001),
        (Some("1.0"), "GetTask", -32001),
        (None, "GetTask", -32009),
        (Some("1.0"), "tasks/get", -32601),
        (Some("1.0"), "gettask", -32601),
        (None, "tasks/list", -32601),
        (None, "tools/call", -32601),
        (Some("0.2"), "tasks/get", -32009),
        (Some("2.0"), "GetTask", -32009),
        (Some("latest"), "GetTask", -32009),
    ] {
        assert_eq!(ask(version, method).await, code, "{version:?} {method}");
    }
    let body = rpc("GetTask", json!({ "id": "x" })).to_string();
    let twice = [("a2a-version", "1.0"), ("a2a-version", "0.3")];
    let answer = agent.post(TOKEN, &twice, body.as_bytes()).await.json();
    assert_eq!(answer["error"]["code"], -32009);
    let info = &answer["error"]["data"][0];
    assert_eq!(info["reason"], "VERSION_NOT_SUPPORTED", "{answer}");
    assert_eq!(info["@type"], "type.googleapis.com/google.rpc.ErrorInfo");
}

#[tokio::test]
async fn a_message_is_one_skill_and_its_input_or_nothing() {
    let agent = agent(&OPEN).await;
    for wire in BOTH {
        let skill = || wire.data(json!({ "skill": "get_adcp_capabilities", "input": {} }));
        let file = match wire {
            Wire::Older => {
                json!({ "kind": "file", "file": { "uri": "https://cdn.example/a.mp4" } })
            }
            Wire::Newer => json!({ "url": "https://cdn.example/a.mp4" }),
        };
        let mixed = match wire {
            Wire::Older => json!({ "kind": "text", "data": { "skill": "get_adcp_capabilities" } }),
            Wire::Newer => json!({ "text": "x", "data": { "skill": "get_adcp_capabilities" } }),
        };
        let many: Vec<Value> = (0..20).map(|_| wire.text("x")).collect();
        for (parts, code) in [
            (json!([wire.text("please buy me something")]), -32005),
            (json!([skill(), file]), -32005),
            (json!([file]), -32005),
            (json!([skill(), skill()]), -32602),
            (json!([skill(), wire.data(json!({ "note": "x" }))]), -32602),
            (json!([mixed]), -32602),
            (
                json!([wire.data(json!(["get_adcp_capabilities", {}]))]),
                -32602,
            ),
            (json!([wire.data(json!({ "input": {} }))]), -32602),
            (
                json!([wire.data(json!({ "skill": 7, "input": {} }))]),
                -32602,
            ),
            (
                json!([wire.data(json!({ "skill": "", "input": {} }))]),
                -32602,
            ),
            (
                json!([wire
                    .data(json!({ "skill": "get_adcp_capabilities", "Skill": "x", "input": {} }))]),
                -32602,
            ),
            (
                json!([wire.data(
                    json!({ "skill": "get_adcp_capabilities", "input": {}, "parameters": {} })
                )]),
                -32602,
            ),
            (
                json!([wire.data(json!({ "skill": "get_adcp_capabilities", "input": [] }))]),
                -32602,
            ),
            (
                json!([wire.data(json!({ "skill": "Get_Adcp_Capabilities", "input": {} }))]),
                -32004,
            ),
            (
                json!([wire.data(json!({ "skill": "comply_test_controller", "input": {} }))]),
                -32004,
            ),
            (json!(many), -32602),
            (json!([]), -32602),
            (json!(["text"]), -32602),
            (json!("text"), -32602),
        ] {
            for method in [
                wire.method("message/send", "SendMessage"),
                wire.method("message/stream", "SendStreamingMessage"),
            ] {
                let body =
                    rpc(method, json!({ "message": wire.message(parts.clone()) })).to_string();
                let response = agent.post(TOKEN, &wire.headers(), body.as_bytes()).await;
                let answer = if method.to_lowercase().contains("stream") {
                    super::events(&response).remove(0)
                } else {
                    response.json()
                };
                assert_eq!(
                    answer["error"]["code"], code,
                    "{wire:?} {method} {parts}: {answer}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_message_says_who_speaks_and_has_a_name() {
    let agent = agent(&OPEN).await;
    for wire in BOTH {
        let method = wire.method("message/send", "SendMessage");
        let long = "x".repeat(300);
        for (member, value) in [
            ("role", json!("agent")),
            (
                "role",
                json!(if wire == Wire::Older {
                    "ROLE_USER"
                } else {
                    "user"
                }),
            ),
            ("messageId", json!("")),
            ("messageId", json!(7)),
            ("contextId", json!(long)),
            ("contextId", json!("line\nbreak")),
            ("taskId", json!({})),
        ] {
            let mut params = wire.call("get_adcp_capabilities", json!({}));
            params["message"][member] = value;
            let error = agent.fault(wire, method, params.clone()).await;
            assert_eq!(error["code"], -32602, "{wire:?} {params}");
        }
        let error = agent.fault(wire, method, json!({})).await;
        assert_eq!(error["code"], -32602);
    }
}

#[tokio::test]
async fn what_parsers_would_read_differently_is_refused_with_its_place() {
    let agent = agent(&OPEN).await;
    let message = |data: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"message/send","params":{{"message":{{"kind":"message","messageId":"m","role":"user","parts":[{{"kind":"data","data":{data}}}]}}}}}}"#
        )
    };
    let inside = message(
        r#"{"skill":"get_products","input":{"buying_mode":"brief","brief":"a","brief":"b","context":{"trace":"x"}}}"#,
    );
    let answer = agent.post(TOKEN, &[], inside.as_bytes()).await.json();
    let payload = super::payload(&answer["result"]);
    assert_eq!(payload["adcp_error"]["code"], "INVALID_REQUEST", "{answer}");
    assert_eq!(payload["adcp_error"]["field"], "brief");
    assert_eq!(payload["context"], json!({ "trace": "x" }));
    for outside in [
        message(r#"{"skill":"get_products","skill":"create_media_buy","input":{}}"#),
        message(r#"{"skill":"get_products","sk\u0069ll":"create_media_buy","input":{}}"#),
        message(r#"{"skill":"get_products","input":{},"input":{}}"#),
        r#"{"jsonrpc":"2.0","id":1,"method":"tasks/get","method":"message/send","params":{"message":{}}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"id":"a","id":"b"}}"#.to_owned(),
    ] {
        let answer = agent.post(TOKEN, &[], outside.as_bytes()).await.json();
        let code = answer["error"]["code"].as_i64().expect("a code");
        assert!([-32600, -32602].contains(&code), "{outside}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read() {
    let agent = agent(&OPEN).await;
    let body = vec![b' '; adcp_seller::http::LARGEST_BODY + 1];
    let response = agent.post(TOKEN, &[], &body).await;
    assert_eq!(response.status, 413);
}

#[tokio::test]
async fn whatever_is_asked_counts_against_one_rate() {
    static FEW: Profile = Profile {
        entry: Entry {
            rate: Some(Rate {
                per_minute: 1,
                burst: 11,
            }),
            ..OPEN.entry
        },
        ..OPEN
    };
    let config =
        json!({ "taskId": "x", "pushNotificationConfig": { "url": "https://buyer.example/" } });
    let none = json!({ "id": "x" });
    let agent = agent(&FEW).await;
    // The agent was opened with one call.
    for (method, params) in [
        ("tasks/get", &none),
        ("tasks/cancel", &none),
        ("tasks/resubscribe", &none),
        ("tasks/pushNotificationConfig/set", &config),
        ("tasks/pushNotificationConfig/get", &none),
        ("tasks/pushNotificationConfig/list", &none),
        ("tasks/pushNotificationConfig/delete", &none),
        ("agent/getAuthenticatedExtendedCard", &none),
    ] {
        let body = rpc(method, params.clone()).to_string();
        let answer = agent.post(TOKEN, &[], body.as_bytes()).await;
        assert!(!answer.text().contains("RATE_LIMITED"), "{method}");
    }
    let wire = Wire::Newer;
    agent.ask(wire, "ListTasks", json!({})).await;
    agent.call(wire, "get_adcp_capabilities", json!({})).await;
    // Eleven it were. Calls and everything else are refused alike.
    let refused = agent
        .call(Wire::Older, "get_adcp_capabilities", json!({}))
        .await;
    assert_eq!(refused["adcp_error"]["code"], "RATE_LIMITED", "{refused}");
    let fault = agent.fault(Wire::Older, "tasks/get", none.clone()).await;
    assert_eq!(fault["code"], -32004);
    let error = &fault["data"]["adcp_error"];
    assert_eq!(
        (&error["code"], &error["recovery"]),
        (&json!("RATE_LIMITED"), &json!("transient"))
    );
    let wait = error["retry_after"].as_u64().expect("seconds");
    assert!((1..=60).contains(&wait), "{error}");
    let fault = agent.fault(wire, "ListTasks", json!({})).await;
    let metadata = &fault["data"][0]["metadata"];
    assert_eq!(metadata["adcp_code"], "RATE_LIMITED", "{fault}");
    let wait = metadata["retry_after"].as_str().expect("text");
    assert!((1..=60).contains(&wait.parse::<u32>().expect("seconds")));
    // Nobody else is.
    let other = agent
        .ask_as(OTHER_TOKEN, wire, "ListTasks", json!({}))
        .await;
    assert!(other["result"].is_object(), "{other}");
}
