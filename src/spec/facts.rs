//! The facts of a bundle's `manifest.json`: tools, error codes, specialisms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SpecError;

/// One task of the protocol, which MCP calls a tool and A2A a skill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolFacts {
    /// The protocol it belongs to, as the manifest writes it: `media-buy`.
    pub protocol: String,
    /// Whether it changes state, and so takes an idempotency key.
    pub mutating: bool,
    /// The definition of its request.
    pub request: String,
    /// The definition of its response.
    pub response: String,
    /// Definitions of requests of the same tool in other protocols' folders
    /// (`list_creative_formats` has one for media buys and one for creatives).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_requests: Vec<String>,
    /// Definitions of what an asynchronous task reports on its way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub async_responses: Vec<String>,
    /// The specialisms that exercise it, kebab-case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub specialisms: Vec<String>,
}

/// One specialism, which a seller can claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialismFacts {
    /// The protocol it belongs to, as the manifest writes it: `media-buy`.
    pub protocol: String,
    /// The tools with which a buyer starts.
    pub entry_point_tools: Vec<String>,
    /// All tools that its storyboards call.
    pub exercised_tools: Vec<String>,
}

/// What a manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The exact version: `3.0.18`.
    pub version: String,
    /// By wire name.
    pub tools: BTreeMap<String, ToolFacts>,
    /// Standard error codes with their recovery class: `correctable`, `terminal` or `transient`.
    pub error_codes: BTreeMap<String, String>,
    /// By slug, kebab-case as on the wire: `sales-non-guaranteed`.
    pub specialisms: BTreeMap<String, SpecialismFacts>,
}

/// Reads the manifest. `name_of` gives the definition of a schema file, if the bundle has it.
/// Returns also what is to be reported: tools whose schemas the bundle lacks.
///
/// # Errors
/// When the manifest has not the form that all published ones have.
pub fn read(
    manifest: &Value,
    name_of: impl Fn(&str) -> Option<String>,
) -> Result<(Facts, Vec<String>), SpecError> {
    let at = Manifest(manifest);
    let mut facts = Facts {
        version: at.text("/adcp_version")?,
        ..Facts::default()
    };
    let mut findings = Vec::new();
    for (name, tool) in at.members("/tools")? {
        let pointer = format!("/tools/{name}");
        let schema = |key: &str| {
            let file = at.text(&format!("{pointer}/{key}"))?;
            Ok::<_, SpecError>(name_of(&file).ok_or(file))
        };
        let (request, response) = match (schema("request_schema")?, schema("response_schema")?) {
            (Ok(request), Ok(response)) => (request, response),
            (Err(file), _) | (_, Err(file)) => {
                findings.push(format!("tool {name} is left out: the bundle has no {file}"));
                continue;
            }
        };
        let mut async_responses = Vec::new();
        for file in strings(tool.get("async_response_schemas")) {
            match name_of(&file) {
                Some(name) => async_responses.push(name),
                None => findings.push(format!("tool {name}: the bundle has no {file}")),
            }
        }
        let facts_of_tool = ToolFacts {
            protocol: at.text(&format!("{pointer}/protocol"))?,
            mutating: tool
                .get("mutating")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            request,
            response,
            other_requests: Vec::new(),
            async_responses,
            specialisms: strings(tool.get("specialisms"))
                .iter()
                .map(|slug| kebab(slug))
                .collect(),
        };
        facts.tools.insert(name.clone(), facts_of_tool);
    }
    for (code, entry) in at.members("/error_codes")? {
        let recovery = entry
            .get("recovery")
            .and_then(Value::as_str)
            .unwrap_or("transient");
        facts.error_codes.insert(code.clone(), recovery.to_owned());
    }
    for (slug, entry) in at.members("/specialisms")? {
        let specialism = SpecialismFacts {
            protocol: at.text(&format!("/specialisms/{slug}/protocol"))?,
            entry_point_tools: strings(entry.get("entry_point_tools")),
            exercised_tools: strings(entry.get("exercised_tools")),
        };
        facts.specialisms.insert(kebab(slug), specialism);
    }
    Ok((facts, findings))
}

/// The tools with which buyers look after tasks. Before AdCP 3.1 the manifest lists none, though the
/// schemas are there: `core/tasks-X-request.json` and its response describe the task `tasks/X`. Later
/// lines have both these and tools of other names for the same. `by_source` are the definitions by
/// file.
pub fn task_tools(by_source: &BTreeMap<&str, &str>) -> BTreeMap<String, ToolFacts> {
    let tool = |(file, request): (&&str, &&str)| {
        let action = file
            .strip_prefix("core/tasks-")?
            .strip_suffix("-request.json")?;
        let response = by_source.get(format!("core/tasks-{action}-response.json").as_str())?;
        let facts = ToolFacts {
            protocol: "core".to_owned(),
            mutating: false,
            request: (*request).to_owned(),
            response: (*response).to_owned(),
            other_requests: Vec::new(),
            async_responses: Vec::new(),
            specialisms: Vec::new(),
        };
        Some((format!("tasks/{action}"), facts))
    };
    by_source.iter().filter_map(tool).collect()
}

/// The manifest spells slugs with underscores, the wire with hyphens.
fn kebab(slug: &str) -> String {
    slug.replace('_', "-")
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

struct Manifest<'a>(&'a Value);

impl<'a> Manifest<'a> {
    fn text(&self, pointer: &str) -> Result<String, SpecError> {
        let text = self.0.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned)
            .ok_or_else(|| self.not_a(pointer, "string"))
    }

    fn members(&self, pointer: &str) -> Result<&'a serde_json::Map<String, Value>, SpecError> {
        self.0
            .pointer(pointer)
            .and_then(Value::as_object)
            .ok_or_else(|| self.not_a(pointer, "object"))
    }

    fn not_a(&self, pointer: &str, kind: &str) -> SpecError {
        SpecError::schema(
            "manifest.json",
            pointer,
            format!("expected {kind} here"),
            "use an unchanged official bundle",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_of_tasks_are_tools_where_request_and_response_are_there() {
        let files = BTreeMap::from([
            ("core/tasks-get-request.json", "Ask"),
            ("core/tasks-get-response.json", "Answer"),
            ("core/tasks-list-request.json", "Lonely"),
            ("core/task-status.json", "Status"),
            ("protocol/tasks-end-request.json", "Elsewhere"),
            ("protocol/tasks-end-response.json", "ElsewhereToo"),
        ]);
        let tools = task_tools(&files);
        let names: Vec<&str> = tools.keys().map(String::as_str).collect();
        assert_eq!(names, ["tasks/get"]);
        let tool = &tools["tasks/get"];
        assert_eq!(
            (tool.request.as_str(), tool.response.as_str()),
            ("Ask", "Answer")
        );
        assert!(!tool.mutating);
    }
}
