//! Wire types of the tools that a seller offers, from the schemas of its AdCP line.
//!
//! The schemas go through small passes into a dialect of objects, enums, unions and aliases
//! ([`passes`]), which become a model of types ([`lower`]); unions learn how their variants are
//! told apart ([`discriminate`]); typify spells the names and finds recursion ([`resolve`]); and
//! the model is printed as Rust ([`mod@print`]), beside the JSON that the runtime validates with
//! ([`documents`]). Only what the given tools reach is emitted. A seller's recipe goes the same way,
//! after its schema has been judged ([`recipe`]).

pub mod error;
pub mod report;
pub mod passes;
pub mod model;
pub mod lower;
pub mod discriminate;
pub mod resolve;
pub mod variants;
pub mod print;
pub mod documents;
pub mod recipe;

pub use error::WireError;
pub use recipe::{RecipeError, RecipeSchema};
pub use report::PassReport;

use crate::spec::{SpecLine, ToolFacts};

/// The schema of errors, which travels in every failed response.
const ERROR_SCHEMA: &str = "core/error.json";

/// What is emitted for one seller.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The files, sorted by path.
    pub files: Vec<WireFile>,
    /// The tools, sorted by name.
    pub tools: Vec<ToolTypes>,
    /// What the passes did.
    pub passes: PassReport,
    /// How many types there are.
    pub types: usize,
    /// The types themselves, for tests and reports.
    pub model: model::Model,
}

/// One file of the wire crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireFile {
    /// `/`-separated, below the wire crate's folder.
    pub path: String,
    /// UTF-8 text that ends in a line feed.
    pub contents: String,
}

/// The types of one tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolTypes {
    /// The wire name.
    pub name: String,
    /// The Rust type of the request, in the wire crate's `types`.
    pub request: String,
    /// The Rust type of the response, in the wire crate's `types`.
    pub response: String,
    /// The request's definition in `schemas.json`.
    pub request_definition: String,
    /// The response's definition in `schemas.json`.
    pub response_definition: String,
    /// Whether it changes state.
    pub mutating: bool,
}

/// Emits the wire crate's types, facts and schemas for `tools`, and those of the seller's recipe.
///
/// # Errors
/// An unknown tool, or a schema that can't be digested.
pub fn emit(
    line: &SpecLine,
    tools: &[String],
    recipe: Option<&RecipeSchema>,
) -> Result<Wire, WireError> {
    let tools = facts_of(line, tools)?;
    let error = line
        .definitions
        .sources
        .iter()
        .find(|(_, source)| *source == ERROR_SCHEMA);
    let mut roots: Vec<&str> = error.iter().map(|(name, _)| name.as_str()).collect();
    for (_, facts) in &tools {
        roots.push(&facts.request);
        roots.push(&facts.response);
    }
    let normal = passes::normalise(&line.definitions, &line.names, &roots)?;
    let mut report = normal.report.clone();
    let mut model = lower::lower(&normal, &roots)?;
    discriminate::discriminate(&mut model, &mut report);
    // A union that became a value no longer uses its branches.
    let model = pruned(model, &roots);
    let spellings = resolve::resolve(&model, &line.line)?;

    let types: Vec<ToolTypes> = tools
        .iter()
        .map(|(name, facts)| ToolTypes {
            name: (*name).to_owned(),
            request: spellings.type_name(&facts.request).to_owned(),
            response: spellings.type_name(&facts.response).to_owned(),
            request_definition: facts.request.clone(),
            response_definition: facts.response.clone(),
            mutating: facts.mutating,
        })
        .collect();
    let recipe_file = recipe.map(|recipe| WireFile {
        path: RecipeSchema::FILE.into(),
        contents: recipe.source().to_owned(),
    });
    let mut files = vec![
        WireFile {
            path: "schemas.json".into(),
            contents: documents::schemas(line, &roots, recipe)?,
        },
        WireFile {
            path: "src/spec.rs".into(),
            contents: print::spec::print(line, &types),
        },
    ];
    files.extend(recipe_file);
    for (name, contents) in print::types::print(&model, &spellings)? {
        files.push(WireFile {
            path: format!("src/types/{name}"),
            contents,
        });
    }
    files.push(WireFile {
        path: "tools.json".into(),
        contents: documents::tool_list(line, &tools)?,
    });
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(Wire {
        files,
        tools: types,
        passes: report,
        types: model.len(),
        model,
    })
}

fn facts_of<'a>(
    line: &'a SpecLine,
    tools: &'a [String],
) -> Result<Vec<(&'a str, &'a ToolFacts)>, WireError> {
    let mut names: Vec<&str> = tools.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let facts = |name: &'a str| match line.facts.tools.get(name) {
        Some(facts) => Ok((name, facts)),
        None => Err(WireError::UnknownTool {
            line: line.line.clone(),
            tool: name.to_owned(),
            known: line
                .facts
                .tools
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
        }),
    };
    names.into_iter().map(facts).collect()
}

fn pruned(mut model: model::Model, roots: &[&str]) -> model::Model {
    let mut kept = model::Model::new();
    let mut open: Vec<String> = roots.iter().map(|root| (*root).to_owned()).collect();
    while let Some(name) = open.pop() {
        if let Some(definition) = model.remove(&name) {
            open.extend(definition.uses().into_iter().map(str::to_owned));
            kept.insert(name, definition);
        }
    }
    kept
}
