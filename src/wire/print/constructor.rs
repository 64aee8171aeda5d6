//! `new` for structs that people write by hand: it takes what has to be there and leaves out the rest,
//! so that a type with forty members is written with the few that matter and `..Recipe::new(…)`.

use super::text::{WIDTH, item};

/// How wide rustfmt lets the inside of a struct literal be on one line (`struct_lit_width`).
const LITERAL: usize = 18;

/// A field as the constructor sees it.
pub(super) struct Parameter {
    /// The field's name, which is the parameter's too.
    pub(super) identifier: String,
    /// Its type where it has to be there; a member that may be left out is no parameter.
    pub(super) kind: Option<String>,
}

/// The `impl` with `new`, laid out as rustfmt would.
pub(super) fn constructor(rust_name: &str, fields: &[Parameter]) -> String {
    let mut text = format!(
        "\nimpl {rust_name} {{\n    /// One with what has to be there; what may be left out is `None`.\n"
    );
    let asked: Vec<(&str, &str)> = fields
        .iter()
        .filter_map(|field| Some((field.identifier.as_str(), field.kind.as_deref()?)))
        .collect();
    let parameters: Vec<String> = asked
        .iter()
        .map(|(name, kind)| format!("{name}: {kind}"))
        .collect();
    let line = format!("    pub fn new({}) -> Self {{", parameters.join(", "));
    if line.chars().count() <= WIDTH {
        text.push_str(&line);
        text.push('\n');
    } else {
        text.push_str("    pub fn new(\n");
        for (name, kind) in asked {
            text.push_str(&item(8, &format!("{name}:"), kind, ","));
        }
        text.push_str("    ) -> Self {\n");
    }
    let values: Vec<String> = fields
        .iter()
        .map(|field| match field.kind {
            Some(_) => field.identifier.clone(),
            None => format!("{}: None", field.identifier),
        })
        .collect();
    let inside = values.join(", ");
    if values.is_empty() {
        text.push_str("        Self {}\n");
    } else if inside.chars().count() <= LITERAL {
        text.push_str(&format!("        Self {{ {inside} }}\n"));
    } else {
        text.push_str("        Self {\n");
        for value in values {
            text.push_str(&format!("            {value},\n"));
        }
        text.push_str("        }\n");
    }
    text + "    }\n}\n"
}
