//! `src/spec.rs`: the line's facts as a static of the runtime's type.

use super::HEAD;
use super::text::quoted;
use crate::spec::SpecLine;
use crate::wire::ToolTypes;

/// Prints the file. `tools` are the seller's, sorted by name.
pub fn print(line: &SpecLine, tools: &[ToolTypes]) -> String {
    let mut text = format!(
        "{HEAD}\n//! What AdCP {0} says, restricted to this seller's tools.\n\n\
         {4}use adcp_seller::spec::{{Spec, Tool}};\n\n\
         /// The facts of AdCP {0}.\n\
         pub static SPEC: Spec = Spec {{\n    line: {1},\n    version: {2},\n    major: {3},\n",
        line.line,
        quoted(&line.line),
        quoted(line.version()),
        line.major(),
        if line.facts.error_codes.is_empty() {
            ""
        } else {
            "use adcp_seller::error::Recovery;\n"
        },
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
        [] => text.push_str("    tools: &[],\n"),
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
    let codes: Vec<String> = line
        .facts
        .error_codes
        .iter()
        .map(|(code, recovery)| error_code(code, recovery))
        .collect();
    // rustfmt keeps an array on one line up to its `array_width`, 60.
    if codes.join(", ").len() <= 58 {
        text.push_str(&format!("    errors: &[{}],\n", codes.join(", ")));
    } else {
        let codes = codes.iter().map(|code| format!("{},\n", indented(code, 8)));
        text.push_str(&format!(
            "    errors: &[\n{}    ],\n",
            codes.collect::<String>()
        ));
    }
    text.push_str(
        "    schemas: include_str!(\"../schemas.json\"),\n    \
         tool_list: include_str!(\"../tools.json\"),\n};\n",
    );
    text
}

/// A standard code with its recovery class.
fn error_code(code: &str, recovery: &str) -> String {
    let class = match recovery {
        "correctable" => "Recovery::Correctable",
        "terminal" => "Recovery::Terminal",
        _ => "Recovery::Transient",
    };
    let code = quoted(code);
    // rustfmt breaks a tuple that is wider than its `fn_call_width`, 60.
    if code.len() + class.len() + 2 <= 60 {
        format!("({code}, {class})")
    } else {
        format!("(\n    {code},\n    {class},\n)")
    }
}

fn indented(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    text.lines()
        .map(|line| format!("{pad}{line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
