//! The way of one call, from an authenticated caller and parsed arguments to an answer.
//!
//! Each step is one module: admission, version, request schema, account, idempotency, operation, response
//! schema, commit, the end of what was held, envelope. No transport is known here: MCP and A2A
//! bring a tool and its arguments and take an [`Answer`]. A worker brings a task.

mod body;
mod version;
mod request;
mod allowance;
mod admission;
mod idempotency;
mod patience;
mod operation;
mod attempt;
mod ending;
mod envelope;
mod summary;
mod sweep;

use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use tokio_util::task::TaskTracker;

use crate::auth::Signed;
use crate::error::{Error, Result};
use crate::identity::{Principal, Rights, TenantId};
use crate::json::Defect;
use crate::ops::records::Stored;
use crate::ops::{self, Holds, Services};
use crate::spec::Tool;
use crate::tasks::Task;
use crate::webhooks::Subscription;
use admission::Admission;

pub(crate) use allowance::Allowance;
pub use body::{Assembled, Item, ResponseBody};
pub(crate) use patience::{Patience, RETRY_AFTER};
pub(crate) use sweep::sweep;

/// The tool that steers a sandbox. Outside one it does not exist.
pub(crate) const CONTROLLER: &str = "comply_test_controller";

/// Who makes a call.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The seller that is called.
    pub tenant: TenantId,
    /// The authenticated caller.
    pub principal: Principal,
    /// Names this call in the log.
    pub request_id: String,
    /// What the credential allows.
    pub rights: Rights,
    /// What of the request a signature vouches for that was verified.
    pub signed: Signed,
    /// The code of what is wrong with the signature, where the caller is known by other means and
    /// it depends on the tool whether that is enough.
    pub distrusted: Option<&'static str>,
    /// Where the transport itself was asked to send notifications, beside what the request says.
    pub subscriptions: Vec<Subscription>,
}

/// What a call ends in.
#[derive(Debug)]
pub struct Answer {
    /// The tool that was called.
    pub tool: &'static Tool,
    /// The buyer's opaque context, to be echoed.
    pub context: Option<Value>,
    /// The answer proper.
    pub result: Result<Success>,
}

/// An answer to a call that succeeded.
#[derive(Debug)]
pub struct Success {
    /// Its members.
    pub body: ResponseBody,
    /// The key under which the answer is kept, for tools that take one.
    pub idempotency_key: Option<String>,
    /// Whether this is the answer that an earlier, equal request was given.
    pub replayed: bool,
}

/// Carries calls out.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    services: Arc<Services>,
    admission: Arc<Admission>,
    running: TaskTracker,
}

impl Dispatcher {
    /// A dispatcher over what operations need. `running` tracks changes in progress, so that a
    /// shutdown can wait for them.
    pub fn new(services: Arc<Services>, running: TaskTracker) -> Self {
        let admission = Arc::new(Admission::new(services.profile.entry.rate));
        Dispatcher {
            services,
            admission,
            running,
        }
    }

    /// What operations need.
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// The tool of that name, if this seller offers it in its present mode. The slash in `tasks/get`
    /// and `tasks/list`, which not every client lets pass in a tool's name, may be an underscore.
    pub fn tool(&self, name: &str) -> Option<&'static Tool> {
        let name = match name {
            "tasks_get" => "tasks/get",
            "tasks_list" => "tasks/list",
            other => other,
        };
        self.services
            .spec
            .tool(name)
            .filter(|tool| self.offers(tool.name))
    }

    /// Whether a tool is offered in the present mode: the test controller only in a sandbox.
    pub fn offers(&self, tool: &str) -> bool {
        self.services.sandbox || tool != CONTROLLER
    }

    /// Whether answers of this tool are for programs that read text, as test controllers' are.
    pub fn always_in_text(tool: &Tool) -> bool {
        tool.name == CONTROLLER
    }

    /// Counts what a caller asks of a transport itself, which is no call of a tool, as if it were one.
    ///
    /// # Errors
    ///
    /// When the caller has asked too much.
    pub(crate) fn count(&self, caller: &Caller) -> Result<()> {
        self.admission.count(caller)
    }

    /// Carries one call out.
    ///
    /// `defect` is what the JSON reader refused, with its place in the arguments when it lies in
    /// them. Dropping the returned future abandons a read; a change runs on to its end.
    pub async fn call(
        &self,
        caller: Caller,
        tool: &'static Tool,
        mut request: Value,
        defect: Option<(Defect, Option<String>)>,
    ) -> Answer {
        let began = Instant::now();
        let services = &self.services;
        let admitted = self.admission.check(&caller, tool);
        let checked = admitted.and_then(|()| match &defect {
            Some((defect, field)) => Err(request::refuse_defect(defect, field.as_deref())),
            // The controller answers an unfit request in its own words, with codes that a schema
            // can't choose between (`comply-test-controller-response.json`).
            None if tool.name == CONTROLLER => version::check(services.spec, &request),
            None => version::check(services.spec, &request)
                .and_then(|()| request::check(services, tool, &request)),
        });
        // Of a context with a defect it can't be said what it was.
        let whole = !defect
            .as_ref()
            .is_some_and(|(_, field)| field.as_deref().is_some_and(envelope::concerns_context));
        let context = envelope::take_context(&mut request).filter(|_| whole);
        let result = match checked {
            Err(error) => Err(error),
            Ok(())
                if ops::changes(tool, &request)
                    || operation::key_of(services, tool, &request).is_some() =>
            {
                self.change(caller.clone(), tool, request).await
            }
            Ok(()) => operation::read(services, &caller, tool, request).await,
        };
        log(&caller, tool, began, &result);
        Answer {
            tool,
            context,
            result,
        }
    }

    /// Runs a change as a task of its own: a client that hangs up must not leave it half done.
    async fn change(&self, caller: Caller, tool: &'static Tool, request: Value) -> Result<Success> {
        let services = Arc::clone(&self.services);
        let task = self
            .running
            .spawn(async move { operation::change(&services, &caller, tool, request).await });
        task.await
            .unwrap_or_else(|error| Err(Error::internal(error)))
    }
}

/// Carries on a task that a worker has taken up.
pub(crate) async fn carry_on(services: &Services, task: Stored<Task>) {
    let began = Instant::now();
    let caller = Caller {
        tenant: task.key.scope.tenant.clone(),
        principal: task.value.principal.clone(),
        request_id: task.value.task_id.clone(),
        rights: Rights::Everything,
        signed: Signed::No,
        distrusted: None,
        subscriptions: task.value.subscriptions.clone(),
    };
    match services.spec.tool(&task.value.tool) {
        Some(tool) => {
            let result = operation::resume(services, &caller, tool, task).await;
            log(&caller, tool, began, &result);
        }
        None => {
            let error = Error::unsupported(format!(
                "this seller no longer offers `{}`",
                task.value.tool
            ));
            ending::failed(services, &Holds::of(task), &error).await;
        }
    }
}

/// Ends a task that has been begun again and again and never came to an end.
pub(crate) async fn give_up(services: &Services, task: Stored<Task>) {
    let error = Error::internal(format!(
        "it was begun {} times and never came to an end",
        task.value.attempt
    ));
    ending::give_up(services, &Holds::of(task), &error).await;
}

/// Ends a task about which nothing was done, and tells its buyer why.
pub(crate) async fn turn_down(services: &Services, task: Stored<Task>, error: &Error) {
    ending::refuse(services, &Holds::of(task), error).await;
}

/// One line for each call. Never a token, and nothing that the buyer sent beyond the names of
/// things.
fn log(caller: &Caller, tool: &Tool, began: Instant, result: &Result<Success>) {
    let microseconds = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (request, principal, tool) = (
        caller.request_id.as_str(),
        caller.principal.0.as_str(),
        tool.name,
    );
    match result {
        Ok(success) => tracing::info!(
            request,
            principal,
            tool,
            microseconds,
            replayed = success.replayed,
            "answered"
        ),
        Err(error) => match &error.cause {
            Some(cause) => tracing::error!(
                request,
                principal,
                tool,
                microseconds,
                code = error.code,
                cause = causes(cause.as_ref()),
                "failed"
            ),
            None => tracing::info!(
                request,
                principal,
                tool,
                microseconds,
                code = error.code,
                field = error.field,
                "refused"
            ),
        },
    }
}

/// An error and everything behind it, outermost first.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
