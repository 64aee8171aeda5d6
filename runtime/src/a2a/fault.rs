//! What goes wrong with the protocol, as opposed to a call: the error codes of A2A.
//!
//! Codes -32001 to -32009 are A2A's (0.3, section 8; 1.0, section 5.4), the others JSON-RPC's. What an
//! AdCP operation refuses is no error of the protocol and never comes here.

use serde_json::{Value, json};

use super::version::Version;
use crate::error::{Error, Recovery};
use crate::jsonrpc::RpcError;

/// Where the reasons of A2A 1.0 are defined (1.0, section 9.5).
const DOMAIN: &str = "a2a-protocol.org";

/// A failure of the protocol.
#[derive(Debug)]
pub(super) struct Fault {
    code: i32,
    reason: &'static str,
    message: String,
    adcp: Option<Said>,
}

/// What AdCP would say.
#[derive(Debug)]
struct Said {
    /// A code of its table.
    code: &'static str,
    recovery: Recovery,
    /// Seconds to wait, where that helps.
    retry_after: Option<u32>,
}

impl Fault {
    fn new(code: i32, reason: &'static str, message: impl Into<String>) -> Self {
        Fault {
            code,
            reason,
            message: message.into(),
            adcp: None,
        }
    }

    /// No task of the caller has that id.
    pub(super) fn no_task() -> Self {
        Fault::new(
            -32001,
            "TASK_NOT_FOUND",
            "there is no such task; the answer to a call that is over is kept for ten minutes",
        )
    }

    /// No such notification configuration. A2A has no code of its own for it.
    pub(super) fn no_config() -> Self {
        Fault::new(
            -32001,
            "TASK_NOT_FOUND",
            "the task has no push notification configuration of that id",
        )
    }

    /// The task can't be called off.
    pub(super) fn not_cancelable(message: impl Into<String>) -> Self {
        Fault::new(-32002, "TASK_NOT_CANCELABLE", message)
    }

    /// The agent does not do that.
    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Fault::new(-32004, "UNSUPPORTED_OPERATION", message)
    }

    /// No tool has that name.
    pub(super) fn no_skill(name: &str) -> Self {
        let name: String = name.chars().take(64).collect();
        Fault {
            adcp: Some(Said {
                code: "UNSUPPORTED_FEATURE",
                recovery: Recovery::Correctable,
                retry_after: None,
            }),
            ..Fault::unsupported(format!(
                "Unknown tool: {name}; the agent card lists the skills"
            ))
        }
    }

    /// The agent can't read such parts.
    pub(super) fn content(message: impl Into<String>) -> Self {
        Fault::new(-32005, "CONTENT_TYPE_NOT_SUPPORTED", message)
    }

    /// The agent does not speak that version.
    pub(super) fn version(message: impl Into<String>) -> Self {
        Fault::new(-32009, "VERSION_NOT_SUPPORTED", message)
    }

    /// What can't be told apart from something else.
    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Fault::new(-32600, "INVALID_REQUEST", message)
    }

    pub(super) fn no_method(message: impl Into<String>) -> Self {
        Fault::new(-32601, "METHOD_NOT_FOUND", message)
    }

    pub(super) fn params(message: impl Into<String>) -> Self {
        Fault::new(-32602, "INVALID_PARAMS", message)
    }

    /// The seller is at fault. What exactly is wrong only the log says.
    pub(super) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "an A2A request could not be answered");
        Fault::new(
            -32603,
            "INTERNAL_ERROR",
            "the agent could not answer; the fault is on its side and has been logged",
        )
    }

    /// Too much at once for one caller.
    pub(super) fn busy(message: impl Into<String>, retry_after: Option<u32>) -> Self {
        Fault::later("RATE_LIMITED", message, retry_after)
    }

    /// What goes well at another time. A2A has no code of its own for it, AdCP has this one.
    fn later(code: &'static str, message: impl Into<String>, retry_after: Option<u32>) -> Self {
        Fault {
            adcp: Some(Said {
                code,
                recovery: Recovery::Transient,
                retry_after,
            }),
            ..Fault::unsupported(message)
        }
    }

    /// The error as JSON-RPC has it. Version 1.0 says more as `google.rpc.ErrorInfo`.
    pub(super) fn into_rpc(self, version: Version) -> RpcError {
        let data = match version {
            Version::V10 => Some(json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": self.reason,
                "domain": DOMAIN,
                "metadata": self.adcp.map_or_else(|| json!({}), |said| said.in_strings()),
            }])),
            Version::V03 => self
                .adcp
                .map(|said| json!({ "adcp_error": said.in_full(&self.message) })),
        };
        RpcError {
            data: data.filter(|data: &Value| !data.is_null()),
            ..RpcError::new(self.code, self.message)
        }
    }
}

impl Said {
    /// As the metadata of `google.rpc.ErrorInfo`, whose values are strings.
    fn in_strings(&self) -> Value {
        let mut metadata = json!({ "adcp_code": self.code });
        if let Some(seconds) = self.retry_after {
            metadata["retry_after"] = seconds.to_string().into();
        }
        metadata
    }

    /// As AdCP's own error (`core/error.json`).
    fn in_full(&self, message: &str) -> Value {
        let mut error = json!({
            "code": self.code,
            "message": message,
            "recovery": self.recovery.as_str(),
        });
        if let Some(seconds) = self.retry_after {
            error["retry_after"] = seconds.into();
        }
        error
    }
}

impl From<Error> for Fault {
    /// What of a seller's error a client of the protocol is told.
    fn from(error: Error) -> Self {
        match (&error.cause, error.code) {
            (Some(cause), _) => Fault::internal(cause),
            (None, "RATE_LIMITED") => Fault::busy(error.message, error.retry_after),
            (None, code @ "SERVICE_UNAVAILABLE") => {
                Fault::later(code, error.message, error.retry_after)
            }
            (None, "INVALID_REQUEST") => Fault::params(error.message),
            (None, _) => Fault::internal(error.message),
        }
    }
}
