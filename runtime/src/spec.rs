//! What one AdCP line says, as data that the generated `wire` crate hands over.

use crate::error::Recovery;

/// The facts of one AdCP line, restricted to what a seller claims.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The line: `3.0`.
    pub line: &'static str,
    /// The exact version that the facts were taken from: `3.0.18`.
    pub version: &'static str,
    /// What a buyer sends as `adcp_major_version`.
    pub major: u32,
    /// The tools that this seller offers, sorted by name.
    pub tools: &'static [Tool],
    /// The standard error codes with their recovery class, sorted by code.
    pub errors: &'static [(&'static str, Recovery)],
    /// One JSON Schema (draft-07) document, `{"definitions": {…}}`, that holds every definition
    /// that the tools reach. Whole: bounds, patterns and conditionals included.
    pub schemas: &'static str,
    /// The JSON array that answers MCP `tools/list`, byte for byte.
    pub tool_list: &'static str,
}

/// One AdCP task, which MCP calls a tool and A2A a skill.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// The wire name: `create_media_buy`.
    pub name: &'static str,
    /// Whether it changes state, and so takes an idempotency key (`manifest.json`, `mutating`).
    pub mutating: bool,
    /// The definition that the request must satisfy.
    pub request: &'static str,
    /// The definition that the response must satisfy.
    pub response: &'static str,
}

/// Codes that a later line added and that an older line has no code of its own for, all of them
/// correctable there (AdCP 3.1, `enums/error-code.json`).
const LATER: [&str; 2] = ["MULTI_FINALIZE_UNSUPPORTED", "PROPOSAL_NOT_FOUND"];

/// The runtime's own codes, all of them terminal.
const OWN: [&str; 2] = ["APPROVAL_REJECTED", "INTERNAL_ERROR"];

impl Spec {
    /// The tool of that name, if this seller offers it.
    pub fn tool(&self, name: &str) -> Option<&'static Tool> {
        let at = self
            .tools
            .binary_search_by(|tool| tool.name.cmp(name))
            .ok()?;
        self.tools.get(at)
    }

    /// The recovery class of a code. A code that the line does not know is transient, as the
    /// line's `error_code_policy` demands of buyers, save for the runtime's own: an internal error,
    /// and a person's no, which only a person can undo.
    pub fn recovery(&self, code: &str) -> Recovery {
        match self.listed(code) {
            Some(class) => class,
            None if OWN.contains(&code) => Recovery::Terminal,
            None if LATER.contains(&code) => Recovery::Correctable,
            None => Recovery::Transient,
        }
    }

    /// The recovery class that the line's table gives a code; `None` for a code that is not in it.
    pub fn listed(&self, code: &str) -> Option<Recovery> {
        let at = self
            .errors
            .binary_search_by(|(known, _)| (*known).cmp(code))
            .ok()?;
        self.errors.get(at).map(|(_, class)| *class)
    }
}
