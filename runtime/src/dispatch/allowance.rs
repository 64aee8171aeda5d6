//! How much of something each caller may have in a time.
//!
//! A bucket for each name: it holds as much as may come at once, what is taken leaves it, and it
//! fills up evenly. Buckets are this process's own and gone with it, which errs on the caller's side.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::profile::Rate;

/// Beyond so many buckets, the full ones are dropped: they say no more than none would.
const MANY: usize = 10_000;

/// How much of something each caller may have in a time.
#[derive(Debug)]
pub(crate) struct Allowance {
    rate: Rate,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// How much was in it.
    held: f64,
    /// When.
    at: Instant,
}

impl Allowance {
    /// As much as that, for everybody.
    pub(crate) fn new(rate: Rate) -> Self {
        Allowance {
            rate,
            buckets: Mutex::default(),
        }
    }

    /// Takes one.
    ///
    /// # Errors
    ///
    /// After how many seconds there will be one again, at least 1.
    pub(crate) fn take(&self, name: String, now: Instant) -> Result<(), u32> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > MANY {
            buckets.retain(|_, bucket| !self.is_full(bucket, now));
        }
        let full = Bucket {
            held: self.most(),
            at: now,
        };
        let bucket = buckets.entry(name).or_insert(full);
        bucket.held = self.held(bucket, now);
        bucket.at = bucket.at.max(now);
        if bucket.held >= 1.0 {
            bucket.held -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - bucket.held) / self.per_second();
        Err(Duration::try_from_secs_f64(wait.ceil())
            .ok()
            .and_then(|wait| u32::try_from(wait.as_secs()).ok())
            .unwrap_or(u32::MAX)
            .max(1))
    }

    fn held(&self, bucket: &Bucket, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.held + passed * self.per_second()).min(self.most())
    }

    fn is_full(&self, bucket: &Bucket, now: Instant) -> bool {
        self.held(bucket, now) >= self.most()
    }

    fn most(&self) -> f64 {
        f64::from(self.rate.burst.max(1))
    }

    fn per_second(&self) -> f64 {
        f64::from(self.rate.per_minute) / 60.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_minute: 60,
        burst: 3,
    };

    #[test]
    fn what_comes_at_once_is_bounded_and_fills_up_evenly() {
        let allowance = Allowance::new(RATE);
        let began = Instant::now();
        let take = |after: u64| {
            let now = began + Duration::from_millis(after);
            allowance.take("a".to_owned(), now)
        };
        for _ in 0..3 {
            assert_eq!(take(0), Ok(()));
        }
        assert_eq!(take(0), Err(1));
        assert_eq!(take(999), Err(1));
        assert_eq!(take(1000), Ok(()));
        assert_eq!(take(1000), Err(1));
        // However long nothing is taken, no more than the bucket holds is there.
        let late = 3_600_000;
        assert_eq!([0, 0, 0].map(|_| take(late)), [Ok(()); 3]);
        assert_eq!(take(late), Err(1));
    }

    #[test]
    fn each_name_has_a_bucket_of_its_own_and_full_ones_are_forgotten() {
        let allowance = Allowance::new(RATE);
        let began = Instant::now();
        for at in 0..=MANY {
            assert_eq!(allowance.take(format!("caller {at}"), began), Ok(()));
        }
        let later = began + Duration::from_secs(60);
        assert_eq!(allowance.take("another".to_owned(), later), Ok(()));
        let kept = allowance.buckets.lock().expect("a lock").len();
        assert_eq!(kept, 1);
    }
}
