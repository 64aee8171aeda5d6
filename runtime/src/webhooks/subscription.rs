//! Where notifications go, and how a receiver knows that they are genuine.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a request says what to call back (`core/push-notification-config.json`).
const MEMBER: &str = "push_notification_config";

/// One receiver (`core/push-notification-config.json`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Where to send.
    pub url: String,
    /// What the receiver wants to find again in every payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The buyer's own name for the operation, echoed in every payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
    /// The older way to prove who sends. Without it a notification is signed (RFC 9421).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// What a payload looks like.
    #[serde(default)]
    pub form: Form,
    /// The name that a transport gave the subscription, where it has names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The conversation of the transport, where it has conversations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_id: Option<String>,
    /// The transport's own name for a call that ends at once. What goes on has its AdCP task's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
}

/// The older way to prove who sends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// What is done with the credentials.
    pub scheme: Scheme,
    /// The secret that sender and receiver share.
    pub credentials: String,
}

/// What is done with shared credentials (`enums/auth-scheme.json`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scheme {
    /// They are sent as a bearer token.
    Bearer,
    /// They are the key of an HMAC over the body.
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
}

/// What a payload looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// AdCP's own envelope (`core/mcp-webhook-payload.json`).
    #[default]
    Adcp,
    /// A task or a status update of A2A 0.3.
    A2aV03,
    /// A stream response of A2A 1.0.
    A2aV10,
}

impl Subscription {
    /// The receiver that a request names in `push_notification_config`, if it names one. The request
    /// has passed its schema. The URL is taken as it is: whether anything is there is found out when
    /// something is sent.
    pub fn of_request(request: &Value) -> Option<Self> {
        Self::of_config(request.get(MEMBER)?)
    }

    /// The receiver that a `push_notification_config` names. From AdCP 3.1 on `notification_configs`
    /// have the same members.
    pub fn of_config(config: &Value) -> Option<Self> {
        let text = |name: &str| Some(config.get(name)?.as_str()?.to_owned());
        Some(Subscription {
            url: text("url")?,
            token: text("token"),
            operation_id: text("operation_id"),
            authentication: config.get("authentication").and_then(Authentication::of),
            form: Form::Adcp,
            id: None,
            context_id: None,
            task_id: None,
        })
    }
}

impl Authentication {
    fn of(config: &Value) -> Option<Self> {
        let scheme = config.get("schemes")?.as_array()?.first()?;
        Some(Authentication {
            scheme: Scheme::deserialize(scheme).ok()?,
            credentials: config.get("credentials")?.as_str()?.to_owned(),
        })
    }
}

impl fmt::Debug for Subscription {
    /// The receiver without anything that is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("form", &self.form)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authentication")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}
