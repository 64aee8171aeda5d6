//! `new`: a seller from a manifest, flags or a few answers.

use serde_json::json;

use super::emission::{Emission, change_value, emit, problem_value, tell_problems};
use super::{Outcome, Result, source};
use crate::cli::NewArgs;
use crate::manifest::FILE_NAME;
use crate::report::{Printer, Step};
use crate::workspace::{self, LocalDisk};

/// Writes a new seller.
pub(super) fn run(args: &NewArgs, printer: &Printer) -> Result<Outcome> {
    // Before anybody answers questions for nothing.
    workspace::refuse_occupied(&args.dir)?;
    let planned = source::plan(source::of_new(args, printer)?, printer)?;
    let Emission { stamp, files } = emit(&planned)?;
    let outcome = workspace::create(&args.dir, &LocalDisk, &stamp, &files, planned.source.text())?;
    tell_problems(&outcome.problems, printer);
    if printer.is_json() {
        printer.json(&json!({
            "folder": args.dir.display().to_string(),
            "name": planned.plan.name,
            "manifest": FILE_NAME,
            "written": outcome.written,
            "changes": outcome.changes.iter().map(|change| change_value(change, false)).collect::<Vec<_>>(),
            "problems": outcome.problems.iter().map(problem_value).collect::<Vec<_>>(),
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
    let step = |command: String, purpose: &str| Step {
        command,
        purpose: purpose.to_owned(),
    };
    let mut steps = vec![
        step(
            "cargo run -- serve --sandbox".to_owned(),
            "build and start it; it prints its URL and a token",
        ),
        step(
            "adcp-scaffold verify".to_owned(),
            "run the official storyboards against it",
        ),
        step(
            "adcp-scaffold regenerate".to_owned(),
            "after a change of `seller.toml`",
        ),
    ];
    if args.dir.as_os_str() != "." {
        steps.insert(
            0,
            step(format!("cd {dir}"), "what to edit first is in `README.md`"),
        );
    }
    printer.next_steps(&steps);
    Ok(Outcome::Fine)
}
