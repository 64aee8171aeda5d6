//! From an official bundle to the facts that the generator works with.

use std::path::Path;

use super::bundle::{self, Bundle};
use super::definitions::{self, Keep};
use super::names::Names;
use super::{Source, SpecError, SpecLine, descriptions, facts};

/// Imports the bundle at `path`, a folder or a `.tgz`.
///
/// `label` says where it comes from, for `spec list`; the file name by default. `own_names` is the
/// text of a user's `names.toml`.
///
/// # Errors
/// Everything that [`SpecError`] says about bundles. What is not an error but worth knowing, such
/// as a tool whose schema the bundle lacks, is in [`Source::findings`].
pub fn import(
    path: &Path,
    keep: Keep,
    label: Option<&str>,
    own_names: Option<&str>,
) -> Result<SpecLine, SpecError> {
    let bundle = bundle::read(path)?;
    let label = label.map_or_else(|| file_name(path), str::to_owned);
    assemble(bundle, keep, label, own_names)
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn assemble(
    bundle: Bundle,
    keep: Keep,
    label: String,
    own_names: Option<&str>,
) -> Result<SpecLine, SpecError> {
    let version = bundle
        .manifest
        .get("adcp_version")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let line = line_of(version)?;
    let names = Names::for_line(&line, own_names)?;
    let definitions = definitions::bundle(&bundle.files, &names, keep)?;
    let by_source: std::collections::BTreeMap<&str, &str> = definitions
        .sources
        .iter()
        .map(|(name, source)| (source.as_str(), name.as_str()))
        .collect();
    let name_of = |file: &str| by_source.get(file).map(|name| (*name).to_owned());
    let (mut facts, findings) = facts::read(&bundle.manifest, name_of)?;
    for (name, tool) in facts::task_tools(&by_source) {
        facts.tools.entry(name).or_insert(tool);
    }
    for tool in facts.tools.values_mut() {
        tool.other_requests = other_requests(&tool.request, &definitions.sources);
    }
    let source = Source {
        label,
        sha256: bundle.sha256,
        files: bundle.files.len(),
        left_out: bundle.left_out,
        findings,
    };
    Ok(SpecLine {
        line,
        facts,
        definitions,
        names,
        descriptions: descriptions::read()?,
        source,
    })
}

/// The line of an exact version: `3.0` of `3.0.18`.
pub(super) fn line_of(version: &str) -> Result<String, SpecError> {
    let mut numbers = version.split(['.', '-']);
    match (
        numbers.next().map(str::parse::<u32>),
        numbers.next().map(str::parse::<u32>),
    ) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok(format!("{major}.{minor}")),
        _ => Err(SpecError::schema(
            "manifest.json",
            "/adcp_version",
            format!("{version:?} is no version like 3.0.18"),
            "use an unchanged official bundle",
        )),
    }
}

/// Request schemas of the same file name in the folders of other protocols.
fn other_requests(
    request: &str,
    sources: &std::collections::BTreeMap<String, String>,
) -> Vec<String> {
    let Some(own) = sources.get(request) else {
        return Vec::new();
    };
    let Some((_, file)) = own.rsplit_once('/') else {
        return Vec::new();
    };
    let same_file = |source: &str| {
        source.split_once('/').is_some_and(|(_, rest)| rest == file) && source != own
    };
    sources
        .iter()
        .filter(|(_, source)| same_file(source))
        .map(|(name, _)| name.clone())
        .collect()
}
