//! What every answer carries around its members.
//!
//! The buyer's `context` comes back unchanged, in successes and in errors. A read without a domain
//! `status` of its own says `status: completed`; a change never does, since on a media buy that
//! word is a terminal state.

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Answer, ResponseBody, Success};
use crate::error::Error;
use crate::schema::Violation;
use crate::spec::Spec;

/// Members that only the envelope writes.
const ENVELOPE: [&str; 3] = ["context", "idempotency_key", "replayed"];

/// Takes the buyer's opaque context out of a request. Operations never see it, so that none can
/// come to depend on it (`core/context.json`).
pub(super) fn take_context(request: &mut Value) -> Option<Value> {
    request
        .as_object_mut()?
        .shift_remove("context")
        .filter(Value::is_object)
}

/// Whether a field lies in the buyer's context.
pub(super) fn concerns_context(field: &str) -> bool {
    field
        .strip_prefix("context")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Removes members that the envelope owns from what an operation answered.
pub(super) fn strip(body: &mut ResponseBody) {
    for name in ENVELOPE {
        body.remove(name);
    }
}

impl Answer {
    /// Writes the answer as one JSON object: the members and the envelope, or `adcp_error`.
    ///
    /// # Errors
    ///
    /// None in practice: every value has string keys and the buffer grows.
    pub fn write(&self, spec: &Spec, out: &mut BytesMut) -> serde_json::Result<()> {
        out.put_u8(b'{');
        let mut empty = true;
        match &self.result {
            Ok(success) => success.write(self.tool.mutating, out, &mut empty)?,
            Err(error) => write_member("adcp_error", &describe(spec, error), out, &mut empty)?,
        }
        if let Some(context) = &self.context {
            write_member("context", context, out, &mut empty)?;
        }
        out.put_u8(b'}');
        Ok(())
    }
}

impl Success {
    fn write(
        &self,
        mutating: bool,
        out: &mut BytesMut,
        empty: &mut bool,
    ) -> serde_json::Result<()> {
        if !mutating && self.body.get("status").is_none() {
            write_member("status", "completed", out, empty)?;
        }
        if !self.body.unchecked().is_empty() {
            separate(out, empty);
            self.body.write_members(out)?;
        }
        if let Some(key) = &self.idempotency_key {
            write_member("idempotency_key", key, out, empty)?;
        }
        if self.replayed {
            write_member("replayed", &true, out, empty)?;
        }
        Ok(())
    }
}

fn write_member(
    name: &str,
    value: &(impl Serialize + ?Sized),
    out: &mut BytesMut,
    empty: &mut bool,
) -> serde_json::Result<()> {
    separate(out, empty);
    serde_json::to_writer(out.writer(), name)?;
    out.put_u8(b':');
    serde_json::to_writer(out.writer(), value)
}

fn separate(out: &mut BytesMut, empty: &mut bool) {
    if !std::mem::replace(empty, false) {
        out.put_u8(b',');
    }
}

/// An error in the form of `core/error.json`. Nothing of [`Error::cause`] is in it.
fn describe(spec: &Spec, error: &Error) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("code".to_owned(), error.code.into());
    members.insert("message".to_owned(), error.message.clone().into());
    // A conflict must not tell a caller who guessed a key anything about the request that used it
    // (security implementation guide, idempotency; graded as `conflict_no_payload_leak`).
    if error.code == "IDEMPOTENCY_CONFLICT" {
        return members;
    }
    members.insert(
        "recovery".to_owned(),
        spec.recovery(error.code).as_str().into(),
    );
    if let Some(field) = &error.field {
        members.insert("field".to_owned(), field.clone().into());
    }
    if let Some(seconds) = error.retry_after {
        members.insert("retry_after".to_owned(), seconds.clamp(1, 3600).into());
    }
    let Some(particulars) = &error.particulars else {
        return members;
    };
    if let Some(suggestion) = &particulars.suggestion {
        members.insert("suggestion".to_owned(), suggestion.clone().into());
    }
    if !particulars.issues.is_empty() {
        let issue = |issue: &Violation| json!({ "pointer": issue.pointer, "message": issue.message, "keyword": issue.keyword });
        members.insert(
            "issues".to_owned(),
            particulars.issues.iter().map(issue).collect(),
        );
    }
    if !particulars.details.is_empty() {
        members.insert(
            "details".to_owned(),
            Value::Object(particulars.details.clone()),
        );
    }
    members
}
