//! What stands in the tables from which the runtime's macros make codecs.
//!
//! rustfmt leaves the inside of a macro call alone, so this wraps it the way a person would.

use serde_json::Value;

use super::text::{WIDTH, quoted};
use crate::wire::model::{Kind, Test};

/// Entries in a table: on the line of the head if they fit, else wrapped below it.
pub(super) fn filled(head: &str, entries: &[String], end: &str) -> String {
    let line = format!("{head} {} }}", entries.join(" "));
    if line.chars().count() <= WIDTH {
        return line + "\n";
    }
    format!("{head}\n{}{end}\n", lines(8, entries))
}

/// Entries, as many on a line as fit.
pub(super) fn lines(indent: usize, entries: &[String]) -> String {
    let pad = " ".repeat(indent);
    let mut text = String::new();
    let mut line = pad.clone();
    for entry in entries {
        if line.len() > indent && line.chars().count() + 1 + entry.chars().count() > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = pad.clone();
        }
        if line.len() > indent {
            line.push(' ');
        }
        line.push_str(entry);
    }
    text + &line + "\n"
}

/// A value that a member has to have.
pub(super) fn constant(value: &Value) -> String {
    match value {
        Value::String(text) => format!("Constant::Text({})", quoted(text)),
        Value::Bool(flag) => format!("Constant::Flag({flag})"),
        other => format!("Constant::Integer({other})"),
    }
}

/// What tells a variant from others.
pub(super) fn test(test: &Test) -> String {
    let constants = |values: &[Value]| values.iter().map(constant).collect::<Vec<_>>().join(", ");
    match test {
        Test::Kind(kind) => match kind {
            Kind::Object => "OBJECT",
            Kind::List => "LIST",
            Kind::Text => "TEXT",
            Kind::Number => "NUMBER",
            Kind::Integer => "INTEGER",
            Kind::Flag => "FLAG",
        }
        .into(),
        Test::Has(name) => format!("has({})", quoted(name)),
        Test::Lacks(name) => format!("lacks({})", quoted(name)),
        Test::Says(name, values) => format!("says({}, &[{}])", quoted(name), constants(values)),
        Test::Holds(name, values) => format!("holds({}, &[{}])", quoted(name), constants(values)),
        Test::Denies(name, values) => format!("denies({}, &[{}])", quoted(name), constants(values)),
    }
}
