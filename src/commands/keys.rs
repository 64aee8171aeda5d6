//! `keys`: keys that sign, made and shown.

use std::path::Path;

use serde_json::json;

use super::{Error, Outcome, Result};
use crate::cli::{KeyPurpose, KeysArgs, KeysCommand, KeysNewArgs, KeysShowArgs};
use crate::keys::{self, KeyError, Purpose};
use crate::manifest::{self, FILE_NAME, Source, words};
use crate::plan::support::{PUBLISHED_LINES, defaults};
use crate::report::{self, Printer};
use crate::spec::{self, store::is_line};

/// Makes or shows a key.
pub(super) fn run(args: &KeysArgs, printer: &Printer) -> Result<Outcome> {
    match &args.command {
        KeysCommand::New(args) => new(args, printer)?,
        KeysCommand::Show(args) => show(args, printer)?,
    }
    Ok(Outcome::Fine)
}

fn new(args: &KeysNewArgs, printer: &Printer) -> Result<()> {
    let line = match &args.adcp {
        Some(line) => known(line)?,
        None => line_of_seller(printer).unwrap_or_else(|| defaults::LINE.to_owned()),
    };
    let purpose = match args.purpose {
        KeyPurpose::Webhook => Purpose::of_webhooks(&line),
        KeyPurpose::Request => Purpose::Request,
    };
    let made = keys::make(args.algorithm.into(), purpose, args.kid.as_deref()).map_err(told)?;
    keys::write(&args.out, &made.private).map_err(told)?;
    let out = args.out.display().to_string();
    let steps = report::after_key(args.purpose == KeyPurpose::Webhook, &out, made.public.kid());
    if printer.is_json() {
        printer.json(&json!({
            "file": out,
            "kid": made.public.kid(),
            "public": made.public,
            "next": steps,
        }))?;
        return Ok(());
    }
    printer.data(&made.public.text())?;
    printer.done(
        "wrote",
        &format!("the private key to `{out}`; the above is what others may see of it"),
    );
    printer.next_steps(&steps);
    Ok(())
}

fn show(args: &KeysShowArgs, printer: &Printer) -> Result<()> {
    let public = keys::read(&args.file).map_err(told)?;
    // JSON either way: it is what goes into a set of keys (RFC 7517, section 5).
    if args.jwks {
        let set = json!({ "keys": [public] });
        if printer.is_json() {
            printer.json(&set)?;
        } else {
            printer.data(&format!("{set:#}\n"))?;
        }
    } else if printer.is_json() {
        printer.json(&public)?;
    } else {
        printer.data(&public.text())?;
    }
    Ok(())
}

/// A line that was typed, if AdCP has it or a bundle of it is at hand.
fn known(line: &str) -> Result<String> {
    let mut lines: Vec<String> = PUBLISHED_LINES
        .iter()
        .map(|&line| line.to_owned())
        .collect();
    lines.extend(spec::names()?);
    if lines.iter().any(|known| known == line) {
        return Ok(line.to_owned());
    }
    lines.sort();
    lines.dedup();
    Err(
        Error::message(format!("`{line}` is no AdCP line that is known here")).hint(format!(
            "write one of {}",
            words::list(lines.iter().map(String::as_str))
        )),
    )
}

/// The AdCP line of the seller in whose folder we are, if it says a usable one. Whoever has a manifest
/// that says none is told, since the default may not be meant.
fn line_of_seller(printer: &Printer) -> Option<String> {
    let path = Path::new(FILE_NAME);
    if !path.exists() {
        return None;
    }
    let line = Source::from_file(path)
        .ok()
        .and_then(|source| manifest::read(&source).0.adcp)
        .map(|line| line.into_inner())
        .filter(|line| is_line(line));
    if line.is_none() {
        printer.warn(&format!(
            "`{FILE_NAME}` says no AdCP line that can be used; the key is made for {}, or for what `--adcp LINE` says",
            defaults::LINE
        ));
    }
    line
}

/// The error with what to do about it.
fn told(error: KeyError) -> Error {
    let hint = match &error {
        KeyError::Occupied(_) => "name another file with `--out FILE`, or move that one away",
        KeyError::NoFolder(_) => "make the folder first, readable by its owner alone",
        KeyError::NotAKey { .. } => "`adcp-scaffold keys new` makes one",
        _ => return error.into(),
    };
    Error::from(error).hint(hint)
}
