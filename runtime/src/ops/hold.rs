//! What an operation holds while its adapter works, and the journal that outlives a crash.
//!
//! An operation normally leaves its writes to dispatch. One thing has to be written before: that a
//! proposal is reserved, so that nobody else gets it while the ad server is asked. With the
//! reservation goes a journal, the task record of the operation: whoever finds it later, in this
//! process or after a restart, can carry the operation on under the same operation id. Dispatch ends
//! the hold: with the commit of the answer, or by giving back what a failed operation held.
//!
//! What may be given back depends on how far the adapter was asked ([`Asked`]):
//!
//! - *Never*: any refusal ends the operation and frees its proposals, a person's *no* and the end of
//!   the time to decide as well. What waits for a person has never been asked, since a person is asked
//!   first.
//! - *Open*, *Working*, *Done*: the ad server may have booked. Only its own refusal frees the
//!   proposals. The request's dates are judged as of its beginning ([`Call::judged_at`]). Where another
//!   of our rules says no, the operation is parked and tried again, and no buyer is told no.
//! - An operation that is given up because it has failed too often frees what it held when the
//!   adapter never said yes (*Open*), with an error in the log. Once the ad server has taken an order
//!   on, the proposal counts as bought.
//!
//! The journal says *Open* before the adapter is asked. After a crash in between the adapter counts
//! as asked, since nobody can tell; while the process lives it knows better.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::records::Stored;
use super::{Call, Services, proposals};
use crate::clock::Timestamp;
use crate::dispatch::RETRY_AFTER;
use crate::error::{Error, Recovery, Result};
use crate::identity::Scope;
use crate::platform::{Context, HandOff, Outcome};
use crate::store::{Batch, Key, StoreError};
use crate::tasks::{self, Asked, Reserved, Task};

/// What the operation of one call holds; empty until `Call::hold`.
#[derive(Debug, Default)]
pub struct Holds(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    held: Option<Stored<Task>>,
    lost: bool,
    stale: bool,
    asked: Asked,
    announced: Option<Box<Task>>,
}

/// What an operation holds something for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To ask the adapter.
    Ask,
    /// To wait for a person first.
    Wait,
}

/// Whether an operation may go on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Turn {
    /// It may: what it needs is held.
    Run,
    /// The same operation is being carried out elsewhere.
    Busy,
    /// The same operation goes on as this task, which its buyer has been told of: the answer is
    /// `submitted` with the task's id once more, as a plain answer without a submission.
    Announced(Box<Task>),
}

/// Why a call is answered `submitted`.
#[derive(Clone, Debug, PartialEq)]
pub enum Submission {
    /// A person has to agree.
    Approval,
    /// The adapter goes on with it.
    HandOff(HandOff),
}

impl Holds {
    /// What somebody holds who has taken a task up.
    pub(crate) fn of(task: Stored<Task>) -> Self {
        Holds(Mutex::new(Inner {
            asked: task.value.asked,
            held: Some(task),
            ..Inner::default()
        }))
    }

    /// Nothing held, of an operation that goes on as this task.
    pub(crate) fn announced_as(task: Task) -> Self {
        Holds(Mutex::new(Inner {
            announced: Some(Box::new(task)),
            ..Inner::default()
        }))
    }

    /// The task that the operation goes on as, of which its buyer was told by an earlier call.
    pub(crate) fn announced(&self) -> Option<Box<Task>> {
        self.inner().announced.clone()
    }

    /// How far the adapter was asked, by this attempt or by one before.
    pub(crate) fn asked(&self) -> Asked {
        self.inner().asked
    }

    /// What is held.
    pub(crate) fn held(&self) -> Option<Stored<Task>> {
        self.inner().held.clone()
    }

    /// Lets go of what is held: it has been ended, or left to others.
    pub(crate) fn let_go(&self) {
        self.inner().held = None;
    }

    /// Notes that somebody else has what was held. The call must not begin anew.
    pub(crate) fn lose(&self) {
        let mut inner = self.inner();
        inner.held = None;
        inner.lost = true;
    }

    /// Whether a reservation failed because what it was read from has changed, since this was
    /// last asked.
    pub(crate) fn take_stale(&self) -> bool {
        std::mem::take(&mut self.inner().stale)
    }

    /// Renews the lease. What goes wrong is only logged: the commit of the answer will notice.
    pub(crate) async fn renew(&self, services: &Services) {
        let Some(mut held) = self.held() else {
            return;
        };
        held.value.lease(services.clock.now());
        match commit(services, &mut held, Batch::new()).await {
            Ok(()) => self.inner().held = Some(held),
            Err(error) => {
                tracing::warn!(%error, operation_id = held.value.operation_id, "the lease of an operation could not be renewed");
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call<'_> {
    /// Commits a reservation and the journal of the operation, before an adapter is called.
    ///
    /// `context` names the operation. `proposals` are the proposals that the reservation writes.
    /// Whoever holds something to ask the adapter asks it through [`Call::ask`].
    /// Holding again what the operation holds already (another
    /// attempt, a task taken up again) is no error; with an empty reservation it costs nothing.
    ///
    /// # Errors
    ///
    /// `CONFLICT` when what the reservation was read from has changed. The operation may read it
    /// again; when it returns the error instead, dispatch carries the whole operation out anew.
    pub(super) async fn hold(
        &self,
        context: &Context,
        reservation: Batch,
        proposals: Vec<Key>,
        purpose: Purpose,
    ) -> Result<Turn> {
        let services = self.services;
        self.holds.inner().stale = false;
        let unwritten = |held: &Task| purpose == Purpose::Ask && held.asked == Asked::Never;
        let scope = Scope::principal(&context.tenant, &context.principal);
        loop {
            let now = services.clock.now();
            let mut reservation = reservation.clone();
            let mut held = match self.holds.held() {
                Some(held) if held.value.operation_id == context.operation_id => {
                    if reservation.is_empty() && !unwritten(&held.value) {
                        return Ok(Turn::Run);
                    }
                    held
                }
                // Whoever has taken it over goes on with it.
                None if context.work.is_some() || self.holds.inner().lost => {
                    return Ok(Turn::Busy);
                }
                Some(held) => {
                    return Err(Error::internal(format!(
                        "a call that holds {} can't hold {} too",
                        held.value.operation_id, context.operation_id
                    )));
                }
                None => match left_by(services, context).await? {
                    Some(found) if found.value.status.is_terminal() => {
                        tasks::forget(&mut reservation, &found);
                        Stored {
                            value: self.journal(context, now),
                            ..found
                        }
                    }
                    Some(found) if found.value.announced => {
                        return Ok(Turn::Announced(Box::new(found.value)));
                    }
                    Some(found) if found.value.is_leased(now) => return Ok(Turn::Busy),
                    Some(mut found) => {
                        found.value.take_over(now);
                        self.holds.inner().asked = found.value.asked;
                        found
                    }
                    None => Stored::unwritten(&scope, self.journal(context, now)),
                },
            };
            for reserved in proposals.iter().map(Reserved::from) {
                if !held.value.proposals.contains(&reserved) {
                    held.value.proposals.push(reserved);
                }
            }
            held.value.lease(now);
            if unwritten(&held.value) {
                held.value.asked = Asked::Open;
            }
            match commit(services, &mut held, reservation).await {
                Ok(()) => {
                    self.holds.inner().held = Some(held);
                    return Ok(Turn::Run);
                }
                // The journal itself: somebody else was first, or the lease was renewed just now.
                Err(StoreError::Conflict(key)) if *key == held.key => {
                    let known = self.holds.held();
                    if known.is_some_and(|known| known.revision == held.revision) {
                        self.holds.lose();
                    }
                }
                Err(StoreError::Conflict(_)) => {
                    self.holds.inner().stale = true;
                    return Err(Error::new(
                        "CONFLICT",
                        "what this request needs was changed by another request at the same time",
                    ));
                }
                Err(error @ StoreError::Limit(_)) => return Err(Error::internal(error)),
                Err(error) => return Err(Error::unavailable(error)),
            }
        }
    }

    /// The journal of an operation of this call.
    pub(super) fn journal(&self, context: &Context, now: Timestamp) -> Task {
        Task {
            subscriptions: self.subscriptions.to_vec(),
            ..Task::journal(context, self.tool.name, &self.request, now)
        }
    }

    /// Asks the adapter for what must not be asked for twice, and remembers how that went.
    ///
    /// # Errors
    ///
    /// The adapter's.
    pub(super) async fn ask<T>(
        &self,
        answer: impl Future<Output = Result<Outcome<T>>>,
    ) -> Result<Outcome<T>> {
        if !self.holds.asked().may_have_happened() {
            self.holds.inner().asked = Asked::Open;
        }
        let answer = answer.await;
        let asked = match &answer {
            Ok(Outcome::Done(_)) => Asked::Done,
            Ok(Outcome::HandedOff(_)) => Asked::Working,
            Err(error) if is_refusal(self.services, error) => Asked::Refused,
            Err(_) => self.holds.asked(),
        };
        self.holds.inner().asked = asked;
        answer
    }

    /// Whether an adapter may be doing already what this call asks for. A person is not asked then:
    /// it would be too late to say no.
    pub(super) fn is_under_way(&self) -> bool {
        self.holds.asked().may_have_happened()
    }

    /// Whether a person may still be asked to agree to this call: none has, and it is not under way.
    pub(super) fn may_need_approval(&self) -> bool {
        let work = self.context.work.as_ref();
        work.is_none_or(|work| work.approved_by.is_none()) && !self.is_under_way()
    }

    /// The instant by which the dates of a request are judged: now or, when it is under way already,
    /// when it was begun. What was in time then does not become too late while the ad server works,
    /// and *asap* goes on to mean the same.
    pub(super) fn judged_at(&self) -> Timestamp {
        match self.holds.held() {
            Some(held) if self.is_under_way() => held.value.begun_at(),
            _ => self.context.now,
        }
    }
}

/// What an earlier call has left of an operation.
pub(crate) enum Left {
    /// Nothing.
    Nothing,
    /// A journal, which is this call's now.
    Journal(Box<Stored<Task>>),
    /// A task that its buyer was told of, and that goes on.
    Task(Box<Task>),
    /// Somebody is at it.
    Busy,
}

/// Takes over what an earlier call has left of an operation, if it left anything, so that it is
/// carried on and not begun anew.
///
/// # Errors
///
/// `SERVICE_UNAVAILABLE` when the store fails.
pub(crate) async fn take_over(services: &Services, context: &Context) -> Result<Left> {
    let Some(mut found) = left_by(services, context).await? else {
        return Ok(Left::Nothing);
    };
    let now = services.clock.now();
    if found.value.status.is_terminal() || found.value.operation_id != context.operation_id {
        return Ok(Left::Nothing);
    }
    if found.value.announced {
        return Ok(Left::Task(Box::new(found.value)));
    }
    if found.value.is_leased(now) {
        return Ok(Left::Busy);
    }
    found.value.take_over(now);
    match commit(services, &mut found, Batch::new()).await {
        Ok(()) => Ok(Left::Journal(Box::new(found))),
        Err(StoreError::Conflict(_)) => Ok(Left::Busy),
        Err(error) => Err(Error::unavailable(error)),
    }
}

/// The task or the journal of an operation, ended or not.
async fn left_by(services: &Services, context: &Context) -> Result<Option<Stored<Task>>> {
    let Context {
        tenant,
        principal,
        operation_id,
        ..
    } = context;
    tasks::of_operation(services, tenant, principal, operation_id).await
}

/// What a call is answered while the same operation is carried out elsewhere.
pub(crate) fn busy() -> Error {
    Error::new(
        "SERVICE_UNAVAILABLE",
        "the same request is being carried out; send it again to be given its answer",
    )
    .retry_after(RETRY_AFTER)
}

/// Whether a failure is a decision: a *no*, and not that something did not respond or broke. An
/// adapter that answers with a code of its own has decided.
pub(crate) fn is_refusal(services: &Services, error: &Error) -> bool {
    error.code != "INTERNAL_ERROR" && services.spec.listed(error.code) != Some(Recovery::Transient)
}

/// Adds to a batch what becomes of the proposals of a task that has ended without success: they are
/// free again, unless the ad server has taken the order on.
pub(crate) async fn settle(
    services: &Services,
    task: &Stored<Task>,
    batch: &mut Batch,
) -> Result<()> {
    match task.value.asked {
        Asked::Working | Asked::Done => spend(services, task, batch).await,
        Asked::Never | Asked::Open | Asked::Refused => release(services, task, batch).await,
    }
}

/// Adds to a batch that the proposals of a task are free again.
pub(crate) async fn release(
    services: &Services,
    task: &Stored<Task>,
    batch: &mut Batch,
) -> Result<()> {
    proposals::release(
        &services.store,
        &reserved(task),
        &task.value.operation_id,
        task.value.announced || task.value.asked == Asked::Refused,
        services.clock.now(),
        batch,
    )
    .await
}

async fn spend(services: &Services, task: &Stored<Task>, batch: &mut Batch) -> Result<()> {
    proposals::spend(
        &services.store,
        &reserved(task),
        &task.value.operation_id,
        task.value.announced,
        services.clock.now(),
        batch,
    )
    .await
}

fn reserved(task: &Stored<Task>) -> Vec<Key> {
    let tenant = &task.key.scope.tenant;
    let proposals = task.value.proposals.iter();
    proposals
        .filter_map(|reserved| reserved.key(tenant))
        .collect()
}

/// Writes what is held together with a reservation. The journal comes first, so that a conflict
/// about it is told apart from one about the reservation.
async fn commit(
    services: &Services,
    held: &mut Stored<Task>,
    reservation: Batch,
) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    let written = if held.is_unwritten() {
        tasks::insert(&mut batch, &held.key.scope.tenant, &held.value)
    } else {
        tasks::save(&mut batch, held)
    };
    written.map_err(|error| StoreError::backend("the journal can't be written", error))?;
    batch.append(reservation);
    services.store.commit(batch).await?;
    held.revision += 1;
    Ok(())
}
