//! What stops a command: a manifest that can't be used, or any error of a lower stage.

use std::io;

use crate::manifest::{Rejected, source::ReadError};
use crate::report::Printer;

/// The result of a command and of its parts.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What stops a command.
///
/// It isn't a [`std::error::Error`] itself, so that `?` takes any of them.
#[derive(Debug)]
pub enum Error {
    /// The manifest can't be used; shown with the text it is about.
    Rejected(Rejected),
    /// Anything else; shown with its causes and what to do.
    Failed {
        /// What a lower stage said.
        error: Box<dyn std::error::Error + Send + Sync>,
        /// What to do, a sentence each.
        hints: Vec<String>,
    },
}

impl Error {
    /// An error that starts here: `cannot …`.
    pub fn message(text: impl Into<String>) -> Self {
        Self::Failed {
            error: text.into().into(),
            hints: Vec::new(),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Failed { hints, .. } = &mut self {
            hints.push(hint.into());
        }
        self
    }

    /// Whether whoever read our output went away, which is no error of ours: `… | head`.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Failed { error, .. } => error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe),
            Self::Rejected(_) => false,
        }
    }

    /// Tells the user.
    pub fn report(&self, printer: &Printer) {
        match self {
            Self::Rejected(rejected) => printer.rejected(rejected),
            Self::Failed { error, hints } => printer.failed(error.as_ref(), hints),
        }
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Rejected(rejected) => Self::Rejected(rejected),
            ReadError::Io { path, source } => {
                Self::message(format!("cannot read the manifest `{path}`: {source}"))
            }
        }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Failed {
            error: Box::new(error),
            hints: Vec::new(),
        }
    }
}
