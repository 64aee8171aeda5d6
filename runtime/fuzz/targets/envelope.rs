//! The envelope of MCP and A2A: whatever a body holds, there is an answer that is JSON and carries
//! the id of the question.
#![no_main]

use adcp_seller::json;
use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../../src/jsonrpc.rs"]
mod jsonrpc;

use jsonrpc::{Message, RpcError, begin};

fuzz_target!(|body: &[u8]| {
    let Ok(document) = json::parse(body) else {
        return;
    };
    let messages = match document.value {
        Value::Array(messages) => messages,
        message => vec![message],
    };
    for value in messages {
        let id = value.get("id").cloned();
        match Message::of(value) {
            Message::Request(request) => {
                assert_eq!(Some(&request.id), id.as_ref());
                let answer = answer(|out| {
                    begin(&request.id, "result", out)?;
                    out.extend_from_slice(Value::Object(request.params).to_string().as_bytes());
                    out.extend_from_slice(b"}");
                    Ok(())
                });
                assert_eq!(Some(&answer["id"]), id.as_ref());
                let refused = RpcError::invalid_params(request.method);
                assert_eq!(
                    self::answer(|out| refused.write(&request.id, out))["id"],
                    request.id
                );
            }
            Message::Invalid(known, error) => {
                let answer = answer(|out| error.write(&known, out));
                assert!(known.is_null() || Some(&known) == id.as_ref());
                assert_eq!(answer["error"]["code"], error.code);
                assert!(error.status.is_client_error());
                assert_eq!(answer["error"]["message"], error.message);
            }
            Message::Silent => {}
        }
    }
});

fn answer(write: impl FnOnce(&mut BytesMut) -> serde_json::Result<()>) -> Value {
    let mut out = BytesMut::new();
    write(&mut out).expect("an answer");
    serde_json::from_slice(&out).expect("JSON")
}
