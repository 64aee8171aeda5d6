//! Who may be sent to right now: a circuit breaker and a limit of deliveries at once, per receiver.
//!
//! A receiver that failed several times in a row is left alone for a while; then one delivery goes
//! out to see whether it is back, and the others wait for what becomes of it. A receiver that fails
//! then too is left alone for twice as long. What can't be sent now is told when its turn comes, so
//! that nobody looks again and again. A receiver is an origin ([`super::Delivery::receiver`]). Only
//! receivers that are being sent to or have failed are remembered, and never more than a fixed number
//! of them: a buyer can make up as many names as it likes.
//!
//! Nothing here waits or reads a clock. It lasts as long as the process: after a restart every
//! receiver is tried again, and the schedule of the outbox still holds.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The least time between the turns of two deliveries to one receiver.
const GAP: Duration = Duration::from_millis(10);
/// How far ahead turns are given out. Beyond it they begin anew.
const AHEAD: Duration = Duration::from_secs(60);

/// How much a receiver may fail and how much it is given at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tolerance {
    /// After how many failures in a row a receiver is left alone.
    pub(super) failures: u32,
    /// For how long, at first and at most.
    pub(super) rest: (Duration, Duration),
    /// How many deliveries to one receiver go on at once.
    pub(super) at_once: u32,
    /// How many receivers are remembered.
    pub(super) receivers: usize,
}

impl Default for Tolerance {
    /// Five failures, a minute up to five, four at once, ten thousand receivers.
    fn default() -> Self {
        Tolerance {
            failures: 5,
            rest: (Duration::from_secs(60), Duration::from_secs(300)),
            at_once: 4,
            receivers: 10_000,
        }
    }
}

/// Who may be sent to.
#[derive(Clone)]
pub(super) struct Breakers {
    tolerance: Tolerance,
    receivers: Arc<Mutex<HashMap<String, Receiver>>>,
}

/// Why a delivery does not go out now. Nothing has been counted for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// The receiver is left alone until this instant.
    Resting(Instant),
    /// A delivery is under way to see whether the receiver is back.
    Probed,
    /// The receiver is being sent to as much as it may be at once.
    Busy,
}

/// Leave for one delivery. Dropped without a word on how it went, it counts as none at all.
#[must_use = "the receiver's place is given back when this is dropped"]
pub(super) struct Passage {
    breakers: Breakers,
    authority: String,
    began: Instant,
}

/// What is known of one receiver.
#[derive(Debug, Default)]
struct Receiver {
    /// Deliveries under way.
    under_way: u32,
    /// Failures since the last success.
    failures: u32,
    /// When it failed last.
    failed: Option<Instant>,
    /// Until when it is left alone; then the next delivery is a probe.
    resting: Option<Instant>,
    /// How many probes have failed since it was left alone.
    probes: u32,
    /// How long a delivery to it takes, the latest ones counting most.
    pace: Duration,
    /// When a delivery last ended or, where none has since, the first of those under way began.
    moved: Option<Instant>,
    /// The turn of the next delivery that is put off.
    turn: Option<Instant>,
}

impl Breakers {
    /// Every receiver unknown.
    pub(super) fn new(tolerance: Tolerance) -> Self {
        Breakers {
            tolerance,
            receivers: Arc::default(),
        }
    }

    /// Leave to deliver to a receiver, given as host and port.
    ///
    /// # Errors
    ///
    /// Why not now.
    pub(super) fn enter(&self, authority: &str, now: Instant) -> Result<Passage, Held> {
        let mut receivers = self.receivers();
        if !receivers.contains_key(authority) {
            self.make_room(&mut receivers)?;
        }
        let receiver = receivers.entry(authority.to_owned()).or_default();
        match receiver.resting {
            Some(until) if now < until => return Err(Held::Resting(until)),
            Some(_) if receiver.under_way > 0 => return Err(Held::Probed),
            None if receiver.under_way >= self.tolerance.at_once => return Err(Held::Busy),
            Some(_) | None => {}
        }
        if receiver.under_way == 0 {
            receiver.moved = Some(now);
        }
        receiver.under_way += 1;
        Ok(Passage {
            breakers: self.clone(),
            authority: authority.to_owned(),
            began: now,
        })
    }

    /// How long to put off a delivery for which there is no room: until the receiver is no longer left
    /// alone and what was put off before has had its turn, at the pace at which the receiver takes
    /// deliveries. `None` for a receiver that is not remembered.
    pub(super) fn turn(&self, authority: &str, now: Instant) -> Option<Duration> {
        let mut receivers = self.receivers();
        let receiver = receivers.get_mut(authority)?;
        // A receiver that hangs has no pace yet, but has kept others waiting.
        let stalled = receiver
            .moved
            .filter(|_| receiver.under_way > 0)
            .map_or(Duration::ZERO, |moved| now.saturating_duration_since(moved));
        let gap = (receiver.pace.max(stalled) / self.tolerance.at_once).max(GAP);
        let first = receiver.resting.map_or(now, |until| until.max(now));
        let turn = match receiver.turn {
            Some(turn) if turn > first && turn < first + AHEAD => turn,
            _ => first,
        };
        receiver.turn = Some(turn + gap);
        Some(turn.max(now + gap) - now)
    }

    /// Forgets the receivers that failed longest ago, an eighth at a time so that a crowd of new
    /// names does not search the list once each. Those that are being sent to stay.
    fn make_room(&self, receivers: &mut HashMap<String, Receiver>) -> Result<(), Held> {
        let most = self.tolerance.receivers;
        if receivers.len() < most {
            return Ok(());
        }
        let mut idle: Vec<(Option<Instant>, String)> = receivers
            .iter()
            .filter(|(_, receiver)| receiver.under_way == 0)
            .map(|(authority, receiver)| (receiver.failed, authority.clone()))
            .collect();
        idle.sort_unstable();
        idle.truncate((most / 8).max(1));
        for (_, authority) in &idle {
            receivers.remove(authority);
        }
        if idle.is_empty() {
            return Err(Held::Busy);
        }
        Ok(())
    }

    fn receivers(&self) -> MutexGuard<'_, HashMap<String, Receiver>> {
        // Nothing that runs under the lock can panic half way through a change.
        self.receivers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Passage {
    /// The receiver took the delivery, or at least answered as one that is well.
    pub(super) fn worked(self, now: Instant) {
        self.note(now, |receiver, _| {
            receiver.failures = 0;
            receiver.failed = None;
            receiver.resting = None;
            receiver.probes = 0;
        });
    }

    /// The receiver could not be reached, was too slow, or says that it is not well.
    pub(super) fn failed(self, now: Instant) {
        self.note(now, |receiver, tolerance| {
            receiver.failures = receiver.failures.saturating_add(1);
            receiver.failed = Some(now);
            if receiver.resting.is_some_and(|until| until <= now) {
                receiver.probes = receiver.probes.saturating_add(1);
            }
            if receiver.failures >= tolerance.failures {
                let (first, most) = tolerance.rest;
                let rest = first.saturating_mul(2_u32.saturating_pow(receiver.probes));
                receiver.resting = Some(now + rest.min(most));
            }
        });
    }

    fn note(&self, now: Instant, change: impl FnOnce(&mut Receiver, &Tolerance)) {
        if let Some(receiver) = self.breakers.receivers().get_mut(&self.authority) {
            receiver.pace = (receiver.pace + now.saturating_duration_since(self.began)) / 2;
            receiver.moved = Some(now);
            change(receiver, &self.breakers.tolerance);
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        let mut receivers = self.breakers.receivers();
        if let Some(receiver) = receivers.get_mut(&self.authority) {
            receiver.under_way -= 1;
            if receiver.under_way == 0 && receiver.failures == 0 {
                receivers.remove(&self.authority);
            }
        }
    }
}

impl fmt::Debug for Breakers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breakers")
            .field("tolerance", &self.tolerance)
            .field("receivers", &self.receivers().len())
            .finish()
    }
}

impl fmt::Debug for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passage")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVER: &str = "hooks.buyer.example:443";

    fn fail(breakers: &Breakers, times: u32, now: Instant) {
        for _ in 0..times {
            breakers
                .enter(RECEIVER, now)
                .expect("the receiver may be sent to")
                .failed(now);
        }
    }

    #[test]
    fn five_failures_in_a_row_close_the_way_for_a_minute() {
        let breakers = Breakers::new(Tolerance::default());
        let start = Instant::now();
        fail(&breakers, 4, start);
        fail(&breakers, 1, start);
        let until = start + Duration::from_secs(60);
        let held = breakers.enter(RECEIVER, until - Duration::from_millis(1));
        assert_eq!(held.err(), Some(Held::Resting(until)));
        assert!(breakers.enter(RECEIVER, until).is_ok());
        let other = breakers.enter("hooks.other.example:443", start);
        assert!(other.is_ok(), "another receiver has nothing to do with it");
    }

    #[test]
    fn a_success_in_between_starts_the_count_anew() {
        let breakers = Breakers::new(Tolerance::default());
        let now = Instant::now();
        for _ in 0..10 {
            fail(&breakers, 4, now);
            breakers
                .enter(RECEIVER, now)
                .expect("not closed")
                .worked(now);
        }
        assert!(breakers.enter(RECEIVER, now).is_ok());
    }

    #[test]
    fn after_the_rest_one_delivery_goes_out_and_decides() {
        let breakers = Breakers::new(Tolerance::default());
        let start = Instant::now();
        fail(&breakers, 5, start);
        let later = start + Duration::from_secs(60);
        let probe = breakers.enter(RECEIVER, later).expect("the probe");
        assert_eq!(breakers.enter(RECEIVER, later).err(), Some(Held::Probed));
        probe.failed(later);
        let until = later + Duration::from_secs(120);
        let held = breakers.enter(RECEIVER, later).err();
        assert_eq!(
            held,
            Some(Held::Resting(until)),
            "one failure is enough now, and the rest is longer"
        );
        let probe = breakers.enter(RECEIVER, until).expect("the probe");
        probe.worked(until);
        let many: Vec<_> = (0..4).map(|_| breakers.enter(RECEIVER, until)).collect();
        assert!(many.iter().all(Result::is_ok), "it is back");
    }

    #[test]
    fn whoever_never_comes_back_is_tried_every_five_minutes() {
        let breakers = Breakers::new(Tolerance::default());
        let mut now = Instant::now();
        fail(&breakers, 5, now);
        for rest in [60, 120, 240, 300, 300] {
            let Err(Held::Resting(until)) = breakers.enter(RECEIVER, now) else {
                panic!("the receiver is not left alone");
            };
            assert_eq!(until - now, Duration::from_secs(rest));
            now = until;
            fail(&breakers, 1, now);
        }
        breakers
            .enter(RECEIVER, now + Duration::from_secs(300))
            .expect("the probe")
            .worked(now);
        fail(&breakers, 5, now);
        let until = now + Duration::from_secs(60);
        let held = breakers.enter(RECEIVER, now).err();
        assert_eq!(held, Some(Held::Resting(until)), "it begins anew");
    }

    #[test]
    fn turns_come_one_after_another_once_the_rest_is_over() {
        let breakers = Breakers::new(Tolerance::default());
        let start = Instant::now();
        assert_eq!(breakers.turn(RECEIVER, start), None, "nobody knows it");
        fail(&breakers, 5, start);
        let rest = Duration::from_secs(60);
        for number in 0..5 {
            assert_eq!(breakers.turn(RECEIVER, start), Some(rest + GAP * number));
        }
    }

    #[test]
    fn turns_of_a_receiver_that_hangs_are_the_further_apart_the_longer_it_does() {
        let breakers = Breakers::new(Tolerance::default());
        let start = Instant::now();
        let _hanging = breakers.enter(RECEIVER, start).expect("room");
        for (waited, gap) in [(0, 10), (400, 100), (8_000, 2_000)] {
            let now = start + Duration::from_millis(waited);
            let turn = breakers.turn(RECEIVER, now).expect("it is remembered");
            assert_eq!(turn, Duration::from_millis(gap));
        }
    }

    #[test]
    fn turns_of_a_slow_receiver_are_as_far_apart_as_it_is_slow() {
        let breakers = Breakers::new(Tolerance::default());
        let start = Instant::now();
        let under_way: Vec<_> = (0..4)
            .map(|_| breakers.enter(RECEIVER, start).expect("room"))
            .collect();
        let later = start + Duration::from_secs(8);
        for passage in under_way.into_iter().skip(1) {
            passage.failed(later);
        }
        // 8 s three times, averaged from nothing: 7 s, four at once.
        let gap = Duration::from_millis(1750);
        for number in 0..10 {
            let turn = breakers.turn(RECEIVER, later).expect("it is remembered");
            assert_eq!(turn, (gap * number).max(gap));
        }
        let furthest = (0..1000)
            .filter_map(|_| breakers.turn(RECEIVER, later))
            .max();
        assert!(furthest.is_some_and(|turn| turn < AHEAD));
    }

    #[test]
    fn a_probe_that_is_given_up_leaves_room_for_the_next() {
        let breakers = Breakers::new(Tolerance::default());
        let start = Instant::now();
        fail(&breakers, 5, start);
        let later = start + Duration::from_secs(61);
        drop(breakers.enter(RECEIVER, later));
        assert!(breakers.enter(RECEIVER, later).is_ok());
    }

    #[test]
    fn deliveries_that_fail_after_the_way_is_closed_close_it_for_longer() {
        let breakers = Breakers::new(Tolerance {
            at_once: 6,
            ..Tolerance::default()
        });
        let start = Instant::now();
        let under_way: Vec<_> = (0..6)
            .map(|_| breakers.enter(RECEIVER, start).expect("room"))
            .collect();
        for (seconds, passage) in (0..).zip(under_way) {
            passage.failed(start + Duration::from_secs(seconds));
        }
        let until = start + Duration::from_secs(65);
        assert_eq!(
            breakers.enter(RECEIVER, start).err(),
            Some(Held::Resting(until))
        );
    }

    #[test]
    fn a_receiver_gets_so_many_deliveries_at_once() {
        let breakers = Breakers::new(Tolerance::default());
        let now = Instant::now();
        let mut under_way: Vec<_> = (0..4)
            .map(|_| breakers.enter(RECEIVER, now).expect("room"))
            .collect();
        assert_eq!(breakers.enter(RECEIVER, now).err(), Some(Held::Busy));
        assert!(breakers.enter("hooks.other.example:443", now).is_ok());
        under_way.pop();
        assert!(breakers.enter(RECEIVER, now).is_ok());
    }

    #[test]
    fn receivers_that_are_well_are_not_remembered() {
        let breakers = Breakers::new(Tolerance::default());
        let now = Instant::now();
        for number in 0..1000 {
            let authority = format!("r{number}.example:443");
            breakers.enter(&authority, now).expect("room").worked(now);
        }
        assert_eq!(breakers.receivers().len(), 0);
    }

    #[test]
    fn a_crowd_of_failing_names_takes_bounded_room_and_pushes_out_the_oldest() {
        let breakers = Breakers::new(Tolerance {
            receivers: 80,
            ..Tolerance::default()
        });
        let start = Instant::now();
        fail(&breakers, 5, start);
        let kept = breakers.enter("kept.example:443", start).expect("room");
        for number in 1..=10_000_u64 {
            let now = start + Duration::from_millis(number);
            let authority = format!("r{number}.example:443");
            breakers.enter(&authority, now).expect("room").failed(now);
            assert!(breakers.receivers().len() <= 80);
        }
        assert!(breakers.enter(RECEIVER, start).is_ok(), "long forgotten");
        assert!(breakers.receivers().contains_key(&kept.authority));
    }

    #[test]
    fn when_everyone_is_being_sent_to_a_new_receiver_waits() {
        let breakers = Breakers::new(Tolerance {
            receivers: 1,
            ..Tolerance::default()
        });
        let now = Instant::now();
        let one = breakers.enter(RECEIVER, now).expect("room");
        let other = "hooks.other.example:443";
        assert_eq!(breakers.enter(other, now).err(), Some(Held::Busy));
        drop(one);
        assert!(breakers.enter(other, now).is_ok());
    }
}
