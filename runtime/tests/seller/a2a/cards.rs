//! The agent card, in the shapes of both versions.

use serde_json::{Value, json};

use super::{OPEN, Wire, agent};
use crate::support::{line, sandbox};

const PLACES: [&str; 4] = [
    "/a2a/.well-known/agent-card.json",
    "/a2a/.well-known/agent.json",
    "/.well-known/agent-card.json",
    "/.well-known/agent.json",
];

fn ids(card: &Value) -> Vec<&str> {
    let skills = card["skills"].as_array().expect("skills");
    skills
        .iter()
        .map(|skill| skill["id"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn everybody_finds_the_card_and_both_versions_in_it() {
    let agent = agent(&OPEN).await;
    let url = format!("http://{}/a2a", agent.client.address());
    let mut tools: Vec<&str> = line::spec().tools.iter().map(|tool| tool.name).collect();
    tools.retain(|tool| *tool != "comply_test_controller");
    for place in PLACES {
        let response = agent.client.send("GET", place, &[], b"").await;
        assert_eq!(response.status, 200, "{place}");
        assert_eq!(response.header("content-type"), Some("application/json"));
        let card = response.json();
        assert_eq!(card["name"], "agency-desk");
        assert_eq!(card["protocolVersion"], "0.3.0");
        assert_eq!(
            (&card["url"], &card["preferredTransport"]),
            (&json!(url), &json!("JSONRPC"))
        );
        assert_eq!(
            card["supportedInterfaces"],
            json!([
                { "url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0" },
                { "url": url, "protocolBinding": "JSONRPC", "protocolVersion": "0.3" },
            ])
        );
        assert_eq!(
            ids(&card),
            tools,
            "outside a sandbox there is no controller"
        );
        for skill in card["skills"].as_array().expect("skills") {
            assert!(
                skill["description"].is_string() && skill["tags"].is_array(),
                "{skill}"
            );
        }
        assert_eq!(card["capabilities"]["streaming"], true);
        assert_eq!(card["capabilities"]["pushNotifications"], true);
        assert_eq!(card["securitySchemes"]["bearer"]["type"], "http");
        assert_eq!(card["security"], json!([{ "bearer": [] }]));
    }
}

#[tokio::test]
async fn a_client_of_the_newer_version_is_given_that_shape_alone() {
    let agent = agent(&OPEN).await;
    let headers = [("a2a-version", "1.0")];
    let card = agent
        .client
        .send("GET", PLACES[0], &headers, b"")
        .await
        .json();
    for older in [
        "url",
        "protocolVersion",
        "preferredTransport",
        "security",
        "additionalInterfaces",
    ] {
        assert!(card.get(older).is_none(), "{older}: {card}");
    }
    assert_eq!(
        card["securitySchemes"]["bearer"]["httpAuthSecurityScheme"]["scheme"],
        "Bearer"
    );
    assert_eq!(
        card["securityRequirements"],
        json!([{ "schemes": { "bearer": { "list": [] } } }])
    );
    assert_eq!(card["capabilities"]["extendedAgentCard"], true);
    // AdCP's profile needs a tool by which buyers poll, which 3.0 has under another name.
    assert!(card["capabilities"].get("extensions").is_none());
}

#[tokio::test]
async fn the_extended_card_is_for_callers() {
    let agent = agent(&OPEN).await;
    for wire in super::BOTH {
        let method = wire.method("agent/getAuthenticatedExtendedCard", "GetExtendedAgentCard");
        let card = agent.ask(wire, method, json!({})).await;
        assert_eq!(
            card.get("supportedInterfaces").is_some(),
            wire == Wire::Newer
        );
        assert!(ids(&card).contains(&"create_media_buy"));
    }
}

#[tokio::test]
async fn a_seller_without_a2a_has_neither_card_nor_endpoint() {
    let bench = sandbox().await;
    for place in PLACES {
        assert_eq!(bench.client.send("GET", place, &[], b"").await.status, 404);
    }
    let headers = [("content-type", "application/json")];
    let response = bench.client.send("POST", "/a2a", &headers, b"{}").await;
    assert_eq!(response.status, 404);
}
