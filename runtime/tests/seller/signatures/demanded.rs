//! Where a signature is demanded, where a bad one is only noted, and what two proofs at once must
//! agree on.

use adcp_seller::profile::{Entry, Profile, RequestSigning};
use serde_json::{Value, json};

use super::pen::{Headers, Pen};
use super::shop::{Plan, Shop, VERIFIES, assert_turned, signer};
use crate::support::{OTHER_TOKEN, TOKEN, booking, line};

static DEMANDING: Profile = Profile {
    request_signing: RequestSigning {
        required_for: &["create_media_buy"],
        warn_for: &["create_media_buy", "get_products"],
        ..VERIFIES
    },
    ..line::PROFILE
};

const REQUIRED: &str = "request_signature_required";

fn bearer(token: &str) -> (String, String) {
    ("authorization".to_owned(), format!("Bearer {token}"))
}

fn json_type() -> (String, String) {
    ("content-type".to_owned(), "application/json".to_owned())
}

async fn demanding(pen: &Pen) -> Shop {
    let plan = Plan::of([signer("first", &[pen])]);
    Plan {
        profile: &DEMANDING,
        ..plan
    }
    .open()
    .await
}

#[tokio::test]
async fn a_tool_that_has_to_be_signed_is_refused_over_a_token() {
    let pen = Pen::ed25519("first-1");
    let shop = demanding(&pen).await;
    let letter = shop.tool_letter("create_media_buy", &booking("demanded-0001-key"));
    let headers: Headers = vec![json_type(), bearer(TOKEN)];
    let response = shop.post(&letter, headers.clone()).await;
    assert_turned(&response, REQUIRED);
    assert_eq!(
        response.json()["id"],
        1,
        "the message is answered: {}",
        response.text()
    );
    assert!(shop.desk.booked().is_empty());
    // Others are not.
    let read = shop.tool_letter("get_products", &json!({ "buying_mode": "wholesale" }));
    assert_eq!(shop.post(&read, headers).await.status, 200);
    // Signed, it is carried out; the signature alone is enough.
    let response = shop.send(&pen, &letter).await;
    assert_eq!(response.status, 200, "{}", response.text());
    let result = &response.json()["result"];
    assert_eq!(result["isError"], false, "{result}");
    assert_eq!(shop.desk.booked().values().sum::<usize>(), 1);
}

#[tokio::test]
async fn a_bad_signature_is_only_noted_where_the_manifest_says_so() {
    let pen = Pen::ed25519("first-1");
    let shop = demanding(&pen).await;
    let bad = |letter: &super::pen::Letter| {
        let mut headers = Pen::ed25519("first-1").sign(letter);
        headers.push(bearer(TOKEN));
        headers
    };
    let read = shop.tool_letter("get_products", &json!({ "buying_mode": "wholesale" }));
    let response = shop.post(&read, bad(&read)).await;
    assert_eq!(response.status, 200, "{}", response.text());
    // Demanding comes first, and what is not listed is refused as ever.
    for (tool, arguments) in [
        ("create_media_buy", booking("demanded-0002-key")),
        ("get_media_buys", json!({})),
    ] {
        let letter = shop.tool_letter(tool, &arguments);
        let response = shop.post(&letter, bad(&letter)).await;
        assert_turned(&response, "request_signature_invalid");
    }
    // Without a token a bad signature lets nobody in.
    let headers = Pen::ed25519("first-1").sign(&read);
    assert_turned(
        &shop.post(&read, headers).await,
        "request_signature_invalid",
    );
    // What can't even be read is refused.
    let mut headers = bad(&read);
    headers[0].1 = "nonsense".to_owned();
    assert_turned(
        &shop.post(&read, headers).await,
        "request_signature_header_malformed",
    );
    assert!(shop.desk.booked().is_empty());
}

#[tokio::test]
async fn a_token_and_a_signature_must_be_of_the_same_buyer() {
    let pen = Pen::ed25519("first-1");
    let shop = Plan::of([signer("first", &[&pen])]).open().await;
    let letter = || shop.tool_letter("get_adcp_capabilities", &json!({}));
    for (token, status) in [(TOKEN, 200), (OTHER_TOKEN, 401), ("token-of-nobody", 401)] {
        let letter = letter();
        let mut headers = pen.sign(&letter);
        headers.push(bearer(token));
        let response = shop.post(&letter, headers).await;
        assert_eq!(response.status, status, "{token}: {}", response.text());
    }
}

/// A booking whose webhook is to be proved by a shared secret.
fn with_secret() -> Value {
    let mut request = booking("demanded-0003-key");
    request["push_notification_config"] = json!({
        "url": "https://buyer.example/hook",
        "authentication": { "schemes": ["HMAC-SHA256"], "credentials": "s".repeat(32) },
    });
    request
}

#[tokio::test]
async fn credentials_for_a_webhook_are_taken_from_signed_requests_only() {
    let pen = Pen::ed25519("first-1");
    let headers: Headers = vec![json_type(), bearer(TOKEN)];
    // A sandbox takes them anyway: the official storyboards send them over a token.
    for sandbox in [false, true] {
        let plan = Plan::of([signer("first", &[&pen])]);
        let shop = Plan { sandbox, ..plan }.open().await;
        let letter = shop.tool_letter("create_media_buy", &with_secret());
        let response = shop.post(&letter, headers.clone()).await;
        if sandbox {
            assert_eq!(response.status, 200, "{}", response.text());
        } else {
            assert_turned(&response, REQUIRED);
            assert!(shop.desk.booked().is_empty());
        }
        let response = shop.send(&pen, &letter).await;
        assert_eq!(response.status, 200, "{}", response.text());
        // A subscription without credentials asks for nothing.
        let mut plain = with_secret();
        plain["idempotency_key"] = "demanded-0004-key".into();
        plain["push_notification_config"]
            .as_object_mut()
            .expect("an object")
            .remove("authentication");
        let letter = shop.tool_letter("create_media_buy", &plain);
        assert_eq!(shop.post(&letter, headers.clone()).await.status, 200);
    }
}

/// A seller that serves A2A as well, where a bad signature is merely noted for one tool.
static AGENT: Profile = Profile {
    entry: Entry {
        a2a: true,
        ..Entry::PLAIN
    },
    request_signing: RequestSigning {
        warn_for: &["get_products"],
        ..VERIFIES
    },
    ..line::PROFILE
};

async fn live_agent(pen: &Pen) -> Shop {
    let plan = Plan::of([signer("first", &[pen])]);
    Plan {
        profile: &AGENT,
        sandbox: false,
        ..plan
    }
    .open()
    .await
}

/// What is refused of a signature that covers the head alone.
const INCOMPLETE: &str = "request_signature_components_incomplete";

#[tokio::test]
async fn credentials_for_a_webhook_need_a_signature_of_the_body_in_every_form() {
    let pen = Pen::ed25519("first-1");
    let shop = live_agent(&pen).await;
    let secret = "s".repeat(32);
    let config = json!({
        "url": "https://buyer.example/hook",
        "authentication": { "schemes": ["Bearer"], "credentials": secret },
    });
    let data = json!({ "skill": "get_adcp_capabilities", "input": {} });
    let message = json!({
        "message": {
            "kind": "message", "messageId": "m", "role": "user",
            "parts": [{ "kind": "data", "data": data }],
        },
        "configuration": { "pushNotificationConfig": config },
    });
    let set = json!({ "taskId": "task_of_nobody", "pushNotificationConfig": config });
    let letters = || {
        [
            shop.tool_letter("create_media_buy", &with_secret()),
            shop.letter("create_media_buy", &with_secret()),
            shop.agent_letter("message/send", &message),
            shop.agent_letter("message/stream", &message),
            shop.agent_letter("tasks/pushNotificationConfig/set", &set),
        ]
    };
    for letter in letters() {
        let token: Headers = vec![json_type(), bearer(TOKEN)];
        assert_turned(&shop.post(&letter, token).await, REQUIRED);
    }
    // Whoever changes the body on its way changes nothing that such a signature covers.
    for letter in letters() {
        let head = letter.with(|letter| {
            letter.covered.pop();
        });
        assert_turned(&shop.send(&pen, &head).await, INCOMPLETE);
    }
    assert!(shop.desk.booked().is_empty());
    for letter in letters() {
        let response = shop.send(&pen, &letter).await;
        assert_eq!(response.status, 200, "{}", response.text());
    }
    // Without credentials neither is asked for.
    let mut plain = message.clone();
    plain["configuration"]["pushNotificationConfig"] =
        json!({ "url": "https://buyer.example/hook" });
    let letter = shop.agent_letter("message/send", &plain);
    let token: Headers = vec![json_type(), bearer(TOKEN)];
    assert_eq!(shop.post(&letter, token).await.status, 200);
}

#[tokio::test]
async fn a_bad_signature_is_never_merely_noted_where_no_tool_is_called() {
    let pen = Pen::ed25519("first-1");
    let shop = live_agent(&pen).await;
    for method in [
        "tasks/get",
        "tasks/cancel",
        "tasks/resubscribe",
        "tasks/pushNotificationConfig/set",
        "tasks/pushNotificationConfig/list",
    ] {
        let letter = shop.agent_letter(method, &json!({ "id": "task_of_nobody" }));
        let mut headers = Pen::ed25519("first-1").sign(&letter);
        headers.push(bearer(TOKEN));
        let response = shop.post(&letter, headers).await;
        assert_turned(&response, "request_signature_invalid");
    }
}
