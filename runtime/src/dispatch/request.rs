//! Is the request what its schema asks for?

use serde_json::Value;

use crate::error::{Error, Result};
use crate::json::Defect;
use crate::ops::{self, Services};
use crate::schema::Violation;
use crate::spec::Tool;

/// Refuses a request that breaks its schema. Every violation is `INVALID_REQUEST`, which the line's
/// error table defines as "malformed, missing required fields, or violates schema constraints".
pub(super) fn check(services: &Services, tool: &Tool, request: &Value) -> Result<()> {
    let judged = ops::as_the_line_has_it(services, tool, request);
    services
        .schemas
        .check(tool.request, &judged)
        .map_err(refuse)
}

/// Refuses a request that JSON parsers would disagree about.
pub(super) fn refuse_defect(defect: &Defect, field: Option<&str>) -> Error {
    let error = Error::invalid_request(format!(
        "the request can't be read unambiguously: {}",
        defect.kind
    ));
    match field {
        Some(field) if !field.is_empty() => error.at(field),
        _ => error,
    }
}

fn refuse(violations: Vec<Violation>) -> Error {
    let Some(first) = violations.first() else {
        return Error::invalid_request("the request breaks its schema");
    };
    let field = first.field();
    let mut message = if field.is_empty() {
        format!("the request {}", first.message)
    } else {
        format!("`{field}` {}", first.message)
    };
    if violations.len() > 1 {
        message.push_str(&format!(" (and {} more)", violations.len() - 1));
    }
    let error = Error::invalid_request(message).listing(violations);
    if field.is_empty() {
        error
    } else {
        error.at(field)
    }
}
