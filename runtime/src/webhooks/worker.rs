//! Who delivers: a loop in every process of the seller, with places of its own.
//!
//! The store hands each due notification to one process at a time. What an attempt comes to is written
//! over the revision that was handed out; a process that dies in between leaves it to its lease, and
//! another one sends the same bytes again. So a receiver is told at least once, and knows a second
//! time by the key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::TimeDelta;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::breaker::{Breakers, Held, Passage, Tolerance};
use super::crowd::Crowd;
use super::dead;
use super::proof::{self, Message};
use super::record::{Delivery, Parcel, Standing, remove};
use super::schedule::{self, Verdict};
use crate::error::Result;
use crate::ops::records::{self, Kept, Stored};
use crate::ops::{Services, work};
use crate::outbound::{Answer, Failed, Target};
use crate::signing::Edition;
use crate::store::{Batch, Record};

/// So many notifications one process has in hand.
const AT_ONCE: usize = 256;
/// How long the store keeps a notification from other processes: longer than an attempt can take
/// with the wait before it.
const IN_HAND: TimeDelta = TimeDelta::seconds(60);
/// How often it is looked whether a receiver that is busy has room, and for how long.
const LOOK: Duration = Duration::from_millis(25);
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a notification is put off for which a process has no room.
const NO_ROOM: TimeDelta = TimeDelta::seconds(2);

/// What the deliveries of a process share.
#[derive(Debug)]
struct Post {
    services: Arc<Services>,
    breakers: Breakers,
    stop: CancellationToken,
}

/// Delivers until it is told to stop. What is under way then runs on under `running`; what does not
/// end in time is left to its lease.
pub(crate) async fn deliver(
    services: Arc<Services>,
    running: TaskTracker,
    stop: CancellationToken,
) {
    let post = Arc::new(Post {
        services,
        breakers: Breakers::new(Tolerance::default()),
        stop,
    });
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let crowd = Crowd::default();
    while !post.stop.is_cancelled() {
        let due = work::due::<Delivery>(&post.services, IN_HAND, places.available_permits()).await;
        let taken = due.len();
        for record in due {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let (post, crowd) = (Arc::clone(&post), crowd.clone());
            running.spawn(async move {
                let key = record.key.clone();
                if let Err(error) = post.attend(&crowd, record).await {
                    tracing::error!(%key, %error, cause = error.cause, "a notification could not be seen to");
                }
                drop(place);
            });
        }
        let pause = async {
            if taken == 0 {
                post.services.store.wake(Delivery::KIND).await;
            }
            // With no place free there is nothing to look for.
            drop(places.acquire().await);
        };
        if post.stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

/// How an attempt ended.
enum Ended {
    /// With a verdict.
    Judged(Result<Answer, Failed>),
    /// It was not made, and is not for a while.
    PutOff(TimeDelta),
    /// The seller stops; the lease runs out.
    Left,
}

impl Post {
    /// Does what is due about one notification.
    async fn attend(&self, crowd: &Crowd, record: Record) -> Result<()> {
        let mut row = Stored::<Delivery>::from_record(record)?;
        if row.value.standing == Standing::Dead {
            let mut batch = Batch::new();
            remove(&mut batch, &row);
            work::commit(&self.services, batch).await?;
            return Ok(());
        }
        let Some(parcel) =
            records::find::<Parcel>(&self.services.store, &row.key.scope, &row.value.webhook_id)
                .await?
        else {
            // It was delivered, or removed, since it was handed out.
            return Ok(());
        };
        let ended = match crowd.seat(&row.value.receiver, &row.value.principal) {
            Some(_seat) => self.attempt(parcel.value).await,
            None => Ended::PutOff(NO_ROOM),
        };
        let now = self.services.clock.now();
        match ended {
            Ended::Left => return Ok(()),
            Ended::PutOff(pause) => row.value.put_off(pause, now),
            Ended::Judged(attempt) => {
                let (verdict, tried) = schedule::judge(&attempt, now);
                if verdict == Verdict::Delivered {
                    return self.delivered(&row).await;
                }
                row.value.failed(&verdict, tried);
            }
        }
        self.keep(row).await
    }

    /// One attempt.
    async fn attempt(&self, parcel: Parcel) -> Ended {
        let Parcel {
            subscription, body, ..
        } = parcel;
        let target = match self.services.outbound.judge(&subscription.url) {
            Ok(target) => target,
            Err(refused) => return Ended::Judged(Err(refused.into())),
        };
        let passage = match self.passage(&target).await {
            Ok(passage) => passage,
            Err(ended) => return ended,
        };
        let body = Bytes::from(body);
        let headers = match proof::headers(
            &subscription,
            self.services.webhook_key.as_deref(),
            Edition::of(self.services.spec.line),
            &Message {
                url: target.as_str(),
                body: &body,
                now: self.services.clock.now(),
            },
        ) {
            Ok(headers) => headers,
            Err(unproved) => return Ended::Judged(Err(unproved)),
        };
        let attempt = self.services.outbound.post(&target, headers, body).await;
        let well = match &attempt {
            Ok(answer) => !answer.status.is_server_error(),
            Err(failed) => matches!(failed, Failed::Refused(_)),
        };
        if well {
            passage.worked();
        } else {
            passage.failed(Instant::now());
        }
        Ended::Judged(attempt)
    }

    /// Leave to send to a receiver, waiting a moment where others are being sent to it.
    async fn passage(&self, target: &Target) -> Result<Passage, Ended> {
        let authority = target.authority();
        let began = Instant::now();
        loop {
            let now = Instant::now();
            let held = match self.breakers.enter(authority, now) {
                Ok(passage) => return Ok(passage),
                Err(held) => held,
            };
            match held {
                Held::Resting(until) => {
                    let rest = TimeDelta::from_std(until - now).unwrap_or(NO_ROOM);
                    return Err(Ended::PutOff(rest));
                }
                Held::Probed | Held::Busy if began.elapsed() > PATIENCE => {
                    return Err(Ended::PutOff(NO_ROOM));
                }
                Held::Probed | Held::Busy => {}
            }
            let look = tokio::time::sleep(LOOK);
            if self.stop.run_until_cancelled(look).await.is_none() {
                return Err(Ended::Left);
            }
        }
    }

    /// Forgets a notification that the receiver has.
    async fn delivered(&self, row: &Stored<Delivery>) -> Result<()> {
        let mut batch = Batch::new();
        remove(&mut batch, row);
        work::commit(&self.services, batch).await?;
        let delivery = &row.value;
        tracing::info!(
            webhook_id = delivery.webhook_id,
            topic = delivery.topic,
            task_id = delivery.task_id,
            principal = delivery.principal.0,
            receiver = delivery.receiver,
            attempt = delivery.attempts + 1,
            "a notification was delivered"
        );
        Ok(())
    }

    /// Writes down how far a notification is that was not delivered.
    async fn keep(&self, row: Stored<Delivery>) -> Result<()> {
        let mut batch = Batch::new();
        row.save(&mut batch)?;
        let delivery = &row.value;
        let dead = delivery.standing == Standing::Dead;
        if work::commit(&self.services, batch).await? && dead {
            tracing::warn!(
                webhook_id = delivery.webhook_id,
                topic = delivery.topic,
                task_id = delivery.task_id,
                principal = delivery.principal.0,
                receiver = delivery.receiver,
                attempts = delivery.attempts,
                reason = delivery.reason,
                "a notification is set aside; `webhooks replay` has it tried again"
            );
            dead::thin_out(&self.services, &row).await?;
        }
        Ok(())
    }
}
