//! `check`: whether a seller is what this tool would write from its manifest.

use serde_json::json;

use super::emission::{Emission, emit, tell_findings};
use super::{Outcome, Result, source};
use crate::cli::CheckArgs;
use crate::report::Printer;
use crate::workspace;

/// Says which files are out of step, and why. Writes nothing.
pub(super) fn run(args: &CheckArgs, printer: &Printer) -> Result<Outcome> {
    // An interrupted run may owe the manifest itself, so that comes before it is read.
    let drifts = match workspace::check_interrupted(&args.dir)? {
        Some(drifts) => drifts,
        None => {
            let Emission { stamp, files } =
                emit(&source::plan(source::of_seller(&args.dir)?, printer)?)?;
            workspace::check(&args.dir, &stamp, &files)?
        }
    };
    if printer.is_json() {
        printer.json(&json!({ "in_step": drifts.is_empty(), "drift": drifts }))?;
    }
    if drifts.is_empty() {
        printer.done("in step", &format!("`{}`", args.dir.display()));
        return Ok(Outcome::Fine);
    }
    tell_findings(&drifts, printer);
    Ok(Outcome::Findings)
}
