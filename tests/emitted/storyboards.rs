//! The promise of this tool: what it emits passes the official storyboards before its owner has
//! written a line.
//!
//! Each test generates a seller with the program itself, then has `adcp-scaffold verify` build it,
//! start it and let the official runner judge it. Needs Node.js and npm; without them it fails and
//! says what to install.

use std::collections::{BTreeMap, BTreeSet};

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
    expected.retain(|entry| ran.contains(&entry.storyboard.as_str()));
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
    skip: Vec<Skipped>,
    failure: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skipped {
    storyboard: String,
    steps: u64,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    storyboard: String,
    step: String,
    why: String,
}

impl Remaining {
    fn read() -> Self {
        let text = include_str!("../storyboards/skips.toml");
        let remaining: Remaining = toml::from_str(text).expect("skips.toml is well formed");
        assert!(remaining.skip.iter().all(|entry| !entry.why.is_empty()));
        assert!(remaining.failure.iter().all(|entry| !entry.why.is_empty()));
        remaining
    }
}

/// Steps by storyboard.
fn counted(entries: Vec<Skipped>) -> BTreeMap<String, u64> {
    let count = |entry: Skipped| (entry.storyboard, entry.steps);
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

/// Runs everything over each transport against a seller that claims all that is generated. The runs
/// wait for minutes by design, so there is one for each transport and no more, and both wait at once.
#[test]
fn full_runs_over_both_transports_leave_only_what_is_written_down() {
    let seller = Seller::of_matrix("every-specialism");
    seller.cargo(&["build"]);
    let verify = |transport| {
        let (_, verdict) =
            seller.run(&["verify", ".", "--json", "--all", "--transport", transport]);
        serde_json::from_str(&verdict).expect("`verify --json` prints JSON")
    };
    let (mcp, a2a): (Value, Value) = std::thread::scope(|scope| {
        let mcp = scope.spawn(|| verify("mcp"));
        let a2a = verify("a2a");
        (mcp.join().expect("a verdict over MCP"), a2a)
    });
    leaves_only_what_is_written_down(&mcp, "mcp");
    leaves_only_what_is_written_down(&a2a, "a2a");
}

fn leaves_only_what_is_written_down(verdict: &Value, transport: &str) {
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
        "{transport}: skipped steps by storyboard, found and written down"
    );

    let failures = run["failures"].as_array().expect("failures");
    assert_eq!(
        Some(failures.len() as u64),
        verdict["failed"].as_u64(),
        "{transport}: every failed step is listed"
    );
    let name = |entry: &Value, member: &str| entry[member].as_str().expect("a name").to_owned();
    let failed: BTreeSet<(String, String)> = failures
        .iter()
        .map(|failure| (name(failure, "storyboard"), name(failure, "step")))
        .collect();
    let written = remaining
        .failure
        .into_iter()
        .map(|entry| (entry.storyboard, entry.step));
    assert_eq!(
        failed,
        written.collect(),
        "{transport}: failed steps, found and written down; {}",
        serde_json::to_string_pretty(failures).expect("JSON")
    );
}
