//! What every transport does with a POST before it looks at the message: who comes in, from which
//! page, with what kind of body, and how much of it.
//!
//! The order matters: who is calling comes first, so that a stranger learns nothing else about the
//! seller, not even which methods a path takes.

use axum::extract::Request;
use axum::http::header::{ALLOW, CONNECTION};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::address::Endpoint;
use super::{Front, LARGEST_BODY, body, content};
use crate::dispatch::Caller;

/// A POST of somebody who may come in.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
}

impl Front {
    /// Takes a POST with a JSON body.
    ///
    /// # Errors
    ///
    /// The answer to a request that is not let in or is no such POST.
    pub(crate) async fn admit(
        &self,
        endpoint: Endpoint,
        request: Request,
    ) -> Result<Admitted, Response> {
        let (parts, body) = request.into_parts();
        let begun = match self.gate.begin(endpoint, &parts).await {
            Ok(begun) => begun,
            Err(turned) => return Err(self.gate.turn(endpoint, &parts, &turned)),
        };
        if parts.method != Method::POST {
            return Err((
                StatusCode::METHOD_NOT_ALLOWED,
                [(ALLOW, "POST")],
                "messages are sent by POST; this address keeps no streams and no sessions\n",
            )
                .into_response());
        }
        if !self.origins.allow(&parts.headers) {
            return Err((
                StatusCode::FORBIDDEN,
                "requests from this web origin are not accepted\n",
            )
                .into_response());
        }
        if let Err(refusal) = content::check(&parts.headers) {
            return Err((
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                [(CONNECTION, "close")],
                refusal,
            )
                .into_response());
        }
        let body = match body::read(&parts.headers, body, LARGEST_BODY).await {
            Ok(body) => body,
            Err(refusal) => return Err(refusal.into_response()),
        };
        match begun.finish(&body).await {
            Ok(caller) => Ok(Admitted {
                caller,
                parts,
                body,
            }),
            Err(turned) => Err(self.gate.turn(endpoint, &parts, &turned)),
        }
    }
}
