//! Why a value did not fit a type, and where.

use std::fmt;

/// A value that does not fit: the place as a JSON Pointer (RFC 6901) and the reason.
///
/// The place is built from the inside out, so that reading costs nothing while all is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Steps from the innermost outwards.
    steps: Vec<String>,
    reason: String,
}

impl Mismatch {
    /// A mismatch of the value itself.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            steps: Vec::new(),
            reason: reason.into(),
        }
    }

    /// A value of another JSON kind than the type has.
    pub fn kind(wanted: &str, found: &serde_json::Value) -> Self {
        Self::new(format!("expected {wanted}, found {}", kind_of(found)))
    }

    /// The same mismatch, seen from the object or array that holds the value.
    #[must_use]
    pub fn within(mut self, step: impl fmt::Display) -> Self {
        self.steps.push(step.to_string());
        self
    }

    /// The place as a JSON Pointer; empty for the whole value.
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in self.steps.iter().rev() {
            pointer.push('/');
            pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        }
        pointer
    }

    /// What is wrong there.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            formatter.write_str(&self.reason)
        } else {
            write!(formatter, "{}: {}", self.pointer(), self.reason)
        }
    }
}

impl std::error::Error for Mismatch {}

/// The JSON kind of a value, as a person would say it.
pub(super) fn kind_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "an array",
        serde_json::Value::Object(_) => "an object",
    }
}
