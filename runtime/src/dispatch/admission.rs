//! Whether a caller may make a call: what its credential allows, and how many calls it has made.
//!
//! Transports ask about rights before, so that they can answer in their own terms. Here nobody can
//! have forgotten to. What a worker carries on was admitted when it was called.

use super::{Allowance, Caller};
use crate::error::{Error, Result};
use crate::profile::Rate;
use crate::spec::Tool;

/// Admits calls.
#[derive(Debug)]
pub(super) struct Admission {
    calls: Option<Allowance>,
}

impl Admission {
    /// Admits so many calls of each caller; any number when `None`.
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Admission {
            calls: rate.map(Allowance::new),
        }
    }

    /// Admits one call.
    pub(super) fn check(&self, caller: &Caller, tool: &Tool) -> Result<()> {
        if !caller.rights.allow(tool.name) {
            return Err(Error::new(
                "PERMISSION_DENIED",
                format!("these credentials do not allow `{}`", tool.name),
            ));
        }
        self.count(caller)
    }

    /// Counts something that is asked for and is no call of a tool.
    pub(super) fn count(&self, caller: &Caller) -> Result<()> {
        let Some(calls) = &self.calls else {
            return Ok(());
        };
        calls.take(&caller.principal.0).map_err(|seconds| {
            Error::new("RATE_LIMITED", "too many calls in too short a time").retry_after(seconds)
        })
    }
}
