//! The manifest's form: unknown keys, wrong types, missing keys, keys that are planned.
//!
//! Walks the parsed document along the JSON Schema that is derived from [`super::written`], takes
//! out what is at fault and reports all of it, so that what remains deserialises and can be
//! judged too.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::{Code, Diagnostic, schema, words};
use crate::plan::support;

/// The document without what is at fault, and the faults.
pub fn check(mut document: Spanned<DeTable<'_>>) -> (Spanned<DeTable<'_>>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    singleton_with_tenants(document.get_ref(), &mut diagnostics);
    limits_without_any(document.get_ref(), &mut diagnostics);
    table(document.get_mut(), schema::value(), None, &mut diagnostics);
    (document, diagnostics)
}

/// Checks one table; `named` is `None` at the top level, else its name and where that stands.
fn table(
    entries: &mut DeTable<'_>,
    schema: &Value,
    named: Option<(&str, Range<usize>)>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for key in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !entries.contains_key(key) {
            diagnostics.push(missing(key, &schema["properties"][key], named.clone()));
        }
    }
    let name = named.map(|(name, _)| name);
    let mut faulty = Vec::new();
    for (key, value) in entries.iter_mut() {
        let word = key.get_ref().as_ref();
        // A table whose keys are the owner's own has one schema for all of them.
        let own = &schema["additionalProperties"];
        let known = schema["properties"].get(word);
        let Some(expected) = known.or(own.is_object().then_some(own)) else {
            diagnostics.push(unknown(word, key.span(), name, schema));
            faulty.push(word.to_owned());
            continue;
        };
        let written = match known {
            Some(_) => word.to_owned(),
            None => as_key(word),
        };
        let path = name.map_or_else(|| written.clone(), |name| format!("{name}.{written}"));
        if let Some(fault) = wrong_type(&format!("`{path}`"), &path, &written, value, expected) {
            diagnostics.push(fault);
            faulty.push(word.to_owned());
        } else if let DeValue::Table(inner) = value.get_mut() {
            let said = !inner.is_empty();
            table(inner, expected, Some((&path, key.span())), diagnostics);
            // As with a list: what is left of it says nothing.
            if said && inner.is_empty() && expected["additionalProperties"].is_object() {
                faulty.push(word.to_owned());
            }
        } else if let DeValue::Array(items) = value.get_mut() {
            let wrong = entries_of_wrong_type(&path, &written, items, expected);
            // With no right entry left the list says nothing; an empty one has a fault of its own.
            if !wrong.is_empty() && items.is_empty() {
                faulty.push(word.to_owned());
            }
            diagnostics.extend(wrong);
        }
    }
    for key in faulty {
        entries.remove(key.as_str());
    }
}

fn missing(key: &str, schema: &Value, table: Option<(&str, Range<usize>)>) -> Diagnostic {
    let example = line_of(&schema["examples"][0]);
    let about = schema["description"].as_str().unwrap_or_default();
    let about = about
        .split(". ")
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    let line = format!("`{key} = {example}`");
    let (message, span, label, help) = match table {
        None => (
            format!("`{key}` is missing"),
            0..0,
            String::new(),
            format!("add a line {line} above the first `[table]`"),
        ),
        Some((name, span)) => (
            format!("`{name}.{key}` is missing"),
            span,
            format!("says nothing without `{key}`"),
            format!("add a line {line} below `[{name}]`, or remove the table"),
        ),
    };
    Diagnostic::new(Code::MissingKey, message, span, label)
        .note(format!("`{key}`: {}", lower_first(about)))
        .help(help)
}

fn unknown(word: &str, span: Range<usize>, table: Option<&str>, schema: &Value) -> Diagnostic {
    if table.is_none()
        && let Some((_, what)) = support::PLANNED_KEYS
            .iter()
            .find(|(planned, _)| *planned == word)
    {
        return Diagnostic::new(
            Code::NotGenerated,
            format!("`{word}` is not generated yet: {what}"),
            span,
            "planned, and refused so that nothing is silently left out",
        )
        .help(format!(
            "remove `{word}` until a version of `adcp-scaffold` generates it"
        ));
    }
    let keys = |schema: &Value| -> Vec<String> {
        schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key.clone())
            .collect()
    };
    let allowed = keys(schema);
    let (place, description) = match table {
        None => (
            "at the top level".to_owned(),
            "keys of the top level".to_owned(),
        ),
        Some(table) => (format!("in `[{table}]`"), format!("keys of `[{table}]`")),
    };
    let near = words::did_you_mean(word, allowed.iter().map(String::as_str));
    // A key below a `[table]` line belongs to that table: the commonest slip in TOML.
    let root = self::schema::value();
    let elsewhere = if table.is_some() && root["properties"].get(word).is_some() {
        Some(format!(
            "`{word}` is a key of the top level: move it above the first `[table]` line"
        ))
    } else {
        keys(root)
            .into_iter()
            .find(|table| root["properties"][table]["properties"].get(word).is_some())
            .map(|table| format!("`{word}` is a key of `[{table}]`: move it below that line"))
    };
    let help = elsewhere.or_else(|| {
        near.is_none()
            .then(|| format!("remove `{word}`, or see `adcp-scaffold manifest-schema`"))
    });
    Diagnostic::new(
        Code::UnknownKey,
        format!("unknown key `{word}` {place}"),
        span,
        near.unwrap_or_else(|| "no such key".to_owned()),
    )
    .note(format!(
        "{description}: {}",
        words::list(allowed.iter().map(String::as_str))
    ))
    .maybe_help(help)
}

/// Takes out the entries of a list that are not what the schema expects; gives their faults.
fn entries_of_wrong_type(
    path: &str,
    key: &str,
    items: &mut DeArray<'_>,
    schema: &Value,
) -> Vec<Diagnostic> {
    // An entry that is wrong is shown by a list that is right.
    let mut entry = schema["items"].clone();
    entry["examples"] = schema["examples"].clone();
    let mut right = DeArray::new();
    let mut faults = Vec::new();
    for item in items.iter() {
        match wrong_type(&format!("an entry of `{path}`"), path, key, item, &entry) {
            Some(fault) => faults.push(fault),
            None => right.push(item.clone()),
        }
    }
    *items = right;
    faults
}

/// The fault of a value that is not what the schema expects, if it has one. `subject` names it in
/// the message, `key` in a line that is right, `path` in the head of a table that is.
fn wrong_type(
    subject: &str,
    path: &str,
    key: &str,
    value: &Spanned<DeValue<'_>>,
    schema: &Value,
) -> Option<Diagnostic> {
    let expected = schema["type"].as_str().unwrap_or_default();
    let found = value.get_ref();
    let (wanted, right) = match expected {
        "string" => ("a text in quotes", found.is_str()),
        "boolean" => ("`true` or `false`", found.is_bool()),
        "integer" => ("a whole number", found.is_integer()),
        "object" => ("a table", found.is_table()),
        "array" => ("a list of texts", found.is_array()),
        _ => return None,
    };
    if right {
        return uncountable(subject, value);
    }
    let written = match found {
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    };
    let example = line_of(&schema["examples"][0]);
    let help = match (expected, written) {
        // No text is meant by a word for yes or no.
        ("string", Some(_)) if matches!(found, DeValue::Boolean(_)) => {
            Some(format!("for example `{key} = {example}`"))
        }
        ("string", Some(written)) => Some(format!("put it in quotes: `\"{written}\"`")),
        ("boolean", Some(written)) if written == "true" || written == "false" => {
            Some(format!("write it without quotes: `{key} = {written}`"))
        }
        ("integer", Some(written)) if is_number(&written) => {
            Some(format!("write it without quotes: `{key} = {written}`"))
        }
        ("array", Some(written)) if found.is_str() => {
            Some(format!("put it in brackets: `{key} = [\"{written}\"]`"))
        }
        ("object", _) => Some(format!("write a line `[{path}]` and its keys below it")),
        _ => Some(format!("for example `{key} = {example}`")),
    };
    Some(
        Diagnostic::new(
            Code::WrongType,
            format!(
                "{subject} must be {wanted}, not {}",
                match found {
                    DeValue::Float(_) if expected == "integer" => "a fraction",
                    found => kind(found),
                }
            ),
            value.span(),
            format!("expected {wanted}"),
        )
        .maybe_help(help),
    )
}

/// The fault of a whole number that is larger than any that is of use, and than what is read further.
fn uncountable(subject: &str, value: &Spanned<DeValue<'_>>) -> Option<Diagnostic> {
    let DeValue::Integer(number) = value.get_ref() else {
        return None;
    };
    if i64::from_str_radix(number.as_str(), number.radix()).is_ok() {
        return None;
    }
    Some(
        Diagnostic::new(
            Code::CountRange,
            format!("{subject} is more than can be counted"),
            value.span(),
            "more than 19 digits",
        )
        .help("write a smaller number, or remove it for the default"),
    )
}

/// Whether a text is a whole number that was put in quotes.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A key as TOML writes it: in quotes, unless its letters need none.
fn as_key(word: &str) -> String {
    toml_edit::Key::new(word).display_repr().into_owned()
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// One account for everybody and several tenants contradict each other, whatever is generated.
fn singleton_with_tenants(document: &DeTable<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let tenants = document
        .iter()
        .find(|(key, _)| key.get_ref().as_ref() == "tenants");
    let accounts = document
        .iter()
        .find(|(key, _)| key.get_ref().as_ref() == "accounts");
    if let (Some((tenants, _)), Some((_, mode))) = (tenants, accounts)
        && mode.get_ref().as_str() == Some("singleton")
    {
        diagnostics.push(
            Diagnostic::new(
                Code::SingletonWithTenants,
                "`accounts = \"singleton\"` contradicts `tenants`",
                mode.span(),
                "one account for everybody",
            )
            .related(
                tenants.span(),
                "several tenants, each with accounts of its own",
            )
            .note("with one shared account every tenant would see the others' media buys")
            .help("write `accounts = \"explicit\"`, or remove `tenants`"),
        );
    }
}

/// A table of limits that names none would set none, whatever its owner took it for.
fn limits_without_any(document: &DeTable<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let limits = document
        .iter()
        .find(|(key, _)| key.get_ref().as_ref() == "limits");
    if let Some((key, value)) = limits
        && value.get_ref().as_table().is_some_and(DeTable::is_empty)
    {
        diagnostics.push(
            Diagnostic::new(
                Code::MissingKey,
                "`[limits]` names no limit",
                key.span(),
                "says nothing without a key",
            )
            .help("add a line `per_minute = 600` below `[limits]`, or remove the table"),
        );
    }
}

/// A value as a manifest writes it; JSON and TOML agree on texts, truth values and lists, save
/// for the space after a comma.
fn line_of(value: &Value) -> String {
    match value.as_array() {
        Some(items) => format!(
            "[{}]",
            items.iter().map(line_of).collect::<Vec<_>>().join(", ")
        ),
        None => value.to_string(),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first
            .to_lowercase()
            .chain(letters)
            .collect::<String>()
            .replace('\n', " ")
    })
}
