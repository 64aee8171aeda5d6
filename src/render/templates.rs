//! The embedded templates: which file becomes what is told by its folder and its name, as
//! `templates/README.md` describes.

use std::path::Path;

use include_dir::{Dir, DirEntry, File, include_dir};
use tera::{Kwargs, State, Tera};

use super::RenderError;
use super::context::{Context, toml_string};
use super::file::{RenderedFile, Zone};

static GENERATED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/generated");
static SEEDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/seeded");

/// The ending of a file that is rendered rather than copied.
const RENDERED: &str = ".tera";
/// What stands for a leading dot.
const DOT: &str = "dot-";

/// Renders every template of both zones.
pub(super) fn render(context: &Context) -> Result<Vec<RenderedFile>, RenderError> {
    let mut sources = Vec::new();
    for (zone, folder) in [(Zone::Generated, &GENERATED), (Zone::Seeded, &SEEDED)] {
        collect(zone, folder, &mut sources)?;
    }
    let mut tera = Tera::new();
    // Nothing that is emitted is HTML.
    tera.autoescape_on(Vec::<&str>::new());
    tera.register_filter("toml", |text: &str, _: Kwargs, _: &State| toml_string(text));
    tera.register_filter("rust", |text: &str, _: Kwargs, _: &State| {
        format!("{text:?}")
    });
    tera.register_filter(
        "rust_list",
        |words: Vec<String>, given: Kwargs, _: &State| {
            let indent = given.get::<usize>("indent")?.unwrap_or(MEMBER);
            Ok::<_, tera::Error>(rust_list(&words, indent))
        },
    );
    for source in sources.iter().filter(|source| source.is_rendered()) {
        tera.add_raw_template(&source.template(), source.text)
            .map_err(|error| RenderError::template(source.template(), error))?;
    }
    let names = tera::Context::from_serialize(context)
        .map_err(|error| RenderError::template("context".to_owned(), error))?;
    let mut files = Vec::with_capacity(sources.len());
    for source in &sources {
        let contents = if source.is_rendered() {
            tera.render(&source.template(), &names)
                .map_err(|error| RenderError::template(source.template(), error))?
        } else {
            source.text.to_owned()
        };
        if contents.trim().is_empty() {
            continue;
        }
        files.push(RenderedFile {
            path: emitted_path(&source.path),
            zone: source.zone,
            executable: contents.starts_with("#!"),
            contents,
        });
    }
    Ok(files)
}

struct Source {
    zone: Zone,
    /// Below the zone's folder.
    path: String,
    text: &'static str,
}

impl Source {
    fn is_rendered(&self) -> bool {
        self.path.ends_with(RENDERED)
    }

    fn template(&self) -> String {
        format!("templates/{}/{}", self.zone.word(), self.path)
    }
}

fn collect(
    zone: Zone,
    folder: &'static Dir<'static>,
    sources: &mut Vec<Source>,
) -> Result<(), RenderError> {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) => collect(zone, inner, sources)?,
            DirEntry::File(file) => sources.push(Source {
                zone,
                path: portable(file.path()),
                text: text(file)?,
            }),
        }
    }
    Ok(())
}

fn text(file: &'static File<'static>) -> Result<&'static str, RenderError> {
    std::str::from_utf8(file.contents()).map_err(|_| RenderError::NotText {
        template: portable(file.path()),
    })
}

/// An embedded path with `/` between its segments, whatever the building platform used.
pub(super) fn portable(path: &Path) -> String {
    path.components()
        .map(|segment| segment.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// Where a template's output goes: without `.tera`, and with dots for `dot-`.
fn emitted_path(template: &str) -> String {
    template
        .strip_suffix(RENDERED)
        .unwrap_or(template)
        .split('/')
        .map(|segment| match segment.strip_prefix(DOT) {
            Some(rest) => format!(".{rest}"),
            None => segment.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// How far a member of a struct is indented.
const MEMBER: usize = 4;

/// A slice of strings as a member of a struct, broken as rustfmt breaks it. `indent` is how far the
/// member is indented.
fn rust_list(words: &[String], indent: usize) -> String {
    /// So long a list rustfmt leaves on one line (`array_width`).
    const WIDTH: usize = 60;
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    let line = quoted.join(", ");
    if line.len() <= WIDTH {
        return format!("&[{line}]");
    }
    let lines: String = quoted
        .iter()
        .map(|word| format!("{:1$}{word},\n", "", indent + MEMBER))
        .collect();
    format!("&[\n{lines}{:indent$}]", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_too_long_for_a_line_gets_one_for_each_word() {
        let words = |count| vec!["a-word-of-23-characters".to_owned(); count];
        let word = "\"a-word-of-23-characters\"";
        assert_eq!(rust_list(&words(2), 4), format!("&[{word}, {word}]"));
        let line = format!("        {word},\n");
        assert_eq!(
            rust_list(&words(3), 4),
            format!("&[\n{line}{line}{line}    ]")
        );
        let deeper = rust_list(&words(3), 8);
        assert_eq!(
            deeper,
            format!("&[\n    {line}    {line}    {line}        ]")
        );
    }

    #[test]
    fn names_tell_where_the_output_goes() {
        assert_eq!(emitted_path("src/main.rs.tera"), "src/main.rs");
        assert_eq!(
            emitted_path("dot-github/workflows/ci.yml.tera"),
            ".github/workflows/ci.yml"
        );
        assert_eq!(emitted_path("src/dotted.rs"), "src/dotted.rs");
    }

    #[test]
    fn a_broken_template_is_named_with_its_line() {
        let mut tera = Tera::new();
        let error = tera
            .add_raw_template("templates/seeded/x.tera", "one\n{% if %}\n")
            .map_err(|error| RenderError::template("templates/seeded/x.tera".to_owned(), error))
            .expect_err("no condition");
        assert!(
            error.to_string().contains("templates/seeded/x.tera"),
            "{error}"
        );
        assert!(error.to_string().contains(":2:"), "{error}");
    }

    #[test]
    fn an_undefined_name_is_an_error_with_its_line() {
        let mut tera = Tera::new();
        tera.add_raw_template("x.tera", "one\ntwo {{ nobody }}\n")
            .expect("parses");
        let error = tera
            .render("x.tera", &tera::Context::new())
            .map_err(|error| RenderError::template("x.tera".to_owned(), error))
            .expect_err("undefined");
        assert!(error.to_string().contains("x.tera:2:"), "{error}");
    }
}
