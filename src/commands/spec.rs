//! `spec`: the AdCP lines at hand, adding one from an official bundle, removing it again.

use serde_json::{Value, json};

use super::{Error, Outcome, Result};
use crate::cli::{SpecAddArgs, SpecArgs, SpecCommand, SpecRemoveArgs};
use crate::manifest::words;
use crate::report::{Printer, Step, Table};
use crate::spec::store::{self, Added, Replaced};
use crate::spec::{self, Keep, Listed, SpecLine, import};

/// Shows, adds or removes lines.
pub(super) fn run(args: &SpecArgs, printer: &Printer) -> Result<Outcome> {
    match &args.command {
        SpecCommand::Add(args) => add(args, printer),
        SpecCommand::List => list(printer),
        SpecCommand::Remove(args) => remove(args, printer),
    }
}

/// How much of a hash is shown: enough to tell two bundles apart at a glance.
const HASH_SHOWN: usize = 12;

fn list(printer: &Printer) -> Result<Outcome> {
    let lines = spec::list()?;
    if printer.is_json() {
        printer.json(&lines.iter().map(row).collect::<Vec<_>>())?;
        return Ok(Outcome::Fine);
    }
    let mut table = Table::new([
        "line", "version", "tools", "types", "kept", "sha256", "source",
    ]);
    for line in &lines {
        table.row([
            line.line.clone(),
            line.version.clone(),
            line.tools.to_string(),
            line.definitions.to_string(),
            if line.embedded {
                "built in"
            } else {
                "your own"
            }
            .to_owned(),
            line.source.sha256.chars().take(HASH_SHOWN).collect(),
            line.source.label.clone(),
        ]);
    }
    printer.table(&table)?;
    for line in &lines {
        printer.detail(&format!(
            "specialisms of {}: {}",
            line.line,
            line.specialisms.join(", ")
        ));
    }
    Ok(Outcome::Fine)
}

fn row(line: &Listed) -> Value {
    json!({
        "line": line.line,
        "version": line.version,
        "tools": line.tools,
        "specialisms": line.specialisms,
        "types": line.definitions,
        "built_in": line.embedded,
        "sha256": line.source.sha256,
        "source": line.source.label,
        "findings": line.source.findings,
    })
}

fn add(args: &SpecAddArgs, printer: &Printer) -> Result<Outcome> {
    let progress = printer.progress(&format!("reading {}", args.path.display()));
    let (Added { line, replaced }, place) = match &args.into {
        // What goes into a folder is for shipping: structure only, no prose of the spec's.
        Some(folder) => {
            let line = import::import(&args.path, Keep::Structure, args.label.as_deref(), None)?;
            store::save(&line, folder)?;
            let replaced = None;
            (Added { line, replaced }, folder.clone())
        }
        None => {
            let home = store::home()?;
            let added = store::add(&args.path, &home, args.label.as_deref())?;
            (added, home)
        }
    };
    progress.done("added", &summary(&line));
    let downgrade = replaced.as_ref().filter(|replaced| replaced.newer);
    let warnings: Vec<String> = line
        .source
        .findings
        .iter()
        .cloned()
        .chain(downgrade.map(|replaced| older(&line, replaced)))
        .collect();
    for warning in &warnings {
        printer.warn(warning);
    }
    if let Some(replaced) = downgrade {
        printer.hint(&way_back(&line, replaced));
    }
    if printer.is_json() {
        printer.json(&json!({
            "line": line.line,
            "version": line.version(),
            "tools": line.facts.tools.len(),
            "types": line.definitions.schemas.len(),
            "sha256": line.source.sha256,
            "source": line.source.label,
            "findings": line.source.findings,
            "folder": place.display().to_string(),
            "replaced": replaced.as_ref().map(|replaced| json!({
                "version": replaced.version,
                "built_in": replaced.embedded,
                "newer": replaced.newer,
                "lost_tools": replaced.lost_tools,
            })),
        }))?;
    }
    printer.detail(&format!("kept in `{}`", place.display()));
    if args.into.is_none() {
        printer.next_steps(&[Step {
            command: format!("adcp-scaffold new DIR --adcp {}", line.line),
            purpose: "write a seller that speaks it".to_owned(),
        }]);
    }
    Ok(Outcome::Fine)
}

fn older(line: &SpecLine, replaced: &Replaced) -> String {
    let whose = if replaced.embedded {
        "that is built in"
    } else {
        "that you had added"
    };
    let lost = match replaced.lost_tools.as_slice() {
        [] => String::new(),
        lost => format!(
            "; it lacks {}",
            words::list(lost.iter().map(String::as_str))
        ),
    };
    format!(
        "{} is older than the {} {whose}, and is used instead of it from now on{lost}",
        line.version(),
        replaced.version
    )
}

fn way_back(line: &SpecLine, replaced: &Replaced) -> String {
    if replaced.embedded {
        format!(
            "`adcp-scaffold spec remove {}` goes back to the built-in {}",
            line.line, replaced.version
        )
    } else {
        format!(
            "add the bundle of {} again to go back to it",
            replaced.version
        )
    }
}

fn remove(args: &SpecRemoveArgs, printer: &Printer) -> Result<Outcome> {
    let home = store::home()?;
    let line = &args.line;
    if !store::remove(line, &home)? {
        let error = Error::message(format!("you have added no AdCP line `{line}`"));
        return Err(match store::own_lines(&home)?.as_slice() {
            [] => error.hint("there is none of your own; what is built in stays"),
            own => error.hint(format!(
                "your own lines: {}",
                words::list(own.iter().map(String::as_str))
            )),
        });
    }
    let now = store::embedded(line)?.map(|line| line.facts.version);
    if printer.is_json() {
        printer.json(&json!({ "line": line, "removed": true, "built_in": now }))?;
    }
    let rest = match &now {
        Some(version) => format!("; the built-in {version} is used again"),
        None => String::new(),
    };
    printer.done("removed", &format!("your own AdCP {line}{rest}"));
    Ok(Outcome::Fine)
}

fn summary(line: &SpecLine) -> String {
    format!(
        "AdCP {} ({}): {} tools, {} types",
        line.line,
        line.version(),
        line.facts.tools.len(),
        line.definitions.schemas.len()
    )
}
