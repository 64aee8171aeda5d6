//! Arguments of `new`.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;

use crate::manifest::Answers;
use crate::plan::entry::burst;
use crate::plan::support;

const EXAMPLES: &str = "\
Examples:
  adcp-scaffold new acme-media
  adcp-scaffold new acme-media --yes
  adcp-scaffold new acme-media --manifest seller.toml
  adcp-scaffold new acme-media --pricing cpm --pricing cpc --no-auction --store sqlite:acme.db
  adcp-scaffold new acme-media --specialism sales-proposal-mode --approval finalize --recipe gam
  adcp-scaffold new acme-media --oauth-issuer https://login.acme.example --url https://ads.acme.example
  adcp-scaffold new acme-media --transport mcp --require-signature create_media_buy --per-minute 600
  adcp-scaffold new acme-media --yes --runtime-path ../adcp-seller

Without flags and without a manifest it asks, on a terminal.";

/// Arguments of `new`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct NewArgs {
    /// The folder to write; it is created, and has to be empty if it exists
    pub dir: PathBuf,

    /// Take this manifest
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "adcp", "url", "specialism",
        "transport", "pricing", "auction", "no_auction", "accounts", "store", "retention",
        "oauth_issuer", "per_minute", "burst", "require_signature", "no_signatures",
        "webhook_retry", "refine", "no_refine",
        "finalize", "no_finalize", "hold", "approval", "recipe", "recipe_schema", "recipe_owner",
        "runtime_path", "runtime_version", "runtime_git"])]
    pub manifest: Option<PathBuf>,

    /// The seller's name [default: the folder's name]
    #[arg(long)]
    pub name: Option<String>,

    /// The AdCP line, such as 3.0
    #[arg(long, value_name = "LINE")]
    pub adcp: Option<String>,

    /// Where buyers will reach it: scheme and host
    #[arg(long)]
    pub url: Option<String>,

    /// How buyers call: mcp, a2a; may be repeated [default: both]
    #[arg(long, value_name = "TRANSPORT")]
    pub transport: Vec<String>,

    /// A specialism; may be repeated
    #[arg(long, value_name = "SLUG")]
    pub specialism: Vec<String>,

    /// A pricing model; may be repeated
    #[arg(long, value_name = "MODEL")]
    pub pricing: Vec<String>,

    /// Products may carry floor prices (the default, unless all are guaranteed)
    #[arg(long, conflicts_with = "no_auction")]
    pub auction: bool,

    /// Products carry fixed prices only
    #[arg(long)]
    pub no_auction: bool,

    /// How a call names its account
    #[arg(long, value_name = "MODE", value_parser = PossibleValuesParser::new(support::ACCOUNTS))]
    pub accounts: Option<String>,

    /// Where state is kept: sqlite, sqlite:PATH or memory
    #[arg(long, value_name = "STORE")]
    pub store: Option<String>,

    /// How long a retry gets the first answer: 1h to 7d
    #[arg(long, value_name = "SPAN")]
    pub retention: Option<String>,

    /// Take access tokens of this authorization server, beside API keys
    #[arg(long, value_name = "URL")]
    pub oauth_issuer: Option<String>,

    /// What they have to be issued for [default: the URL that buyers call]
    #[arg(long, value_name = "URI", requires = "oauth_issuer")]
    pub oauth_audience: Option<String>,

    /// How many calls a minute one buyer may make [default: no limit]
    #[arg(long, value_name = "CALLS")]
    pub per_minute: Option<u32>,

    /// How many at once beyond that
    #[arg(long, value_name = "CALLS", requires = "per_minute")]
    pub burst: Option<u32>,

    /// An operation that is refused unless the request is signed; may be repeated
    #[arg(long, value_name = "OPERATION", conflicts_with = "no_signatures")]
    pub require_signature: Vec<String>,

    /// Don't look at signatures of requests
    #[arg(long)]
    pub no_signatures: bool,

    /// How long a notification is tried: 1h to 7d
    #[arg(long, value_name = "SPAN")]
    pub webhook_retry: Option<String>,

    /// Buyers may have proposals changed; makes a seller of proposals
    #[arg(long, conflicts_with = "no_refine")]
    pub refine: bool,

    /// Buyers take proposals as they are made
    #[arg(long)]
    pub no_refine: bool,

    /// Proposals are finalized, held at a firm price, before they are bought
    #[arg(long, conflicts_with = "no_finalize")]
    pub finalize: bool,

    /// Proposals can be bought without being finalized
    #[arg(long)]
    pub no_finalize: bool,

    /// How long a finalized proposal is held: 1m to 90d
    #[arg(long, value_name = "SPAN")]
    pub hold: Option<String>,

    /// What waits for a person: finalize or create_media_buy; may be repeated
    #[arg(long, value_name = "OPERATION")]
    pub approval: Vec<String>,

    /// What only the seller knows about a product: gam, kevel, social, broadcast or generic
    #[arg(long, value_name = "PRESET", group = "recipe_origin")]
    pub recipe: Option<String>,

    /// The same by a JSON Schema of your own, which is copied into DIR
    #[arg(long, value_name = "FILE", group = "recipe_origin")]
    pub recipe_schema: Option<PathBuf>,

    /// What such a recipe calls itself [default: what the schema says, else the seller's name]
    #[arg(
        long,
        value_name = "KIND",
        requires = "recipe_schema",
        conflicts_with = "recipe"
    )]
    pub recipe_kind: Option<String>,

    /// Who keeps recipes: framework or adopter
    #[arg(long, value_name = "OWNER", requires = "recipe_origin")]
    pub recipe_owner: Option<String>,

    /// Take the runtime crate from this folder, relative to DIR, instead of a copy
    #[arg(long, value_name = "PATH", group = "runtime")]
    pub runtime_path: Option<String>,

    /// Take this published version of the runtime crate
    #[arg(long, value_name = "VERSION", group = "runtime")]
    pub runtime_version: Option<String>,

    /// Take the runtime crate from this git repository
    #[arg(long, value_name = "URL", group = "runtime", requires = "runtime_rev")]
    pub runtime_git: Option<String>,

    /// The commit to take from it
    #[arg(long, value_name = "COMMIT", requires = "runtime_git")]
    pub runtime_rev: Option<String>,

    /// Take the default of everything that is not given; never ask
    #[arg(short, long)]
    pub yes: bool,
}

impl NewArgs {
    /// What the flags say, unless no flag says anything.
    pub fn answers(&self) -> Option<Answers> {
        let runtime = [
            ("path", &self.runtime_path),
            ("version", &self.runtime_version),
            ("git", &self.runtime_git),
            ("rev", &self.runtime_rev),
        ];
        let answers = Answers {
            name: self.name.clone(),
            adcp: self.adcp.clone(),
            url: self.url.clone(),
            transports: self.transport.clone(),
            specialisms: self.specialism.clone(),
            pricing_models: self.pricing.clone(),
            auction: either(self.auction, self.no_auction),
            accounts: self.accounts.clone(),
            store: self.store.clone(),
            retention: self.retention.clone(),
            issuer: self.oauth_issuer.clone(),
            audience: self.oauth_audience.clone(),
            per_minute: self.per_minute,
            burst: self.burst.or(self.per_minute.map(burst)),
            verify: self.no_signatures.then_some(false),
            signed: self.require_signature.clone(),
            retry: self.webhook_retry.clone(),
            refine: either(self.refine, self.no_refine),
            finalize: either(self.finalize, self.no_finalize),
            hold: self.hold.clone(),
            approvals: self.approval.clone(),
            recipe: self.recipe.clone(),
            recipe_schema: self.recipe_schema.as_deref().map(schema_in_seller),
            recipe_kind: self.recipe_kind.clone(),
            recipe_owner: self.recipe_owner.clone(),
            runtime: runtime
                .into_iter()
                .filter_map(|(key, value)| Some((key, value.clone()?)))
                .collect(),
        };
        (self.yes || answers != Answers::default()).then_some(answers)
    }

    /// The name that the folder suggests.
    pub fn suggested_name(&self) -> Option<String> {
        let folder = match self.dir.file_name() {
            Some(folder) => folder.to_owned(),
            // `.` and `..` have no name of their own.
            None => std::fs::canonicalize(&self.dir)
                .ok()?
                .file_name()?
                .to_owned(),
        };
        crate::plan::name::suggest(folder.to_str()?)
    }
}

/// What a flag and its opposite say.
fn either(yes: bool, no: bool) -> Option<bool> {
    match (yes, no) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// What the manifest calls a schema that is copied to lie beside it: its name alone. What has none
/// is passed on as it is, for the manifest's rules to refuse.
fn schema_in_seller(file: &Path) -> String {
    match file.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => file.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use clap::error::ErrorKind;

    use super::super::{Cli, Command};
    use super::*;

    fn answers(flags: &[&str]) -> Result<Option<Answers>, ErrorKind> {
        let line = ["adcp-scaffold", "new", "acme"].iter().chain(flags);
        match Cli::try_parse_from(line)
            .map_err(|error| error.kind())?
            .command
        {
            Command::New(args) => Ok(args.answers()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_of_proposals_approval_and_recipes_are_answers() {
        let given = answers(&[
            "--refine",
            "--no-finalize",
            "--hold",
            "2d",
            "--approval",
            "finalize",
            "--approval",
            "create_media_buy",
            "--recipe-schema",
            "schemas/acme.json",
            "--recipe-owner",
            "adopter",
        ]);
        let given = given.expect("makes sense").expect("says something");
        assert_eq!((given.refine, given.finalize), (Some(true), Some(false)));
        assert_eq!(given.hold.as_deref(), Some("2d"));
        assert_eq!(given.approvals, ["finalize", "create_media_buy"]);
        assert_eq!(given.recipe_schema.as_deref(), Some("acme.json"));
        assert_eq!(given.recipe_owner.as_deref(), Some("adopter"));
        assert_eq!(answers(&[]), Ok(None));
        assert_eq!(answers(&["--yes"]), Ok(Some(Answers::default())));
    }

    #[test]
    fn flags_of_entry_and_signatures_are_answers() {
        let given = answers(&[
            "--transport",
            "a2a",
            "--oauth-issuer",
            "https://login.acme.example",
            "--oauth-audience",
            "acme-ads",
            "--per-minute",
            "120",
            "--require-signature",
            "create_media_buy",
            "--require-signature",
            "update_media_buy",
            "--webhook-retry",
            "2d",
        ]);
        let given = given.expect("makes sense").expect("says something");
        assert_eq!(given.transports, ["a2a"]);
        assert_eq!(given.issuer.as_deref(), Some("https://login.acme.example"));
        assert_eq!(given.audience.as_deref(), Some("acme-ads"));
        assert_eq!((given.per_minute, given.burst), (Some(120), Some(12)));
        assert_eq!(given.signed, ["create_media_buy", "update_media_buy"]);
        assert_eq!((given.verify, given.retry.as_deref()), (None, Some("2d")));
        let off = answers(&["--no-signatures"]).expect("makes sense");
        assert_eq!(off.expect("says something").verify, Some(false));
    }

    #[test]
    fn flags_that_contradict_each_other_are_refused() {
        for wrong in [
            ["--refine", "--no-refine"].as_slice(),
            &["--finalize", "--no-finalize"],
            &["--recipe", "gam", "--recipe-schema", "a.json"],
            &["--manifest", "seller.toml", "--no-finalize"],
            &["--manifest", "seller.toml", "--recipe", "gam"],
            &["--manifest", "seller.toml", "--approval", "finalize"],
            &["--manifest", "seller.toml", "--transport", "mcp"],
            &["--manifest", "seller.toml", "--per-minute", "600"],
            &["--no-signatures", "--require-signature", "get_products"],
        ] {
            assert_eq!(
                answers(wrong),
                Err(ErrorKind::ArgumentConflict),
                "{wrong:?}"
            );
        }
        for alone in [
            ["--recipe-kind", "acme"].as_slice(),
            &["--oauth-audience", "acme"],
            &["--burst", "6"],
            &["--recipe-owner", "adopter"],
            &["--recipe", "gam", "--recipe-kind", "acme"],
        ] {
            let refused = answers(alone);
            assert!(refused.is_err(), "{alone:?}: {refused:?}");
        }
    }
}
