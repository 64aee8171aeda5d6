//! Manifests as data: each wrong one with the exact message, each right one with its plan.
//!
//! A new case is a new file. `SNAPSHOTS=overwrite cargo test --test manifest` writes what is
//! expected; read the difference before committing it.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use adcp_scaffold::manifest::companions::Unreadable;
use adcp_scaffold::manifest::{Answers, Beside, CODES, Code, Companions, Rejected, Source, source};
use adcp_scaffold::plan::{
    Accepted, DigestPolicy, LineFacts, Lines, RecipeOwner, RecipeSource, accept,
};
use adcp_scaffold::{manifest, report, spec};
use proptest::prelude::*;
use snapbox::{Data, assert_data_eq};

/// The lines that are built in, without whatever the machine's user has added.
struct BuiltIn;

impl Lines for BuiltIn {
    fn names(&self) -> Vec<String> {
        spec::store::embedded_lines().map(str::to_owned).collect()
    }

    fn facts(&self, line: &str) -> Option<LineFacts> {
        static FACTS: LazyLock<LineFacts> =
            LazyLock::new(|| LineFacts::of(&spec::embedded("3.0").expect("the line is built in")));
        (line == "3.0").then(|| FACTS.clone())
    }
}

/// A manifest that lies in this folder, with whatever files it names.
fn judged_in(folder: &Path, bytes: &[u8]) -> Result<Accepted, Rejected> {
    let source = Source::from_bytes("seller.toml", bytes)?;
    accept(source, &BuiltIn, &Beside::new(folder))
}

/// A manifest that lies beside `recipe.schema.json`, a usable schema.
fn judged(bytes: &[u8]) -> Result<Accepted, Rejected> {
    judged_in(&folder_of("right"), bytes)
}

fn message(rejected: &Rejected) -> String {
    format!(
        "{}\n",
        anstream::adapter::strip_str(&report::rejection(rejected))
    )
}

fn codes(rejected: &Rejected) -> Vec<Code> {
    rejected
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

fn folder_of(cases: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/manifest")
        .join(cases)
}

fn cases(folder: &str) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder_of(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    cases
}

#[test]
fn wrong_manifests_get_exactly_these_messages() {
    let cases = cases("wrong");
    assert!(cases.len() >= 100, "only {} cases", cases.len());
    for case in cases {
        let bytes = std::fs::read(case.join("seller.toml")).unwrap();
        let rejected =
            judged_in(&case, &bytes).expect_err(&format!("{} was accepted", case.display()));
        assert_data_eq!(
            message(&rejected),
            Data::read_from(&case.join("expected.txt"), None).raw()
        );
    }
}

#[test]
fn right_manifests_mean_exactly_these_plans() {
    for case in cases("right") {
        if case
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let bytes = std::fs::read(&case).unwrap();
            let accepted = judged(&bytes).unwrap_or_else(|no| panic!("{}", message(&no)));
            let mut text = format!("{:#?}\n", accepted.plan);
            for warning in &accepted.warnings {
                writeln!(text, "{}: {}", warning.code.id(), warning.message).unwrap();
            }
            assert_data_eq!(
                text,
                Data::read_from(&case.with_extension("txt"), None).raw()
            );
        }
    }
}

#[test]
fn every_code_stands_in_some_wrong_manifest() {
    // The others take more than a text: see the tests of their own.
    let mut seen = BTreeSet::from(
        [
            Code::TooLarge,
            Code::LineLacksTools,
            Code::RuntimeAbsent,
            Code::DigestOfLine,
        ]
        .map(Code::id),
    );
    for case in cases("wrong") {
        let bytes = std::fs::read(case.join("seller.toml")).unwrap();
        let rejected = judged_in(&case, &bytes).unwrap_err();
        seen.extend(codes(&rejected).into_iter().map(Code::id));
    }
    let all: BTreeSet<&str> = CODES.iter().map(|entry| entry.id).collect();
    assert_eq!(seen, all);
}

#[test]
fn every_explanation_has_text_and_examples_that_behave_as_it_says() {
    for entry in CODES {
        assert!(
            !entry.title.is_empty() && entry.explanation.len() > 80,
            "{}",
            entry.id
        );
        let right = judged(entry.right.as_bytes()).unwrap_or_else(|no| panic!("{}", message(&no)));
        assert!(
            right.warnings.is_empty(),
            "{}: the right example warns",
            entry.id
        );
        let Some(wrong) = entry.wrong else {
            assert!(
                matches!(
                    entry.code,
                    Code::NotUtf8
                        | Code::TooLarge
                        | Code::LineLacksTools
                        | Code::RuntimeAbsent
                        | Code::RecipeSchema
                        | Code::DigestOfLine
                ),
                "{}",
                entry.id
            );
            continue;
        };
        let found = match judged(wrong.as_bytes()) {
            Ok(accepted) => accepted
                .warnings
                .iter()
                .map(|warning| warning.code)
                .collect(),
            Err(rejected) => codes(&rejected),
        };
        assert!(found.contains(&entry.code), "{}: found {found:?}", entry.id);
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let line = b"# a line that means nothing\n";
    let bytes = line.repeat(source::MAX_BYTES / line.len() + 1);
    let rejected = judged(&bytes).unwrap_err();
    assert_eq!(codes(&rejected), [Code::TooLarge]);
    assert!(message(&rejected).contains("more than the 262144 that are read"));
    let fits = [
        b"name = \"acme-media\"\nadcp = \"3.0\"\nspecialisms = [\"sales-non-guaranteed\"]\n"
            .as_slice(),
        &line.repeat(9_000),
    ]
    .concat();
    assert!(fits.len() < source::MAX_BYTES && judged(&fits).is_ok());
}

/// The schema is what editors complete from, so it must take what the tool takes.
#[test]
fn right_manifests_satisfy_the_manifest_schema_and_misspelt_keys_do_not() {
    let schema: serde_json::Value = serde_json::from_str(&manifest::json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let value = |path: &Path| -> Option<serde_json::Value> {
        let text = String::from_utf8(std::fs::read(path).unwrap()).ok()?;
        let table: toml::Table = toml::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        Some(serde_json::to_value(table).unwrap())
    };
    for case in cases("right") {
        if case
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let value = value(&case).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&value)
                .map(|e| e.to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", case.display());
        }
    }
    for case in cases("wrong") {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let by_schema = [
            "unknown-",
            "type-",
            "missing-",
            "empty",
            "duplicate-",
            "planned-",
            "name-with",
        ];
        if by_schema.iter().any(|prefix| name.starts_with(prefix)) && name != "planned-store" {
            let value = value(&case.join("seller.toml")).unwrap();
            assert!(!validator.is_valid(&value), "{name} satisfies the schema");
        }
    }
}

#[test]
fn the_manifest_schema_is_this_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifest/seller.schema.json");
    assert_data_eq!(manifest::json_schema(), Data::read_from(&path, None).raw());
}

#[test]
fn a_manifest_from_answers_means_what_was_answered() {
    let answers = Answers {
        name: Some("acme-media".to_owned()),
        url: Some("https://ads.acme.example".to_owned()),
        pricing_models: vec!["cpc".to_owned(), "cpm".to_owned()],
        auction: Some(false),
        accounts: Some("from_auth".to_owned()),
        store: Some("sqlite:data/\u{e9} \\2.db".to_owned()),
        retention: Some("2h".to_owned()),
        runtime: vec![("path", "C:\\runtime".to_owned())],
        ..Answers::default()
    };
    let accepted =
        judged(answers.to_toml().as_bytes()).unwrap_or_else(|no| panic!("{}", message(&no)));
    let plan = accepted.plan;
    assert_eq!(plan.url.as_deref(), Some("https://ads.acme.example"));
    assert_eq!(plan.pricing_models, ["cpc", "cpm"]);
    assert!(!plan.auction);
    assert_eq!(plan.accounts.word(), "from_auth");
    assert_eq!(plan.store.address(), "sqlite:data/\u{e9} \\2.db");
    assert_eq!(plan.idempotency_ttl_seconds, 7_200);
    assert_eq!(
        plan.runtime,
        adcp_scaffold::plan::RuntimeSource::Path("C:\\runtime".to_owned())
    );
}

#[test]
fn entry_limits_and_signing_are_written_as_answered() {
    let base = Answers {
        name: Some("acme-media".to_owned()),
        ..Answers::default()
    };
    let plan = |answers: &Answers| {
        let accepted =
            judged(answers.to_toml().as_bytes()).unwrap_or_else(|no| panic!("{}", message(&no)));
        assert!(accepted.warnings.is_empty(), "{:?}", accepted.warnings);
        accepted.plan
    };
    // What is written for nothing said is what leaving it out means.
    let left_out = judged(CODES[0].right.as_bytes()).unwrap().plan;
    let written = plan(&base);
    assert_eq!(written.transports, left_out.transports);
    assert_eq!(written.entry, left_out.entry);
    assert_eq!(written.signing, left_out.signing);
    assert_eq!(written.webhooks, left_out.webhooks);
    let words: Vec<&str> = written.transports.iter().map(|it| it.word()).collect();
    assert_eq!(words, ["mcp", "a2a"]);
    assert!(written.signing.verify && written.signing.required.is_empty());
    // And what it shows in comments can be taken out of them, for the most part as it stands.
    let shown: String = base
        .to_toml()
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(code) if code.starts_with('[') || code.contains(" = ") => format!("{code}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let shown = judged(shown.as_bytes()).unwrap_or_else(|no| panic!("{}", message(&no)));
    assert!(shown.plan.entry.oauth.is_some());
    assert_eq!(shown.plan.entry.rate.unwrap().per_minute, 600);

    let full = plan(&Answers {
        url: Some("https://ads.acme.example".to_owned()),
        transports: vec!["a2a".to_owned()],
        issuer: Some("https://login.acme.example/".to_owned()),
        audience: Some("acme \"ads\"".replace(' ', ":")),
        per_minute: Some(30),
        burst: Some(3),
        signed: vec!["create_media_buy".to_owned()],
        retry: Some("2d".to_owned()),
        ..base.clone()
    });
    let oauth = full.entry.oauth.unwrap();
    assert_eq!(oauth.issuer, "https://login.acme.example/");
    assert_eq!(oauth.audience.as_deref(), Some("acme:\"ads\""));
    let rate = full.entry.rate.unwrap();
    assert_eq!((rate.per_minute, rate.burst), (30, 3));
    assert_eq!(full.signing.required, ["create_media_buy"]);
    assert_eq!(full.webhooks.retry_seconds, 172_800);
    let off = Answers {
        verify: Some(false),
        ..base
    };
    assert!(!plan(&off).signing.verify);
}

#[test]
fn proposals_approval_and_recipe_are_written_where_they_were_asked_for() {
    let base = Answers {
        name: Some("acme-media".to_owned()),
        ..Answers::default()
    };
    let plan = |answers: &Answers| {
        judged(answers.to_toml().as_bytes())
            .unwrap_or_else(|no| panic!("{}", message(&no)))
            .plan
    };
    let nothing = base.to_toml();
    for table in ["[proposals]", "[approval]", "[recipe]"] {
        assert!(!nothing.contains(table), "{nothing}");
    }
    // A seller of proposals sees what there is to change, and it means what leaving it out does.
    let claimed = Answers {
        specialisms: vec![
            "sales-guaranteed".to_owned(),
            "sales-proposal-mode".to_owned(),
        ],
        ..base.clone()
    };
    let written = claimed.to_toml();
    assert!(written.contains("hold = \"24h\""), "{written}");
    assert!(written.contains("auction = false"), "{written}");
    let (before, after) = written.split_once("[proposals]").unwrap();
    let (_, after) = after.split_once("[runtime]").unwrap();
    let left_out = judged(format!("{before}[runtime]{after}").as_bytes()).unwrap();
    assert_eq!(plan(&claimed), left_out.plan);

    let full = plan(&Answers {
        refine: Some(false),
        hold: Some("2d".to_owned()),
        approvals: vec!["finalize".to_owned(), "create_media_buy".to_owned()],
        recipe: Some("kevel".to_owned()),
        recipe_owner: Some("adopter".to_owned()),
        ..base.clone()
    });
    let proposals = full.proposals.unwrap();
    assert!(!proposals.refine && proposals.finalize);
    assert_eq!(proposals.hold_seconds, 172_800);
    assert!(full.approval.finalize && full.approval.create_media_buy);
    assert_eq!(full.approval.within_seconds, 259_200);
    let recipe = full.recipe.unwrap();
    assert_eq!(recipe.source, RecipeSource::Preset("kevel".to_owned()));
    assert_eq!(recipe.owner, RecipeOwner::Adopter);

    // A schema of one's own has the seller's name for its kind, until somebody says another.
    let own = Answers {
        recipe_schema: Some("recipe.schema.json".to_owned()),
        ..base.clone()
    };
    assert_eq!(plan(&own).recipe.unwrap().kind, "acme-media");
    let named = Answers {
        recipe_kind: Some("acme".to_owned()),
        ..own
    };
    assert_eq!(plan(&named).recipe.unwrap().kind, "acme");

    // What can't be held is not written as held.
    let as_made = Answers {
        finalize: Some(false),
        ..base
    };
    let accepted = judged(as_made.to_toml().as_bytes()).unwrap();
    assert!(accepted.warnings.is_empty(), "{:?}", accepted.warnings);
    assert!(!accepted.plan.proposals.unwrap().finalize);
}

/// The generator and the runtime each read a store's address; what one takes the other must.
#[test]
fn a_store_that_the_manifest_takes_is_one_that_the_runtime_opens() {
    let folder = tempfile::tempdir().unwrap();
    let verdicts = |store: &str| {
        let answers = Answers {
            name: Some("acme-media".to_owned()),
            store: Some(store.to_owned()),
            ..Answers::default()
        };
        (
            judged(answers.to_toml().as_bytes()).is_ok(),
            adcp_seller::store::open(store).is_ok(),
        )
    };
    let inside = folder.path().display();
    for store in [
        format!("sqlite:{inside}/a.db"),
        format!("sqlite://{inside}/b.db"),
        format!("sqlite:{inside}/with space.db"),
        format!("sqlite:{inside}/\u{e9}.db"),
        "memory:".to_owned(),
    ] {
        assert_eq!(verdicts(&store), (true, true), "{store}");
    }
    for store in [
        "sqlite:".to_owned(),
        "sqlite://".to_owned(),
        "sqlite::memory:".to_owned(),
        format!("sqlite:{inside}/a.db?mode=ro"),
        format!("sqlite:{inside}/"),
        format!("sqlite:{inside}/."),
        "sqlite:~/x.db".to_owned(),
        "postgres://db/seller".to_owned(),
        "redis:".to_owned(),
    ] {
        assert_eq!(verdicts(&store), (false, false), "{store}");
    }
}

/// A crate called like one of its own dependencies can't name it.
#[test]
fn no_seller_is_called_like_a_crate_that_it_depends_on() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut seen = 0;
    for manifest in ["seeded/Cargo.toml.tera", "generated/wire/Cargo.toml.tera"] {
        let text = std::fs::read_to_string(templates.join(manifest)).unwrap();
        let mut below = "";
        for line in text.lines() {
            if line.starts_with('[') {
                below = line;
            } else if below.contains("dependencies]")
                && let Some((name, _)) = line.split_once(" = ")
            {
                let name = name.replace('_', "-");
                assert!(adcp_scaffold::plan::name::check(&name).is_err(), "{name}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 8, "only {seen} dependencies were found");
}

#[test]
fn defaults_written_out_and_defaults_left_out_mean_the_same() {
    let answers = Answers {
        name: Some("acme-media".to_owned()),
        ..Answers::default()
    };
    let written = judged(answers.to_toml().as_bytes()).unwrap().plan;
    let left_out = judged(CODES[Code::MissingKey as usize].right.as_bytes())
        .unwrap()
        .plan;
    assert_eq!(written, left_out);
}

/// What the storyboards of the protocol and of the specialism call, as the issue lists it.
#[test]
fn a_sales_seller_offers_these_tools() {
    let plan = judged(CODES[0].right.as_bytes()).unwrap().plan;
    assert_eq!(
        plan.tools,
        [
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
        ]
    );
    assert_eq!(plan.protocols, ["media_buy"]);
}

/// From 3.2 on every signature covers the body, and notifications are tried for a day at least.
#[test]
fn a_line_may_ask_for_more_of_signatures_and_webhooks() {
    struct Newer;
    impl Lines for Newer {
        fn names(&self) -> Vec<String> {
            BuiltIn.names()
        }
        fn facts(&self, line: &str) -> Option<LineFacts> {
            let mut facts = BuiltIn.facts(line)?;
            assert!(!facts.digest_is_required && facts.retry.is_none());
            facts.digest_is_required = true;
            facts.retry = Some(86_400..=604_800);
            Some(facts)
        }
    }
    let judged = |more: &str| {
        let text = format!("{}{more}", CODES[0].right);
        accept(
            Source::from_text("seller.toml", text),
            &Newer,
            &Beside::new(""),
        )
    };
    for digest in ["", "\n[signing]\ndigest = \"required\"\n"] {
        let plan = judged(digest)
            .unwrap_or_else(|no| panic!("{}", message(&no)))
            .plan;
        assert_eq!(plan.signing.digest, DigestPolicy::Required);
        assert_eq!(plan.webhooks.retry_seconds, 86_400);
    }
    for digest in ["either", "forbidden"] {
        let refused = judged(&format!("\n[signing]\ndigest = \"{digest}\"\n")).unwrap_err();
        assert_eq!(codes(&refused), [Code::DigestOfLine]);
        assert!(message(&refused).contains("is not allowed in AdCP 3.0"));
    }
    let refused = judged("\n[webhooks]\nretry = \"12h\"\n").unwrap_err();
    assert_eq!(codes(&refused), [Code::SpanRange]);
    assert!(message(&refused).contains("this AdCP line sets bounds of its own"));
}

/// An older bundle of the line has no `comply_test_controller`; whoever claims its storyboards
/// should hear of it.
#[test]
fn tools_that_the_line_lacks_are_said() {
    struct Older;
    impl Lines for Older {
        fn names(&self) -> Vec<String> {
            BuiltIn.names()
        }
        fn facts(&self, line: &str) -> Option<LineFacts> {
            let mut facts = BuiltIn.facts(line)?;
            facts.tools.remove("comply_test_controller");
            Some(facts)
        }
    }
    let text = CODES[0].right;
    let accepted = accept(
        Source::from_text("seller.toml", text),
        &Older,
        &Beside::new(""),
    )
    .unwrap();
    assert_eq!(accepted.plan.tools.len(), 13);
    let [warning] = accepted.warnings.as_slice() else {
        panic!("{:?}", accepted.warnings);
    };
    assert_eq!(warning.code, Code::LineLacksTools);
    assert_eq!(
        warning.message,
        "AdCP 3.0 as it is at hand lacks `comply_test_controller`"
    );
    let span = warning.span.clone().unwrap();
    assert_eq!(&text[span], "\"3.0\"");
}

/// Judging and rendering must survive anything; whether it is accepted doesn't matter here.
fn survives(bytes: &[u8]) {
    if let Err(rejected) = judged(bytes) {
        assert!(
            rejected
                .diagnostics
                .iter()
                .any(manifest::Diagnostic::is_error)
        );
        assert!(!message(&rejected).is_empty());
        for diagnostic in &rejected.diagnostics {
            // A terminal obeys control characters; what quotes the file must not carry any.
            let told = [&diagnostic.message, &diagnostic.label];
            let told = told
                .into_iter()
                .chain(&diagnostic.notes)
                .chain(&diagnostic.helps);
            assert!(
                told.clone().all(|text| !text.contains(char::is_control)),
                "{diagnostic:?}"
            );
        }
    }
}

/// Every file that a manifest names says this.
struct Only(String);

impl Companions for Only {
    fn read(&self, _: &str) -> Result<String, Unreadable> {
        Ok(self.0.clone())
    }
}

/// How many bytes of a schema are taken out, and what is put there.
fn edit() -> impl Strategy<Value = (usize, &'static str)> {
    let pieces = [
        "",
        "{}",
        "[]",
        "null",
        "true",
        "-1",
        "\"$ref\": \"#\",",
        "\"$ref\": \"#/properties/order_id\",",
        "\"type\": [\"string\", \"null\"],",
        "\"oneOf\": [{}, {\"type\": \"object\"}],",
        "\"definitions\": {\"A\": {\"$ref\": \"#/definitions/A\"}},",
        "\"properties\": {\"self\": {\"type\": \"string\"}},",
        "\"order_id\"",
        "\"capability_overlap\": {},",
        "\"recipe_kind\": 1,",
        "\"enum\": [],",
        "\"patternProperties\": {\"(\": {}},",
        "\"pattern\": \"(\",",
        "\"\": {\"type\": \"integer\"},",
        ",",
    ];
    (0..24_usize, prop::sample::select(pieces.to_vec()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survives(&bytes);
    }

    #[test]
    fn random_text_never_panics(text in "[a-z\\[\\]{}=\"'.#,\\n\\r\\t 0-9\u{e9}\u{1f600}_:-]{0,200}") {
        survives(text.as_bytes());
    }

    #[test]
    fn mutated_manifests_never_panic(
        case in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..8),
    ) {
        let cases = cases("wrong");
        let mut bytes = std::fs::read(case.get(&cases).join("seller.toml")).unwrap();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len() + 1);
            match kind {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => { bytes.remove(at); }
                _ if at < bytes.len() => bytes[at] = byte,
                _ => bytes.push(byte),
            }
        }
        survives(&bytes);
    }

    /// Whatever is typed for a flag becomes a manifest that can be judged, and nothing else:
    /// no value breaks out of its quotes.
    #[test]
    fn answers_are_always_valid_toml(
        name in any::<String>(), store in any::<String>(), url in any::<String>(),
        hold in any::<String>(), approval in any::<String>(), schema in any::<String>(),
    ) {
        let answers = Answers {
            name: Some(name.clone()), store: Some(store), url: Some(url), hold: Some(hold),
            approvals: vec![approval], recipe_schema: Some(schema), ..Answers::default()
        };
        let table: toml::Table = toml::from_str(&answers.to_toml()).unwrap();
        prop_assert_eq!(table["name"].as_str(), Some(name.as_str()));
        survives(answers.to_toml().as_bytes());
    }
}

proptest! {
    // Each case makes types of a schema, which takes a while.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The schema of a recipe is the adopter's, and may be anything.
    #[test]
    fn mutated_recipe_schemas_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), edit()), 1..4),
    ) {
        let mut schema: String =
            std::fs::read_to_string(folder_of("right").join("recipe.schema.json")).unwrap();
        for (at, (taken, put)) in edits {
            let at = at.index(schema.len());
            let end = (at + taken).min(schema.len());
            schema.replace_range(at..end, put);
        }
        let text = CODES[Code::RecipeSchema as usize].right;
        let judged = accept(Source::from_text("seller.toml", text), &BuiltIn, &Only(schema));
        if let Err(rejected) = judged {
            prop_assert_eq!(codes(&rejected), [Code::RecipeSchema]);
            prop_assert!(!message(&rejected).is_empty());
        }
    }
}
