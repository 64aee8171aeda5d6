//! Access tokens of an issuer elsewhere.

use adcp_seller::profile::{Entry, OAuth};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::issuer::{Issuer, KEYS};
use super::{Door, assert_challenged, open, profile, taking};
use crate::support::{NOW, OTHER_TOKEN, TOKEN, rpc};

/// The instant of [`NOW`], in seconds.
fn now() -> i64 {
    NOW.parse::<chrono::DateTime<chrono::Utc>>()
        .expect("an instant")
        .timestamp()
}

fn header(alg: &str, kid: &str) -> Value {
    json!({ "alg": alg, "kid": kid, "typ": "at+jwt" })
}

/// Claims that are good at a seller.
fn claims(issuer: &Issuer, door: &Door) -> Value {
    json!({
        "iss": issuer.url,
        "sub": "agent-7",
        "client_id": "agent-7",
        "aud": door.url(),
        "iat": now(),
        "exp": now() + 300,
        "jti": "1",
    })
}

/// Good claims with one member changed, or removed if it is null.
fn with(claims: &Value, member: &str, value: Value) -> Value {
    let mut changed = claims.clone();
    match value {
        Value::Null => {
            changed.as_object_mut().expect("an object").remove(member);
        }
        value => changed[member] = value,
    }
    changed
}

async fn world() -> (Issuer, Door) {
    let issuer = Issuer::start().await;
    let door = open(profile(taking(&issuer.url, &[])), |_| {}).await;
    (issuer, door)
}

#[tokio::test]
async fn good_tokens_are_taken_whatever_the_kind_of_key() {
    let (issuer, door) = world().await;
    let good = claims(&issuer, &door);
    for (alg, kid) in [
        ("RS256", "rsa"),
        ("PS256", "rsa"),
        ("PS256", "pss"),
        ("ES256", "p256"),
        ("EdDSA", "ed25519"),
    ] {
        let token = KEYS.token(&header(alg, kid), &good);
        assert_eq!(door.knock(&token).await, 200, "{alg} by {kid}");
    }
    let es256 = header("ES256", "p256");
    for (header, claims) in [
        (with(&es256, "typ", json!("JWT")), good.clone()),
        (
            with(&es256, "typ", json!("application/at+jwt")),
            good.clone(),
        ),
        (with(&es256, "typ", Value::Null), good.clone()),
        // There is only one key for this algorithm, so it need not be named.
        (with(&es256, "kid", Value::Null), good.clone()),
        (
            es256.clone(),
            with(&good, "aud", json!(["other", door.url()])),
        ),
        // Clocks may be a minute apart.
        (es256.clone(), with(&good, "exp", json!(now() - 59))),
        (es256.clone(), with(&good, "nbf", json!(now() + 60))),
        (
            es256.clone(),
            with(&good, "iat", json!(now() as f64 + 59.5)),
        ),
    ] {
        let token = KEYS.token(&header, &claims);
        assert_eq!(door.knock(&token).await, 200, "{header} {claims}");
    }
    // Keys of the file or the sandbox are good beside tokens.
    assert_eq!(door.knock(TOKEN).await, 200);
    door.running.stop().await;
}

#[tokio::test]
async fn bad_tokens_are_all_refused_alike() {
    let (issuer, door) = world().await;
    let good = claims(&issuer, &door);
    let es256 = header("ES256", "p256");
    let sound = KEYS.token(&es256, &good);
    assert_eq!(door.knock(&sound).await, 200);
    let parts: Vec<&str> = sound.split('.').collect();
    let other = KEYS.token(&es256, &with(&good, "sub", json!("agent-8")));
    let elsewhere: Vec<&str> = other.split('.').collect();
    let mut tokens = vec![
        ("no signature", KEYS.token(&header("none", "p256"), &good)),
        (
            "no algorithm or key",
            KEYS.token(&json!({ "alg": "none" }), &good),
        ),
        (
            "the public key as a secret",
            KEYS.token(&header("HS256", "rsa"), &good),
        ),
        (
            "the claims of another token",
            [parts[0], elsewhere[1], parts[2]].join("."),
        ),
        (
            "a signature that was cut",
            [parts[0], parts[1], &parts[2][..40]].join("."),
        ),
        ("padding", format!("{sound}==")),
        ("two parts", [parts[0], parts[1]].join(".")),
        ("five parts", format!("{sound}.a.b")),
        (
            "a header that is no JSON",
            ["eyJ", parts[1], parts[2]].join("."),
        ),
        (
            "an algorithm that is not the key's kind",
            KEYS.token(&header("RS256", "p256"), &good),
        ),
        (
            "an algorithm that the key is not for",
            KEYS.token(&header("RS256", "pss"), &good),
        ),
        (
            "a key that is for encryption",
            KEYS.token(&header("RS256", "enc"), &good),
        ),
        (
            "a choice of two keys",
            KEYS.token(&with(&header("PS256", ""), "kid", Value::Null), &good),
        ),
        (
            "an extension that is not understood",
            KEYS.token(&with(&es256, "crit", json!(["b64"])), &good),
        ),
        (
            "another kind of JWT",
            KEYS.token(&with(&es256, "typ", json!("logout+jwt")), &good),
        ),
        (
            "a member twice",
            KEYS.raw(
                &es256,
                &good
                    .to_string()
                    .replacen('{', "{\"iss\":\"https://other.example\",", 1),
            ),
        ),
        ("claims that are a list", KEYS.raw(&es256, "[]")),
        (
            "more bytes than are looked at",
            KEYS.token(&es256, &with(&good, "padding", json!("x".repeat(5000)))),
        ),
    ];
    for (what, member, value) in [
        ("no issuer", "iss", Value::Null),
        (
            "another issuer",
            "iss",
            json!("https://login.other.example"),
        ),
        (
            "an issuer but for a slash",
            "iss",
            json!(format!("{}/", issuer.url)),
        ),
        ("no audience", "aud", Value::Null),
        (
            "another audience",
            "aud",
            json!("https://other.example/mcp"),
        ),
        ("the audience but for the path", "aud", json!(door.home())),
        ("no audience in a list", "aud", json!([])),
        ("no subject", "sub", Value::Null),
        ("an empty subject", "sub", json!("")),
        ("a long subject", "sub", json!("x".repeat(201))),
        ("a subject on two lines", "sub", json!("a\nb")),
        ("no end", "exp", Value::Null),
        ("an end in the past", "exp", json!(now() - 60)),
        ("an end in words", "exp", json!("tomorrow")),
        ("a beginning in the future", "nbf", json!(now() + 61)),
        ("an issue in the future", "iat", json!(now() + 61)),
    ] {
        tokens.push((what, KEYS.token(&es256, &with(&good, member, value))));
    }
    let challenge = format!(
        "Bearer realm=\"{}\", error=\"invalid_token\", resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\"",
        door.url(),
        door.home()
    );
    for (what, token) in tokens {
        let response = door.call(&token, "get_products", json!({})).await;
        assert_eq!(response.status, 401, "{what}");
        assert_challenged(&response, 401, &challenge);
        assert!(!response.text().contains(&token), "{what} came back");
    }
    door.running.stop().await;
}

#[tokio::test]
async fn a_token_ends_even_if_it_was_taken_before() {
    let (issuer, door) = world().await;
    let token = KEYS.token(&header("ES256", "p256"), &claims(&issuer, &door));
    assert_eq!(door.knock(&token).await, 200);
    door.clock.advance(TimeDelta::seconds(359));
    assert_eq!(door.knock(&token).await, 200);
    door.clock.advance(TimeDelta::seconds(1));
    assert_eq!(door.knock(&token).await, 401);
    door.running.stop().await;
}

#[tokio::test]
async fn strangers_do_not_decide_how_often_the_issuer_is_asked() {
    let (issuer, door) = world().await;
    let good = claims(&issuer, &door);
    assert_eq!(
        door.knock(&KEYS.token(&header("ES256", "p256"), &good))
            .await,
        200
    );
    for kid in 0..40 {
        let token = KEYS.token(&header("ES256", &format!("made-up-{kid}")), &good);
        assert_eq!(door.knock(&token).await, 401);
    }
    assert_eq!(issuer.asked(), 1);
    door.running.stop().await;
}

#[tokio::test]
async fn without_its_issuer_a_seller_serves_and_says_when_to_try_again() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let issuer = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    let door = open(profile(taking(&issuer, &[])), |_| {}).await;
    let claims = json!({ "iss": issuer, "sub": "a", "aud": door.url(), "exp": now() + 60 });
    let token = KEYS.token(&header("ES256", "p256"), &claims);
    let response = door.call(&token, "get_products", json!({})).await;
    assert_eq!(response.status, 503, "{}", response.text());
    assert_eq!(response.header("retry-after"), Some("5"));
    let error = &response.json()["error"]["data"]["adcp_error"];
    assert_eq!(
        (&error["code"], &error["recovery"], &error["retry_after"]),
        (
            &json!("SERVICE_UNAVAILABLE"),
            &json!("transient"),
            &json!(5)
        )
    );
    assert_eq!(door.knock(TOKEN).await, 200);
    door.running.stop().await;
}

#[tokio::test]
async fn a_manifest_may_name_another_audience() {
    let issuer = Issuer::start().await;
    let mut entry = taking(&issuer.url, &[]);
    entry.oauth = entry.oauth.map(|oauth| OAuth {
        audience: Some("https://ads.example"),
        ..oauth
    });
    let door = open(profile(entry), |_| {}).await;
    let good = claims(&issuer, &door);
    let es256 = header("ES256", "p256");
    let audience = |aud: &str| KEYS.token(&es256, &with(&good, "aud", json!(aud)));
    assert_eq!(door.knock(&audience("https://ads.example")).await, 200);
    assert_eq!(door.knock(&audience(&door.url())).await, 401);
    door.running.stop().await;
}

#[tokio::test]
async fn scopes_open_tools_and_a_refusal_names_those_that_would() {
    const SCOPES: &[(&str, &[&str])] = &[
        ("adcp:read", &["get_products", "get_media_buys"]),
        ("adcp:buy", &["create_media_buy", "get_media_buys"]),
    ];
    let issuer = Issuer::start().await;
    let door = open(profile(taking(&issuer.url, SCOPES)), |_| {}).await;
    let good = claims(&issuer, &door);
    let es256 = header("ES256", "p256");
    let read = KEYS.token(&es256, &with(&good, "scope", json!("adcp:read openid")));
    let both = KEYS.token(
        &es256,
        &with(&good, "scp", json!(["adcp:read", "adcp:buy"])),
    );
    let none = KEYS.token(&es256, &good);
    let refusal = |scope: &str| {
        format!(
            "Bearer realm=\"{}\", error=\"insufficient_scope\"{scope}, resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\"",
            door.url(),
            door.home()
        )
    };
    for (token, tool, scope) in [
        (&read, "get_products", None),
        (&read, "get_adcp_capabilities", None),
        (&none, "get_adcp_capabilities", None),
        (&read, "create_media_buy", Some(", scope=\"adcp:buy\"")),
        (&none, "get_products", Some(", scope=\"adcp:read\"")),
        (
            &none,
            "get_media_buys",
            Some(", scope=\"adcp:read adcp:buy\""),
        ),
        (&both, "create_media_buy", None),
        // No scope opens this one.
        (&both, "sync_creatives", Some("")),
    ] {
        let response = door.call(token, tool, json!({})).await;
        match scope {
            None => assert_eq!(response.status, 200, "{tool}"),
            Some(scope) => {
                assert_challenged(&response, 403, &refusal(scope));
                assert_eq!(response.json()["id"], 1, "{tool}");
            }
        }
    }
    // Of a batch with one such call nothing is carried out.
    let batch = json!([
        rpc(
            "tools/call",
            json!({ "name": "get_products", "arguments": {} })
        ),
        rpc(
            "tools/call",
            json!({ "name": "create_media_buy", "arguments": {} })
        ),
    ]);
    let response = door.client.post(&read, batch.to_string().as_bytes()).await;
    assert_challenged(&response, 403, &refusal(", scope=\"adcp:buy\""));
    door.running.stop().await;
}

#[tokio::test]
async fn two_credentials_are_none_and_one_in_the_query_is_not_seen() {
    let (issuer, door) = world().await;
    let token = KEYS.token(&header("ES256", "p256"), &claims(&issuer, &door));
    let bearer = format!("Bearer {token}");
    let key = format!("Bearer {TOKEN}");
    let json = ("content-type", "application/json");
    let body = rpc("ping", json!({})).to_string();
    for headers in [
        &[
            json,
            ("authorization", bearer.as_str()),
            ("authorization", key.as_str()),
        ][..],
        &[
            json,
            ("authorization", bearer.as_str()),
            ("x-adcp-auth", TOKEN),
        ],
        &[json, ("x-adcp-auth", TOKEN), ("x-adcp-auth", OTHER_TOKEN)],
    ] {
        let response = door
            .client
            .send("POST", "/mcp", headers, body.as_bytes())
            .await;
        assert_eq!(response.status, 401, "{headers:?}");
    }
    for path in [
        format!("/mcp?access_token={token}"),
        format!("/mcp?access_token={TOKEN}"),
    ] {
        let response = door
            .client
            .send("POST", &path, &[json], body.as_bytes())
            .await;
        assert_eq!(response.status, 401);
        let challenge = response.header("www-authenticate").expect("a challenge");
        assert!(!challenge.contains("error="), "{challenge}");
    }
    door.running.stop().await;
}

#[tokio::test]
async fn a_live_seller_publishes_whose_tokens_it_takes_and_no_login_of_its_own() {
    const SCOPES: &[(&str, &[&str])] = &[("adcp:read", &["get_products"])];
    let (issuer, door) = world().await;
    let document = door.get("/.well-known/oauth-protected-resource/mcp").await;
    assert_eq!(document.status, 200);
    assert_eq!(document.header("content-type"), Some("application/json"));
    assert_eq!(
        document.json(),
        json!({
            "resource": door.url(),
            "authorization_servers": [issuer.url],
            "bearer_methods_supported": ["header"],
            "resource_name": "press-desk",
        })
    );
    let scoped = open(profile(taking(&issuer.url, SCOPES)), |_| {}).await;
    let document = scoped
        .get("/.well-known/oauth-protected-resource/mcp")
        .await;
    assert_eq!(document.json()["scopes_supported"], json!(["adcp:read"]));
    let plain = open(profile(Entry::PLAIN), |_| {}).await;
    let own = [
        "/.well-known/oauth-authorization-server",
        "/oauth/token",
        "/oauth/jwks.json",
    ];
    let of_resources = [
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-protected-resource/a2a",
        "/.well-known/oauth-protected-resource",
    ];
    for path in own {
        assert_eq!(door.get(path).await.status, 404, "{path}");
    }
    for path in own.iter().chain(&of_resources) {
        assert_eq!(plain.get(path).await.status, 404, "{path}");
    }
    // Only what is served has metadata.
    for path in &of_resources[1..] {
        assert_eq!(door.get(path).await.status, 404, "{path}");
    }
    let response = plain.client.send("POST", "/mcp", &[], b"not json").await;
    assert_challenged(&response, 401, &format!("Bearer realm=\"{}\"", plain.url()));
    for door in [door, scoped, plain] {
        door.running.stop().await;
    }
}
