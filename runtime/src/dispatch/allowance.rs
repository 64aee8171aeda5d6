//! How much of something each caller may have in a time.
//!
//! The counting is `governor`'s, by the generic cell rate algorithm: so much may come at once, and
//! what was taken comes back evenly. Here is what it leaves open, for whom it remembers. That is so
//! many names and never more, whoever calls under however many: names that have all of theirs back
//! are forgotten, and while there are too many others, newcomers share places. It is this process's
//! own and gone with it, which errs on the caller's side.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::profile::Rate;

/// So many names are remembered by themselves.
const MOST: usize = 65_536;

/// So many places there are for the others.
const SHARED: usize = 1024;

/// How often at most names are sought that can be forgotten: it means looking at all of them.
const TIDIED: Nanos = Nanos::new(1_000_000_000);

/// How much of something each caller may have in a time.
pub(crate) struct Allowance<C: Clock = MonotonicClock> {
    limiter: RateLimiter<String, Places, C, NoOpMiddleware<C::Instant>>,
    tidied: Mutex<Option<C::Instant>>,
}

impl Allowance {
    /// As much as that, for everybody.
    pub(crate) fn new(rate: Rate) -> Self {
        Allowance::with_clock(rate, MonotonicClock)
    }
}

impl<C: Clock> Allowance<C> {
    fn with_clock(rate: Rate, clock: C) -> Self {
        let some = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(some(rate.per_minute)).allow_burst(some(rate.burst));
        Allowance {
            limiter: RateLimiter::new(quota, Places::default(), clock),
            tidied: Mutex::default(),
        }
    }

    /// Takes one.
    ///
    /// # Errors
    ///
    /// After how many seconds there will be one again, at least 1.
    pub(crate) fn take(&self, name: &String) -> Result<(), u32> {
        if self.limiter.len() >= MOST {
            self.tidy();
        }
        self.limiter.check_key(name).map_err(|refused| {
            let wait = refused.wait_time_from(self.limiter.clock().now());
            let begun = u64::from(wait > Duration::from_secs(wait.as_secs()));
            u32::try_from(wait.as_secs() + begun)
                .unwrap_or(u32::MAX)
                .max(1)
        })
    }

    /// Forgets the names that have all of theirs back: they are as good as new ones.
    fn tidy(&self) {
        let now = self.limiter.clock().now();
        let mut tidied = lock(&self.tidied);
        if tidied.is_none_or(|before| now.duration_since(before) >= TIDIED) {
            *tidied = Some(now);
            self.limiter.retain_recent();
        }
    }
}

impl<C: Clock> fmt::Debug for Allowance<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowance")
            .field("names", &self.limiter.len())
            .finish_non_exhaustive()
    }
}

/// Where `governor` keeps how far each name has got.
#[derive(Default)]
struct Places(Mutex<Taken>);

#[derive(Default)]
struct Taken {
    own: HashMap<String, Nanos>,
    /// By the hash of the name, which nobody outside can foresee.
    shared: HashMap<usize, Nanos>,
}

impl Taken {
    fn slot(&self, name: &String) -> usize {
        let slots = SHARED as u64;
        usize::try_from(self.own.hasher().hash_one(name) % slots).unwrap_or_default()
    }
}

impl StateStore for Places {
    type Key = String;

    fn measure_and_replace<T, F, E>(&self, name: &String, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut taken = lock(&self.0);
        if let Some(known) = taken.own.get_mut(name) {
            let (outcome, next) = measure(Some(*known))?;
            *known = next;
            return Ok(outcome);
        }
        if taken.own.len() < MOST {
            let (outcome, next) = measure(None)?;
            taken.own.insert(name.clone(), next);
            return Ok(outcome);
        }
        let slot = taken.slot(name);
        let (outcome, next) = measure(taken.shared.get(&slot).copied())?;
        taken.shared.insert(slot, next);
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<String> for Places {
    fn retain_recent(&self, drop_below: Nanos) {
        lock(&self.0).own.retain(|_, state| *state > drop_below);
    }

    fn len(&self) -> usize {
        lock(&self.0).own.len()
    }

    fn is_empty(&self) -> bool {
        lock(&self.0).own.is_empty()
    }
}

/// What is behind these locks is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    const RATE: Rate = Rate {
        per_minute: 60,
        burst: 3,
    };

    fn allowance() -> (Allowance<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Allowance::with_clock(RATE, clock.clone()), clock)
    }

    #[test]
    fn what_comes_at_once_is_bounded_and_comes_back_evenly() {
        let (allowance, clock) = allowance();
        let take = || allowance.take(&"a".to_owned());
        assert_eq!([take(), take(), take()], [Ok(()); 3]);
        assert_eq!(take(), Err(1));
        clock.advance(Duration::from_millis(999));
        assert_eq!(take(), Err(1));
        clock.advance(Duration::from_millis(1));
        assert_eq!([take(), take()], [Ok(()), Err(1)]);
        // However long nothing is taken, no more than the burst is there.
        clock.advance(Duration::from_secs(3600));
        assert_eq!([take(), take(), take()], [Ok(()); 3]);
        assert_eq!(take(), Err(1));
    }

    #[test]
    fn the_wait_is_said_in_whole_seconds_and_is_long_enough() {
        let clock = FakeRelativeClock::default();
        let rate = Rate {
            per_minute: 8,
            burst: 1,
        };
        let allowance = Allowance::with_clock(rate, clock.clone());
        let take = || allowance.take(&"a".to_owned());
        assert_eq!([take(), take()], [Ok(()), Err(8)]);
        clock.advance(Duration::from_millis(500));
        assert_eq!(take(), Err(7));
        clock.advance(Duration::from_secs(7));
        assert_eq!(take(), Ok(()));
    }

    #[test]
    fn names_that_have_all_of_theirs_back_are_forgotten_when_there_are_many() {
        let (allowance, clock) = allowance();
        for at in 0..MOST {
            assert_eq!(allowance.take(&format!("caller {at}")), Ok(()));
        }
        clock.advance(Duration::from_secs(60));
        let busy = "caller 0".to_owned();
        let other = "another".to_owned();
        assert_eq!([0; 3].map(|_| allowance.take(&busy)), [Ok(()); 3]);
        assert_eq!(allowance.limiter.len(), 1);
        assert_eq!(allowance.take(&other), Ok(()));
        assert_eq!(allowance.limiter.len(), 2);
        assert_eq!(allowance.take(&busy), Err(1), "it is not forgotten");
    }

    #[test]
    fn under_too_many_names_at_once_the_memory_is_bounded_and_so_is_what_newcomers_get() {
        let (allowance, clock) = allowance();
        for at in 0..MOST {
            assert_eq!(allowance.take(&format!("caller {at}")), Ok(()));
        }
        let newcomers = 10 * SHARED;
        let admitted =
            (0..newcomers).filter(|at| allowance.take(&format!("newcomer {at}")).is_ok());
        let admitted = admitted.count();
        assert!(
            (2 * SHARED..=3 * SHARED).contains(&admitted),
            "{admitted} of {newcomers}"
        );
        assert_eq!(allowance.limiter.len(), MOST);
        // Those who were there before have what is theirs.
        assert_eq!(allowance.take(&"caller 7".to_owned()), Ok(()));
        // When it is over, a newcomer has a place of its own.
        clock.advance(Duration::from_secs(10));
        let take = || allowance.take(&"newcomer 1".to_owned());
        assert_eq!(
            [take(), take(), take(), take()],
            [Ok(()), Ok(()), Ok(()), Err(1)]
        );
        assert_eq!(allowance.limiter.len(), 1);
    }
}
