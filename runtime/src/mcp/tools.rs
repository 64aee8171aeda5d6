//! `tools/list` and `tools/call`.

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::era::Era;
use crate::dispatch::{Answer, Caller, Dispatcher};
use crate::json::Defect;
use crate::jsonrpc::{Request, RpcError, begin};
use crate::spec::Spec;

/// The answer to `tools/list`, which never changes while the process runs, in the form of either
/// era: everything behind the message's `"result":`.
#[derive(Debug)]
pub(super) struct ToolList {
    legacy: Bytes,
    modern: Bytes,
}

/// How long a client may keep the list, in milliseconds: it changes only with a release.
const LIST_TTL_MS: u32 = 300_000;

impl ToolList {
    /// Lists the tools that are offered.
    ///
    /// # Errors
    ///
    /// When the line's tool list is not a JSON array of objects with names.
    pub(super) fn new(dispatcher: &Dispatcher) -> Result<Self, serde_json::Error> {
        #[derive(serde::Deserialize)]
        struct Name<'t> {
            #[serde(borrow)]
            name: std::borrow::Cow<'t, str>,
        }
        let tools: Vec<&RawValue> = serde_json::from_str(dispatcher.services().spec.tool_list)?;
        let mut list = Vec::new();
        for tool in tools {
            let name = serde_json::from_str::<Name<'_>>(tool.get())?.name;
            if dispatcher.tool(&name).is_some() {
                list.push(tool.get());
            }
        }
        let list = list.join(",");
        Ok(ToolList {
            legacy: format!("{{\"tools\":[{list}]}}").into(),
            modern: format!("{{\"resultType\":\"complete\",\"ttlMs\":{LIST_TTL_MS},\"cacheScope\":\"private\",\"tools\":[{list}]}}").into(),
        })
    }

    /// Answers `tools/list`. There is one page, so no cursor is ever right.
    pub(super) fn write(
        &self,
        era: Era,
        request: &Request,
        out: &mut BytesMut,
    ) -> Result<(), RpcError> {
        if request
            .params
            .get("cursor")
            .is_some_and(|cursor| !cursor.is_null())
        {
            return Err(RpcError::invalid_params(
                "the cursor was not issued by this server: its tool list has one page",
            ));
        }
        begin(&request.id, "result", out).map_err(unwritable)?;
        out.extend_from_slice(if era.modern {
            &self.modern
        } else {
            &self.legacy
        });
        out.put_u8(b'}');
        Ok(())
    }
}

/// Answers `tools/call`.
pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: Caller,
    era: Era,
    mut request: Request,
    defect: Option<Defect>,
    out: &mut BytesMut,
) -> Result<(), RpcError> {
    let Some(Value::String(name)) = request.params.shift_remove("name") else {
        return Err(RpcError::invalid_params(
            "`params.name` must be the name of a tool",
        ));
    };
    let arguments = match request.params.shift_remove("arguments") {
        None | Some(Value::Null) => Value::Object(serde_json::Map::new()),
        Some(arguments @ Value::Object(_)) => arguments,
        Some(_) => {
            return Err(RpcError::invalid_params(
                "`params.arguments` must be an object",
            ));
        }
    };
    let Some(tool) = dispatcher.tool(&name) else {
        return Err(unknown_tool(&name, &arguments));
    };
    let defect = defect.map(|defect| {
        let field = defect.field_below(&["params", "arguments"]);
        (defect, field)
    });
    let answer = dispatcher.call(caller, tool, arguments, defect).await;
    write_answer(dispatcher.services().spec, era, &request.id, &answer, out).map_err(unwritable)
}

fn write_answer(
    spec: &Spec,
    era: Era,
    id: &Value,
    answer: &Answer,
    out: &mut BytesMut,
) -> serde_json::Result<()> {
    begin(id, "result", out)?;
    out.put_u8(b'{');
    if era.modern {
        out.extend_from_slice(b"\"resultType\":\"complete\",");
    }
    out.extend_from_slice(b"\"structuredContent\":");
    let start = out.len();
    answer.write(spec, out)?;
    let end = out.len();
    out.extend_from_slice(b",\"content\":[{\"type\":\"text\",\"text\":");
    // A summary is for people; programs that read only text need the whole.
    if era.structured && answer.result.is_ok() && !Dispatcher::always_in_text(answer.tool) {
        serde_json::to_writer(out.writer(), &answer.in_words())?;
    } else {
        let whole = String::from_utf8_lossy(&out[start..end]).into_owned();
        serde_json::to_writer(out.writer(), &whole)?;
    }
    out.extend_from_slice(b"}],\"isError\":");
    out.extend_from_slice(if answer.result.is_ok() {
        b"false"
    } else {
        b"true"
    });
    out.extend_from_slice(b"}}");
    Ok(())
}

/// MCP makes a tool that doesn't exist a failure of the protocol. What AdCP would say, context
/// included, is in the error's data.
fn unknown_tool(name: &str, arguments: &Value) -> RpcError {
    let message = format!("Unknown tool: {name}");
    let mut data = json!({ "adcp_error": { "code": "UNSUPPORTED_FEATURE", "message": message, "recovery": "correctable" } });
    if let Some(context) = arguments
        .get("context")
        .filter(|context| context.is_object())
    {
        data["context"] = context.clone();
    }
    RpcError {
        data: Some(data),
        ..RpcError::invalid_params(message)
    }
}

/// An answer that can't be written as JSON: an item that was called ready is not JSON, or worse.
pub(super) fn unwritable(error: serde_json::Error) -> RpcError {
    tracing::error!(%error, "an answer could not be written");
    RpcError::new(
        -32603,
        "the answer could not be written; the fault is on the seller's side and has been logged",
    )
}
