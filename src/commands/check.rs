//! `check`: whether a seller is what this tool would write from its manifest.

use serde_json::json;

use super::emission::{Emission, emit};
use super::{Outcome, Result, source};
use crate::cli::CheckArgs;
use crate::report::Printer;
use crate::workspace::{self, Drift};

/// Says which files are out of step, and why. Writes nothing.
pub(super) fn run(args: &CheckArgs, printer: &Printer) -> Result<Outcome> {
    let Emission { stamp, files } = emit(&source::plan(source::of_seller(&args.dir)?, printer)?)?;
    let drifts = workspace::check(&args.dir, &stamp, &files)?;
    if printer.is_json() {
        printer.json(&json!({ "in_step": drifts.is_empty(), "drift": drifts }))?;
    }
    if drifts.is_empty() {
        printer.done("in step", &format!("`{}`", args.dir.display()));
        return Ok(Outcome::Fine);
    }
    if !printer.is_json() {
        let mut remedies: Vec<&str> = Vec::new();
        for Drift {
            path,
            cause,
            remedy,
        } in &drifts
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
    Ok(Outcome::Findings)
}
