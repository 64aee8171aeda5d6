//! What a client does with a task that goes on: it follows it, or calls it off.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use serde_json::{Map, Value};

use super::fault::Fault;
use super::found::{self, Found};
use super::stream::{self, Gone, Sender};
use super::version::{Manner, Version};
use super::{Server, params, written};
use crate::auth::Callers;
use crate::dispatch::Caller;
use crate::ops::records::Kept;
use crate::tasks::{self, CallOffError, Task};

/// How often at most a task that somebody follows is looked at.
const GLANCE: Duration = Duration::from_millis(250);
/// How often at least it is looked at, and whether its follower would still be let in.
const LOOK: Duration = Duration::from_secs(15);
/// How often a task is called off anew because it changed meanwhile.
const ATTEMPTS: usize = 8;

impl Server {
    /// Calls a task off: `tasks/cancel` and `CancelTask`.
    pub(super) async fn cancel(
        &self,
        caller: &Caller,
        manner: Manner,
        params: &Map<String, Value>,
    ) -> Result<String, Fault> {
        let services = self.dispatcher.services();
        let id = params::required(params, "id")?;
        let found = found::find(services, caller, id).await?;
        if found.is_call {
            return Err(Fault::not_cancelable("the call is over"));
        }
        for _ in 0..ATTEMPTS {
            let stored = found::task(services, caller, id).await?;
            match tasks::call_off(services, stored).await {
                Ok(task) => {
                    let found = Found::of_task(services, &task, Some(found.context_id))?;
                    return written(&found, manner);
                }
                Err(CallOffError::Changed) => {}
                Err(error @ CallOffError::TooLate(_)) => {
                    return Err(Fault::not_cancelable(error.to_string()));
                }
                Err(CallOffError::Failed(error)) => return Err(error.into()),
            }
        }
        Err(Fault::internal("a task kept changing"))
    }

    /// Follows a task until it is over, or until the seller knows the caller no longer:
    /// `tasks/resubscribe` and `SubscribeToTask`.
    pub(super) fn subscribe(
        &self,
        id: &Value,
        (caller, callers): (Caller, Callers),
        manner: Manner,
        found: Found,
    ) -> Result<Response, Fault> {
        // A2A 1.0, section 3.1.6. Clients of 0.3 that lost the end of a stream read it here.
        if found.is_over() && manner.version == Version::V10 {
            return Err(Fault::unsupported(
                "the task is over, so nothing follows; get it with GetTask",
            ));
        }
        let place = self.streams.enter(&caller.principal)?;
        let services = Arc::clone(self.dispatcher.services());
        Ok(stream::answer(
            (id, manner.version),
            place,
            Some(self.stop.clone()),
            move |sender: Sender| async move {
                let mut seen = found;
                sender.event(&seen.event(manner)).await?;
                while !seen.is_over() {
                    let pause = async {
                        // Whether it was woken or not, it looks.
                        drop(tokio::time::timeout(LOOK, services.store.wake(Task::KIND)).await);
                        tokio::time::sleep(GLANCE).await;
                    };
                    sender.until(pause).await?;
                    if !callers.knows(&caller.principal) {
                        let fault = Fault::unsupported("the seller no longer admits this caller");
                        return sender.fail(fault).await;
                    }
                    let now = match found::find(&services, &caller, &seen.id).await {
                        Ok(now) => now,
                        Err(fault) => return sender.fail(fault).await,
                    };
                    if now.differs(&seen) {
                        for event in now.updates(manner) {
                            sender.event(&event).await?;
                        }
                        seen = now;
                    }
                }
                Ok::<(), Gone>(())
            },
        ))
    }
}
