//! What an adapter knows about the call that it serves.

use std::sync::Arc;

use serde_json::Value;

use super::HandOff;
use crate::catalog::Catalog;
use crate::clock::Timestamp;
use crate::domain::{AccountStatus, MediaBuy, Package, RecipeType, Recipes};
use crate::error::{Error, Result};
use crate::identity::{Principal, TenantId};
use crate::status::{Collected, PublishError, StatusChange};

/// What an adapter knows about the call that it serves.
#[derive(Clone, Debug)]
pub struct Context {
    /// Names this operation to the ad server: the same on every retry of the same call, also
    /// after a crash.
    pub operation_id: String,
    /// The seller that is called.
    pub tenant: TenantId,
    /// The authenticated caller.
    pub principal: Principal,
    /// The account that the call acts for, where it names one.
    pub account: Option<Account>,
    /// Whether this is a sandbox call, which must never reach a real ad server.
    pub sandbox: bool,
    /// The instant at which this attempt at the operation began: that of the call's arrival, or, for
    /// a call that is carried out as a task, that of its being taken up.
    pub now: Timestamp,
    /// The products and formats on sale, as this caller may see them.
    pub catalog: Arc<Catalog>,
    /// Set when the call is carried out as a task: it was handed off, waited for a person, or is
    /// taken up again after a crash.
    pub work: Option<Work>,
    /// How the products of this call are booked; see [`Context::recipe`].
    pub(crate) recipes: Arc<Recipes>,
    /// What the call publishes; see [`Context::publish`].
    pub(crate) changes: Collected,
}

impl Context {
    /// Goes on with the work as a task; see [`HandOff`]. `message` tells the buyer what it is
    /// waiting for.
    pub fn hand_off(&self, message: impl Into<String>) -> HandOff {
        HandOff::new(message)
    }

    /// Publishes a change of status that this call has found out about: that the ad server stopped
    /// another order, say, or reviewed a creative.
    ///
    /// It is committed with the call, together with the notifications of those who follow what
    /// changed; if the call fails, it never was. What the call itself makes or changes is described
    /// by its own answer and not here: a media buy that is just being created can't be published
    /// about yet.
    ///
    /// # Errors
    ///
    /// When the tenant has no such thing, when its life cycle has no such step, and when the state
    /// can't be read. Nothing is published then, and the log has a line.
    pub async fn publish(&self, change: StatusChange) -> Result<(), PublishError> {
        self.changes.publish(&self.tenant, change).await
    }

    /// The recipe by which a package was sold.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when there is none, which a seller with recipes never meets: the runtime
    /// refuses to sell a product without one.
    pub fn recipe<R: RecipeType>(&self, buy: &MediaBuy, package: &Package) -> Result<R> {
        let recipe = self.recipes.of(buy, package).ok_or_else(|| {
            Error::internal(format!(
                "the product {} of {} has no recipe",
                package.product_id, buy.media_buy_id
            ))
        })?;
        R::read(recipe.clone()).map_err(|mismatch| {
            Error::internal(format!(
                "the recipe of the product {} of {}: {mismatch}",
                package.product_id, buy.media_buy_id
            ))
        })
    }

    /// The same call with recipes at hand.
    pub(crate) fn with_recipes(&self, recipes: Recipes) -> Self {
        Context {
            recipes: Arc::new(recipes),
            ..self.clone()
        }
    }

    /// The same call as part of another operation.
    pub(crate) fn as_operation(&self, operation_id: impl Into<String>) -> Self {
        Context {
            operation_id: operation_id.into(),
            ..self.clone()
        }
    }
}

/// A call that is carried out as a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// The task, as the buyer knows it once it has been told of it.
    pub task_id: String,
    /// How often the work has been begun before: 0 at first.
    pub attempt: u32,
    /// What [`HandOff::state`] said the last time.
    pub state: Option<Value>,
    /// Who agreed to it, where a person had to.
    pub approved_by: Option<String>,
}

/// The account that a call acts for.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The seller's id for it.
    pub account_id: String,
    /// The advertiser (`core/brand-ref.json`), where the call or the account names one.
    pub brand: Option<Value>,
    /// The domain of the party that operates it.
    pub operator: Option<String>,
    /// Whether somebody synced it or it is the seller's own. Only a sandbox serves a call that
    /// names an account by an id that nobody provisioned.
    pub provisioned: bool,
    /// Where it stands.
    pub status: AccountStatus,
}
