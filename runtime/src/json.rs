//! Strict JSON, in one pass.
//!
//! A member that occurs twice means different things to different parsers (RFC 8259, section 4),
//! and nesting without end exhausts the stack of whoever walks the value later. Both are refused;
//! but since the rest of such a document is well formed, it is still read, so that the refusal can
//! name the place and echo what has to be echoed.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep arrays and objects may be nested. The deepest request of the AdCP schemas stays well
/// below 20, the envelope of a transport included.
pub const MAX_DEPTH: usize = 64;

/// A document that was read.
#[derive(Debug)]
pub struct Document {
    /// What it says. Of a repeated member, the last one; below the greatest depth, `null`.
    pub value: Value,
    /// The first thing in it that is refused.
    pub defect: Option<Defect>,
}

/// Something that JSON allows and this seller does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// What it is.
    pub kind: DefectKind,
    /// Where it is: member names and array positions from the root inwards.
    pub path: Vec<Segment>,
}

/// See [`Defect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefectKind {
    /// An object has two members of the same name.
    Duplicate,
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
}

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Into the member of that name.
    Member(String),
    /// To the item at that position.
    Item(usize),
}

/// Reads a document.
///
/// # Errors
///
/// When the bytes are not JSON, or not only JSON.
pub fn parse(bytes: &[u8]) -> serde_json::Result<Document> {
    let mut notes = Notes::default();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Reader {
        notes: &mut notes,
        depth: 0,
    }
    .deserialize(&mut reader)?;
    reader.end()?;
    let defect = notes.kind.map(|kind| {
        notes.path.reverse();
        Defect {
            kind,
            path: notes.path,
        }
    });
    Ok(Document { value, defect })
}

/// A path in the notation of `core/error.json`, `field`: `packages[0].budget`.
pub fn field<'p>(path: impl IntoIterator<Item = &'p Segment>) -> String {
    let mut field = String::new();
    for segment in path {
        match segment {
            Segment::Item(at) => field.push_str(&format!("[{at}]")),
            Segment::Member(name) if field.is_empty() => field.push_str(name),
            Segment::Member(name) => field.push_str(&format!(".{name}")),
        }
    }
    field
}

/// What an RFC 6901 pointer points at, as [`field`] writes it. A token that looks like a number is a
/// position: no member of AdCP is called so.
pub fn field_at(pointer: &str) -> String {
    let segment = |token: &str| {
        token.parse().map_or_else(
            |_| Segment::Member(token.replace("~1", "/").replace("~0", "~")),
            Segment::Item,
        )
    };
    let path: Vec<Segment> = pointer.split('/').skip(1).map(segment).collect();
    field(&path)
}

impl Defect {
    /// The place below a prefix, as [`field`] writes it; `None` when it lies elsewhere.
    pub fn field_below(&self, prefix: &[&str]) -> Option<String> {
        let mut path = self.path.iter();
        for wanted in prefix {
            match path.next()? {
                Segment::Member(name) if name == wanted => {}
                _ => return None,
            }
        }
        Some(field(path))
    }
}

impl fmt::Display for DefectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefectKind::Duplicate => f.write_str("the same member occurs twice"),
            DefectKind::TooDeep => write!(
                f,
                "arrays and objects are nested more than {MAX_DEPTH} levels deep"
            ),
        }
    }
}

/// What was noticed. The path is collected from the inside out, while the reader returns.
#[derive(Default)]
struct Notes {
    kind: Option<DefectKind>,
    path: Vec<Segment>,
}

impl Notes {
    /// Notes a defect unless an earlier one is noted. Says whether it was taken.
    fn take(&mut self, kind: DefectKind) -> bool {
        let first = self.kind.is_none();
        if first {
            self.kind = Some(kind);
        }
        first
    }
}

struct Reader<'n> {
    notes: &'n mut Notes,
    depth: usize,
}

impl Reader<'_> {
    fn inner(&mut self) -> Reader<'_> {
        Reader {
            notes: self.notes,
            depth: self.depth + 1,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        if self.depth >= MAX_DEPTH {
            self.notes.take(DefectKind::TooDeep);
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut values = Vec::new();
        loop {
            let clean = self.notes.kind.is_none();
            let Some(value) = items.next_element_seed(self.inner())? else {
                break;
            };
            if clean && self.notes.kind.is_some() {
                self.notes.path.push(Segment::Item(values.len()));
            }
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        if self.depth >= MAX_DEPTH {
            self.notes.take(DefectKind::TooDeep);
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let clean = self.notes.kind.is_none();
            let value = members.next_value_seed(self.inner())?;
            if clean && self.notes.kind.is_some() {
                self.notes.path.push(Segment::Member(name.clone()));
            }
            if object.contains_key(&name) && self.notes.take(DefectKind::Duplicate) {
                self.notes.path.push(Segment::Member(name.clone()));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_order_survive() {
        let text = r#"{"b":1,"a":[10000.0,10000,-1,1e3,"é\n",null,true,{}]}"#;
        let document = parse(text.as_bytes()).expect("JSON");
        assert_eq!(document.defect, None);
        assert_eq!(
            document.value.to_string(),
            r#"{"b":1,"a":[10000.0,10000,-1,1000.0,"é\n",null,true,{}]}"#
        );
    }

    #[test]
    fn the_first_repeated_member_is_named() {
        let document = parse(br#"{"a":{"b":[0,{"c":1,"d":2,"c":3}],"b":4}}"#).expect("JSON");
        let defect = document.defect.expect("a member occurs twice");
        assert_eq!(defect.kind, DefectKind::Duplicate);
        assert_eq!(defect.field_below(&[]).as_deref(), Some("a.b[1].c"));
        assert_eq!(defect.field_below(&["a"]).as_deref(), Some("b[1].c"));
        assert_eq!(defect.field_below(&["x"]), None);
    }

    #[test]
    fn pointers_become_fields() {
        for (pointer, field) in [
            ("", ""),
            ("/packages/0/budget", "packages[0].budget"),
            ("/a~1b/m~0n", "a/b.m~n"),
            ("/0/1", "[0][1]"),
        ] {
            assert_eq!(field_at(pointer), field);
        }
    }

    #[test]
    fn nesting_without_end_is_cut_off_and_the_rest_still_read() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text = format!(
                "{{\"deep\":{}0{},\"context\":{{\"id\":7}}}}",
                open.repeat(100_000),
                close.repeat(100_000)
            );
            let document = parse(text.as_bytes()).expect("JSON");
            assert_eq!(document.defect.expect("too deep").kind, DefectKind::TooDeep);
            assert_eq!(document.value["context"], json!({"id": 7}));
        }
        let fits = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert_eq!(parse(fits.as_bytes()).expect("JSON").defect, None);
    }

    #[test]
    fn what_is_not_json_is_an_error() {
        for text in [
            "",
            "{",
            "{} {}",
            "{'a':1}",
            "[1,]",
            "NaN",
            "1e999",
            "\"\u{1}\"",
            "{\"a\":01}",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"\"\xff\"").is_err());
    }
}
