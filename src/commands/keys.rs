//! `keys`: keys that sign, made and shown.

use std::path::Path;

use serde_json::json;

use super::{Error, Outcome, Result};
use crate::cli::{KeyPurpose, KeysArgs, KeysCommand, KeysNewArgs, KeysShowArgs};
use crate::keys::{self, KeyError, Purpose};
use crate::manifest::{self, FILE_NAME, Source};
use crate::plan::support::defaults;
use crate::report::{self, Printer};
use crate::spec::store::is_line;

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
        Some(line) if is_line(line) => line.clone(),
        Some(line) => {
            return Err(Error::message(format!("`{line}` is no AdCP line"))
                .hint("write major and minor, such as `--adcp 3.0`"));
        }
        None => line_of_seller().unwrap_or_else(|| defaults::LINE.to_owned()),
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
    // JSON either way: it is what goes into a set of keys.
    if printer.is_json() {
        printer.json(&public)?;
    } else {
        printer.data(&public.text())?;
    }
    Ok(())
}

/// The AdCP line of the seller in whose folder we are, if it says a usable one.
fn line_of_seller() -> Option<String> {
    let source = Source::from_file(Path::new(FILE_NAME)).ok()?;
    let (manifest, _) = manifest::read(&source);
    let line = manifest.adcp?.into_inner();
    is_line(&line).then_some(line)
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
