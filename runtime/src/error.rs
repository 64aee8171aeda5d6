//! Errors as values: what the buyer may see, and what only the log may see.

use std::fmt;

use serde_json::{Map, Value};

use crate::codec::Mismatch;
use crate::json;
use crate::schema::Violation;

/// What a buyer agent should do about an error.
///
/// The classes and the class of each standard code come from the AdCP line's own table
/// (`enums/error-code.json`, `enumMetadata`); see [`crate::spec::Spec::recovery`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recovery {
    /// The buyer can change the request and send it again.
    Correctable,
    /// The same request may succeed later.
    Transient,
    /// Only a person can help.
    Terminal,
}

impl Recovery {
    /// The word that goes on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Recovery::Correctable => "correctable",
            Recovery::Transient => "transient",
            Recovery::Terminal => "terminal",
        }
    }
}

/// The answer to a call that did not succeed (`core/error.json`).
///
/// `code` and `message` are for the buyer. `cause` never leaves the process: it is logged beside
/// the request id, so that an operator can find it.
#[derive(Debug)]
pub struct Error {
    /// A code of the line's error-code table, or a seller's own code.
    pub code: &'static str,
    /// One sentence for the buyer: what is wrong and, where it helps, what would be right.
    pub message: String,
    /// The path of the offending field, in the spec's notation: `packages[0].budget`.
    pub field: Option<String>,
    /// Seconds to wait before the same request may succeed.
    pub retry_after: Option<u32>,
    /// What few errors have. Behind a pointer, because every result in the runtime and in adapters
    /// has room for an error.
    pub particulars: Option<Box<Particulars>>,
    /// For the log only.
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What few errors have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Particulars {
    /// What to do about it, if that is not plain from the message.
    pub suggestion: Option<String>,
    /// Structured particulars that the code's schema allows (`error-details/*.json`).
    pub details: Map<String, Value>,
    /// Every violation, where a request breaks its schema in more than one place.
    /// [`Error::field`] names the place of the first.
    pub issues: Vec<Violation>,
}

impl Error {
    /// An error with a code and a message, and nothing else said.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Error {
            code,
            message: message.into(),
            field: None,
            retry_after: None,
            particulars: None,
            cause: None,
        }
    }

    /// The request breaks its schema or contradicts itself.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Error::new("INVALID_REQUEST", message)
    }

    /// A request that its schema let through and its type does not take: the buyer's to correct,
    /// with the place in the notation of `core/error.json`, `field`. For the generated router, which
    /// reads requests and nothing else with it: a mismatch in the seller's own data is
    /// [`Error::internal`], so no `?` makes either of a [`Mismatch`] by itself.
    pub fn in_request(mismatch: Mismatch) -> Self {
        Error::invalid_request(mismatch.reason()).at(json::field_at(&mismatch.pointer()))
    }

    /// The request is well formed, but a value in it can't be accepted.
    pub fn validation(message: impl Into<String>) -> Self {
        Error::new("VALIDATION_ERROR", message)
    }

    /// The seller does not offer this.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Error::new("UNSUPPORTED_FEATURE", message)
    }

    /// A fault of the seller's own. The buyer learns only that there was one; `cause` is logged.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error {
            cause: Some(cause.into()),
            ..Error::new(
                "INTERNAL_ERROR",
                "the seller could not answer; the fault is on its side and has been logged",
            )
        }
    }

    /// A dependency (ad server, store) does not answer right now.
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error {
            cause: Some(cause.into()),
            ..Error::new(
                "SERVICE_UNAVAILABLE",
                "the seller is temporarily unable to answer; try again",
            )
        }
    }

    /// Names the offending field.
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says what to do about it.
    pub fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.particulars.get_or_insert_default().suggestion = Some(suggestion.into());
        self
    }

    /// Says how many seconds to wait.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds one structured particular.
    pub fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.particulars
            .get_or_insert_default()
            .details
            .insert(key.to_owned(), value.into());
        self
    }

    /// Lists every violation.
    pub fn listing(mut self, issues: Vec<Violation>) -> Self {
        self.particulars.get_or_insert_default().issues = issues;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match &self.field {
            Some(field) => write!(f, " (at {field})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// The result of everything that can end in an answer to the buyer.
pub type Result<T, E = Error> = std::result::Result<T, E>;
