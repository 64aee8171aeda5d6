//! Small schemas and the source that is emitted for them, as data: drop a `.json` file, run with
//! `SNAPSHOTS=overwrite`, read the `.rs` that appears beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use adcp_scaffold::spec::{Definitions, Facts, Names, Source, SpecLine, ToolFacts};
use adcp_scaffold::wire::{self, Wire};
use serde_json::Value;

/// Every case: its name, what is emitted, and where the expected source stands.
pub(crate) fn all() -> Vec<(String, Wire, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/cases");
    let mut schemas: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    schemas.sort();
    let case = |path: PathBuf| {
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(&path).expect("a readable case");
        let wire = emit(&serde_json::from_str(&text).expect("a case is JSON"));
        (name, wire, path.with_extension("rs"))
    };
    schemas.into_iter().map(case).collect()
}

/// The emitted types as one module: what the files of a wire crate hold, one after the other.
pub(crate) fn module(wire: &Wire) -> String {
    let types = wire
        .files
        .iter()
        .filter(|file| file.path == "src/types/documents.rs");
    types.map(|file| file.contents.as_str()).collect()
}

/// Emits the types that the definition `Root` reaches.
fn emit(document: &Value) -> Wire {
    let schemas: BTreeMap<String, Value> =
        serde_json::from_value(document["definitions"].clone()).expect("definitions");
    let sources = schemas
        .keys()
        .map(|name| (name.clone(), format!("case.json#/{name}")))
        .collect();
    let tool = ToolFacts {
        protocol: "case".into(),
        mutating: false,
        request: "Root".into(),
        response: "Root".into(),
        other_requests: Vec::new(),
        async_responses: Vec::new(),
        specialisms: Vec::new(),
    };
    let line = SpecLine {
        line: "9.9".into(),
        facts: Facts {
            version: "9.9.9".into(),
            tools: [("case".to_owned(), tool)].into(),
            ..Facts::default()
        },
        definitions: Definitions { schemas, sources },
        names: Names::default(),
        descriptions: BTreeMap::new(),
        source: Source {
            label: "case".into(),
            sha256: String::new(),
            files: 1,
            left_out: Vec::new(),
            findings: Vec::new(),
        },
    };
    wire::emit(&line, &["case".to_owned()], None).expect("a case can be emitted")
}
