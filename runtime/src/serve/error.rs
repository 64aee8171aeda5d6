//! Why a seller did not start: each time with the key to add or the flag to give.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::auth::KeysError;
use crate::catalog::CatalogError;
use crate::outbound::SetupError;
use crate::schema::SchemasError;
use crate::store::{OpenError, StoreError};

/// Why a seller did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nobody could be let in, and the seller is not a sandbox.
    #[error(
        "outside a sandbox buyers must be authenticated, and neither API keys nor an issuer of access tokens nor signers are configured; name a file of keys with --api-keys or SELLER_API_KEYS, one of signers with --signers or SELLER_SIGNERS, add [auth] to seller.toml, or start a sandbox with --sandbox"
    )]
    NoAuthentication,
    /// A clock was set outside a sandbox.
    #[error(
        "SELLER_CLOCK sets the clock of a sandbox only, since a live seller must bill by real time; remove it, or start a sandbox with --sandbox"
    )]
    ClockOutsideSandbox,
    /// A sandbox token was set outside a sandbox.
    #[error(
        "SELLER_TOKEN is the token of a sandbox only; give live buyers keys of their own with --api-keys, or start a sandbox with --sandbox"
    )]
    TokenOutsideSandbox,
    /// An operator token was given to a live seller.
    #[error(
        "a live seller takes no SELLER_OPERATOR_TOKEN, since its operators are known by digest; remove it from the seller's environment and name a file of operators with --operators, or start a sandbox with --sandbox"
    )]
    OperatorTokenOutsideSandbox,
    /// A sandbox token can't travel in a header.
    #[error(
        "{variable} must be at least 8 visible ASCII characters without spaces; choose another one, or remove it to have one made up"
    )]
    UnusableToken {
        /// The variable that holds it.
        variable: &'static str,
    },
    /// One token would let a buyer decide.
    #[error(
        "the buyer `{buyer}` and the operator `{operator}` have the same token, so that a buyer could decide; give the operator another one"
    )]
    SharedToken {
        /// The buyer.
        buyer: String,
        /// The operator.
        operator: String,
    },
    /// The API keys, the signers or the operators can't be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Signers are named and nothing would look at their signatures.
    #[error(
        "signers are configured, and seller.toml turns signatures off; remove `verify = false` from [signing] and run `adcp-scaffold regenerate`, or remove --signers and SELLER_SIGNERS"
    )]
    SignersUnused,
    /// The key that webhooks are signed with can't be used.
    #[error(
        "the private key in {} can't be used: {reason}; make one with `adcp-scaffold keys new` and name it with --webhook-key or SELLER_WEBHOOK_KEY", path.display()
    )]
    WebhookKey {
        /// Which file.
        path: PathBuf,
        /// Why. Nothing of the key is in it.
        reason: String,
    },
    /// A sandbox could not make up a key to sign webhooks with.
    #[error(
        "no key for signing webhooks could be made up: {0}; name one with --webhook-key or SELLER_WEBHOOK_KEY"
    )]
    MadeUpKey(String),
    /// A person has to agree, and there is nobody.
    #[error(
        "seller.toml asks for approval of {operations}, and nobody could decide; name a file of operators with --operators or SELLER_OPERATORS, start a sandbox with --sandbox, or remove [approval]"
    )]
    NobodyDecides {
        /// What has to be agreed to.
        operations: String,
    },
    /// A person has to agree, and none may.
    #[error(
        "seller.toml asks for approval of {operation}, and no operator may decide it; add \"{operation}\" to `may` of one in the operators file"
    )]
    NoRight {
        /// What has to be agreed to.
        operation: String,
    },
    /// A person has to agree, and there is no way to.
    #[error(
        "seller.toml asks for approval of {operations}, and `--operator-addr off` leaves no way to decide; give --operator-addr or SELLER_OPERATOR_ADDR an address such as 127.0.0.1:3002"
    )]
    OperatorApiOff {
        /// What has to be agreed to.
        operations: String,
    },
    /// The operator API would let nobody in.
    #[error(
        "the operator API has an address but nobody to let in; name a file of operators with --operators or SELLER_OPERATORS, or remove --operator-addr"
    )]
    NoOperators,
    /// Buyers and operators would share an address.
    #[error(
        "buyers and operators can't share the address {addr}; choose another one for operators with --operator-addr or SELLER_OPERATOR_ADDR"
    )]
    SameAddress {
        /// Which address.
        addr: SocketAddr,
    },
    /// Finalized proposals would be forgotten.
    #[error(
        "a finalized proposal is a promise, and this store forgets it when the process ends; name a durable store with --store or SELLER_STORE, such as sqlite:seller.db, or accept the loss on a developer's machine with --development or SELLER_DEVELOPMENT=1"
    )]
    ForgetsProposals,
    /// No key can be made.
    #[error("the operating system has no randomness to make a key of; nothing here can do without")]
    NoRandomness,
    /// The store can't be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store was opened but does not work.
    #[error("the store does not work: {0}")]
    StoreFails(#[from] StoreError),
    /// The catalogue is not usable.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The generated schemas are not usable.
    #[error(transparent)]
    Schemas(#[from] SchemasError),
    /// The generated tool list is not usable.
    #[error("the tool list in the wire crate can't be used: {0}; run `adcp-scaffold regenerate`")]
    Tools(serde_json::Error),
    /// Nothing could be sent to buyers.
    #[error(transparent)]
    Outbound(#[from] SetupError),
    /// The address for buyers can't be listened on.
    #[error("can't listen on {addr}: {source}; choose another address with --addr or SELLER_ADDR")]
    Address {
        /// Which address.
        addr: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The address for operators can't be listened on.
    #[error(
        "can't listen on {addr} for operators: {source}; choose another address with --operator-addr or SELLER_OPERATOR_ADDR"
    )]
    OperatorAddress {
        /// Which address.
        addr: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
}

impl StartError {
    /// Whether the environment failed, as opposed to having been asked for something impossible.
    pub(super) fn is_fault(&self) -> bool {
        matches!(
            self,
            StartError::Address { .. }
                | StartError::OperatorAddress { .. }
                | StartError::StoreFails(_)
        )
    }
}
