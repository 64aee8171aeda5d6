//! The same request under the same key happens once, however often it arrives.
//!
//! A record per tenant, principal, tool and key goes through two states. *Running* is written
//! before the operation begins and carries a lease; *done* replaces it, with the answer, in the
//! same batch as everything that the operation changed. So a crash leaves either nothing, or a
//! lease that runs out and lets a retry try again under the same operation id, or the answer.
//! An operation that fails leaves nothing: the retry runs again. One of which nobody knows what
//! became of it leaves the record without a lease and without an answer, and a worker to settle it.
//!
//! A key names one request of one caller for one account (security implementation guide,
//! idempotency). In a sandbox it names one of one caller, as everything there is shared between a
//! caller's accounts: the official suite repeats a key under another account and wants a conflict.
//!
//! Each new key is kept for as long as its answer, so how many a caller may use in a time is bounded.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Caller, Patience, RETRY_AFTER};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::identity::Scope;
use crate::jcs::{self, Canonical};
use crate::ops::Services;
use crate::spec::Tool;
use crate::store::{Batch, Draft, Expect, Key, Record, StoreError};
use crate::tasks::{self, LEASE};

/// The sort of record.
pub(crate) const KIND: &str = "idempotency";
/// Members of a request that do not make it another request (AdCP security implementation guide,
/// canonical payload). `push_notification_config` loses only its credentials.
const OUTSIDE_HASH: [&str; 3] = ["idempotency_key", "context", "governance_context"];
/// The longest key, as the request schemas have it. Not every schema that lets a key pass names it.
const LONGEST_KEY: usize = 255;

/// How long after its end a retention still holds: clocks differ (security implementation guide,
/// idempotency, rule 6).
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// One request under one key.
#[derive(Debug)]
pub(super) struct Claim {
    key: Key,
    hash: String,
    /// How long the request is in canonical form, in bytes.
    length: usize,
    /// The account that the key belongs to; empty where it belongs to none.
    account: String,
    /// Whether it counts as a new key of the caller's.
    counts: bool,
    /// The same for every attempt at this request under this key, whichever process makes it.
    pub(super) operation_id: String,
}

/// The right to carry a claimed request out.
#[derive(Debug)]
pub(super) struct Lease {
    revision: u64,
}

/// What is to be done about a claimed request.
#[derive(Debug)]
pub(super) enum Turn {
    /// Carry it out.
    Run(Lease),
    /// It has been carried out: this was the answer.
    Replay(Map<String, Value>),
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    hash: String,
    operation_id: String,
    expires_at: Timestamp,
    /// Until when the operation is left alone, while there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leased_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Map<String, Value>>,
}

impl Claim {
    /// Identifies a request under a key.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` when the key is too long, and when the request has no canonical form.
    pub(super) fn new(
        services: &Services,
        caller: &Caller,
        account_id: Option<&str>,
        tool: &Tool,
        key: &str,
        request: &Value,
    ) -> Result<Self> {
        if key.len() > LONGEST_KEY {
            return Err(Error::invalid_request(format!(
                "`idempotency_key` must be at most {LONGEST_KEY} characters long"
            ))
            .at("idempotency_key"));
        }
        let Canonical { hash, length } = jcs::canonical(&significant(request))?;
        let account = account_id.filter(|_| !services.sandbox).unwrap_or_default();
        let mut id = format!("{}:{key}", tool.name);
        if !account.is_empty() {
            // No key and no account has such a letter, so no two of them read as one.
            id.push('\n');
            id.push_str(account);
        }
        let key = Key::new(
            Scope::principal(&caller.tenant, &caller.principal),
            KIND,
            id,
        );
        let parts = [&caller.tenant.0, &caller.principal.0, &key.id, &hash];
        let operation_id = tasks::operation_of(parts.map(String::as_str));
        Ok(Claim {
            key,
            hash,
            length,
            account: account.to_owned(),
            operation_id,
            counts: true,
        })
    }

    /// The same for work that goes on: its key was counted when it was new.
    pub(super) fn uncounted(self) -> Self {
        Claim {
            counts: false,
            ..self
        }
    }

    /// Waits for this request's turn.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` when the request is new and larger than what the seller keeps for replays,
    /// `IDEMPOTENCY_CONFLICT` when the key was used for another request, `IDEMPOTENCY_EXPIRED` when
    /// the answer is no longer kept, `RATE_LIMITED` when the caller uses new keys too fast, and
    /// `IDEMPOTENCY_IN_FLIGHT` when the first attempt takes too long, or `SERVICE_UNAVAILABLE` in
    /// lines without that code.
    pub(super) async fn turn(&self, services: &Services) -> Result<Turn> {
        let mut patience = Patience::new();
        loop {
            let now = services.clock.now();
            let found = services
                .store
                .get(&self.key)
                .await
                .map_err(Error::unavailable)?;
            let expect = match &found {
                None => {
                    self.fits(services)?;
                    self.count(services)?;
                    Expect::Absent
                }
                Some(record) => match self.judge(record, now)? {
                    Judged::Answered(answer) => return Ok(Turn::Replay(answer)),
                    Judged::Abandoned => Expect::Revision(record.revision),
                    Judged::Running => {
                        patience.wait_or(|| in_flight(services)).await?;
                        continue;
                    }
                },
            };
            let mut batch = Batch::new();
            batch.push(
                self.key.clone(),
                expect,
                crate::store::Change::Put(self.draft(services, Stage::Running)?),
            );
            match services.store.commit(batch).await {
                Ok(()) => {
                    return Ok(Turn::Run(Lease {
                        revision: found.map_or(1, |record| record.revision + 1),
                    }));
                }
                // Somebody else was first; look what they are doing.
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(Error::unavailable(error)),
            }
        }
    }

    /// Adds the answer to the batch that holds what the operation changed.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the answer can't be kept.
    pub(super) fn settle(
        &self,
        services: &Services,
        lease: &Lease,
        answer: Value,
        batch: &mut Batch,
    ) -> Result<()> {
        let answer = match answer {
            Value::Object(members) => members,
            other => {
                return Err(Error::internal(format!(
                    "an answer that is not an object: {other}"
                )));
            }
        };
        batch.replace(
            self.key.clone(),
            lease.revision,
            self.draft(services, Stage::Answered(answer))?,
        );
        Ok(())
    }

    /// Gives the key back after a failure, so that a retry need not wait for the lease. Says whether
    /// the key was still held: if not, another process answers the request. What else goes wrong here
    /// is only logged: the lease runs out by itself.
    pub(super) async fn release(&self, services: &Services, lease: &Lease) -> bool {
        let mut batch = Batch::new();
        batch.push(
            self.key.clone(),
            Expect::Revision(lease.revision),
            crate::store::Change::Delete,
        );
        match services.store.commit(batch).await {
            Ok(()) => true,
            Err(StoreError::Conflict(_)) => false,
            Err(error) => {
                tracing::warn!(%error, operation_id = self.operation_id, "an idempotency key could not be released; it frees itself when its lease runs out");
                true
            }
        }
    }

    /// Lets go of a request of which nobody knows what became of it. The key stays this request's: a
    /// retry may go on with it at once, another request under the key is refused until the operation
    /// has been settled. Says whether the key was still held, as [`Claim::release`].
    pub(super) async fn let_go(&self, services: &Services, lease: &Lease) -> bool {
        let Ok(draft) = self.draft(services, Stage::Open) else {
            return true;
        };
        let mut batch = Batch::new();
        batch.replace(self.key.clone(), lease.revision, draft);
        !matches!(
            services.store.commit(batch).await,
            Err(StoreError::Conflict(_))
        )
    }

    /// Gives the key back of an operation that was settled without its turn.
    pub(super) async fn forget(&self, services: &Services) {
        if let Ok(Turn::Run(lease)) = self.turn(services).await {
            self.release(services, &lease).await;
        }
    }

    /// Whether a conflict in the store was about this claim: another process took the lease over.
    pub(super) fn owns(&self, key: &Key) -> bool {
        self.key == *key
    }

    /// Renews the lease while the operation runs. What goes wrong is only logged: the commit of the
    /// answer will notice.
    pub(super) async fn renew(&self, services: &Services, lease: &mut Lease) {
        let Ok(draft) = self.draft(services, Stage::Running) else {
            return;
        };
        let mut batch = Batch::new();
        batch.replace(self.key.clone(), lease.revision, draft);
        match services.store.commit(batch).await {
            Ok(()) => lease.revision += 1,
            Err(error) => {
                tracing::warn!(%error, operation_id = self.operation_id, "a lease could not be renewed")
            }
        }
    }

    /// Judges the size of a request that is new. What was taken on once stays taken on, also when the
    /// manifest allows less by now.
    fn fits(&self, services: &Services) -> Result<()> {
        let (length, largest) = (self.length, services.profile.entry.largest_request);
        if length <= largest {
            return Ok(());
        }
        Err(Error::invalid_request(format!(
            "the request has {length} bytes of canonical JSON; this seller keeps at most {largest} for replays"
        ))
        .suggest("split it into several requests, each with a key of its own"))
    }

    /// Counts a new key.
    fn count(&self, services: &Services) -> Result<()> {
        if !self.counts {
            return Ok(());
        }
        let scope = &self.key.scope;
        let name = jcs::name_of([
            scope.tenant.0.as_str(),
            &scope.owner.to_string(),
            &self.account,
        ]);
        let taken = services.fresh_keys.take(&name);
        taken.map_err(|seconds| {
            Error::new(
                "RATE_LIMITED",
                "too many new idempotency keys in too short a time",
            )
            .retry_after(seconds)
        })
    }

    fn judge(&self, record: &Record, now: Timestamp) -> Result<Judged> {
        let entry = Entry::deserialize(record.body.as_ref()).map_err(Error::internal)?;
        let answered = entry.answer.is_some();
        if answered && entry.expires_at + SKEW <= now {
            return Err(Error::new("IDEMPOTENCY_EXPIRED", "the answer to this idempotency_key is no longer kept")
                .at("idempotency_key")
                .suggest("look whether the earlier request took effect; if it did not, send it again with a new key"));
        }
        // Also while the first request runs, or after it died: what it did is not known.
        if entry.hash != self.hash {
            return Err(Error::new(
                "IDEMPOTENCY_CONFLICT",
                "this idempotency_key was used for a different request",
            ));
        }
        Ok(match entry.answer {
            Some(answer) => Judged::Answered(answer),
            None if entry.leased_until.is_some_and(|until| until > now) => Judged::Running,
            None => Judged::Abandoned,
        })
    }

    fn draft(&self, services: &Services, stage: Stage) -> Result<Draft> {
        let now = services.clock.now();
        let retention = TimeDelta::seconds(
            i64::try_from(services.profile.idempotency_ttl_seconds).unwrap_or(i64::MAX / 1000),
        );
        let expires_at = now + retention;
        let (leased_until, answer) = match stage {
            Stage::Running => (Some(now + LEASE), None),
            Stage::Open => (None, None),
            Stage::Answered(answer) => (None, Some(answer)),
        };
        let entry = Entry {
            hash: self.hash.clone(),
            operation_id: self.operation_id.clone(),
            expires_at,
            leased_until,
            answer,
        };
        // The record outlives the answer by as long again, so that a late retry is told
        // IDEMPOTENCY_EXPIRED rather than carried out a second time.
        Ok(
            Draft::new(serde_json::to_value(entry).map_err(Error::internal)?)
                .due(expires_at + retention),
        )
    }
}

/// The answer to a request that is carried out already and takes its time.
fn in_flight(services: &Services) -> Error {
    let code = "IDEMPOTENCY_IN_FLIGHT";
    let code = match services.spec.listed(code) {
        Some(_) => code,
        None => "SERVICE_UNAVAILABLE",
    };
    Error::new(
        code,
        "the same request is still being carried out; send it again to learn the outcome",
    )
    .retry_after(RETRY_AFTER)
}

/// How far a request is.
enum Stage {
    Running,
    /// Nobody is at it, and nobody knows what became of it.
    Open,
    Answered(Map<String, Value>),
}

enum Judged {
    Answered(Map<String, Value>),
    Running,
    Abandoned,
}

/// The part of a request that makes it this request.
fn significant(request: &Value) -> Value {
    let mut request = request.clone();
    if let Some(members) = request.as_object_mut() {
        for name in OUTSIDE_HASH {
            members.shift_remove(name);
        }
        if let Some(authentication) = members
            .get_mut("push_notification_config")
            .and_then(|config| config.get_mut("authentication"))
            .and_then(Value::as_object_mut)
        {
            authentication.shift_remove("credentials");
        }
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_excluded_members_leave_the_hash() {
        let request = json!({
            "idempotency_key": "k", "context": {"a": 1}, "governance_context": "jws", "brand": {"domain": "nova.example"},
            "push_notification_config": {"url": "https://buyer.example/hook", "authentication": {"schemes": ["Bearer"], "credentials": "secret"}},
        });
        assert_eq!(
            significant(&request),
            json!({
                "brand": {"domain": "nova.example"},
                "push_notification_config": {"url": "https://buyer.example/hook", "authentication": {"schemes": ["Bearer"]}},
            })
        );
    }
}
