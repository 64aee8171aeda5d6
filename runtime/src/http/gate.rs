//! Who comes in: settled from the head of a request, before its body is read.
//!
//! A transport asks three times. [`Gate::begin`] looks at the head: a bearer token, and what a
//! signature says without the body. [`Begun::finish`] looks at the body, which a signature may
//! cover, and names the caller. [`Gate::permits`] is asked once the tool is known. Each may end in
//! [`Turned`], which [`Gate::turn`] makes an answer. No transport knows how a caller proved itself.

use std::sync::Arc;

use axum::http::request::Parts;
use axum::response::Response;
use serde_json::Value;

use super::address::{Addresses, Endpoint};
use super::metadata;
use super::requests::Requests;
use super::turned::Turned;
use crate::auth::{Callers, Denied, Known, PendingSignature, Signatures, Signed, Stranger};
use crate::clock::Clock;
use crate::dispatch::Caller;
use crate::identity::TenantId;
use crate::oauth::Place;
use crate::signing::{Failure, Fault, Rejection};
use crate::spec::Spec;

/// When to come again if a signature can't be verified right now, in seconds.
const RETRY_AFTER: u32 = 5;

/// Decides who comes in.
pub(crate) struct Gate {
    spec: &'static Spec,
    callers: Callers,
    signatures: Signatures,
    addresses: Addresses,
    requests: Requests,
    clock: Arc<dyn Clock>,
}

/// A request whose head was good.
pub(crate) struct Begun<'g> {
    gate: &'g Gate,
    /// Who presents a token.
    known: Option<Known>,
    signature: Signature,
}

/// What a request has for a signature.
enum Signature {
    /// None.
    None,
    /// One whose head is good.
    Good(Box<PendingSignature>),
    /// One that is not good, which for some tools is only noted.
    Bad(&'static str),
}

impl Gate {
    /// A gate for these callers.
    pub(crate) fn new(
        spec: &'static Spec,
        callers: Callers,
        signatures: Signatures,
        addresses: Addresses,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Gate {
            spec,
            callers,
            signatures,
            addresses,
            requests: Requests::new(),
            clock,
        }
    }

    /// Where buyers reach the seller.
    pub(crate) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Looks at the head of a request.
    ///
    /// # Errors
    ///
    /// What to answer, without having read the body.
    pub(crate) async fn begin(
        &self,
        endpoint: Endpoint,
        parts: &Parts,
    ) -> Result<Begun<'_>, Turned> {
        let signature = self.signature(endpoint, parts).await?;
        if endpoint == Endpoint::Plain && matches!(signature, Signature::None) {
            return Err(turned(&Rejection::required(
                "this binding knows no other proof",
            )));
        }
        let place = Place {
            endpoint: self.addresses.endpoint(endpoint, parts),
            home: self.addresses.home(parts),
        };
        let known = self
            .callers
            .authenticate(&parts.headers, &place, self.clock.now())
            .await;
        let known = match (known, &signature) {
            (Ok(known), Signature::Good(pending)) if known.principal != *pending.principal() => {
                tracing::info!(
                    token = known.principal.0,
                    signer = pending.principal().0,
                    "a caller was turned away: token and signature are of different buyers"
                );
                return Err(Turned::invalid_token());
            }
            (Ok(known), _) => Some(known),
            (Err(Stranger::Denied(Denied::Missing)), Signature::Good(_)) => None,
            (Err(Stranger::Later), _) => return Err(Turned::unavailable(RETRY_AFTER)),
            (Err(_), Signature::Bad(code)) => return Err(refused(code)),
            (Err(Stranger::Denied(denied)), _) => {
                tracing::info!(?denied, "a caller was turned away");
                return Err(match denied {
                    Denied::Missing => Turned::missing(),
                    Denied::Malformed | Denied::Unknown => Turned::invalid_token(),
                });
            }
        };
        Ok(Begun {
            gate: self,
            known,
            signature,
        })
    }

    /// What the head of a request has for a signature.
    async fn signature(&self, endpoint: Endpoint, parts: &Parts) -> Result<Signature, Turned> {
        let url = self.addresses.request(parts);
        match self.signatures.begin(parts, &url).await {
            Ok(None) => Ok(Signature::None),
            Ok(Some(pending)) => Ok(Signature::Good(Box::new(pending))),
            Err(failure) => {
                let rejection = self.judge(failure)?;
                // What can't be read is no signature that could be noted; and where nothing else
                // proves who calls, noting it would let anybody in.
                let noted = endpoint != Endpoint::Plain
                    && rejection.fault != Fault::HeaderMalformed
                    && self.signatures.policy().ever_warns();
                if noted {
                    Ok(Signature::Bad(rejection.code))
                } else {
                    Err(refused(rejection.code))
                }
            }
        }
    }

    /// Logs why a signature is not good, which its sender is not told.
    fn judge(&self, failure: Failure) -> Result<Rejection, Turned> {
        match failure {
            Failure::Rejected(rejection) => {
                tracing::info!(
                    code = rejection.code,
                    step = rejection.step,
                    reason = rejection.reason,
                    "a signature is not good"
                );
                Ok(rejection)
            }
            Failure::Unavailable(reason) => {
                tracing::error!(reason, "a signature could not be verified");
                Err(Turned::unavailable(RETRY_AFTER))
            }
        }
    }

    /// Whether a caller may use a tool with these arguments.
    ///
    /// # Errors
    ///
    /// What to answer if not.
    pub(crate) fn permits(
        &self,
        caller: &Caller,
        tool: &str,
        arguments: &Value,
    ) -> Result<(), Turned> {
        let policy = self.signatures.policy();
        if let Some(code) = caller.distrusted {
            if !policy.only_warns(tool) {
                return Err(refused(code));
            }
            tracing::warn!(
                request = caller.request_id,
                principal = caller.principal.0,
                tool,
                code,
                "a signature is not good, which for this tool is only noted"
            );
        }
        if let Some(rejection) = policy.missing(caller.signed, &caller.principal, tool, arguments) {
            return Err(turned(&rejection));
        }
        if caller.rights.allow(tool) {
            Ok(())
        } else {
            let opening = self
                .callers
                .tokens()
                .map(|tokens| tokens.scopes().opening(tool))
                .unwrap_or_default();
            Err(Turned::insufficient(tool, &opening))
        }
    }

    /// Whether a caller may ask for what is no call of a tool. A signature that is not good is
    /// never merely noted there: there is no tool to note it for.
    ///
    /// # Errors
    ///
    /// What to answer if not.
    pub(crate) fn trusts(&self, caller: &Caller) -> Result<(), Turned> {
        caller.distrusted.map_or(Ok(()), |code| Err(refused(code)))
    }

    /// Whether a caller may register a webhook that is to be proved by credentials, in a form that
    /// is the transport's own. `by` is the method that registers it. [`Gate::permits`] sees to
    /// AdCP's own forms.
    ///
    /// # Errors
    ///
    /// What to answer if not.
    pub(crate) fn permits_credentials(&self, caller: &Caller, by: &str) -> Result<(), Turned> {
        self.signatures
            .policy()
            .missing_for_credentials(caller.signed, &caller.principal, by)
            .map_or(Ok(()), |rejection| Err(turned(&rejection)))
    }

    /// The answer to somebody who is not let in.
    pub(crate) fn turn(&self, endpoint: Endpoint, parts: &Parts, turned: &Turned) -> Response {
        let url = self.addresses.endpoint(endpoint, parts);
        let metadata = self
            .callers
            .tokens()
            .map(|_| metadata::url(&url))
            .filter(|_| endpoint != Endpoint::Plain);
        turned.render(self.spec, endpoint, &url, metadata.as_deref())
    }

    /// The callers whom it lets in.
    pub(crate) fn callers(&self) -> &Callers {
        &self.callers
    }
}

impl Begun<'_> {
    /// Looks at the body, and names the caller.
    ///
    /// # Errors
    ///
    /// What to answer if the body is not the one that was signed.
    pub(crate) async fn finish(self, body: &[u8]) -> Result<Caller, Turned> {
        let Begun {
            gate,
            known,
            signature,
        } = self;
        let (signed, distrusted) = match signature {
            Signature::None => (None, None),
            Signature::Bad(code) => (None, Some(code)),
            Signature::Good(pending) => match pending.finish(body).await {
                Ok(signer) => (Some(signer), None),
                Err(failure) => {
                    let rejection = gate.judge(failure)?;
                    if known.is_none() || !gate.signatures.policy().ever_warns() {
                        return Err(refused(rejection.code));
                    }
                    (None, Some(rejection.code))
                }
            },
        };
        let (signer, signed) = signed.unzip();
        // A token may allow less than the signature of the same buyer does.
        let Some(known) = known.or(signer) else {
            return Err(Turned::missing());
        };
        Ok(Caller {
            tenant: TenantId(TenantId::SINGLE.to_owned()),
            principal: known.principal,
            request_id: gate.requests.next(),
            rights: known.rights,
            signed: signed.unwrap_or(Signed::No),
            distrusted,
            subscriptions: Vec::new(),
        })
    }
}

/// The answer to a request whose signature is not good. The code says all that its sender may know
/// (AdCP security, "Transport error taxonomy").
fn refused(code: &'static str) -> Turned {
    Turned::signature(code, "the signature of the request is not accepted")
}

/// The answer to a request that has to be signed.
fn turned(rejection: &Rejection) -> Turned {
    let message = format!("{}: sign the request (RFC 9421)", rejection.reason);
    Turned::signature(rejection.code, message)
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("callers", &self.callers)
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}
