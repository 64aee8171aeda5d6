//! The authorization server of a sandbox, from its metadata to a call with its token.

use adcp_seller::profile::{Entry, OAuth};
use adcp_seller::seller::Setting;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Door, assert_challenged, open, profile};
use crate::support::http::Response;
use crate::support::{OTHER_TOKEN, TOKEN};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn sandbox(setting: &mut Setting) {
    setting.sandbox = true;
}

async fn ask(door: &Door, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = [&[FORM], headers].concat();
    door.client
        .send("POST", "/oauth/token", &headers, body.as_bytes())
        .await
}

/// A token by client credentials in the body.
async fn token(door: &Door, rest: &str) -> Value {
    let body = format!("grant_type=client_credentials&client_id=first&client_secret={TOKEN}{rest}");
    let response = ask(door, &[], &body).await;
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("cache-control"), Some("no-store"));
    response.json()
}

fn basic(client: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client}:{secret}")))
}

#[tokio::test]
async fn a_client_finds_its_way_from_the_challenge_to_a_call() {
    let door = open(profile(Entry::PLAIN), sandbox).await;
    let (home, url) = (door.home(), door.url());
    let metadata = format!("{home}/.well-known/oauth-protected-resource/mcp");
    let response = door.client.send("POST", "/mcp", &[], b"garbage").await;
    assert_challenged(
        &response,
        401,
        &format!("Bearer realm=\"{url}\", resource_metadata=\"{metadata}\""),
    );
    let document = door.get(&metadata[home.len()..]).await.json();
    assert_eq!(
        document,
        json!({
            "resource": url,
            "authorization_servers": [home],
            "bearer_methods_supported": ["header"],
            "resource_name": "press-desk",
        })
    );
    let document = door.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(
        document.json(),
        json!({
            "issuer": home,
            "token_endpoint": format!("{home}/oauth/token"),
            "jwks_uri": format!("{home}/oauth/jwks.json"),
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        })
    );
    let granted = token(&door, "").await;
    assert_eq!(
        (&granted["token_type"], &granted["expires_in"]),
        (&json!("Bearer"), &json!(600))
    );
    assert!(granted.get("scope").is_none(), "{granted}");
    let access = granted["access_token"].as_str().expect("a token");
    assert_eq!(door.knock(access).await, 200);
    // The token is a JWT whose key is published, without its private half.
    let keys = door.get("/oauth/jwks.json").await.json();
    assert_eq!(keys["keys"][0]["alg"], "ES256");
    assert!(keys["keys"][0].get("d").is_none(), "{keys}");
    let part = |at: usize| {
        let part = access.split('.').nth(at).expect("a part");
        let decoded = URL_SAFE_NO_PAD.decode(part).expect("Base64url");
        serde_json::from_slice::<Value>(&decoded).expect("JSON")
    };
    assert_eq!(part(0)["typ"], "at+jwt");
    assert_eq!(part(0)["kid"], keys["keys"][0]["kid"]);
    let claims = part(1);
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&json!("first"), &json!("first"))
    );
    // It is short-lived, by the seller's own clock.
    door.clock.advance(TimeDelta::seconds(659));
    assert_eq!(door.knock(access).await, 200);
    door.clock.advance(TimeDelta::seconds(1));
    assert_eq!(door.knock(access).await, 401);
    door.running.stop().await;
}

#[tokio::test]
async fn a_sandbox_is_found_under_every_name_of_its_machine() {
    let door = open(profile(Entry::PLAIN), sandbox).await;
    let port = door.client.address().port();
    let host = format!("localhost:{port}");
    let home = format!("http://{host}");
    let named = |method: &'static str, path: &'static str, headers: String, body: String| {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let client = door.client;
        async move { client.wire(head.as_bytes()).await }
    };
    let document = named(
        "GET",
        "/.well-known/oauth-protected-resource/mcp",
        String::new(),
        String::new(),
    )
    .await
    .json();
    assert_eq!(document["resource"], format!("{home}/mcp"));
    assert_eq!(document["authorization_servers"], json!([home]));
    let body = format!("grant_type=client_credentials&client_id=first&client_secret={TOKEN}");
    let form = "content-type: application/x-www-form-urlencoded\r\n".to_owned();
    let granted = named("POST", "/oauth/token", form, body).await.json();
    let access = granted["access_token"].as_str().expect("a token");
    let call = format!("content-type: application/json\r\nauthorization: Bearer {access}\r\n");
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string();
    assert_eq!(named("POST", "/mcp", call, ping).await.status, 200);
    // To the seller under its other name the token was not issued.
    assert_eq!(door.knock(access).await, 401);
    door.running.stop().await;
}

#[tokio::test]
async fn clients_that_do_not_deserve_a_token_are_told_why() {
    let door = open(profile(Entry::PLAIN), sandbox).await;
    let grant = "grant_type=client_credentials";
    let good = format!("{grant}&client_id=first&client_secret={TOKEN}");
    let right = basic("first", TOKEN);
    let (wrong, swapped) = (basic("first", "wrong"), basic("second", TOKEN));
    let cases = [
        (
            vec![],
            good.replace("client_credentials", "password"),
            400,
            "unsupported_grant_type",
        ),
        (vec![], good.replace(grant, "x=y"), 400, "invalid_request"),
        (
            vec![],
            good.replace(grant, "grant_type="),
            400,
            "invalid_request",
        ),
        (vec![], format!("{good}&{grant}"), 400, "invalid_request"),
        (
            vec![],
            format!("{good}&scope=x&scope=y"),
            400,
            "invalid_request",
        ),
        (
            vec![],
            format!("{good}&scope=everything"),
            400,
            "invalid_scope",
        ),
        (
            vec![],
            format!("{good}&resource=https%3A%2F%2Fother.example"),
            400,
            "invalid_target",
        ),
        (vec![], grant.to_owned(), 401, "invalid_client"),
        (vec![], good.replace(TOKEN, "wrong"), 401, "invalid_client"),
        (
            vec![],
            good.replace(TOKEN, OTHER_TOKEN),
            401,
            "invalid_client",
        ),
        (
            vec![],
            good.replace("=first", "=nobody"),
            401,
            "invalid_client",
        ),
        (
            vec![("authorization", wrong.as_str())],
            grant.to_owned(),
            401,
            "invalid_client",
        ),
        (
            vec![("authorization", swapped.as_str())],
            grant.to_owned(),
            401,
            "invalid_client",
        ),
        (
            vec![("authorization", "Basic !")],
            grant.to_owned(),
            401,
            "invalid_client",
        ),
        (
            vec![("authorization", "Bearer x")],
            grant.to_owned(),
            401,
            "invalid_client",
        ),
        (
            vec![("authorization", right.as_str())],
            good.clone(),
            400,
            "invalid_request",
        ),
        (
            vec![("authorization", right.as_str())],
            format!("{grant}&client_id=second"),
            400,
            "invalid_request",
        ),
    ];
    for (headers, body, status, error) in cases {
        let response = ask(&door, &headers, &body).await;
        let document = response.json();
        assert_eq!(
            (response.status, &document["error"]),
            (status, &json!(error)),
            "{body}"
        );
        assert!(document["error_description"].is_string(), "{document}");
        let challenge = format!("Basic realm=\"{}\"", door.home());
        let expected = (status == 401).then_some(challenge.as_str());
        assert_eq!(response.header("www-authenticate"), expected, "{body}");
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert!(!response.text().contains(TOKEN), "{document}");
    }
    for right in [right, right_escaped()] {
        let response = ask(&door, &[("authorization", &right)], grant).await;
        assert_eq!(response.status, 200, "{}", response.text());
    }
    let json = [("content-type", "application/json")];
    let response = door.client.send("POST", "/oauth/token", &json, b"{}").await;
    assert_eq!(response.json()["error"], "invalid_request");
    let response = door.get("/oauth/token").await;
    assert_eq!(
        (response.status, response.header("allow")),
        (405, Some("POST"))
    );
    let large = format!("{good}&padding={}", "x".repeat(8192));
    assert_eq!(ask(&door, &[], &large).await.status, 413);
    door.running.stop().await;
}

/// The right credentials, form-encoded before they are put together.
fn right_escaped() -> String {
    basic("%66irst", &TOKEN.replace('-', "%2D"))
}

#[tokio::test]
async fn tokens_say_for_what_and_for_which_endpoint() {
    const SCOPES: &[(&str, &[&str])] = &[
        ("adcp:read", &["get_products"]),
        ("adcp:buy", &["create_media_buy"]),
    ];
    let entry = Entry {
        a2a: true,
        oauth: Some(OAuth {
            issuer: "https://login.example",
            audience: None,
            scopes: SCOPES,
        }),
        ..Entry::PLAIN
    };
    let door = open(profile(entry), sandbox).await;
    let all = token(&door, "").await;
    assert_eq!(all["scope"], "adcp:read adcp:buy");
    let read = token(&door, "&scope=adcp:read").await;
    assert_eq!(read["scope"], "adcp:read");
    let read = read["access_token"].as_str().expect("a token");
    assert_eq!(door.knock(read).await, 200);
    let response = door.call(read, "create_media_buy", json!({})).await;
    assert_eq!(response.status, 403);
    // A token for one endpoint is none for the other.
    let resource = format!("&resource={}/a2a", door.home());
    let a2a = token(&door, &resource).await;
    let a2a = a2a["access_token"].as_str().expect("a token");
    assert_eq!(door.knock(a2a).await, 401);
    let headers = [
        ("content-type", "application/json"),
        ("authorization", &format!("Bearer {a2a}")),
    ];
    let response = door.client.send("POST", "/a2a", &headers, b"{}").await;
    assert_ne!(response.status, 401, "{}", response.text());
    // Metadata name the sandbox's own server first, then the manifest's.
    let document = door
        .get("/.well-known/oauth-protected-resource/a2a")
        .await
        .json();
    assert_eq!(document["resource"], format!("{}/a2a", door.home()));
    assert_eq!(
        document["authorization_servers"],
        json!([door.home(), "https://login.example"])
    );
    door.running.stop().await;
}
