//! From a plan and a spec to a list of files with their zones.
//!
//! Pure and deterministic: the same inputs give the same bytes, in the same order. Nothing here
//! reads or writes a disk (templates and the runtime's sources are embedded), looks at a clock, or
//! knows what a seller's folder holds already; that is [`crate::workspace`]'s work.

mod file;
mod hooks;
mod recipe;
mod context;
mod templates;
mod vendor;
mod banner;

use thiserror::Error;

pub use file::{RenderedFile, Zone};

use crate::manifest;
use crate::plan::{Plan, RuntimeSource};
use crate::spec::SpecLine;
use crate::wire::{self, RecipeError, WireError};

/// The version of this generator.
pub const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Why nothing could be rendered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The schemas gave no types.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A template cannot be parsed or says a name that does not exist.
    #[error("{template}: {message}\nthis is a defect of adcp-scaffold, please report it")]
    Template {
        /// The template's path in the tool's sources.
        template: String,
        /// What the engine says, with line and column.
        message: String,
    },
    /// An embedded file is not UTF-8.
    #[error(
        "{template}: the embedded file is not UTF-8 text; this is a defect of adcp-scaffold, please report it"
    )]
    NotText {
        /// The file's path in the tool's sources.
        template: String,
    },
    /// A hook names a tool that has no request type.
    #[error(
        "`{tool}` has no request type in this AdCP line, so it cannot be handed to the adapter; leave out the specialism or use another line"
    )]
    NoRequestType {
        /// The wire name.
        tool: &'static str,
    },
    /// The recipe's schema gave no types.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A preset that is not embedded.
    #[error(
        "no recipe comes with this tool under the name `{name}`; this is a defect of adcp-scaffold, please report it"
    )]
    NoPreset {
        /// Its name.
        name: String,
    },
    /// The embedded runtime has no version.
    #[error(
        "the embedded runtime has no version; this is a defect of adcp-scaffold, please report it"
    )]
    NoRuntimeVersion,
    /// A generated file of a type whose comments are not known.
    #[error(
        "{path}: no comment syntax is known for this type of generated file; this is a defect of adcp-scaffold, please report it"
    )]
    NoBanner {
        /// As emitted.
        path: String,
    },
}

impl RenderError {
    fn template(template: String, error: tera::Error) -> RenderError {
        RenderError::Template {
            template,
            message: error.to_string(),
        }
    }
}

/// The version of the runtime that emitted sellers are written for.
///
/// # Errors
/// When the tool was built from a broken tree.
pub fn runtime_version() -> Result<String, RenderError> {
    vendor::version()
}

/// Everything that a seller consists of, save its manifest, sorted by path.
///
/// # Errors
/// When the spec cannot be turned into types, or a template is broken.
pub fn render(plan: &Plan, spec: &SpecLine) -> Result<Vec<RenderedFile>, RenderError> {
    let schema = plan.recipe.as_ref().map(recipe::schema).transpose()?;
    let recipe = match (&plan.recipe, &schema) {
        (Some(plan), Some(schema)) => Some(recipe::Recipe::new(plan, schema)?),
        _ => None,
    };
    let wire = wire::emit(spec, &plan.tools, schema.as_ref())?;
    let context = context::Context::new(plan, spec, &wire.tools, recipe)?;
    let mut files = templates::render(&context)?;
    let generated = |path: String, contents| RenderedFile {
        path,
        zone: Zone::Generated,
        contents,
        executable: false,
    };
    files.extend(
        wire.files
            .into_iter()
            .map(|file| generated(format!("wire/{}", file.path), file.contents)),
    );
    files.push(generated(
        manifest::SCHEMA_PATH.to_owned(),
        manifest::json_schema(),
    ));
    if plan.runtime == RuntimeSource::Vendored {
        files.extend(vendor::files()?);
    }
    for file in files.iter_mut().filter(|file| file.zone == Zone::Generated) {
        file.contents = banner::add(&file.path, std::mem::take(&mut file.contents))?;
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}
