//! Who delivers: a loop in every process of the seller, with places of its own.
//!
//! The store hands each due notification to one process at a time. What an attempt comes to is written
//! over the revision that was handed out; a process that dies in between leaves it to its lease, and
//! another one sends the same bytes again. So a receiver is told at least once, and knows a second
//! time by the key.
//!
//! What can't go out now costs next to nothing: a few stand in line for a receiver that is busy, and
//! everything else is put off until its turn, all that was handed out together in one commit.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::breaker::{Breakers, Passage, Tolerance};
use super::crowd::Crowd;
use super::dead;
use super::proof::{self, Message};
use super::queue::{Errand, Next, Queue};
use super::record::{Delivery, Parcel, Standing, remove};
use super::schedule::{self, Verdict};
use crate::error::{Error, Result};
use crate::ops::records::{self, Kept, Stored};
use crate::ops::{Services, work};
use crate::outbound::{Answer, Failed};
use crate::signing::Edition;
use crate::store::{Batch, Record};

/// So many notifications one process has in hand.
const AT_ONCE: usize = 256;
/// How long the store keeps a notification from other processes: longer than an attempt can take
/// with the wait before it.
const IN_HAND: TimeDelta = TimeDelta::seconds(60);
/// How long a notification stands in line at most.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long a notification is put off for which there is no room, though its receiver is not busy:
/// its buyer has too many in hand.
const NO_ROOM: Duration = Duration::from_secs(2);
/// How often the worker looks while somebody's turn is near: no commit rings for a turn that comes.
const LOOK: Duration = Duration::from_millis(50);

/// What the deliveries of a process share.
#[derive(Debug)]
struct Post {
    services: Arc<Services>,
    breakers: Breakers,
    crowd: Crowd,
    queue: Queue,
    running: TaskTracker,
    stop: CancellationToken,
}

/// Delivers until it is told to stop. What is under way then runs on under `running`; what does not
/// end in time is left to its lease.
pub(crate) async fn deliver(
    services: Arc<Services>,
    running: TaskTracker,
    stop: CancellationToken,
) {
    let breakers = Breakers::new(Tolerance::default());
    let post = Arc::new(Post {
        services,
        queue: Queue::new(breakers.clone(), PATIENCE),
        breakers,
        crowd: Crowd::default(),
        running,
        stop,
    });
    let places = Arc::new(Semaphore::new(AT_ONCE));
    // Until when somebody's turn comes sooner than the store would ring.
    let mut turns = Instant::now();
    while !post.stop.is_cancelled() {
        let due = work::due::<Delivery>(&post.services, IN_HAND, places.available_permits()).await;
        let taken = due.len();
        if let Some(turn) = post.hand_out(&places, due).await {
            turns = turns.max(Instant::now() + turn);
        }
        let pause = async {
            let ring = post.services.store.wake(Delivery::KIND);
            if taken == 0 && turns > Instant::now() {
                let _ = tokio::time::timeout(LOOK, ring).await;
            } else if taken == 0 {
                ring.await;
            }
            // With no place free there is nothing to look for.
            drop(places.acquire().await);
        };
        if post.stop.run_until_cancelled(pause).await.is_none() {
            break;
        }
    }
    post.queue.clear();
}

impl Post {
    /// Has what is due set out, as far as there is room, and writes the rest down for later. Returns
    /// in how long the last of those has its turn that only wait for room.
    async fn hand_out(
        self: &Arc<Self>,
        places: &Arc<Semaphore>,
        due: Vec<Record>,
    ) -> Option<Duration> {
        let (mut later, mut over) = (Vec::new(), Vec::new());
        for record in due {
            let Ok(place) = Arc::clone(places).try_acquire_owned() else {
                break;
            };
            let key = record.key.clone();
            match Stored::<Delivery>::from_record(record) {
                Ok(row) if row.value.standing == Standing::Dead => over.push(row),
                Ok(row) => later.extend(self.take(row, place)),
                Err(error) => {
                    tracing::error!(%key, %error, cause = error.cause, "a notification can't be read");
                }
            }
        }
        let now = self.services.clock.now();
        let turns = later
            .iter()
            .filter_map(|row| (row.value.due - now).to_std().ok());
        let last = turns.filter(|turn| *turn <= NO_ROOM).max();
        self.write(later).await;
        if let Err(error) = self.forget(&over).await {
            tracing::error!(%error, cause = error.cause, "what was set aside long ago could not be removed");
        }
        last
    }

    /// Takes a notification in hand, and gives those that are put off.
    fn take(
        self: &Arc<Self>,
        row: Stored<Delivery>,
        place: OwnedSemaphorePermit,
    ) -> Vec<Stored<Delivery>> {
        let receiver = row.value.receiver.clone();
        let Some(seat) = self.crowd.seat(&receiver, &row.value.principal) else {
            return vec![self.put_off(row)];
        };
        self.queue.join(Errand {
            row,
            since: Instant::now(),
            places: (seat, place),
        });
        self.set_out(&receiver)
    }

    /// Lets those in line for a receiver go, as many as may, and gives those that are put off.
    fn set_out(self: &Arc<Self>, receiver: &str) -> Vec<Stored<Delivery>> {
        while let Some(next) = self.queue.next(receiver, Instant::now()) {
            match next {
                Next::Goes(errand, passage) => {
                    let post = Arc::clone(self);
                    self.running
                        .spawn(async move { post.attend(*errand, passage).await });
                }
                Next::Rests(left) => {
                    let rows = left.into_iter().map(|errand| errand.row);
                    return rows.map(|row| self.put_off(row)).collect();
                }
            }
        }
        Vec::new()
    }

    /// Gives a notification that can't go out now its turn.
    fn put_off(&self, mut row: Stored<Delivery>) -> Stored<Delivery> {
        let turn = self.breakers.turn(&row.value.receiver, Instant::now());
        let pause = TimeDelta::from_std(turn.unwrap_or(NO_ROOM)).unwrap_or(TimeDelta::MAX);
        row.value.put_off(pause, self.services.clock.now());
        row
    }

    /// Sees to one notification, then lets those behind it go.
    async fn attend(self: Arc<Self>, errand: Errand, passage: Passage) {
        let Errand { row, places, .. } = errand;
        let (key, receiver) = (row.key.clone(), row.value.receiver.clone());
        // Those in line must not be forgotten, whatever becomes of this one.
        let attempt = AssertUnwindSafe(self.attempt(&row, passage))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(Error::internal("the attempt panicked")));
        if self.stop.is_cancelled() {
            self.queue.clear();
        }
        let later = self.set_out(&receiver);
        let noted = match attempt {
            Ok(Some(attempt)) => self.note(row, &attempt).await,
            // It was delivered, or removed, since it was handed out.
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = noted {
            tracing::error!(%key, %error, cause = error.cause, "a notification could not be seen to");
        }
        drop(places);
        self.write(later).await;
    }

    /// One attempt; `None` when there is nothing to send.
    async fn attempt(
        &self,
        row: &Stored<Delivery>,
        passage: Passage,
    ) -> Result<Option<Result<Answer, Failed>>> {
        let id = &row.value.webhook_id;
        let Some(parcel) =
            records::find::<Parcel>(&self.services.store, &row.key.scope, id).await?
        else {
            return Ok(None);
        };
        let Parcel {
            subscription, body, ..
        } = parcel.value;
        let target = match self.services.outbound.judge(&subscription.url) {
            Ok(target) => target,
            Err(refused) => return Ok(Some(Err(refused.into()))),
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
            Err(unproved) => return Ok(Some(Err(unproved))),
        };
        let attempt = self.services.outbound.post(&target, headers, body).await;
        let well = match &attempt {
            Ok(answer) => !answer.status.is_server_error(),
            Err(failed) => matches!(failed, Failed::Refused(_)),
        };
        if well {
            passage.worked(Instant::now());
        } else {
            passage.failed(Instant::now());
        }
        Ok(Some(attempt))
    }

    /// Writes down what an attempt came to.
    async fn note(
        &self,
        mut row: Stored<Delivery>,
        attempt: &Result<Answer, Failed>,
    ) -> Result<()> {
        let (verdict, tried) = schedule::judge(attempt, self.services.clock.now());
        if verdict == Verdict::Delivered {
            return self.delivered(row).await;
        }
        row.value.failed(&verdict, tried);
        self.keep(row).await
    }

    /// Writes down those that are put off, in one commit.
    async fn write(&self, rows: Vec<Stored<Delivery>>) {
        if let Err(error) = self.write_together(rows).await {
            tracing::error!(%error, cause = error.cause, "notifications could not be put off; their leases run out");
        }
    }

    async fn write_together(&self, rows: Vec<Stored<Delivery>>) -> Result<()> {
        let (waiting, mut alone): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|row| row.value.standing == Standing::Waiting);
        let mut together = Batch::new();
        for row in &waiting {
            row.save(&mut together)?;
        }
        if !together.is_empty() && !work::commit(&self.services, together).await? {
            // Somebody has written over one of them; that is no reason to lose the others.
            alone.extend(waiting);
        }
        for row in alone {
            self.keep(row).await?;
        }
        Ok(())
    }

    /// Removes notifications; those over which somebody has written stay.
    async fn forget(&self, rows: &[Stored<Delivery>]) -> Result<()> {
        let of = |rows: &[Stored<Delivery>]| {
            let mut batch = Batch::new();
            rows.iter().for_each(|row| remove(&mut batch, row));
            batch
        };
        if rows.is_empty() || work::commit(&self.services, of(rows)).await? {
            return Ok(());
        }
        for row in rows {
            work::commit(&self.services, of(std::slice::from_ref(row))).await?;
        }
        Ok(())
    }

    /// Forgets a notification that the receiver has.
    async fn delivered(&self, row: Stored<Delivery>) -> Result<()> {
        self.forget(std::slice::from_ref(&row)).await?;
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
