//! Why a request to an address that a buyer named came to nothing.
//!
//! For logs and operators only. Nothing here is ever sent to the buyer.

use std::net::IpAddr;

use super::address::Block;

/// The guard did not let a request go out. It will not do so another time either.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address may not be reached: {rule}")]
pub struct Refused {
    /// The rule that is broken.
    pub rule: Rule,
}

/// What the guard demands of an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// It is a URL that every parser reads alike: no blanks, no control characters, no backslashes.
    #[error("it is no URL that every reader reads alike")]
    Malformed,
    /// It has at most [`Target::LONGEST`](super::Target::LONGEST) bytes.
    #[error("it is longer than {} bytes", super::Target::LONGEST)]
    TooLong,
    /// It is `https`; in a sandbox also `http` to this machine.
    #[error("it is not https")]
    Scheme,
    /// It carries no user name and no password.
    #[error("it carries a user name or a password")]
    Userinfo,
    /// It has no fragment, which no receiver would ever see.
    #[error("it has a fragment")]
    Fragment,
    /// Its port is one that can be connected to and, where the operator lists ports, a listed one.
    #[error("port {0} may not be used")]
    Port(u16),
    /// Its host is a full name in the public name space: not `localhost`, not a single label, not
    /// under `.local`, `.internal` or `.home.arpa`.
    #[error("its host is a name that only means something inside a network")]
    InternalName,
    /// Every address that its host stands for is public.
    #[error("{address} is {block}")]
    Address {
        /// The address that is not.
        address: IpAddr,
        /// What it is instead.
        block: Block,
    },
    /// Its host stands for a handful of addresses, not for a crowd.
    #[error(
        "its host stands for more than {} addresses",
        super::lookup::MOST_ADDRESSES
    )]
    TooManyAddresses,
}

impl From<Rule> for Refused {
    fn from(rule: Rule) -> Self {
        Refused { rule }
    }
}

/// Why a request brought no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The guard did not let it go out. There is no use in trying again.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It could not be shown who sends it, so it did not go out.
    #[error("the request can't prove who sends it: {0}")]
    Unproved(String),
    /// The name has no address, nobody listens, the certificate is wrong, the connection broke or
    /// what came over it is no HTTP.
    #[error("the receiver can't be reached: {0}")]
    Unreachable(String),
    /// The time that the request was given is over.
    #[error("the receiver takes too long")]
    TooSlow,
    /// The answer is larger than the caller can use.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The answer is compressed, which was not asked for.
    #[error("the answer is compressed")]
    Compressed,
}
