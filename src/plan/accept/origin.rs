//! The rules of `[runtime]`: exactly one origin of the runtime crate, and a usable one.

use std::ops::Range;

use super::Check;
use crate::manifest::written::{Runtime, Text};
use crate::manifest::{Code, Diagnostic, words};
use crate::plan::{RuntimeSource, runtime, support};

impl Check {
    /// The origin that a `[runtime]` table names; `None` when something is wrong with it.
    pub(super) fn origin(&mut self, written: &Runtime) -> Option<RuntimeSource> {
        let diagnostics = &mut self.diagnostics;
        let before = diagnostics.len();
        contradictions(written, diagnostics);
        if let Some(source) = &written.source
            && !support::RUNTIME_SOURCES.contains(&source.get_ref().as_str())
        {
            diagnostics.push(unknown_source(source));
        }
        if let Some(path) = &written.path
            && let Err(reason) = runtime::check(path.get_ref())
        {
            diagnostics.push(unusable_path(path, reason));
        }
        if let Some(version) = &written.version {
            usable(version, "version", is_version, diagnostics);
        }
        if let Some(git) = &written.git {
            usable(git, "git", is_repository, diagnostics);
        }
        if let Some(rev) = &written.rev {
            usable(rev, "rev", is_commit, diagnostics);
        }
        if diagnostics.len() > before {
            return None;
        }
        let text = |text: &Text| text.get_ref().clone();
        Some(
            match (&written.path, &written.version, &written.git, &written.rev) {
                (Some(path), ..) => RuntimeSource::Path(text(path)),
                (_, Some(version), ..) => RuntimeSource::Version(text(version)),
                (_, _, Some(git), Some(rev)) => RuntimeSource::Git {
                    url: text(git),
                    rev: text(rev),
                },
                _ => RuntimeSource::Vendored,
            },
        )
    }
}

fn contradictions(runtime: &Runtime, diagnostics: &mut Vec<Diagnostic>) {
    let named: Vec<(&str, Range<usize>)> = [
        ("source", &runtime.source),
        ("path", &runtime.path),
        ("version", &runtime.version),
        ("git", &runtime.git),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value.as_ref()?.span())))
    .collect();
    if let [(first, at), rest @ ..] = named.as_slice()
        && let Some((second, also)) = rest.last()
    {
        let keys = words::list(named.iter().map(|(key, _)| *key));
        diagnostics.push(
            Diagnostic::new(
                Code::RuntimeOrigins,
                format!("`[runtime]` names more than one origin: {keys}"),
                also.clone(),
                format!("`{second}` is one"),
            )
            .related(at.clone(), format!("`{first}` is another"))
            .help("keep one of them"),
        );
    }
    if let (Some(git), None) = (&runtime.git, &runtime.rev) {
        diagnostics.push(
            Diagnostic::new(
                Code::RuntimeOrigins,
                "`runtime.git` needs `rev`",
                git.span(),
                "which commit?",
            )
            .note("without a commit two builds of the same seller could differ")
            .help("add a line `rev = \"…\"` with the commit's hexadecimal digits"),
        );
    }
    if let (None, Some(rev)) = (&runtime.git, &runtime.rev) {
        diagnostics.push(
            Diagnostic::new(
                Code::RuntimeOrigins,
                "`runtime.rev` without `git`",
                rev.span(),
                "a commit of which repository?",
            )
            .help("add a line `git = \"https://…\"`, or remove `rev`"),
        );
    }
}

fn unknown_source(source: &Text) -> Diagnostic {
    let word = source.get_ref();
    Diagnostic::new(
        Code::UnknownWord,
        format!("`{word}` is not a source of the runtime"),
        source.span(),
        words::did_you_mean(word, support::RUNTIME_SOURCES.iter().copied())
            .unwrap_or_else(|| "no such source".to_owned()),
    )
    .note(format!(
        "allowed: {}",
        words::list(support::RUNTIME_SOURCES.iter().copied())
    ))
    .help("for anything else use `path`, `version`, or `git` with `rev` instead of `source`")
}

fn usable(value: &Text, key: &str, fits: impl Fn(&str) -> bool, diagnostics: &mut Vec<Diagnostic>) {
    if fits(value.get_ref()) {
        return;
    }
    let (wanted, example) = match key {
        "version" => ("a version in Cargo's notation", "version = \"0.1\""),
        "git" => (
            "the address of a git repository",
            "git = \"https://git.example/seller.git\"",
        ),
        _ => (
            "7 to 40 hexadecimal digits of a commit",
            "rev = \"0123abc\"",
        ),
    };
    diagnostics.push(
        Diagnostic::new(
            Code::RuntimeValue,
            format!("`runtime.{key}` is not {wanted}"),
            value.span(),
            format!("expected {wanted}"),
        )
        .help(format!("for example `{example}`")),
    );
}

fn unusable_path(path: &Text, reason: runtime::Unusable) -> Diagnostic {
    let (message, label) = match reason {
        runtime::Unusable::Empty | runtime::Unusable::Control => (
            "`runtime.path` is not the path of a folder".to_owned(),
            "expected the path of a folder",
        ),
        runtime::Unusable::Seller => (
            "`runtime.path` is the seller's own folder".to_owned(),
            "a crate can't depend on itself",
        ),
        runtime::Unusable::Root => (
            "`runtime.path` is the root of the file system".to_owned(),
            "expected the folder of one crate",
        ),
        runtime::Unusable::Taken(what) => (
            format!("`{}` is taken: {what}", path.get_ref()),
            "expected a folder outside of the seller's own",
        ),
    };
    Diagnostic::new(Code::RuntimeValue, message, path.span(), label)
        .help("for example `path = \"../adcp-seller\"`")
}

/// One or more comparators, as Cargo reads them; enough to refuse what Cargo would refuse later.
fn is_version(text: &str) -> bool {
    !text.trim().is_empty()
        && text.split(',').all(|comparator| {
            let version = comparator
                .trim()
                .trim_start_matches(['^', '~', '=', '<', '>'])
                .trim();
            let core = version.split(['-', '+']).next().unwrap_or_default();
            let parts: Vec<&str> = core.split('.').collect();
            (1..=3).contains(&parts.len())
                && parts
                    .iter()
                    .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
        })
}

fn is_repository(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "ssh" | "git" | "file"))
}

fn is_commit(text: &str) -> bool {
    (7..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
