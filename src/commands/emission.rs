//! From a plan to what belongs in the seller's folder, and what a run says about each file.

use serde_json::{Value, json};

use super::Result;
use super::source::Planned;
use crate::render::{self, RenderedFile};
use crate::report::Printer;
use crate::workspace::{self, Change, Drift, Problem, Stamp};

/// What belongs in a seller's folder, and from what it was made.
pub(super) struct Emission {
    pub(super) stamp: Stamp,
    pub(super) files: Vec<RenderedFile>,
}

/// Renders what was planned.
pub(super) fn emit(planned: &Planned) -> Result<Emission> {
    Ok(Emission {
        stamp: Stamp {
            tool: render::TOOL_VERSION.to_owned(),
            runtime: render::runtime_version()?,
            spec: planned.line.line.clone(),
            spec_version: planned.line.version().to_owned(),
            spec_hash: planned.line.source.sha256.clone(),
            manifest_hash: workspace::manifest_hash(planned.source.text()),
        },
        files: render::render(&planned.plan, &planned.line)?,
    })
}

/// Says what is wrong with each file, then once each what to do about it.
pub(super) fn tell_findings(findings: &[Drift], printer: &Printer) {
    let mut remedies: Vec<&str> = Vec::new();
    for Drift {
        path,
        cause,
        remedy,
    } in findings
    {
        printer.warn(&format!("`{path}` {cause}"));
        if !remedies.contains(&remedy.as_str()) {
            remedies.push(remedy);
        }
    }
    for remedy in remedies {
        printer.hint(remedy);
    }
}

/// As [`tell_findings`], of what a run refused.
pub(super) fn tell_problems(problems: &[Problem], printer: &Printer) {
    let findings: Vec<Drift> = problems.iter().cloned().map(Drift::from).collect();
    tell_findings(&findings, printer);
}

/// One file for a machine.
pub(super) fn change_value(change: &Change, with_diff: bool) -> Value {
    let mut value = json!({
        "path": change.path,
        "zone": change.zone,
        "action": change.action,
        "reason": change.action.reason(),
    });
    if with_diff {
        value["diff"] = change.unified_diff().into();
    }
    value
}

/// One problem for a machine.
pub(super) fn problem_value(problem: &Problem) -> Value {
    json!({
        "path": problem.path,
        "problem": problem.kind,
        "cause": problem.kind.cause(),
        "remedy": problem.kind.remedy(),
    })
}
