//! The middle of the way: account, idempotency, and the operation by the way that it takes.

use std::sync::Arc;

use serde_json::Value;

use super::attempt::{ATTEMPTS, Failure, Operation, changed_meanwhile};
use super::ending::Ending;
use super::idempotency::{Claim, Turn};
use super::{Caller, ResponseBody, Success, ending};
use crate::error::Result;
use crate::ops::records::Stored;
use crate::ops::{self, Holds, Services};
use crate::platform::Context;
use crate::spec::Tool;
use crate::status::Collected;
use crate::tasks::Task;
use crate::webhooks;

/// Carries out what takes no key: a read, which may write (drafts of proposals, a directive that it
/// used up), or a change whose tool has no keys. Whether a client that hangs up ends it is the
/// caller's to say.
pub(super) async fn read(
    services: &Services,
    caller: &Caller,
    tool: &'static Tool,
    request: Value,
) -> Result<Success> {
    let operation = begin(services, caller, tool, request, &caller.request_id).await?;
    without_key(&operation).await
}

/// Carries a change out, once per idempotency key. Whether a tool takes a key is its request
/// schema's to say; by now a missing one has been refused.
pub(super) async fn change(
    services: &Services,
    caller: &Caller,
    tool: &'static Tool,
    request: Value,
) -> Result<Success> {
    let Some(key) = key_of(services, tool, &request) else {
        return read(services, caller, tool, request).await;
    };
    let mut operation = begin(services, caller, tool, request, &caller.request_id).await?;
    let account = operation.context.account.as_ref();
    let account_id = account.map(|account| account.account_id.as_str());
    let claim = Claim::new(services, caller, account_id, tool, &key, &operation.request)?;
    operation
        .context
        .operation_id
        .clone_from(&claim.operation_id);
    once(&mut operation, &claim, key).await
}

/// Carries a task on that a worker has taken up: the same request, down the same way.
///
/// A journal goes through its idempotency key, so that the buyer's own retry and the worker never
/// work at the same time. An announced task has answered its key already.
pub(super) async fn resume(
    services: &Services,
    caller: &Caller,
    tool: &'static Tool,
    task: Stored<Task>,
) -> Result<Success> {
    let Task {
        request,
        announced,
        operation_id,
        account_id,
        ..
    } = task.value.clone();
    let work = task.value.work();
    let holds = Holds::of(task);
    let claim = key_of(services, tool, &request)
        .filter(|_| !announced)
        .and_then(|key| {
            let account_id = account_id.as_deref();
            let claim = Claim::new(services, caller, account_id, tool, &key, &request);
            Some((claim.ok()?.uncounted(), key))
        });
    let begun = begin(services, caller, tool, request, &operation_id).await;
    let mut operation = match begun {
        Ok(operation) => operation,
        Err(error) => {
            let ending = ending::failed(services, &holds, &error).await;
            if let (Ending::Settled, Some((claim, _))) = (ending, claim) {
                claim.forget(services).await;
            }
            return Err(error);
        }
    };
    operation.context.work = Some(work);
    operation.holds = holds;
    let Some((claim, key)) = claim else {
        return without_key(&operation).await;
    };
    let result = once(&mut operation, &claim, key).await;
    match &result {
        // Another attempt has answered without this journal.
        Ok(success) if success.replayed => {
            ending::refuse(services, &operation.holds, &changed_meanwhile()).await;
        }
        Ok(_) => {}
        Err(error) => {
            ending::failed(services, &operation.holds, error).await;
        }
    }
    result
}

/// The key of a request: of a change, and of a read where the line's schema of its request has one
/// (from 3.1 on `get_products`, which may finalize a proposal or begin a task). On other reads the
/// member is ignored, as any that the schema does not name.
pub(super) fn key_of(services: &Services, tool: &Tool, request: &Value) -> Option<String> {
    const MEMBER: &str = "idempotency_key";
    let key = request.get(MEMBER)?.as_str()?;
    let takes = tool.mutating || services.schemas.members(tool.request).contains(&MEMBER);
    takes.then(|| key.to_owned())
}

async fn without_key(operation: &Operation<'_>) -> Result<Success> {
    for _ in 0..ATTEMPTS {
        match operation.carry_out(None).await {
            Ok(body) => {
                return Ok(Success {
                    body,
                    idempotency_key: None,
                    replayed: false,
                });
            }
            // Whoever has taken a task over goes on with it.
            Err(Failure::LeaseLost) if operation.context.work.is_some() => break,
            Err(Failure::LeaseLost) => {}
            Err(Failure::Undone(error) | Failure::Left(error) | Failure::Unknown(error)) => {
                return Err(error);
            }
        }
    }
    Err(changed_meanwhile())
}

async fn once(operation: &mut Operation<'_>, claim: &Claim, key: String) -> Result<Success> {
    let services = operation.services;
    let resumed = operation.context.work.is_some();
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
        let taken = match operation.holds.held() {
            // Whoever has taken the journal over goes on with it.
            None if resumed => Err(changed_meanwhile()),
            None => operation.take_over().await,
            Some(_) => Ok(()),
        };
        if let Err(error) = taken {
            claim.let_go(services, &lease).await;
            return Err(error);
        }
        match operation.carry_out(Some((claim, &mut lease))).await {
            Ok(body) => {
                return Ok(Success {
                    body,
                    idempotency_key: Some(key),
                    replayed: false,
                });
            }
            Err(Failure::LeaseLost) => {}
            Err(Failure::Undone(error)) => {
                if claim.release(services, &lease).await {
                    return Err(error);
                }
            }
            Err(Failure::Left(error)) => {
                if claim.let_go(services, &lease).await {
                    return Err(error);
                }
            }
            Err(Failure::Unknown(error)) => return Err(error),
        }
    }
}

/// An operation that holds nothing yet.
///
/// # Errors
///
/// When there is no such account, or the store can't be read.
async fn begin<'a>(
    services: &'a Services,
    caller: &Caller,
    tool: &'static Tool,
    request: Value,
    operation_id: &str,
) -> Result<Operation<'a>> {
    let receivers = webhooks::registered(&caller.subscriptions, &request);
    let context = context(services, caller, tool, &request, operation_id).await?;
    Ok(Operation {
        services,
        context,
        tool,
        request,
        subscriptions: caller.subscriptions.clone(),
        receivers,
        holds: Holds::default(),
    })
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
        work: None,
        recipes: Arc::default(),
        changes: Collected::new(services),
    })
}
