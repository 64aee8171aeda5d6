//! `explain`: what a code means, or all of them.

use serde_json::json;

use super::{Error, Outcome, Result};
use crate::cli::ExplainArgs;
use crate::manifest::codes::{self, Entry};
use crate::manifest::{CODES, Severity, words};
use crate::report::{Printer, Table};

/// Prints the explanation of a code, or the list of codes.
pub(super) fn run(args: &ExplainArgs, printer: &Printer) -> Result<Outcome> {
    match &args.code {
        Some(code) => one(code, printer)?,
        None => all(printer)?,
    }
    Ok(Outcome::Fine)
}

fn one(typed: &str, printer: &Printer) -> Result<()> {
    let entry = codes::find(typed).ok_or_else(|| unknown(typed))?;
    if printer.is_json() {
        printer.json(&value(entry))?;
    } else {
        printer.data(&text(entry))?;
    }
    Ok(())
}

fn all(printer: &Printer) -> Result<()> {
    if printer.is_json() {
        printer.json(&CODES.iter().map(value).collect::<Vec<_>>())?;
        return Ok(());
    }
    let mut table = Table::new(["code", "kind", "meaning"]);
    for entry in CODES {
        table.row([entry.id, severity(entry), entry.title].map(str::to_owned));
    }
    printer.table(&table)?;
    Ok(())
}

fn text(entry: &Entry) -> String {
    let mut text = format!(
        "{} ({}): {}\n\n{}\n",
        entry.id,
        severity(entry),
        entry.title,
        entry.explanation
    );
    if let Some(wrong) = entry.wrong {
        text.push_str(&format!("\nWrong:\n\n{}", indented(wrong)));
    }
    text.push_str(&format!("\nRight:\n\n{}", indented(entry.right)));
    text
}

fn indented(example: &str) -> String {
    example
        .lines()
        .map(|line| {
            if line.is_empty() {
                "\n".to_owned()
            } else {
                format!("    {line}\n")
            }
        })
        .collect()
}

fn value(entry: &Entry) -> serde_json::Value {
    json!({
        "code": entry.id,
        "severity": severity(entry),
        "title": entry.title,
        "explanation": entry.explanation,
        "wrong": entry.wrong,
        "right": entry.right,
    })
}

fn severity(entry: &Entry) -> &'static str {
    match entry.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn unknown(typed: &str) -> Error {
    let error = Error::message(format!("no such code: `{typed}`"));
    match words::did_you_mean(&typed.to_uppercase(), CODES.iter().map(|entry| entry.id)) {
        Some(near) => error.hint(near),
        None => error.hint("`adcp-scaffold explain` lists all codes"),
    }
}
