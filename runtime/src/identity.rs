//! Who calls, for whom, and in which part of the store their data lives.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One seller among those that share a process. A seller that is alone is [`TenantId::SINGLE`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(pub String);

impl TenantId {
    /// The name of the tenant of a process that serves only one.
    pub const SINGLE: &'static str = "main";
}

/// The authenticated caller, normally a buyer agent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Principal(pub String);

/// What the credential of a caller allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rights {
    /// Every tool that the seller offers.
    #[default]
    Everything,
    /// These tools.
    Only(Arc<BTreeSet<String>>),
}

impl Rights {
    /// These tools, and the one by which a caller learns what there is: nothing else tells it why
    /// other calls would be refused.
    pub fn only<'t>(tools: impl IntoIterator<Item = &'t str>) -> Self {
        let tools = tools.into_iter().chain(["get_adcp_capabilities"]);
        Rights::Only(Arc::new(tools.map(str::to_owned).collect()))
    }

    /// Whether a tool may be called.
    pub fn allow(&self, tool: &str) -> bool {
        match self {
            Rights::Everything => true,
            Rights::Only(tools) => tools.contains(tool),
        }
    }
}

/// The part of the store that a record belongs to. Every key carries one, so that a read can't
/// reach another tenant's or another account's data by forgetting to filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// The seller.
    pub tenant: TenantId,
    /// Whose record it is.
    pub owner: Owner,
}

/// Whose record it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// The seller itself: settings, test directives, the outbox.
    Seller,
    /// A caller: idempotency records, the accounts it may use.
    Principal(Principal),
    /// An account: media buys, creatives.
    Account(String),
}

impl Scope {
    /// The seller's own part.
    pub fn seller(tenant: &TenantId) -> Self {
        Scope {
            tenant: tenant.clone(),
            owner: Owner::Seller,
        }
    }

    /// A caller's part.
    pub fn principal(tenant: &TenantId, principal: &Principal) -> Self {
        Scope {
            tenant: tenant.clone(),
            owner: Owner::Principal(principal.clone()),
        }
    }

    /// An account's part.
    pub fn account(tenant: &TenantId, account: impl Into<String>) -> Self {
        Scope {
            tenant: tenant.clone(),
            owner: Owner::Account(account.into()),
        }
    }
}

impl Owner {
    /// Reads the form that [`Owner`]'s `Display` writes; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("s", "") => Some(Owner::Seller),
            ("p", id) => Some(Owner::Principal(Principal(id.to_owned()))),
            ("a", id) => Some(Owner::Account(id.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Owner {
    /// The form in which a store keeps it: one letter, a colon, the id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::Seller => f.write_str("s:"),
            Owner::Principal(Principal(id)) => write!(f, "p:{id}"),
            Owner::Account(id) => write!(f, "a:{id}"),
        }
    }
}
