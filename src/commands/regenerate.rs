//! `regenerate`: brings a seller in step with its manifest and this version of the tool.

use serde_json::json;

use super::emission::{Emission, change_value, emit, problem_value, tell_problems};
use super::{Outcome, Result, source};
use crate::cli::RegenerateArgs;
use crate::report::{Printer, Table};
use crate::workspace::{self, Action, Change, LocalDisk, Workspace};

/// Brings the seller in step, or says what that would change.
pub(super) fn run(args: &RegenerateArgs, printer: &Printer) -> Result<Outcome> {
    let outcome = if args.dry_run {
        let Emission { stamp, files } =
            emit(&source::plan(source::of_seller(&args.dir)?, printer)?)?;
        workspace::preview(&args.dir, &stamp, &files, args.discard_edits)?
    } else {
        // An interrupted run may owe the manifest itself, so it is finished before that is read.
        let held = Workspace::open(&args.dir, &LocalDisk)?;
        if held.finished_interrupted_run() {
            printer.note("an interrupted run was finished first");
        }
        let Emission { stamp, files } =
            emit(&source::plan(source::of_seller(&args.dir)?, printer)?)?;
        held.regenerate(&stamp, &files, args.discard_edits)?
    };
    if printer.is_json() {
        printer.json(&json!({
            "written": outcome.written,
            "changes": outcome.changes.iter().map(|change| change_value(change, args.diff)).collect::<Vec<_>>(),
            "problems": outcome.problems.iter().map(problem_value).collect::<Vec<_>>(),
        }))?;
    } else if outcome.written || args.dry_run {
        tell_changes(&outcome.changes, args, printer)?;
    }
    tell_problems(&outcome.problems, printer);
    if !outcome.problems.is_empty() && !outcome.written && !args.dry_run {
        printer.note("nothing was written");
    } else if !outcome.has_findings()
        && !outcome
            .changes
            .iter()
            .any(|change| change.action.is_change())
    {
        printer.done("in step", &format!("`{}`", args.dir.display()));
    }
    Ok(if outcome.has_findings() {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

/// What happens to each file that is not simply as it was. In a dry run the list is what was asked
/// for; otherwise it only accompanies the work.
fn tell_changes(changes: &[Change], args: &RegenerateArgs, printer: &Printer) -> Result<()> {
    let told: Vec<&Change> = changes
        .iter()
        .filter(|change| change.action != Action::Unchanged)
        .collect();
    if args.dry_run && !told.is_empty() {
        let mut table = Table::new(["action", "zone", "file", "why"]);
        for change in &told {
            table.row(
                [
                    change.action.word(),
                    change.zone.word(),
                    &change.path,
                    change.action.reason(),
                ]
                .map(str::to_owned),
            );
        }
        printer.table(&table)?;
    } else {
        for change in &told {
            match change.action {
                Action::Conflict => {
                    printer.warn(&format!("`{}`: {}", change.path, change.action.reason()))
                }
                Action::KeepYours | Action::StayDeleted => {
                    printer.detail(&format!(
                        "{} `{}`: {}",
                        change.action.word(),
                        change.path,
                        change.action.reason()
                    ));
                }
                _ => printer.done(change.action.word(), &format!("`{}`", change.path)),
            }
        }
    }
    if args.diff {
        for diff in told.iter().filter_map(|change| change.unified_diff()) {
            printer.diff(&diff)?;
        }
    }
    Ok(())
}
