//! How long a call waits for another one that does the same: a bounded time, looking ever less
//! often.

use std::time::Duration;

use crate::error::{Error, Result};

/// How long is waited at most, in real time.
const LONGEST: Duration = Duration::from_secs(20);
/// How long the pauses between two looks are: the first and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));
/// What a buyer is told to wait when patience has run out, in seconds.
pub(crate) const RETRY_AFTER: u32 = 5;

/// The patience of one call.
#[derive(Debug)]
pub(crate) struct Patience {
    since: tokio::time::Instant,
    pause: Duration,
}

impl Patience {
    /// A call that has not waited yet.
    pub(crate) fn new() -> Self {
        Patience {
            since: tokio::time::Instant::now(),
            pause: PAUSES.0,
        }
    }

    /// Waits until it is time to look again.
    ///
    /// # Errors
    ///
    /// `SERVICE_UNAVAILABLE` with this message, when there has been enough waiting.
    pub(crate) async fn wait(&mut self, message: &str) -> Result<()> {
        let busy = || Error::new("SERVICE_UNAVAILABLE", message).retry_after(RETRY_AFTER);
        self.wait_or(busy).await
    }

    /// The same with another error.
    pub(crate) async fn wait_or(&mut self, busy: impl FnOnce() -> Error) -> Result<()> {
        if self.since.elapsed() >= LONGEST {
            return Err(busy());
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSES.1);
        Ok(())
    }
}
