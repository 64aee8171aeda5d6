//! `src/spec.rs`: the line's facts as a static of the runtime's type.

use super::HEAD;
use super::text::quoted;
use crate::spec::SpecLine;
use crate::wire::ToolTypes;

/// Prints the file. `tools` are the seller's, sorted by name.
pub fn print(line: &SpecLine, tools: &[ToolTypes]) -> String {
    let mut text = format!(
        "{HEAD}\n//! What AdCP {0} says, restricted to this seller's tools.\n\n\
         use adcp_seller::error::Recovery;\n\
         use adcp_seller::spec::{{Spec, Tool}};\n\n\
         /// The facts of AdCP {0}.\n\
         pub static SPEC: Spec = Spec {{\n    line: {1},\n    version: {2},\n    major: {3},\n",
        line.line,
        quoted(&line.line),
        quoted(line.version()),
        line.major(),
    );
    let entries: Vec<String> = tools
        .iter()
        .map(|tool| {
            format!(
                "Tool {{\n    name: {},\n    mutating: {},\n    request: {},\n    response: {},\n}}",
                quoted(&tool.name),
                tool.mutating,
                quoted(&tool.request_definition),
                quoted(&tool.response_definition),
            )
        })
        .collect();
    match entries.as_slice() {
        // rustfmt lets a single element share the lines of its brackets.
        [only] => text.push_str(&format!(
            "    tools: &[{}],\n",
            indented(only, 4).trim_start()
        )),
        _ => {
            text.push_str("    tools: &[\n");
            entries
                .iter()
                .for_each(|entry| text.push_str(&format!("{},\n", indented(entry, 8))));
            text.push_str("    ],\n");
        }
    }
    text.push_str("    errors: &[\n");
    for (code, recovery) in &line.facts.error_codes {
        let class = match recovery.as_str() {
            "correctable" => "Correctable",
            "terminal" => "Terminal",
            _ => "Transient",
        };
        text.push_str(&format!("        ({}, Recovery::{class}),\n", quoted(code)));
    }
    text.push_str(
        "    ],\n    schemas: include_str!(\"../schemas.json\"),\n    tool_list: include_str!(\"../tools.json\"),\n};\n",
    );
    text
}

fn indented(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    text.lines()
        .map(|line| format!("{pad}{line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
