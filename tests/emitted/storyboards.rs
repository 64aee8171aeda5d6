//! The promise of this tool: what it emits passes the official storyboards before its owner has
//! written a line.
//!
//! Each test generates a seller with the program itself, then has `adcp-scaffold verify` build it,
//! start it and let the official runner judge it. Needs Node.js and npm; without them it fails and
//! says what to install.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::seller::Seller;

/// What the bundle `sales-non-guaranteed` of AdCP 3.0.6 has to give on every run.
const STEPS: u64 = 37;

/// Every pricing model of the specialism, fixed and by auction.
const EVERY_PRICE: &str = "models = [\"cpm\", \"vcpm\", \"cpc\", \"cpcv\"]\nauction = true";

/// Verifies a seller's claimed specialisms and asserts that every step passed.
fn passes_every_step(seller: &Seller) {
    let verdict = seller.scaffold(&["verify", ".", "--json"]);
    let verdict: Value = serde_json::from_str(&verdict).expect("`verify --json` prints JSON");
    let told = || serde_json::to_string_pretty(&verdict["runs"][0]["failures"]).expect("JSON");
    assert_eq!(verdict["failed"], 0, "failed steps: {}", told());
    assert_eq!(
        verdict["skipped"], 0,
        "skipped steps: {}",
        verdict["runs"][0]["storyboards"]
    );
    assert!(
        verdict["passed"].as_u64() >= Some(STEPS),
        "only {} steps passed",
        verdict["passed"]
    );
    assert_eq!(
        verdict["runs"].as_array().map(Vec::len),
        Some(1),
        "one claimed specialism, one run"
    );
}

#[test]
fn a_seller_with_every_default_passes() {
    passes_every_step(&Seller::generate("acme-media", &["--yes"]));
}

#[test]
fn a_seller_with_every_pricing_model_and_auctions_passes() {
    passes_every_step(&Seller::on_this_runtime(
        "northlight",
        EVERY_PRICE,
        "store = \"sqlite\"\n",
    ));
}

#[test]
fn sellers_with_one_pricing_model_each_pass() {
    let sellers = [
        ("tall-ships-radio", "cpm"),
        ("viewpoint", "vcpm"),
        ("clickworks-eu", "cpc"),
        ("k9-streaming", "cpcv"),
    ];
    for (name, model) in sellers {
        let pricing = format!("models = [{model:?}]");
        passes_every_step(&Seller::on_this_runtime(
            name,
            &pricing,
            "store = \"memory\"\n",
        ));
    }
}

#[test]
fn a_failed_step_is_a_finding() {
    // The bundle of a specialism that this seller does not claim asks for what it can't do.
    let seller = Seller::on_this_runtime("overreach", "models = [\"cpm\"]", "");
    let (code, verdict) = seller.run(&[
        "verify",
        ".",
        "--json",
        "--storyboards",
        "sales-proposal-mode",
    ]);
    let verdict: Value = serde_json::from_str(&verdict).expect("`verify --json` prints JSON");
    assert_eq!(code, Some(1));
    assert!(verdict["failed"].as_u64() > Some(0), "{verdict}");
    let failure = &verdict["runs"][0]["failures"][0];
    assert!(
        failure["storyboard"].is_string() && failure["error"].is_string(),
        "{failure}"
    );
}

/// `tests/storyboards/skips.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remaining {
    skip: Vec<Entry>,
    failure: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    storyboard: String,
    steps: u64,
    why: String,
}

#[test]
fn the_full_run_leaves_only_what_is_written_down() {
    let seller = Seller::on_this_runtime("acme-media", EVERY_PRICE, "");
    let (_, verdict) = seller.run(&["verify", ".", "--json", "--all"]);
    let verdict: Value = serde_json::from_str(&verdict).expect("`verify --json` prints JSON");
    let run = &verdict["runs"][0];

    let text = include_str!("../storyboards/skips.toml");
    let remaining: Remaining = toml::from_str(text).expect("skips.toml is well formed");
    assert!(
        remaining
            .skip
            .iter()
            .chain(&remaining.failure)
            .all(|entry| !entry.why.is_empty())
    );
    let expected = |entries: Vec<Entry>| -> BTreeMap<String, u64> {
        entries
            .into_iter()
            .map(|entry| (entry.storyboard, entry.steps))
            .collect()
    };

    let mut skipped = BTreeMap::new();
    for storyboard in run["storyboards"].as_array().expect("storyboards") {
        skipped.insert(
            storyboard["id"].as_str().expect("an id").to_owned(),
            storyboard["skipped"].as_u64().expect("a count"),
        );
    }
    let unlisted = run["unlisted"]["storyboards"]
        .as_array()
        .expect("storyboards");
    let names: Vec<&str> = unlisted.iter().filter_map(Value::as_str).collect();
    skipped.insert(
        names.join(", "),
        run["unlisted"]["skipped"].as_u64().expect("a count"),
    );
    skipped.retain(|_, steps| *steps > 0);
    assert_eq!(
        skipped,
        expected(remaining.skip),
        "skipped steps by storyboard, found and written down"
    );

    let mut failed = BTreeMap::<String, u64>::new();
    for failure in run["failures"].as_array().expect("failures") {
        *failed
            .entry(failure["storyboard"].as_str().expect("an id").to_owned())
            .or_default() += 1;
    }
    assert_eq!(
        failed.values().sum::<u64>(),
        verdict["failed"].as_u64().expect("a count"),
        "every failed step is listed"
    );
    assert_eq!(
        failed,
        expected(remaining.failure),
        "failed steps by storyboard, found and written down"
    );
}
