//! Findings about a manifest, with the text they are about.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use crate::manifest::{Diagnostic, Rejected, Severity, Source};

/// Findings for people. Styled; the stream takes the styles out where nobody wants them.
pub(super) fn render(source: &Source, diagnostics: &[Diagnostic]) -> String {
    // A fixed width keeps messages the same in a terminal, a log and a test.
    let renderer = Renderer::styled().term_width(100);
    let reports: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| renderer.render(&[group(source, diagnostic)]))
        .collect();
    reports.join("\n\n")
}

/// How many there were, and where to read more.
pub(super) fn summary(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .count();
    let warnings = diagnostics.len() - errors;
    let mut counts = vec![count(errors, "error")];
    if warnings > 0 {
        counts.push(count(warnings, "warning"));
    }
    let example = diagnostics.iter().find(|diagnostic| diagnostic.is_error());
    let code = example.map_or("CODE", |diagnostic| diagnostic.code.id());
    format!(
        "\n{}; for more about one run `adcp-scaffold explain {code}`",
        counts.join(", ")
    )
}

/// Why a manifest can't be used, for machines.
pub(super) fn to_json(rejected: &Rejected) -> Value {
    let list = values(&rejected.source, &rejected.diagnostics);
    json!({ "error": { "message": "the manifest can't be used", "diagnostics": list } })
}

/// Findings for machines: a list.
pub(super) fn values(source: &Source, diagnostics: &[Diagnostic]) -> Value {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let entry = diagnostic.code.entry();
            json!({
                "code": entry.id,
                "severity": severity(entry.severity),
                "message": diagnostic.message,
                "file": source.name(),
                "place": diagnostic.span.as_ref().map(|span| place(source, span)),
                "label": diagnostic.label,
                "related": diagnostic.related.iter().map(|(span, label)| json!({
                    "place": place(source, span),
                    "label": label,
                })).collect::<Vec<_>>(),
                "notes": diagnostic.notes,
                "helps": diagnostic.helps,
            })
        })
        .collect()
}

fn group<'a>(source: &'a Source, diagnostic: &'a Diagnostic) -> Group<'a> {
    let entry = diagnostic.code.entry();
    let level = match entry.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(entry.id);
    let group = match &diagnostic.span {
        Some(span) => {
            let label = Some(diagnostic.label.as_str()).filter(|label| !label.is_empty());
            let primary = AnnotationKind::Primary
                .span(within(source, span))
                .label(label);
            let related = diagnostic.related.iter().map(|(span, label)| {
                AnnotationKind::Context
                    .span(within(source, span))
                    .label(label.as_str())
            });
            title.element(
                Snippet::source(source.text())
                    .path(source.name())
                    .annotation(primary)
                    .annotations(related),
            )
        }
        None => title.element(annotate_snippets::Origin::path(source.name())),
    };
    let notes = diagnostic
        .notes
        .iter()
        .map(|note| Level::NOTE.message(note.as_str()));
    let helps = diagnostic
        .helps
        .iter()
        .map(|help| Level::HELP.message(help.as_str()));
    group.elements(notes).elements(helps)
}

/// The span, held inside the text and on whole characters.
fn within(source: &Source, span: &Range<usize>) -> Range<usize> {
    let text = source.text();
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

fn place(source: &Source, span: &Range<usize>) -> Value {
    let (line, column) = source.position(span.start);
    let (end_line, end_column) = source.position(span.end);
    json!({ "line": line, "column": column, "end_line": end_line, "end_column": end_column })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
