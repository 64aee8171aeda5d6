//! What each task does: the rules of the protocol around the adopter's own part.
//!
//! An operation reads through `records`, asks the [`Platform`] where the adopter decides, and
//! returns an [`Outcome`]: the answer and the writes that make it true. It never commits: dispatch
//! commits the batch together with the idempotency record, or carries the operation out anew when
//! what it read has changed meanwhile.

mod request;
mod scope;
mod records;
mod page;
mod accounts;
mod sandbox;
mod capabilities;
mod products;
mod formats;
mod creatives;
mod media_buys;
mod delivery;
mod controller;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::cursor::CursorKey;
use crate::dispatch::ResponseBody;
use crate::error::{Error, Result};
use crate::platform::{Context, Platform};
use crate::profile::Profile;
use crate::schema::Schemas;
use crate::spec::{Spec, Tool};
use crate::store::{Batch, SharedStore};

pub use accounts::resolve_account;
pub use sandbox::{Overlays, visible_catalog};

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
}

/// What a call that succeeded leads to.
#[derive(Debug)]
pub struct Outcome {
    /// The members of the response.
    pub body: ResponseBody,
    /// What has to be written for the answer to be true.
    pub batch: Batch,
}

impl Outcome {
    fn read(body: Map<String, Value>) -> Self {
        Outcome {
            body: ResponseBody::Json(body),
            batch: Batch::new(),
        }
    }

    fn write(body: Map<String, Value>, batch: Batch) -> Self {
        Outcome {
            body: ResponseBody::Json(body),
            batch,
        }
    }
}

/// Carries one call out.
///
/// # Errors
///
/// The error that the buyer is answered with. Nothing has been changed then, save what an adapter
/// did outside.
pub async fn perform(call: Call<'_>) -> Result<Outcome> {
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
