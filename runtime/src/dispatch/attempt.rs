//! One operation, carried out and committed: anew when another one got in between, and brought to an
//! end when it fails.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::Value;

use super::ending::Ending;
use super::idempotency::{Claim, Lease};
use super::{RETRY_AFTER, ResponseBody, ending, envelope};
use crate::error::{Error, Result};
use crate::ops::hold::{self, Left};
use crate::ops::proposals::Event;
use crate::ops::{self, Call, Holds, Outcome, Services};
use crate::platform::Context;
use crate::schema::in_a_row;
use crate::spec::Tool;
use crate::store::{Batch, StoreError};
use crate::webhooks::{self, Subscription};

/// How often an operation is carried out anew because another one got in between. Each attempt has
/// the same operation id, so an ad server sees one operation.
pub(super) const ATTEMPTS: usize = 4;
/// The same for what is no change by its tool. It books nothing, and of the buyers who ask at the same
/// moment for a proposal of the same name only one can write it at a time.
const READ_ATTEMPTS: usize = 16;
/// How often a running operation renews its leases.
const RENEWAL: Duration = Duration::from_secs(10);

/// One operation on its way.
pub(super) struct Operation<'a> {
    pub(super) services: &'a Services,
    pub(super) context: Context,
    pub(super) tool: &'static Tool,
    pub(super) request: Value,
    /// Where the transport was asked to send notifications.
    pub(super) subscriptions: Vec<Subscription>,
    /// These, and where the request asks for them.
    pub(super) receivers: Vec<Subscription>,
    pub(super) holds: Holds,
}

/// Why an operation has no answer.
pub(super) enum Failure {
    /// Nothing was committed, and nothing is held.
    Undone(Error),
    /// Nothing was committed, and a worker goes on with the operation.
    Left(Error),
    /// Another process took the request or its journal over and will answer it.
    LeaseLost,
    /// The store failed on the commit, which may or may not have taken place. The leases keep
    /// others out until a retry finds the answer or may try again.
    Unknown(Error),
}

/// Why an attempt has no outcome.
enum Broken {
    /// The operation or its adapter says so.
    Failed(Error),
    /// There is an outcome, but it can't be an answer. Trying again would change nothing.
    Unfit(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Broken::Failed(error)
    }
}

impl Operation<'_> {
    /// Takes over what an earlier call has left of the operation, which is then judged as what it
    /// is: one that was begun in time and has waited since.
    ///
    /// # Errors
    ///
    /// `SERVICE_UNAVAILABLE` while somebody else is at it.
    pub(super) async fn take_over(&mut self) -> Result<()> {
        self.context.work = None;
        self.holds = match hold::take_over(self.services, &self.context).await? {
            Left::Nothing => Holds::default(),
            Left::Busy => return Err(hold::busy()),
            Left::Task(task) => Holds::announced_as(*task),
            Left::Journal(journal) => {
                self.context.work = Some(journal.value.work());
                Holds::of(*journal)
            }
        };
        Ok(())
    }

    /// Carries the operation out and commits what it comes to. What a failed one holds is given
    /// back, or left to a worker.
    pub(super) async fn carry_out(
        &self,
        mut claim: Option<(&Claim, &mut Lease)>,
    ) -> Result<ResponseBody, Failure> {
        let attempts = if self.tool.mutating {
            ATTEMPTS
        } else {
            READ_ATTEMPTS
        };
        for _ in 0..attempts {
            let (outcome, batch) = match self.attempt(&mut claim).await {
                Ok(attempted) => attempted,
                Err(Broken::Failed(error))
                    if self.holds.take_stale() && error.code == "CONFLICT" =>
                {
                    continue;
                }
                Err(Broken::Failed(error)) => return Err(self.failed(error).await),
                Err(Broken::Unfit(error)) => return Err(self.unfit(error).await),
            };
            let committed = if batch.is_empty() {
                Ok(())
            } else {
                self.services.store.commit(batch).await
            };
            match committed {
                Ok(()) => {
                    self.holds.let_go();
                    outcome.events.iter().for_each(Event::log);
                    return Ok(outcome.body);
                }
                Err(StoreError::Conflict(key)) => {
                    let journal = self.holds.held().is_some_and(|held| held.key == *key);
                    if journal {
                        self.holds.lose();
                    }
                    if journal || claim.as_ref().is_some_and(|(claim, _)| claim.owns(&key)) {
                        return Err(Failure::LeaseLost);
                    }
                    tracing::debug!(%key, "an operation is carried out anew");
                }
                Err(error @ StoreError::Limit(_)) => {
                    return Err(self.unfit(Error::internal(error)).await);
                }
                Err(error) => return Err(Failure::Unknown(Error::unavailable(error))),
            }
        }
        Err(self.failed(changed_meanwhile()).await)
    }

    /// Ends an operation that has failed.
    async fn failed(&self, error: Error) -> Failure {
        let refused = hold::is_refusal(self.services, &error);
        match ending::failed(self.services, &self.holds, &error).await {
            Ending::Settled => Failure::Undone(error),
            // Nobody must be told no about what the ad server may have booked.
            Ending::Left if refused => Failure::Left(unknown(error)),
            Ending::Left => Failure::Left(error),
        }
    }

    /// One attempt: the outcome, and the batch that makes its answer true.
    ///
    /// The leases come first in the batch. A process that was too slow has lost them as well as what
    /// it was to write, and a conflict names the first key: the lost lease says that the answer is
    /// another's to give, where anything else would have the operation carried out anew.
    async fn attempt(
        &self,
        claim: &mut Option<(&Claim, &mut Lease)>,
    ) -> Result<(Outcome, Batch), Broken> {
        let mut outcome = self.keeping_leases(claim, self.perform()).await?;
        let mut batch = Batch::new();
        if let Some((claim, lease)) = claim {
            let answer = outcome.body.to_value().map_err(Error::internal)?;
            claim.settle(self.services, lease, answer, &mut batch)?;
        }
        let ended = match &outcome.submission {
            None => ending::done(self, &outcome.body, &mut batch),
            Some(submission) => {
                ending::submitted(self, (submission, &outcome.body), &mut batch).await
            }
        };
        ended.map_err(|error| match error.code {
            "INTERNAL_ERROR" => Broken::Unfit(error),
            _ => Broken::Failed(error),
        })?;
        batch.append(std::mem::take(&mut outcome.batch));
        let Context {
            changes, tenant, ..
        } = &self.context;
        changes.add_to(self.services, tenant, &mut batch).await?;
        Ok((outcome, batch))
    }

    /// Lets work run while keeping the leases of the request and of its journal.
    async fn keeping_leases<T>(
        &self,
        claim: &mut Option<(&Claim, &mut Lease)>,
        work: impl Future<Output = T>,
    ) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = tokio::time::sleep(RENEWAL) => {
                    if let Some((claim, lease)) = claim {
                        claim.renew(self.services, lease).await;
                    }
                    self.holds.renew(self.services).await;
                }
            }
        }
    }

    /// The operation itself. A panic in an adapter is a failed call, not a dropped connection.
    async fn perform(&self) -> Result<Outcome, Broken> {
        // What the ad server may have taken on is brought to its end in any case.
        if let Some(account) = &self.context.account
            && !self.holds.asked().may_have_happened()
        {
            ops::judge_standing(self.tool, &self.request, account.status)?;
        }
        if self.context.work.is_none() {
            let caller = (&self.context.tenant, &self.context.principal);
            webhooks::admit(self.services, caller, &self.receivers).await?;
        }
        self.context.changes.clear().await;
        let call = Call {
            services: self.services,
            context: &self.context,
            tool: self.tool,
            request: self.request.clone(),
            subscriptions: &self.subscriptions,
            holds: &self.holds,
        };
        let mut outcome = AssertUnwindSafe(ops::perform(call))
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(Error::internal(describe(panic.as_ref()))))?;
        envelope::strip(&mut outcome.body);
        check(self.services, self.tool, &mut outcome.body).map_err(Broken::Unfit)?;
        Ok(outcome)
    }

    /// Ends an operation whose outcome can't be an answer. Where the ad server has taken an order on
    /// by then, its proposal counts as bought, so that nobody orders it a second time.
    async fn unfit(&self, error: Error) -> Failure {
        match ending::give_up(self.services, &self.holds, &error).await {
            Ending::Settled => Failure::Undone(error),
            Ending::Left => Failure::Left(error),
        }
    }
}

/// Refuses an answer that breaks its schema: better no answer than a wrong one. This happens before
/// the commit, so that nothing remains of a change whose answer can't be given.
fn check(services: &Services, tool: &Tool, body: &mut ResponseBody) -> Result<()> {
    body.judge(|value| {
        let judged = ops::as_the_line_has_it(services, tool, value);
        services.schemas.check(tool.response, &judged)
    })
    .map_err(|violations| {
        Error::internal(format!(
            "the answer of {} breaks its schema: {}",
            tool.name,
            in_a_row(&violations)
        ))
    })
}

pub(super) fn changed_meanwhile() -> Error {
    Error::new(
        "CONFLICT",
        "what this request changes was changed by another request at the same time",
    )
    .suggest("read the present state and send the request again")
}

/// The answer to a request about which our rules say no by now, and the ad server may have said yes.
fn unknown(refusal: Error) -> Error {
    Error {
        cause: Some(Box::new(refusal)),
        ..Error::new(
            "SERVICE_UNAVAILABLE",
            "it is not known yet what became of an earlier attempt at this request; send it again to learn the outcome",
        )
        .retry_after(RETRY_AFTER)
    }
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
