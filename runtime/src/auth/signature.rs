//! Signatures on the requests of buyers: who signed, and for which tools that is demanded.
//!
//! The rules of a signature are those of [`crate::signing`]; here they meet what a seller has: its
//! policy, its signers, its store. [`Signatures::begin`] needs the head of a request only, so that a
//! forged request never has its body read; [`Pending::finish`] takes the body and uses the nonce up.

use std::sync::Arc;

use axum::http::request::Parts;
use serde_json::Value;

use super::Known;
use super::signers::{Keyring, View};
use crate::clock::Clock;
use crate::identity::{Principal, Rights};
use crate::profile::RequestSigning;
use crate::signing::{self, Edition, Failure, Fault, Head, Rejection, Terms, Usage, Verified};
use crate::spec::Spec;

/// Verifies the signatures of requests.
pub(crate) struct Signatures {
    keyring: Arc<Keyring>,
    clock: Arc<dyn Clock>,
    edition: Edition,
    policy: Policy,
}

/// What a seller demands of signatures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    declared: RequestSigning,
    /// Whether a webhook with credentials may be registered without a signature of the body.
    lenient: bool,
}

/// What the signature of a request vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// Nothing: there is none.
    No,
    /// The head alone. The body may be another one than its sender wrote.
    Head,
    /// The head and the body.
    Whole,
}

/// A signature whose head is good.
pub(crate) struct Pending {
    verified: Verified,
    view: View,
    principal: Principal,
}

impl Signatures {
    pub(crate) fn new(
        keyring: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        spec: &Spec,
        policy: Policy,
    ) -> Self {
        Signatures {
            keyring,
            clock,
            edition: Edition::of(spec.line),
            policy,
        }
    }

    /// What is demanded.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Verifies what the head of a request says; `None` when it is not signed, or when this seller
    /// does not look at signatures. `url` is the absolute URL of the request.
    ///
    /// # Errors
    ///
    /// Why the signature is not good, or that this can't be found out now.
    pub(crate) async fn begin(&self, parts: &Parts, url: &str) -> Result<Option<Pending>, Failure> {
        if !self.policy.declared.supported || !signing::is_signed(&parts.headers) {
            return Ok(None);
        }
        let now = self.clock.now();
        let terms = Terms::request(self.edition, self.policy.declared.digest, now);
        let head = Head {
            method: parts.method.as_str(),
            url,
            headers: &parts.headers,
        };
        let view = self.keyring.view();
        let verified = signing::begin(terms, head, &view).await?;
        let signer = view
            .signer()
            .ok_or_else(|| Failure::Unavailable("a key was taken that no signer has".to_owned()))?;
        let principal = signer.principal.clone();
        Ok(Some(Pending {
            verified,
            view,
            principal,
        }))
    }
}

impl Pending {
    /// Who signed the head.
    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Verifies the body and uses the nonce up.
    ///
    /// # Errors
    ///
    /// Why the signature is not good, or that this can't be found out now.
    pub(crate) async fn finish(self, body: &[u8]) -> Result<(Known, Signed), Failure> {
        let signer = self.verified.finish(body, &self.view).await?;
        let known = Known {
            principal: self.principal,
            rights: Rights::Everything,
        };
        let signed = if signer.covers_body {
            Signed::Whole
        } else {
            Signed::Head
        };
        Ok((known, signed))
    }
}

impl Policy {
    /// The policy of a manifest.
    ///
    /// A seller that verifies signatures refuses to register a webhook with credentials over a
    /// request whose body is not signed: whoever changes such a request on its way decides how
    /// notifications are proved from then on (AdCP security, "Downgrade and injection resistance").
    /// A sandbox only logs it, because the official storyboards register one over a bearer token.
    pub(crate) fn new(declared: RequestSigning, sandbox: bool) -> Self {
        Policy {
            declared,
            lenient: sandbox,
        }
    }

    /// Why a call is refused for want of a signature, if it is. No other credential makes up for
    /// one: of the postures that AdCP allows ("Composition with fallback authenticators"), this is
    /// the strict one.
    pub(crate) fn missing(
        &self,
        signed: Signed,
        principal: &Principal,
        tool: &str,
        arguments: &Value,
    ) -> Option<Rejection> {
        let demands = self.declared.supported && self.declared.required_for.contains(&tool);
        if demands && signed == Signed::No {
            return Some(Rejection::required(format!("`{tool}` has to be signed")));
        }
        registers_credentials(arguments)
            .then(|| self.missing_for_credentials(signed, principal, tool))
            .flatten()
    }

    /// Why a webhook that is to be proved by credentials is not registered, if it is not: the one
    /// rule for every form in which a request can carry such credentials. `by` is what registers
    /// it, a tool or a method of a transport.
    pub(crate) fn missing_for_credentials(
        &self,
        signed: Signed,
        principal: &Principal,
        by: &str,
    ) -> Option<Rejection> {
        if !self.declared.supported {
            return None;
        }
        tracing::warn!(
            principal = principal.0,
            by,
            ?signed,
            "a webhook is registered that is to be proved by credentials, not by a signature"
        );
        match signed {
            _ if self.lenient => None,
            Signed::Whole => None,
            Signed::No => Some(Rejection::required(
                "a webhook with credentials has to be registered by a signed request",
            )),
            Signed::Head => Some(Rejection::new(
                Usage::Request,
                Fault::ComponentsIncomplete,
                6,
                "a webhook with credentials has to be registered by a request whose signature covers `content-digest`",
            )),
        }
    }

    /// Whether a signature that is not good is only logged for this tool. Demanding one comes
    /// first (`protocol/get-adcp-capabilities-response.json`, `request_signing.warn_for`).
    pub(crate) fn only_warns(&self, tool: &str) -> bool {
        self.declared.warn_for.contains(&tool) && !self.declared.required_for.contains(&tool)
    }

    /// Whether there is a tool for which a signature that is not good is only logged.
    pub(crate) fn ever_warns(&self) -> bool {
        self.declared
            .warn_for
            .iter()
            .any(|tool| self.only_warns(tool))
    }
}

/// Whether a request registers a webhook that is to be proved by credentials in it: the
/// configuration of a task, or a subscription of an account (from 3.1 on).
fn registers_credentials(arguments: &Value) -> bool {
    let carries = |config: &Value| {
        config["authentication"]
            .as_object()
            .is_some_and(|authentication| !authentication.is_empty())
    };
    carries(&arguments["push_notification_config"])
        || listed(&arguments["accounts"])
            .iter()
            .flat_map(|account| listed(&account["notification_configs"]))
            .any(carries)
}

fn listed(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
