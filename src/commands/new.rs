//! `new`: a seller from a manifest, flags or a few answers.

use serde_json::json;

use super::emission::{Emission, change_value, emit, problem_value, tell_problems};
use super::{Outcome, Result, notes, source};
use crate::cli::NewArgs;
use crate::manifest::FILE_NAME;
use crate::plan::{Plan, RecipeSource};
use crate::report::{self, Printer};
use crate::workspace::{self, LocalDisk};

/// Writes a new seller.
pub(super) fn run(args: &NewArgs, printer: &Printer) -> Result<Outcome> {
    // Before anybody answers questions for nothing.
    workspace::refuse_occupied(&args.dir)?;
    let planned = source::plan(source::of_new(args, printer)?, printer)?;
    let Emission { stamp, files } = emit(&planned)?;
    let outcome = workspace::create(
        &args.dir,
        &LocalDisk,
        &stamp,
        &files,
        planned.source.text(),
        &named_files(&planned.plan),
    )?;
    tell_problems(&outcome.problems, printer);
    let notes = notes::of_changes(&outcome.changes);
    if printer.is_json() {
        printer.json(&json!({
            "folder": args.dir.display().to_string(),
            "name": planned.plan.name,
            "manifest": FILE_NAME,
            "written": outcome.written,
            "changes": outcome.changes.iter().map(|change| change_value(change, false)).collect::<Vec<_>>(),
            "problems": outcome.problems.iter().map(problem_value).collect::<Vec<_>>(),
            "notes": notes,
        }))?;
    }
    if outcome.has_findings() {
        return Ok(Outcome::Findings);
    }
    let dir = args.dir.display();
    printer.done(
        "created",
        &format!(
            "`{dir}`: the seller `{}`, {FILE_NAME} and {} files",
            planned.plan.name,
            outcome.changes.len()
        ),
    );
    for note in notes {
        printer.note(&note);
    }
    printer.next_steps(&report::after_new(&planned.plan, &args.dir));
    Ok(Outcome::Fine)
}

/// The files that the manifest names, which move into the seller's folder with it.
fn named_files(plan: &Plan) -> Vec<(&str, &str)> {
    let source = plan.recipe.as_ref().map(|recipe| &recipe.source);
    match source {
        Some(RecipeSource::File { path, text, .. }) => vec![(path, text)],
        Some(RecipeSource::Preset(_)) | None => Vec::new(),
    }
}
