//! The AdCP 3.0 line as the repository keeps it, in the form in which a generated `wire` crate
//! hands it over.

use std::sync::LazyLock;

use adcp_seller::error::Recovery;
use adcp_seller::profile::{
    AccountMode, Approval, Entry, Profile, Proposals, Recipe, RecipeOwner, RequestSigning, Webhooks,
};
use adcp_seller::spec::{Spec, Tool};
use serde_json::{Value, json};

/// The tools of a sales seller.
const TOOLS: [&str; 14] = [
    "comply_test_controller",
    "create_media_buy",
    "get_adcp_capabilities",
    "get_media_buy_delivery",
    "get_media_buys",
    "get_products",
    "list_accounts",
    "list_creative_formats",
    "list_creatives",
    "sync_accounts",
    "sync_creatives",
    "tasks/get",
    "tasks/list",
    "update_media_buy",
];

/// The manifest of the seller under test.
pub(crate) static PROFILE: Profile = Profile {
    name: "press-desk",
    url: None,
    specialisms: &["sales-non-guaranteed"],
    protocols: &["media_buy"],
    pricing_models: &["cpm"],
    accounts: AccountMode::Explicit,
    store: "memory:",
    idempotency_ttl_seconds: 86_400,
    proposals: None,
    approval: Approval::NONE,
    recipe: None,
    entry: Entry::PLAIN,
    request_signing: RequestSigning::NONE,
    webhooks: Webhooks::PLAIN,
};

/// A seller whose proposals are drafted, refined and finalized.
pub(crate) static PROPOSALS: Profile = Profile {
    specialisms: &["sales-guaranteed", "sales-proposal-mode"],
    pricing_models: &["cpm", "cpc", "cpcv"],
    proposals: Some(Proposals {
        refine: true,
        finalize: true,
        hold_seconds: 86_400,
        grace_seconds: 60,
        draft_ttl_seconds: 86_400,
        expired_ttl_seconds: 604_800,
    }),
    ..PROFILE
};

/// The same, whose proposals need a person to become firm and to be bought.
pub(crate) static PROPOSALS_WITH_APPROVAL: Profile = Profile {
    approval: Approval {
        finalize: true,
        create_media_buy: true,
        within_seconds: 259_200,
    },
    ..PROPOSALS
};

/// A seller whose proposals are ready to buy as they are made.
pub(crate) static PROPOSALS_WITHOUT_FINALIZE: Profile = Profile {
    proposals: Some(Proposals {
        refine: true,
        finalize: false,
        hold_seconds: 86_400,
        grace_seconds: 0,
        draft_ttl_seconds: 86_400,
        expired_ttl_seconds: 604_800,
    }),
    ..PROPOSALS
};

/// A seller that makes proposals which nobody can have changed.
pub(crate) static PROPOSALS_WITHOUT_REFINE: Profile = Profile {
    proposals: Some(Proposals {
        refine: false,
        finalize: true,
        hold_seconds: 86_400,
        grace_seconds: 0,
        draft_ttl_seconds: 86_400,
        expired_ttl_seconds: 604_800,
    }),
    ..PROPOSALS
};

/// A seller with proposals that keeps recipes; for [`spec_with_recipes`].
pub(crate) static PROPOSALS_WITH_RECIPES: Profile = Profile {
    recipe: Some(Recipe {
        kind: "press",
        definition: "Recipe",
        owner: RecipeOwner::Framework,
        axes: &[],
    }),
    ..PROPOSALS
};

/// The line with the definition of a recipe: which line item a product is booked as.
pub(crate) fn spec_with_recipes() -> &'static Spec {
    static SPEC: LazyLock<Spec> = LazyLock::new(|| {
        let mut document: Value = serde_json::from_str(spec().schemas).expect("JSON");
        let words = json!({ "type": "array", "items": { "type": "string" } });
        document["definitions"]["Recipe"] = json!({
            "type": "object",
            "properties": {
                "recipe_kind": { "const": "press" },
                "line_item": { "type": "string", "minLength": 1 },
                "capability_overlap": {
                    "type": "object",
                    "properties": {
                        "pricing_models": words,
                        "targeting_dimensions": words,
                        "delivery_types": words,
                        "signal_types": words,
                    },
                    "additionalProperties": false,
                },
            },
            "required": ["recipe_kind", "line_item"],
            "additionalProperties": false,
        });
        Spec {
            schemas: leak(document.to_string()),
            ..*spec()
        }
    });
    &SPEC
}

/// The line with an error code of a later one.
pub(crate) fn spec_with_later_codes() -> &'static Spec {
    static SPEC: LazyLock<Spec> = LazyLock::new(|| {
        let mut errors = spec().errors.to_vec();
        errors.push(("MULTI_FINALIZE_UNSUPPORTED", Recovery::Correctable));
        errors.sort_unstable_by_key(|(code, _)| *code);
        Spec {
            errors: Vec::leak(errors),
            ..*spec()
        }
    });
    &SPEC
}

/// The line.
pub(crate) fn spec() -> &'static Spec {
    static SPEC: LazyLock<Spec> = LazyLock::new(read);
    &SPEC
}

fn read() -> Spec {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/3.0");
    let json = |name: &str| -> Value {
        let text = std::fs::read(format!("{folder}/{name}"))
            .expect("the line's facts are in the repository");
        serde_json::from_slice(&text).expect("JSON")
    };
    let (facts, definitions) = (json("facts.json"), json("definitions.json"));
    let tools: Vec<Tool> = TOOLS
        .iter()
        .map(|name| {
            let tool = &facts["tools"][name];
            let word = |member: &str| leak(tool[member].as_str().expect("a string").to_owned());
            Tool {
                name,
                mutating: tool["mutating"] == true,
                request: word("request"),
                response: word("response"),
            }
        })
        .collect();
    let list: Vec<Value> = tools.iter().map(|tool| json!({ "name": tool.name, "inputSchema": definitions["definitions"][tool.request] })).collect();
    let mut errors: Vec<(&'static str, Recovery)> = facts["error_codes"]
        .as_object()
        .expect("a table of codes")
        .iter()
        .map(|(code, entry)| {
            let recovery = entry
                .as_str()
                .or_else(|| entry["recovery"].as_str())
                .expect("a recovery class");
            let recovery = match recovery {
                "correctable" => Recovery::Correctable,
                "transient" => Recovery::Transient,
                "terminal" => Recovery::Terminal,
                other => panic!("recovery class {other}"),
            };
            (leak(code.clone()), recovery)
        })
        .collect();
    errors.sort_unstable_by_key(|(code, _)| *code);
    Spec {
        line: "3.0",
        version: leak(facts["version"].as_str().expect("a version").to_owned()),
        major: 3,
        tools: Vec::leak(tools),
        errors: Vec::leak(errors),
        schemas: leak(json!({ "definitions": definitions["definitions"] }).to_string()),
        tool_list: leak(Value::from(list).to_string()),
    }
}

fn leak(text: String) -> &'static str {
    String::leak(text)
}
