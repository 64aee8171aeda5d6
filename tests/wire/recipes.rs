//! Recipes: what presets and adopters' schemas become, that nothing in them is untyped and nothing
//! gets past them, and what is said about schemas that can't be used.
//!
//! `recipes/right` and `recipes/wrong` are adopters' schemas as data: drop a `.json` file, run with
//! `SNAPSHOTS=overwrite`, read what appears.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use adcp_scaffold::wire;
use adcp_scaffold::wire::recipe::{PRESETS, RecipeSchema, declared_kind, from_schema, preset};
use serde_json::{Value, json};

use super::{LINE, harness};

/// Every recipe that tests know: the presets, and the adopters' under the kind `acme`.
static RECIPES: LazyLock<BTreeMap<String, RecipeSchema>> = LazyLock::new(|| {
    let presets = PRESETS
        .iter()
        .map(|name| ((*name).to_owned(), preset(name).unwrap().unwrap()));
    let own = files("right", "json").into_iter().map(|path| {
        let recipe = from_schema("acme", &read(&path));
        let name = stem(&path);
        match recipe {
            Ok(recipe) => (name, recipe),
            Err(error) => panic!("{name}: {error}"),
        }
    });
    presets.chain(own).collect()
});

const CRATE: &str = "adcp-wire-recipes";

/// A program with all of them, each in a module of its own.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let modules: String = RECIPES
        .keys()
        .map(|name| format!("pub mod {name};\n"))
        .collect();
    let files: Vec<(String, &str)> = RECIPES
        .iter()
        .map(|(name, recipe)| (format!("src/{name}.rs"), recipe.source()))
        .collect();
    let files = files.iter().map(|(path, text)| (path.as_str(), *text));
    let folder = harness::write_files(CRATE, files.chain([("src/lib.rs", modules.as_str())]));
    let types = RECIPES.keys().map(|name| {
        let path = format!("adcp_wire_recipes::{name}::{}", RecipeSchema::TYPE);
        (name.as_str(), path, false)
    });
    harness::add_program_for(&folder, types);
    folder
});

/// Held by whoever builds the program or takes its files away for a moment.
static BUILDING: Mutex<()> = Mutex::new(());

fn ask(questions: &[(String, Value)]) -> Vec<harness::Answer> {
    let _building = BUILDING.lock();
    harness::ask(&PROGRAM, CRATE, questions)
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/wire/recipes")
        .join(name)
}

/// The files of a folder with that ending, sorted.
fn files(name: &str, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|known| known == ending))
        .collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Whether a recipe satisfies the definition that the runtime checks it with.
fn satisfies(recipe: &RecipeSchema, value: &Value) -> bool {
    let document = json!({
        "$ref": format!("#/definitions/{}", RecipeSchema::DEFINITION),
        "definitions": recipe.definitions(),
    });
    jsonschema::draft7::options()
        .build(&document)
        .unwrap()
        .is_valid(value)
}

/// Five recipes of each preset, by preset.
fn fixtures() -> Vec<(String, String, Value)> {
    let mut fixtures = Vec::new();
    for path in files("fixtures", "json") {
        let kind = stem(&path);
        for fixture in read(&path).as_array().unwrap() {
            let name = fixture["name"].as_str().unwrap().to_owned();
            fixtures.push((kind.clone(), name, fixture["recipe"].clone()));
        }
    }
    fixtures
}

#[test]
fn every_preset_keeps_its_recipes_as_they_are() {
    let fixtures = fixtures();
    for preset in PRESETS {
        let own = fixtures.iter().filter(|(kind, ..)| kind == preset);
        assert_eq!(own.count(), 5, "{preset}");
    }
    let questions: Vec<(String, Value)> = fixtures
        .iter()
        .map(|(kind, _, recipe)| (kind.clone(), recipe.clone()))
        .collect();
    let answers = ask(&questions);
    for ((kind, name, recipe), answer) in fixtures.iter().zip(answers) {
        assert!(satisfies(&RECIPES[kind], recipe), "{kind} {name}");
        assert_eq!(
            answer.written.as_ref(),
            Some(recipe),
            "{kind} {name}: {answer:?}"
        );
    }
}

#[test]
fn no_member_that_nobody_described_gets_past_type_or_schema() {
    let mut questions = Vec::new();
    for (kind, name, recipe) in fixtures() {
        for pointer in objects(&recipe) {
            // A map takes any name, but not any value.
            let mut smuggled = recipe.clone();
            let object = smuggled.pointer_mut(&pointer).unwrap();
            object["smuggled"] = json!({ "anything": [1, "two"] });
            assert!(
                !satisfies(&RECIPES[&kind], &smuggled),
                "{kind} {name} {pointer}"
            );
            questions.push((kind.clone(), smuggled));
        }
    }
    assert!(questions.len() > 50, "{}", questions.len());
    for ((kind, smuggled), answer) in questions.iter().zip(ask(&questions)) {
        assert!(answer.error.is_some(), "{kind} took {smuggled}");
    }
}

/// The pointers of all objects in a value.
fn objects(value: &Value) -> Vec<String> {
    fn collect(value: &Value, pointer: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.push(pointer.to_owned());
                for (name, inner) in members {
                    collect(inner, &format!("{pointer}/{name}"), found);
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    collect(item, &format!("{pointer}/{at}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found
}

#[test]
fn a_recipe_of_another_kind_or_of_none_is_refused() {
    let mut questions = Vec::new();
    for (kind, _, recipe) in fixtures() {
        for other in [json!("other"), json!(null), json!(7)] {
            let mut wrong = recipe.clone();
            wrong["recipe_kind"] = other;
            assert!(!satisfies(&RECIPES[&kind], &wrong));
            questions.push((kind.clone(), wrong));
        }
        let mut without = recipe.clone();
        without.as_object_mut().unwrap().shift_remove("recipe_kind");
        assert!(!satisfies(&RECIPES[&kind], &without));
        questions.push((kind.clone(), without));
    }
    for answer in ask(&questions) {
        assert!(answer.error.is_some(), "{answer:?}");
    }
}

#[test]
fn rules_between_members_hold_too() {
    let breaks = |kind: &str, change: &dyn Fn(&mut Value)| {
        let (_, _, mut recipe) = fixtures()
            .into_iter()
            .find(|(of, name, _)| of == kind && name == "minimal")
            .unwrap();
        assert!(satisfies(&RECIPES[kind], &recipe));
        change(&mut recipe);
        assert!(!satisfies(&RECIPES[kind], &recipe), "{kind}: {recipe}");
    };
    breaks("gam", &|recipe| recipe["discount_value"] = json!(10));
    breaks("gam", &|recipe| recipe["priority"] = json!(17));
    breaks("gam", &|recipe| recipe["creative_placeholders"] = json!([]));
    breaks("kevel", &|recipe| {
        recipe.as_object_mut().unwrap().shift_remove("site_ids");
    });
    breaks("broadcast", &|recipe| {
        recipe["dayparts"][0]["end"] = json!("30:00");
    });
    breaks("broadcast", &|recipe| {
        recipe["length_factors"] = json!({ "half": 0.6 });
    });
    breaks("generic", &|recipe| {
        recipe["inventory_ids"] = json!(["a", "a"])
    });
}

#[test]
fn nothing_in_a_recipe_is_untyped() {
    for (name, recipe) in RECIPES.iter() {
        for line in recipe.source().lines() {
            let declared = line.trim_start().starts_with("pub ");
            let untyped = ["Value", "Map<", "extra"].iter().any(|word| {
                line.split(|letter: char| !(letter.is_alphanumeric() || "_<".contains(letter)))
                    .any(|part| part.starts_with(word))
            });
            assert!(!(declared && untyped), "{name}: {line}");
        }
        assert!(!recipe.source().contains("{ open "), "{name}");
    }
}

#[test]
fn the_source_is_what_rustfmt_and_clippy_want() {
    let _building = BUILDING.lock();
    for arguments in [
        ["fmt", "--check"].as_slice(),
        &["clippy", "--lib", "--quiet", "--", "-D", "warnings"],
        &["rustdoc", "--lib", "--quiet", "--", "-D", "warnings"],
    ] {
        let folder = &*PROGRAM;
        // The program that asks is the test's own and laid out by nobody.
        let main = folder.join("src/main.rs");
        let program = std::fs::read_to_string(&main).unwrap();
        std::fs::remove_file(&main).unwrap();
        let output = harness::cargo(folder, arguments);
        std::fs::write(&main, program).unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&said)
        );
    }
}

#[test]
fn adopters_schemas_become_the_source_that_is_expected() {
    let paths = files("right", "json");
    assert_eq!(paths.len(), 6);
    for path in paths {
        let recipe = &RECIPES[&stem(&path)];
        snapbox::Assert::new().action_env("SNAPSHOTS").eq(
            recipe.source(),
            snapbox::Data::read_from(&path.with_extension("rs"), None),
        );
    }
}

#[test]
fn what_cannot_be_typed_is_refused_with_its_place() {
    let mut said = String::new();
    let paths = files("wrong", "json");
    for path in &paths {
        let name = stem(path);
        match from_schema("acme", &read(path)) {
            Ok(_) => said.push_str(&format!("{name}: fine\n")),
            Err(error) => said.push_str(&format!("{name}\n    {error}\n")),
        }
    }
    assert!(paths.len() > 70);
    snapbox::Assert::new()
        .action_env("SNAPSHOTS")
        .eq(&said, snapbox::Data::read_from(&folder("wrong.txt"), None));
    assert!(!said.contains(": fine"), "{said}");
}

#[test]
fn the_frameworks_members_are_added_and_the_adopters_axes_found() {
    let axes = |name: &str| RECIPES[name].axes().to_vec();
    assert_eq!(axes("own_axes"), ["dayparts", "venue_types"]);
    assert!(axes("gam").is_empty() && axes("bare").is_empty());
    let limited = json!({
        "recipe_kind": "acme", "unit": "a", "capability_overlap": {
            "pricing_models": ["cpm"], "signal_types": [], "dayparts": ["night"], "venue_types": ["bar"],
        },
    });
    assert!(satisfies(&RECIPES["own_axes"], &limited));
    let mut wrong = limited.clone();
    wrong["capability_overlap"]["delivery_types"] = json!(["sometimes"]);
    assert!(!satisfies(&RECIPES["own_axes"], &wrong));
    let bare = json!({ "recipe_kind": "acme", "capability_overlap": { "delivery_types": [] } });
    assert!(satisfies(&RECIPES["bare"], &bare));
    assert!(!satisfies(&RECIPES["bare"], &json!({ "line_item": "a" })));
    let conditions = &RECIPES["conditions"];
    let sites = |more: Value| {
        let mut recipe = json!({ "recipe_kind": "acme", "sites": ["s"] });
        recipe
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        satisfies(conditions, &recipe)
    };
    assert!(sites(json!({})) && sites(json!({ "video": true, "duration": 30 })));
    for broken in [
        json!({ "video": true }),
        json!({ "zones": ["z"] }),
        json!({ "discount": 5 }),
    ] {
        assert!(!sites(broken.clone()), "{broken}");
    }
}

#[test]
fn a_schema_says_its_kind_where_it_leaves_no_choice() {
    let of = |declared: Value| {
        let schema = json!({ "properties": { "recipe_kind": declared } });
        declared_kind(&schema).map(str::to_owned)
    };
    assert_eq!(of(json!({ "const": "acme" })).as_deref(), Some("acme"));
    assert_eq!(of(json!({ "enum": ["acme"] })).as_deref(), Some("acme"));
    for open in [
        json!({ "enum": ["acme", "b"] }),
        json!({ "type": "string" }),
        json!({ "const": 7 }),
    ] {
        assert_eq!(of(open.clone()), None, "{open}");
    }
}

#[test]
fn a_recipe_never_meets_the_names_of_a_line() {
    let recipe = preset("gam").unwrap().unwrap();
    let tools = ["get_products".to_owned()];
    let without = wire::emit(&LINE, &tools, None).unwrap();
    let with = wire::emit(&LINE, &tools, Some(&recipe)).unwrap();
    let schemas = |wire: &wire::Wire| -> BTreeMap<String, Value> {
        let file = wire.files.iter().find(|file| file.path == "schemas.json");
        let document: Value = serde_json::from_str(&file.unwrap().contents).unwrap();
        serde_json::from_value(document["definitions"].clone()).unwrap()
    };
    let (before, after) = (schemas(&without), schemas(&with));
    let added: Vec<&String> = after
        .keys()
        .filter(|name| !before.contains_key(*name))
        .collect();
    assert_eq!(after.len(), before.len() + recipe.definitions().len());
    assert!(
        added.iter().all(|name| name.starts_with("recipe.")),
        "{added:?}"
    );
    assert!(added.iter().any(|name| *name == RecipeSchema::DEFINITION));
    for name in LINE.definitions.schemas.keys() {
        assert!(!name.contains('.'), "{name}");
    }
    // What buyers read is the same, byte for byte.
    let others = |wire: &wire::Wire| -> Vec<wire::WireFile> {
        let own = ["schemas.json", RecipeSchema::FILE];
        let files = wire.files.iter();
        files
            .filter(|file| !own.contains(&file.path.as_str()))
            .cloned()
            .collect()
    };
    assert_eq!(others(&without), others(&with));
    let file = with
        .files
        .iter()
        .find(|file| file.path == RecipeSchema::FILE);
    assert_eq!(file.unwrap().contents, recipe.source());
}
