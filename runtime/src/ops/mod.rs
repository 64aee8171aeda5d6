//! What each task does: the rules of the protocol around the adopter's own part.
//!
//! An operation reads through `records`, asks the [`Platform`] where the adopter decides, and
//! returns an [`Outcome`]: the answer and the writes that make it true. Dispatch commits the batch
//! together with the idempotency record, or carries the operation out anew when what it read has
//! changed meanwhile. An operation itself commits nothing but what it holds while the adapter works
//! (`hold`).

mod request;
mod scope;
mod recipes;
pub(crate) mod overlap;
pub(crate) mod records;
pub(crate) mod work;
pub(crate) mod hold;
mod submitted;
pub(crate) mod proposals;
mod page;
mod accounts;
mod sandbox;
mod capabilities;
mod products;
mod formats;
mod creatives;
mod media_buys;
mod delivery;
mod tasks;
mod controller;
pub(crate) mod standing;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::cursor::CursorKey;
use crate::dispatch::{Allowance, ResponseBody};
use crate::error::{Error, Result};
use crate::outbound;
use crate::platform::{Context, Platform};
use crate::profile::Profile;
use crate::schema::Schemas;
use crate::spec::{Spec, Tool};
use crate::store::{Batch, SharedStore};
use crate::webhooks::Subscription;
use request::Members;

pub(crate) use accounts::judge_standing;
pub(crate) use accounts::own_account;
pub use accounts::resolve_account;
pub use hold::{Holds, Submission};
pub use sandbox::{Overlays, visible_catalog};
pub(crate) use scope::resource_scope;
pub(crate) use tasks::{PROTOCOL, as_the_line_has_it, reason};

/// What every operation may use.
pub struct Services {
    /// The facts of the AdCP line.
    pub spec: &'static Spec,
    /// What the manifest says.
    pub profile: &'static Profile,
    /// Everything that lasts.
    pub store: SharedStore,
    /// What is on sale, without what tests have seeded.
    pub catalog: Arc<Catalog>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the adopter wrote.
    pub platform: Arc<dyn Platform>,
    /// Seals page cursors.
    pub cursors: CursorKey,
    /// The line's schemas.
    pub schemas: Arc<Schemas>,
    /// Whether this process is a sandbox.
    pub sandbox: bool,
    /// The catalogues that sandbox callers see.
    pub overlays: Overlays,
    /// How many new idempotency keys callers have used lately.
    pub(crate) fresh_keys: Allowance,
    /// Reaches the addresses that buyers name.
    pub outbound: outbound::Client,
    /// What notifications are signed with, if they are.
    pub webhook_key: Option<Arc<crate::signing::SigningKey>>,
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services")
            .field("line", &self.spec.line)
            .field("seller", &self.profile.name)
            .field("sandbox", &self.sandbox)
            .finish_non_exhaustive()
    }
}

/// One call that has passed every check that needs no knowledge of the task.
#[derive(Debug)]
pub struct Call<'a> {
    /// What it may use.
    pub services: &'a Services,
    /// Who calls, for whom, when.
    pub context: &'a Context,
    /// The task.
    pub tool: &'static Tool,
    /// The request, valid against its schema, without the buyer's `context`.
    pub request: Value,
    /// Where the transport was asked to send notifications, beside what the request says.
    pub subscriptions: &'a [Subscription],
    /// What the operation holds until dispatch ends it.
    pub holds: &'a Holds,
}

/// What a call that succeeded leads to.
#[derive(Debug)]
pub struct Outcome {
    /// The members of the response.
    pub body: ResponseBody,
    /// What has to be written for the answer to be true.
    pub batch: Batch,
    /// Set when the answer is `submitted`: the operation goes on as a task, whose id is
    /// [`crate::tasks::id_of`] the operation.
    pub submission: Option<Submission>,
    /// What the log is told once the batch has been committed.
    pub(crate) events: Vec<proposals::Event>,
}

impl Outcome {
    fn read(body: Map<String, Value>) -> Self {
        Outcome {
            body: ResponseBody::Json(body),
            batch: Batch::new(),
            submission: None,
            events: Vec::new(),
        }
    }

    fn write(body: Map<String, Value>, batch: Batch) -> Self {
        Outcome {
            body: ResponseBody::Json(body),
            batch,
            submission: None,
            events: Vec::new(),
        }
    }

    fn submitted(body: Map<String, Value>, batch: Batch, submission: Submission) -> Self {
        Outcome {
            body: ResponseBody::Json(body),
            batch,
            submission: Some(submission),
            events: Vec::new(),
        }
    }

    /// The same, of which the log is told once it has been committed.
    fn logged(mut self, events: impl IntoIterator<Item = proposals::Event>) -> Self {
        self.events.extend(events);
        self
    }
}

/// Whether a call binds the seller's inventory: it buys, or makes a proposal firm.
fn books(tool: &Tool, request: &Value) -> bool {
    tool.name == "create_media_buy" || (tool.name == "get_products" && changes(tool, request))
}

/// Whether a call has to be carried to its end even when the client hangs up: what is no change by
/// its tool may be one by its request.
pub(crate) fn changes(tool: &Tool, request: &Value) -> bool {
    let finalizes = |entry: &Value| entry.text("action") == Some("finalize");
    tool.mutating || (tool.name == "get_products" && request.list("refine").iter().any(finalizes))
}

/// Carries one call out.
///
/// # Errors
///
/// The error that the buyer is answered with. Nothing has been changed then, save what an adapter
/// did outside.
pub async fn perform(call: Call<'_>) -> Result<Outcome> {
    let Call {
        services, context, ..
    } = call;
    if context.work.is_some() {
        return carry_out(call).await;
    }
    // Whether an order or a finalize goes on as a task is known only once the ad server is at work;
    // whether the answer to a mere question does, when it has been asked.
    let books = books(call.tool, &call.request);
    if books {
        crate::tasks::admit(services, context, || call.request.to_string().len()).await?;
    }
    let outcome = carry_out(call).await?;
    if !books && outcome.submission.is_some() {
        crate::tasks::admit(services, context, || 0).await?;
    }
    Ok(outcome)
}

async fn carry_out(call: Call<'_>) -> Result<Outcome> {
    match call.tool.name {
        "get_adcp_capabilities" => capabilities::get(&call),
        "sync_accounts" => accounts::sync(&call).await,
        "list_accounts" => accounts::list(&call).await,
        "get_products" => products::get(call).await,
        "list_creative_formats" => formats::list(&call),
        "sync_creatives" => creatives::sync(&call).await,
        "list_creatives" => creatives::list(&call).await,
        "create_media_buy" => media_buys::create(&call).await,
        "update_media_buy" => media_buys::update(&call).await,
        "get_media_buys" => media_buys::get(&call).await,
        "get_media_buy_delivery" => delivery::get(&call).await,
        "tasks/get" | "get_task_status" => tasks::get(&call).await,
        "tasks/list" | "list_tasks" => tasks::list(&call).await,
        "comply_test_controller" => controller::run(&call).await,
        other => {
            let Call {
                services,
                context,
                request,
                ..
            } = call;
            match services.platform.call(context, other, request).await? {
                Value::Object(body) => Ok(Outcome::read(body)),
                _ => Err(Error::internal(format!(
                    "the adapter's answer to {other} is not an object"
                ))),
            }
        }
    }
}
