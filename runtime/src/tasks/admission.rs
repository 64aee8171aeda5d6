//! How much of what has not ended one caller may have.
//!
//! A task keeps its request until long after it ended, and one that waits for a person waits for
//! days. Without a bound, a buyer who sends large orders that nobody decides about would fill the
//! store. The bound is judged before an operation begins, since nobody can be told to come back later
//! once the ad server is at work; two calls at the same moment may exceed it by one.

use super::entry::open_of;
use super::registry;
use crate::error::{Error, Result};
use crate::ops::Services;
use crate::platform::Context;

/// The most tasks of one caller that have not ended.
pub const MOST_OPEN: usize = 1000;
/// The most bytes of JSON that the requests of these tasks may come to together.
pub const LARGEST_OPEN: usize = 64 * 1024 * 1024;
/// What a buyer is told to wait, in seconds: tasks end by people's word, or by an ad server's that
/// takes its time.
const RETRY_AFTER: u32 = 60;

/// Lets an operation begin that may go on as a task. Its request has `size` bytes of JSON,
/// which is asked only of a caller with open tasks: one request alone is always small enough.
///
/// # Errors
///
/// `RATE_LIMITED` when the caller has too many tasks that have not ended, or tasks of too much
/// content; `SERVICE_UNAVAILABLE` when the store can't be read.
pub(crate) async fn admit(
    services: &Services,
    context: &Context,
    size: impl FnOnce() -> usize,
) -> Result<()> {
    let (tenant, principal) = (&context.tenant, &context.principal);
    let open = registry::tagged(services, tenant, principal, open_of(principal)).await?;
    if open.is_empty() {
        return Ok(());
    }
    let kept: usize = open.iter().map(|task| task.request_size).sum();
    let too_many = open.len() >= MOST_OPEN;
    if !too_many && kept + size() <= LARGEST_OPEN {
        return Ok(());
    }
    let message = if too_many {
        format!("{MOST_OPEN} tasks of yours have not ended; the seller keeps no more of them")
    } else {
        format!(
            "the requests of your tasks that have not ended come to {} MiB with this one; the seller keeps no more of them",
            LARGEST_OPEN / 1024 / 1024
        )
    };
    Err(Error::new("RATE_LIMITED", message)
        .suggest("wait until some of them have ended; tasks/list shows them")
        .retry_after(RETRY_AFTER))
}
