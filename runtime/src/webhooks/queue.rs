//! Who stands in line for a receiver that is being sent to as much as it may be at once.
//!
//! Nobody in line waits for anything: whoever comes back from a receiver sets out the next one. So a
//! receiver that hangs costs a few entries here and no task, no timer and no look at the store. How
//! long a line gets is the [`super::crowd`]'s to say. Nothing here reads a clock.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;

use super::breaker::{Breakers, Held, Passage};
use super::crowd::Seat;
use super::record::Delivery;
use crate::ops::records::Stored;

/// A notification in hand. It holds its places until it is dropped.
#[derive(Debug)]
pub(super) struct Errand {
    /// How far its delivery is.
    pub(super) row: Stored<Delivery>,
    /// When the store handed it out.
    pub(super) since: Instant,
    /// Its places among those of its receiver, its buyer and the process.
    pub(super) places: (Seat, OwnedSemaphorePermit),
}

/// The lines, one for each receiver that has one.
#[derive(Debug)]
pub(super) struct Queue {
    breakers: Breakers,
    /// How long somebody may have stood in line and still set out.
    patience: Duration,
    lines: Arc<Mutex<HashMap<String, VecDeque<Errand>>>>,
}

/// What becomes of the line of a receiver.
#[derive(Debug)]
pub(super) enum Next {
    /// This one sets out. There may be leave for another.
    Goes(Box<Errand>, Passage),
    /// The receiver is left alone: nobody in the line sets out, and there is no line any more.
    Rests(Vec<Errand>),
}

impl Queue {
    /// Nobody in line. Who has stood there for longer than `patience` since it was handed out is left
    /// to its lease, which may be somebody else's by the end of an attempt.
    pub(super) fn new(breakers: Breakers, patience: Duration) -> Self {
        Queue {
            breakers,
            patience,
            lines: Arc::default(),
        }
    }

    /// Takes the last place in the line of its receiver. [`Queue::next`] has to be asked then.
    pub(super) fn join(&self, errand: Errand) {
        self.with(|lines| {
            let line = lines.entry(errand.row.value.receiver.clone()).or_default();
            line.push_back(errand);
        });
    }

    /// Who sets out now to a receiver; `None` when nobody is in line or everybody has to wait for
    /// those who are there. It is asked after every arrival and after every return, so nobody is
    /// forgotten in a line.
    pub(super) fn next(&self, receiver: &str, now: Instant) -> Option<Next> {
        self.with(|lines| {
            let line = lines.get_mut(receiver)?;
            while line
                .front()
                .is_some_and(|errand| now.saturating_duration_since(errand.since) > self.patience)
            {
                line.pop_front();
            }
            if line.is_empty() {
                lines.remove(receiver);
                return None;
            }
            match self.breakers.enter(receiver, now) {
                Ok(passage) => {
                    let errand = line.pop_front()?;
                    if line.is_empty() {
                        lines.remove(receiver);
                    }
                    Some(Next::Goes(Box::new(errand), passage))
                }
                Err(Held::Resting(_)) => {
                    lines.remove(receiver).map(|line| Next::Rests(line.into()))
                }
                Err(Held::Probed | Held::Busy) => None,
            }
        })
    }

    /// Sends everybody away; the leases run out.
    pub(super) fn clear(&self) {
        self.with(HashMap::clear);
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, VecDeque<Errand>>) -> T) -> T {
        // Nothing that runs under the lock can panic half way through a change.
        act(&mut self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tokio::sync::Semaphore;

    use super::super::breaker::Tolerance;
    use super::super::crowd::Crowd;
    use super::super::record::Standing;
    use super::*;
    use crate::clock::Timestamp;
    use crate::identity::{Principal, Scope, TenantId};

    const RECEIVER: &str = "https://hooks.example";
    const PATIENCE: Duration = Duration::from_secs(30);

    fn start() -> Timestamp {
        "2026-03-10T12:00:00Z".parse().expect("an instant")
    }

    struct Room {
        queue: Queue,
        crowd: Crowd,
        places: Arc<Semaphore>,
    }

    impl Room {
        fn new() -> Self {
            Room {
                queue: Queue::new(Breakers::new(Tolerance::default()), PATIENCE),
                crowd: Crowd::default(),
                places: Arc::new(Semaphore::new(64)),
            }
        }

        fn join(&self, id: u32, since: Instant) {
            let principal = Principal("nova".into());
            let value = Delivery {
                webhook_id: id.to_string(),
                principal: principal.clone(),
                topic: "create_media_buy".into(),
                task_id: None,
                status: None,
                receiver: RECEIVER.into(),
                standing: Standing::Waiting,
                size: 0,
                created_at: start(),
                attempts: 0,
                refusals: 0,
                tries: Vec::new(),
                due: start(),
                until: start() + TimeDelta::hours(24),
                reason: None,
            };
            let seat = self.crowd.seat(RECEIVER, &principal).expect("room");
            let place = Arc::clone(&self.places).try_acquire_owned();
            self.queue.join(Errand {
                row: Stored::unwritten(&Scope::seller(&TenantId("t".into())), value),
                since,
                places: (seat, place.expect("room")),
            });
        }

        /// Who sets out.
        fn goes(&self, now: Instant) -> Option<(String, Passage)> {
            match self.queue.next(RECEIVER, now)? {
                Next::Goes(errand, passage) => Some((errand.row.value.webhook_id, passage)),
                Next::Rests(left) => panic!("the receiver is left alone by {}", left.len()),
            }
        }
    }

    #[test]
    fn whoever_came_first_sets_out_first_and_as_many_as_may_at_once() {
        let (room, now) = (Room::new(), Instant::now());
        for id in 0..6 {
            room.join(id, now);
        }
        let mut out: Vec<_> = (0..4).filter_map(|_| room.goes(now)).collect();
        let ids: Vec<_> = out.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["0", "1", "2", "3"]);
        assert!(room.goes(now).is_none(), "four are under way");
        out.pop().expect("one under way").1.worked(now);
        assert_eq!(room.goes(now).expect("room for one").0, "4");
        drop(out);
        assert_eq!(room.goes(now).expect("the last one").0, "5");
        assert!(room.goes(now).is_none());
        assert_eq!(room.places.available_permits(), 64, "nobody is kept");
    }

    #[test]
    fn once_a_receiver_is_left_alone_its_line_goes_home_together() {
        let (room, now) = (Room::new(), Instant::now());
        for id in 0..9 {
            room.join(id, now);
        }
        for _ in 0..5 {
            room.goes(now).expect("room").1.failed(now);
        }
        let Some(Next::Rests(left)) = room.queue.next(RECEIVER, now) else {
            panic!("the receiver has failed five times");
        };
        assert_eq!(left.len(), 4);
        assert!(room.queue.next(RECEIVER, now).is_none(), "the line is gone");
    }

    #[test]
    fn whoever_has_stood_too_long_is_left_to_its_lease() {
        let (room, now) = (Room::new(), Instant::now());
        room.join(0, now);
        room.join(1, now + Duration::from_secs(20));
        let late = now + Duration::from_secs(31);
        assert_eq!(room.goes(late).expect("the second").0, "1");
        room.join(2, late);
        room.queue.clear();
        assert!(room.goes(late).is_none());
        assert_eq!(room.places.available_permits(), 64);
    }
}
