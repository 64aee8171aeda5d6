//! Time is a value that is asked for, never read from the system in passing.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};

/// An instant, always in UTC. RFC 3339 on the wire.
pub type Timestamp = DateTime<Utc>;

/// An instant as the wire carries it: RFC 3339 in UTC, with a fraction only where there is one.
pub fn to_wire(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// An instant so many seconds later. Manifests bound the seconds, but nothing bounds the instants
/// that an adapter names, so what lies beyond the end of RFC 3339 becomes that end.
pub(crate) fn after(at: Timestamp, seconds: u64) -> Timestamp {
    let end = NaiveDate::from_ymd_opt(9999, 12, 31)
        .and_then(|day| day.and_hms_opt(23, 59, 59))
        .map_or(Timestamp::MAX_UTC, |end| end.and_utc());
    i64::try_from(seconds)
        .ok()
        .and_then(TimeDelta::try_seconds)
        .and_then(|delta| at.checked_add_signed(delta))
        .map_or(end, |later| later.min(end))
}

/// Where the runtime asks what time it is.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Utc::now()
    }
}

/// The machine's clock moved by a fixed distance: a sandbox that starts at a chosen instant.
#[derive(Clone, Copy, Debug)]
pub struct ShiftedClock(TimeDelta);

impl ShiftedClock {
    /// A clock that reads `start` now and runs on from there.
    pub fn starting_at(start: Timestamp) -> Self {
        ShiftedClock(start - Utc::now())
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        Utc::now() + self.0
    }
}

/// A clock that stands still until it is told otherwise, for tests.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that reads `now` until it is moved.
    pub fn new(now: Timestamp) -> Self {
        ManualClock(Arc::new(AtomicI64::new(now.timestamp_micros())))
    }

    /// Moves the clock on.
    pub fn advance(&self, by: TimeDelta) {
        let micros = by.num_microseconds().unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or_default()
    }
}
