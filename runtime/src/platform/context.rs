//! What an adapter knows about the call that it serves.

use std::sync::Arc;

use serde_json::Value;

use crate::catalog::Catalog;
use crate::clock::Timestamp;
use crate::identity::{Principal, TenantId};

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
    /// The instant at which the call arrived.
    pub now: Timestamp,
    /// The products and formats on sale, as this caller may see them.
    pub catalog: Arc<Catalog>,
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
}
