//! What an operation answers, in the form in which it can be written with the least work.
//!
//! Most answers are a handful of members. A page of catalogue products is different: the products
//! were serialised and validated when the catalogue was loaded, so the answer only places their
//! bytes. This module never decides what an answer says.

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Map, Value};

/// The members of a response, before the envelope is put around them.
#[derive(Clone, Debug)]
pub enum ResponseBody {
    /// Plain members.
    Json(Map<String, Value>),
    /// Members of which some are arrays of finished JSON.
    Assembled(Assembled),
}

/// Members of which some are arrays of finished JSON.
#[derive(Clone, Debug, Default)]
pub struct Assembled {
    /// The members. An array that is assembled stands here with only those items that still have
    /// to be validated, so that the whole can be checked against the response schema as it is.
    members: Map<String, Value>,
    arrays: Vec<(String, Vec<Slot>)>,
}

/// One item of an assembled array.
#[derive(Clone, Debug)]
pub enum Item {
    /// Serialised and validated earlier. Cloning `Bytes` copies a pointer.
    Ready(Bytes),
    /// Made for this answer: validated with it.
    Made(Value),
}

#[derive(Clone, Debug)]
enum Slot {
    Ready(Bytes),
    Made,
}

impl Assembled {
    /// No members yet.
    pub fn new() -> Self {
        Assembled::default()
    }

    /// Adds a plain member.
    pub fn member(&mut self, name: impl Into<String>, value: Value) -> &mut Self {
        self.members.insert(name.into(), value);
        self
    }

    /// Adds an array.
    pub fn array(
        &mut self,
        name: impl Into<String>,
        items: impl IntoIterator<Item = Item>,
    ) -> &mut Self {
        let name = name.into();
        let mut made = Vec::new();
        let slots = items
            .into_iter()
            .map(|item| match item {
                Item::Ready(bytes) => Slot::Ready(bytes),
                Item::Made(value) => {
                    made.push(value);
                    Slot::Made
                }
            })
            .collect();
        self.members.insert(name.clone(), Value::Array(made));
        self.arrays.push((name, slots));
        self
    }
}

impl ResponseBody {
    /// The members that the response schema has yet to judge.
    pub fn unchecked(&self) -> &Map<String, Value> {
        match self {
            ResponseBody::Json(members) => members,
            ResponseBody::Assembled(assembled) => &assembled.members,
        }
    }

    /// The member of that name, unless it is an assembled array.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            ResponseBody::Json(members) => members.get(name),
            ResponseBody::Assembled(assembled) if assembled.slots(name).is_some() => None,
            ResponseBody::Assembled(assembled) => assembled.members.get(name),
        }
    }

    /// How many items the array of that name has.
    pub fn count(&self, name: &str) -> Option<usize> {
        match self {
            ResponseBody::Assembled(assembled) if assembled.slots(name).is_some() => {
                assembled.slots(name).map(<[Slot]>::len)
            }
            _ => self.get(name).and_then(Value::as_array).map(Vec::len),
        }
    }

    /// Writes the members, comma-separated and without the braces around them.
    ///
    /// # Errors
    ///
    /// None in practice: the values have string keys and the buffer grows.
    pub fn write_members(&self, out: &mut BytesMut) -> serde_json::Result<()> {
        for (at, (name, value)) in self.unchecked().iter().enumerate() {
            if at > 0 {
                out.put_u8(b',');
            }
            serde_json::to_writer((&mut *out).writer(), name)?;
            out.put_u8(b':');
            match self.slots(name) {
                Some(slots) => write_array(slots, value, out)?,
                None => serde_json::to_writer((&mut *out).writer(), value)?,
            }
        }
        Ok(())
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) {
        match self {
            ResponseBody::Json(members) => members.shift_remove(name),
            ResponseBody::Assembled(assembled) => {
                assembled.arrays.retain(|(known, _)| known != name);
                assembled.members.shift_remove(name)
            }
        };
    }

    /// Shows what the response schema has yet to judge to a judge, as one JSON value and without
    /// copying it.
    pub fn judge<T>(&mut self, judge: impl FnOnce(&Value) -> T) -> T {
        let members = match self {
            ResponseBody::Json(members) => members,
            ResponseBody::Assembled(assembled) => &mut assembled.members,
        };
        let value = Value::Object(std::mem::take(members));
        let verdict = judge(&value);
        if let Value::Object(judged) = value {
            *members = judged;
        }
        verdict
    }

    /// The whole body as one JSON value, for keeping.
    ///
    /// # Errors
    ///
    /// When an item that was called ready is not JSON.
    pub fn to_value(&self) -> serde_json::Result<Value> {
        match self {
            ResponseBody::Json(members) => Ok(Value::Object(members.clone())),
            ResponseBody::Assembled(_) => {
                let mut out = BytesMut::from(&b"{"[..]);
                self.write_members(&mut out)?;
                out.put_u8(b'}');
                serde_json::from_slice(&out)
            }
        }
    }

    fn slots(&self, name: &str) -> Option<&[Slot]> {
        match self {
            ResponseBody::Json(_) => None,
            ResponseBody::Assembled(assembled) => assembled.slots(name),
        }
    }
}

impl Assembled {
    fn slots(&self, name: &str) -> Option<&[Slot]> {
        self.arrays
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, slots)| slots.as_slice())
    }
}

fn write_array(slots: &[Slot], made: &Value, out: &mut BytesMut) -> serde_json::Result<()> {
    let mut made = made.as_array().into_iter().flatten();
    out.put_u8(b'[');
    for (at, slot) in slots.iter().enumerate() {
        if at > 0 {
            out.put_u8(b',');
        }
        match slot {
            Slot::Ready(bytes) => out.extend_from_slice(bytes),
            Slot::Made => serde_json::to_writer((&mut *out).writer(), &made.next())?,
        }
    }
    out.put_u8(b']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn assembled_arrays_keep_the_order_of_ready_and_made_items() {
        let mut assembled = Assembled::new();
        assembled.member("status", json!("completed"));
        assembled.array(
            "products",
            [
                Item::Made(json!({"id": 1})),
                Item::Ready(Bytes::from_static(b"{\"id\":2}")),
                Item::Made(json!({"id": 3})),
            ],
        );
        let body = ResponseBody::Assembled(assembled);
        let mut out = BytesMut::new();
        body.write_members(&mut out).expect("JSON can be written");
        assert_eq!(
            out,
            &br#""status":"completed","products":[{"id":1},{"id":2},{"id":3}]"#[..]
        );
        assert_eq!(body.count("products"), Some(3));
        assert_eq!(body.unchecked()["products"], json!([{"id": 1}, {"id": 3}]));
    }
}
