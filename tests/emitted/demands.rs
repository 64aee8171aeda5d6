//! What the compiler says to adopters whose manifest asks for other methods than the example's, which
//! `tests/compile/` is about.

use std::fs;

use crate::seller::{Seller, said};

/// Changes a seeded file and answers what the compiler says against that.
fn complaint(seller: &Seller, file: &str, from: &str, to: &str) -> String {
    let path = seller.folder().join(file);
    let before = fs::read_to_string(&path).expect("a seeded file");
    assert!(before.contains(from), "{file} has no {from:?}");
    fs::write(&path, before.replacen(from, to, 1)).expect("the file is written");
    let output = seller.try_cargo(&["check"]);
    fs::write(&path, before).expect("the file is written");
    assert!(!output.status.success(), "{file} compiles with {to:?}");
    said(&output)
}

#[test]
fn the_compiler_demands_exactly_what_the_manifest_says() {
    // Neither refines nor finalizes, and keeps its recipes itself.
    let seller = Seller::of_matrix("proposals-as-they-are");
    let refine = "impl ProposalManager for ProposalDesk {\n    async fn refine(&self) {}\n";
    let said = complaint(
        &seller,
        "src/proposals.rs",
        "impl ProposalManager for ProposalDesk {\n",
        refine,
    );
    assert!(
        said.contains("method `refine` is not a member of trait `ProposalManager`"),
        "{said}"
    );
    let said = complaint(&seller, "src/main.rs", "recipes::Recipes", "()");
    assert!(
        said.contains("`()` is no `RecipeSource`: it does not say where recipes come from"),
        "{said}"
    );
    let said = complaint(
        &seller,
        "src/recipes.rs",
        "impl RecipeSource for Recipes {\n",
        "impl RecipeSource for Recipes {}\n\nimpl Recipes {\n",
    );
    assert!(
        said.contains("not all trait items implemented, missing: `recipes`"),
        "{said}"
    );
    seller.cargo(&["check"]);
}
