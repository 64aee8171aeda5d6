//! The agent card: what the seller can do, and where and how it is called.
//!
//! Version 0.3 and version 1.0 describe the same things with other members. A client that says which
//! version it speaks is given the card of that version; the card for everybody else is that of 0.3
//! with the interfaces of 1.0 beside them, which the clients of both versions read. The card is
//! public. The extended one, which only callers get, lists what the caller's credentials allow.

use serde_json::{Map, Value, json};
use url::Url;

use super::version::{PROFILE, Version};
use crate::dispatch::Dispatcher;
use crate::identity::Rights;
use crate::profile::OAuth;

/// The media type of everything that goes in and out.
const JSON: &str = "application/json";
/// The tool by which AdCP's profile has buyers follow what goes on. Only lines that have it fit the
/// profile.
const POLLING: &str = "get_task_status";

/// What cards are made of.
#[derive(Debug)]
pub(super) struct Card {
    name: &'static str,
    description: String,
    skills: Vec<Value>,
    oauth: Option<OAuth>,
    /// Whether AdCP's profile is offered.
    pub(super) profile: bool,
}

impl Card {
    /// The card of a seller.
    ///
    /// # Errors
    ///
    /// When the line's tool list is not a JSON array of objects with names.
    pub(super) fn new(dispatcher: &Dispatcher) -> Result<Self, serde_json::Error> {
        #[derive(serde::Deserialize)]
        struct Listed {
            name: String,
            #[serde(default)]
            description: Option<String>,
        }
        let services = dispatcher.services();
        let listed: Vec<Listed> = serde_json::from_str(services.spec.tool_list)?;
        let skills = listed
            .into_iter()
            .filter(|tool| dispatcher.tool(&tool.name).is_some())
            .map(|tool| {
                json!({
                    "id": tool.name,
                    "name": tool.name,
                    "description": tool.description.unwrap_or_else(|| format!("The AdCP task {}", tool.name)),
                    "tags": ["adcp"],
                })
            })
            .collect();
        let profile = services.profile;
        Ok(Card {
            name: profile.name,
            description: format!(
                "Sells advertising by AdCP {}: {}",
                services.spec.line,
                profile.specialisms.join(", ")
            ),
            skills,
            oauth: profile.entry.oauth,
            profile: dispatcher.tool(POLLING).is_some(),
        })
    }

    /// The card that everybody is given who does not say a version.
    pub(super) fn public(&self, url: &str) -> Value {
        let mut card = self.of(Version::V03, url, &Rights::Everything);
        card["supportedInterfaces"] = interfaces(url);
        card["capabilities"]["extendedAgentCard"] = true.into();
        card
    }

    /// The card of a version, with the skills that these rights allow.
    pub(super) fn of(&self, version: Version, url: &str, rights: &Rights) -> Value {
        let mut capabilities = json!({ "streaming": true, "pushNotifications": true });
        if self.profile {
            capabilities["extensions"] = json!([{
                "uri": PROFILE,
                "description": "Structured invocation of AdCP tasks",
                // Clients that don't make use of it are understood as well.
                "required": false,
            }]);
        }
        let allowed = |skill: &&Value| skill["id"].as_str().is_some_and(|id| rights.allow(id));
        let skills: Vec<&Value> = self.skills.iter().filter(allowed).collect();
        let mut card = json!({
            "name": self.name,
            "description": self.description,
            "version": env!("CARGO_PKG_VERSION"),
            "defaultInputModes": [JSON],
            "defaultOutputModes": [JSON],
            "skills": skills,
            "securitySchemes": self.schemes(version),
        });
        match version {
            Version::V03 => {
                capabilities["stateTransitionHistory"] = false.into();
                card["protocolVersion"] = version.as_str().into();
                card["url"] = url.into();
                card["preferredTransport"] = "JSONRPC".into();
                card["additionalInterfaces"] = json!([{ "url": url, "transport": "JSONRPC" }]);
                card["supportsAuthenticatedExtendedCard"] = true.into();
                card["security"] = self.required(|name| json!({ name: [] }));
            }
            Version::V10 => {
                capabilities["extendedAgentCard"] = true.into();
                card["supportedInterfaces"] = interfaces(url);
                card["securityRequirements"] =
                    self.required(|name| json!({ "schemes": { name: { "list": [] } } }));
            }
        }
        card["capabilities"] = capabilities;
        card
    }

    fn schemes(&self, version: Version) -> Value {
        let bearer =
            json!({ "scheme": "Bearer", "description": "An API key that the seller gave out" });
        let mut schemes = Map::new();
        schemes.insert(
            "bearer".to_owned(),
            match version {
                Version::V03 => with_type(bearer, "http"),
                Version::V10 => json!({ "httpAuthSecurityScheme": bearer }),
            },
        );
        if let Some(oauth) = &self.oauth {
            let mut flows = json!({
                "description": format!("Access tokens of {}", oauth.issuer),
                "flows": {},
            });
            if let Some(metadata) = metadata(oauth.issuer) {
                flows["oauth2MetadataUrl"] = metadata.into();
            }
            schemes.insert(
                "oauth".to_owned(),
                match version {
                    Version::V03 => with_type(flows, "oauth2"),
                    Version::V10 => json!({ "oauth2SecurityScheme": flows }),
                },
            );
        }
        Value::Object(schemes)
    }

    /// Any one of the schemes is enough.
    fn required(&self, one: impl Fn(&str) -> Value) -> Value {
        let mut names = vec![one("bearer")];
        if self.oauth.is_some() {
            names.push(one("oauth"));
        }
        Value::Array(names)
    }
}

fn with_type(mut scheme: Value, kind: &str) -> Value {
    scheme["type"] = kind.into();
    scheme
}

/// Where each version is spoken, the newer first (A2A 1.0, section 4.4.6).
fn interfaces(url: &str) -> Value {
    let interface = |version: &str| json!({ "url": url, "protocolBinding": "JSONRPC", "protocolVersion": version });
    json!([interface("1.0"), interface("0.3")])
}

/// Where an issuer describes itself (RFC 8414, section 3.1).
fn metadata(issuer: &str) -> Option<String> {
    let mut url = Url::parse(issuer).ok()?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("/.well-known/oauth-authorization-server{path}"));
    Some(url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_of_an_issuer_lies_before_its_path() {
        for (issuer, metadata_url) in [
            (
                "https://login.example",
                "https://login.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://login.example/",
                "https://login.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://login.example/a/b",
                "https://login.example/.well-known/oauth-authorization-server/a/b",
            ),
        ] {
            assert_eq!(metadata(issuer).as_deref(), Some(metadata_url));
        }
        assert_eq!(metadata("no url"), None);
    }
}
