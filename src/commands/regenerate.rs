//! `regenerate`: brings a seller in step with its manifest and this version of the tool.

use serde_json::json;

use super::emission::{Emission, change_value, emit, problem_value, tell_problems};
use super::{Outcome, Result, notes, source};
use crate::cli::RegenerateArgs;
use crate::report::{Printer, Table};
use crate::workspace::{self, Action, Change, Drift, LocalDisk, Workspace};

/// Brings the seller in step, or says what that would change.
pub(super) fn run(args: &RegenerateArgs, printer: &Printer) -> Result<Outcome> {
    let outcome = if args.dry_run {
        preview(args, printer)?
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
            "in_step": outcome.is_in_step(),
            "refused": outcome.is_refused(),
            "written": outcome.written,
            "changes": outcome.changes.iter().map(|change| change_value(change, args.diff)).collect::<Vec<_>>(),
            "problems": outcome.problems.iter().map(problem_value).collect::<Vec<_>>(),
            "upkeep": outcome.upkeep,
            "notes": notes::of_changes(&outcome.changes),
        }))?;
    } else {
        tell(&outcome, args, printer)?;
    }
    Ok(if outcome.has_findings() {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

/// What a run would do. Of an interrupted one nothing but that is known.
fn preview(args: &RegenerateArgs, printer: &Printer) -> Result<workspace::Outcome> {
    if let Some(outcome) = workspace::preview_interrupted(&args.dir)? {
        return Ok(outcome);
    }
    let Emission { stamp, files } = emit(&source::plan(source::of_seller(&args.dir)?, printer)?)?;
    Ok(workspace::preview(
        &args.dir,
        &stamp,
        &files,
        args.discard_edits,
    )?)
}

/// What a run did or would do, for a person.
fn tell(outcome: &workspace::Outcome, args: &RegenerateArgs, printer: &Printer) -> Result<()> {
    if outcome.written || args.dry_run {
        tell_changes(&outcome.changes, args, printer)?;
        tell_upkeep(outcome, args, printer);
        for note in notes::of_changes(&outcome.changes) {
            printer.note(&note);
        }
    }
    tell_problems(&outcome.problems, printer);
    if outcome.is_refused() {
        printer.note(if args.dry_run {
            "a run would be refused and write nothing until that is dealt with"
        } else {
            "nothing was written"
        });
    } else if outcome.is_in_step() {
        printer.done("in step", &format!("`{}`", args.dir.display()));
    }
    Ok(())
}

/// What is renewed in the tool's own folder: news only where no file of the seller changes.
fn tell_upkeep(outcome: &workspace::Outcome, args: &RegenerateArgs, printer: &Printer) {
    let is_news = !outcome
        .changes
        .iter()
        .any(|change| change.action.is_change());
    let verb = if args.dry_run { "to renew" } else { "renewed" };
    for Drift { path, cause, .. } in &outcome.upkeep {
        let what = format!("`{path}`: it {cause}");
        if is_news {
            printer.done(verb, &what);
        } else {
            printer.detail(&format!("{verb} {what}"));
        }
    }
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
        let is_news = told.iter().any(|change| change.action.is_change());
        let why = |change: &Change| format!("`{}`: {}", change.path, change.action.reason());
        for change in &told {
            match change.action {
                Action::Conflict => {
                    printer.warn(&format!("`{}`: {}", change.path, change.action.reason()))
                }
                // Told once, with what else the run changes: it stays so for good.
                Action::KeepYours if is_news => printer.done(change.action.word(), &why(change)),
                Action::Release => printer.done(change.action.word(), &why(change)),
                Action::KeepYours | Action::StayDeleted => {
                    printer.detail(&format!("{} {}", change.action.word(), why(change)));
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
