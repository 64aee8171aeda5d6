//! `verify`: what the official storyboards say about a seller.

use super::source::{self, Planned};
use super::{Error, Outcome, Result};
use crate::cli::VerifyArgs;
use crate::manifest::words;
use crate::plan::{Plan, Store, Transport};
use crate::report::{Printer, Table};
use crate::verify::{self, Failure, Options, Run, Selection, StartInstant, Tally, Verdict};

/// Verifies a seller and tells what was found.
pub(super) fn run(args: &VerifyArgs, printer: &Printer) -> Result<Outcome> {
    let Planned { plan, .. } = source::plan(source::of_seller(&args.dir)?, printer)?;
    let transport = transport(args.transport.as_deref(), &plan)?;
    let options = Options {
        seller: args.dir.clone(),
        transport,
        selection: match (args.all, args.storyboards.as_slice()) {
            (true, _) => Selection::All,
            (false, []) => Selection::Named(plan.specialisms.clone()),
            (false, named) => Selection::Named(named.to_vec()),
        },
        release: args.release,
        clock: StartInstant::from_flag(args.clock.as_deref())?,
        durable: plan.store != Store::Memory,
        approvals: plan.approval.is_needed(),
        keep: args.keep,
    };
    if !plan.signing.required.is_empty() {
        let signed = plan.signing.required.iter().map(String::as_str);
        printer.note(&format!(
            "the storyboards call {} without a signature, which this seller refuses",
            words::list(signed)
        ));
    }
    if let Some(rate) = &plan.entry.rate {
        printer.note(&format!(
            "[limits] of seller.toml hold for the storyboards, too: of their calls, many in a minute from one buyer, those beyond {} a minute and {} at once fail with RATE_LIMITED; run with higher limits to know what else fails",
            rate.per_minute, rate.burst
        ));
    }
    let progress = printer.progress("looking for the storyboard runner");
    let verdict = verify::verify(&options, &|doing| progress.message(doing))?;
    progress.done("verified", &plan.name);
    if printer.is_json() {
        printer.json(&verdict)?;
    } else {
        show(&verdict, printer)?;
    }
    Ok(if verdict.passes() {
        Outcome::Fine
    } else {
        Outcome::Findings
    })
}

/// The transport that was asked for, else the manifest's first.
fn transport(asked: Option<&str>, plan: &Plan) -> Result<Transport> {
    let served = &plan.transports;
    let found = match asked {
        Some(word) => served.iter().find(|transport| transport.word() == word),
        None => served.first(),
    };
    found.copied().ok_or_else(|| {
        let served = served.iter().map(|transport| transport.word());
        Error::message(format!(
            "this seller does not serve {}",
            asked.unwrap_or_default()
        ))
        .hint(format!("its transports: {}", words::list(served)))
    })
}

fn show(verdict: &Verdict, printer: &Printer) -> Result<()> {
    for run in &verdict.runs {
        printer.table(&table(run))?;
        for storyboard in &run.storyboards {
            for skip in &storyboard.skips {
                let why = skip.detail.as_deref().unwrap_or(&skip.reason);
                printer.data(&format!(
                    "skipped  {}: {}: {why}\n",
                    storyboard.id, skip.step
                ))?;
            }
        }
        for failure in &run.failures {
            printer.data(&told(failure))?;
        }
        printer.data("\n")?;
    }
    let Tally {
        passed,
        failed,
        skipped,
    } = verdict.steps;
    printer.data(&format!(
        "{passed} passed, {failed} failed, {skipped} skipped\n"
    ))?;
    let clock = match &verdict.clock {
        Some(instant) => format!("runner and seller ran on a clock that started at {instant}"),
        None => "runner and seller ran on the machine's clock".to_owned(),
    };
    printer.note(&format!(
        "judged by {} over {}; {clock}",
        verdict.runner, verdict.transport
    ));
    for run in &verdict.runs {
        if let Some(approved) = run.approved {
            printer.note(&format!(
                "{}: {approved} tasks that waited for a person were approved through the operator API",
                run.name
            ));
        }
        printer.note(&format!(
            "report of {}: `{}`",
            run.name,
            run.report.display()
        ));
    }
    Ok(())
}

/// One row for each storyboard. What the runner counts without listing it has one row together.
fn table(run: &Run) -> Table {
    let mut table = Table::new(["storyboard", "passed", "failed", "skipped"]);
    let mut row = |name: String, steps: Tally| {
        table.row([
            name,
            steps.passed.to_string(),
            steps.failed.to_string(),
            steps.skipped.to_string(),
        ]);
    };
    for storyboard in &run.storyboards {
        row(storyboard.id.clone(), storyboard.steps);
    }
    if let Some(unlisted) = &run.unlisted {
        row(
            format!(
                "{} (counted together by the runner)",
                unlisted.storyboards.join(", ")
            ),
            unlisted.steps,
        );
    }
    row(format!("{}, total", run.name), run.steps);
    table
}

fn told(failure: &Failure) -> String {
    let error = failure
        .error
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let mut text = format!(
        "failed   {}: {} ({}): {error}\n",
        failure.storyboard, failure.title, failure.task
    );
    let at = failure
        .pointer
        .as_ref()
        .map(|pointer| format!(" at {pointer}"))
        .unwrap_or_default();
    if let Some(expected) = &failure.expected {
        text.push_str(&format!("         expected{at}: {}\n", worded(expected)));
    }
    if let Some(actual) = &failure.actual {
        text.push_str(&format!("         actual{at}: {}\n", worded(actual)));
    }
    text
}

fn worded(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(
        || value.to_string(),
        |text| text.trim().replace('\n', "\n           "),
    )
}
