//! A program made of emitted wire types, to which a test sends values.
//!
//! It is built from the types of all tools of a line, with the runtime's own codec in place of the
//! whole runtime, so that it compiles in seconds.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use adcp_scaffold::wire::Wire;
use adcp_scaffold::wire::model::Shape;
use serde::Deserialize;
use serde_json::{Value, json};

/// What became of one value.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    /// What was written after reading.
    pub(crate) written: Option<Value>,
    /// The variant, for a union.
    pub(crate) variant: Option<String>,
    /// Why it could not be read.
    pub(crate) error: Option<String>,
}

/// The folder in which emitted crates are written and built. Shared by all tests that build some,
/// so that their dependencies compile once.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("ADCP_TEST_TARGET") {
        Some(target) => PathBuf::from(target),
        None => Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target")
            .join("emitted"),
    }
}

/// Writes a crate of that name with the emitted types; its name must be its own, since crates that
/// share a target folder and a name overwrite each other.
pub(crate) fn write(name: &str, wire: &Wire) -> PathBuf {
    let files = wire
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.contents.as_str()));
    let library = ("src/lib.rs", "pub mod spec;\npub mod types;\n");
    write_files(name, files.chain([library]))
}

/// Writes a crate of that name from paths and contents.
pub(crate) fn write_files<'a>(
    name: &str,
    files: impl Iterator<Item = (&'a str, &'a str)>,
) -> PathBuf {
    let folder = target().join("crates").join(name);
    let _ = std::fs::remove_dir_all(folder.join("src"));
    for (path, contents) in files {
        put(&folder.join(path), contents);
    }
    put(
        &folder.join("Cargo.toml"),
        &format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\nadcp-seller = {{ path = \"../codec-only\" }}\n\
             serde_json = {{ version = \"1\", features = [\"preserve_order\"] }}\n"
        ),
    );
    codec_only();
    folder
}

/// The part of the runtime that the types need, under the runtime's name.
fn codec_only() {
    let folder = target().join("crates/codec-only");
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/src");
    put(
        &folder.join("Cargo.toml"),
        "[package]\nname = \"adcp-seller\"\nversion = \"0.0.1\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nserde = \"1\"\nserde_json = { version = \"1\", features = [\"preserve_order\"] }\n",
    );
    put(
        &folder.join("src/lib.rs"),
        &format!(
            "#[path = {:?}]\npub mod codec;\n#[path = {:?}]\npub mod spec;\n\
             pub mod error {{\n    #[derive(Clone, Copy, Debug)]\n\
             pub enum Recovery {{ Correctable, Transient, Terminal }}\n}}\n\
             pub mod domain {{\n    pub trait RecipeType: crate::codec::Wire + Send + Sync + 'static {{\n\
                 const KIND: &'static str;\n    }}\n}}\n",
            runtime.join("codec/mod.rs"),
            runtime.join("spec.rs"),
        ),
    );
}

/// Adds a program that asks for each type of the wire crate by its name.
pub(crate) fn add_program(folder: &Path, library: &str, wire: &Wire) {
    let types = wire.model.iter().map(|(name, definition)| {
        let is_union = matches!(definition.shape, Shape::Union(_));
        (name.as_str(), format!("{library}::types::{name}"), is_union)
    });
    add_program_for(folder, types);
}

/// Adds a program that reads `{"type", "value"}` lines and answers each with an [`Answer`]. Each type
/// has a name, a path in Rust, and may be a union.
pub(crate) fn add_program_for<'a>(
    folder: &Path,
    types: impl Iterator<Item = (&'a str, String, bool)>,
) {
    let mut arms = String::new();
    for (name, path, is_union) in types {
        let variant = if is_union {
            "Some(found.variant())"
        } else {
            "None"
        };
        writeln!(
            arms,
            "        {name:?} => answer::<{path}>(value, |found| {{ let _ = found; {variant} }}),"
        )
        .expect("a string takes everything");
    }
    let program = format!(
        "use std::io::BufRead;\n\nuse serde_json::{{Value, json}};\n\n\
         fn answer<T: adcp_seller::codec::Wire>(value: Value, variant: fn(&T) -> Option<&'static str>) -> Value {{\n\
             match T::read(value) {{\n\
                 Ok(found) => json!({{\"written\": found.write(), \"variant\": variant(&found)}}),\n\
                 Err(mismatch) => json!({{\"error\": mismatch.to_string()}}),\n    }}\n}}\n\n\
         fn main() {{\n    for line in std::io::stdin().lock().lines() {{\n\
             let mut line: Value = serde_json::from_str(&line.unwrap()).unwrap();\n\
             let name = line[\"type\"].as_str().unwrap().to_owned();\n\
             let value = line[\"value\"].take();\n\
             let answer = match name.as_str() {{\n{arms}        other => panic!(\"no type {{other}}\"),\n    }};\n\
             println!(\"{{answer}}\");\n    }}\n}}\n"
    );
    put(&folder.join("src/main.rs"), &program);
}

/// Builds the program and sends it all values; the answers come in the same order.
pub(crate) fn ask(folder: &Path, name: &str, questions: &[(String, Value)]) -> Vec<Answer> {
    let built = cargo(folder, &["build", "--quiet"]);
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let mut program = Command::new(target().join("debug").join(name))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program was just built");
    let mut input = program.stdin.take().expect("stdin is piped");
    let lines: String = questions
        .iter()
        .map(|(name, value)| format!("{}\n", json!({"type": name, "value": value})))
        .collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = program.wait_with_output().expect("the program runs");
    writer
        .join()
        .expect("the writer does not panic")
        .expect("the program reads everything");
    let answers: Vec<Answer> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("an answer"))
        .collect();
    assert_eq!(
        answers.len(),
        questions.len(),
        "not every value was processed"
    );
    answers
}

/// Runs cargo on an emitted crate, without incremental compilation, so that the disk holds less.
pub(crate) fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target())
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs")
}

/// Asserts that rustfmt has nothing to change in a file.
pub(crate) fn formatted(path: &Path) {
    let output = Command::new("rustfmt")
        .args(["--check", "--edition", "2024"])
        .arg(path)
        .output()
        .expect("rustfmt runs");
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

/// Writes a file only if it changes, so that cargo sees what is new.
fn put(path: &Path, contents: &str) {
    if std::fs::read_to_string(path).is_ok_and(|old| old == contents) {
        return;
    }
    std::fs::create_dir_all(path.parent().expect("a file has a folder"))
        .expect("the folder can be made");
    std::fs::write(path, contents).expect("the file can be written");
}
