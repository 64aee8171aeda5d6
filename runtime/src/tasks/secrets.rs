//! A request as it may be shown again: to the buyer in a task's history, and to operators.
//!
//! What may be a credential is taken out, wherever it stands, and so are bank details, which buyers
//! may write and nobody reads back (`core/business-entity.json`). This is for showing only: what
//! makes two requests the same is decided elsewhere, by the protocol's own list.

use serde_json::{Map, Value};
use url::Url;

/// Members that hold a credential or bank details, without case, underscores and hyphens.
const SECRETS: [&str; 8] = [
    "credentials",
    "token",
    "authorization",
    "apikey",
    "secret",
    "password",
    "idempotencykey",
    "bank",
];
/// How names of members end that hold a credential.
const SECRET_ENDINGS: [&str; 5] = ["token", "credentials", "secret", "password", "apikey"];
/// Members that say where to send something; an address can carry a credential, too.
const WEBHOOKS: [&str; 3] = [
    "push_notification_config",
    "reporting_webhook",
    "artifact_webhook",
];
/// What stands in place of a credential.
const REMOVED: &str = "(removed)";

/// A request without what may be a credential.
pub(crate) fn without_secrets(request: &Value) -> Value {
    match request {
        Value::Object(members) => {
            let shown = |(name, value): (&String, &Value)| {
                let value = if is_secret(name) {
                    Value::from(REMOVED)
                } else if WEBHOOKS.contains(&name.as_str()) {
                    without_secret_address(without_secrets(value))
                } else {
                    without_secrets(value)
                };
                (name.clone(), value)
            };
            Value::Object(members.iter().map(shown).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        other => other.clone(),
    }
}

fn is_secret(member: &str) -> bool {
    let member: String = member
        .chars()
        .filter(|character| !matches!(character, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect();
    SECRETS.contains(&member.as_str())
        || SECRET_ENDINGS.iter().any(|ending| member.ends_with(ending))
}

/// A webhook whose address says where it leads and no more.
fn without_secret_address(mut webhook: Value) -> Value {
    if let Some(url) = webhook.get_mut("url") {
        let host = url
            .as_str()
            .and_then(|url| Url::parse(url).ok())
            .map(|url| url.origin().ascii_serialization());
        *url = Value::from(host.unwrap_or_else(|| REMOVED.to_owned()));
    }
    webhook
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_are_taken_out_wherever_they_stand() {
        let request = json!({
            "proposal_id": "p1",
            "idempotency_key": "key-that-replays",
            "invoice_recipient": { "legal_name": "Nova", "bank": { "iban": "s3cret" } },
            "push_notification_config": {
                "url": "https://user:pass-word@buyer.example/hook/s3cret?sig=s3cret",
                "token": "s3cret",
                "authentication": { "schemes": ["Bearer"], "credentials": "s3cret" },
            },
            "reporting_webhook": { "url": "not a url s3cret", "auth_token": "s3cret" },
            "packages": [{
                "product_id": "a",
                "ext": { "Api_Key": "s3cret", "accessToken": "s3cret", "x-api-key": "s3cret", "deep": [{ "client_secret": "s3cret" }] },
            }],
        });
        let shown = without_secrets(&request);
        let text = shown.to_string();
        for secret in ["s3cret", "pass-word", "key-that-replays"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert_eq!(
            (
                &shown["push_notification_config"]["url"],
                &shown["push_notification_config"]["authentication"]["schemes"],
                &shown["packages"][0]["product_id"],
                &shown["proposal_id"],
                &shown["invoice_recipient"]["legal_name"],
            ),
            (
                &json!("https://buyer.example"),
                &json!(["Bearer"]),
                &json!("a"),
                &json!("p1"),
                &json!("Nova"),
            )
        );
    }
}
