//! `spec`: the AdCP lines at hand, and adding one from an official bundle.

use serde_json::{Value, json};

use super::{Outcome, Result};
use crate::cli::{SpecAddArgs, SpecArgs, SpecCommand};
use crate::report::{Printer, Step, Table};
use crate::spec::{self, Keep, Listed, SpecLine, import, store};

/// Shows or adds lines.
pub(super) fn run(args: &SpecArgs, printer: &Printer) -> Result<Outcome> {
    match &args.command {
        SpecCommand::Add(args) => add(args, printer),
        SpecCommand::List => list(printer),
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
    for line in lines {
        table.row([
            line.line,
            line.version,
            line.tools.to_string(),
            line.definitions.to_string(),
            if line.embedded {
                "built in"
            } else {
                "your own"
            }
            .to_owned(),
            line.source.sha256.chars().take(HASH_SHOWN).collect(),
            line.source.label,
        ]);
    }
    printer.table(&table)?;
    Ok(Outcome::Fine)
}

fn row(line: &Listed) -> Value {
    json!({
        "line": line.line,
        "version": line.version,
        "tools": line.tools,
        "types": line.definitions,
        "built_in": line.embedded,
        "sha256": line.source.sha256,
        "source": line.source.label,
        "findings": line.source.findings,
    })
}

fn add(args: &SpecAddArgs, printer: &Printer) -> Result<Outcome> {
    let progress = printer.progress(&format!("reading {}", args.path.display()));
    let (line, folder) = match &args.into {
        // What goes into a folder is for shipping: structure only, no prose of the spec's.
        Some(folder) => {
            let line = import::import(&args.path, Keep::Structure, args.label.as_deref(), None)?;
            store::save(&line, folder)?;
            (line, folder.clone())
        }
        None => {
            let home = store::home()?;
            let line = store::add(&args.path, &home)?;
            let folder = home.join(&line.line);
            (line, folder)
        }
    };
    progress.done("added", &summary(&line));
    for finding in &line.source.findings {
        printer.warn(finding);
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
            "folder": folder.display().to_string(),
        }))?;
    }
    printer.detail(&format!("kept in `{}`", folder.display()));
    if args.into.is_none() {
        printer.next_steps(&[Step {
            command: format!("adcp-scaffold new DIR --adcp {}", line.line),
            purpose: "write a seller that speaks it".to_owned(),
        }]);
    }
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
