//! What a catalogue may hold for proposals, and what of it nobody but the seller sees.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use adcp_seller::catalog::Catalog;
use adcp_seller::domain::{Draft, Finalized};
use adcp_seller::platform::Outcome;
use adcp_seller::profile::{Approval, Profile, Recipe, RecipeOwner};
use adcp_seller::schema::Schemas;
use adcp_seller::spec::Spec;
use adcp_seller::store::memory::MemoryStore;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{account, brief, finalize, open_accounts};
use crate::market::{AGENT_URL, Market, Parts, catalogue};
use crate::support::line;
use crate::support::mirror::Mirror;
use crate::support::planner::{Planner, plan};

static WITHOUT_PROPOSALS: Profile = Profile {
    proposals: None,
    ..line::PROPOSALS
};
static ADOPTERS_RECIPES: Profile = Profile {
    recipe: Some(Recipe {
        kind: "press",
        definition: "Recipe",
        owner: RecipeOwner::Adopter,
        axes: &[],
    }),
    ..line::PROPOSALS
};
static ALL: Profile = Profile {
    approval: Approval {
        finalize: false,
        create_media_buy: true,
        within_seconds: 3600,
    },
    ..line::PROPOSALS_WITH_RECIPES
};

const PLAN: &str = r#"
[[proposals]]
proposal_id = "season"
name = "The season"
allocations = [
  { product_id = "banner", allocation_percentage = 33.34, pricing_option_id = "fixed" },
  { product_id = "video", allocation_percentage = 66.66 },
]
"#;

fn folder(members: impl Fn(&str) -> String) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    catalogue(folder.path(), members);
    folder
}

fn plain() -> TempDir {
    folder(|_| String::new())
}

fn recipe(product: &str) -> String {
    format!("recipe = {{ line_item = \"LI-{product}\" }}\n")
}

fn load(
    folder: &Path,
    spec: &'static Spec,
    profile: &Profile,
    sandbox: bool,
) -> Result<Catalog, String> {
    let schemas = Schemas::new(spec).expect("the line's schemas");
    let loaded = Catalog::load(folder, AGENT_URL, profile, &schemas, sandbox);
    let prefix = format!("{}/", folder.display());
    loaded.map_err(|error| error.to_string().replace(&prefix, ""))
}

#[test]
fn plans_are_read_for_sellers_with_proposals() {
    let folder = plain();
    let of = |profile| load(folder.path(), line::spec(), profile, false).expect("a catalogue");
    assert!(
        of(&line::PROPOSALS).proposals().is_empty(),
        "no file, no plans"
    );
    fs::write(folder.path().join("proposals.toml"), PLAN).expect("a file");
    let catalog = of(&line::PROPOSALS);
    let [season] = catalog.proposals() else {
        panic!("one plan");
    };
    assert_eq!(
        season["allocations"][1]["pricing_option_id"], "fixed",
        "the only price"
    );
    fs::write(folder.path().join("proposals.toml"), "nonsense").expect("a file");
    assert!(of(&WITHOUT_PROPOSALS).proposals().is_empty(), "nobody asks");
}

#[test]
fn a_sandbox_has_plans_of_its_own() {
    let folder = plain();
    fs::write(folder.path().join("sandbox.toml"), PLAN).expect("a file");
    for (sandbox, count) in [(true, 1), (false, 0)] {
        let catalog = load(folder.path(), line::spec(), &line::PROPOSALS, sandbox);
        assert_eq!(catalog.expect("a catalogue").proposals().len(), count);
    }
    let catalog = load(folder.path(), line::spec(), &WITHOUT_PROPOSALS, true);
    assert!(catalog.expect("a catalogue").proposals().is_empty());
}

#[test]
fn faults_of_plans_are_told_with_their_place() {
    let folder = plain();
    let cases = [
        (
            PLAN.replace("name = \"The season\"\n", ""),
            "proposals.toml: proposal season, /name: is required",
        ),
        (
            PLAN.replace(
                "name = \"The season\"",
                "name = \"The season\"\napproval = true",
            ),
            "proposals.toml: proposal season, /approval: AdCP knows no member `approval` here, and buyers would see it; put it below `ext`, or remove it",
        ),
        (
            PLAN.replace(
                "percentage = 66.66",
                "percentage = 66.66, rational = \"reach\"",
            ),
            "proposals.toml: proposal season, /allocations/1/rational: AdCP knows no member `rational` here, and buyers would see it; did you mean `rationale`? Otherwise put it below `ext`, or remove it",
        ),
        (
            PLAN.replace("\"video\"", "\"nobody\""),
            "proposals.toml: proposal season, /allocations/1/product_id: there is no product nobody; name one that is on sale",
        ),
        (
            PLAN.replace("\"fixed\"", "\"dear\""),
            "proposals.toml: proposal season, /allocations/0/pricing_option_id: the product banner has no price dear; name one of its pricing_options",
        ),
        (
            PLAN.replace("33.34", "30"),
            "proposals.toml: proposal season, /allocations: the shares add up to 96.66 per cent; they must add up to 100",
        ),
        (
            PLAN.replace("name =", "proposal_status = \"committed\"\nname ="),
            "proposals.toml: proposal season, /proposal_status: where a proposal stands is not for the catalogue to say; remove this",
        ),
        (
            format!("{PLAN}{PLAN}"),
            "proposals.toml: proposal season: there are two of that id; rename or remove one",
        ),
        (
            "[[products]]\n".to_owned(),
            "proposals.toml: `products` is not known here; the file holds [[proposals]]",
        ),
    ];
    for (plans, expected) in cases {
        fs::write(folder.path().join("proposals.toml"), plans).expect("a file");
        let message =
            load(folder.path(), line::spec(), &line::PROPOSALS, false).expect_err(expected);
        assert_eq!(message, expected);
    }
}

#[test]
fn faults_of_what_is_private_are_told_with_their_place() {
    let cases: [(&Profile, &str, &str); 9] = [
        (
            &line::PROPOSALS,
            "recipe = { line_item = \"LI-1\" }",
            "products.toml: product banner, /recipe: seller.toml declares no recipe; add a table [recipe] there, or remove this",
        ),
        (
            &ADOPTERS_RECIPES,
            "recipe = { line_item = \"LI-1\" }",
            "products.toml: product banner, /recipe: seller.toml says that the adopter keeps recipes, and your RecipeSource gives them; remove this, or set owner = \"framework\" in [recipe]",
        ),
        (
            &line::PROPOSALS_WITH_RECIPES,
            "",
            "products.toml: product banner, /recipe: it says nothing about how the product is booked, and seller.toml declares recipes of the kind press; give the entry a table [products.recipe]",
        ),
        (
            &line::PROPOSALS_WITH_RECIPES,
            "recipe = { line_item = \"\" }",
            "products.toml: product banner, /recipe/line_item: must be at least 1 characters long",
        ),
        (
            &line::PROPOSALS_WITH_RECIPES,
            "recipe = { line_item = \"LI-1\", priority = 8 }",
            "products.toml: product banner, /recipe: has members that are not allowed here: priority",
        ),
        (
            &line::PROPOSALS_WITH_RECIPES,
            "recipe = { recipe_kind = \"gam\", line_item = \"LI-1\" }",
            "products.toml: product banner, /recipe/recipe_kind: must be \"press\"",
        ),
        (
            &line::PROPOSALS,
            "approval = true",
            "products.toml: product banner, /approval: seller.toml asks nobody to agree to media buys; add create_media_buy to the operations of [approval] there, or remove this",
        ),
        (
            &line::PROPOSALS_WITH_APPROVAL,
            "approval = \"yes\"",
            "products.toml: product banner, /approval: it is true or false",
        ),
        (
            &line::PROPOSALS,
            "implementation_config = { line_item = \"LI-1\" }",
            "products.toml: product banner, /implementation_config: buyers would see this; what the seller keeps to itself stands in a table [products.recipe]",
        ),
    ];
    for (profile, member, expected) in cases {
        let folder = folder(|_| format!("{member}\n"));
        let spec = line::spec_with_recipes();
        let message = load(folder.path(), spec, profile, false).expect_err(expected);
        assert_eq!(message, expected);
    }
    let seeded = [
        (
            "[[seeded]]\nproduct_id = 7\n",
            "sandbox.toml: seeded rule, /product_id: it is a text; leave it out for every seeded product",
        ),
        (
            "[[seeded]]\nname = \"x\"\n",
            "sandbox.toml: seeded rule for every product: `name` is not known here; a rule has product_id, approval and recipe",
        ),
        (
            "[[seeded]]\nproduct_id = \"x\"\nrecipe = 1\n",
            "sandbox.toml: seeded x, /recipe: has the wrong type: the value is not of type \"object\"",
        ),
    ];
    for (rules, expected) in seeded {
        let folder = folder(recipe);
        fs::write(folder.path().join("sandbox.toml"), rules).expect("a file");
        let spec = line::spec_with_recipes();
        let message =
            load(folder.path(), spec, &line::PROPOSALS_WITH_RECIPES, true).expect_err(expected);
        assert_eq!(message, expected);
    }
}

async fn open(folder: &TempDir, profile: &'static Profile, sandbox: bool) -> (Market, Planner) {
    let planner = Planner::default();
    let parts = Parts {
        spec: line::spec_with_recipes(),
        catalog: folder.path().to_owned(),
        sandbox,
        ..Parts::of(profile)
    };
    let market = parts.open(planner.clone(), planner.ad_server.clone()).await;
    open_accounts(&market).await;
    (market, planner)
}

#[tokio::test]
async fn no_answer_shows_a_recipe() {
    let folder = folder(recipe);
    let (market, planner) = open(&folder, &line::PROPOSALS_WITH_RECIPES, false).await;
    planner.on_finalize(|_, draft| {
        assert_eq!(draft.recipes["banner"]["line_item"], "LI-banner");
        let mut firm = Finalized::new(draft.proposal, draft.hold_until);
        let own = json!({ "recipe_kind": "press", "line_item": "LI-firm" });
        firm.recipes.insert("video".to_owned(), own);
        Ok(Outcome::Done(firm))
    });
    let refine = json!({ "buying_mode": "refine", "account": account("nova"), "refine": [{ "scope": "proposal", "proposal_id": "plan", "ask": "x" }] });
    let wholesale = json!({ "buying_mode": "wholesale", "account": account("nova") });
    for request in [
        wholesale,
        brief("nova"),
        refine,
        finalize("nova", "plan"),
        finalize("nova", "plan"),
    ] {
        let answer = market
            .call("get_products", request.clone())
            .await
            .to_string();
        for secret in ["LI-", "line_item", "recipe"] {
            assert!(
                !answer.contains(secret),
                "{secret} in the answer to {request}"
            );
        }
    }
}

#[tokio::test]
async fn recipes_that_a_finalize_returns_replace_the_drafts() {
    let folder = folder(recipe);
    let planner = Planner::default();
    let store = Arc::new(Mirror::new(Arc::new(MemoryStore::new())));
    let parts = Parts {
        spec: line::spec_with_recipes(),
        catalog: folder.path().to_owned(),
        store: store.clone(),
        ..Parts::of(&line::PROPOSALS_WITH_RECIPES)
    };
    let market = parts.open(planner.clone(), planner.ad_server.clone()).await;
    open_accounts(&market).await;
    planner.on_finalize(|_, draft| {
        let mut firm = Finalized::new(draft.proposal, draft.hold_until);
        let own = json!({ "recipe_kind": "press", "line_item": "LI-firm" });
        firm.recipes.insert("video".to_owned(), own);
        Ok(Outcome::Done(firm))
    });
    let kept = || {
        let contents = store.contents();
        let proposal = contents.into_iter().find(|(key, _)| key.kind == "proposal");
        let recipes = proposal.expect("a proposal").1["recipes"].clone();
        ["banner", "video"].map(|product| recipes[product]["line_item"].clone())
    };
    market.call("get_products", brief("nova")).await;
    assert_eq!(kept(), ["LI-banner", "LI-video"]);
    market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(kept(), ["LI-banner", "LI-firm"]);
}

#[test]
fn a_recipe_that_promises_what_its_product_does_not_offer_is_no_start() {
    let cases = [
        (
            r#"{ pricing_models = ["cpcv"] }"#,
            "pricing_models: it promises cpcv, but the product offers: cpm, cpm, cpm, cpc; correct the recipe or the product",
        ),
        (
            r#"{ targeting_dimensions = ["property_list"] }"#,
            "targeting_dimensions: it promises property_list, but the product's property_targeting_allowed is not true; correct the recipe or the product",
        ),
        (
            r#"{ targeting_dimensions = ["geo_country"] }"#,
            "targeting_dimensions: nothing can be targeted by `geo_country`; did you mean `geo_countries`?",
        ),
    ];
    for (overlap, said) in cases {
        let folder = folder(|product| match product {
            "banner" => {
                format!("recipe = {{ line_item = \"LI\", capability_overlap = {overlap} }}\n")
            }
            _ => recipe(product),
        });
        let loaded = load(
            folder.path(),
            line::spec_with_recipes(),
            &line::PROPOSALS_WITH_RECIPES,
            false,
        );
        let place = "products.toml: product banner, /recipe/capability_overlap/";
        assert_eq!(loaded.err(), Some(format!("{place}{said}")), "{overlap}");
    }
}

#[tokio::test]
async fn a_draft_needs_recipes_that_its_products_can_keep() {
    let folder = folder(recipe);
    let (market, planner) = open(&folder, &line::PROPOSALS_WITH_RECIPES, false).await;
    let with =
        |product: &str, recipe: Value| -> Draft { plan("plan", 60.0).with_recipe(product, recipe) };
    let promising = |axis: &str, word: &str| {
        let mut overlap = json!({});
        overlap[axis] = json!([word]);
        json!({ "recipe_kind": "press", "line_item": "LI-1", "capability_overlap": overlap })
    };
    let broken = [
        (
            "no line item",
            with("banner", json!({ "recipe_kind": "press" })),
        ),
        (
            "another kind",
            with(
                "banner",
                json!({ "recipe_kind": "gam", "line_item": "LI-1" }),
            ),
        ),
        (
            "a price that is not offered",
            with("banner", promising("pricing_models", "cpcv")),
        ),
        (
            "a way of delivery that is not offered",
            with("banner", promising("delivery_types", "guaranteed")),
        ),
        (
            "a dimension that is not offered",
            with("video", promising("targeting_dimensions", "property_list")),
        ),
    ];
    for (what, draft) in broken {
        planner.offers(vec![draft]);
        let error = market.error("get_products", brief("nova")).await;
        assert_eq!(error["code"], "INTERNAL_ERROR", "{what}");
    }
    planner.on_brief(|context, request| {
        // A product that no catalogue knows has only the recipe that it comes with.
        let mut draft = plan("plan", 60.0);
        draft.proposal["allocations"][0]["product_id"] = json!("made");
        let mut found = crate::support::planner::offer(context, request, vec![draft]);
        let mut made = context
            .catalog
            .product("banner")
            .expect("a product")
            .value
            .clone();
        made["product_id"] = json!("made");
        found
            .products
            .push(adcp_seller::platform::WireProduct::Made(made));
        Ok(Outcome::Done(found))
    });
    assert_eq!(
        market.error("get_products", brief("nova")).await["code"],
        "INTERNAL_ERROR"
    );
    planner.offers(vec![with("banner", promising("pricing_models", "cpm"))]);
    market.call("get_products", brief("nova")).await;
}

#[tokio::test]
async fn a_firm_proposals_recipes_are_checked_too() {
    let folder = folder(recipe);
    let (market, planner) = open(&folder, &line::PROPOSALS_WITH_RECIPES, false).await;
    market.call("get_products", brief("nova")).await;
    planner.on_finalize(|_, draft| {
        let mut firm = Finalized::new(draft.proposal, draft.hold_until);
        firm.recipes
            .insert("video".to_owned(), json!({ "recipe_kind": "press" }));
        Ok(Outcome::Done(firm))
    });
    let error = market.error("get_products", finalize("nova", "plan")).await;
    assert_eq!(error["code"], "INTERNAL_ERROR");
}

#[tokio::test]
async fn products_that_tests_seed_are_kept_as_the_rules_say() {
    let folder = folder(recipe);
    let rules = r#"
[[seeded]]
recipe = { line_item = "LI-any" }

[[seeded]]
product_id = "signed"
approval = true
recipe = { line_item = "LI-signed" }
"#;
    fs::write(folder.path().join("sandbox.toml"), rules).expect("a file");
    let (market, planner) = open(&folder, &ALL, true).await;
    for product in ["signed", "quick"] {
        let fixture = json!({ "product_id": product, "fixture": { "delivery_type": "guaranteed", "channels": ["display"] } });
        market.steer("seed_product", fixture).await;
    }
    planner.on_brief(|context, request| {
        let drafts = ["signed", "quick"].map(|product| {
            Draft::new(json!({
                "proposal_id": product,
                "name": "All of one",
                "allocations": [{ "product_id": product, "allocation_percentage": 100 }],
            }))
        });
        Ok(Outcome::Done(crate::support::planner::offer(
            context,
            request,
            drafts.into(),
        )))
    });
    planner.on_finalize(|_, draft| {
        let product = draft.proposal["proposal_id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let booked = draft.recipes[&product]["line_item"].clone();
        let expected = if product == "signed" {
            "LI-signed"
        } else {
            "LI-any"
        };
        assert_eq!(booked, expected);
        Ok(Outcome::Done(Finalized::new(
            draft.proposal,
            draft.hold_until,
        )))
    });
    market.call("get_products", brief("nova")).await;
    for (product, waits) in [("signed", true), ("quick", false)] {
        let firm = market.call("get_products", finalize("nova", product)).await;
        let price = firm["products"][0]["pricing_options"][0]["pricing_option_id"].clone();
        let order = crate::market::order(
            json!([{ "product_id": product, "pricing_option_id": price, "budget": 50_000 }]),
        );
        let answer = market.call("create_media_buy", order).await;
        assert_eq!(
            answer["status"] == "submitted",
            waits,
            "{product}: {answer}"
        );
    }
}
