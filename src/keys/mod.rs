//! Keys that sign: made, written down once, and what of them others may see.
//!
//! A key is a JWK (RFC 7517) with AdCP's member `adcp_use`, as a seller's `--webhook-key` reads it.
//! The private part goes into one file that only its owner can read, and nowhere else: it is never
//! printed, and no type that holds it can be shown with `{:?}`. Nothing here uses a key to sign.

mod purpose;
mod pair;
mod public;
mod file;

pub use file::write;
pub use pair::{Algorithm, Made, make};
pub use public::{Private, PublicKey, read};

pub use purpose::Purpose;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The system has no randomness to give, or gave what no key can be made of.
    #[error("the system gave no randomness to make a key of")]
    NoRandomness,
    /// The id can't stand in a signature's parameters.
    #[error("`{0}` can't be the id of a key: use 1 to 128 letters, digits, `.`, `_`, `:` and `-`")]
    Kid(String),
    /// There is a file of that name.
    #[error("`{0}` is there already, and a key is never written over")]
    Occupied(String),
    /// The folder is not there.
    #[error("the folder of `{0}` is not there")]
    NoFolder(String),
    /// A file could not be read or written.
    #[error("can't {what} `{path}`: {source}")]
    Io {
        /// `read` or `write`.
        what: &'static str,
        /// Which.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is no private key of a kind that signs for AdCP. Says nothing of what it holds.
    #[error("`{path}` holds no private key that signs for AdCP: {reason}")]
    NotAKey {
        /// The file.
        path: String,
        /// What is wrong.
        reason: &'static str,
    },
}
