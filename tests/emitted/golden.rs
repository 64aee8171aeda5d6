//! What is emitted, byte for byte and to the compiler: one seller that lies in this repository, and
//! one for every manifest in `tests/matrix/`.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::seller::{self, Seller, with_this_runtime};

/// Contents by path.
type Tree = BTreeMap<String, Vec<u8>>;

/// What building and running a seller leaves in its folder, which no generator wrote.
const NOT_EMITTED: [&str; 3] = ["target", "Cargo.lock", ".adcp/busy"];

/// `SNAPSHOTS=overwrite cargo test --test emitted golden` rewrites the example after a change of templates.
#[test]
fn the_example_is_what_the_generator_emits() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated-example");
    let manifest =
        fs::read_to_string(example.join("seller.toml")).expect("the example has a manifest");
    let seller = Seller::from_manifest("example", &manifest);
    let (code, said) = seller.run(&["regenerate"]);
    assert_eq!(
        code,
        Some(0),
        "a second run has nothing to object to: {said}"
    );

    let emitted = read(seller.folder());
    if std::env::var_os("SNAPSHOTS").is_some_and(|word| word == "overwrite") {
        overwrite(&example, &emitted);
    }
    let stored = read(&example);
    let names = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&stored),
        names(&emitted),
        "other files, see SNAPSHOTS=overwrite"
    );
    for (path, contents) in &emitted {
        let (stored, contents) = (
            String::from_utf8_lossy(&stored[path]),
            String::from_utf8_lossy(contents),
        );
        snapbox::assert_data_eq!(
            stored.into_owned(),
            snapbox::Data::text(contents.into_owned()).raw()
        );
    }
}

#[test]
fn every_manifest_of_the_matrix_gives_formatted_code_without_lints() {
    let manifests = matrix();
    assert!(manifests.len() >= 15, "only {} manifests", manifests.len());
    for (name, manifest) in manifests {
        // The shared runtime is compiled once; `code.rs` builds a vendored one.
        let manifest = with_this_runtime(&manifest);
        let seller = Seller::from_manifest(&name, &manifest);
        let table: toml::Table = manifest.parse().unwrap();
        let package = table["name"].as_str().unwrap();
        seller.cargo(&[
            "fmt",
            "--check",
            "-p",
            package,
            "-p",
            &format!("{package}-wire"),
        ]);
        seller.cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]);
    }
}

#[test]
fn two_runs_emit_the_same_bytes() {
    for (name, manifest) in matrix() {
        let [one, two] = [(), ()].map(|()| {
            let seller = Seller::from_manifest(&name, &manifest);
            let said = seller.scaffold(&["check", "--json"]);
            assert!(said.contains("\"in_step\": true"), "{name}: {said}");
            read(seller.folder())
        });
        assert!(
            one.len() > 100,
            "{name}: {} files, the runtime among them",
            one.len()
        );
        assert!(one == two, "{name}: two runs differ");
    }
}

/// The manifests of `tests/matrix/` by name.
fn matrix() -> BTreeMap<String, String> {
    seller::names_of_matrix()
        .into_iter()
        .map(|name| {
            let path = seller::matrix().join(format!("{name}.toml"));
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn read(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let name = path.to_str().unwrap().replace('\\', "/");
            if NOT_EMITTED.contains(&name.as_str()) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else {
                tree.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    tree
}

fn overwrite(root: &Path, tree: &Tree) {
    for path in read(root).keys().filter(|path| !tree.contains_key(*path)) {
        fs::remove_file(root.join(path)).unwrap();
    }
    for (path, contents) in tree {
        let place = root.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, contents).unwrap();
    }
}
