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

/// What a bundle of AdCP 3.0.6 has to give on every run, at least.
const STEPS: [(&str, u64); 3] = [
    ("sales-non-guaranteed", 37),
    ("sales-guaranteed", 44),
    ("sales-proposal-mode", 43),
];

/// Every pricing model of the specialism, fixed and by auction.
const EVERY_PRICE: &str = "models = [\"cpm\", \"vcpm\", \"cpc\", \"cpcv\"]\nauction = true";

/// Verifies a seller's claimed specialisms, asserts that every step passed, and answers the runs.
fn passes_every_step(seller: &Seller, claimed: &[&str]) -> Vec<Value> {
    let verdict = seller.scaffold(&["verify", ".", "--json"]);
    let verdict: Value = serde_json::from_str(&verdict).expect("`verify --json` prints JSON");
    let runs = verdict["runs"].as_array().expect("runs").clone();
    let names: Vec<&str> = runs.iter().filter_map(|run| run["name"].as_str()).collect();
    assert_eq!(names, claimed, "one run for each claimed specialism");
    for run in &runs {
        let told = || serde_json::to_string_pretty(&run["failures"]).expect("JSON");
        let name = &run["name"];
        assert_eq!(run["failed"], 0, "{name}, failed steps: {}", told());
        let storyboards = &run["storyboards"];
        assert_eq!(run["skipped"], 0, "{name}, skipped steps: {storyboards}");
        let (_, least) = STEPS
            .iter()
            .find(|(bundle, _)| *name == **bundle)
            .expect("a known bundle");
        let passed = run["passed"].as_u64().expect("a count");
        assert!(passed >= *least, "{name}: only {passed} steps passed");
    }
    runs
}

#[test]
fn a_seller_with_every_default_passes() {
    let seller = Seller::generate("acme-media", &["--yes"]);
    passes_every_step(&seller, &["sales-non-guaranteed"]);
}

#[test]
fn a_seller_with_every_pricing_model_and_auctions_passes() {
    let seller = Seller::on_this_runtime("northlight", EVERY_PRICE, "store = \"sqlite\"\n");
    passes_every_step(&seller, &["sales-non-guaranteed"]);
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
        let seller = Seller::on_this_runtime(name, &pricing, "store = \"memory\"\n");
        passes_every_step(&seller, &["sales-non-guaranteed"]);
    }
}

#[test]
fn a_seller_of_everything_passes_with_nobody_to_agree() {
    let seller = Seller::of_matrix("every-specialism");
    let claimed = [
        "sales-non-guaranteed",
        "sales-guaranteed",
        "sales-proposal-mode",
    ];
    let runs = passes_every_step(&seller, &claimed);
    assert!(runs.iter().all(|run| run["approved"].is_null()));
}

#[test]
fn a_seller_whose_people_agree_passes_and_so_do_the_media_buy_storyboards() {
    let seller = Seller::of_matrix("proposals-with-approval");
    let runs = passes_every_step(&seller, &["sales-guaranteed", "sales-proposal-mode"]);
    for run in &runs {
        // Whether anybody had to agree is the storyboard's choice: that somebody did shows that the
        // way over a person was gone.
        assert!(run["approved"].as_u64() > Some(0), "{}", run["name"]);
    }

    let (_, verdict) = seller.run(&["verify", ".", "--json", "--storyboards", "media-buy"]);
    let verdict: Value = serde_json::from_str(&verdict).expect("`verify --json` prints JSON");
    let run = &verdict["runs"][0];
    let told = || serde_json::to_string_pretty(&run["failures"]).expect("JSON");
    assert_eq!(verdict["failed"], 0, "failed steps: {}", told());
    let storyboards = run["storyboards"].as_array().expect("storyboards");
    assert!(storyboards.len() >= 17, "only {}", storyboards.len());
    let ran: Vec<&str> = storyboards
        .iter()
        .filter_map(|it| it["id"].as_str())
        .collect();
    let mut expected = Remaining::read().skip;
    expected.retain(|entry| !entry.without_proposals && ran.contains(&entry.storyboard.as_str()));
    assert_eq!(
        skipped(run),
        counted(expected),
        "skipped steps by storyboard, found and written down"
    );
}

#[test]
fn the_smallest_sellers_of_the_new_kinds_pass() {
    let guaranteed = Seller::of_matrix("guaranteed-alone");
    passes_every_step(&guaranteed, &["sales-guaranteed"]);
    let own = Seller::of_matrix("own-recipe-schema");
    passes_every_step(&own, &["sales-guaranteed", "sales-proposal-mode"]);
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
    /// Only a seller that makes no proposals leaves it.
    #[serde(default)]
    without_proposals: bool,
}

impl Remaining {
    fn read() -> Self {
        let text = include_str!("../storyboards/skips.toml");
        let remaining: Remaining = toml::from_str(text).expect("skips.toml is well formed");
        let mut entries = remaining.skip.iter().chain(&remaining.failure);
        assert!(entries.all(|entry| !entry.why.is_empty()));
        remaining
    }
}

/// Steps by storyboard.
fn counted(entries: Vec<Entry>) -> BTreeMap<String, u64> {
    let count = |entry: Entry| (entry.storyboard, entry.steps);
    entries.into_iter().map(count).collect()
}

/// The skipped steps of a run, by storyboard.
fn skipped(run: &Value) -> BTreeMap<String, u64> {
    let storyboards = run["storyboards"].as_array().expect("storyboards");
    let count = |storyboard: &Value| {
        let id = storyboard["id"].as_str().expect("an id").to_owned();
        (id, storyboard["skipped"].as_u64().expect("a count"))
    };
    let counts = storyboards.iter().map(count);
    counts.filter(|(_, steps)| *steps > 0).collect()
}

#[test]
fn the_full_run_leaves_only_what_is_written_down() {
    let seller = Seller::on_this_runtime("acme-media", EVERY_PRICE, "");
    let (_, verdict) = seller.run(&["verify", ".", "--json", "--all"]);
    let verdict: Value = serde_json::from_str(&verdict).expect("`verify --json` prints JSON");
    let run = &verdict["runs"][0];

    let remaining = Remaining::read();
    let mut skipped = skipped(run);
    let unlisted = run["unlisted"]["storyboards"]
        .as_array()
        .expect("storyboards");
    let names: Vec<&str> = unlisted.iter().filter_map(Value::as_str).collect();
    let steps = run["unlisted"]["skipped"].as_u64().expect("a count");
    if steps > 0 {
        skipped.insert(names.join(", "), steps);
    }
    assert_eq!(
        skipped,
        counted(remaining.skip),
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
        counted(remaining.failure),
        "failed steps by storyboard, found and written down"
    );
}
