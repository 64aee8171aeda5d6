//! The middle of the way: account, idempotency, operation, response schema, commit.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use serde_json::Value;

use super::idempotency::{Claim, Lease, Turn};
use super::{Caller, ResponseBody, Success, envelope};
use crate::error::{Error, Result};
use crate::ops::{self, Call, Outcome, Services};
use crate::platform::Context;
use crate::spec::Tool;
use crate::store::StoreError;

/// How often a change is carried out anew because another one got in between. Each attempt has the
/// same operation id, so an ad server sees one operation.
const ATTEMPTS: usize = 4;

/// Carries a read out. What a read writes (a directive that it used up) is committed on its own.
pub(super) async fn read(
    services: &Services,
    caller: &Caller,
    tool: &'static Tool,
    request: Value,
) -> Result<Success> {
    let context = context(services, caller, tool, &request, &caller.request_id).await?;
    let outcome = perform(services, &context, tool, request).await?;
    if !outcome.batch.is_empty() {
        services
            .store
            .commit(outcome.batch)
            .await
            .map_err(|error| match error {
                StoreError::Conflict(_) => changed_meanwhile(),
                other => Error::unavailable(other),
            })?;
    }
    Ok(Success {
        body: outcome.body,
        idempotency_key: None,
        replayed: false,
    })
}

/// Carries a change out, once per idempotency key. Whether a tool takes a key is its request
/// schema's to say; by now a missing one has been refused.
pub(super) async fn change(
    services: &Services,
    caller: &Caller,
    tool: &'static Tool,
    request: Value,
) -> Result<Success> {
    let Some(key) = request
        .get("idempotency_key")
        .and_then(Value::as_str)
        .map(str::to_owned)
    else {
        let context = context(services, caller, tool, &request, &caller.request_id).await?;
        let body = attempts(services, &context, tool, &request, None)
            .await
            .map_err(Failure::into_error)?;
        return Ok(Success {
            body,
            idempotency_key: None,
            replayed: false,
        });
    };
    let claim = Claim::new(caller, tool, &key, &request)?;
    let context = context(services, caller, tool, &request, &claim.operation_id).await?;
    loop {
        let mut lease = match claim.turn(services).await? {
            Turn::Replay(answer) => {
                return Ok(Success {
                    body: ResponseBody::Json(answer),
                    idempotency_key: Some(key),
                    replayed: true,
                });
            }
            Turn::Run(lease) => lease,
        };
        match attempts(
            services,
            &context,
            tool,
            &request,
            Some((&claim, &mut lease)),
        )
        .await
        {
            Ok(body) => {
                return Ok(Success {
                    body,
                    idempotency_key: Some(key),
                    replayed: false,
                });
            }
            Err(Failure::LeaseLost) => {}
            Err(Failure::Undone(error)) => {
                claim.release(services, &lease).await;
                return Err(error);
            }
            Err(Failure::Unknown(error)) => return Err(error),
        }
    }
}

/// Why a change has no answer.
enum Failure {
    /// Nothing was changed.
    Undone(Error),
    /// Another process took the request over and will answer it.
    LeaseLost,
    /// The store failed on the commit, which may or may not have taken place. The lease keeps
    /// others out until a retry finds the answer or may try again.
    Unknown(Error),
}

impl Failure {
    fn into_error(self) -> Error {
        match self {
            Failure::Undone(error) | Failure::Unknown(error) => error,
            Failure::LeaseLost => changed_meanwhile(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Undone(error)
    }
}

async fn attempts(
    services: &Services,
    context: &Context,
    tool: &'static Tool,
    request: &Value,
    mut claim: Option<(&Claim, &mut Lease)>,
) -> Result<ResponseBody, Failure> {
    for _ in 0..ATTEMPTS {
        let work = perform(services, context, tool, request.clone());
        let outcome = match &mut claim {
            Some((claim, lease)) => claim.hold(services, lease, work).await?,
            None => work.await?,
        };
        let Outcome { body, mut batch } = outcome;
        if let Some((claim, lease)) = &claim {
            claim.settle(
                services,
                lease,
                body.to_value().map_err(Error::internal)?,
                &mut batch,
            )?;
        }
        if batch.is_empty() {
            return Ok(body);
        }
        match services.store.commit(batch).await {
            Ok(()) => return Ok(body),
            Err(StoreError::Conflict(key))
                if claim.as_ref().is_some_and(|(claim, _)| claim.owns(&key)) =>
            {
                return Err(Failure::LeaseLost);
            }
            Err(StoreError::Conflict(key)) => tracing::debug!(%key, "a change is carried out anew"),
            Err(error @ StoreError::Limit(_)) => {
                return Err(Failure::Undone(Error::internal(error)));
            }
            Err(error) => return Err(Failure::Unknown(Error::unavailable(error))),
        }
    }
    Err(Failure::Undone(changed_meanwhile()))
}

/// What the operation may know about its call.
async fn context(
    services: &Services,
    caller: &Caller,
    tool: &Tool,
    request: &Value,
    operation_id: &str,
) -> Result<Context> {
    let account =
        ops::resolve_account(services, &caller.tenant, &caller.principal, tool, request).await?;
    Ok(Context {
        operation_id: operation_id.to_owned(),
        tenant: caller.tenant.clone(),
        principal: caller.principal.clone(),
        account,
        sandbox: services.sandbox,
        now: services.clock.now(),
        catalog: ops::visible_catalog(services, &caller.tenant, &caller.principal).await?,
    })
}

/// The operation itself. A panic in an adapter is a failed call, not a dropped connection.
async fn perform(
    services: &Services,
    context: &Context,
    tool: &'static Tool,
    request: Value,
) -> Result<Outcome> {
    let call = Call {
        services,
        context,
        tool,
        request,
    };
    let mut outcome = AssertUnwindSafe(ops::perform(call))
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(Error::internal(describe(panic.as_ref()))))?;
    envelope::strip(&mut outcome.body);
    check(services, tool, &mut outcome.body)?;
    Ok(outcome)
}

/// Refuses an answer that breaks its schema: better no answer than a wrong one. This happens before
/// the commit, so that nothing remains of a change whose answer can't be given.
fn check(services: &Services, tool: &Tool, body: &mut ResponseBody) -> Result<()> {
    body.judge(|value| services.schemas.check(tool.response, value))
        .map_err(|violations| {
            let violations: Vec<String> = violations
                .iter()
                .map(|violation| format!("{}: {}", violation.field(), violation.message))
                .collect();
            Error::internal(format!(
                "the answer of {} breaks its schema: {}",
                tool.name,
                violations.join("; ")
            ))
        })
}

fn changed_meanwhile() -> Error {
    Error::new(
        "CONFLICT",
        "what this request changes was changed by another request at the same time",
    )
    .suggest("read the present state and send the request again")
}

fn describe(panic: &(dyn std::any::Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!(
        "the operation panicked: {}",
        message.unwrap_or("no message")
    )
}
