//! Makes cargo notice a template or a runtime source that was added: `include_dir!` on a stable
//! compiler tells it of the files that it found, not of the folders that it searched.

fn main() {
    for folder in ["templates", "runtime/src", "schemas"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
