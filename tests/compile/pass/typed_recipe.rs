//! A recipe is typed, keeps what it is made of, and refuses what its schema does not have.

use adcp_seller::codec::Wire;
use adcp_seller::domain::RecipeType;
use serde_json::json;
use wire::Recipe;

fn main() {
    let raw = json!({
        "recipe_kind": Recipe::KIND,
        "line_item_type": "STANDARD",
        "priority": 8,
        "creative_placeholders": [{ "width": 300, "height": 250 }],
    });
    let recipe = Recipe::read(raw.clone()).expect("a recipe");
    assert_eq!(recipe.priority, 8);
    assert_eq!(recipe.write(), raw);

    let mut smuggled = raw;
    smuggled["cost_centre"] = "4711".into();
    let refused = Recipe::read(smuggled).expect_err("nobody described it");
    assert!(refused.to_string().contains("cost_centre"), "{refused}");
}
